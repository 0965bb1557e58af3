//! The micro-kernel: 4 rows × 8 columns of a product stay in eight vectors while k runs over its whole range; 6 rows where
//! there are registers for them.
//!
//! The loop over k is not unrolled here and stands inside the loop over panels of one function: V8 then unrolls it by
//! itself and keeps the exit tests between the copies, without which its register allocator spills. The rows of the left
//! factor are read from four pointers: of numbers that lie side by side, LLVM would make a load and four shuffles.

use core::array::from_fn;
use core::ops::Range;

use super::pack::turn;
use crate::pool::Tile;
use crate::simd::F32x4;

/// What sums begin with, and lose at their end: so no step of one is a denormal number, for which Intel's processors take over a
/// hundred cycles. Sums above 2⁻⁷⁶ have the same bits as without; below, they are exact to 2⁻¹²⁴.
const TINY: f32 = f32::from_bits(0x0D80_0000);

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

    /// Panels `first`, `first + 1`, …; the last one that `columns` columns have stands for those behind it.
    #[inline(always)]
    fn neighbours<const COUNT: usize>(&self, first: usize, columns: usize) -> [&'a [Eight]; COUNT] {
        let last = columns.div_ceil(WIDTH) - 1;
        from_fn(|i| &self.data[(first + i).min(last) * self.depth..][self.range.0..self.range.1])
    }
}

/// Rows `rows` of `c`, all its columns, ← (or += if `add`) `a` · `panels`; row 0 of `a` belongs to the first of `rows`.
///
/// Each number is (((start + 2⁻¹⁰⁰) + a₀b₀) + a₁b₁) + … − 2⁻¹⁰⁰, k ascending in one lane, where start is 0 or what was there:
/// it depends on nothing but its own row, its own column and the length of the sum, and ranges of k may be added one after
/// the other.
pub(crate) fn multiply(c: &mut Tile<'_>, rows: Range<usize>, a: Matrix<'_>, panels: Panels<'_>, add: bool) {
    let (len, together) = (panels.len(), if has_many_registers() { 6 } else { 4 });
    for at in rows.clone().step_by(together) {
        let count = (rows.end - at).min(together);
        let row = |i: usize| a.row(at - rows.start + i.min(count - 1), 0, len);
        match count {
            1 => multiply_row(c, at, row(0), panels, add),
            2 => multiply_pair(c, at, [row(0), row(1)], panels, add),
            3 | 4 => multiply_four(c, at..at + count, from_fn(row), panels, add),
            _ => multiply_six(c, at..at + count, from_fn(row), panels, add),
        }
    }
}

/// Whether this is a processor with 32 vector registers (ARM) rather than 16 (x86): x86 makes a NaN of its own with the sign
/// set, others without. Only speed depends on it.
#[inline(always)]
fn has_many_registers() -> bool {
    let [a, b] = core::hint::black_box([f32::INFINITY; 2]);
    (a - b).is_sign_positive()
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

/// A function that computes up to as many rows of `c` as it has names for them, at least two fewer. What stands in the rows
/// beyond is computed and thrown away.
macro_rules! strip {
    ($name:ident, $rows:literal, $first:ident $($rest:ident)*) => {
        #[inline(never)]
        fn $name(
            c: &mut Tile<'_>,
            rows: Range<usize>,
            [$first $(, $rest)*]: [&[f32]; $rows],
            panels: Panels<'_>,
            add: bool,
        ) {
            let (columns, (from, to)) = (c.columns, panels.range);
            for (j, column) in (0..columns).step_by(WIDTH).enumerate() {
                let panel = &panels.data[j * panels.depth..][from..to];
                let width = (columns - column).min(WIDTH);
                let mut sums = [[F32x4::splat(TINY); 2]; $rows];
                if add {
                    sums = from_fn(|i| load(&c.row_mut((rows.start + i).min(rows.end - 1))[column..][..width]));
                }
                strip!(@ panel.iter().zip($first), (b, $first), b, sums, [$first $($rest)*], $($rest)*);
                for (i, sums) in sums.into_iter().enumerate() {
                    if i < rows.len() {
                        store(sums, &mut c.row_mut(rows.start + i)[column..][..width]);
                    }
                }
            }
        }
    };
    // The panel zipped with every row: iterators that need no test of bounds.
    (@ $zipped:expr, $pattern:pat, $b:ident, $sums:ident, $all:tt, $next:ident $($rest:ident)*) => {
        strip!(@ $zipped.zip($next), ($pattern, $next), $b, $sums, $all, $($rest)*)
    };
    (@ $zipped:expr, $pattern:pat, $b:ident, $sums:ident, [$($a:ident)*],) => {
        for $pattern in $zipped {
            let b = [F32x4::load(&$b[0]), F32x4::load(&$b[1])];
            for (sums, a) in $sums.iter_mut().zip([$($a),*]) {
                let a = F32x4::splat(*a);
                *sums = [a.madd(b[0], sums[0]), a.madd(b[1], sums[1])];
            }
        }
    };
}

strip!(multiply_four, 4, a0 a1 a2 a3);
strip!(multiply_six, 6, a0 a1 a2 a3 a4 a5);

/// Two rows of `c`, two panels at a time: as many sums under way as four rows of one panel have.
#[inline(never)]
fn multiply_pair(c: &mut Tile<'_>, row: usize, [a0, a1]: [&[f32]; 2], panels: Panels<'_>, add: bool) {
    for first in (0..c.columns.div_ceil(WIDTH)).step_by(2) {
        let ([p0, p1], mut sums) = (panels.neighbours(first, c.columns), [[[F32x4::splat(TINY); 2]; 2]; 2]);
        if add {
            sums = from_fn(|i| from_fn(|j| load(run(c, row + i, first + j))));
        }
        for (((b0, b1), a0), a1) in p0.iter().zip(p1).zip(a0).zip(a1) {
            let b = [b0, b1].map(|b| [F32x4::load(&b[0]), F32x4::load(&b[1])]);
            for (sums, a) in sums.iter_mut().zip([a0, a1]) {
                let a = F32x4::splat(*a);
                *sums = from_fn(|j| [a.madd(b[j][0], sums[j][0]), a.madd(b[j][1], sums[j][1])]);
            }
        }
        for (i, sums) in sums.into_iter().enumerate() {
            for (j, sum) in sums.into_iter().enumerate() {
                store(sum, run(c, row + i, first + j));
            }
        }
    }
}

/// One row of `c`, four panels at a time.
#[inline(never)]
fn multiply_row(c: &mut Tile<'_>, row: usize, a: &[f32], panels: Panels<'_>, add: bool) {
    for first in (0..c.columns.div_ceil(WIDTH)).step_by(4) {
        let ([p0, p1, p2, p3], mut sums) = (panels.neighbours(first, c.columns), [[F32x4::splat(TINY); 2]; 4]);
        if add {
            sums = from_fn(|j| load(run(c, row, first + j)));
        }
        for ((((a, b0), b1), b2), b3) in a.iter().zip(p0).zip(p1).zip(p2).zip(p3) {
            let a = F32x4::splat(*a);
            for (sum, b) in sums.iter_mut().zip([b0, b1, b2, b3]) {
                *sum = [a.madd(F32x4::load(&b[0]), sum[0]), a.madd(F32x4::load(&b[1]), sum[1])];
            }
        }
        for (j, sum) in sums.into_iter().enumerate() {
            store(sum, run(c, row, first + j));
        }
    }
}

/// The numbers of a row that belong to panel `j`: none beyond the last.
#[inline(always)]
fn run<'a>(c: &'a mut Tile<'_>, row: usize, j: usize) -> &'a mut [f32] {
    let columns = c.columns;
    let column = (j * WIDTH).min(columns);
    &mut c.row_mut(row)[column..(column + WIDTH).min(columns)]
}

/// The begin of sums that go on from up to eight numbers.
#[inline(always)]
fn load(row: &[f32]) -> [F32x4; 2] {
    let mut eight = [[0.0; 4]; 2];
    match row.as_chunks::<4>().0 {
        [a, b] => eight = [*a, *b],
        _ => eight.as_flattened_mut()[..row.len()].copy_from_slice(row),
    }
    [F32x4::load(&eight[0]), F32x4::load(&eight[1])].map(|x| x.add(F32x4::splat(TINY)))
}

/// The first of eight sums, as many as `row` holds.
#[inline(always)]
fn store(sums: [F32x4; 2], row: &mut [f32]) {
    // A sum that cancels has lost what it began with: it is 0.
    let [x, y] = sums.map(|x| x.sub(F32x4::splat(TINY)).zero_with(x));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gemm::pack::{pack, panels_len};
    use crate::testing::numbers;

    #[test]
    fn rows_have_the_same_bits_however_many_are_computed_together() {
        for (n, k) in [(1, 1), (8, 7), (13, 64), (40, 31), (70, 5)] {
            let (a, b, before) = (numbers(6 * k, 1), numbers(k * n, 2), numbers(6 * n, 3));
            let mut packed = vec![0.0; panels_len(n, k)];
            pack(&mut packed, Matrix { data: &b, stride: n }, 0..k, 0..n);
            let (panels, row) = (Panels::new(&packed, k), |i: usize| &a[i * k..(i + 1) * k]);
            for add in [false, true] {
                let [mut six, mut four, mut pair, mut one] = [(); 4].map(|()| before.clone());
                multiply_six(&mut Tile::whole(&mut six, n), 0..6, from_fn(row), panels, add);
                multiply_four(&mut Tile::whole(&mut four, n), 0..4, from_fn(row), panels, add);
                multiply_four(&mut Tile::whole(&mut four, n), 4..6, from_fn(|i| row(4 + i % 2)), panels, add);
                for i in 0..3 {
                    multiply_pair(&mut Tile::whole(&mut pair, n), 2 * i, [row(2 * i), row(2 * i + 1)], panels, add);
                }
                for i in 0..6 {
                    multiply_row(&mut Tile::whole(&mut one, n), i, row(i), panels, add);
                }
                for other in [four, pair, one] {
                    assert_eq!(other, six, "{n} columns of {k}, add {add}");
                }
            }
        }
    }
}
