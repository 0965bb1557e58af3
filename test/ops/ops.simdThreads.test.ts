import { opsSuite } from "./suite.js";

opsSuite("simd-threads", 3);
