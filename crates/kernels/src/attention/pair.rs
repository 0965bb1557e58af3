//! What the backward passes compute anew for a block of queries and a block of keys: probabilities, and the slopes of scores.

use core::f64::consts::LOG2_E;
use core::ops::Range;

use super::mask::hide;
use super::{Batch, DRAWN, Head, packed};
use crate::exp::exp2;
use crate::gemm::pack::{pack_transposed, panels_len};
use crate::gemm::tile::{Matrix, Panels, WIDTH, multiply};
use crate::pool::Tile;
use crate::simd::F32x4;

/// Queries of a block and keys of a block: as deep are the sums that their pair adds to `dk` and `dv`, and to `dq`, and
/// each costs a load and a store.
pub(super) const QUERIES: usize = 64;
pub(super) const KEYS: usize = 128;

/// What is read of all queries, and of all keys.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub dout: &'a [f32],
    pub out: &'a [f32],
    pub lse: &'a [f32],
    pub q: &'a [f32],
    pub k: &'a [f32],
    pub v: &'a [f32],
}

/// Keys and values of one head, packed.
pub(super) struct Keys<'a> {
    pub range: Range<usize>,
    keys: Panels<'a>,
    values: Panels<'a>,
    positions: &'a [f32],
}

impl<'a> Keys<'a> {
    /// Numbers of scratch that `pack` needs.
    pub fn scratch(key_offsets: &[u32], head_size: usize) -> usize {
        2 * panels_len(packed(key_offsets), head_size) + packed(key_offsets)
    }

    /// Packs keys and values of `range`.
    pub fn pack(head: &Head<'_>, range: Range<usize>, given: &Given<'_>, scratch: &'a mut [f32]) -> Self {
        let size = head.batch.head_size;
        let (keys, rest) = scratch.split_at_mut(panels_len(range.len(), size));
        let (values, positions) = rest.split_at_mut(panels_len(range.len(), size));
        pack_transposed(keys, head.keys(given.k), 0..size, range.clone());
        pack_transposed(values, head.keys(given.v), 0..size, range.clone());
        head.place(positions, &range);
        Self { range, keys: Panels::new(keys, size), values: Panels::new(values, size), positions }
    }

    /// Where `block` lies in what is packed.
    pub fn within(&self, block: &Range<usize>) -> Range<usize> {
        block.start - self.range.start..block.end - self.range.start
    }
}

/// A block of queries of one head.
pub(super) struct Queries<'a> {
    pub range: Range<usize>,
    pub q: Matrix<'a>,
    pub dout: Matrix<'a>,
    /// −lse as an exponent of 2; +∞ for a query that sees nothing.
    minus: [f32; QUERIES],
    /// Σ dout ∘ out.
    delta: [f32; QUERIES],
}

impl<'a> Queries<'a> {
    pub fn new(head: &Head<'_>, range: Range<usize>, given: &Given<'a>) -> Self {
        let Batch { heads, head_size, .. } = head.batch;
        let [q, dout, out] = [given.q, given.dout, given.out].map(|x| head.queries(x).from(range.start, 0));
        let (mut minus, mut delta) = ([0.0; QUERIES], [0.0; QUERIES]);
        for i in 0..range.len() {
            let lse = given.lse[(head.first_query + range.start + i) * heads + head.head];
            minus[i] = (-f64::from(lse) * LOG2_E) as f32;
            delta[i] = dot(dout.row(i, 0, head_size), out.row(i, 0, head_size));
        }
        Self { range, q, dout, minus, delta }
    }
}

/// `weights` ← P′ and `slopes` ← dS · `scale`, [queries, keys of `block`], both in rows whose width is given back.
pub(super) fn compare<'s>(
    head: &Head<'_>,
    queries: &Queries<'_>,
    keys: &Keys<'_>,
    block: &Range<usize>,
    scale: f32,
    [weights, slopes]: [&'s mut [f32]; 2],
) -> [Matrix<'s>; 2] {
    let (count, width) = (queries.range.len(), block.len().next_multiple_of(WIDTH));
    let packed = keys.within(block);
    let [weights, slopes] = [weights, slopes].map(|x| &mut x[..count * width]);
    let skip = packed.start / WIDTH;
    multiply(&mut Tile::whole(weights, width), 0..count, queries.q, keys.keys.skip(skip), false);
    multiply(&mut Tile::whole(slopes, width), 0..count, queries.dout, keys.values.skip(skip), false);
    let rows = weights.chunks_exact_mut(width).zip(slopes.chunks_exact_mut(width));
    for (at, (weights, slopes)) in rows.enumerate() {
        let i = queries.range.start + at;
        let visible = if queries.minus[at] == f32::INFINITY { 0..0 } else { head.visible(i) };
        if !visible.is_empty() {
            let exponent = head.bias(weights, i, block, &keys.positions[packed.clone()]);
            let constants = [exponent, queries.minus[at], queries.delta[at], scale].map(F32x4::splat);
            if head.batch.dropout.is_off() {
                slope(weights, slopes, constants, |_| None);
            } else {
                slope(weights, slopes, constants, |run| Some(head.factors(i, block.start + run * DRAWN)));
            }
        }
        hide(weights, block, &visible, 0.0);
        hide(slopes, block, &visible, 0.0);
    }
    [weights, slopes].map(|data| Matrix { data, stride: width })
}

/// From the products q · k and dout · v of one query: `weights` ← P′, `slopes` ← dS · scale. `factors` of each run of 32
/// numbers take probabilities away.
#[inline(always)]
fn slope(
    weights: &mut [f32],
    slopes: &mut [f32],
    [exponent, minus, delta, scale]: [F32x4; 4],
    factors: impl Fn(usize) -> Option<[F32x4; DRAWN / 4]>,
) {
    for (run, (weights, slopes)) in weights.chunks_mut(DRAWN).zip(slopes.chunks_mut(DRAWN)).enumerate() {
        let factors = factors(run);
        let fours = weights.as_chunks_mut::<4>().0.iter_mut().zip(slopes.as_chunks_mut::<4>().0);
        for (four, (weight, slope)) in fours.enumerate() {
            let p = exp2(F32x4::load(weight).madd(exponent, minus));
            let (dp, dropped) = match &factors {
                None => (F32x4::load(slope), p),
                Some(factors) => (F32x4::load(slope).mul(factors[four]), p.mul(factors[four])),
            };
            dropped.store(weight);
            p.mul(dp.sub(delta)).mul(scale).store(slope);
        }
    }
}

/// Σ a · b, in 4 lanes × 2.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a4, a), (b4, b)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let ((a8, a4), (b8, b4)) = (a4.as_chunks::<2>(), b4.as_chunks::<2>());
    let mut sums = [F32x4::zero(); 2];
    for ([a0, a1], [b0, b1]) in a8.iter().zip(b8) {
        sums[0] = F32x4::load(a0).madd(F32x4::load(b0), sums[0]);
        sums[1] = F32x4::load(a1).madd(F32x4::load(b1), sums[1]);
    }
    for (a, b) in a4.iter().zip(b4) {
        sums[0] = F32x4::load(a).madd(F32x4::load(b), sums[0]);
    }
    let rest = F32x4::load_partial(a, 0.0).mul(F32x4::load_partial(b, 0.0));
    sums[0].add(sums[1]).add(rest).sum()
}

/// Whether no number of panels is infinite or NaN.
pub(crate) fn is_finite(panels: &Panels<'_>) -> bool {
    let zero = F32x4::zero();
    let mut sums = [zero; 2];
    for [a, b] in panels.data {
        sums = [F32x4::load(a).madd(zero, sums[0]), F32x4::load(b).madd(zero, sums[1])];
    }
    sums[0].add(sums[1]).sum() == 0.0
}
