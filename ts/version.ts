/** The version of the package, as saved models note it. */
export const VERSION = "0.1.0";
