//! The curves that activations and losses are made of, and their slopes. Each holds its absolute accuracy over all of
//! ℝ, and none overflows to NaN where the curve itself is finite.

use crate::exp::exp;
use crate::simd::F32x4;

#[inline(always)]
fn splat(x: f32) -> F32x4 {
    F32x4::splat(x)
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
pub fn sigmoid(x: F32x4) -> F32x4 {
    splat(1.0).div(exp(x.neg()).add(splat(1.0)))
}

/// Slope of [`sigmoid`]: e / (1 + e)² with e = e^−|x|, which keeps its digits on both sides.
#[inline(always)]
pub fn sigmoid_slope(x: F32x4) -> F32x4 {
    let e = exp(x.abs().neg());
    let sum = e.add(splat(1.0));
    e.div(sum.mul(sum))
}

/// Hyperbolic tangent, within 4 · 10⁻⁷: XNNPACK's rational of degree 9 over 8 (`f32-vtanh`), ±1 beyond its range.
#[inline(always)]
pub fn tanh(x: F32x4) -> F32x4 {
    let bound = splat(7.852_267); // where the quotient reaches 1 if every operation rounds
    let x = x.min(bound).max(bound.neg());
    let z = x.mul(x);
    let p = z.madd(splat(1.424_892e-8), splat(2.123_562_6e-5));
    let p = p.madd(z, splat(3.533_052e-3));
    let p = p.madd(z, splat(1.341_241_1e-1));
    let p = p.madd(z, splat(1.0)).mul(x);
    let q = z.madd(splat(8.136_595e-7), splat(3.347_298e-4));
    let q = q.madd(z, splat(2.601_9e-2));
    let q = q.madd(z, splat(4.674_573_5e-1));
    let q = q.madd(z, splat(1.0));
    p.div(q).min(splat(1.0)).max(splat(-1.0))
}

/// Slope of [`tanh`]: 1 / cosh², four times that of the sigmoid at 2x.
#[inline(always)]
pub fn tanh_slope(x: F32x4) -> F32x4 {
    sigmoid_slope(x.add(x)).mul(splat(4.0))
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|).
#[inline(always)]
pub fn softplus(x: F32x4) -> F32x4 {
    x.max(F32x4::zero()).add(ln_1p(exp(x.abs().neg())))
}

/// ln(1 + x) for 0 ≤ x ≤ 1, within 2 · 10⁻⁷: 2 artanh(s) at s = x / (2 + x) ≤ 1/3, by its Taylor series to s¹³.
#[inline(always)]
fn ln_1p(x: F32x4) -> F32x4 {
    let s = x.div(x.add(splat(2.0)));
    let z = s.mul(s);
    let p = z.madd(splat(1.0 / 13.0), splat(1.0 / 11.0));
    let p = p.madd(z, splat(1.0 / 9.0));
    let p = p.madd(z, splat(1.0 / 7.0));
    let p = p.madd(z, splat(1.0 / 5.0));
    let p = p.madd(z, splat(1.0 / 3.0));
    let p = p.madd(z, splat(1.0));
    s.add(s).mul(p)
}

/// Density of N(0, 1).
#[inline(always)]
pub fn normal_density(x: F32x4) -> F32x4 {
    exp(x.mul(x).mul(splat(-0.5))).mul(splat(0.398_942_3))
}

/// Distribution function of N(0, 1), (1 + erf(x / √2)) / 2.
#[inline(always)]
pub fn normal_distribution(x: F32x4) -> F32x4 {
    let below = lower_tail(x.abs());
    x.less(F32x4::zero()).select(below, splat(1.0).sub(below))
}

/// x times [`normal_distribution`]: GELU, as max(x, 0) − |x| · `lower_tail(|x|)`, whose error does not grow with x as
/// that of 0.5 · x · (1 + erf) does.
#[inline(always)]
pub fn gelu(x: F32x4) -> F32x4 {
    let t = x.abs().min(splat(TAIL_END));
    x.max(F32x4::zero()).sub(t.mul(lower_tail(t)))
}

/// Where [`lower_tail`] is 6 · 10⁻⁹, and 0 is as good.
const TAIL_END: f32 = 5.7;

/// Share of N(0, 1) below −t, t ≥ 0: within 1.3 · 10⁻⁷, and within 7 · 10⁻⁸ / t. (5.7 − t)³ times a rational of degree
/// 4 over 6, fitted to the largest of max(t, 1/2) · error (Lawson's iteration); 0 from 5.7 on.
#[inline(always)]
fn lower_tail(t: F32x4) -> F32x4 {
    let t = t.min(splat(TAIL_END));
    let rest = splat(TAIL_END).sub(t);
    let p = t.madd(splat(4.405_231e-6), splat(-8.452_496e-5));
    let p = p.madd(t, splat(6.226_245_6e-4));
    let p = p.madd(t, splat(-2.089_031_7e-3));
    let p = p.madd(t, splat(2.699_886_2e-3));
    let q = t.madd(splat(6.739_746e-4), splat(-4.837_873e-3));
    let q = q.madd(t, splat(3.133_661e-2));
    let q = q.madd(t, splat(-9.976_944e-2));
    let q = q.madd(t, splat(3.295_276_2e-1));
    let q = q.madd(t, splat(-5.021_797e-1));
    let q = q.madd(t, splat(1.0));
    rest.mul(rest).mul(rest.mul(p)).div(q)
}

/// Slope of [`gelu`]: Φ(x) + x · φ(x).
#[inline(always)]
pub fn gelu_slope(x: F32x4) -> F32x4 {
    let t = x.max(splat(-20.0)).min(splat(20.0)); // beyond, φ is 0, and x · φ would be ∞ · 0
    t.madd(normal_density(t), normal_distribution(x))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    type Curve = fn(F32x4) -> F32x4;

    /// erfc by its series, or beyond 2.5 by its continued fraction (Abramowitz & Stegun 7.1.6, 7.1.14).
    pub(crate) fn erfc(x: f64) -> f64 {
        if x < 0.0 {
            return 2.0 - erfc(-x);
        }
        let scale = (-x * x).exp() / core::f64::consts::PI.sqrt();
        if x < 2.5 {
            let (mut term, mut sum) = (2.0 * x, 0.0);
            for n in 0..60 {
                sum += term;
                term *= 2.0 * x * x / f64::from(2 * n + 3);
            }
            return 1.0 - scale * sum;
        }
        scale / (1..120).rev().fold(x, |fraction, k| x + 0.5 * f64::from(k) / fraction)
    }

    /// Largest error of `curve` between ±`end`, relative where the value is above 1.
    fn worst(curve: Curve, end: f32, want: impl Fn(f64) -> f64) -> f64 {
        let errors = (-200_000..=200_000).map(|i| {
            let x = i as f32 / 200_000.0 * end;
            let (got, want) = (f64::from(curve(F32x4::splat(x)).to_array()[3]), want(f64::from(x)));
            (got - want).abs() / want.abs().max(1.0)
        });
        errors.fold(0.0, |worst, error| if worst < error || error.is_nan() { error } else { worst })
    }

    fn normal(x: f64) -> f64 {
        0.5 * erfc(-x * core::f64::consts::FRAC_1_SQRT_2)
    }

    fn density(x: f64) -> f64 {
        (-0.5 * x * x).exp() / core::f64::consts::TAU.sqrt()
    }

    #[test]
    fn reference_erfc_has_known_values() {
        for (x, want) in [(0.0, 1.0), (0.5, 0.479_500_122_186_953_5), (2.0, 4.677_734_981_047_266e-3)] {
            assert!((erfc(x) - want).abs() < 1e-14);
        }
        assert!((erfc(3.0) / 2.209_049_699_858_544e-5 - 1.0).abs() < 1e-12);
        assert!((erfc(-1.0) - 1.842_700_792_949_715).abs() < 1e-14);
    }

    #[test]
    fn curves_are_those_of_f64() {
        let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
        let cases: [(&str, f64, f64); 9] = [
            ("sigmoid", 3e-7, worst(sigmoid, 100.0, logistic)),
            ("sigmoid_slope", 2e-7, worst(sigmoid_slope, 100.0, |x| logistic(x) * logistic(-x))),
            ("tanh", 4e-7, worst(tanh, 12.0, f64::tanh)),
            ("tanh_slope", 6e-7, worst(tanh_slope, 50.0, |x| x.cosh().powi(-2))),
            ("softplus", 3e-7, worst(softplus, 100.0, |x| x.max(0.0) + (-x.abs()).exp().ln_1p())),
            ("normal_density", 2e-7, worst(normal_density, 30.0, density)),
            ("normal_distribution", 2.5e-7, worst(normal_distribution, 12.0, normal)),
            ("gelu", 2.5e-7, worst(gelu, 12.0, |x| x * normal(x))),
            ("gelu_slope", 4e-7, worst(gelu_slope, 30.0, |x| normal(x) + x * density(x))),
        ];
        for (name, allowed, error) in cases {
            assert!(error <= allowed, "{name} is off by {error:e}, above {allowed:e}");
            println!("{name} {error:e}");
        }
    }

    #[test]
    fn curves_stay_in_their_range_and_finite() {
        let at = |curve: Curve, x: f32| curve(F32x4::splat(x)).to_array()[0];
        for i in 0..=400_000 {
            let x = (i - 200_000) as f32 * 1e-4;
            assert!(at(tanh, x).abs() <= 1.0, "tanh({x})");
            assert!((0.0..=1.0).contains(&at(normal_distribution, x)), "{x}");
        }
        for x in [1e4, 1e30, f32::MAX] {
            for curve in [sigmoid_slope, tanh_slope, normal_density] as [Curve; 3] {
                assert_eq!((at(curve, x), at(curve, -x)), (0.0, 0.0));
            }
            for curve in [sigmoid, normal_distribution, gelu_slope] as [Curve; 3] {
                assert_eq!((at(curve, x), at(curve, -x)), (1.0, 0.0));
            }
            for curve in [softplus, gelu] as [Curve; 2] {
                assert_eq!((at(curve, x), at(curve, -x)), (x, 0.0));
            }
        }
        for curve in [sigmoid, tanh, softplus, gelu, gelu_slope, normal_distribution] as [Curve; 6] {
            assert!(at(curve, f32::NAN).is_nan());
        }
    }
}
