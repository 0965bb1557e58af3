import { notFiniteSuite } from "./notFiniteSuite.js";

notFiniteSuite("relaxed");
