import { opsSuite } from "./suite.js";

opsSuite("simd");
