//! Softmax attention over packed sequences, forward and backward, without a matrix of T × S.
//!
//! Blocks of queries meet blocks of keys, with a running maximum and sum for each query (Dao et al., "FlashAttention",
//! 2022). Only the log-sum-exp is kept for the backward pass. Blocks are counted from the beginning of a sequence, and
//! each sum runs over them in ascending order, however work is divided: a sequence has the same bits alone, in any batch
//! and on any number of threads. But random numbers are counted from the first query of the batch.
//!
//! A query that sees no key at all, or only such as a bias of −∞ hides, gives 0, with a log-sum-exp of −∞, and neither takes
//! nor gives a gradient. What is not finite is passed on to whoever sees it, and to nobody else; a key that a bias of −∞
//! hides is seen in this respect, with the weight 0.

mod backward;
mod bias;
mod forward;
mod mask;
mod pair;

#[cfg(test)]
mod tests;

pub use backward::{attention_backward, scratch_backward};
pub use bias::{bias_backward, scratch_bias};
pub use forward::{attention, scratch};
pub use mask::{Bias, Mask};
pub(crate) use pair::is_finite;

use core::ops::Range;

use crate::dropout::Dropout;
use crate::gemm::tile::{Matrix, WIDTH};
use crate::simd::F32x4;

/// Keys that are packed at once: panels of them fit into a second-level cache, and scratch does not grow with sequences.
const PACKED: usize = 512;

/// Queries, or keys, of an item of work where a sequence is divided. Packing costs as much as a few queries.
const CHUNK: usize = 256;

/// Random numbers that are made at once.
const DRAWN: usize = 32;

/// The arguments of attention besides queries, keys and values.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    /// Sequence b has queries `query_offsets[b]..query_offsets[b + 1]`: [B + 1].
    pub query_offsets: &'a [u32],
    /// The same for keys and values.
    pub key_offsets: &'a [u32],
    /// H.
    pub heads: usize,
    /// D.
    pub head_size: usize,
    /// Who sees whom, and what is added to scores.
    pub mask: Mask<'a>,
    /// Takes away probabilities: block j / 8 of the key, and (row of the query · H + head) as the counter's second word.
    pub dropout: Dropout,
}

/// Some queries and some keys of a sequence, counted from its beginning: what items of work, one a head, are made of.
struct Part {
    sequence: usize,
    queries: Range<usize>,
    keys: Range<usize>,
}

impl<'a> Batch<'a> {
    /// Lengths of sequence `b`: queries, keys.
    fn lengths(self, b: usize) -> [usize; 2] {
        [self.query_offsets, self.key_offsets].map(|offsets| (offsets[b + 1] - offsets[b]) as usize)
    }

    /// Sequences in parts of at most `queries` queries and `keys` keys; one that has none is a part too.
    fn parts(self, queries: usize, keys: usize) -> Vec<Part> {
        let cuts = |len: usize, size: usize| {
            (0..len.div_ceil(size).max(1)).map(move |i| i * size..((i + 1).saturating_mul(size)).min(len))
        };
        let of_sequence = |sequence: usize| {
            let [t, s] = self.lengths(sequence);
            cuts(t, queries).flat_map(move |queries| {
                cuts(s, keys).map(move |keys| Part { sequence, queries: queries.clone(), keys })
            })
        };
        (0..self.query_offsets.len() - 1).flat_map(of_sequence).collect()
    }

    /// Head `head` of sequence `sequence`.
    fn head(self, sequence: usize, head: usize) -> Head<'a> {
        let [t, s] = self.lengths(sequence);
        let first = |offsets: &[u32]| offsets[sequence] as usize;
        let (first_query, first_key) = (first(self.query_offsets), first(self.key_offsets));
        let scale = 1.0 / (self.head_size as f64).sqrt();
        Head { batch: self, sequence, head, t, s, first_query, first_key, scale }
    }
}

/// Multiply-adds that `products` products cost which are as large as the scores of all `parts`, for each of `numbers`.
fn effort(batch: &Batch<'_>, parts: &[Part], products: usize, numbers: usize) -> usize {
    let scores: u64 = parts.iter().map(|part| part.queries.len() as u64 * part.keys.len() as u64).sum();
    let width = (batch.heads * batch.head_size) as u64;
    (scores.saturating_mul(products as u64 * width) / (numbers as u64).max(1)) as usize
}

/// Keys that are packed at once at most.
fn packed(key_offsets: &[u32]) -> usize {
    let longest = key_offsets.windows(2).map(|ends| (ends[1] - ends[0]) as usize).max().unwrap_or(0);
    longest.min(PACKED)
}

/// Row `offsets[sequence]` + `end`, for the end of every part: where tiles of an output end.
fn bounds(offsets: &[u32], parts: &[Part], end: impl Fn(&Part) -> usize) -> Vec<u32> {
    let ends = parts.iter().map(|part| offsets[part.sequence] + end(part) as u32);
    [0].into_iter().chain(ends).collect()
}

/// One head of one sequence.
struct Head<'a> {
    batch: Batch<'a>,
    sequence: usize,
    head: usize,
    t: usize,
    s: usize,
    first_query: usize,
    first_key: usize,
    /// 1 / √D.
    scale: f64,
}

impl Head<'_> {
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

    /// The keys of `keys` that some of `queries` see, from a whole panel on, cut where a multiple of `size` lies.
    fn cut(&self, queries: &Range<usize>, keys: &Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
        let seen = self.seen(queries);
        let start = seen.start.max(keys.start) / WIDTH * WIDTH;
        let end = seen.end.min(keys.end);
        let blocks = start / size..if start < end { end.div_ceil(size) } else { 0 };
        blocks.map(move |i| (i * size).max(start)..((i + 1) * size).min(end))
    }

    /// What the probabilities of query `i` are multiplied by, for 32 keys from `key` on, which is a multiple of 8.
    #[inline(always)]
    fn factors(&self, i: usize, key: usize) -> [F32x4; DRAWN / 4] {
        let query = self.batch.dropout.first() as usize + self.first_query + i;
        let row = query * self.batch.heads + self.head;
        self.batch.dropout.factors((key / 8) as u32, row as u32)
    }
}
