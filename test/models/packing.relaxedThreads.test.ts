import { packingSuite } from "./packingSuite.js";

packingSuite("relaxed-threads");
