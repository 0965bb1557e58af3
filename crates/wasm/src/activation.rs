//! Activation functions, by the numbers of `kernels::activation::Activation`.

use kernels::activation as kernel;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::{self, same};
use crate::error::Problem;
use crate::heap::{Lent, Slot, lend};

/// `y` ← activation `kind` of `x`.
#[wasm_bindgen]
pub fn activation(y: Slot, x: Slot, kind: u32) -> Result<(), Problem> {
    let kind = check::activation("activation", kind)?;
    lend("activation", [y], [x], |Lent { outputs: [y], inputs: [x], .. }| {
        same("activation", "y", y, "x", x)?;
        kernel::activation(y, x, kind);
        Ok(())
    })
}

/// `dx` ← `dy` times the slope of activation `kind` at `x`, which is what it was given.
#[wasm_bindgen]
pub fn activation_backward(dx: Slot, dy: Slot, x: Slot, kind: u32) -> Result<(), Problem> {
    let place = "activation_backward";
    let kind = check::activation(place, kind)?;
    lend(place, [dx], [dy, x], |Lent { outputs: [dx], inputs: [dy, x], .. }| {
        same(place, "dx", dx, "x", x)?;
        same(place, "dy", dy, "x", x)?;
        kernel::activation_backward(dx, dy, x, kind);
        Ok(())
    })
}
