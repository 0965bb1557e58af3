import { opsSuite } from "./suite.js";

opsSuite("relaxed");
