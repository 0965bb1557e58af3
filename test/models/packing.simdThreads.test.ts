import { packingSuite } from "./packingSuite.js";

packingSuite("simd-threads");
