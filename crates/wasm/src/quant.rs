//! Linear layers with int8 weights.

use kernels::quant;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::{self, length, optional};
use crate::error::Problem;
use crate::gemm::packable;
use crate::heap::{Lent, Slot, lend};

thread_local! {
    /// Asked once, when the first weight is made.
    static RELAXED: bool = quant::relaxed_is_exact();
}

/// Whether the fast products of bytes are exact here; the others are used where they are not.
#[wasm_bindgen]
pub fn int8_is_fast() -> bool {
    RELAXED.with(|relaxed| *relaxed)
}

/// Words of the bytes of a weight `[O, I]`; its rows' numbers are 2 · O.
#[wasm_bindgen]
pub fn int8_words(o: u32, i: u32) -> u32 {
    quant::words(o as usize, i as usize).0 as u32
}

fn check_weight(place: &str, bytes: &[f32], rows: &[f32], o: u32, i: u32) -> Result<(), Problem> {
    packable(place, o)?;
    length(place, "bytes", bytes, "the words of [O, I]", &[int8_words(o, i)])?;
    length(place, "rows", rows, "[2, O]", &[2, o])
}

/// `bytes` and `rows` `[2, O]` (scales, sums) ← `weight` `[O, I]` as int8; O is a multiple of 8. See [`int8_words`].
#[wasm_bindgen]
pub fn quantize_weight(bytes: Slot, rows: Slot, weight: Slot, o: u32, i: u32) -> Result<(), Problem> {
    let place = "quantize_weight";
    lend(place, [bytes, rows], [weight], |Lent { outputs: [bytes, rows], inputs: [weight], .. }| {
        check_weight(place, bytes, rows, o, i)?;
        length(place, "weight", weight, "[O, I]", &[o, i])?;
        quant::quantize_weight(bytes, rows, weight, o as usize, i as usize);
        Ok(())
    })
}

/// `weight` `[O, I]` ← what `bytes` and `rows` stand for.
#[wasm_bindgen]
pub fn dequantize_weight(weight: Slot, bytes: Slot, rows: Slot, o: u32, i: u32) -> Result<(), Problem> {
    let place = "dequantize_weight";
    lend(place, [weight], [bytes, rows], |Lent { outputs: [weight], inputs: [bytes, rows], .. }| {
        check_weight(place, bytes, rows, o, i)?;
        length(place, "weight", weight, "[O, I]", &[o, i])?;
        quant::dequantize_weight(weight, bytes, rows, i as usize);
        Ok(())
    })
}

/// `y` `[N, O]` ← activation(`x` `[N, I]` · weightᵀ + `bias` `[O]`), the weight given by [`quantize_weight`]'s `bytes` and
/// `rows`; `bias` may be 0. Each row of `x` is rounded to 128 steps between its least and its largest number.
#[wasm_bindgen]
pub fn linear_int8(
    y: Slot,
    x: Slot,
    bytes: Slot,
    rows: Slot,
    bias: Slot,
    n: u32,
    o: u32,
    i: u32,
    activation: u32,
) -> Result<(), Problem> {
    let (place, kind) = ("linear_int8", check::activation("linear_int8", activation)?);
    lend(place, [y], [x, bytes, rows, bias], |lent: Lent<1, 4>| {
        let scratch = quant::scratch(n as usize, i as usize);
        let ([y], [x, bytes, rows, bias_slice], scratch) = lent.with_scratch(scratch)?;
        check_weight(place, bytes, rows, o, i)?;
        length(place, "y", y, "[N, O]", &[n, o])?;
        length(place, "x", x, "[N, I]", &[n, i])?;
        optional(place, "bias", bias, bias_slice, "[O]", &[o])?;
        let sizes = [n, o, i].map(|size| size as usize);
        quant::linear_int8(y, x, bytes, rows, bias_slice, sizes, kind, int8_is_fast(), scratch);
        Ok(())
    })
}
