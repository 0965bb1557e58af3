use crate::elementwise::{combine, update};
use crate::exp::exp;
use crate::reduce::{row_max, row_sums};
use crate::simd::F32x4;

/// eˣ over its sum in the row.
pub(super) fn forward(y: &mut [f32], x: &[f32]) {
    let top = F32x4::splat(row_max(x));
    combine(y, [x], |[x]| exp(x.sub(top)));
    let sum = F32x4::splat(row_sums([&*y], [0.0], |y| y)[0]);
    update(y, |y| y.div(sum));
}

/// dx = y ∘ (dy − Σ dy ∘ y).
pub(super) fn backward(dx: &mut [f32], dy: &[f32], y: &[f32]) {
    let mean = F32x4::splat(row_sums([dy, y], [0.0; 2], |[dy, y]| [dy.mul(y)])[0]);
    combine(dx, [dy, y], |[dy, y]| y.mul(dy.sub(mean)));
}
