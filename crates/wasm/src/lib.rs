//! One export a kernel, with the kernel's name and the order of its arguments; no logic but length checks.

mod error;
mod heap;

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsError;

use heap::{Slot, heap};

/// A new slot of `words` 32-bit words, uncleared.
#[wasm_bindgen]
pub fn alloc(words: u32) -> Result<Slot, JsError> {
    Ok(heap(|heap| heap.alloc(words as usize))?)
}
