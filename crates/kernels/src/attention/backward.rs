use core::ops::Range;

use super::{Batch, DRAWN, Head, KEYS, QUERIES, hide, longest};
use crate::dropout::Dropout;
use crate::exp::exp;
use crate::gemm::pack::{pack, pack_transposed, panels_len};
use crate::gemm::tile::{Matrix, Panels, TURNED, WIDTH, multiply, multiply_transposed};
use crate::pool::{Blocks, Tile, Tiles, parallel_tiles, threads};
use crate::simd::F32x4;

/// Numbers of scratch that [`attention_backward`] needs.
pub fn scratch_backward(key_offsets: &[u32], head_size: usize) -> usize {
    let s = longest(key_offsets);
    let blocks = 2 * panels_len(head_size, QUERIES) + 2 * QUERIES * KEYS + QUERIES * TURNED;
    threads() * (2 * panels_len(s, head_size) + panels_len(head_size, s) + blocks)
}

/// `dq`, `dk`, `dv` ← the gradients of what [`super::attention`] made of q, k, v, given `dout` and its results `out` and `lse`.
///
/// Shapes are those of q, k and v; what else is asked for is as in [`super::attention`]. `scratch` is [`scratch_backward`]
/// numbers.
///
/// With P = exp(q · kᵀ / √D − lse), P′ = P · mask / (1 − rate): dv = P′ᵀ · dout, and dS = P ∘ (dout · vᵀ · mask / (1 − rate) −
/// Σ dout ∘ out) / √D gives dq = dS · k, dk = dSᵀ · q.
pub fn attention_backward(
    dq: &mut [f32],
    dk: &mut [f32],
    dv: &mut [f32],
    dout: &[f32],
    out: &[f32],
    lse: &[f32],
    q: &[f32],
    k: &[f32],
    v: &[f32],
    query_offsets: &[u32],
    key_offsets: &[u32],
    heads: usize,
    head_size: usize,
    causal: bool,
    window: usize,
    dropout: Dropout,
    scratch: &mut [f32],
) {
    let batch = Batch { query_offsets, key_offsets, heads, head_size, causal, window, dropout };
    let width = heads * head_size;
    let outputs = [(dq, query_offsets), (dk, key_offsets), (dv, key_offsets)]
        .map(|(x, offsets)| Tiles::new(x, width, Blocks::Bounds(offsets), Blocks::Even(head_size)));
    parallel_tiles(outputs, scratch, batch.effort(5), |item, [mut dq, mut dk, mut dv], scratch| {
        let head = batch.head(item);
        for i in 0..head.s {
            dk.row_mut(i).fill(0.0);
            dv.row_mut(i).fill(0.0);
        }
        if head.t == 0 {
            return;
        }
        let (keys, scratch) = scratch.split_at_mut(panels_len(head.s, head_size));
        let (values, scratch) = scratch.split_at_mut(panels_len(head.s, head_size));
        let (key_rows, scratch) = scratch.split_at_mut(panels_len(head_size, head.s));
        pack_transposed(keys, head.keys(k), 0..head_size, 0..head.s);
        pack_transposed(values, head.keys(v), 0..head_size, 0..head.s);
        pack(key_rows, head.keys(k), 0..head.s, 0..head_size);
        let keys = [(keys, head_size), (values, head_size), (key_rows, head.s)].map(|(x, depth)| Panels::new(x, depth));
        let queries = Queries { q: head.queries(q), out: head.queries(out), dout: head.queries(dout), lse };
        for first in (0..head.t).step_by(QUERIES) {
            let range = first..(first + QUERIES).min(head.t);
            go_back(&head, range, [&mut dq, &mut dk, &mut dv], &queries, keys, scratch);
        }
    });
}

/// What is read of the queries.
struct Queries<'a> {
    q: Matrix<'a>,
    out: Matrix<'a>,
    dout: Matrix<'a>,
    lse: &'a [f32],
}

/// One block of queries: its `dq`, and what it adds to `dk` and `dv`.
fn go_back(
    head: &Head<'_>,
    range: Range<usize>,
    [dq, dk, dv]: [&mut Tile<'_>; 3],
    queries: &Queries<'_>,
    [keys, values, key_rows]: [Panels<'_>; 3],
    scratch: &mut [f32],
) {
    let (size, count) = (head.batch.head_size, range.len());
    let (q, dout) = (queries.q.from(range.start, 0), queries.dout.from(range.start, 0));
    let (q_panels, scratch) = scratch.split_at_mut(panels_len(size, count));
    let (dout_panels, scratch) = scratch.split_at_mut(panels_len(size, count));
    let (strip, scratch) = scratch.split_at_mut(QUERIES * TURNED);
    let (weights, slopes) = scratch.split_at_mut(QUERIES * KEYS);
    pack(q_panels, q, 0..count, 0..size);
    pack(dout_panels, dout, 0..count, 0..size);
    let (q_panels, dout_panels) = (Panels::new(q_panels, count), Panels::new(dout_panels, count));
    let mut started = false;
    for block in head.blocks(range.clone()) {
        let width = block.len().next_multiple_of(WIDTH);
        let (weights, slopes) = (&mut weights[..count * width], &mut slopes[..count * width]);
        let skip = block.start / WIDTH;
        multiply(&mut Tile::whole(weights, width), 0..count, q, keys.skip(skip), false);
        multiply(&mut Tile::whole(slopes, width), 0..count, dout, values.skip(skip), false);
        let rows = weights.chunks_exact_mut(width).zip(slopes.chunks_exact_mut(width));
        for (i, (weights, slopes)) in range.clone().zip(rows) {
            slope(head, i, &block, queries, weights, slopes);
        }
        let [weights, slopes] = [&*weights, &*slopes].map(|data| Matrix { data, stride: width });
        multiply(dq, range.clone(), slopes, key_rows.part(block.clone()), started);
        multiply_transposed(dv, block.clone(), weights, dout_panels, true, strip);
        multiply_transposed(dk, block, slopes, q_panels, true, strip);
        started = true;
    }
    for i in range.filter(|i| head.visible(*i).is_empty()) {
        dq.row_mut(i).fill(0.0);
    }
}

/// From the scores and dout · vᵀ of one query: `weights` ← P′, `slopes` ← dS.
fn slope(
    head: &Head<'_>,
    i: usize,
    block: &Range<usize>,
    queries: &Queries<'_>,
    weights: &mut [f32],
    slopes: &mut [f32],
) {
    let Batch { heads, head_size, dropout, .. } = head.batch;
    let lse = queries.lse[(head.first_query + i) * heads + head.head];
    let delta = F32x4::splat(dot(queries.dout.row(i, 0, head_size), queries.out.row(i, 0, head_size)));
    let (scale, minus) = (F32x4::splat(head.scale()), F32x4::splat(-lse));
    for (run, (weights, slopes)) in weights.chunks_mut(DRAWN).zip(slopes.chunks_mut(DRAWN)).enumerate() {
        let factors =
            if dropout.is_off() { [F32x4::splat(1.0); DRAWN / 4] } else { head.factors(i, block.start + run * DRAWN) };
        let fours = weights.as_chunks_mut::<4>().0.iter_mut().zip(slopes.as_chunks_mut::<4>().0);
        for ((weight, slope), factor) in fours.zip(factors) {
            let p = exp(F32x4::load(weight).madd(scale, minus));
            p.mul(factor).store(weight);
            p.mul(F32x4::load(slope).mul(factor).sub(delta)).mul(scale).store(slope);
        }
    }
    let visible = head.visible(i);
    hide(weights, block, &visible, 0.0);
    hide(slopes, block, &visible, 0.0);
}

/// Σ a · b, in 4 lanes × 2.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a8, a), (b8, b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [F32x4::zero(); 2];
    let halves = |x: &[f32]| [&x[..x.len().min(4)], &x[x.len().min(4)..]].map(|x| F32x4::load_partial(x, 0.0));
    for (a, b) in a8.iter().map(|x| &x[..]).chain([a]).zip(b8.iter().map(|x| &x[..]).chain([b])) {
        let ([a0, a1], [b0, b1]) = (halves(a), halves(b));
        sums = [a0.madd(b0, sums[0]), a1.madd(b1, sums[1])];
    }
    sums[0].add(sums[1]).sum()
}
