//! The optimiser.

use kernels::adamw::{self as kernel, AdamW, Segment};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::same;
use crate::error::Problem;
use crate::heap::{Lent, Slot, as_u32, lend};

/// The segment that five words describe.
fn segment([offset, gradient_offset, len, lr_scale, decay_scale]: [u32; 5]) -> Segment {
    let [offset, gradient_offset, len] = [offset, gradient_offset, len].map(|word| word as usize);
    let [lr_scale, decay_scale] = [lr_scale, decay_scale].map(f32::from_bits);
    Segment { offset, gradient_offset, len, lr_scale, decay_scale }
}

/// One step of AdamW on `params`, given `grads`, the moments `m` and `v`, and the number of the `step`, from 1. Five
/// words of `segments` are one segment: its offset in `params`, that in the other three, its length, and as f32 the factors
/// of learning rate and weight decay. What is in no segment stays as it is.
#[wasm_bindgen]
pub fn adamw(
    params: Slot,
    grads: Slot,
    m: Slot,
    v: Slot,
    segments: Slot,
    lr: f64,
    beta1: f64,
    beta2: f64,
    eps: f64,
    weight_decay: f64,
    step: u32,
    gradient_scale: f64,
) -> Result<(), Problem> {
    let (place, options) = ("adamw", AdamW { lr, beta1, beta2, eps, weight_decay, step, gradient_scale });
    if step == 0 {
        return Err(Problem::new(place, "steps are counted from 1".into()));
    }
    lend(place, [params, m, v], [grads, segments], |Lent { outputs, inputs, .. }| {
        let ([params, m, v], [grads, segments]) = (outputs, inputs);
        for (name, slice) in [("m", &*m), ("v", &*v)] {
            same(place, name, slice, "grads", grads)?;
        }
        let (segments, rest) = as_u32(segments).as_chunks::<5>();
        if !rest.is_empty() {
            return Err(Problem::new(place, "segments are not five words each".into()));
        }
        for (i, [offset, gradient_offset, len, ..]) in segments.iter().enumerate() {
            for (name, at, held) in [("params", offset, params.len()), ("grads", gradient_offset, grads.len())] {
                if u64::from(*at) + u64::from(*len) > held as u64 {
                    let what = format!("segment {i}, {len} numbers at {at}, lies outside {name}, which holds {held}");
                    return Err(Problem::new(place, what));
                }
            }
        }
        kernel::adamw(params, grads, m, v, segments.iter().map(|words| segment(*words)), options);
        Ok(())
    })
}
