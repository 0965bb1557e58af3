//! Values of one number a head, as denominators have: a product would fill one of the eight columns of a tile.

use super::{Batch, Part};
use crate::elementwise::combine;
use crate::gemm::tile::Matrix;
use crate::pool::Tile;
use crate::reduce::{add_columns, load, row_sums};
use crate::simd::F32x4;

/// `state`, [M], ← xᵀ y of the rows of a part.
pub(super) fn own(state: &mut [f32], [x, y]: [&[f32]; 2], part: &Part, head: usize, batch: &Batch<'_>) {
    let [x, y] = [(x, batch.features), (y, 1)].map(|(x, width)| batch.head(x, width, &part.rows, head));
    state.fill(0.0);
    add_columns([state], 0..part.rows.len(), |row, column, lanes| {
        [load(x.row(row, column, lanes), lanes).mul(F32x4::splat(y.data[row * y.stride]))]
    });
}

/// `out`, [rows, 1], ← x · `state`.
pub(super) fn read(out: &mut Tile<'_>, x: Matrix<'_>, state: &[f32]) {
    for i in 0..out.rows {
        let row = x.row(i, 0, state.len());
        out.row_mut(i)[0] = row_sums([row, state], [0.0; 2], |[x, s]| [x.mul(s)])[0];
    }
}

/// `out`, [rows, M], ← y `state`ᵀ.
pub(super) fn spread(out: &mut Tile<'_>, y: Matrix<'_>, state: &[f32]) {
    for i in 0..out.rows {
        let y = F32x4::splat(y.row(i, 0, 1)[0]);
        combine(out.row_mut(i), [state], |[s]| s.mul(y));
    }
}
