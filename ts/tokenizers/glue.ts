// The part of the module's glue that is used: the rest, its loader, would refer to the .wasm a second time.
export { __wbg_reset_state, Handle, initSync, Trainer } from "../wasm/tokenizer/tokenizer.js";
