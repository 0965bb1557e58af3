import { denormalsSuite } from "./denormalsSuite.js";

denormalsSuite("relaxed");
