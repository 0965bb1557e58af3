//! The optimiser.

use kernels::adamw::{self as kernel, AdamW, Segment};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::same;
use crate::error::Problem;
use crate::heap::{Lent, Slot, as_u32, lend};

/// The segment that four words describe.
fn segment([offset, len, lr_scale, decay_scale]: [u32; 4]) -> Segment {
    let (lr_scale, decay_scale) = (f32::from_bits(lr_scale), f32::from_bits(decay_scale));
    Segment { offset: offset as usize, len: len as usize, lr_scale, decay_scale }
}

/// One step of AdamW on `params`, given `grads`, the moments `m` and `v`, and the number of the `step`, from 1. Four
/// words of `segments` are one segment: offset, length, and as f32 the factors of learning rate and weight decay.
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
        for (name, slice) in [("grads", grads), ("m", &*m), ("v", &*v)] {
            same(place, name, slice, "params", params)?;
        }
        let (segments, rest) = as_u32(segments).as_chunks::<4>();
        if !rest.is_empty() {
            return Err(Problem::new(place, "segments are not four words each".into()));
        }
        let outside = |words: &[u32; 4]| u64::from(words[0]) + u64::from(words[1]) > params.len() as u64;
        if let Some(i) = segments.iter().position(outside) {
            let [offset, len, ..] = segments[i];
            let what =
                format!("segment {i}, {len} numbers at {offset}, lies outside params, which holds {}", params.len());
            return Err(Problem::new(place, what));
        }
        kernel::adamw(params, grads, m, v, segments.iter().map(|words| segment(*words)), options);
        Ok(())
    })
}
