//! Cross-entropy of a softmax, row by row. Probabilities are never stored: backward makes them again from the logits.

use crate::elementwise::combine;
use crate::exp::exp;
use crate::pool::{Blocks, CURVE, Tiles, parallel_tiles};
use crate::reduce::{row_max, row_sums};
use crate::simd::F32x4;

const ROWS: usize = 4;

/// `losses`, `[N]` ← −ln softmax(`logits`)[label] of each row of `[N, width]`; 0 where the label is `ignore`. `sums`,
/// `[N]`, for backward, ← Σ exp(logit − largest logit): ln Σ exp(logit) itself would cost large logits their last
/// digits.
pub fn cross_entropy(losses: &mut [f32], sums: &mut [f32], logits: &[f32], labels: &[i32], width: usize, ignore: i32) {
    let outputs = [losses, sums].map(|output| Tiles::new(output, 1, Blocks::Even(ROWS), Blocks::Even(1)));
    parallel_tiles(outputs, &mut [], width * CURVE, |_, [mut losses, mut sums], _| {
        for i in 0..losses.rows {
            let row = losses.row + i;
            let (mut loss, mut sum) = (0.0, 1.0);
            if labels[row] != ignore {
                let logits = &logits[row * width..(row + 1) * width];
                let largest = row_max(logits);
                [sum] = row_sums([logits], [f32::NEG_INFINITY], |[x]| [exp(x.sub(F32x4::splat(largest)))]);
                let distance = f64::from(largest) - f64::from(logits[labels[row] as usize]);
                loss = (f64::from(sum).ln() + distance) as f32;
            }
            losses.row_mut(i)[0] = loss;
            sums.row_mut(i)[0] = sum;
        }
    });
}

/// `dlogits`, `[N, width]` ← (softmax − one-hot) · `scale`, 0 in rows whose label is `ignore`. `sums` is
/// [`cross_entropy`]'s.
pub fn cross_entropy_backward(
    dlogits: &mut [f32],
    logits: &[f32],
    sums: &[f32],
    labels: &[i32],
    width: usize,
    ignore: i32,
    scale: f32,
) {
    let tiles = Tiles::new(dlogits, width, Blocks::Even(ROWS), Blocks::Even(width.max(1)));
    parallel_tiles([tiles], &mut [], CURVE, |_, [mut tile], _| {
        for i in 0..tile.rows {
            let row = tile.row + i;
            let dlogits = tile.row_mut(i);
            if labels[row] == ignore {
                dlogits.fill(0.0);
                continue;
            }
            let logits = &logits[row * width..(row + 1) * width];
            let (largest, factor) = (F32x4::splat(row_max(logits)), F32x4::splat(1.0 / sums[row]));
            combine(dlogits, [logits], |[x]| exp(x.sub(largest)).mul(factor).mul(F32x4::splat(scale)));
            dlogits[labels[row] as usize] -= scale;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_near, numbers, poison};

    /// Losses and gradients in f64.
    fn formula(logits: &[f32], labels: &[i32], width: usize, scale: f64) -> (Vec<f64>, Vec<f64>) {
        let (mut losses, mut gradients) = (vec![], vec![]);
        for (row, label) in logits.chunks_exact(width).zip(labels) {
            let row: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
            let largest = row.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
            let sum: f64 = row.iter().map(|x| (x - largest).exp()).sum();
            let kept = if *label == -100 { 0.0 } else { 1.0 };
            losses.push(if kept == 0.0 { 0.0 } else { sum.ln() + largest - row[*label as usize] });
            gradients.extend(row.iter().enumerate().map(|(i, x)| {
                let hot = if i as i32 == *label { 1.0 } else { 0.0 };
                kept * scale * ((x - largest).exp() / sum - hot)
            }));
        }
        (losses, gradients)
    }

    fn check(logits: &[f32], labels: &[i32], width: usize, scale: f32) {
        let n = labels.len();
        let (mut losses, mut sums, mut dlogits) = (poison(n), poison(n), poison(n * width));
        cross_entropy(&mut losses, &mut sums, logits, labels, width, -100);
        cross_entropy_backward(&mut dlogits, logits, &sums, labels, width, -100, scale);
        let (want, gradients) = formula(logits, labels, width, f64::from(scale));
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
                check(&logits, &labels, width, 0.25);
            }
        }
    }

    #[test]
    fn logits_of_ten_thousand_keep_their_digits() {
        for base in [1e4, -1e4] {
            let logits: Vec<f32> = numbers(40, 2).iter().map(|x| base + x).collect();
            check(&logits, &[3, 0, 7, 5, -100], 8, 1.0);
        }
        check(&[1e4, -1e4, 0.0, 1e4, -1e4, 0.0], &[0, 1], 3, 1.0);
    }

    #[test]
    fn a_class_of_logit_minus_infinity_has_no_probability() {
        check(&[1.0, f32::NEG_INFINITY, 0.5, 0.0, 2.0], &[0], 5, 1.0);
    }
}
