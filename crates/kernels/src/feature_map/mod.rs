//! Feature maps of linear attention: rows of features of queries and keys whose products approximate the exponentials of softmax
//! attention (RoFormer, §3.3; Choromanski et al., "Rethinking Attention with Performers", 2021).
//!
//! A map is a file with what becomes of a row, and back, and a line in [`FeatureMap`].

mod elu;
mod exponential;
mod relu;
mod softmax;
mod stabilise;

#[cfg(test)]
mod tests;

pub use stabilise::{Stabilisers, row_max, stabilise};

use crate::pool::{Blocks, CURVE, Tiles, parallel_tiles};

/// A way to make features; the discriminant is its number at the boundary.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u32)]
pub enum FeatureMap {
    /// elu(x) + 1 (Katharopoulos et al. 2020).
    Elu,
    /// max(x, 0) + ε.
    Relu,
    /// factor · (e^(x − ‖z‖²/2 − shift) + ε): FAVOR+'s positive features; without z, keys of Shen et al. 2018.
    Exponential,
    /// Softmax of the row: queries of Shen et al.
    Softmax,
}

/// All maps, in the order of their numbers.
pub const FEATURE_MAPS: [FeatureMap; 4] =
    [FeatureMap::Elu, FeatureMap::Relu, FeatureMap::Exponential, FeatureMap::Softmax];

/// What rows are mapped by.
#[derive(Clone, Copy)]
pub struct Mapping<'a> {
    /// Which.
    pub map: FeatureMap,
    /// Numbers of a row of features, M.
    pub width: usize,
    /// What was projected, [R, D], whose norms are taken off; empty: nothing.
    pub z: &'a [f32],
    /// Taken off each row, [R]; no gradient flows through it. Empty: nothing.
    pub shift: &'a [f32],
    /// All features are multiplied by it.
    pub factor: f32,
    /// Stands inside of `factor`.
    pub epsilon: f32,
}

/// What one row is mapped by.
pub(crate) struct Row<'a> {
    pub z: &'a [f32],
    pub shift: f32,
    pub factor: f32,
    pub epsilon: f32,
}

impl Mapping<'_> {
    fn row(&self, row: usize, rows: usize) -> Row<'_> {
        let depth = self.z.len() / rows.max(1);
        Row {
            z: &self.z[row * depth..(row + 1) * depth],
            shift: self.shift.get(row).copied().unwrap_or(0.0),
            factor: self.factor,
            epsilon: self.epsilon,
        }
    }
}

/// Rows of an item of work.
const ROWS: usize = 16;

/// `y` ← the features of `x`, both [R, M].
pub fn feature_map(y: &mut [f32], x: &[f32], mapping: Mapping<'_>) {
    let (width, rows) = (mapping.width, x.len() / mapping.width.max(1));
    let tiles = Tiles::new(y, width, Blocks::Even(ROWS), Blocks::Even(width.max(1)));
    parallel_tiles([tiles], &mut [], CURVE, |_, [mut tile], _| {
        for i in 0..tile.rows {
            let at = tile.row + i;
            let (y, x, row) = (tile.row_mut(i), &x[at * width..(at + 1) * width], mapping.row(at, rows));
            match mapping.map {
                FeatureMap::Elu => elu::forward(y, x),
                FeatureMap::Relu => relu::forward(y, x, &row),
                FeatureMap::Exponential => exponential::forward(y, x, &row),
                FeatureMap::Softmax => softmax::forward(y, x),
            }
        }
    });
}

/// `dx`, and `dz` if there is z, ← the gradients of [`feature_map`], given `dy` and what it was given and gave.
pub fn feature_map_backward(dx: &mut [f32], dz: &mut [f32], dy: &[f32], [x, y]: [&[f32]; 2], mapping: Mapping<'_>) {
    let (width, rows) = (mapping.width, x.len() / mapping.width.max(1));
    let depth = mapping.z.len() / rows.max(1);
    let outputs = [
        Tiles::new(dx, width, Blocks::Even(ROWS), Blocks::Even(width.max(1))),
        Tiles::new(dz, depth, Blocks::Even(ROWS), Blocks::Even(depth.max(1))),
    ];
    parallel_tiles(outputs, &mut [], CURVE, |_, [mut dx, mut dz], _| {
        for i in 0..dx.rows {
            let at = dx.row + i;
            let [dy, x, y] = [dy, x, y].map(|of| &of[at * width..(at + 1) * width]);
            let (dx, row) = (dx.row_mut(i), mapping.row(at, rows));
            match mapping.map {
                FeatureMap::Elu => elu::backward(dx, dy, y),
                FeatureMap::Relu => relu::backward(dx, dy, x),
                FeatureMap::Exponential => {
                    let none = &mut [][..];
                    exponential::backward(dx, if dz.rows > 0 { dz.row_mut(i) } else { none }, dy, x, &row);
                }
                FeatureMap::Softmax => softmax::backward(dx, dy, y),
            }
        }
    });
}
