//! Softmax attention over packed sequences, forward and backward, without a matrix of T × S.
//!
//! One item of work is one head of one sequence. Its keys and values are packed once; then blocks of queries meet blocks of
//! keys, with a running maximum and sum for each query (Dao et al., "FlashAttention", 2022). Only the log-sum-exp is kept
//! for the backward pass. Since an item sees its own sequence alone, so do its results, bit for bit; but random numbers
//! are counted from the first query of the batch.
//!
//! A query that sees no key at all gives 0, with a log-sum-exp of −∞, and neither takes nor gives a gradient. What is not
//! finite is passed on; a key that a query does not see has the weight 0 and may still turn it into NaN that way, if the
//! key's value is not finite and lies in the same block.

mod backward;
mod forward;

#[cfg(test)]
mod tests;

pub use backward::{attention_backward, scratch_backward};
pub use forward::{attention, scratch};

use core::ops::Range;

use crate::dropout::Dropout;
use crate::gemm::tile::{Matrix, WIDTH};
use crate::simd::F32x4;

/// Queries of a block.
const QUERIES: usize = 32;

/// Keys of a block: with 32 queries 16 KiB of scores, half of a first-level cache.
const KEYS: usize = 128;

/// Random numbers that are made at once.
const DRAWN: usize = 32;

/// What is common to all items.
#[derive(Clone, Copy)]
struct Batch<'a> {
    query_offsets: &'a [u32],
    key_offsets: &'a [u32],
    heads: usize,
    head_size: usize,
    causal: bool,
    window: usize,
    dropout: Dropout,
}

impl<'a> Batch<'a> {
    /// Multiply-adds that `products` products of a score's size cost, for a number of the output.
    fn effort(self, products: usize) -> usize {
        let ends = self.query_offsets.windows(2).zip(self.key_offsets.windows(2));
        let scores: usize = ends.map(|(t, s)| (t[1] - t[0]) as usize * (s[1] - s[0]) as usize).sum();
        products * scores / (*self.query_offsets.last().unwrap_or(&0) as usize).max(1)
    }

    /// Head `item % H` of sequence `item / H`.
    fn head(self, item: usize) -> Head<'a> {
        let (sequence, head) = (item / self.heads, item % self.heads);
        let ends = |offsets: &[u32]| offsets[sequence] as usize..offsets[sequence + 1] as usize;
        let (queries, keys) = (ends(self.query_offsets), ends(self.key_offsets));
        Head { batch: self, head, t: queries.len(), s: keys.len(), first_query: queries.start, first_key: keys.start }
    }
}

/// One head of one sequence.
struct Head<'a> {
    batch: Batch<'a>,
    head: usize,
    t: usize,
    s: usize,
    first_query: usize,
    first_key: usize,
}

impl Head<'_> {
    /// 1 / √D.
    fn scale(&self) -> f32 {
        (1.0 / (self.batch.head_size as f64).sqrt()) as f32
    }

    /// This head's rows of `x`, [N, H, D], from row `first` on.
    fn rows<'x>(&self, x: &'x [f32], first: usize) -> Matrix<'x> {
        let size = self.batch.head_size;
        Matrix { data: x, stride: self.batch.heads * size }.from(first, self.head * size)
    }

    fn queries<'x>(&self, x: &'x [f32]) -> Matrix<'x> {
        self.rows(x, self.first_query)
    }

    fn keys<'x>(&self, x: &'x [f32]) -> Matrix<'x> {
        self.rows(x, self.first_key)
    }

    /// Keys that query `i` sees; neither end falls as `i` grows.
    fn visible(&self, i: usize) -> Range<usize> {
        let Batch { causal, window, .. } = self.batch;
        // One more than the position of the query among the keys: it may lie before the first.
        let after = if causal { (i + 1 + self.s).saturating_sub(self.t) } else { i + 1 };
        let start = if window == 0 { 0 } else { after.saturating_sub(window.saturating_add(1)) };
        let end = match (causal, window) {
            (true, _) => after,
            (false, 0) => self.s,
            (false, _) => after.saturating_add(window),
        };
        let end = end.min(self.s);
        start.min(end)..end
    }

    /// Blocks of keys that some of `queries` see; each begins with a panel.
    fn blocks(&self, queries: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let start = self.visible(queries.start).start / WIDTH * WIDTH;
        let end = self.visible(queries.end - 1).end;
        (start..end).step_by(KEYS).map(move |at| at..(at + KEYS).min(end))
    }

    /// What the probabilities of query `i` are multiplied by, for 32 keys from `key` on, which is a multiple of 8.
    #[inline(always)]
    fn factors(&self, i: usize, key: usize) -> [F32x4; DRAWN / 4] {
        let row = (self.first_query + i) * self.batch.heads + self.head;
        self.batch.dropout.factors((key / 8) as u32, row as u32)
    }
}

/// Fills the numbers of a block's row that belong to keys outside of `visible`, or to no key.
fn hide(row: &mut [f32], block: &Range<usize>, visible: &Range<usize>, fill: f32) {
    let inside = |key: usize| key.clamp(block.start, block.end) - block.start;
    row[..inside(visible.start)].fill(fill);
    row[inside(visible.end)..].fill(fill);
}

/// Numbers of the longest sequence.
fn longest(offsets: &[u32]) -> usize {
    offsets.windows(2).map(|ends| (ends[1] - ends[0]) as usize).max().unwrap_or(0)
}
