//! How a right factor becomes panels `[⌈N / 8⌉][K][8]`: eight neighbouring columns for each k, zeros beyond N; and how four
//! columns of a left factor become rows.

use core::ops::Range;

use super::tile::{Eight, Matrix, WIDTH};
use crate::simd::F32x4;

/// Numbers that the panels of `columns` columns take.
pub(crate) const fn panels_len(columns: usize, depth: usize) -> usize {
    columns.next_multiple_of(WIDTH) * depth
}

/// Numbers nearer to 0 become 0 in panels that are made for one product: each would slow down every step of it.
const LEAST: f32 = f32::MIN_POSITIVE;

fn eights(panels: &mut [f32]) -> &mut [Eight] {
    panels.as_chunks_mut::<4>().0.as_chunks_mut::<2>().0
}

/// Packs rows `depth` (as k) and columns `columns` of `b`, which is [K, N].
pub(crate) fn pack(panels: &mut [f32], b: Matrix<'_>, depth: Range<usize>, columns: Range<usize>) {
    let mut panels = eights(&mut panels[..panels_len(columns.len(), depth.len())]).iter_mut();
    for column in columns.clone().step_by(WIDTH) {
        let width = (columns.end - column).min(WIDTH);
        for k in depth.clone() {
            let (row, panel) = (b.row(k, column, width), panels.next().expect("a panel row a k"));
            match row.as_chunks::<4>().0 {
                [x, y] => {
                    for (lanes, from) in panel.iter_mut().zip([x, y]) {
                        F32x4::load(from).zero_below(LEAST).store(lanes);
                    }
                }
                _ => {
                    *panel = [[0.0; 4]; 2];
                    panel.as_flattened_mut()[..width].copy_from_slice(row);
                }
            }
        }
    }
}

/// Packs rows `columns` (as columns) and columns `depth` (as k) of `b`, which is [N, K].
pub(crate) fn pack_transposed(panels: &mut [f32], b: Matrix<'_>, depth: Range<usize>, columns: Range<usize>) {
    pack_rows(panels, b, depth, columns, |lanes| lanes.zero_below(LEAST));
}

/// [`pack_transposed`] of weights that are kept in panels, and have to come back out of them as they were.
pub(crate) fn pack_exactly(panels: &mut [f32], b: Matrix<'_>, depth: Range<usize>, columns: Range<usize>) {
    pack_rows(panels, b, depth, columns, |lanes| lanes);
}

#[inline(always)]
fn pack_rows(
    panels: &mut [f32],
    b: Matrix<'_>,
    depth: Range<usize>,
    columns: Range<usize>,
    change: impl Fn(F32x4) -> F32x4 + Copy,
) {
    let len = depth.len();
    let panels = eights(&mut panels[..panels_len(columns.len(), len)]);
    for (j, column) in columns.clone().step_by(WIDTH).enumerate() {
        let panel = &mut panels[j * len..][..len];
        for half in 0..2 {
            let row = |i: usize| {
                let i = column + half * 4 + i;
                if i < columns.end { b.row(i, depth.start, len) } else { &[] }
            };
            interleave(panel, half, [row(0), row(1), row(2), row(3)], change);
        }
    }
}

/// Lanes `4 · half`, … of each k ← the rows' numbers k; a missing row is empty and gives zeros.
#[inline(always)]
fn interleave(panel: &mut [Eight], half: usize, rows: [&[f32]; 4], change: impl Fn(F32x4) -> F32x4) {
    let (fours, rest) = panel.as_chunks_mut::<4>();
    let done = fours.len() * 4;
    let [a, b, c, d] = rows.map(|row| row.as_chunks::<4>().0);
    for (i, four) in fours.iter_mut().enumerate() {
        let lanes = [a, b, c, d].map(|row| row.get(i).map_or(F32x4::zero(), |row| change(F32x4::load(row))));
        for (eight, lanes) in four.iter_mut().zip(F32x4::transpose(lanes)) {
            lanes.store(&mut eight[half]);
        }
    }
    for (k, eight) in rest.iter_mut().enumerate() {
        eight[half] = rows.map(|row| row.get(done + k).copied().unwrap_or(0.0));
    }
}

/// `turned` [`count`, `len`] ← the first `len` rows of the first `count` columns of `b`.
pub(crate) fn turn(turned: &mut [f32], b: Matrix<'_>, count: usize, len: usize) {
    for column in (0..count).step_by(4) {
        let (rows, b) = (&mut turned[column * len..count * len], b.from(0, column));
        if count - column >= 4 {
            turn_four(&mut rows[..4 * len], b, len);
        } else {
            for (i, row) in rows.chunks_exact_mut(len.max(1)).enumerate() {
                for (x, from) in row.iter_mut().zip(b.data.chunks(b.stride)) {
                    *x = from[i];
                }
            }
        }
    }
}

fn turn_four(rows: &mut [f32], b: Matrix<'_>, len: usize) {
    let (r01, r23) = rows.split_at_mut(2 * len);
    let ((r0, r1), (r2, r3)) = (r01.split_at_mut(len), r23.split_at_mut(len));
    let [(r0, t0), (r1, t1), (r2, t2), (r3, t3)] = [r0, r1, r2, r3].map(|row| row.as_chunks_mut::<4>());
    let mut from = b.data.chunks(b.stride);
    let mut next = || from.next().and_then(<[f32]>::first_chunk).map_or(F32x4::zero(), F32x4::load);
    for (((r0, r1), r2), r3) in r0.iter_mut().zip(r1).zip(r2).zip(r3) {
        let [x0, x1, x2, x3] = F32x4::transpose([next(), next(), next(), next()]);
        x0.store(r0);
        x1.store(r1);
        x2.store(r2);
        x3.store(r3);
    }
    for (((x0, x1), x2), x3) in t0.iter_mut().zip(t1).zip(t2).zip(t3) {
        [*x0, *x1, *x2, *x3] = next().to_array();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panel_holds_eight_columns_for_each_k_and_zeros_beyond() {
        let (rows, stride) = (23, 29);
        let data: Vec<f32> = (0..rows * stride).map(|i| i as f32).collect();
        let b = Matrix { data: &data, stride };
        for (depth, columns) in
            [(0..23, 0..23), (3..4, 2..3), (5..5, 0..9), (1..10, 4..20), (7..19, 1..18), (0..8, 0..0)]
        {
            let len = panels_len(columns.len(), depth.len());
            let (mut plain, mut turned) = (vec![f32::NAN; len], vec![f32::NAN; len]);
            pack(&mut plain, b, depth.clone(), columns.clone());
            pack_transposed(&mut turned, b, depth.clone(), columns.clone());
            for at in 0..len {
                let column = columns.start + at / depth.len() / WIDTH * WIDTH + at % WIDTH;
                let k = depth.start + at / WIDTH % depth.len();
                let want = |at: usize| if column < columns.end { at as f32 } else { 0.0 };
                assert_eq!(plain[at], want(k * stride + column), "{depth:?} {columns:?} at {at}");
                assert_eq!(turned[at], want(column * stride + k), "{depth:?} {columns:?} at {at}");
            }
        }
    }

    #[test]
    fn columns_turn_into_rows() {
        let stride = 6;
        let data: Vec<f32> = (0..20 * stride).map(|i| i as f32).collect();
        let b = Matrix { data: &data, stride };
        for (column, count, len) in [(0, 4, 20), (1, 5, 19), (0, 6, 18), (5, 1, 7), (3, 3, 4), (1, 2, 1), (0, 4, 0)] {
            let mut turned = vec![f32::NAN; count * len];
            turn(&mut turned, b.from(0, column), count, len);
            for (at, x) in turned.iter().enumerate() {
                let (i, k) = (at / len, at % len);
                assert_eq!(*x, (k * stride + column + i) as f32, "{count} from {column}, {len} rows");
            }
        }
    }
}
