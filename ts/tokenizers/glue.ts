// What is used of the module's glue: the rest, its own loader, would name the .wasm a second time.
export { __wbg_reset_state, Handle, initSync, Trainer } from "../wasm/tokenizer/tokenizer.js";
