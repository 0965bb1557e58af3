//! Sums and means, of everything or of a sequence's rows, and sums of buffers. Every order of summation is a function
//! of the length alone.

use core::ops::Range;

use crate::elementwise::{combine, parallel_combine, parallel_runs, update, update_with};
use crate::pool::{Blocks, MOVED, Tiles, parallel_tiles};
use crate::simd::F32x4;

/// Sums of `f(rows)` over a row: four lanes in each of two accumulators. `fills`, which stand behind the ends of rows,
/// are numbers at which `f` is 0. The rows are of one length.
#[inline(always)]
pub(crate) fn row_sums<const ROWS: usize, const SUMS: usize>(
    rows: [&[f32]; ROWS],
    fills: [f32; ROWS],
    f: impl Fn([F32x4; ROWS]) -> [F32x4; SUMS],
) -> [f32; SUMS] {
    let len = rows[0].len();
    let chunks = rows.map(|row| row[..len].as_chunks::<8>());
    let mut sums = [[F32x4::zero(); SUMS]; 2];
    let mut add = |half: usize, terms: [F32x4; SUMS]| {
        for (sum, term) in sums[half].iter_mut().zip(terms) {
            *sum = sum.add(term);
        }
    };
    for i in 0..len / 8 {
        for half in 0..2 {
            add(half, f(chunks.map(|(eights, _)| F32x4::load(&eights[i].as_chunks::<4>().0[half]))));
        }
    }
    let split = (len % 8).min(4);
    let partial = |range: Range<usize>| {
        f(core::array::from_fn(|row| F32x4::load_partial(&chunks[row].1[range.clone()], fills[row])))
    };
    add(0, partial(0..split));
    add(1, partial(split..len % 8));
    core::array::from_fn(|k| sums[0][k].add(sums[1][k]).sum())
}

/// The largest number of a row, NaNs left out; −∞ of none.
#[inline(always)]
pub(crate) fn row_max(row: &[f32]) -> f32 {
    let (fours, rest) = row.as_chunks::<4>();
    let lowest = F32x4::splat(f32::NEG_INFINITY);
    let largest = fours.iter().fold(lowest, |largest, four| largest.max(F32x4::load(four)));
    largest.max(F32x4::load_partial(rest, f32::NEG_INFINITY)).largest()
}

/// Rows of a column sum that are added up before they meet the total, as a long sum is more exact in two stages.
const COLUMN_BLOCK: usize = 32;
/// Columns an item of a column sum owns: whole cache lines.
pub(crate) const COLUMN_STRIP: usize = 64;

/// `totals` += sums over `rows` of `terms(row, column, lanes)`, the terms of `lanes` columns from `column` of `totals`.
#[inline(always)]
pub(crate) fn add_columns<const SUMS: usize>(
    mut totals: [&mut [f32]; SUMS],
    rows: Range<usize>,
    terms: impl Fn(usize, usize, usize) -> [F32x4; SUMS],
) {
    let columns = totals[0].len();
    let mut block = |rows: Range<usize>, column: usize, lanes: usize| {
        let mut sums = [F32x4::zero(); SUMS];
        for row in rows {
            for (sum, term) in sums.iter_mut().zip(terms(row, column, lanes)) {
                *sum = sum.add(term);
            }
        }
        for (total, sum) in totals.iter_mut().zip(sums) {
            let total = &mut total[column..column + lanes];
            load(total, lanes).add(sum).store_partial(total);
        }
    };
    for first in rows.clone().step_by(COLUMN_BLOCK) {
        let rows = first..rows.end.min(first + COLUMN_BLOCK);
        let whole = columns / 4 * 4;
        for column in (0..whole).step_by(4) {
            block(rows.clone(), column, 4);
        }
        if whole < columns {
            block(rows, whole, columns - whole);
        }
    }
}

/// The first `lanes` numbers of `x`, at most four, and zeros.
#[inline(always)]
pub(crate) fn load(x: &[f32], lanes: usize) -> F32x4 {
    match x.first_chunk::<4>() {
        Some(four) if lanes == 4 => F32x4::load(four),
        _ => F32x4::load_partial(&x[..lanes], 0.0),
    }
}

/// Numbers a partial sum of [`sum`].
const SUM_RUN: usize = 1024;

/// How much working memory [`sum`] and [`sum_of_squares`] of `len` numbers take.
pub fn partial_sums(len: usize) -> usize {
    len.div_ceil(SUM_RUN)
}

fn sum_runs(x: &[f32], partials: &mut [f32], run: impl Fn(&[f32]) -> f32 + Sync) -> f64 {
    let partials = &mut partials[..partial_sums(x.len())];
    let tiles = Tiles::new(partials, 1, Blocks::Even(1), Blocks::Even(1));
    parallel_tiles([tiles], &mut [], SUM_RUN, |item, [mut partial], _| {
        partial.row_mut(0)[0] = run(&x[item * SUM_RUN..x.len().min((item + 1) * SUM_RUN)]);
    });
    partials.iter().map(|partial| f64::from(*partial)).sum()
}

/// Sum of all numbers. `partials` is working memory, [`partial_sums`] numbers.
pub fn sum(x: &[f32], partials: &mut [f32]) -> f64 {
    sum_runs(x, partials, |run| row_sums([run], [0.0], |x| x)[0])
}

/// 2⁻⁶³: squares of smaller numbers are denormal, too little to count and slow to compute.
pub const LEAST_SQUARED: f32 = f32::from_bits(0x2000_0000);

/// Sum of all squares. `partials` is working memory, [`partial_sums`] numbers.
pub fn sum_of_squares(x: &[f32], partials: &mut [f32]) -> f64 {
    sum_runs(x, partials, |run| row_sums([run], [0.0], |[x]| [x.zero_below(LEAST_SQUARED)].map(|x| x.mul(x)))[0])
}

/// `y`, `[B, width]` ← means of each sequence's rows of `x`, `[N, width]`; `offsets`, `[B + 1]`. No rows give 0.
pub fn mean_rows(y: &mut [f32], x: &[f32], offsets: &[u32], width: usize) {
    let y_len = y.len();
    let tiles = Tiles::new(y, width, Blocks::Even(1), Blocks::Even(COLUMN_STRIP));
    parallel_tiles([tiles], &mut [], x.len() / y_len.max(1) * MOVED, |_, [mut tile], _| {
        let (sequence, first) = (tile.row, tile.column);
        let rows = offsets[sequence] as usize..offsets[sequence + 1] as usize;
        let factor = 1.0 / rows.len().max(1) as f32;
        let y = tile.row_mut(0);
        y.fill(0.0);
        add_columns([&mut *y], rows, |row, column, lanes| [load(&x[row * width + first + column..], lanes)]);
        update(y, |y| y.mul(F32x4::splat(factor)));
    });
}

/// `dx`, `[N, width]`, for `dy`, `[B, width]`, of [`mean_rows`].
pub fn mean_rows_backward(dx: &mut [f32], dy: &[f32], offsets: &[u32], width: usize) {
    let tiles = Tiles::new(dx, width, Blocks::Bounds(offsets), Blocks::Even(width.max(1)));
    parallel_tiles([tiles], &mut [], MOVED, |sequence, [mut tile], _| {
        let (dy, factor) = (&dy[sequence * width..(sequence + 1) * width], 1.0 / tile.rows as f32);
        for i in 0..tile.rows {
            combine(tile.row_mut(i), [dy], |[dy]| dy.mul(F32x4::splat(factor)));
        }
    });
}

/// `y` ← `a` + `b`.
pub fn add(y: &mut [f32], a: &[f32], b: &[f32]) {
    parallel_combine(y, [a, b], MOVED, |[a, b]| a.add(b));
}

/// `y` ← `a` · `b`, number by number.
pub fn mul(y: &mut [f32], a: &[f32], b: &[f32]) {
    parallel_combine(y, [a, b], MOVED, |[a, b]| a.mul(b));
}

/// `y` ← `y` + `factor` · `x`.
pub fn add_scaled(y: &mut [f32], x: &[f32], factor: f32) {
    parallel_runs([y], MOVED, |first, [y]| {
        let x = &x[first..first + y.len()];
        update_with(y, x, |y, x| x.madd(F32x4::splat(factor), y));
    });
}

/// `y` ← `factor` · `x`.
pub fn scale(y: &mut [f32], x: &[f32], factor: f32) {
    parallel_combine(y, [x], MOVED, |[x]| x.mul(F32x4::splat(factor)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_near, numbers, poison};

    const LENGTHS: [usize; 13] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 1023, 1031, 100_003];

    #[test]
    fn sums_are_those_of_f64() {
        for len in LENGTHS {
            let (x, mut partials) = (numbers(len, 1), poison(partial_sums(len)));
            let (got, want) = (sum(&x, &mut partials), x.iter().map(|x| f64::from(*x)).sum::<f64>());
            assert!((got - want).abs() <= 1e-7 * len as f64, "sum of {len}: {got}, not {want}");
            let (got, want) = (sum_of_squares(&x, &mut partials), x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>());
            assert!((got - want).abs() <= 1e-6 * want, "squares of {len}: {got}, not {want}");
        }
    }

    #[test]
    fn the_largest_number_is_found_in_every_lane() {
        for len in 1..20 {
            for at in 0..len {
                let mut x = vec![-5.0; len];
                x[at] = -3.0;
                assert_eq!(row_max(&x), -3.0);
            }
        }
        assert_eq!(row_max(&[]), f32::NEG_INFINITY);
    }

    #[test]
    fn means_and_their_gradients_are_those_of_f64() {
        let offsets = [0, 3, 3, 4, 75];
        for width in [0, 1, 2, 3, 4, 5, 7, 63, 64, 65, 131] {
            let (x, dy) = (numbers(75 * width, 2), numbers(4 * width, 3));
            let (mut y, mut dx) = (poison(4 * width), poison(75 * width));
            mean_rows(&mut y, &x, &offsets, width);
            mean_rows_backward(&mut dx, &dy, &offsets, width);
            for (sequence, ends) in offsets.windows(2).enumerate() {
                let (rows, count) = (ends[0] as usize..ends[1] as usize, f64::from((ends[1] - ends[0]).max(1)));
                let column = |c: usize| rows.clone().map(|row| f64::from(x[row * width + c])).sum::<f64>() / count;
                let dy = &dy[sequence * width..][..width];
                assert_near(&y[sequence * width..][..width], &(0..width).map(column).collect::<Vec<_>>(), 1e-6, "mean");
                let want: Vec<f64> = dy.iter().map(|dy| f64::from(*dy) / count).collect();
                rows.clone().for_each(|row| assert_near(&dx[row * width..][..width], &want, 1e-6, "dx"));
            }
        }
    }

    #[test]
    fn a_mean_does_not_depend_on_the_rest_of_the_batch() {
        let (x, width) = (numbers(100 * 5, 4), 5);
        let (mut alone, mut together) = (poison(5), poison(10));
        mean_rows(&mut alone, &x[30 * width..], &[0, 70], width);
        mean_rows(&mut together, &x, &[0, 30, 100], width);
        assert_eq!(alone, together[5..]);
    }

    #[test]
    fn buffers_are_added_and_scaled() {
        for len in LENGTHS {
            let (a, b) = (numbers(len, 5), numbers(len, 6));
            let both = |f: fn(f64, f64) -> f64| -> Vec<f64> {
                a.iter().zip(&b).map(|(a, b)| f(f64::from(*a), f64::from(*b))).collect()
            };
            let mut y = poison(len);
            add(&mut y, &a, &b);
            assert_near(&y, &both(|a, b| a + b), 1e-6, "add");
            mul(&mut y, &a, &b);
            assert_near(&y, &both(|a, b| a * b), 1e-6, "mul");
            scale(&mut y, &a, -0.7);
            assert_near(&y, &both(|a, _| a * -0.7), 1e-6, "scale");
            y.copy_from_slice(&a);
            add_scaled(&mut y, &b, 0.3);
            assert_near(&y, &both(|a, b| a + 0.3 * b), 1e-6, "add_scaled");
        }
    }
}
