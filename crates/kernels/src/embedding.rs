//! Rows of a table by number.

use crate::elementwise::update_with;
use crate::pool::{Blocks, MOVED, Tiles, parallel_tiles};
use crate::reduce::COLUMN_STRIP;
use crate::simd::F32x4;

const ROWS: usize = 16;

/// `y`, `[N, width]` ← rows `ids` of `table`, `[V, width]`; added to what is there if `accumulate`.
pub fn embedding(y: &mut [f32], table: &[f32], ids: &[u32], width: usize, accumulate: bool) {
    let tiles = Tiles::new(y, width, Blocks::Even(ROWS), Blocks::Even(width.max(1)));
    parallel_tiles([tiles], &mut [], MOVED, |_, [mut tile], _| {
        for i in 0..tile.rows {
            let at = ids[tile.row + i] as usize * width;
            let (y, row) = (tile.row_mut(i), &table[at..at + width]);
            if accumulate {
                update_with(y, row, F32x4::add);
            } else {
                y.copy_from_slice(row);
            }
        }
    });
}

/// Rows `ids` of `dtable`, `[V, width]` += `dy`, `[N, width]`, in the order of the tokens; ids equal to `ignore` add
/// nothing.
pub fn embedding_backward(dtable: &mut [f32], dy: &[f32], ids: &[u32], width: usize, ignore: u32) {
    // A strip of columns an item: every item meets all tokens, in order, and no two write the same number.
    let height = dtable.len().checked_div(width).unwrap_or(0);
    let effort = dy.len().div_ceil(dtable.len().max(1)) * MOVED;
    let tiles = Tiles::new(dtable, width, Blocks::Even(height.max(1)), Blocks::Even(COLUMN_STRIP));
    parallel_tiles([tiles], &mut [], effort, |_, [mut tile], _| {
        let columns = tile.column..tile.column + tile.columns;
        for (id, dy) in ids.iter().zip(dy.chunks_exact(width)) {
            if *id != ignore {
                update_with(tile.row_mut(*id as usize), &dy[columns.clone()], F32x4::add);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_near, numbers, poison};

    const WIDTHS: [usize; 11] = [1, 2, 3, 4, 5, 7, 31, 64, 65, 127, 131];

    #[test]
    fn rows_are_fetched_or_added() {
        for width in WIDTHS {
            for n in [0, 1, 2, 37] {
                let table = numbers(11 * width, 1);
                let ids: Vec<u32> = (0..n).map(|i| i * 7 % 11).collect();
                let mut y = poison(n as usize * width);
                embedding(&mut y, &table, &ids, width, false);
                let want: Vec<f64> =
                    (0..y.len()).map(|i| f64::from(table[ids[i / width] as usize * width + i % width])).collect();
                assert_near(&y, &want, 0.0, "fetched");
                embedding(&mut y, &table, &ids, width, true);
                assert_near(&y, &want.iter().map(|x| 2.0 * x).collect::<Vec<_>>(), 0.0, "added");
            }
        }
    }

    #[test]
    fn gradients_gather_in_their_rows_but_for_the_ignored_id() {
        for width in WIDTHS {
            for n in [0, 1, 2, 500] {
                let (dy, before) = (numbers(n * width, 2), numbers(11 * width, 3));
                let ids: Vec<u32> = (0..n as u32).map(|i| i * i % 11).collect();
                let mut dtable = before.clone();
                embedding_backward(&mut dtable, &dy, &ids, width, 4);
                let mut want: Vec<f64> = before.iter().map(|x| f64::from(*x)).collect();
                for (i, dy) in dy.iter().enumerate().filter(|(i, _)| ids[i / width] != 4) {
                    want[ids[i / width] as usize * width + i % width] += f64::from(*dy);
                }
                assert_near(&dtable, &want, 1e-5, "dtable");
            }
        }
        embedding_backward(&mut [], &[], &[], 0, u32::MAX);
    }
}
