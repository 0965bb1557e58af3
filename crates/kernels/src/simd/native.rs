//! Vectors as arrays.

use core::array::from_fn;

/// Four `f32`.
#[derive(Clone, Copy)]
pub struct F32x4([f32; 4]);

/// Four `u32`; as a mask, a lane is all ones or all zeros.
#[derive(Clone, Copy)]
pub struct U32x4([u32; 4]);

fn mask(lanes: [bool; 4]) -> U32x4 {
    U32x4(lanes.map(|lane| if lane { u32::MAX } else { 0 }))
}

impl F32x4 {
    #[inline(always)]
    fn zip(self, b: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(from_fn(|i| f(self.0[i], b.0[i])))
    }
    /// Every lane `x`.
    #[inline(always)]
    pub fn splat(x: f32) -> Self {
        Self([x; 4])
    }
    /// The lanes of `src`.
    #[inline(always)]
    pub fn load(src: &[f32; 4]) -> Self {
        Self(*src)
    }
    /// Writes the lanes to `dst`.
    #[inline(always)]
    pub fn store(self, dst: &mut [f32; 4]) {
        *dst = self.0;
    }
    /// `self + b`.
    #[inline(always)]
    pub fn add(self, b: Self) -> Self {
        self.zip(b, |a, b| a + b)
    }
    /// `self − b`.
    #[inline(always)]
    pub fn sub(self, b: Self) -> Self {
        self.zip(b, |a, b| a - b)
    }
    /// `self · b`.
    #[inline(always)]
    pub fn mul(self, b: Self) -> Self {
        self.zip(b, |a, b| a * b)
    }
    /// `self / b`.
    #[inline(always)]
    pub fn div(self, b: Self) -> Self {
        self.zip(b, |a, b| a / b)
    }
    /// `self · b + c`, rounded twice.
    #[inline(always)]
    pub fn madd(self, b: Self, c: Self) -> Self {
        self.mul(b).add(c)
    }
    /// Square root.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        Self(self.0.map(f32::sqrt))
    }
    /// `−self`.
    #[inline(always)]
    pub fn neg(self) -> Self {
        Self(self.0.map(|a| -a))
    }
    /// Magnitude.
    #[inline(always)]
    pub fn abs(self) -> Self {
        Self(self.0.map(f32::abs))
    }
    /// `self < b ? b : self`: a NaN in `self` stays, one in `b` is dropped.
    #[inline(always)]
    pub fn max(self, b: Self) -> Self {
        self.zip(b, |a, b| if a < b { b } else { a })
    }
    /// `b < self ? b : self`: a NaN in `self` stays, one in `b` is dropped.
    #[inline(always)]
    pub fn min(self, b: Self) -> Self {
        self.zip(b, |a, b| if b < a { b } else { a })
    }
    /// Mask of the lanes where `self < b`.
    #[inline(always)]
    pub fn less(self, b: Self) -> U32x4 {
        mask(from_fn(|i| self.0[i] < b.0[i]))
    }
    /// The lanes, 0 where `other` is 0.
    #[inline(always)]
    pub fn zero_with(self, other: Self) -> Self {
        Self(from_fn(|i| if other.0[i] == 0.0 { 0.0 } else { self.0[i] }))
    }
    /// `[a, b, c, d]` to `[b, a, d, c]`.
    #[inline(always)]
    pub fn swap_pairs(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([b, a, d, c])
    }
    /// The bits of each lane.
    #[inline(always)]
    pub fn to_bits(self) -> U32x4 {
        U32x4(self.0.map(f32::to_bits))
    }
    /// Rows of a 4 × 4 block to its columns.
    #[inline(always)]
    pub fn transpose(rows: [Self; 4]) -> [Self; 4] {
        from_fn(|j| Self(from_fn(|i| rows[i].0[j])))
    }
}

impl U32x4 {
    #[inline(always)]
    fn zip(self, b: Self, f: impl Fn(u32, u32) -> u32) -> Self {
        Self(from_fn(|i| f(self.0[i], b.0[i])))
    }
    /// Every lane `x`.
    #[inline(always)]
    pub fn splat(x: u32) -> Self {
        Self([x; 4])
    }
    /// The four lanes given.
    #[inline(always)]
    pub fn new(lanes: [u32; 4]) -> Self {
        Self(lanes)
    }
    /// The four lanes.
    #[inline(always)]
    pub fn to_array(self) -> [u32; 4] {
        self.0
    }
    /// `self + b`, modulo 2³².
    #[inline(always)]
    pub fn add(self, b: Self) -> Self {
        self.zip(b, u32::wrapping_add)
    }
    /// Bitwise exclusive or.
    #[inline(always)]
    pub fn xor(self, b: Self) -> Self {
        self.zip(b, |a, b| a ^ b)
    }
    /// Bitwise and.
    #[inline(always)]
    pub fn and(self, b: Self) -> Self {
        self.zip(b, |a, b| a & b)
    }
    /// Lanes shifted left by `COUNT` bits.
    #[inline(always)]
    pub fn shl<const COUNT: u32>(self) -> Self {
        Self(self.0.map(|a| a << COUNT))
    }
    /// Lanes shifted right by `COUNT` bits, zeros coming in.
    #[inline(always)]
    pub fn shr<const COUNT: u32>(self) -> Self {
        Self(self.0.map(|a| a >> COUNT))
    }
    /// High and low halves of the 64-bit products with `b`.
    #[inline(always)]
    pub fn mul_wide(self, b: Self) -> (Self, Self) {
        let wide = |i: usize| u64::from(self.0[i]) * u64::from(b.0[i]);
        (Self(from_fn(|i| (wide(i) >> 32) as u32)), Self(from_fn(|i| wide(i) as u32)))
    }
    /// Mask of the lanes where `self < b`, unsigned.
    #[inline(always)]
    pub fn less(self, b: Self) -> Self {
        mask(from_fn(|i| self.0[i] < b.0[i]))
    }
    /// Lane by lane `yes` where the mask is all ones, `no` where it is zero.
    #[inline(always)]
    pub fn select(self, yes: F32x4, no: F32x4) -> F32x4 {
        let (yes, no) = (yes.to_bits(), no.to_bits());
        Self(from_fn(|i| (yes.0[i] & self.0[i]) | (no.0[i] & !self.0[i]))).to_f32_bits()
    }
    /// The lanes read as `f32`.
    #[inline(always)]
    pub fn to_f32_bits(self) -> F32x4 {
        F32x4(self.0.map(f32::from_bits))
    }
}
