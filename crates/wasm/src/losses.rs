//! Losses: of rows of logits, and of single numbers.

use kernels::{cross_entropy as rows, losses as numbers};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::{self, length, same};
use crate::error::Problem;
use crate::heap::{Lent, Slot, as_i32, lend};

/// Refuses a rate of smoothing that is no share.
fn check_smoothing(place: &str, smoothing: f32) -> Result<(), Problem> {
    if (0.0..=1.0).contains(&smoothing) {
        return Ok(());
    }
    Err(Problem::new(place, format!("smoothing is {smoothing}, not from 0 to 1")))
}

/// `state` `[N, 4]` takes in `logits` `[N, columns]`, the columns from `first` on of all; with `first` = 0 it begins
/// anew. Columns come in order, each once. Rows whose label, of `labels` `[N]`, is `ignore` are left out.
#[wasm_bindgen]
pub fn cross_entropy_columns(
    state: Slot,
    logits: Slot,
    labels: Slot,
    columns: u32,
    first: u32,
    ignore: i32,
) -> Result<(), Problem> {
    let place = "cross_entropy_columns";
    lend(place, [state], [logits, labels], |Lent { outputs: [state], inputs: [logits, labels], .. }| {
        let labels = as_i32(labels);
        let n = labels.len() as u32;
        length(place, "logits", logits, "[N, columns]", &[n, columns])?;
        length(place, "state", state, "[N, 4]", &[n, rows::STATE as u32])?;
        rows::cross_entropy_columns(state, logits, labels, columns as usize, first as usize, ignore);
        Ok(())
    })
}

/// `losses` `[N]` ← −(1 − `smoothing`) ln p(label) − `smoothing` · mean of ln p over all `width` classes, 0 where the
/// label, of `labels` `[N]`, is `ignore`; `state` `[N, 4]` has taken in all columns.
#[wasm_bindgen]
pub fn cross_entropy(
    losses: Slot,
    state: Slot,
    labels: Slot,
    width: u32,
    ignore: i32,
    smoothing: f32,
) -> Result<(), Problem> {
    let place = "cross_entropy";
    check_smoothing(place, smoothing)?;
    lend(place, [losses], [state, labels], |Lent { outputs: [losses], inputs: [state, labels], .. }| {
        let labels = as_i32(labels);
        length(place, "losses", losses, "[N]", &[labels.len() as u32])?;
        length(place, "state", state, "[N, 4]", &[labels.len() as u32, rows::STATE as u32])?;
        check::labels(place, labels, width, ignore)?;
        rows::cross_entropy(losses, state, labels, width as usize, ignore, smoothing);
        Ok(())
    })
}

/// `dlogits` `[N, columns]`, which holds the logits of the columns from `first` on of all `width`, ← (softmax − target) ·
/// `scale`, 0 in rows whose label is `ignore`; the target is 1 − `smoothing` at the label, plus `smoothing` / `width`.
#[wasm_bindgen]
pub fn cross_entropy_backward(
    dlogits: Slot,
    state: Slot,
    labels: Slot,
    columns: u32,
    first: u32,
    width: u32,
    ignore: i32,
    smoothing: f32,
    scale: f32,
) -> Result<(), Problem> {
    let place = "cross_entropy_backward";
    check_smoothing(place, smoothing)?;
    lend(place, [dlogits], [state, labels], |Lent { outputs: [dlogits], inputs: [state, labels], .. }| {
        let labels = as_i32(labels);
        let n = labels.len() as u32;
        length(place, "dlogits", dlogits, "[N, columns]", &[n, columns])?;
        length(place, "state", state, "[N, 4]", &[n, rows::STATE as u32])?;
        let [columns, first, width] = [columns, first, width].map(|size| size as usize);
        rows::cross_entropy_backward(dlogits, state, labels, columns, first, width, ignore, smoothing, scale);
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
