//! Layer normalisation of a sum, y = LN(residual + dropout(x)) · weight + bias, in one pass over memory.

use crate::dropout::Dropout;
use crate::elementwise::{combine, update_with, update_with_all};
use crate::pool::{Blocks, CURVE, MOVED, Tiles, parallel_tiles};
use crate::reduce::{COLUMN_STRIP, add_columns, load, row_sums};
use crate::simd::F32x4;

const ROWS: usize = 16;

/// `y` ← s normalised row by row, times `weight`, plus `bias`, where s = `residual` + `dropout` of `x`; `eps` is added
/// to the variance. For backward, `sum` ← s, and `stats`, `[N, 2]` ← mean and 1 / √(variance + eps).
///
/// `x`, `y`, `sum`, `residual`: `[N, width]`; `weight`, `bias`: `[width]`; an empty `sum` is not wanted, an empty
/// `residual` is 0.
pub fn layer_norm(
    y: &mut [f32],
    sum: &mut [f32],
    stats: &mut [f32],
    x: &[f32],
    residual: &[f32],
    weight: &[f32],
    bias: &[f32],
    width: usize,
    eps: f32,
    dropout: Dropout,
) {
    let (rows, columns) = (Blocks::Even(ROWS), Blocks::Even(width.max(1)));
    let outputs = [
        Tiles::new(y, width, rows, columns),
        Tiles::new(sum, width, rows, columns),
        Tiles::new(stats, 2, rows, Blocks::Even(2)),
    ];
    parallel_tiles(outputs, &mut [], CURVE, |_, [mut y, mut sum, mut stats], _| {
        for i in 0..y.rows {
            let first = (y.row + i) * width;
            let y = y.row_mut(i);
            y.copy_from_slice(&x[first..first + width]);
            dropout.apply(y, first);
            if !residual.is_empty() {
                update_with(y, &residual[first..first + width], F32x4::add);
            }
            if sum.rows > 0 {
                sum.row_mut(i).copy_from_slice(y);
            }
            let (mean, scale) = moments(y, eps);
            stats.row_mut(i).copy_from_slice(&[mean, scale]);
            let (mean, scale) = (F32x4::splat(mean), F32x4::splat(scale));
            update_with_all(y, [weight, bias], |y, [weight, bias]| y.sub(mean).mul(scale).madd(weight, bias));
        }
    });
}

/// Mean and 1 / √(variance + eps) of a row. The second pass corrects the mean by what the first one rounded away, so
/// that rows of one number have that number for a mean and a variance of 0, whatever eps is.
#[inline(always)]
fn moments(row: &[f32], eps: f32) -> (f32, f32) {
    let count = row.len() as f32;
    let [total] = row_sums([row], [0.0], |x| x);
    let about = total / count;
    let [rest, squares] = row_sums([row], [about], |[x]| {
        let difference = x.sub(F32x4::splat(about));
        [difference, difference.mul(difference)]
    });
    let rest = rest / count;
    let variance = (squares / count - rest * rest).max(0.0);
    (about + rest, 1.0 / (variance + eps).sqrt())
}

/// `dx` ← dropout of ds, `dresidual` ← ds (unless empty), `dweight` and `dbias` += their gradients, where ds is the
/// gradient of [`layer_norm`]'s `sum`. `sum` (which is `x` where there was neither residual nor dropout) and `stats`
/// are its outputs.
pub fn layer_norm_backward(
    dx: &mut [f32],
    dresidual: &mut [f32],
    dweight: &mut [f32],
    dbias: &mut [f32],
    dy: &[f32],
    sum: &[f32],
    stats: &[f32],
    weight: &[f32],
    width: usize,
    dropout: Dropout,
) {
    let (rows, columns) = (Blocks::Even(ROWS), Blocks::Even(width.max(1)));
    let outputs = [Tiles::new(dx, width, rows, columns), Tiles::new(dresidual, width, rows, columns)];
    parallel_tiles(outputs, &mut [], CURVE, |_, [mut dx, mut dresidual], _| {
        for i in 0..dx.rows {
            let row = dx.row + i;
            let first = row * width;
            let (dx, run) = (dx.row_mut(i), first..first + width);
            row_backward(dx, &dy[run.clone()], &sum[run], weight, stats[2 * row], stats[2 * row + 1]);
            if dresidual.rows > 0 {
                dresidual.row_mut(i).copy_from_slice(dx);
            }
            dropout.apply(dx, first);
        }
    });
    parameters_backward(dweight, dbias, dy, sum, stats, width);
}

/// `ds` of one row: scale · (g − mean of g − x̂ · mean of (g · x̂)), with g = dy · weight.
#[inline(always)]
fn row_backward(ds: &mut [f32], dy: &[f32], sum: &[f32], weight: &[f32], mean: f32, scale: f32) {
    let (factor, splat_mean, scale) = (1.0 / dy.len() as f32, F32x4::splat(mean), F32x4::splat(scale));
    let terms = |[dy, sum, weight]: [F32x4; 3]| [dy.mul(weight), sum.sub(splat_mean).mul(scale)];
    let [along_one, along_x] = row_sums([dy, sum, weight], [0.0, mean, 0.0], |row| {
        let [g, normal] = terms(row);
        [g, g.mul(normal)]
    });
    let (along_one, along_x) = (F32x4::splat(along_one * factor), F32x4::splat(along_x * factor));
    combine(ds, [dy, sum, weight], |row| {
        let [g, normal] = terms(row);
        g.sub(along_one).sub(normal.mul(along_x)).mul(scale)
    });
}

/// `dweight` += Σ dy · x̂ and `dbias` += Σ dy, each item a strip of columns.
fn parameters_backward(dweight: &mut [f32], dbias: &mut [f32], dy: &[f32], sum: &[f32], stats: &[f32], width: usize) {
    let rows = stats.len() / 2;
    let outputs = [dweight, dbias].map(|output| Tiles::new(output, width, Blocks::Even(1), Blocks::Even(COLUMN_STRIP)));
    parallel_tiles(outputs, &mut [], rows * MOVED, |_, [mut dweight, mut dbias], _| {
        let first = dweight.column;
        add_columns([dweight.row_mut(0), dbias.row_mut(0)], 0..rows, |row, column, lanes| {
            let at = row * width + first + column;
            let (dy, sum) = (load(&dy[at..], lanes), load(&sum[at..], lanes));
            let normal = sum.sub(F32x4::splat(stats[2 * row])).mul(F32x4::splat(stats[2 * row + 1]));
            [dy.mul(normal), dy]
        });
    });
}

#[cfg(test)]
mod tests;
