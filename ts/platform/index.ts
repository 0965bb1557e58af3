import { createNode } from "./node.js";
import type { Platform } from "./platform.js";
import { web } from "./web.js";

export type { Content, Downloads, KeptFile, Platform } from "./platform.js";

/** This runtime's platform, chosen once. */
export const platform: Platform = createNode() ?? web;
