use super::Row;
use crate::elementwise::combine;
use crate::exp::exp;
use crate::reduce::row_sums;
use crate::simd::F32x4;

/// What is taken off every number of the row before its exponential.
fn offset(row: &Row<'_>) -> f32 {
    row_sums([row.z], [0.0], |[z]| [z.mul(z)])[0] * 0.5 + row.shift
}

/// factor · (e^(x − ‖z‖²/2 − shift) + ε).
pub(super) fn forward(y: &mut [f32], x: &[f32], row: &Row<'_>) {
    let [offset, factor, epsilon] = [offset(row), row.factor, row.epsilon].map(F32x4::splat);
    combine(y, [x], |[x]| exp(x.sub(offset)).add(epsilon).mul(factor));
}

/// With E = factor · e^(…), dx = dy ∘ E and dz = −z · Σ dy ∘ E.
pub(super) fn backward(dx: &mut [f32], dz: &mut [f32], dy: &[f32], x: &[f32], row: &Row<'_>) {
    let [offset, factor] = [offset(row), row.factor].map(F32x4::splat);
    combine(dx, [dy, x], |[dy, x]| exp(x.sub(offset)).mul(factor).mul(dy));
    if !dz.is_empty() {
        let sum = F32x4::splat(-row_sums([&*dx], [0.0], |x| x)[0]);
        combine(dz, [row.z], |[z]| z.mul(sum));
    }
}
