//! Sums of products of bytes: what int8 weights are multiplied with.

use super::F32x4;
pub use lanes::I32x4;
use lanes::Sixteen;

/// Slices as vectors of sixteen bytes; the remainder is ignored.
pub fn vectors(words: &[f32]) -> &[[u8; 16]] {
    let fours = words.as_chunks::<4>().0;
    // SAFETY: the same memory: 16 bytes each, of which every pattern is valid, with no need of alignment.
    unsafe { core::slice::from_raw_parts(fours.as_ptr().cast(), fours.len()) }
}

/// The same, to be written.
pub fn vectors_mut(words: &mut [f32]) -> &mut [[u8; 16]] {
    let fours = words.as_chunks_mut::<4>().0;
    // SAFETY: as in `vectors`; the borrow is handed on.
    unsafe { core::slice::from_raw_parts_mut(fours.as_mut_ptr().cast(), fours.len()) }
}

/// How sums of products are made: both ways give the same integers, as long as weights are −63 to 63 and activations 0 to
/// 127: a sum of four products then fits into 16 bits.
pub trait Dots {
    /// Lane i: Σ over bytes 4i to 4i + 3 of `weights[0]` · `activations[0]` + `weights[1]` · `activations[1]`; weights are
    /// signed, activations 0 to 127.
    fn dots(weights: [&[u8; 16]; 2], activations: [Sixteen; 2]) -> I32x4;
}

/// By relaxed SIMD's product of bytes, where that is compiled in.
pub struct Relaxed;

/// By instructions that mean the same everywhere.
pub struct Strict;

impl Dots for Relaxed {
    #[inline(always)]
    fn dots(weights: [&[u8; 16]; 2], activations: [Sixteen; 2]) -> I32x4 {
        lanes::relaxed_dots(weights, activations)
    }
}

impl Dots for Strict {
    #[inline(always)]
    fn dots(weights: [&[u8; 16]; 2], activations: [Sixteen; 2]) -> I32x4 {
        lanes::strict_dots(weights, activations)
    }
}

/// Four bytes, four times.
#[inline(always)]
pub fn splat_four(bytes: &[u8; 4]) -> Sixteen {
    lanes::splat_four(bytes)
}

/// Sixteen numbers, 0 to 255, rounded to the nearest (ties to even), as bytes. NaN and what lies outside give any byte.
#[inline(always)]
pub fn round_to_bytes(numbers: [F32x4; 4]) -> [u8; 16] {
    // Beyond 2²³ a float's last bit is 1: adding rounds, and the low byte of the bits is the integer.
    lanes::low_bytes(numbers.map(|x| x.add(F32x4::splat(12_582_912.0)).to_bits()))
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod lanes {
    use super::super::{F32x4, U32x4};
    use core::arch::wasm32::*;

    /// Sixteen bytes in a register.
    pub type Sixteen = v128;

    /// Four `i32`.
    #[derive(Clone, Copy)]
    pub struct I32x4(v128);

    impl I32x4 {
        /// Every lane 0.
        #[inline(always)]
        pub fn zero() -> Self {
            Self(i32x4_splat(0))
        }
        /// `self + b`.
        #[inline(always)]
        pub fn add(self, b: Self) -> Self {
            Self(i32x4_add(self.0, b.0))
        }
        /// The nearest numbers.
        #[inline(always)]
        pub fn to_f32(self) -> F32x4 {
            F32x4::from_vector(f32x4_convert_i32x4(self.0))
        }
    }

    #[inline(always)]
    pub fn splat_four(bytes: &[u8; 4]) -> Sixteen {
        i32x4_splat(i32::from_le_bytes(*bytes))
    }

    #[inline(always)]
    fn load(bytes: &[u8; 16]) -> v128 {
        // SAFETY: 16 readable bytes, and v128_load needs no alignment.
        unsafe { v128_load(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    pub fn relaxed_dots([w0, w1]: [&[u8; 16]; 2], [a0, a1]: [Sixteen; 2]) -> I32x4 {
        #[cfg(target_feature = "relaxed-simd")]
        {
            let pairs = |w, a| i16x8_relaxed_dot_i8x16_i7x16(load(w), a);
            I32x4(i32x4_extadd_pairwise_i16x8(i16x8_add(pairs(w0, a0), pairs(w1, a1))))
        }
        #[cfg(not(target_feature = "relaxed-simd"))]
        strict_dots([w0, w1], [a0, a1])
    }

    #[inline(always)]
    pub fn strict_dots([w0, w1]: [&[u8; 16]; 2], [a0, a1]: [Sixteen; 2]) -> I32x4 {
        let (w0, w1) = (load(w0), load(w1));
        let low = i16x8_add(i16x8_extmul_low_i8x16(w0, a0), i16x8_extmul_low_i8x16(w1, a1));
        let high = i16x8_add(i16x8_extmul_high_i8x16(w0, a0), i16x8_extmul_high_i8x16(w1, a1));
        let (low, high) = (i32x4_extadd_pairwise_i16x8(low), i32x4_extadd_pairwise_i16x8(high));
        I32x4(i32x4_add(i32x4_shuffle::<0, 2, 4, 6>(low, high), i32x4_shuffle::<1, 3, 5, 7>(low, high)))
    }

    #[inline(always)]
    pub fn low_bytes(words: [U32x4; 4]) -> [u8; 16] {
        let [a, b, c, d] = words.map(|x| x.and(U32x4::splat(0xFF)).to_vector());
        let bytes = u8x16_narrow_i16x8(i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d));
        let mut out = [0; 16];
        // SAFETY: 16 writable bytes, and v128_store needs no alignment.
        unsafe { v128_store(out.as_mut_ptr().cast(), bytes) };
        out
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod lanes {
    use super::super::{F32x4, U32x4};
    use core::array::from_fn;

    /// Sixteen bytes.
    pub type Sixteen = [u8; 16];

    /// Four `i32`.
    #[derive(Clone, Copy)]
    pub struct I32x4([i32; 4]);

    impl I32x4 {
        /// Every lane 0.
        #[inline(always)]
        pub fn zero() -> Self {
            Self([0; 4])
        }
        /// `self + b`.
        #[inline(always)]
        pub fn add(self, b: Self) -> Self {
            Self(from_fn(|i| self.0[i] + b.0[i]))
        }
        /// The nearest numbers.
        #[inline(always)]
        pub fn to_f32(self) -> F32x4 {
            F32x4::load(&self.0.map(|x| x as f32))
        }
    }

    #[inline(always)]
    pub fn splat_four(bytes: &[u8; 4]) -> Sixteen {
        from_fn(|i| bytes[i % 4])
    }

    #[inline(always)]
    pub fn relaxed_dots(weights: [&[u8; 16]; 2], activations: [Sixteen; 2]) -> I32x4 {
        strict_dots(weights, activations)
    }

    #[inline(always)]
    pub fn strict_dots(weights: [&[u8; 16]; 2], activations: [Sixteen; 2]) -> I32x4 {
        let product = |g: usize, at: usize| i32::from(weights[g][at] as i8) * i32::from(activations[g][at]);
        I32x4(from_fn(|i| (4 * i..4 * i + 4).map(|at| product(0, at) + product(1, at)).sum()))
    }

    #[inline(always)]
    pub fn low_bytes(words: [U32x4; 4]) -> [u8; 16] {
        let words = words.map(U32x4::to_array);
        from_fn(|i| words[i / 4][i % 4] as u8)
    }
}
