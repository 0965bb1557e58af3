//! Features of linear attention.
//!
//! `map`: the number of a kernel's map. Slots that may be 0: `z` `[R, D]`, whose norms are taken off exponents, and `shift` `[R]`.

use kernels::feature_map::{self as kernel, FEATURE_MAPS, FeatureMap, Mapping, Stabilisers};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::attention_batch::Sequences;
use crate::check::{self, length, optional, same};
use crate::error::Problem;
use crate::heap::{Lent, Slot, lend, lend_with_batch};

fn map_of(place: &str, map: u32) -> Result<FeatureMap, Problem> {
    FEATURE_MAPS
        .get(map as usize)
        .copied()
        .ok_or_else(|| Problem::new(place, format!("feature map {map} is none of 0 to {}", FEATURE_MAPS.len() - 1)))
}

/// `y` ← the features of `x`, both `[R, width]`.
#[wasm_bindgen]
pub fn feature_map(
    y: Slot,
    x: Slot,
    z: Slot,
    shift: Slot,
    width: u32,
    map: u32,
    factor: f32,
    epsilon: f32,
) -> Result<(), Problem> {
    let place = "feature_map";
    let (map, shift_slot) = (map_of(place, map)?, shift);
    lend(place, [y], [x, z, shift], |Lent { outputs: [y], inputs: [x, z, shift], .. }| {
        let rows = check::rows(place, "x", x, width)?;
        same(place, "y", y, "x", x)?;
        optional(place, "shift", shift_slot, shift, "[R]", &[rows])?;
        check::rows(place, "z", z, rows.max(1))?;
        kernel::feature_map(y, x, Mapping { map, width: width as usize, z, shift, factor, epsilon });
        Ok(())
    })
}

/// `dx`, and `dz` unless 0, ← the gradients of [`feature_map`], given `dy` and what it was given and gave.
#[wasm_bindgen]
pub fn feature_map_backward(
    dx: Slot,
    dz: Slot,
    dy: Slot,
    x: Slot,
    y: Slot,
    z: Slot,
    shift: Slot,
    width: u32,
    map: u32,
    factor: f32,
    epsilon: f32,
) -> Result<(), Problem> {
    let place = "feature_map_backward";
    let (map, shift_slot) = (map_of(place, map)?, shift);
    lend(place, [dx, dz], [dy, x, y, z, shift], |Lent { outputs: [dx, dz], inputs: [dy, x, y, z, shift], .. }| {
        let rows = check::rows(place, "x", x, width)?;
        for (name, slice) in [("dx", &*dx), ("dy", dy), ("y", y)] {
            same(place, name, slice, "x", x)?;
        }
        optional(place, "shift", shift_slot, shift, "[R]", &[rows])?;
        check::rows(place, "z", z, rows.max(1))?;
        same(place, "dz", dz, "z", z)?;
        kernel::feature_map_backward(
            dx,
            dz,
            dy,
            [x, y],
            Mapping { map, width: width as usize, z, shift, factor, epsilon },
        );
        Ok(())
    })
}

/// `top` `[R]` ← the largest number of each row of `x` `[R, width]`.
#[wasm_bindgen]
pub fn row_max(top: Slot, x: Slot, width: u32) -> Result<(), Problem> {
    lend("row_max", [top], [x], |Lent { outputs: [top], inputs: [x], .. }| {
        length("row_max", "top", top, "[R]", &[check::rows("row_max", "x", x, width)?])?;
        kernel::row_max(top, x, width as usize);
        Ok(())
    })
}

/// From the largest exponents of a batch's keys, `top` `[S, H]`: `shift` `[S, H]`, the maximum of each sequence and head. With
/// `levels` `[parts, H]` and `epsilons` `[S, H]`, which may be 0 together: running maxima, part by part, and what stands for
/// `epsilon`.
#[wasm_bindgen]
pub fn stabilise(
    shift: Slot,
    levels: Slot,
    epsilons: Slot,
    top: Slot,
    batch: Slot,
    epsilon: f32,
) -> Result<(), Problem> {
    let place = "stabilise";
    let running = levels != 0;
    lend_with_batch(place, batch, [shift, levels, epsilons], [top], |Lent { outputs, inputs: [top], .. }, words| {
        let ([shift, levels, epsilons], Sequences { heads, key_offsets, .. }) = (outputs, Sequences::read(words));
        check::offsets(place, "key_offsets", key_offsets, check::rows(place, "top", top, heads)?)?;
        same(place, "shift", shift, "top", top)?;
        if running {
            let parts = kernels::linear_attention::causal_parts(key_offsets).len() as u32;
            length(place, "levels", levels, "[parts, H]", &[parts, heads])?;
            same(place, "epsilons", epsilons, "top", top)?;
        }
        kernel::stabilise(Stabilisers { shift, levels, epsilons }, top, key_offsets, heads as usize, epsilon);
        Ok(())
    })
}
