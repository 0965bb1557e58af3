import { notFiniteSuite } from "./notFiniteSuite.js";

notFiniteSuite("simd");
