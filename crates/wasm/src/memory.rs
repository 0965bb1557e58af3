//! Slots: made, cut, given back, filled and copied.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::check;
use crate::error::Problem;
use crate::heap::{Lent, Slot, heap, lend};

/// A new slot of `words` 32-bit words, uncleared.
#[wasm_bindgen]
pub fn alloc(words: u32) -> Result<Slot, Problem> {
    heap(|heap| heap.alloc(words as usize))
}

/// Another slot for `words` words of `slot`, from its word `offset`. Memory is given back with the last of its slots.
#[wasm_bindgen]
pub fn window(slot: Slot, offset: u32, words: u32) -> Result<Slot, Problem> {
    heap(|heap| heap.window(slot, offset as usize, words as usize))
}

/// Gives a slot back.
#[wasm_bindgen]
pub fn free(slot: Slot) -> Result<(), Problem> {
    heap(|heap| heap.free(slot))
}

/// Where `words` words of a slot, from its word `from`, lie in the module's memory, in bytes. It holds until the slot is freed.
#[wasm_bindgen]
pub fn address(slot: Slot, from: u32, words: u32) -> Result<usize, Problem> {
    heap(|heap| heap.address(slot, from as usize, words as usize))
}

/// Number of words in a slot.
#[wasm_bindgen]
pub fn length(slot: Slot) -> Result<usize, Problem> {
    heap(|heap| heap.length(slot))
}

/// Whether new memory is filled with NaN.
#[wasm_bindgen]
pub fn set_poison(on: bool) {
    heap(|heap| heap.set_poison(on));
}

/// Number of slots that live.
#[wasm_bindgen]
pub fn live() -> u32 {
    heap(|heap| heap.live())
}

/// Bytes that slots hold.
#[wasm_bindgen]
pub fn used_bytes() -> usize {
    heap(|heap| heap.usage().slots)
}

/// Bytes of working memory, which kernels share and keep.
#[wasm_bindgen]
pub fn scratch_bytes() -> usize {
    heap(|heap| heap.usage().scratch)
}

/// The most bytes that slots and working memory have held at a time, since [`reset_peak`].
#[wasm_bindgen]
pub fn peak_bytes() -> usize {
    heap(|heap| heap.usage().peak)
}

/// From now on [`peak_bytes`] is that of what follows.
#[wasm_bindgen]
pub fn reset_peak() {
    heap(|heap| heap.usage().reset_peak());
}

/// Bytes that slots and working memory may hold together: more is refused. At most 4 GiB, as at the start.
#[wasm_bindgen]
pub fn set_limit(bytes: f64) {
    heap(|heap| heap.usage().set_limit(bytes));
}

/// The limit, in bytes.
#[wasm_bindgen]
pub fn limit_bytes() -> f64 {
    heap(|heap| heap.usage().limit as f64)
}

/// Every number of `y` ← `value`.
#[wasm_bindgen]
pub fn fill(y: Slot, value: f32) -> Result<(), Problem> {
    lend("fill", [y], [], |Lent { outputs: [y], .. }| {
        y.fill(value);
        Ok(())
    })
}

/// `y` ← `x`, of the same length, bit for bit.
#[wasm_bindgen]
pub fn copy(y: Slot, x: Slot) -> Result<(), Problem> {
    lend("copy", [y], [x], |Lent { outputs: [y], inputs: [x], .. }| {
        check::same("copy", "y", y, "x", x)?;
        y.copy_from_slice(x);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_filled_copied_and_counted() {
        let (a, b, c) = (alloc(5).unwrap(), alloc(5).unwrap(), alloc(4).unwrap());
        fill(a, 1.5).unwrap();
        copy(b, a).unwrap();
        lend("test", [], [b], |Lent::<0, 1> { inputs: [b], .. }| {
            assert_eq!(b, [1.5; 5]);
            Ok(())
        })
        .unwrap();
        assert_eq!(copy(c, a).unwrap_err().message(), "copy: y holds 4 numbers, x 5");
        assert_eq!((live(), length(c).unwrap()), (3, 4));
        [a, b, c].into_iter().for_each(|slot| free(slot).unwrap());
        assert_eq!((live(), used_bytes()), (0, 0));
        assert!(peak_bytes() >= 56);
        reset_peak();
        assert_eq!(peak_bytes(), scratch_bytes());
    }

    #[test]
    fn what_exceeds_the_limit_is_refused_and_takes_nothing() {
        assert_eq!(limit_bytes(), 4.0 * 1024.0 * 1024.0 * 1024.0);
        set_limit(3.0 * 1024.0 * 1024.0);
        let (kept, before) = (alloc(1 << 18).unwrap(), used_bytes());
        let message = "out of memory: a tensor needs 3 MiB, 1 MiB of 3 MiB in use";
        assert_eq!(alloc((1 << 19) + 1).unwrap_err().message(), message);
        assert_eq!((live(), used_bytes()), (1, before));
        let all = alloc(1 << 19).unwrap(); // the last byte may be had
        assert!(alloc(0).is_err()); // which holds a word
        [kept, all].into_iter().for_each(|slot| free(slot).unwrap());
        set_limit(f64::INFINITY);
        assert_eq!(limit_bytes(), 4.0 * 1024.0 * 1024.0 * 1024.0);
    }
}
