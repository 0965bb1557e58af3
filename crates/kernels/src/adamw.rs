//! AdamW (Loshchilov & Hutter, 2019), as `torch.optim.AdamW` computes it, over flat buffers.

use crate::elementwise::parallel_runs;
use crate::pool::CURVE;
use crate::reduce::LEAST_SQUARED;
use crate::simd::F32x4;

/// What all numbers of a step share.
#[derive(Clone, Copy, Debug)]
pub struct AdamW {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root of the mean of squares.
    pub eps: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Number of this step, from 1.
    pub step: u32,
    /// Multiplies every gradient first: clipping, and the mean over accumulated batches.
    pub gradient_scale: f64,
}

/// A range of the parameters with its own factors of learning rate and weight decay. Gradients and moments have no room for
/// what is not trained, so that the range may begin elsewhere there.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// First number among the parameters.
    pub offset: usize,
    /// First number among the gradients and in both moments.
    pub gradient_offset: usize,
    /// How many.
    pub len: usize,
    /// Factor of the learning rate.
    pub lr_scale: f32,
    /// Factor of the weight decay: 0 for biases and norms.
    pub decay_scale: f32,
}

/// One step on the segments of `params`, with the moments `m` and `v`; numbers in no segment stay as they are.
pub fn adamw(
    params: &mut [f32],
    grads: &[f32],
    m: &mut [f32],
    v: &mut [f32],
    segments: impl Iterator<Item = Segment>,
    options: AdamW,
) {
    for segment in segments {
        let range = segment.gradient_offset..segment.gradient_offset + segment.len;
        let params = &mut params[segment.offset..segment.offset + segment.len];
        let outputs = [params, &mut m[range.clone()], &mut v[range.clone()]];
        let (grads, update) = (&grads[range], Update::new(segment, options));
        parallel_runs(outputs, CURVE, |first, [params, m, v]| {
            update.run(params, m, v, &grads[first..first + params.len()]);
        });
    }
}

/// A segment's factors, made in f64 as PyTorch's are.
struct Update {
    keep: F32x4,
    gradient_scale: F32x4,
    share1: F32x4,
    beta2: F32x4,
    share2: F32x4,
    correction2: F32x4,
    eps: F32x4,
    size: F32x4,
}

impl Update {
    fn new(segment: Segment, options: AdamW) -> Self {
        let lr = options.lr * f64::from(segment.lr_scale);
        let decay = options.weight_decay * f64::from(segment.decay_scale);
        let correction = |beta: f64| 1.0 - beta.powi(options.step as i32);
        let splat = |x: f64| F32x4::splat(x as f32);
        Self {
            keep: splat(1.0 - lr * decay),
            gradient_scale: splat(options.gradient_scale),
            share1: splat(1.0 - options.beta1),
            beta2: splat(options.beta2),
            share2: splat(1.0 - options.beta2),
            correction2: splat(correction(options.beta2).sqrt()),
            eps: splat(options.eps),
            size: splat(-lr / correction(options.beta1)),
        }
    }

    fn run(&self, params: &mut [f32], m: &mut [f32], v: &mut [f32], grads: &[f32]) {
        let ((p4, p), (m4, m)) = (params.as_chunks_mut::<4>(), m.as_chunks_mut::<4>());
        let ((v4, v), (g4, g)) = (v.as_chunks_mut::<4>(), grads.as_chunks::<4>());
        for (((p, m), v), g) in p4.iter_mut().zip(m4).zip(v4).zip(g4) {
            let [new_p, new_m, new_v] = self.step([F32x4::load(p), F32x4::load(m), F32x4::load(v), F32x4::load(g)]);
            new_p.store(p);
            new_m.store(m);
            new_v.store(v);
        }
        let [new_p, new_m, new_v] = self.step([&*p, &*m, &*v, g].map(|x| F32x4::load_partial(x, 0.0)));
        new_p.store_partial(p);
        new_m.store_partial(m);
        new_v.store_partial(v);
    }

    #[inline(always)]
    fn step(&self, [p, m, v, g]: [F32x4; 4]) -> [F32x4; 3] {
        let g = g.zero_below(f32::MIN_POSITIVE).mul(self.gradient_scale);
        let m = g.sub(m).madd(self.share1, m);
        // Moments of numbers without a gradient, as of rare words, fade for ever: they end where they would get slow.
        let m = m.zero_below(f32::MIN_POSITIVE);
        let square = g.zero_below(LEAST_SQUARED);
        let v = square.mul(square).madd(self.share2, v.mul(self.beta2)).zero_below(f32::MIN_POSITIVE);
        let root = v.sqrt().div(self.correction2).add(self.eps);
        [p.mul(self.keep).add(m.div(root).mul(self.size)), m, v]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_near, numbers};

    /// `torch.optim.AdamW`'s update of one number, in f64: p, m, v.
    fn formula([p, m, v, g]: [f64; 4], options: AdamW) -> [f64; 3] {
        let AdamW { lr, beta1, beta2, eps, weight_decay, step, .. } = options;
        let p = p - lr * weight_decay * p;
        let (m, v) = (beta1 * m + (1.0 - beta1) * g, beta2 * v + (1.0 - beta2) * g * g);
        let (m_hat, v_hat) = (m / (1.0 - beta1.powf(step.into())), v / (1.0 - beta2.powf(step.into())));
        [p - lr * m_hat / (v_hat.sqrt() + eps), m, v]
    }

    const OPTIONS: AdamW =
        AdamW { lr: 1e-2, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.1, step: 1, gradient_scale: 0.5 };

    #[test]
    fn steps_are_those_of_f64() {
        for len in [0, 1, 2, 3, 4, 5, 7, 4099] {
            let mut params = numbers(len, 1);
            let (mut m, mut v) = (vec![0.0; len], vec![0.0; len]);
            let mut want: Vec<[f64; 3]> = params.iter().map(|p| [f64::from(*p), 0.0, 0.0]).collect();
            for step in 1..=20 {
                let (grads, options) = (numbers(len, 100 + step), AdamW { step, ..OPTIONS });
                let all = Segment { offset: 0, gradient_offset: 0, len, lr_scale: 1.0, decay_scale: 1.0 };
                adamw(&mut params, &grads, &mut m, &mut v, [all].into_iter(), options);
                for ([p, m, v], g) in want.iter_mut().zip(&grads) {
                    [*p, *m, *v] = formula([*p, *m, *v, 0.5 * f64::from(*g)], options);
                }
                for (k, got) in [&params, &m, &v].into_iter().enumerate() {
                    assert_near(got, &want.iter().map(|w| w[k]).collect::<Vec<_>>(), 1e-6, "p, m, v");
                }
            }
        }
    }

    #[test]
    fn segments_have_their_own_places_and_factors_and_leave_the_rest() {
        let before = numbers(30, 1);
        let (mut params, grads) = (before.clone(), numbers(18, 2));
        let (mut m, mut v) = (vec![0.0; 18], vec![0.0; 18]);
        let segments = [
            Segment { offset: 3, gradient_offset: 0, len: 10, lr_scale: 0.5, decay_scale: 0.0 },
            Segment { offset: 20, gradient_offset: 11, len: 7, lr_scale: 2.0, decay_scale: 1.0 },
        ];
        adamw(&mut params, &grads, &mut m, &mut v, segments.into_iter(), OPTIONS);
        let want: Vec<f64> = (0..30)
            .map(|i| {
                let now = |gradient: usize| [before[i], 0.0, 0.0, 0.5 * grads[gradient]].map(f64::from);
                match i {
                    3..13 => formula(now(i - 3), AdamW { lr: 0.5e-2, weight_decay: 0.0, ..OPTIONS })[0],
                    20..27 => formula(now(i - 9), AdamW { lr: 2e-2, ..OPTIONS })[0],
                    _ => f64::from(before[i]),
                }
            })
            .collect();
        assert_near(&params, &want, 1e-6, "params");
        assert!(m[9] != 0.0 && m[10] == 0.0 && v[10] == 0.0 && v[11] != 0.0 && v[17] != 0.0);
    }
}
