//! Products of matrices.

use kernels::gemm;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::{self, length, optional};
use crate::error::Problem;
use crate::heap::{Lent, Slot, lend};

/// `y` `[P, N, O]` ← activation(`x` `[N, I]` · `weight` `[P, O, I]`ᵀ + `bias` `[P, O]`); `bias` may be 0. `packed`: each of the
/// P weights is what [`pack_weight`] made of it.
#[wasm_bindgen]
pub fn linear(
    y: Slot,
    x: Slot,
    weight: Slot,
    bias: Slot,
    parts: u32,
    n: u32,
    o: u32,
    i: u32,
    activation: u32,
    packed: bool,
) -> Result<(), Problem> {
    let (place, kind) = ("linear", check::activation("linear", activation)?);
    if packed {
        packable(place, o)?;
    }
    lend(place, [y], [x, weight, bias], |lent: Lent<1, 3>| {
        let ([y], [x, weight, bias_slice], scratch) = lent.with_scratch(gemm::scratch())?;
        length(place, "y", y, "[P, N, O]", &[parts, n, o])?;
        length(place, "x", x, "[N, I]", &[n, i])?;
        length(place, "weight", weight, "[P, O, I]", &[parts, o, i])?;
        optional(place, "bias", bias, bias_slice, "[P, O]", &[parts, o])?;
        let [p, n, o, i] = [parts, n, o, i].map(|size| size as usize);
        gemm::linear(y, x, weight, bias_slice, p, n, o, i, kind, packed, scratch);
        Ok(())
    })
}

pub(crate) fn packable(place: &str, o: u32) -> Result<(), Problem> {
    if gemm::is_packable(o as usize) {
        return Ok(());
    }
    Err(Problem::new(place, format!("O is {o}, and rows are packed by eights")))
}

/// `panels` `[O / 8, I, 8]` ← `weight` `[O, I]`, in the order in which [`linear`] reads it; O is a multiple of 8.
#[wasm_bindgen]
pub fn pack_weight(panels: Slot, weight: Slot, o: u32, i: u32) -> Result<(), Problem> {
    let place = "pack_weight";
    packable(place, o)?;
    lend(place, [panels], [weight], |Lent { outputs: [panels], inputs: [weight], .. }| {
        length(place, "panels", panels, "[O / 8, I, 8]", &[o, i])?;
        length(place, "weight", weight, "[O, I]", &[o, i])?;
        gemm::pack_weight(panels, weight, o as usize, i as usize);
        Ok(())
    })
}

/// `weight` `[O, I]` ← `panels` `[O / 8, I, 8]` of [`pack_weight`].
#[wasm_bindgen]
pub fn unpack_weight(weight: Slot, panels: Slot, o: u32, i: u32) -> Result<(), Problem> {
    let place = "unpack_weight";
    packable(place, o)?;
    lend(place, [weight], [panels], |Lent { outputs: [weight], inputs: [panels], .. }| {
        length(place, "weight", weight, "[O, I]", &[o, i])?;
        length(place, "panels", panels, "[O / 8, I, 8]", &[o, i])?;
        gemm::unpack_weight(weight, panels, i as usize);
        Ok(())
    })
}

/// `dx` `[N, I]` ← or += Σ over parts of `dy` `[P, N, O]` · `weight` `[P, O, I]`; `dy` is the gradient before the
/// activation.
#[wasm_bindgen]
pub fn linear_backward_input(
    dx: Slot,
    dy: Slot,
    weight: Slot,
    parts: u32,
    n: u32,
    o: u32,
    i: u32,
    accumulate: bool,
) -> Result<(), Problem> {
    let place = "linear_backward_input";
    lend(place, [dx], [dy, weight], |lent: Lent<1, 2>| {
        let ([dx], [dy, weight], scratch) = lent.with_scratch(gemm::scratch())?;
        length(place, "dx", dx, "[N, I]", &[n, i])?;
        length(place, "dy", dy, "[P, N, O]", &[parts, n, o])?;
        length(place, "weight", weight, "[P, O, I]", &[parts, o, i])?;
        let [p, n, o, i] = [parts, n, o, i].map(|size| size as usize);
        gemm::linear_backward_input(dx, dy, weight, p, n, o, i, accumulate, scratch);
        Ok(())
    })
}

/// `dweight` `[P, O, I]` ← or += `dy` `[P, N, O]`ᵀ · `x` `[N, I]`, `dbias` `[P, O]` ← or += column sums of `dy`;
/// `dbias` may be 0.
#[wasm_bindgen]
pub fn linear_backward_weight(
    dweight: Slot,
    dbias: Slot,
    dy: Slot,
    x: Slot,
    parts: u32,
    n: u32,
    o: u32,
    i: u32,
    accumulate: bool,
) -> Result<(), Problem> {
    let place = "linear_backward_weight";
    lend(place, [dweight, dbias], [dy, x], |lent: Lent<2, 2>| {
        let ([dweight, dbias_slice], [dy, x], scratch) = lent.with_scratch(gemm::scratch())?;
        length(place, "dweight", dweight, "[P, O, I]", &[parts, o, i])?;
        optional(place, "dbias", dbias, dbias_slice, "[P, O]", &[parts, o])?;
        length(place, "dy", dy, "[P, N, O]", &[parts, n, o])?;
        length(place, "x", x, "[N, I]", &[n, i])?;
        let [p, n, o, i] = [parts, n, o, i].map(|size| size as usize);
        gemm::linear_backward_weight(dweight, dbias_slice, dy, x, p, n, o, i, accumulate, scratch);
        Ok(())
    })
}

/// `c` `[M, N]` ← or += op(`a`) · op(`b`): `a` is `[M, K]`, or `[K, M]` if transposed, `b` `[K, N]`, or `[N, K]`.
#[wasm_bindgen]
pub fn matmul(
    c: Slot,
    a: Slot,
    b: Slot,
    m: u32,
    n: u32,
    k: u32,
    transpose_a: bool,
    transpose_b: bool,
    accumulate: bool,
) -> Result<(), Problem> {
    lend("matmul", [c], [a, b], |lent: Lent<1, 2>| {
        let ([c], [a, b], scratch) = lent.with_scratch(gemm::scratch())?;
        length("matmul", "c", c, "[M, N]", &[m, n])?;
        length("matmul", "a", a, "[M, K]", &[m, k])?;
        length("matmul", "b", b, "[K, N]", &[k, n])?;
        let [m, n, k] = [m, n, k].map(|size| size as usize);
        gemm::matmul(c, a, b, m, n, k, transpose_a, transpose_b, accumulate, scratch);
        Ok(())
    })
}
