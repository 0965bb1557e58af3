//! Sums, means, and sums of buffers.

use kernels::reduce as kernel;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::{self, length, same};
use crate::error::Problem;
use crate::heap::{Lent, Slot, as_u32, lend};

fn number(place: &'static str, x: Slot, kernel: impl FnOnce(&[f32], &mut [f32]) -> f64) -> Result<f64, Problem> {
    lend(place, [], [x], |lent: Lent<0, 1>| {
        let numbers = kernel::partial_sums(lent.inputs[0].len());
        let (_, [x], scratch) = lent.with_scratch(numbers)?;
        Ok(kernel(x, scratch))
    })
}

/// Sum of all numbers of `x`.
#[wasm_bindgen]
pub fn sum(x: Slot) -> Result<f64, Problem> {
    number("sum", x, kernel::sum)
}

/// Sum of the squares of all numbers of `x`.
#[wasm_bindgen]
pub fn sum_of_squares(x: Slot) -> Result<f64, Problem> {
    number("sum_of_squares", x, kernel::sum_of_squares)
}

/// `y` `[B, width]` ← means of the rows of each sequence of `x` `[N, width]`; `offsets`: `[B + 1]`. No rows give 0.
#[wasm_bindgen]
pub fn mean_rows(y: Slot, x: Slot, offsets: Slot, width: u32) -> Result<(), Problem> {
    let place = "mean_rows";
    lend(place, [y], [x, offsets], |Lent { outputs: [y], inputs: [x, offsets], .. }| {
        let offsets = as_u32(offsets);
        check::offsets(place, "offsets", offsets, check::rows(place, "x", x, width)?)?;
        length(place, "y", y, "[B, C]", &[offsets.len() as u32 - 1, width])?;
        kernel::mean_rows(y, x, offsets, width as usize);
        Ok(())
    })
}

/// `dx` `[N, width]` ← `dy` `[B, width]` of each row's sequence, divided by its number of rows.
#[wasm_bindgen]
pub fn mean_rows_backward(dx: Slot, dy: Slot, offsets: Slot, width: u32) -> Result<(), Problem> {
    let place = "mean_rows_backward";
    lend(place, [dx], [dy, offsets], |Lent { outputs: [dx], inputs: [dy, offsets], .. }| {
        let offsets = as_u32(offsets);
        check::offsets(place, "offsets", offsets, check::rows(place, "dx", dx, width)?)?;
        length(place, "dy", dy, "[B, C]", &[offsets.len() as u32 - 1, width])?;
        kernel::mean_rows_backward(dx, dy, offsets, width as usize);
        Ok(())
    })
}

/// `y` ← `a` + `b`.
#[wasm_bindgen]
pub fn add(y: Slot, a: Slot, b: Slot) -> Result<(), Problem> {
    lend("add", [y], [a, b], |Lent { outputs: [y], inputs: [a, b], .. }| {
        same("add", "a", a, "y", y)?;
        same("add", "b", b, "y", y)?;
        kernel::add(y, a, b);
        Ok(())
    })
}

/// `y` ← `a` · `b`, number by number.
#[wasm_bindgen]
pub fn mul(y: Slot, a: Slot, b: Slot) -> Result<(), Problem> {
    lend("mul", [y], [a, b], |Lent { outputs: [y], inputs: [a, b], .. }| {
        same("mul", "a", a, "y", y)?;
        same("mul", "b", b, "y", y)?;
        kernel::mul(y, a, b);
        Ok(())
    })
}

/// `y` += `factor` · `x`.
#[wasm_bindgen]
pub fn add_scaled(y: Slot, x: Slot, factor: f32) -> Result<(), Problem> {
    lend("add_scaled", [y], [x], |Lent { outputs: [y], inputs: [x], .. }| {
        same("add_scaled", "y", y, "x", x)?;
        kernel::add_scaled(y, x, factor);
        Ok(())
    })
}

/// `y` ← `factor` · `x`.
#[wasm_bindgen]
pub fn scale(y: Slot, x: Slot, factor: f32) -> Result<(), Problem> {
    lend("scale", [y], [x], |Lent { outputs: [y], inputs: [x], .. }| {
        same("scale", "y", y, "x", x)?;
        kernel::scale(y, x, factor);
        Ok(())
    })
}
