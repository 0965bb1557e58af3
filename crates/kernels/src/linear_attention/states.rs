//! The states of parts, [M, D] for each part and head, and what earlier or later parts, or all, come to.

use core::ops::Range;

use super::{Batch, Part, sequences, single};
use crate::elementwise::{update, update_with};
use crate::gemm::pack::{pack, panels_len};
use crate::gemm::tile::{Matrix, Panels, TURNED, multiply_transposed};
use crate::pool::{Blocks, MOVED, Tile, Tiles, parallel_tiles};
use crate::simd::F32x4;

/// Rows that are multiplied at once.
const DEPTH: usize = 256;
/// Numbers of all states of a sequence that an item sums up.
const STRIP: usize = 512;

/// Which parts a part's sum is over.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Sum {
    /// All of its sequence: the sum stands in the first one's place.
    All,
    /// Those before it.
    Before,
    /// Those behind it.
    Behind,
}

/// Numbers that the states of the parts of `offsets` take: the most that can be told, if they are too many.
pub fn state_len(batch: &Batch<'_>, offsets: &[u32]) -> usize {
    let sizes = [batch.heads, batch.features, batch.head_size];
    sizes.iter().fold(super::parts(offsets, batch.part).len(), |product, size| product.saturating_mul(*size))
}

/// Numbers of scratch for one thread in [`own`].
pub(super) fn scratch_own(head_size: usize) -> usize {
    panels_len(head_size, DEPTH) + TURNED * DEPTH
}

/// `states`, [parts, H, M, D] ← xᵀ y of every part, for x [N, H, M] and y [N, H, D].
pub(super) fn own(states: &mut [f32], parts: &[Part], [x, y]: [&[f32]; 2], batch: &Batch<'_>, scratch: &mut [f32]) {
    let Batch { heads, features, head_size, .. } = *batch;
    let tiles = Tiles::new(states, features * head_size, Blocks::Even(1), Blocks::Even((features * head_size).max(1)));
    let longest = parts.iter().map(|part| part.rows.len()).max().unwrap_or(0);
    parallel_tiles([tiles], scratch, longest, |item, [mut tile], scratch| {
        let (part, head) = (&parts[item / heads], item % heads);
        let state = tile.as_slice_mut();
        if part.rows.is_empty() {
            state.fill(0.0);
            return;
        }
        if head_size == 1 {
            return single::own(state, [x, y], part, head, batch);
        }
        let (panels, turned) = scratch.split_at_mut(panels_len(head_size, DEPTH));
        for (first, rows) in runs(&part.rows, DEPTH) {
            let y = batch.head(y, head_size, &rows, head);
            pack(panels, y, 0..rows.len(), 0..head_size);
            let x = batch.head(x, features, &rows, head);
            let panels = Panels::new(&panels[..panels_len(head_size, rows.len())], rows.len());
            let mut state = Tile::whole(state, head_size);
            multiply_transposed(&mut state, 0..features, x, panels, !first, turned);
        }
    });
}

/// `rows` in runs of at most `size`, and whether each is the first.
pub(super) fn runs(rows: &Range<usize>, size: usize) -> impl Iterator<Item = (bool, Range<usize>)> + use<> {
    let Range { start, end } = rows.clone();
    (start..end).step_by(size).map(move |first| (first == start, first..(first + size).min(end)))
}

/// Each state of [`own`] ← the sum of other parts' of its sequence and head, in the order of the parts from the far end on. With
/// `levels`, [parts, H], a part's sums are divided by e^(its level − theirs) if they come before, and so multiplied behind it.
pub(super) fn sum_up(states: &mut [f32], parts: &[Part], sum: Sum, batch: &Batch<'_>) {
    let Batch { heads, features, head_size, levels, .. } = *batch;
    let sequences = sequences(parts);
    let ends: Vec<u32> = [0].into_iter().chain(sequences.iter().map(|parts| (parts.end * heads) as u32)).collect();
    let tiles = Tiles::new(states, features * head_size, Blocks::Bounds(&ends), Blocks::Even(STRIP));
    parallel_tiles([tiles], &mut [], MOVED, |item, [mut tile], _| {
        let across = (features * head_size).div_ceil(STRIP);
        let parts = sequences[item / across].clone();
        let order: Vec<usize> =
            if sum == Sum::Behind { (0..parts.len()).rev().collect() } else { (0..parts.len()).collect() };
        for head in 0..heads {
            let (mut so_far, mut before) = ([0.0; STRIP], None);
            let so_far = &mut so_far[..tile.columns];
            for part in &order {
                let row = tile.row_mut(part * heads + head);
                if let Some(last) = before.filter(|_| !levels.is_empty()) {
                    let level = |part: usize| levels[(parts.start + part) * heads + head];
                    let (near, far): (usize, usize) = (*part, last);
                    let factor = if sum == Sum::Behind { level(near) - level(far) } else { level(far) - level(near) };
                    update(so_far, |x| x.mul(F32x4::splat(factor.exp())));
                }
                before = Some(*part);
                if sum == Sum::All {
                    update_with(so_far, row, F32x4::add);
                } else {
                    let mut own = [0.0; STRIP];
                    let own = &mut own[..row.len()];
                    own.copy_from_slice(row);
                    row.copy_from_slice(so_far);
                    update_with(so_far, own, F32x4::add);
                }
            }
            if sum == Sum::All && !order.is_empty() {
                tile.row_mut(head).copy_from_slice(so_far);
            }
        }
    });
}

/// What [`sum_up`] made for part `at` of `parts`: the part's own, or if nothing is hidden that of its sequence, which stands in
/// the place of the first of `summed`'s parts of it.
pub(super) fn state_of<'s>(
    states: &'s [f32],
    summed: &[Part],
    (parts, at): (&[Part], usize),
    head: usize,
    batch: &Batch<'_>,
) -> Matrix<'s> {
    let Batch { heads, features, head_size, causal, .. } = *batch;
    let sequence = parts[at].sequence;
    let place = if causal { at } else { summed.partition_point(|part| part.sequence < sequence) };
    let len = features * head_size;
    Matrix { data: &states[(place * heads + head) * len..][..len], stride: head_size }
}
