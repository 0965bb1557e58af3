//! Vectors as `v128`.

use core::arch::wasm32::*;

/// Four `f32`.
#[derive(Clone, Copy)]
pub struct F32x4(v128);

/// Four `u32`; as a mask, a lane is all ones or all zeros.
#[derive(Clone, Copy)]
pub struct U32x4(v128);

impl F32x4 {
    /// The lanes of a register.
    #[inline(always)]
    pub(super) fn from_vector(lanes: v128) -> Self {
        Self(lanes)
    }
    /// Every lane `x`.
    #[inline(always)]
    pub fn splat(x: f32) -> Self {
        Self(f32x4_splat(x))
    }
    /// The lanes of `src`.
    #[inline(always)]
    pub fn load(src: &[f32; 4]) -> Self {
        // SAFETY: `src` is 16 readable bytes, and v128_load needs no alignment.
        Self(unsafe { v128_load(src.as_ptr().cast()) })
    }
    /// Writes the lanes to `dst`.
    #[inline(always)]
    pub fn store(self, dst: &mut [f32; 4]) {
        // SAFETY: `dst` is 16 writable bytes, and v128_store needs no alignment.
        unsafe { v128_store(dst.as_mut_ptr().cast(), self.0) }
    }
    /// `self + b`.
    #[inline(always)]
    pub fn add(self, b: Self) -> Self {
        Self(f32x4_add(self.0, b.0))
    }
    /// `self − b`.
    #[inline(always)]
    pub fn sub(self, b: Self) -> Self {
        Self(f32x4_sub(self.0, b.0))
    }
    /// `self · b`.
    #[inline(always)]
    pub fn mul(self, b: Self) -> Self {
        Self(f32x4_mul(self.0, b.0))
    }
    /// `self / b`.
    #[inline(always)]
    pub fn div(self, b: Self) -> Self {
        Self(f32x4_div(self.0, b.0))
    }
    /// `self · b + c`, rounded once where relaxed SIMD is compiled in and the processor can.
    #[inline(always)]
    pub fn madd(self, b: Self, c: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return Self(f32x4_relaxed_madd(self.0, b.0, c.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        return Self(f32x4_add(f32x4_mul(self.0, b.0), c.0));
    }
    /// Square root.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        Self(f32x4_sqrt(self.0))
    }
    /// `−self`.
    #[inline(always)]
    pub fn neg(self) -> Self {
        Self(f32x4_neg(self.0))
    }
    /// Magnitude.
    #[inline(always)]
    pub fn abs(self) -> Self {
        Self(f32x4_abs(self.0))
    }
    /// `self < b ? b : self`: a NaN in `self` stays, one in `b` is dropped.
    #[inline(always)]
    pub fn max(self, b: Self) -> Self {
        // Not f32x4_pmax: with relaxed SIMD LLVM makes relaxed_max of it, which may drop either NaN.
        self.less(b).select(b, self)
    }
    /// `b < self ? b : self`: a NaN in `self` stays, one in `b` is dropped.
    #[inline(always)]
    pub fn min(self, b: Self) -> Self {
        b.less(self).select(b, self)
    }
    /// Mask of the lanes where `self < b`.
    #[inline(always)]
    pub fn less(self, b: Self) -> U32x4 {
        U32x4(f32x4_lt(self.0, b.0))
    }
    /// The lanes, 0 where `other` is 0.
    #[inline(always)]
    pub fn zero_with(self, other: Self) -> Self {
        Self(v128_andnot(self.0, f32x4_eq(other.0, f32x4_splat(0.0))))
    }
    /// `[a, b, c, d]` to `[b, a, d, c]`.
    #[inline(always)]
    pub fn swap_pairs(self) -> Self {
        Self(i32x4_shuffle::<1, 0, 3, 2>(self.0, self.0))
    }
    /// The bits of each lane.
    #[inline(always)]
    pub fn to_bits(self) -> U32x4 {
        U32x4(self.0)
    }
    /// Rows of a 4 × 4 block to its columns.
    #[inline(always)]
    pub fn transpose([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        let ab = (i32x4_shuffle::<0, 4, 1, 5>(a.0, b.0), i32x4_shuffle::<2, 6, 3, 7>(a.0, b.0));
        let cd = (i32x4_shuffle::<0, 4, 1, 5>(c.0, d.0), i32x4_shuffle::<2, 6, 3, 7>(c.0, d.0));
        [
            Self(i32x4_shuffle::<0, 1, 4, 5>(ab.0, cd.0)),
            Self(i32x4_shuffle::<2, 3, 6, 7>(ab.0, cd.0)),
            Self(i32x4_shuffle::<0, 1, 4, 5>(ab.1, cd.1)),
            Self(i32x4_shuffle::<2, 3, 6, 7>(ab.1, cd.1)),
        ]
    }
}

impl U32x4 {
    /// The register.
    #[inline(always)]
    pub(super) fn to_vector(self) -> v128 {
        self.0
    }
    /// Every lane `x`.
    #[inline(always)]
    pub fn splat(x: u32) -> Self {
        Self(u32x4_splat(x))
    }
    /// The four lanes given.
    #[inline(always)]
    pub fn new([a, b, c, d]: [u32; 4]) -> Self {
        Self(u32x4(a, b, c, d))
    }
    /// The four lanes.
    #[inline(always)]
    pub fn to_array(self) -> [u32; 4] {
        [
            u32x4_extract_lane::<0>(self.0),
            u32x4_extract_lane::<1>(self.0),
            u32x4_extract_lane::<2>(self.0),
            u32x4_extract_lane::<3>(self.0),
        ]
    }
    /// `self + b`, modulo 2³².
    #[inline(always)]
    pub fn add(self, b: Self) -> Self {
        Self(i32x4_add(self.0, b.0))
    }
    /// Bitwise exclusive or.
    #[inline(always)]
    pub fn xor(self, b: Self) -> Self {
        Self(v128_xor(self.0, b.0))
    }
    /// Bitwise and.
    #[inline(always)]
    pub fn and(self, b: Self) -> Self {
        Self(v128_and(self.0, b.0))
    }
    /// Lanes shifted left by `COUNT` bits.
    #[inline(always)]
    pub fn shl<const COUNT: u32>(self) -> Self {
        Self(i32x4_shl(self.0, COUNT))
    }
    /// Lanes shifted right by `COUNT` bits, zeros coming in.
    #[inline(always)]
    pub fn shr<const COUNT: u32>(self) -> Self {
        Self(u32x4_shr(self.0, COUNT))
    }
    /// High and low halves of the 64-bit products with `b`.
    #[inline(always)]
    pub fn mul_wide(self, b: Self) -> (Self, Self) {
        let (even, odd) = (u64x2_extmul_low_u32x4(self.0, b.0), u64x2_extmul_high_u32x4(self.0, b.0));
        (Self(i32x4_shuffle::<1, 3, 5, 7>(even, odd)), Self(i32x4_shuffle::<0, 2, 4, 6>(even, odd)))
    }
    /// Mask of the lanes where `self < b`, unsigned.
    #[inline(always)]
    pub fn less(self, b: Self) -> Self {
        Self(u32x4_lt(self.0, b.0))
    }
    /// Lane by lane `yes` where the mask is all ones, `no` where it is zero.
    #[inline(always)]
    pub fn select(self, yes: F32x4, no: F32x4) -> F32x4 {
        F32x4(v128_bitselect(yes.0, no.0, self.0))
    }
    /// The lanes read as `f32`.
    #[inline(always)]
    pub fn to_f32_bits(self) -> F32x4 {
        F32x4(self.0)
    }
}
