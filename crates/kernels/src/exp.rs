//! The exponential function, four at a time.

use crate::simd::F32x4;

/// exp(x): within 3 ulp for −87.33 < x ≤ 88.37; 0 below, +∞ above; NaN for NaN.
///
/// x = n·ln 2 + t with |t| ≤ ln 2 / 2; adding 1.5·2²³ + 127 rounds x / ln 2 and leaves n + 127 in the low bits, which shifted
/// into the exponent are 2ⁿ. The polynomial of degree 5 and the two-part ln 2 are XNNPACK's (`f32-raddstoreexpminusmax`, rr2-p5).
#[inline(always)]
pub fn exp(x: F32x4) -> F32x4 {
    let splat = F32x4::splat;
    let magic = splat(12_583_039.0);
    let n = x.madd(splat(f32::from_bits(0x3FB8_AA3B)), magic); // log2 e
    let scale = n.to_bits().shl::<23>().to_f32_bits();
    let n = n.sub(magic);
    let t = n.madd(splat(f32::from_bits(0xBF31_7200)), x); // −ln 2, high part
    let t = n.madd(splat(f32::from_bits(0xB5BF_BE8E)), t); // −ln 2, low part
    let p = t.madd(splat(f32::from_bits(0x3C07_CFCE)), splat(f32::from_bits(0x3D2B_9D0D)));
    let p = p.madd(t, splat(f32::from_bits(0x3E2A_AD40)));
    let p = p.madd(t, splat(f32::from_bits(0x3EFF_FEE3)));
    let p = p.madd(t, splat(f32::from_bits(0x3F7F_FFFB)));
    let y = t.mul(scale).madd(p, scale);
    let y = splat(88.37).less(x).select(splat(f32::INFINITY), y);
    x.less(splat(-87.33)).select(F32x4::zero(), y)
}

/// 2ˣ for x ≤ 127, which softmax never exceeds: within 4 ulp from −126 on, 0 below −127, NaN for NaN. Two thirds of the
/// instructions of [`exp`], whose polynomial it has with t · ln 2 for t.
#[inline(always)]
pub fn exp2(x: F32x4) -> F32x4 {
    let splat = F32x4::splat;
    let magic = splat(12_583_039.0);
    // −127 makes a power of two whose exponent bits are 0: the number 0.
    let x = x.max(splat(-127.0));
    let n = x.add(magic);
    let scale = n.to_bits().shl::<23>().to_f32_bits();
    let t = x.sub(n.sub(magic));
    let p = t.madd(splat(f32::from_bits(0x3AAD_D78A)), splat(f32::from_bits(0x3C1E_7529)));
    let p = p.madd(t, splat(f32::from_bits(0x3D63_5BB8)));
    let p = p.madd(t, splat(f32::from_bits(0x3E75_FCDE)));
    let p = p.madd(t, splat(f32::from_bits(0x3F31_7215)));
    t.mul(scale).madd(p, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_three_ulp_of_f64() {
        for i in 0..=200_000 {
            let x = -87.33 + i as f32 * (88.36 + 87.33) / 200_000.0;
            let want = f64::from(x).exp();
            let got = f64::from(exp(F32x4::splat(x)).to_array()[1]);
            assert!((got - want).abs() <= 3.6e-7 * want, "exp({x}) is {got}, not {want}");
        }
    }

    #[test]
    fn ends_of_the_range() {
        let at = |x: f32| exp(F32x4::splat(x)).to_array()[0];
        assert_eq!(at(0.0), 1.0);
        assert_eq!(at(f32::NEG_INFINITY), 0.0);
        assert_eq!(at(-1e30), 0.0);
        assert_eq!(at(f32::INFINITY), f32::INFINITY);
        assert_eq!(at(100.0), f32::INFINITY);
        assert!(at(f32::NAN).is_nan());
    }

    #[test]
    fn powers_of_two_within_four_ulp_of_f64() {
        for i in 0..=200_000 {
            let x = -126.0 + i as f32 * 0.001_26;
            let want = f64::from(x).exp2();
            let got = f64::from(exp2(F32x4::splat(x)).to_array()[1]);
            assert!((got - want).abs() <= 4.8e-7 * want, "2^{x} is {got}, not {want}");
        }
    }

    #[test]
    fn ends_of_the_range_of_powers_of_two() {
        let at = |x: f32| exp2(F32x4::splat(x)).to_array()[2];
        assert_eq!([0.0, -1.0, 10.0, -126.0].map(at), [1.0, 0.5, 1024.0, f32::MIN_POSITIVE]);
        assert_eq!([-127.0, -1e30, f32::NEG_INFINITY].map(at), [0.0; 3]);
        assert!(at(f32::NAN).is_nan());
    }
}
