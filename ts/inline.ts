/**
 * Everything of `roformer`, `roformer/train` and `roformer/session` in one module that needs no other file: the WebAssembly modules and the
 * workers' script are inside (2.8 MB, as gzip 1.6). For places where files cannot be found; elsewhere the other entries load less. Not inside:
 * the dictionary of Chinese words. A page's Content-Security-Policy has to allow `worker-src blob:` for sessions and threads.
 * @module roformer/inline
 */
export * from "./index.js";
export * from "./session/index.js";
export * from "./train/index.js";
