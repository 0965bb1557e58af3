/** Every metric by its name; predictions come before labels. */
export * as metrics from "./all.js";
