//! Cross-entropy of a softmax, row by row, with smoothed labels if wished. The columns may come in blocks, one after the
//! other, so that the logits of a large vocabulary need never be in memory together. Probabilities are never stored:
//! backward makes them again from the logits.

use crate::elementwise::update;
use crate::exp::exp;
use crate::pool::{Blocks, CURVE, Tiles, parallel_tiles};
use crate::reduce::{row_max, row_sums};
use crate::simd::F32x4;

/// Numbers that are kept of a row: its largest logit, Σ exp(logit − largest), Σ (largest − logit), its label's logit.
///
/// The largest and the sum are kept apart: ln Σ exp(logit) itself would cost large logits their last digits.
pub const STATE: usize = 4;

const ROWS: usize = 4;

/// `state`, `[N, STATE]`, takes in `logits`, `[N, columns]`, which are the columns from `first` on of all. Columns come
/// in order, each once; `first` = 0 resets the state. Rows whose label is `ignore` are skipped.
pub fn cross_entropy_columns(
    state: &mut [f32],
    logits: &[f32],
    labels: &[i32],
    columns: usize,
    first: usize,
    ignore: i32,
) {
    let tiles = Tiles::new(state, STATE, Blocks::Even(ROWS), Blocks::Even(STATE));
    parallel_tiles([tiles], &mut [], columns.div_ceil(STATE) * CURVE, |_, [mut tile], _| {
        for i in 0..tile.rows {
            let row = tile.row + i;
            let state = tile.row_mut(i);
            if first == 0 {
                state.copy_from_slice(&[f32::NEG_INFINITY, 0.0, 0.0, 0.0]);
            }
            if labels[row] != ignore {
                let logits = &logits[row * columns..(row + 1) * columns];
                take_in(state, logits, first);
                if let Some(label) = column_of(labels[row], first, columns) {
                    state[3] = logits[label];
                }
            }
        }
    });
}

/// What a row knows of its first `seen` logits, and of these.
fn take_in(state: &mut [f32], logits: &[f32], seen: usize) {
    // If every logit so far is −∞, exponents are relative to 0: −∞ − −∞ is NaN.
    let finite = |x: f32| if x == f32::NEG_INFINITY { 0.0 } else { x };
    let largest = state[0].max(row_max(logits));
    let (from, shift) = (F32x4::splat(finite(largest)), finite(largest) - finite(state[0]));
    let [sum, distance] = row_sums([logits; 2], [f32::NEG_INFINITY, finite(largest)], |[x, again]| {
        [exp(x.sub(from)), from.sub(again)] // each has its own number behind the end that adds 0
    });
    let [scale, ..] = exp(F32x4::splat(-shift)).to_array();
    if seen > 0 {
        state[1] = state[1] * scale + sum;
        state[2] += seen as f32 * shift + distance;
    } else {
        (state[1], state[2]) = (sum, distance);
    }
    state[0] = largest;
}

/// Where a label's column lies in the block of `columns` from `first`, if it lies there.
fn column_of(label: i32, first: usize, columns: usize) -> Option<usize> {
    (label as usize).checked_sub(first).filter(|column| *column < columns)
}

/// `losses`, `[N]` ← −(1 − `smoothing`) ln p(label) − `smoothing` · mean of ln p over all `width` classes; 0 where the
/// label is `ignore`. `state` has taken in all columns.
pub fn cross_entropy(losses: &mut [f32], state: &[f32], labels: &[i32], width: usize, ignore: i32, smoothing: f32) {
    let smoothing = f64::from(smoothing);
    for ((loss, state), label) in losses.iter_mut().zip(state.as_chunks::<STATE>().0).zip(labels) {
        let [largest, sum, distance, hot] = state.map(f64::from);
        // Without smoothing, a class of logit −∞ shall not make ∞ · 0.
        let smooth = if smoothing > 0.0 { smoothing * (distance / width as f64) } else { 0.0 };
        let whole = sum.ln() + (1.0 - smoothing) * (largest - hot) + smooth;
        *loss = if *label == ignore { 0.0 } else { whole as f32 };
    }
}

/// `dlogits`, `[N, columns]`, which holds the logits of the columns from `first` on, ← (softmax − target) · `scale`,
/// where the target is 1 − `smoothing` at the label, plus `smoothing` / `width` everywhere; 0 in rows whose label is
/// `ignore`. `state` has taken in all columns.
pub fn cross_entropy_backward(
    dlogits: &mut [f32],
    state: &[f32],
    labels: &[i32],
    columns: usize,
    first: usize,
    width: usize,
    ignore: i32,
    smoothing: f32,
    scale: f32,
) {
    let (hot, everywhere) = ((1.0 - smoothing) * scale, F32x4::splat(smoothing / width as f32 * scale));
    let tiles = Tiles::new(dlogits, columns, Blocks::Even(ROWS), Blocks::Even(columns.max(1)));
    parallel_tiles([tiles], &mut [], CURVE, |_, [mut tile], _| {
        for i in 0..tile.rows {
            let row = tile.row + i;
            let dlogits = tile.row_mut(i);
            if labels[row] == ignore {
                dlogits.fill(0.0);
                continue;
            }
            let state = &state[row * STATE..(row + 1) * STATE];
            let (largest, factor) = (F32x4::splat(state[0]), F32x4::splat(1.0 / state[1]));
            update(dlogits, |x| exp(x.sub(largest)).mul(factor).mul(F32x4::splat(scale)).sub(everywhere));
            if let Some(label) = column_of(labels[row], first, columns) {
                dlogits[label] -= hot;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_near, numbers, poison};

    /// Losses and gradients in f64, by PyTorch's definition of smoothing.
    fn formula(logits: &[f32], labels: &[i32], width: usize, smoothing: f64, scale: f64) -> (Vec<f64>, Vec<f64>) {
        let (mut losses, mut gradients) = (vec![], vec![]);
        for (row, label) in logits.chunks_exact(width).zip(labels) {
            let row: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
            let largest = row.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
            let sum: f64 = row.iter().map(|x| (x - largest).exp()).sum();
            let kept = if *label == -100 { 0.0 } else { 1.0 };
            let nll = |x: f64| sum.ln() + largest - x;
            let smooth = if smoothing == 0.0 { 0.0 } else { row.iter().map(|x| nll(*x)).sum::<f64>() / width as f64 };
            let hot = || (1.0 - smoothing) * nll(row[*label as usize]) + smoothing * smooth;
            losses.push(if kept == 0.0 { 0.0 } else { hot() });
            gradients.extend(row.iter().enumerate().map(|(i, x)| {
                let target = if i as i32 == *label { 1.0 - smoothing } else { 0.0 } + smoothing / width as f64;
                kept * scale * ((x - largest).exp() / sum - target)
            }));
        }
        (losses, gradients)
    }

    /// The columns from `first` on of `[N, width]`.
    fn block(logits: &[f32], width: usize, first: usize, columns: usize) -> Vec<f32> {
        logits.chunks_exact(width).flat_map(|row| row[first..first + columns].to_vec()).collect()
    }

    /// Losses and gradients by the kernels, in blocks of at most `step` columns.
    fn run(logits: &[f32], labels: &[i32], width: usize, smoothing: f32, scale: f32, step: usize) -> [Vec<f32>; 2] {
        let n = labels.len();
        let (mut losses, mut state, mut dlogits) = (poison(n), poison(n * STATE), poison(n * width));
        for first in (0..width).step_by(step) {
            let columns = step.min(width - first);
            let block = block(logits, width, first, columns);
            cross_entropy_columns(&mut state, &block, labels, columns, first, -100);
        }
        cross_entropy(&mut losses, &state, labels, width, -100, smoothing);
        for first in (0..width).step_by(step) {
            let columns = step.min(width - first);
            let mut block = block(logits, width, first, columns);
            cross_entropy_backward(&mut block, &state, labels, columns, first, width, -100, smoothing, scale);
            for (to, from) in dlogits.chunks_exact_mut(width).zip(block.chunks_exact(columns)) {
                to[first..first + columns].copy_from_slice(from);
            }
        }
        [losses, dlogits]
    }

    fn check(logits: &[f32], labels: &[i32], width: usize, smoothing: f32, step: usize) {
        let [losses, dlogits] = run(logits, labels, width, smoothing, 0.25, step);
        let (want, gradients) = formula(logits, labels, width, f64::from(smoothing), 0.25);
        assert_near(&losses, &want, 1e-6, "losses");
        assert_near(&dlogits, &gradients, 1e-6, "dlogits");
    }

    #[test]
    fn losses_and_gradients_are_those_of_f64() {
        for width in [1, 2, 3, 4, 5, 7, 8, 9, 11, 16, 17, 1009] {
            for n in [0, 1, 2, 5, 13] {
                let logits: Vec<f32> = numbers(n * width, 1).iter().map(|x| 4.0 * x).collect();
                let labels: Vec<i32> =
                    (0..n as i32).map(|i| if i % 5 == 1 { -100 } else { i * 7 % width as i32 }).collect();
                for smoothing in [0.0, 0.1, 1.0] {
                    for step in [width, 3, 256] {
                        check(&logits, &labels, width, smoothing, step);
                    }
                }
            }
        }
    }

    #[test]
    fn logits_of_ten_thousand_keep_their_digits() {
        for base in [1e4, -1e4] {
            let logits: Vec<f32> = numbers(40, 2).iter().map(|x| base + x).collect();
            for step in [8, 3] {
                check(&logits, &[3, 0, 7, 5, -100], 8, 0.0, step);
                check(&logits, &[3, 0, 7, 5, -100], 8, 0.1, step);
            }
        }
        for step in [3, 1] {
            check(&[1e4, -1e4, 0.0, 1e4, -1e4, 0.0], &[0, 1], 3, 0.0, step);
        }
    }

    #[test]
    fn classes_of_logit_minus_infinity_have_no_probability() {
        for step in [5, 2, 1] {
            check(&[1.0, f32::NEG_INFINITY, 0.5, 0.0, 2.0], &[0], 5, 0.0, step);
            check(&[f32::NEG_INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY, 0.0, 2.0], &[3], 5, 0.0, step);
        }
        let [losses, _] = run(&[1.0, f32::NEG_INFINITY, 0.5, 0.0], &[0], 4, 0.1, 1.0, 2);
        assert_eq!(losses, [f32::INFINITY]); // as ln 0 of a class that smoothing wants
    }

    #[test]
    fn a_logit_that_is_no_number_shows() {
        for step in [4, 2, 1] {
            for at in 0..4 {
                let mut logits = vec![0.5; 8];
                logits[at] = f32::NAN;
                let [losses, dlogits] = run(&logits, &[1, 2], 4, 0.0, 1.0, step);
                assert!(losses[0].is_nan() && dlogits[..4].iter().all(|x| x.is_nan()), "at {at}, in steps of {step}");
                assert!((losses[1] - 4f32.ln()).abs() < 1e-6 && dlogits[4..].iter().all(|x| x.is_finite()));
            }
        }
    }
}
