//! Layer normalisation of a sum, y = LN(residual + dropout(x)) · weight + bias, in one pass over memory.

use crate::dropout::Dropout;
use crate::elementwise::{combine, update_with, update_with_all};
use crate::pool::{Blocks, Tiles, parallel_tiles};
use crate::reduce::{COLUMN_STRIP, add_columns, load, row_sums};
use crate::simd::F32x4;

const ROWS: usize = 16;

/// `y` ← s normalised row by row, times `weight`, plus `bias`, where s = `residual` + `dropout` of `x`; `eps` is added to the
/// variance. For backward, `sum` ← s, and `stats`, `[N, 2]` ← mean and 1 / √(variance + eps).
///
/// `x`, `y`, `sum`, `residual`: `[N, width]`; `weight`, `bias`: `[width]`; an empty `sum` is not wanted, an empty `residual` is 0.
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
    parallel_tiles(outputs, &mut [], |_, [mut y, mut sum, mut stats], _| {
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

/// Mean and 1 / √(variance + eps) of a row. The second pass corrects the mean by what the first one rounded away, so that
/// rows of one number have that number for a mean and a variance of 0, whatever eps is.
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

/// `dx` ← dropout of ds, `dresidual` ← ds (unless empty), `dweight` and `dbias` += their gradients, where ds is the gradient
/// of [`layer_norm`]'s `sum`. `sum` (which is `x` where there was neither residual nor dropout) and `stats` are its outputs.
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
    parallel_tiles(outputs, &mut [], |_, [mut dx, mut dresidual], _| {
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
fn parameters_backward(
    dweight: &mut [f32],
    dbias: &mut [f32],
    dy: &[f32],
    sum: &[f32],
    stats: &[f32],
    width: usize,
) {
    let outputs = [dweight, dbias].map(|output| Tiles::new(output, width, Blocks::Even(1), Blocks::Even(COLUMN_STRIP)));
    parallel_tiles(outputs, &mut [], |_, [mut dweight, mut dbias], _| {
        let first = dweight.column;
        add_columns([dweight.row_mut(0), dbias.row_mut(0)], 0..stats.len() / 2, |row, column, lanes| {
            let at = row * width + first + column;
            let (dy, sum) = (load(&dy[at..], lanes), load(&sum[at..], lanes));
            let normal = sum.sub(F32x4::splat(stats[2 * row])).mul(F32x4::splat(stats[2 * row + 1]));
            [dy.mul(normal), dy]
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Philox;
    use crate::testing::{assert_near, numbers, poison};

    struct Case {
        n: usize,
        width: usize,
        residual: bool,
        rate: f32,
    }

    fn wide(x: &[f32]) -> Vec<f64> {
        x.iter().map(|x| f64::from(*x)).collect()
    }

    impl Case {
        fn dropout(&self) -> Dropout {
            Dropout::new(self.rate, Philox { seed: [5, 6], stream: 7, step: 8 })
        }

        /// Multipliers of dropout, one a number.
        fn factors(&self) -> Vec<f64> {
            let mut factors = vec![1.0; self.n * self.width];
            self.dropout().apply(&mut factors, 0);
            wide(&factors)
        }

        fn check(&self) {
            let (len, width, factors) = (self.n * self.width, self.width, self.factors());
            let (x, dy, weight, bias) = (numbers(len, 1), numbers(len, 2), numbers(width, 3), numbers(width, 4));
            let residual = numbers(if self.residual { len } else { 0 }, 5);
            let (mut y, mut sum, mut stats) = (poison(len), poison(len), poison(2 * self.n));
            layer_norm(&mut y, &mut sum, &mut stats, &x, &residual, &weight, &bias, width, 1e-12, self.dropout());
            let (mut dx, mut dresidual) = (poison(len), poison(residual.len()));
            let (mut dweight, mut dbias) = (vec![0.5; width], vec![0.25; width]);
            let dropout = self.dropout();
            layer_norm_backward(
                &mut dx, &mut dresidual, &mut dweight, &mut dbias, &dy, &sum, &stats, &weight, width, dropout,
            );
            let (mut want_dweight, mut want_dbias) = (vec![0.5; width], vec![0.25; width]);
            let (weight, bias) = (wide(&weight), wide(&bias));
            for row in 0..self.n {
                let run = row * width..(row + 1) * width;
                let added = |i: usize| if self.residual { f64::from(residual[i]) } else { 0.0 };
                let s: Vec<f64> = run.clone().map(|i| f64::from(x[i]) * factors[i] + added(i)).collect();
                let mean = |f: &dyn Fn(usize) -> f64| (0..width).map(f).sum::<f64>() / width as f64;
                let middle = mean(&|i| s[i]);
                let scale = 1.0 / (mean(&|i| (s[i] - middle).powi(2)) + 1e-12).sqrt();
                let normal: Vec<f64> = s.iter().map(|s| (s - middle) * scale).collect();
                let want: Vec<f64> = (0..width).map(|i| normal[i] * weight[i] + bias[i]).collect();
                assert_near(&sum[run.clone()], &s, 1e-6, "sum");
                if width > 2 {
                    assert_near(&y[run.clone()], &want, 3e-6, "y"); // with two numbers a row, 1 / std can be anything
                }
                let dy = wide(&dy[run.clone()]);
                let (one, along) = (mean(&|i| dy[i] * weight[i]), mean(&|i| dy[i] * weight[i] * normal[i]));
                let ds: Vec<f64> = (0..width).map(|i| scale * (dy[i] * weight[i] - one - normal[i] * along)).collect();
                let masked: Vec<f64> = ds.iter().zip(&factors[run.clone()]).map(|(ds, factor)| ds * factor).collect();
                if width > 2 {
                    assert_near(&dx[run.clone()], &masked, 1e-5, "dx");
                    dresidual.get(run).iter().for_each(|dresidual| assert_near(dresidual, &ds, 1e-5, "dresidual"));
                }
                for i in 0..width {
                    want_dweight[i] += dy[i] * normal[i];
                    want_dbias[i] += dy[i];
                }
            }
            assert_near(&dbias, &want_dbias, 1e-5, "dbias");
            if width > 2 {
                assert_near(&dweight, &want_dweight, 1e-5, "dweight");
            }
        }
    }

    #[test]
    fn values_and_gradients_are_those_of_f64() {
        for width in [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 31, 64, 67, 768] {
            for n in [0, 1, 2, 17, 71] {
                for (residual, rate) in [(false, 0.0), (true, 0.0), (false, 0.2), (true, 0.2)] {
                    Case { n, width, residual, rate }.check();
                }
            }
        }
    }

    #[test]
    fn rows_of_one_number_give_the_bias() {
        for (value, width) in [(0.0, 5), (1.1, 7), (1000.3, 768), (-3e7, 131), (0.1, 1)] {
            let (x, weight, bias) = (vec![value; width], numbers(width, 1), numbers(width, 2));
            let (mut y, mut stats, off) = (poison(width), poison(2), Case { n: 1, width, residual: false, rate: 0.0 });
            layer_norm(&mut y, &mut [], &mut stats, &x, &[], &weight, &bias, width, 1e-12, off.dropout());
            assert_eq!((y, stats[0]), (bias, value));
        }
    }

    #[test]
    fn a_large_mean_does_not_drown_the_variance() {
        let width = 256;
        let x: Vec<f32> = numbers(width, 3).iter().map(|x| 4096.0 + x).collect();
        let (mut y, mut stats, off) = (poison(width), poison(2), Case { n: 1, width, residual: false, rate: 0.0 });
        layer_norm(&mut y, &mut [], &mut stats, &x, &[], &vec![1.0; width], &vec![0.0; width], width, 1e-12, off.dropout());
        let mean = wide(&x).iter().sum::<f64>() / width as f64;
        let variance = wide(&x).iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
        assert!((f64::from(stats[1]) * variance.sqrt() - 1.0).abs() < 1e-6);
    }
}
