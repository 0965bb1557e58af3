//! Four `f32` or `u32` at a time: `v128` on wasm, arrays elsewhere, so that `cargo test` runs the same kernels natively.
//!
//! Every operation rounds as in IEEE 754, except [`F32x4::madd`], which is fused with relaxed SIMD.

pub mod bytes;

pub use lanes::{F32x4, U32x4};

impl F32x4 {
    /// All lanes 0.
    #[inline(always)]
    pub fn zero() -> Self {
        Self::splat(0.0)
    }

    /// Lanes of `src`, which holds at most four; the rest are `fill`.
    #[inline(always)]
    pub fn load_partial(src: &[f32], fill: f32) -> Self {
        let mut lanes = [fill; 4];
        lanes[..src.len()].copy_from_slice(src);
        Self::load(&lanes)
    }

    /// The first lanes, as many as `dst` holds (at most four).
    #[inline(always)]
    pub fn store_partial(self, dst: &mut [f32]) {
        let mut lanes = [0.0; 4];
        self.store(&mut lanes);
        dst.copy_from_slice(&lanes[..dst.len()]);
    }

    /// The four lanes.
    #[inline(always)]
    pub fn to_array(self) -> [f32; 4] {
        let mut lanes = [0.0; 4];
        self.store(&mut lanes);
        lanes
    }

    /// The lanes, 0 for those nearer to 0 than `least`, which is positive; NaN stays. By integers: where numbers are below
    /// 2⁻¹²⁶, arithmetic on them takes Intel's processors over a hundred cycles, and WebAssembly cannot turn that off.
    #[inline(always)]
    pub fn zero_below(self, least: f32) -> Self {
        let magnitude = self.to_bits().and(U32x4::splat(0x7FFF_FFFF));
        magnitude.less(U32x4::splat(least.to_bits())).select(Self::zero(), self)
    }

    /// (x0 + x2) + (x1 + x3): one order, everywhere.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d] = self.to_array();
        (a + c) + (b + d)
    }

    /// The largest lane.
    #[inline(always)]
    pub fn largest(self) -> f32 {
        let [a, b, c, d] = self.to_array();
        let (x, y) = (if a < b { b } else { a }, if c < d { d } else { c });
        if x < y { y } else { x }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[path = "wasm.rs"]
mod lanes;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[path = "native.rs"]
mod lanes;
