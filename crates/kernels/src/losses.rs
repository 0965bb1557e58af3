//! Losses of single numbers: squared error, and binary cross-entropy of logits.

use crate::curves::{sigmoid, softplus};
use crate::elementwise::parallel_combine;
use crate::pool::CURVE;
use crate::simd::F32x4;

/// `losses` ← (`x` − `target`)².
pub fn squared_error(losses: &mut [f32], x: &[f32], target: &[f32]) {
    parallel_combine(losses, [x, target], CURVE, |[x, target]| {
        let difference = x.sub(target);
        difference.mul(difference)
    });
}

/// `dx` ← 2 (`x` − `target`) · `scale`.
pub fn squared_error_backward(dx: &mut [f32], x: &[f32], target: &[f32], scale: f32) {
    parallel_combine(dx, [x, target], CURVE, |[x, target]| x.sub(target).mul(F32x4::splat(2.0 * scale)));
}

/// `losses` ← −t ln σ(`x`) − (1 − t) ln(1 − σ(`x`)), with t = `target`.
pub fn binary_cross_entropy(losses: &mut [f32], x: &[f32], target: &[f32]) {
    parallel_combine(losses, [x, target], CURVE, |[x, target]| {
        // softplus(x) − x · t, or for x > 0 softplus(−x) + x · (1 − t): either way nothing large cancels.
        let positive = F32x4::zero().less(x);
        let part = positive.select(F32x4::splat(1.0).sub(target), target.neg());
        x.mul(part).add(softplus(x.abs().neg()))
    });
}

/// `dx` ← (σ(`x`) − `target`) · `scale`.
pub fn binary_cross_entropy_backward(dx: &mut [f32], x: &[f32], target: &[f32], scale: f32) {
    parallel_combine(dx, [x, target], CURVE, |[x, target]| sigmoid(x).sub(target).mul(F32x4::splat(scale)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_near, numbers, poison};

    type Forward = fn(&mut [f32], &[f32], &[f32]);
    type Backward = fn(&mut [f32], &[f32], &[f32], f32);
    type Formula = fn(f64, f64) -> f64;

    const CASES: [(Forward, Backward, Formula, Formula); 2] = [
        (squared_error, squared_error_backward, |x, t| (x - t) * (x - t), |x, t| 2.0 * (x - t)),
        (
            binary_cross_entropy,
            binary_cross_entropy_backward,
            |x, t| x.max(0.0) - x * t + (-x.abs()).exp().ln_1p(),
            |x, t| 1.0 / (1.0 + (-x).exp()) - t,
        ),
    ];

    fn check(x: &[f32], target: &[f32], scale: f32) {
        for (forward, backward, loss, slope) in CASES {
            let want = |f: Formula, scale: f64| -> Vec<f64> {
                x.iter().zip(target).map(|(x, t)| f(f64::from(*x), f64::from(*t)) * scale).collect()
            };
            let (mut losses, mut dx) = (poison(x.len()), poison(x.len()));
            forward(&mut losses, x, target);
            backward(&mut dx, x, target, scale);
            assert_near(&losses, &want(loss, 1.0), 1e-6, "losses");
            assert_near(&dx, &want(slope, f64::from(scale)), 1e-6, "dx");
        }
    }

    #[test]
    fn losses_and_gradients_are_those_of_f64() {
        for len in [0, 1, 2, 3, 4, 5, 7, 4099] {
            let x: Vec<f32> = numbers(len, 1).iter().map(|x| 5.0 * x).collect();
            let target: Vec<f32> = numbers(len, 2).iter().map(|x| (0.25 * x + 0.5).clamp(0.0, 1.0)).collect();
            check(&x, &target, 0.3);
        }
    }

    #[test]
    fn logits_of_ten_thousand_give_finite_losses() {
        check(&[1e4, 1e4, -1e4, -1e4, 0.0], &[1.0, 0.0, 1.0, 0.0, 0.5], 1.0);
    }
}
