//! Linear attention over packed sequences (RoFormer, eq. 18–19): Σⱼ (aᵢ · bⱼ) vⱼ in time and memory that grow with the length,
//! since Σⱼ bⱼ vⱼᵀ, the state, is a matrix that no query has a say in.
//!
//! Sequences are cut into parts, counted from their begin. The states of parts are made side by side, then summed up in order;
//! a causal part meets its own keys as scores under a diagonal. So work is divided over parts, heads and sequences, and each sum
//! has an order that depends on its own sequence alone: the same bits in any batch, on any number of threads.

mod backward;
mod forward;
mod normalise;
mod single;
mod states;
mod step;

#[cfg(test)]
mod tests;

pub use backward::{linear_attention_backward, scratch_backward};
pub use forward::{linear_attention, scratch};
pub use normalise::{normalise, normalise_backward};
pub use states::state_len;
pub use step::{Token, linear_step};

use core::ops::Range;

use crate::gemm::tile::Matrix;

/// Rows of a part: its scores, half of 128² for each head, cost as much as a state of 64 × 64.
const CAUSAL_PART: usize = 128;
/// Where nothing is hidden there are no scores, and fewer states are better.
const PART: usize = 1024;

/// Queries of a part whose scores are made at once.
const QUERIES: usize = 32;

/// Options of linear attention besides its factors.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    /// Sequence b has queries `query_offsets[b]..query_offsets[b + 1]`: [B + 1].
    pub query_offsets: &'a [u32],
    /// The same for keys and values; the same offsets if `causal`.
    pub key_offsets: &'a [u32],
    /// H.
    pub heads: usize,
    /// Numbers a head of a and b, M.
    pub features: usize,
    /// Numbers a head of v and of the output, D.
    pub head_size: usize,
    /// Whether a query meets no later key.
    pub causal: bool,
    /// Rows of a part: [`part_rows`], or fewer.
    pub part: usize,
    /// For each part of [`causal_parts`] and head the logarithm of what its b is divided by, ascending within a sequence; empty:
    /// nothing. Sums are divided by the factor of the query's part. Causal only.
    pub levels: &'a [f32],
}

/// Some rows of a sequence.
#[derive(Clone, Debug)]
struct Part {
    sequence: usize,
    /// Rows of all sequences.
    rows: Range<usize>,
}

/// Sequences in parts of at most `size` rows; an empty one is a part too.
fn parts(offsets: &[u32], size: usize) -> Vec<Part> {
    let of_sequence = |(sequence, ends): (usize, &[u32])| {
        let (start, end) = (ends[0] as usize, ends[1] as usize);
        (0..(end - start).div_ceil(size).max(1)).map(move |i| {
            let rows = (start + i * size).min(end)..(start + (i + 1) * size).min(end);
            Part { sequence, rows }
        })
    };
    offsets.windows(2).enumerate().flat_map(of_sequence).collect()
}

/// Rows of a part that are the fastest, and the most.
pub fn part_rows(causal: bool) -> usize {
    if causal { CAUSAL_PART } else { PART }
}

/// Rows where the parts of causal attention end, [number of parts]: what levels are given for.
pub fn causal_parts(offsets: &[u32]) -> Vec<u32> {
    parts(offsets, CAUSAL_PART).iter().map(|part| part.rows.end as u32).collect()
}

/// Where the rows of `parts` end, from 0 on.
fn bounds(parts: &[Part]) -> Vec<u32> {
    [0].into_iter().chain(parts.iter().map(|part| part.rows.end as u32)).collect()
}

/// First and last part of each sequence.
fn sequences(parts: &[Part]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = vec![];
    for (at, part) in parts.iter().enumerate() {
        if found.len() <= part.sequence {
            found.push(at..at);
        }
        found[part.sequence].end = at + 1;
    }
    found
}

impl Batch<'_> {
    fn query_parts(&self) -> Vec<Part> {
        parts(self.query_offsets, self.part)
    }

    fn key_parts(&self) -> Vec<Part> {
        parts(self.key_offsets, self.part)
    }

    /// Rows `rows` of head `head` of `x`, [N, H, width].
    fn head<'x>(&self, x: &'x [f32], width: usize, rows: &Range<usize>, head: usize) -> Matrix<'x> {
        Matrix { data: x, stride: self.heads * width }.from(rows.start, head * width)
    }
}
