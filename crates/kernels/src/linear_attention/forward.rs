use core::ops::Range;

use super::states::{Sum, own, runs, scratch_own, state_len, state_of, sum_up};
use super::{Batch, CAUSAL_PART, QUERIES, bounds, single};
use crate::attention::is_finite;
use crate::gemm::pack::{pack, pack_transposed, panels_len};
use crate::gemm::tile::{Matrix, Panels, WIDTH, multiply};
use crate::pool::{Blocks, Tile, Tiles, parallel_tiles, threads};

/// Numbers of scratch that [`linear_attention`] needs.
pub fn scratch(batch: &Batch<'_>) -> usize {
    let Batch { features, head_size, .. } = *batch;
    let outputs = panels_len(head_size, features) + scratch_scores(features, head_size);
    state_len(batch, batch.key_offsets).saturating_add(threads() * scratch_own(head_size).max(outputs))
}

/// Numbers of scratch for the scores of one part.
fn scratch_scores(features: usize, head_size: usize) -> usize {
    panels_len(CAUSAL_PART, features) + panels_len(head_size, CAUSAL_PART) + QUERIES * CAUSAL_PART
}

/// `out` ← Σⱼ (aᵢ · bⱼ) vⱼ for every head of every sequence, over j ≤ i if causal. a [N, H, M], b [S, H, M], v [S, H, D], `out`
/// [N, H, D]. `scratch` is [`scratch`] numbers.
pub fn linear_attention(out: &mut [f32], a: &[f32], b: &[f32], v: &[f32], batch: &Batch<'_>, scratch: &mut [f32]) {
    let Batch { heads, features, head_size, causal, .. } = *batch;
    let (keys, queries) = (batch.key_parts(), batch.query_parts());
    let (states, scratch) = scratch.split_at_mut(state_len(batch, batch.key_offsets));
    own(states, &keys, [b, v], batch, scratch);
    sum_up(states, &keys, if causal { Sum::Before } else { Sum::All }, batch);
    let states = &*states;
    let ends = bounds(&queries);
    let tiles = Tiles::new(out, heads * head_size, Blocks::Bounds(&ends), Blocks::Even(head_size.max(1)));
    let effort = features + if causal { CAUSAL_PART } else { 0 };
    parallel_tiles([tiles], scratch, effort, |item, [mut out], scratch| {
        let (at, head) = (item / heads, item % heads);
        let rows = &queries[at].rows;
        if rows.is_empty() {
            return;
        }
        let (panels, rest) = scratch.split_at_mut(panels_len(head_size, features));
        let state = state_of(states, &keys, (&queries, at), head, batch);
        let queries = batch.head(a, features, rows, head);
        if head_size == 1 {
            single::read(&mut out, queries, state.data);
        } else {
            pack(panels, state, 0..features, 0..head_size);
            multiply(&mut out, 0..rows.len(), queries, Panels::new(panels, features), false);
        }
        if causal {
            let [a, b] = [a, b].map(|x| batch.head(x, features, rows, head));
            let factors = [a, b, batch.head(v, head_size, rows, head)];
            meet_own(&mut out, factors, rows.len(), [features, head_size], rest);
        }
    });
}

/// `out` += Σ over j ≤ i of (aᵢ · bⱼ) vⱼ within a part of `len` rows.
fn meet_own(
    out: &mut Tile<'_>,
    [a, b, v]: [Matrix<'_>; 3],
    len: usize,
    [features, head_size]: [usize; 2],
    scratch: &mut [f32],
) {
    let (keys, rest) = scratch.split_at_mut(panels_len(CAUSAL_PART, features));
    let (values, scores) = rest.split_at_mut(panels_len(head_size, CAUSAL_PART));
    pack_transposed(keys, b, 0..features, 0..len);
    pack(values, v, 0..len, 0..head_size);
    let keys = Panels::new(&keys[..panels_len(len, features)], features);
    let values = Panels::new(&values[..panels_len(head_size, len)], len);
    for (_, rows) in runs(&(0..len), run_length(&values)) {
        let scores = scores_under_diagonal(scores, a, keys, &rows);
        multiply(out, rows.clone(), scores, values.part(0..rows.end), true);
    }
}

/// Rows that may meet `right` together: 0 times what is not finite is NaN, so then each meets its own alone.
pub(super) fn run_length(right: &Panels<'_>) -> usize {
    if is_finite(right) { QUERIES } else { 1 }
}

/// The products of rows `rows` of `a` with columns 0 … `rows.end` of `keys`, 0 right of the diagonal.
pub(super) fn scores_under_diagonal<'s>(
    scores: &'s mut [f32],
    a: Matrix<'_>,
    keys: Panels<'_>,
    rows: &Range<usize>,
) -> Matrix<'s> {
    let width = rows.end.next_multiple_of(WIDTH);
    let scores = &mut scores[..rows.len() * width];
    multiply(&mut Tile::whole(scores, width), 0..rows.len(), a.from(rows.start, 0), keys, false);
    for (i, row) in rows.clone().zip(scores.chunks_exact_mut(width)) {
        row[i + 1..].fill(0.0);
    }
    Matrix { data: scores, stride: width }
}
