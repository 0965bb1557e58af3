//! Subtracted before exponentials to avoid overflow: it cancels in a quotient of sums, except for what is added to these.

use crate::linear_attention::causal_parts;
use crate::pool::{Blocks, MOVED, Tiles, parallel_tiles};

/// Rows of an item of work.
const ROWS: usize = 64;

/// `top`, [R] ← the largest number of each row of `x`, [R, width].
pub fn row_max(top: &mut [f32], x: &[f32], width: usize) {
    let tiles = Tiles::new(top, 1, Blocks::Even(ROWS), Blocks::Even(1));
    parallel_tiles([tiles], &mut [], width.max(MOVED), |_, [mut tile], _| {
        for i in 0..tile.rows {
            let at = tile.row + i;
            tile.row_mut(i)[0] = crate::reduce::row_max(&x[at * width..(at + 1) * width]);
        }
    });
}

/// The least that is added to a denominator: where all features of a row vanish beside those of a later key of its part, the
/// row gives 0 and gradients that are finite, not 0 / 0.
const LEAST: f32 = 1e-30;

/// Where [`stabilise`] writes.
pub struct Stabilisers<'a> {
    /// [N, H]: what is taken off each row of keys.
    pub shift: &'a mut [f32],
    /// [parts, H] for the parts of causal attention: the logarithm of what each part's features are divided by. Empty: every row of
    /// a sequence has the same shift.
    pub levels: &'a mut [f32],
    /// [N, H]: what has to be added to a query's denominator in the place of `epsilon`, where `levels` are wanted.
    pub epsilons: &'a mut [f32],
}

/// From the largest exponents `top`, [N, H], of packed sequences' keys: without levels, the maximum of each sequence and head. With
/// levels, the running maximum at the end of each part; and since a query knows the maximum up to itself alone, which is less, its
/// ε times e^(that − the part's): so sums are those of a recurrence that rescales its state, and no later key has a say.
pub fn stabilise(to: Stabilisers<'_>, top: &[f32], offsets: &[u32], heads: usize, epsilon: f32) {
    let ends = if to.levels.is_empty() { vec![] } else { causal_parts(offsets) };
    for head in 0..heads {
        let at = |row: usize| row * heads + head;
        let mut part = 0;
        for rows in offsets.windows(2) {
            let (start, end) = (rows[0] as usize, rows[1] as usize);
            if ends.is_empty() {
                let most = (start..end).fold(f32::NEG_INFINITY, |most, row| most.max(top[at(row)]));
                (start..end).for_each(|row| to.shift[at(row)] = most);
                continue;
            }
            let (mut first, mut most) = (start, f32::NEG_INFINITY);
            loop {
                let last = ends[part] as usize;
                let level = (first..last).fold(most, |most, row| most.max(top[at(row)]));
                for row in first..last {
                    most = most.max(top[at(row)]);
                    to.shift[at(row)] = level;
                    to.epsilons[at(row)] = (epsilon * (most - level).exp()).max(LEAST);
                }
                to.levels[part * heads + head] = level;
                (first, part) = (last, part + 1);
                if last == end {
                    break;
                }
            }
        }
    }
}
