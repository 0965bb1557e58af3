//! The micro-kernel: 4 rows × 8 columns of a product stay in eight vectors while k runs over its whole range.
//!
//! The loop over k is not unrolled here and stands inside the loop over panels of one function: V8 then unrolls it by
//! itself and keeps the exit tests between the copies, without which its register allocator spills. The rows of the left
//! factor are read from four pointers: of numbers that lie side by side, LLVM would make a load and four shuffles.

use core::array::from_fn;
use core::ops::Range;

use super::pack::turn;
use crate::pool::Tile;
use crate::simd::F32x4;

/// Rows that are computed together.
pub(crate) const ROWS: usize = 4;

/// Columns of a left factor that are turned into rows together: a cache line of them.
pub(crate) const TURNED: usize = 16;

/// Columns of a panel.
pub(crate) const WIDTH: usize = 8;

/// One k of a panel.
pub(crate) type Eight = [[f32; 4]; 2];

/// A matrix whose row i begins at number i · `stride`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub data: &'a [f32],
    pub stride: usize,
}

impl<'a> Matrix<'a> {
    /// The matrix without its first `rows` rows and `columns` columns, which may be all.
    pub fn from(&self, rows: usize, columns: usize) -> Self {
        Self { data: self.data.get(rows * self.stride + columns..).unwrap_or(&[]), ..*self }
    }

    /// Numbers `from`, …, `from + len − 1` of row `i`.
    #[inline(always)]
    pub fn row(&self, i: usize, from: usize, len: usize) -> &'a [f32] {
        &self.data[i * self.stride + from..][..len]
    }
}

/// A matrix [K, N] cut into panels of eight columns, `[⌈N / 8⌉][K][8]`, zeros beyond N; of which k from `from` are used.
#[derive(Clone, Copy)]
pub(crate) struct Panels<'a> {
    pub data: &'a [Eight],
    /// K of the whole panels.
    pub depth: usize,
    /// Which k take part.
    pub range: (usize, usize),
}

impl<'a> Panels<'a> {
    /// Panels all of whose k take part.
    pub fn new(data: &'a [f32], depth: usize) -> Self {
        Self { data: data.as_chunks::<4>().0.as_chunks::<2>().0, depth, range: (0, depth) }
    }

    /// The same panels, for `range` of k.
    pub fn part(self, range: Range<usize>) -> Self {
        Self { range: (range.start, range.end), ..self }
    }

    /// The panels from number `first` on.
    pub fn skip(self, first: usize) -> Self {
        Self { data: &self.data[first * self.depth..], ..self }
    }

    fn len(&self) -> usize {
        self.range.1 - self.range.0
    }
}

/// Rows `rows` of `c`, all its columns, ← (or += if `add`) `a` · `panels`; row 0 of `a` belongs to the first of `rows`.
///
/// Each number is ((start + a₀b₀) + a₁b₁) + …, k ascending in one lane, where start is 0 or what was there: it depends on
/// nothing but its own row, its own column and the length of the sum, and ranges of k may be added one after the other.
pub(crate) fn multiply(c: &mut Tile<'_>, rows: Range<usize>, a: Matrix<'_>, panels: Panels<'_>, add: bool) {
    let len = panels.len();
    for at in rows.clone().step_by(ROWS) {
        let count = (rows.end - at).min(ROWS);
        let strip = from_fn(|i| a.row(at - rows.start + i.min(count - 1), 0, len));
        multiply_strip(c, at..at + count, strip, panels, add);
    }
}

/// As [`multiply`], with `aᵀ` for the left factor: the numbers of row i stand in column i of `a`. `turned` has room for
/// four numbers a k.
pub(crate) fn multiply_transposed(
    c: &mut Tile<'_>,
    rows: Range<usize>,
    a: Matrix<'_>,
    panels: Panels<'_>,
    add: bool,
    turned: &mut [f32],
) {
    let len = panels.len();
    for first in rows.clone().step_by(TURNED) {
        let last = (first + TURNED).min(rows.end);
        turn(turned, a.from(0, first - rows.start), last - first, len);
        multiply(c, first..last, Matrix { data: turned, stride: len }, panels, add);
    }
}

/// At most four rows of `c`. Where there are fewer, what stands in the strip's other rows is computed and thrown away:
/// with less than eight sums under way, the processor would wait for them as long.
#[inline(never)]
fn multiply_strip(
    c: &mut Tile<'_>,
    rows: Range<usize>,
    [a0, a1, a2, a3]: [&[f32]; ROWS],
    panels: Panels<'_>,
    add: bool,
) {
    let (columns, (from, to)) = (c.columns, panels.range);
    for (j, column) in (0..columns).step_by(WIDTH).enumerate() {
        let panel = &panels.data[j * panels.depth..][from..to];
        let width = (columns - column).min(WIDTH);
        let mut sums = [[F32x4::zero(); 2]; ROWS];
        if add {
            sums = from_fn(|i| load(&c.row_mut((rows.start + i).min(rows.end - 1))[column..][..width]));
        }
        for ((((b, a0), a1), a2), a3) in panel.iter().zip(a0).zip(a1).zip(a2).zip(a3) {
            let b = [F32x4::load(&b[0]), F32x4::load(&b[1])];
            for (sums, a) in sums.iter_mut().zip([a0, a1, a2, a3]) {
                let a = F32x4::splat(*a);
                *sums = [a.madd(b[0], sums[0]), a.madd(b[1], sums[1])];
            }
        }
        for (i, sums) in sums.into_iter().enumerate() {
            if i < rows.len() {
                store(sums, &mut c.row_mut(rows.start + i)[column..][..width]);
            }
        }
    }
}

/// Up to eight numbers, zeros behind them.
#[inline(always)]
fn load(row: &[f32]) -> [F32x4; 2] {
    let mut eight = [[0.0; 4]; 2];
    match row.as_chunks::<4>().0 {
        [a, b] => eight = [*a, *b],
        _ => eight.as_flattened_mut()[..row.len()].copy_from_slice(row),
    }
    [F32x4::load(&eight[0]), F32x4::load(&eight[1])]
}

/// The first of eight numbers, as many as `row` holds.
#[inline(always)]
fn store([x, y]: [F32x4; 2], row: &mut [f32]) {
    match row.as_chunks_mut::<4>().0 {
        [a, b] => {
            x.store(a);
            y.store(b);
        }
        _ => {
            let eight = [x.to_array(), y.to_array()];
            row.copy_from_slice(&eight.as_flattened()[..row.len()]);
        }
    }
}
