use crate::elementwise::combine;
use crate::pool::{Blocks, MOVED, Tiles, parallel_tiles};
use crate::reduce::row_sums;
use crate::simd::F32x4;

/// Rows of an item of work.
const ROWS: usize = 64;

/// `out` ← `num` / (`den` + ε), [R, D] by [R]: each head's sums by its denominator. `epsilons` [R], or of one number for all.
pub fn normalise(out: &mut [f32], num: &[f32], den: &[f32], epsilons: &[f32], width: usize) {
    let tiles = Tiles::new(out, width, Blocks::Even(ROWS), Blocks::Even(width.max(1)));
    parallel_tiles([tiles], &mut [], MOVED, |_, [mut tile], _| {
        for i in 0..tile.rows {
            let at = tile.row + i;
            let by = F32x4::splat(1.0 / (den[at] + epsilon(epsilons, at)));
            combine(tile.row_mut(i), [&num[at * width..(at + 1) * width]], |[x]| x.mul(by));
        }
    });
}

/// `dnum`, `dden` ← the gradients of [`normalise`], given `dout` and what it gave.
pub fn normalise_backward(
    [dnum, dden]: [&mut [f32]; 2],
    dout: &[f32],
    out: &[f32],
    den: &[f32],
    epsilons: &[f32],
    width: usize,
) {
    let rows = Blocks::Even(ROWS);
    let outputs =
        [Tiles::new(dnum, width, rows, Blocks::Even(width.max(1))), Tiles::new(dden, 1, rows, Blocks::Even(1))];
    parallel_tiles(outputs, &mut [], 2 * MOVED, |_, [mut dnum, mut dden], _| {
        for i in 0..dden.rows {
            let at = dden.row + i;
            let by = 1.0 / (den[at] + epsilon(epsilons, at));
            let [dout, out] = [dout, out].map(|x| &x[at * width..(at + 1) * width]);
            dden.row_mut(i)[0] = -by * row_sums([dout, out], [0.0; 2], |[g, o]| [g.mul(o)])[0];
            combine(dnum.row_mut(i), [dout], |[g]| g.mul(F32x4::splat(by)));
        }
    });
}

fn epsilon(epsilons: &[f32], row: usize) -> f32 {
    if epsilons.len() == 1 { epsilons[0] } else { epsilons[row] }
}
