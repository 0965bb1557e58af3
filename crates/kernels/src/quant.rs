//! Linear layers with int8 weights: what is multiplied are bytes, what is added are integers, so that results are the same
//! bits on every processor and in every build.
//!
//! A weight is w ≈ scale of its row · q, with q from −63 to 63. An activation is x ≈ minimum of its row + step · a, with a
//! from 0 to 127 and both numbers found for each row as it comes (dynamic quantisation). So
//!
//! y = Σ w x ≈ scale · (step · Σ q a + minimum · Σ q).
//!
//! A weight's scale has 17 significant bits, so that its multiples are exact: a weight that is made of them gives the same
//! bytes and scales again.
//!
//! Seven bits rather than eight let four products be added in 16 bits, which makes half of the instructions unnecessary
//! where there is no single instruction for the whole (x86 before AVX-VNNI).

use core::array::from_fn;

use crate::activation::Activation;
use crate::elementwise::update_with;
use crate::pool::{Blocks, CURVE, MOVED, Tile, Tiles, parallel_tiles};
use crate::simd::F32x4;
use crate::simd::bytes::{Dots, I32x4, Relaxed, Strict, round_to_bytes, splat_four, vectors, vectors_mut};

/// Rows of a weight that stand side by side.
const WIDTH: usize = 8;

/// Numbers of a row that are multiplied at a time.
const DEPTH: usize = 8;

/// Largest magnitude of a weight.
const MOST: f32 = 63.0;

/// Largest activation.
const STEPS: f32 = 127.0;

/// Vectors of eight numbers of eight rows: [half of the rows][half of the numbers], each 4 rows × 4 numbers.
type Block = [[u8; 16]; 4];

/// Rows and columns of an output tile.
const TILE_ROWS: usize = 64;
const TILE_COLUMNS: usize = 128;

/// 32-bit words of the bytes of a weight of `o` rows, which is a multiple of 8, and `i` columns; and of the numbers that
/// belong to its rows.
pub fn words(o: usize, i: usize) -> (usize, usize) {
    (o * i.next_multiple_of(DEPTH) / 4, 2 * o)
}

/// Numbers of working memory that [`linear_int8`] needs for `n` rows of `i` numbers.
pub fn scratch(n: usize, i: usize) -> usize {
    n * row_words(i)
}

/// A row of activations: its bytes in whole vectors, its minimum and its step.
fn row_words(i: usize) -> usize {
    i.next_multiple_of(16) / 4 + 2
}

/// `bytes` and `rows` ([O] scales, then [O] sums of q) ← `weight`, [O, I]; O is a multiple of 8. See [`words`].
pub fn quantize_weight(bytes: &mut [f32], rows: &mut [f32], weight: &[f32], o: usize, i: usize) {
    let (scales, sums) = rows.split_at_mut(o);
    let panel = WIDTH * i.next_multiple_of(DEPTH) / 4;
    let outputs = [
        Tiles::new(bytes, panel, Blocks::Even(1), Blocks::Even(panel.max(1))),
        Tiles::new(scales, WIDTH, Blocks::Even(1), Blocks::Even(WIDTH)),
        Tiles::new(sums, WIDTH, Blocks::Even(1), Blocks::Even(WIDTH)),
    ];
    parallel_tiles(outputs, &mut [], CURVE, |panel, [mut bytes, mut scales, mut sums], _| {
        let blocks = vectors_mut(bytes.as_slice_mut()).as_chunks_mut::<4>().0;
        for j in 0..WIDTH {
            let row = &weight[(panel * WIDTH + j) * i..][..i];
            let largest =
                row.iter().fold(0.0, |most: f32, x| if x.abs() > most || x.is_nan() { x.abs() } else { most });
            let scale = short(largest / MOST);
            let mut sum = 0.0;
            for (k, x) in row.iter().enumerate() {
                let q = if scale > 0.0 { (x / scale).round_ties_even() } else { 0.0 };
                sum += q;
                blocks[k / DEPTH][j / 4 * 2 + k % DEPTH / 4][j % 4 * 4 + k % 4] = q as i8 as u8;
            }
            for k in i..i.next_multiple_of(DEPTH) {
                blocks[k / DEPTH][j / 4 * 2 + k % DEPTH / 4][j % 4 * 4 + k % 4] = 0;
            }
            scales.row_mut(0)[j] = scale;
            sums.row_mut(0)[j] = sum;
        }
    });
}

/// The next larger number of 17 significant bits.
fn short(scale: f32) -> f32 {
    if scale.is_finite() { f32::from_bits((scale.to_bits() + 0x7f) & !0x7f) } else { scale }
}

/// `weight`, [O, I] ← the dequantized `bytes` and `rows` of [`quantize_weight`].
pub fn dequantize_weight(weight: &mut [f32], bytes: &[f32], rows: &[f32], i: usize) {
    let blocks = vectors(bytes).as_chunks::<4>().0;
    let tiles = Tiles::new(weight, i, Blocks::Even(1), Blocks::Even(i.max(1)));
    parallel_tiles([tiles], &mut [], MOVED, |row, [mut weight], _| {
        let (blocks, j) = (&blocks[row / WIDTH * i.div_ceil(DEPTH)..], row % WIDTH);
        for (k, x) in weight.as_slice_mut().iter_mut().enumerate() {
            let q = blocks[k / DEPTH][j / 4 * 2 + k % DEPTH / 4][j % 4 * 4 + k % 4] as i8;
            *x = f32::from(q) * rows[row];
        }
    });
}

/// `y` ← `activation(x · weightᵀ + bias)`: y [N, O], x [N, I], bias [O] or empty; `bytes` and `rows` are
/// [`quantize_weight`]'s. `scratch` is [`scratch`] numbers. `relaxed`: see [`relaxed_is_exact`].
pub fn linear_int8(
    y: &mut [f32],
    x: &[f32],
    bytes: &[f32],
    rows: &[f32],
    bias: &[f32],
    [n, o, i]: [usize; 3],
    activation: Activation,
    relaxed: bool,
    scratch: &mut [f32],
) {
    if n * o == 0 {
        return;
    }
    let scratch = &mut scratch[..n * row_words(i)];
    quantize_rows(scratch, x, i);
    let layer = Layer { inputs: scratch, bytes, rows, bias, o, i, activation };
    if relaxed { layer.multiply::<Relaxed>(y, n) } else { layer.multiply::<Strict>(y, n) }
}

fn quantize_rows(rows: &mut [f32], x: &[f32], i: usize) {
    let width = row_words(i);
    let tiles = Tiles::new(rows, width, Blocks::Even(8), Blocks::Even(width));
    parallel_tiles([tiles], &mut [], MOVED, |_, [mut tile], _| {
        for at in 0..tile.rows {
            let x = &x[(tile.row + at) * i..][..i];
            quantize_row(tile.row_mut(at), x);
        }
    });
}

/// The step is NaN where a number is not finite: so is then the whole row of the output.
fn quantize_row(row: &mut [f32], x: &[f32]) {
    let (fours, rest) = x.as_chunks::<4>();
    let fours = || fours.iter().map(F32x4::load).chain((!rest.is_empty()).then(|| F32x4::load_partial(rest, x[0])));
    let first = F32x4::splat(x.first().copied().unwrap_or(0.0));
    let (least, most, odd) = fours().fold((first, first, F32x4::zero()), |(least, most, odd), x| {
        (least.min(x), most.max(x), odd.add(x.mul(F32x4::zero())))
    });
    let (least, most) = (-least.neg().largest(), most.largest());
    let step = (most - least) / STEPS + odd.sum();
    let factor = if step > 0.0 { 1.0 / step } else { 0.0 };
    let (vectors_words, numbers) = row.split_at_mut(row.len() - 2);
    numbers.copy_from_slice(&[least, step]);
    let mut fours = fours();
    for bytes in vectors_mut(vectors_words) {
        // Not fused: the bytes shall be the same in every build.
        *bytes = round_to_bytes(from_fn(|_| match fours.next() {
            Some(x) => x.sub(F32x4::splat(least)).mul(F32x4::splat(factor)),
            None => F32x4::zero(),
        }));
    }
}

/// All that a product reads.
struct Layer<'a> {
    inputs: &'a [f32],
    bytes: &'a [f32],
    rows: &'a [f32],
    bias: &'a [f32],
    o: usize,
    i: usize,
    activation: Activation,
}

impl Layer<'_> {
    fn multiply<D: Dots>(&self, y: &mut [f32], n: usize) {
        let columns = if n < 4 * TILE_ROWS { TILE_COLUMNS / 4 } else { TILE_COLUMNS };
        let tiles = Tiles::new(y, self.o, Blocks::Even(TILE_ROWS), Blocks::Even(columns));
        // A product of bytes costs about half of one of numbers.
        parallel_tiles([tiles], &mut [], self.i.div_ceil(2), |_, [mut tile], _| {
            let (depth, blocks) = (self.i.div_ceil(DEPTH), vectors(self.bytes).as_chunks::<4>().0);
            for first in (0..tile.rows).step_by(4) {
                let count = (tile.rows - first).min(4);
                let rows: [_; 4] = from_fn(|i| self.input(tile.row + first + i.min(count - 1)));
                for column in (0..tile.columns).step_by(WIDTH) {
                    let panel = &blocks[(tile.column + column) / WIDTH * depth..][..depth];
                    if count == 1 {
                        self.finish(&mut tile, first, column, &rows[0], sums_of_one::<D>(&rows[0], panel));
                        continue;
                    }
                    let sums = sums_of_four::<D>(&rows, panel);
                    for i in 0..count {
                        self.finish(&mut tile, first + i, column, &rows[i], sums[i]);
                    }
                }
                for i in first..first + count {
                    self.activation.apply(tile.row_mut(i));
                }
            }
        });
    }

    fn input(&self, row: usize) -> Input<'_> {
        let words = row_words(self.i);
        let row = &self.inputs[row * words..][..words];
        let (bytes, numbers) = row.split_at(words - 2);
        let depth = self.i.div_ceil(DEPTH);
        Input {
            bytes: &vectors(bytes).as_flattened().as_chunks::<DEPTH>().0[..depth],
            least: numbers[0],
            step: numbers[1],
        }
    }

    /// scale · (step · Σ q a + least · Σ q) + bias, in steps that round the same everywhere.
    #[inline(always)]
    fn finish(&self, tile: &mut Tile<'_>, row: usize, column: usize, input: &Input<'_>, sums: [I32x4; 2]) {
        let at = tile.column + column;
        let (scales, counts) = (&self.rows[at..at + WIDTH], &self.rows[self.o + at..self.o + at + WIDTH]);
        let y = &mut tile.row_mut(row)[column..column + WIDTH];
        for (half, y) in y.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let [scale, count] = [scales, counts].map(|x| F32x4::load(&x.as_chunks::<4>().0[half]));
            let products = sums[half].to_f32().mul(F32x4::splat(input.step));
            products.add(count.mul(F32x4::splat(input.least))).mul(scale).store(y);
        }
        if !self.bias.is_empty() {
            update_with(y, &self.bias[at..at + WIDTH], F32x4::add);
        }
    }
}

/// One row of activations.
struct Input<'a> {
    bytes: &'a [[u8; DEPTH]],
    least: f32,
    step: f32,
}

#[inline(always)]
fn halves(eight: &[u8; DEPTH]) -> [&[u8; 4]; 2] {
    let [low, high] = eight.as_chunks::<4>().0 else { unreachable!() };
    [low, high]
}

#[inline(never)]
fn sums_of_four<D: Dots>(rows: &[Input<'_>; 4], panel: &[Block]) -> [[I32x4; 2]; 4] {
    let mut sums = [[I32x4::zero(); 2]; 4];
    let [a, b, c, d] = [&rows[0], &rows[1], &rows[2], &rows[3]].map(|row| row.bytes);
    for ((((block, a), b), c), d) in panel.iter().zip(a).zip(b).zip(c).zip(d) {
        for (sums, row) in sums.iter_mut().zip([a, b, c, d]) {
            let inputs = halves(row).map(splat_four);
            *sums = [
                sums[0].add(D::dots([&block[0], &block[1]], inputs)),
                sums[1].add(D::dots([&block[2], &block[3]], inputs)),
            ];
        }
    }
    sums
}

#[inline(never)]
fn sums_of_one<D: Dots>(row: &Input<'_>, panel: &[Block]) -> [I32x4; 2] {
    let mut sums = [I32x4::zero(); 2];
    for (block, row) in panel.iter().zip(row.bytes) {
        let inputs = halves(row).map(splat_four);
        sums = [
            sums[0].add(D::dots([&block[0], &block[1]], inputs)),
            sums[1].add(D::dots([&block[2], &block[3]], inputs)),
        ];
    }
    sums
}

/// Whether relaxed SIMD's products of bytes are the exact ones here, tier of the compiler included: an engine is known whose
/// first tier gets a related instruction wrong.
pub fn relaxed_is_exact() -> bool {
    let pattern = |seed: usize| -> [u8; 16] { from_fn(|i| ((i * 37 + seed * 101) % 127) as u8) };
    let weight = |seed: usize| pattern(seed).map(|x| (x as i8 - 63) as u8);
    (0..16).all(|seed| {
        let (w0, w1) = (weight(seed), if seed == 0 { [0xC1; 16] } else { weight(seed + 50) });
        let (a0, a1) = (pattern(seed + 7), if seed == 0 { [127; 16] } else { pattern(seed + 90) });
        let panel: [Block; 2] = [[w0, w1, w1, w0], [w1, w0, w0, w1]];
        let bytes: [[u8; DEPTH]; 2] = [from_fn(|i| a0[i]), from_fn(|i| a1[i])];
        let rows: [Input<'_>; 4] = from_fn(|_| Input { bytes: &bytes, least: 0.0, step: 1.0 });
        let lanes = |sums: [I32x4; 2]| sums.map(|x| x.to_f32().to_array());
        let one = lanes(sums_of_one::<Relaxed>(&rows[0], &panel)) == lanes(sums_of_one::<Strict>(&rows[0], &panel));
        let four =
            sums_of_four::<Relaxed>(&rows, &panel).map(lanes) == sums_of_four::<Strict>(&rows, &panel).map(lanes);
        one && four
    })
}

#[cfg(test)]
mod tests;
