//! How work is divided: by tiles of the *outputs*, which are disjoint by construction, so that kernels stay safe code.
//!
//! The number of threads changes who computes an item, never what is computed.

pub mod team;

use core::marker::PhantomData;
use core::slice;

pub use team::threads;

/// About how many multiply-adds a number costs that is loaded, added or multiplied, and stored.
pub const MOVED: usize = 4;

/// The same for a function that is a polynomial or two, or for a random number.
pub const CURVE: usize = 32;

/// Where one block of rows or columns ends and the next begins.
#[derive(Clone, Copy)]
pub enum Blocks<'a> {
    /// `size` each, the last one what is left.
    Even(usize),
    /// `size` each within every `height`, of which there is a whole number: no block lies in two parts.
    Parts {
        /// Rows of a part.
        height: usize,
        /// Rows of a block.
        size: usize,
    },
    /// Block i is `bounds[i]..bounds[i + 1]`: ascending, from 0 to the end, as the offsets of packed sequences are.
    Bounds(&'a [u32]),
}

impl Blocks<'_> {
    fn count(self, total: usize) -> usize {
        match self {
            Blocks::Even(size) => total.div_ceil(size),
            Blocks::Parts { height, size } => total / height * height.div_ceil(size),
            Blocks::Bounds(bounds) => bounds.len() - 1,
        }
    }

    fn range(self, i: usize, total: usize) -> (usize, usize) {
        match self {
            Blocks::Even(size) => (i * size, ((i + 1) * size).min(total)),
            Blocks::Parts { height, size } => {
                let (part, i) = (i / height.div_ceil(size), i % height.div_ceil(size));
                (part * height + i * size, part * height + ((i + 1) * size).min(height))
            }
            Blocks::Bounds(bounds) => (bounds[i] as usize, bounds[i + 1] as usize),
        }
    }

    fn check(self, total: usize) {
        match self {
            Blocks::Even(size) => assert!(size > 0, "blocks of size 0"),
            Blocks::Parts { height, size } => {
                assert!(
                    size > 0 && height > 0 && total.is_multiple_of(height),
                    "{total} rows do not add up to {height}"
                );
            }
            Blocks::Bounds(bounds) => {
                assert!(bounds.is_sorted() && bounds.first() == Some(&0) && bounds.last() == Some(&(total as u32)));
            }
        }
    }
}

/// A row-major matrix cut into blocks of rows times blocks of columns, to be written by different items.
pub struct Tiles<'a> {
    data: *mut f32,
    width: usize,
    height: usize,
    rows: Blocks<'a>,
    columns: Blocks<'a>,
    matrix: PhantomData<&'a mut [f32]>,
}

// SAFETY: a tile is handed to one item alone, and items' tiles are disjoint (see `Tiles::tile`).
unsafe impl Sync for Tiles<'_> {}

impl<'a> Tiles<'a> {
    /// `data` is `[height, width]`; an empty slice is an unused output, whose tiles are all empty.
    pub fn new(data: &'a mut [f32], width: usize, rows: Blocks<'a>, columns: Blocks<'a>) -> Self {
        let height = data.len().checked_div(width).unwrap_or(0);
        assert!(height * width == data.len(), "{} numbers are not rows of {width}", data.len());
        if height > 0 {
            rows.check(height);
            columns.check(width);
        }
        Self { data: data.as_mut_ptr(), width, height, rows, columns, matrix: PhantomData }
    }

    /// Number of tiles: item `i` gets rows' block `i / columns` and columns' block `i % columns`.
    pub fn count(&self) -> usize {
        if self.height == 0 { 0 } else { self.rows.count(self.height) * self.columns.count(self.width) }
    }

    /// SAFETY: each `item` may be asked for once at a time.
    unsafe fn tile(&self, item: usize) -> Tile<'_> {
        if self.height == 0 {
            return Tile { data: self.data, stride: 0, row: 0, rows: 0, column: 0, columns: 0, matrix: PhantomData };
        }
        let across = self.columns.count(self.width);
        let (row, row_end) = self.rows.range(item / across, self.height);
        let (column, column_end) = self.columns.range(item % across, self.width);
        assert!(row_end <= self.height && column_end <= self.width, "tile {item} lies outside");
        // SAFETY: the tile begins inside the matrix, or at its end if it is empty.
        let data = unsafe { self.data.add((row * self.width + column).min(self.height * self.width)) };
        Tile {
            data,
            stride: self.width,
            row,
            rows: row_end - row,
            column,
            columns: column_end - column,
            matrix: PhantomData,
        }
    }
}

/// One block of a matrix, which one item may write.
pub struct Tile<'a> {
    data: *mut f32,
    stride: usize,
    /// Index of the first row in the matrix.
    pub row: usize,
    /// Number of rows.
    pub rows: usize,
    /// Index of the first column in the matrix.
    pub column: usize,
    /// Number of columns.
    pub columns: usize,
    matrix: PhantomData<&'a mut [f32]>,
}

impl<'a> Tile<'a> {
    /// All of `data`, `[rows, width]`, as one tile.
    pub fn whole(data: &'a mut [f32], width: usize) -> Self {
        let rows = data.len().checked_div(width).unwrap_or(0);
        assert!(rows * width == data.len(), "{} numbers are not rows of {width}", data.len());
        Self { data: data.as_mut_ptr(), stride: width, row: 0, rows, column: 0, columns: width, matrix: PhantomData }
    }

    /// Row `i` of the tile, counted from its own first row.
    #[inline(always)]
    pub fn row_mut(&mut self, i: usize) -> &mut [f32] {
        assert!(i < self.rows);
        // SAFETY: the row lies inside the matrix, and no other tile holds any of it.
        unsafe { slice::from_raw_parts_mut(self.data.add(i * self.stride), self.columns) }
    }

    /// The rows as one slice, where the tile is as wide as the matrix.
    #[inline(always)]
    pub fn as_slice_mut(&mut self) -> &mut [f32] {
        assert!(self.columns == self.stride || self.rows <= 1);
        // SAFETY: the rows lie end to end inside the matrix, and no other tile holds any of them.
        unsafe { slice::from_raw_parts_mut(self.data, self.rows * self.columns) }
    }
}

/// Scratch memory, shared by pointer: each thread uses its own part.
struct Scratch<'a> {
    data: *mut f32,
    part: usize,
    numbers: PhantomData<&'a mut [f32]>,
}

// SAFETY: a thread sees its own part alone (see `Scratch::part`).
unsafe impl Sync for Scratch<'_> {}

impl<'a> Scratch<'a> {
    fn new(scratch: &'a mut [f32]) -> Self {
        Self { data: scratch.as_mut_ptr(), part: scratch.len() / threads(), numbers: PhantomData }
    }

    /// SAFETY: each `thread`, which is below `threads()`, may hold its part once at a time.
    #[allow(clippy::mut_from_ref)]
    unsafe fn part(&self, thread: usize) -> &mut [f32] {
        // SAFETY: the parts lie side by side in the slice that this was made from.
        unsafe { slice::from_raw_parts_mut(self.data.add(thread * self.part), self.part) }
    }
}

/// Runs `body(item, tiles, scratch)` for every item, each with its own tile of every output. Outputs that are not empty
/// have the same number of tiles. `scratch` is divided evenly among the threads; its content is whatever was left there.
/// `effort`: about how many multiply-adds a number of the largest output costs ([`MOVED`], [`CURVE`], or a sum's length); work
/// that is too small is not divided.
pub fn parallel_tiles<const OUTPUTS: usize>(
    outputs: [Tiles<'_>; OUTPUTS],
    scratch: &mut [f32],
    effort: usize,
    body: impl Fn(usize, [Tile<'_>; OUTPUTS], &mut [f32]) + Sync,
) {
    let items = outputs.iter().map(Tiles::count).max().unwrap_or(0);
    assert!(outputs.iter().all(|output| output.height == 0 || output.count() == items));
    let numbers = outputs.iter().map(|output| output.height * output.width).max().unwrap_or(0);
    let scratch = Scratch::new(scratch);
    team::fork(items, numbers.saturating_mul(effort), &|item, thread| {
        // SAFETY: every item runs once, and tiles of different items are disjoint: blocks are ascending (`check`). A
        // thread runs one item at a time.
        let tiles = core::array::from_fn(|i| unsafe { outputs[i].tile(item) });
        body(item, tiles, unsafe { scratch.part(thread) });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_belongs_to_one_tile() {
        for (height, width, row_step, column_step) in [(7, 5, 3, 2), (1, 1, 4, 4), (4, 6, 4, 3), (5, 3, 1, 7)] {
            let mut data = vec![0.0; height * width];
            let tiles = Tiles::new(&mut data, width, Blocks::Even(row_step), Blocks::Even(column_step));
            parallel_tiles([tiles], &mut [], MOVED, |item, [mut tile], _| {
                for i in 0..tile.rows {
                    tile.row_mut(i).iter_mut().for_each(|x| *x += 1.0 + item as f32);
                }
            });
            let across = width.div_ceil(column_step);
            for (at, x) in data.iter().enumerate() {
                let item = at / width / row_step * across + at % width / column_step;
                assert_eq!(*x, 1.0 + item as f32, "{height}x{width} at {at}");
            }
        }
    }

    #[test]
    fn sequences_may_be_empty() {
        let mut data = vec![0.0; 10];
        let bounds = [0, 2, 2, 5];
        let mut empty = [];
        let outputs = [
            Tiles::new(&mut data, 2, Blocks::Bounds(&bounds), Blocks::Even(1)),
            Tiles::new(&mut empty, 2, Blocks::Bounds(&bounds), Blocks::Even(1)),
        ];
        parallel_tiles(outputs, &mut [], MOVED, |_, [mut tile, none], _| {
            assert_eq!(none.rows, 0);
            for i in 0..tile.rows {
                tile.row_mut(i)[0] += 1.0;
            }
        });
        assert_eq!(data, [1.0; 10]);
    }

    #[test]
    #[should_panic]
    fn offsets_that_overlap_are_refused() {
        Tiles::new(&mut [0.0; 4], 1, Blocks::Bounds(&[0, 3, 2, 4]), Blocks::Even(1));
    }
}
