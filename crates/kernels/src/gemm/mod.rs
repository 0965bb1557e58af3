//! Products of matrices, and the linear layer made of them.
//!
//! One item of work is a tile of the output, at most 256 × 128. It packs the columns of the right factor that it needs,
//! up to 256 k at a time, and runs the micro-kernel of [`tile`] over them. The order of a sum is that of [`tile::multiply`],
//! whatever the shape: a number's bits depend on its row, its column and K alone.

pub(crate) mod pack;
pub(crate) mod tile;

#[cfg(test)]
mod tests;

use core::ops::Range;

use crate::activation::Activation;
use crate::elementwise::update_with;
use crate::pool::{Blocks, MOVED, Tiles, parallel_tiles, threads};
use crate::simd::F32x4;
use pack::{pack, pack_exactly, pack_transposed};
use tile::{Matrix, Panels, TURNED, WIDTH, multiply, multiply_transposed};

/// Rows of an output tile: packing a column costs as much as a few of them.
const TILE_ROWS: usize = 256;

/// Columns of an output tile; with [`DEPTH`] they make 128 KiB of panels, which stay in a second-level cache.
const TILE_COLUMNS: usize = 128;

/// Up to this many rows, a tile has few columns, so that a panel is used while it is in the first-level cache. Not where
/// the left factor is transposed: its columns are turned into rows for each tile.
const FEW: usize = 16;

/// Tiles that each thread should find, so that none waits long for the last.
const TILES_A_THREAD: usize = 4;

/// The smallest tiles: below, packing and the start of a job cost more than a thread that waits.
const LEAST_COLUMNS: usize = 32;
const LEAST_ROWS: usize = 32;

/// Maximum k per block: a panel of 8 KiB and a strip of 4 KiB, which share a first-level cache.
const DEPTH: usize = 256;

/// Numbers of scratch that every function of this module needs, for any shape.
pub fn scratch() -> usize {
    threads() * DEPTH * (TILE_COLUMNS + TURNED)
}

/// `y` ← `activation(x · weightᵀ + bias)` with each of P weights: y [P, N, O], x [N, I], weight [P, O, I], bias [P, O] or
/// empty. `packed`: each weight is what [`pack_weight`] made of it. `scratch` is [`scratch`] numbers.
pub fn linear(
    y: &mut [f32],
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    parts: usize,
    n: usize,
    o: usize,
    i: usize,
    activation: Activation,
    packed: bool,
    scratch: &mut [f32],
) {
    let finish = |part: usize, column: usize, row: &mut [f32]| {
        if !bias.is_empty() {
            update_with(row, &bias[part * o + column..][..row.len()], F32x4::add);
        }
        activation.apply(row);
    };
    let right = |part: usize| {
        let weight = &weight[part * o * i..][..o * i];
        if packed { Right::Panels(weight) } else { Right::Plain(Factor::new(weight, i, o, true)) }
    };
    product(y, Factor::new(x, n, i, false), &right, [parts, n, o, i], false, &finish, scratch);
}

/// Whether a weight of `o` rows can be packed: panels hold eight of them.
pub fn is_packable(o: usize) -> bool {
    o.is_multiple_of(WIDTH)
}

/// `panels` ← `weight`, [O, I], in the order in which [`linear`] reads it: [O / 8, I, 8]. See [`is_packable`].
pub fn pack_weight(panels: &mut [f32], weight: &[f32], o: usize, i: usize) {
    let tiles = Tiles::new(panels, WIDTH * i, Blocks::Even(1), Blocks::Even((WIDTH * i).max(1)));
    let weight = Matrix { data: weight, stride: i };
    parallel_tiles([tiles], &mut [], MOVED, |panel, [mut tile], _| {
        pack_exactly(tile.as_slice_mut(), weight, 0..i, panel * WIDTH..(panel + 1) * WIDTH);
    });
    debug_assert!(is_packable(o));
}

/// `weight`, [O, I] ← `panels` of [`pack_weight`].
pub fn unpack_weight(weight: &mut [f32], panels: &[f32], i: usize) {
    let tiles = Tiles::new(weight, i, Blocks::Even(WIDTH), Blocks::Even(i.max(1)));
    parallel_tiles([tiles], &mut [], MOVED, |panel, [mut tile], _| {
        let panel = &panels[panel * WIDTH * i..][..WIDTH * i];
        for j in 0..tile.rows {
            for (weight, eight) in tile.row_mut(j).iter_mut().zip(panel.as_chunks::<WIDTH>().0) {
                *weight = eight[j];
            }
        }
    });
}

/// `dx` ← (or += if `accumulate`) Σₚ `dy`ₚ · `weight`ₚ: dx [N, I], dy [P, N, O], weight [P, O, I].
///
/// `dy` is the gradient before the activation. `scratch` is [`scratch`] numbers.
pub fn linear_backward_input(
    dx: &mut [f32],
    dy: &[f32],
    weight: &[f32],
    parts: usize,
    n: usize,
    o: usize,
    i: usize,
    accumulate: bool,
    scratch: &mut [f32],
) {
    if parts == 0 && !accumulate {
        dx.fill(0.0);
    }
    for part in 0..parts {
        let dy = Factor::new(&dy[part * n * o..][..n * o], n, o, false);
        let weight = Factor::new(&weight[part * o * i..][..o * i], o, i, false);
        product(dx, dy, &|_| Right::Plain(weight), [1, n, i, o], accumulate || part > 0, &NOTHING, scratch);
    }
}

/// `dweight`ₚ ← (or += if `accumulate`) `dy`ₚᵀ · `x`, and `dbias`ₚ likewise the column sums of `dy`ₚ: dweight [P, O, I],
/// dbias [P, O] or empty, dy [P, N, O], x [N, I].
///
/// `dy` is the gradient before the activation. `scratch` is [`scratch`] numbers.
pub fn linear_backward_weight(
    dweight: &mut [f32],
    dbias: &mut [f32],
    dy: &[f32],
    x: &[f32],
    parts: usize,
    n: usize,
    o: usize,
    i: usize,
    accumulate: bool,
    scratch: &mut [f32],
) {
    for part in 0..parts {
        let dy = &dy[part * n * o..][..n * o];
        let dweight = &mut dweight[part * o * i..][..o * i];
        let (left, right) = (Factor::new(dy, o, n, true), Factor::new(x, n, i, false));
        product(dweight, left, &|_| Right::Plain(right), [1, o, i, n], accumulate, &NOTHING, scratch);
        if !dbias.is_empty() {
            column_sums(&mut dbias[part * o..][..o], dy, accumulate);
        }
    }
}

/// `sums` [O] ← (or +=) the sums of the columns of `x` [N, O], row after row.
fn column_sums(sums: &mut [f32], x: &[f32], accumulate: bool) {
    let width = sums.len();
    let tiles = Tiles::new(sums, width, Blocks::Even(1), Blocks::Even(TILE_COLUMNS));
    parallel_tiles([tiles], &mut [], x.len() / width.max(1) * MOVED, |_, [mut tile], _| {
        let column = tile.column;
        let sums = tile.as_slice_mut();
        if !accumulate {
            sums.fill(0.0);
        }
        for row in x.chunks_exact(width) {
            update_with(sums, &row[column..][..sums.len()], F32x4::add);
        }
    });
}

/// `c` ← (or += if `accumulate`) op(`a`) · op(`b`), where op is the transpose if asked for: c [M, N], op(a) [M, K],
/// op(b) [K, N]. `scratch` is [`scratch`] numbers.
pub fn matmul(
    c: &mut [f32],
    a: &[f32],
    b: &[f32],
    m: usize,
    n: usize,
    k: usize,
    transpose_a: bool,
    transpose_b: bool,
    accumulate: bool,
    scratch: &mut [f32],
) {
    let (a, b) = (Factor::new(a, m, k, transpose_a), Factor::new(b, k, n, transpose_b));
    product(c, a, &|_| Right::Plain(b), [1, m, n, k], accumulate, &NOTHING, scratch);
}

/// A factor of a product; `transposed` if its transpose is what is stored.
#[derive(Clone, Copy)]
struct Factor<'a> {
    matrix: Matrix<'a>,
    transposed: bool,
}

impl<'a> Factor<'a> {
    /// A factor of `rows` × `columns`, which `data` holds as `columns` × `rows` if `transposed`.
    fn new(data: &'a [f32], rows: usize, columns: usize, transposed: bool) -> Self {
        debug_assert_eq!(data.len(), rows * columns);
        Self { matrix: Matrix { data, stride: if transposed { rows } else { columns } }, transposed }
    }
}

/// A right factor: a matrix, or its panels.
#[derive(Clone, Copy)]
enum Right<'a> {
    Plain(Factor<'a>),
    Panels(&'a [f32]),
}

/// What is done to a finished run of a row; the arguments before it are its part and its column.
type Finish<'a> = &'a (dyn Fn(usize, usize, &mut [f32]) + Sync);

const NOTHING: fn(usize, usize, &mut [f32]) = |_, _, _| {};

/// `c` [P, M, N] ← (or +=) `a` times each of P right factors, [K, N].
fn product<'b>(
    c: &mut [f32],
    a: Factor<'_>,
    b: &(dyn Fn(usize) -> Right<'b> + Sync),
    [parts, m, n, k]: [usize; 4],
    accumulate: bool,
    finish: Finish<'_>,
    scratch: &mut [f32],
) {
    if parts * m * n == 0 {
        return;
    }
    let (height, width) = tile_size(parts, m, n, m <= FEW && !a.transposed && matches!(b(0), Right::Plain(_)));
    let tiles = Tiles::new(c, n, Blocks::Parts { height: m, size: height }, Blocks::Even(width));
    parallel_tiles([tiles], scratch, k, |_, [mut tile], scratch| {
        let (strip, panels) = scratch.split_at_mut(DEPTH * TURNED);
        let (part, row) = (tile.row / m, tile.row % m);
        let (rows, columns, b) = (0..tile.rows, tile.column..tile.column + tile.columns, b(part));
        for depth in depths(k) {
            let add = accumulate || depth.start > 0;
            let panels = match b {
                Right::Plain(b) => {
                    let pack = if b.transposed { pack_transposed } else { pack };
                    pack(panels, b.matrix, depth.clone(), columns.clone());
                    Panels::new(panels, depth.len())
                }
                Right::Panels(panels) => Panels::new(panels, k).skip(columns.start / WIDTH).part(depth.clone()),
            };
            if a.transposed {
                let a = a.matrix.from(depth.start, row);
                multiply_transposed(&mut tile, rows.clone(), a, panels, add, strip);
            } else {
                multiply(&mut tile, rows.clone(), a.matrix.from(row, depth.start), panels, add);
            }
        }
        for i in rows {
            finish(part, columns.start, tile.row_mut(i));
        }
    });
}

/// Rows and columns of a tile, for P products of M × N: as large as leaves each thread some. `few`: see [`FEW`].
fn tile_size(parts: usize, m: usize, n: usize, few: bool) -> (usize, usize) {
    let (mut height, mut width) = (TILE_ROWS, if few { FEW } else { TILE_COLUMNS });
    let wanted = if threads() == 1 { 1 } else { TILES_A_THREAD * threads() };
    let count = |height: usize, width: usize| parts * m.div_ceil(height) * n.div_ceil(width);
    while count(height, width) < wanted && width > LEAST_COLUMNS {
        width /= 2;
    }
    while count(height, width) < wanted && height > LEAST_ROWS {
        height /= 2;
    }
    (height, width)
}

/// 0..k in nearly equal ranges of at most [`DEPTH`], of which the first begins at 0 even if k is 0.
fn depths(k: usize) -> impl Iterator<Item = Range<usize>> {
    let count = k.div_ceil(DEPTH).max(1);
    let size = k.div_ceil(count).next_multiple_of(4);
    (0..count).map(move |i| (i * size).min(k)..((i + 1) * size).min(k))
}
