//! Losses: of rows of logits, and of single numbers.

use kernels::{cross_entropy as rows, losses as numbers};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::{self, length, same};
use crate::error::Problem;
use crate::heap::{Lent, Slot, as_i32, lend};

/// `losses` `[N]` ← −ln softmax(`logits` `[N, width]`)[`labels` `[N]`], 0 where the label is `ignore`; `sums` `[N]` ←
/// what backward needs.
#[wasm_bindgen]
pub fn cross_entropy(
    losses: Slot,
    sums: Slot,
    logits: Slot,
    labels: Slot,
    width: u32,
    ignore: i32,
) -> Result<(), Problem> {
    let place = "cross_entropy";
    lend(place, [losses, sums], [logits, labels], |Lent { outputs, inputs, .. }| {
        let ([losses, sums], [logits, labels]) = (outputs, inputs);
        let labels = as_i32(labels);
        let n = labels.len() as u32;
        length(place, "logits", logits, "[N, V]", &[n, width])?;
        length(place, "losses", losses, "[N]", &[n])?;
        length(place, "sums", sums, "[N]", &[n])?;
        check::labels(place, labels, width, ignore)?;
        rows::cross_entropy(losses, sums, logits, labels, width as usize, ignore);
        Ok(())
    })
}

/// `dlogits` `[N, width]` ← (softmax − one-hot) · `scale`, 0 in rows whose label is `ignore`.
#[wasm_bindgen]
pub fn cross_entropy_backward(
    dlogits: Slot,
    logits: Slot,
    sums: Slot,
    labels: Slot,
    width: u32,
    ignore: i32,
    scale: f32,
) -> Result<(), Problem> {
    let place = "cross_entropy_backward";
    lend(place, [dlogits], [logits, sums, labels], |Lent { outputs, inputs, .. }| {
        let ([dlogits], [logits, sums, labels]) = (outputs, inputs);
        let labels = as_i32(labels);
        let n = labels.len() as u32;
        length(place, "logits", logits, "[N, V]", &[n, width])?;
        same(place, "dlogits", dlogits, "logits", logits)?;
        length(place, "sums", sums, "[N]", &[n])?;
        check::labels(place, labels, width, ignore)?;
        rows::cross_entropy_backward(dlogits, logits, sums, labels, width as usize, ignore, scale);
        Ok(())
    })
}

/// The loss of each number: (`losses`, `x`, `target`).
fn each(
    place: &'static str,
    losses: Slot,
    x: Slot,
    target: Slot,
    kernel: impl FnOnce(&mut [f32], &[f32], &[f32]),
) -> Result<(), Problem> {
    lend(place, [losses], [x, target], |Lent { outputs: [y], inputs: [x, target], .. }| {
        same(place, "the output", y, "x", x)?;
        same(place, "target", target, "x", x)?;
        kernel(y, x, target);
        Ok(())
    })
}

/// `losses` ← (`x` − `target`)².
#[wasm_bindgen]
pub fn squared_error(losses: Slot, x: Slot, target: Slot) -> Result<(), Problem> {
    each("squared_error", losses, x, target, numbers::squared_error)
}

/// `dx` ← 2 (`x` − `target`) · `scale`.
#[wasm_bindgen]
pub fn squared_error_backward(dx: Slot, x: Slot, target: Slot, scale: f32) -> Result<(), Problem> {
    each("squared_error_backward", dx, x, target, |dx, x, target| {
        numbers::squared_error_backward(dx, x, target, scale);
    })
}

/// `losses` ← the binary cross-entropy of logits `x` and probabilities `target`.
#[wasm_bindgen]
pub fn binary_cross_entropy(losses: Slot, x: Slot, target: Slot) -> Result<(), Problem> {
    each("binary_cross_entropy", losses, x, target, numbers::binary_cross_entropy)
}

/// `dx` ← (sigmoid(`x`) − `target`) · `scale`.
#[wasm_bindgen]
pub fn binary_cross_entropy_backward(dx: Slot, x: Slot, target: Slot, scale: f32) -> Result<(), Problem> {
    each("binary_cross_entropy_backward", dx, x, target, |dx, x, target| {
        numbers::binary_cross_entropy_backward(dx, x, target, scale);
    })
}
