//! Loops over numbers that know nothing of each other, four at a time, and how such work is divided.

use crate::pool::{Blocks, Tiles, parallel_tiles};
use crate::simd::F32x4;

/// Numbers a tile: 16 KiB, half of a first-level cache, and a multiple of every block of random numbers.
const RUN: usize = 4096;

/// Runs `body(first, runs)` for every run of the outputs, which are of one length; `first` is the index of a run's
/// first number. `effort` is that of [`parallel_tiles`].
pub(crate) fn parallel_runs<const OUTPUTS: usize>(
    outputs: [&mut [f32]; OUTPUTS],
    effort: usize,
    body: impl Fn(usize, [&mut [f32]; OUTPUTS]) + Sync,
) {
    let tiles = outputs.map(|output| Tiles::new(output, 1, Blocks::Even(RUN), Blocks::Even(1)));
    parallel_tiles(tiles, &mut [], effort, |item, mut tiles, _| {
        body(item * RUN, tiles.each_mut().map(|tile| tile.as_slice_mut()));
    });
}

/// `y` ← `f(y)`.
#[inline(always)]
pub(crate) fn update(y: &mut [f32], f: impl Fn(F32x4) -> F32x4) {
    let (fours, rest) = y.as_chunks_mut::<4>();
    for y in fours {
        f(F32x4::load(y)).store(y);
    }
    if !rest.is_empty() {
        f(F32x4::load_partial(rest, 0.0)).store_partial(rest);
    }
}

/// `y` ← `f(y, x)`; both are of one length.
#[inline(always)]
pub(crate) fn update_with(y: &mut [f32], x: &[f32], f: impl Fn(F32x4, F32x4) -> F32x4) {
    update_with_all(y, [x], |y, [x]| f(y, x));
}

/// `y` ← `f(y, inputs)`; all are of one length.
#[inline(always)]
pub(crate) fn update_with_all<const INPUTS: usize>(
    y: &mut [f32],
    inputs: [&[f32]; INPUTS],
    f: impl Fn(F32x4, [F32x4; INPUTS]) -> F32x4,
) {
    let inputs = inputs.map(|x| x[..y.len()].as_chunks::<4>());
    let (fours, rest) = y.as_chunks_mut::<4>();
    for (i, y) in fours.iter_mut().enumerate() {
        f(F32x4::load(y), inputs.map(|(fours, _)| F32x4::load(&fours[i]))).store(y);
    }
    if !rest.is_empty() {
        f(F32x4::load_partial(rest, 0.0), inputs.map(|(_, rest)| F32x4::load_partial(rest, 0.0))).store_partial(rest);
    }
}

/// `y` ← `f(inputs)`; all are of one length.
#[inline(always)]
pub(crate) fn combine<const INPUTS: usize>(
    y: &mut [f32],
    inputs: [&[f32]; INPUTS],
    f: impl Fn([F32x4; INPUTS]) -> F32x4,
) {
    update_with_all(y, inputs, |_, inputs| f(inputs));
}

/// [`combine`], divided among the threads.
#[inline(always)]
pub(crate) fn parallel_combine<const INPUTS: usize>(
    y: &mut [f32],
    inputs: [&[f32]; INPUTS],
    effort: usize,
    f: impl Fn([F32x4; INPUTS]) -> F32x4 + Sync,
) {
    parallel_runs([y], effort, |first, [y]| combine(y, inputs.map(|x| &x[first..first + y.len()]), &f));
}
