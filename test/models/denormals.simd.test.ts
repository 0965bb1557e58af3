import { denormalsSuite } from "./denormalsSuite.js";

denormalsSuite("simd");
