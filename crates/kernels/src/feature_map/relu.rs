use super::Row;
use crate::elementwise::combine;
use crate::simd::F32x4;

/// max(x, 0) + ε.
pub(super) fn forward(y: &mut [f32], x: &[f32], row: &Row<'_>) {
    let epsilon = F32x4::splat(row.epsilon);
    combine(y, [x], |[x]| x.max(F32x4::zero()).add(epsilon));
}

/// The slope at 0 is 0.
pub(super) fn backward(dx: &mut [f32], dy: &[f32], x: &[f32]) {
    let zero = F32x4::zero();
    combine(dx, [dy, x], |[dy, x]| zero.less(x).select(dy, zero));
}
