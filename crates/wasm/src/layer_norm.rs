//! Layer normalisation.

use kernels::layer_norm as kernel;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::{self, length, optional, same};
use crate::error::Problem;
use crate::heap::{Lent, Slot, lend};

/// `y` ← s normalised row by row · `weight` + `bias`, where s = `residual` + dropout(`x`). For backward, `sum` ← s and
/// `stats` `[N, 2]` ← mean and 1 / √(variance + eps).
///
/// `y`, `sum`, `x`, `residual`: `[N, width]`; `weight`, `bias`: `[width]`. `sum` and `residual` may be 0.
#[wasm_bindgen]
pub fn layer_norm(
    y: Slot,
    sum: Slot,
    stats: Slot,
    x: Slot,
    residual: Slot,
    weight: Slot,
    bias: Slot,
    width: u32,
    eps: f32,
    rate: f32,
    seed_lo: u32,
    seed_hi: u32,
    stream: u32,
    step: u32,
    first: f64,
) -> Result<(), Problem> {
    let place = "layer_norm";
    let dropout = check::dropout(place, rate, [seed_lo, seed_hi], stream, step, first)?;
    lend(place, [y, sum, stats], [x, residual, weight, bias], |Lent { outputs, inputs, .. }| {
        let ([y, sum_slice, stats], [x, residual_slice, weight, bias]) = (outputs, inputs);
        let n = check::rows(place, "x", x, width)?;
        same(place, "y", y, "x", x)?;
        optional(place, "sum", sum, sum_slice, "[N, C]", &[n, width])?;
        optional(place, "residual", residual, residual_slice, "[N, C]", &[n, width])?;
        length(place, "stats", stats, "[N, 2]", &[n, 2])?;
        length(place, "weight", weight, "[C]", &[width])?;
        length(place, "bias", bias, "[C]", &[width])?;
        kernel::layer_norm(y, sum_slice, stats, x, residual_slice, weight, bias, width as usize, eps, dropout);
        Ok(())
    })
}

/// `dx` ← dropout of ds, `dresidual` ← ds, `dweight` and `dbias` += their gradients, ds being the gradient of
/// [`layer_norm`]'s `sum`; for `sum` give `x` where there was neither residual nor dropout. `dresidual` may be 0.
#[wasm_bindgen]
pub fn layer_norm_backward(
    dx: Slot,
    dresidual: Slot,
    dweight: Slot,
    dbias: Slot,
    dy: Slot,
    sum: Slot,
    stats: Slot,
    weight: Slot,
    width: u32,
    rate: f32,
    seed_lo: u32,
    seed_hi: u32,
    stream: u32,
    step: u32,
    first: f64,
) -> Result<(), Problem> {
    let place = "layer_norm_backward";
    let dropout = check::dropout(place, rate, [seed_lo, seed_hi], stream, step, first)?;
    lend(place, [dx, dresidual, dweight, dbias], [dy, sum, stats, weight], |Lent { outputs, inputs, .. }| {
        let ([dx, dresidual_slice, dweight, dbias], [dy, sum, stats, weight]) = (outputs, inputs);
        let n = check::rows(place, "dy", dy, width)?;
        same(place, "dx", dx, "dy", dy)?;
        same(place, "sum", sum, "dy", dy)?;
        optional(place, "dresidual", dresidual, dresidual_slice, "[N, C]", &[n, width])?;
        length(place, "stats", stats, "[N, 2]", &[n, 2])?;
        for (name, slice) in [("weight", weight), ("dweight", &*dweight), ("dbias", &*dbias)] {
            length(place, name, slice, "[C]", &[width])?;
        }
        let width = width as usize;
        kernel::layer_norm_backward(dx, dresidual_slice, dweight, dbias, dy, sum, stats, weight, width, dropout);
        Ok(())
    })
}
