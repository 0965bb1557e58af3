use core::ops::Range;

use super::mask::Bias;
use super::pair::{Given, KEYS, Keys, QUERIES, Queries, compare};
use super::{Batch, Head, PACKED, effort};
use crate::elementwise::update_with;
use crate::pool::{Blocks, Tiles, parallel_tiles, threads};
use crate::simd::F32x4;

/// Numbers of scratch that [`bias_backward`] needs.
pub fn scratch_bias(key_offsets: &[u32], head_size: usize) -> usize {
    threads() * (Keys::scratch(key_offsets, head_size) + 2 * QUERIES * KEYS)
}

/// `dbias`, [1 or H, rows, columns] as the mask's bias ← its gradient: that of the scores, summed over the sequences (and
/// heads, if they share it) in ascending order; 0 for pairs that no sequence has. What is given is as in
/// [`super::attention_backward`]. `scratch` is [`scratch_bias`] numbers.
///
/// A pass of its own, with two of the five products of the other one, whose division it would spoil: sequences meet here.
pub fn bias_backward(
    dbias: &mut [f32],
    dout: &[f32],
    out: &[f32],
    lse: &[f32],
    q: &[f32],
    k: &[f32],
    v: &[f32],
    batch: &Batch<'_>,
    scratch: &mut [f32],
) {
    let (given, bias) = (Given { dout, out, lse, q, k, v }, batch.mask.bias);
    let Bias { rows, columns, .. } = bias;
    let effort = effort(batch, &batch.parts(usize::MAX, usize::MAX), 2, dbias.len());
    let tiles = Tiles::new(dbias, rows * columns, Blocks::Even(1), Blocks::Even(QUERIES * columns));
    let across = rows.div_ceil(QUERIES);
    parallel_tiles([tiles], scratch, effort, |item, [mut tile], scratch| {
        let (own, first) = (item / across, item % across * QUERIES);
        let heads = if bias.heads() == 1 { 0..batch.heads } else { own..own + 1 };
        let sums = tile.as_slice_mut();
        sums.fill(0.0);
        for sequence in 0..batch.query_offsets.len() - 1 {
            let [t, s] = batch.lengths(sequence);
            if first < t && s > 0 {
                let queries = first..(first + QUERIES).min(t);
                for head in heads.clone() {
                    add(sums, columns, &batch.head(sequence, head), queries.clone(), &given, scratch);
                }
            }
        }
    });
}

/// `sums`, rows of `columns` numbers of which the first belongs to the first of `queries`, += the gradient of the scores.
fn add(
    sums: &mut [f32],
    columns: usize,
    head: &Head<'_>,
    queries: Range<usize>,
    given: &Given<'_>,
    scratch: &mut [f32],
) {
    let (weights, scratch) = scratch.split_at_mut(QUERIES * KEYS);
    let (slopes, packed) = scratch.split_at_mut(QUERIES * KEYS);
    let block = Queries::new(head, queries.clone(), given);
    for range in head.cut(&queries, &(0..head.s), PACKED) {
        let keys = Keys::pack(head, range.clone(), given, packed);
        for keys_seen in head.cut(&queries, &range, KEYS) {
            let [_, slopes] = compare(head, &block, &keys, &keys_seen, 1.0, [weights, slopes]);
            for (i, row) in sums.chunks_mut(columns).take(queries.len()).enumerate() {
                update_with(&mut row[keys_seen.clone()], slopes.row(i, 0, keys_seen.len()), F32x4::add);
            }
        }
    }
}
