import { opsSuite } from "./suite.js";

opsSuite("relaxed-threads", 3);
