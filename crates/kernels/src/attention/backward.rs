use core::ops::Range;

use super::pair::{Given, KEYS, Keys, QUERIES, Queries, compare, is_finite};
use super::{Batch, CHUNK, Head, PACKED, Part, bounds, effort, packed};
use crate::gemm::pack::{pack, panels_len};
use crate::gemm::tile::{Matrix, Panels, TURNED, multiply, multiply_transposed};
use crate::pool::{Blocks, Tile, Tiles, parallel_tiles, threads};

/// Numbers of scratch that [`attention_backward`] needs.
pub fn scratch_backward(key_offsets: &[u32], head_size: usize) -> usize {
    let keys = Keys::scratch(key_offsets, head_size) + panels_len(head_size, packed(key_offsets));
    threads() * (keys + scratch_block(head_size))
}

/// Numbers of scratch for a block of queries.
fn scratch_block(head_size: usize) -> usize {
    2 * panels_len(head_size, QUERIES) + 2 * QUERIES * KEYS + QUERIES * TURNED
}

/// `dq`, `dk`, `dv` ← the gradients of what [`super::attention`] made of q, k, v, given `dout` and its results `out` and
/// `lse`.
///
/// Shapes are those of q, k and v. `scratch` is [`scratch_backward`] numbers.
///
/// With P = exp(q · kᵀ / √D + biases − lse), P′ = P · mask / (1 − rate): dv = P′ᵀ · dout, and dS = P ∘ (dout · vᵀ · mask /
/// (1 − rate) − Σ dout ∘ out) / √D gives dq = dS · k, dk = dSᵀ · q.
pub fn attention_backward(
    dq: &mut [f32],
    dk: &mut [f32],
    dv: &mut [f32],
    dout: &[f32],
    out: &[f32],
    lse: &[f32],
    q: &[f32],
    k: &[f32],
    v: &[f32],
    batch: &Batch<'_>,
    scratch: &mut [f32],
) {
    let given = Given { dout, out, lse, q, k, v };
    let whole = batch.parts(usize::MAX, usize::MAX);
    if is_worth_dividing(&whole, batch.heads, threads()) {
        in_two_passes([dq, dk, dv], &given, batch, scratch);
    } else {
        go_back([dq, dk, dv], &whole, 5, &given, batch, scratch);
    }
}

/// The gradients of chunks of queries, then those of chunks of keys: 3 + 4 products instead of 5.
pub(super) fn in_two_passes([dq, dk, dv]: [&mut [f32]; 3], given: &Given<'_>, batch: &Batch<'_>, scratch: &mut [f32]) {
    go_back([dq, &mut [], &mut []], &batch.parts(CHUNK, usize::MAX), 3, given, batch, scratch);
    go_back([&mut [], dk, dv], &batch.parts(usize::MAX, CHUNK), 4, given, batch, scratch);
}

/// Whether two passes end sooner than one over whole sequences, in which threads would wait for the longest. The bits
/// are the same.
pub(super) fn is_worth_dividing(sequences: &[Part], heads: usize, threads: usize) -> bool {
    let scores = sequences.iter().map(|part| part.queries.len() as u64 * part.keys.len() as u64);
    let (longest, all) = scores.fold((0, 0), |(longest, all), scores| (scores.max(longest), all + scores));
    5 * longest * threads as u64 > 7 * all * heads as u64
}

/// The gradients of all `parts`; an empty one is not asked for.
fn go_back(
    [dq, dk, dv]: [&mut [f32]; 3],
    parts: &[Part],
    products: usize,
    given: &Given<'_>,
    batch: &Batch<'_>,
    scratch: &mut [f32],
) {
    let Batch { heads, head_size, .. } = *batch;
    let effort = effort(batch, parts, products, dq.len().max(dk.len()));
    let queries = bounds(batch.query_offsets, parts, |part| part.queries.end);
    let keys = bounds(batch.key_offsets, parts, |part| part.keys.end);
    let outputs = [(dq, &queries), (dk, &keys), (dv, &keys)]
        .map(|(x, bounds)| Tiles::new(x, heads * head_size, Blocks::Bounds(bounds), Blocks::Even(head_size)));
    parallel_tiles(outputs, scratch, effort, |item, mut tiles, scratch| {
        for tile in &mut tiles {
            (0..tile.rows).for_each(|i| tile.row_mut(i).fill(0.0));
        }
        let part = &parts[item / heads];
        if !part.queries.is_empty() && !part.keys.is_empty() {
            let head = batch.head(part.sequence, item % heads);
            Item { head: &head, part, given }.go_back(tiles.each_mut(), scratch);
        }
    });
}

/// One head of a part.
struct Item<'a> {
    head: &'a Head<'a>,
    part: &'a Part,
    given: &'a Given<'a>,
}

/// What a block of queries and a block of keys give each other.
struct Pair<'a> {
    weights: Matrix<'a>,
    slopes: Matrix<'a>,
    /// Right factors: rows of the keys, of the queries, and of `dout`.
    rows: [Panels<'a>; 3],
    /// Where the block begins in `dq`, and in `dk` and `dv`.
    places: [usize; 2],
    /// Room for columns that become rows.
    strip: &'a mut [f32],
}

impl Item<'_> {
    fn go_back(&self, mut tiles: [&mut Tile<'_>; 3], scratch: &mut [f32]) {
        let Self { head, part, given } = *self;
        let size = head.batch.head_size;
        let (block, scratch) = scratch.split_at_mut(scratch_block(size));
        for range in head.cut(&part.queries, &part.keys, PACKED) {
            let (rows, packed) = scratch.split_at_mut(panels_len(size, range.len()));
            pack(rows, head.keys(given.k), range.clone(), 0..size);
            let rows = Panels::new(rows, range.len());
            let keys = Keys::pack(head, range.clone(), given, packed);
            for first in part.queries.clone().step_by(QUERIES) {
                let queries = first..(first + QUERIES).min(part.queries.end);
                if head.cut(&queries, &range, KEYS).next().is_some() {
                    self.meet(queries, &keys, rows, &mut tiles, block);
                }
            }
        }
    }

    /// One block of queries, and the keys of it that are packed.
    fn meet(
        &self,
        range: Range<usize>,
        keys: &Keys<'_>,
        key_rows: Panels<'_>,
        tiles: &mut [&mut Tile<'_>; 3],
        scratch: &mut [f32],
    ) {
        let Self { head, part, given } = *self;
        let (count, size) = (range.len(), head.batch.head_size);
        let queries = Queries::new(head, range.clone(), given);
        let (q, rest) = scratch.split_at_mut(panels_len(size, count));
        let (dout, rest) = rest.split_at_mut(panels_len(size, count));
        let (strip, rest) = rest.split_at_mut(QUERIES * TURNED);
        let (weights, slopes) = rest.split_at_mut(QUERIES * KEYS);
        pack(q, queries.q, 0..count, 0..size);
        pack(dout, queries.dout, 0..count, 0..size);
        let (q, dout) = (Panels::new(q, count), Panels::new(dout, count));
        // A hidden pair weighs 0, which NaN · 0 is not.
        let harmless = !head.hides() || [key_rows, q, dout].iter().all(is_finite);
        for block in head.cut(&range, &keys.range, KEYS) {
            let [weights, slopes] = compare(head, &queries, keys, &block, head.scale as f32, [weights, slopes]);
            let rows = [key_rows.part(keys.within(&block)), q, dout];
            let places = [range.start - part.queries.start, block.start - part.keys.start];
            let mut pair = Pair { weights, slopes, rows, places, strip };
            if harmless {
                pair.add(tiles, 0..count, 0..block.len());
                continue;
            }
            for at in 0..count {
                let visible = head.visible(range.start + at);
                let (start, end) = (visible.start.max(block.start), visible.end.min(block.end));
                if start < end {
                    pair.add(tiles, at..at + 1, start - block.start..end - block.start);
                }
            }
        }
    }
}

impl Pair<'_> {
    /// What the block's queries `queries` and keys `keys` add to their gradients, to those that are asked for.
    fn add(&mut self, [dq, dk, dv]: &mut [&mut Tile<'_>; 3], queries: Range<usize>, keys: Range<usize>) {
        let Self { places: [query, key], rows: [key_rows, q, dout], .. } = *self;
        let [weights, slopes] = [self.weights, self.slopes].map(|x| x.from(queries.start, keys.start));
        let shift = |range: &Range<usize>, by: usize| range.start + by..range.end + by;
        if dq.rows > 0 {
            let packed = shift(&keys, key_rows.range.0);
            multiply(dq, shift(&queries, query), slopes, key_rows.part(packed), true);
        }
        if dk.rows > 0 {
            let keys = shift(&keys, key);
            multiply_transposed(dv, keys.clone(), weights, dout.part(queries.clone()), true, self.strip);
            multiply_transposed(dk, keys, slopes, q.part(queries), true, self.strip);
        }
    }
}
