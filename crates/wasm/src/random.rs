//! Dropout, and random numbers.

use kernels::dropout as kernel;
use kernels::random::{self, Philox};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::{self, same};
use crate::error::Problem;
use crate::heap::{Lent, Slot, lend};

/// `y` ← `x` without what falls away by chance, the rest times 1 / (1 − rate). Of `dy` it makes `dx`.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments)]
pub fn dropout(
    y: Slot,
    x: Slot,
    rate: f32,
    seed_lo: u32,
    seed_hi: u32,
    stream: u32,
    step: u32,
    first: f64,
) -> Result<(), Problem> {
    let dropout = check::dropout("dropout", rate, [seed_lo, seed_hi], stream, step, first)?;
    lend("dropout", [y], [x], |Lent { outputs: [y], inputs: [x], .. }| {
        same("dropout", "y", y, "x", x)?;
        kernel::dropout(y, x, dropout);
        Ok(())
    })
}

/// `y` ← samples of N(0, `std`²).
#[wasm_bindgen]
pub fn random_normal(y: Slot, std: f64, seed_lo: u32, seed_hi: u32, stream: u32, step: u32) -> Result<(), Problem> {
    lend("random_normal", [y], [], |Lent { outputs: [y], .. }| {
        random::random_normal(y, std, Philox { seed: [seed_lo, seed_hi], stream, step });
        Ok(())
    })
}

/// `y` ← samples of [0, 1).
#[wasm_bindgen]
pub fn random_uniform(y: Slot, seed_lo: u32, seed_hi: u32, stream: u32, step: u32) -> Result<(), Problem> {
    lend("random_uniform", [y], [], |Lent { outputs: [y], .. }| {
        random::random_uniform(y, Philox { seed: [seed_lo, seed_hi], stream, step });
        Ok(())
    })
}
