//! Rotary position embedding.

use kernels::rope::{self as kernel, Pairs, Turn};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::{self, length, same};
use crate::error::Problem;
use crate::heap::{Lent, Slot, as_u32, lend};

/// `y` ← `x`, both `[N, H, D]`, the first `rotary_size` (R) numbers of each head turned by the angles of `positions`
/// `[N]`, back if `backward`. `cos`, `sin`: `[P, R / 2]`. Pairs are neighbours, or R / 2 apart if `half`.
#[wasm_bindgen]
pub fn rope(
    y: Slot,
    x: Slot,
    positions: Slot,
    cos: Slot,
    sin: Slot,
    heads: u32,
    head_size: u32,
    rotary_size: u32,
    half: bool,
    backward: bool,
) -> Result<(), Problem> {
    let place = "rope";
    if !rotary_size.is_multiple_of(2) || rotary_size > head_size {
        return Err(Problem::new(place, format!("{rotary_size} of {head_size} numbers a head make no pairs")));
    }
    let turn = if backward { Turn::Backward } else { Turn::Forward };
    let pairs = if half { Pairs::Halves } else { Pairs::Interleaved };
    lend(place, [y], [x, positions, cos, sin], |Lent { outputs: [y], inputs: [x, positions, cos, sin], .. }| {
        let positions = as_u32(positions);
        length(place, "y", y, "[N, H, D]", &[positions.len() as u32, heads, head_size])?;
        same(place, "x", x, "y", y)?;
        same(place, "sin", sin, "cos", cos)?;
        let rows = check::rows(place, "cos", cos, rotary_size / 2)?;
        if rotary_size > 0 {
            check::below(place, "positions", positions, rows, "cos", None)?;
        }
        let [heads, head_size, rotary_size] = [heads, head_size, rotary_size].map(|size| size as usize);
        kernel::rope(y, x, positions, cos, sin, heads, head_size, rotary_size, pairs, turn);
        Ok(())
    })
}
