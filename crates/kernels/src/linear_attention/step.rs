use crate::elementwise::{update, update_with};
use crate::pool::{Blocks, MOVED, Tiles, parallel_tiles};
use crate::reduce::row_sums;
use crate::simd::F32x4;

/// What one token of each row, a sequence and head, brings: all [R, …].
#[derive(Clone, Copy)]
pub struct Token<'a> {
    /// Features of the query, of the key, [R, M]: of the numerators, then of the denominators.
    pub a: &'a [f32],
    /// Features of the key.
    pub b: &'a [f32],
    /// Features of the query, of the denominator.
    pub p: &'a [f32],
    /// Features of the key, of the denominator.
    pub r: &'a [f32],
    /// Values, [R, D].
    pub v: &'a [f32],
    /// What the state is multiplied by first, [R].
    pub factors: &'a [f32],
}

/// One step of causal linear attention as a recurrence (Katharopoulos et al. 2020, §3.4): with `state`, [R, M, D], and `sums`, [R, M],
/// S ← factor · S + b vᵀ, z ← factor · z + r, and `out`, [R, D], ← Sᵀ a / (p · z + ε).
pub fn linear_step([state, sums, out]: [&mut [f32]; 3], token: Token<'_>, [features, width]: [usize; 2], epsilon: f32) {
    let (one, each) = (Blocks::Even(1), |size: usize| Blocks::Even(size.max(1)));
    let outputs = [
        Tiles::new(state, features * width, one, each(features * width)),
        Tiles::new(sums, features, one, each(features)),
        Tiles::new(out, width, one, each(width)),
    ];
    parallel_tiles(outputs, &mut [], 2 * MOVED, |row, [mut state, mut sums, mut out], _| {
        let of = |x: &'_ [f32], size: usize| row * size..((row + 1) * size).min(x.len());
        let [a, b, p, r] = [token.a, token.b, token.p, token.r].map(|x| &x[of(x, features)]);
        let (v, factor) = (&token.v[of(token.v, width)], F32x4::splat(token.factors[row]));
        let (sums, out) = (sums.row_mut(0), out.row_mut(0));
        update_with(sums, r, |z, r| z.madd(factor, r));
        out.fill(0.0);
        for ((line, b), a) in state.row_mut(0).chunks_exact_mut(width).zip(b).zip(a) {
            let (b, a) = (F32x4::splat(*b), F32x4::splat(*a));
            update_with(line, v, |s, v| v.madd(b, s.mul(factor)));
            update_with(out, line, |sum, s| s.madd(a, sum));
        }
        let by = 1.0 / (row_sums([p, &*sums], [0.0; 2], |[p, z]| [p.mul(z)])[0] + epsilon);
        update(out, |x| x.mul(F32x4::splat(by)));
    });
}
