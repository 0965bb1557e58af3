use core::f64::consts::LN_2;
use core::ops::Range;

use super::mask::hide;
use super::pair::is_finite;
use super::{Batch, CHUNK, DRAWN, Head, PACKED, bounds, effort, packed};
use crate::elementwise::update;
use crate::exp::exp2;
use crate::gemm::pack::{pack, pack_transposed, panels_len};
use crate::gemm::tile::{Matrix, Panels, WIDTH, multiply};
use crate::pool::{Blocks, Tile, Tiles, parallel_tiles, threads};
use crate::simd::F32x4;

/// Queries of a block and keys of a block: 16 KiB of scores, half of a first-level cache. Each block of keys costs a look
/// at every sum under way, so rather many keys.
const QUERIES: usize = 16;
const KEYS: usize = 256;

/// Numbers of scratch that [`attention`] needs.
pub fn scratch(key_offsets: &[u32], head_size: usize) -> usize {
    let packed = packed(key_offsets);
    let keys = panels_len(packed, head_size) + panels_len(head_size, packed) + packed;
    threads() * (keys + QUERIES * KEYS)
}

/// `out` ← softmax(q · kᵀ / √D + biases) · v for every head of every sequence; `lse` ← the logarithm of each softmax's
/// denominator, before dropout.
///
/// q, out [N, H, D]; k, v [keys of all sequences, H, D]; lse [N, H]. `scratch` is [`scratch`] numbers.
pub fn attention(
    out: &mut [f32],
    lse: &mut [f32],
    q: &[f32],
    k: &[f32],
    v: &[f32],
    batch: &Batch<'_>,
    scratch: &mut [f32],
) {
    let Batch { heads, head_size, .. } = *batch;
    let parts = batch.parts(CHUNK, usize::MAX);
    let bounds = bounds(batch.query_offsets, &parts, |part| part.queries.end);
    let rows = Blocks::Bounds(&bounds);
    let effort = effort(batch, &parts, 2, out.len());
    let outputs = [
        Tiles::new(out, heads * head_size, rows, Blocks::Even(head_size)),
        Tiles::new(lse, heads, rows, Blocks::Even(1)),
    ];
    parallel_tiles(outputs, scratch, effort, |item, [mut out, mut lse], scratch| {
        let part = &parts[item / heads];
        if !part.queries.is_empty() {
            let head = batch.head(part.sequence, item % heads);
            attend(&head, part.queries.clone(), [&mut out, &mut lse], [q, k, v], scratch);
        }
    });
}

/// Maximum, as an exponent of 2, and sum of the scores that a query has met.
#[derive(Clone, Copy)]
struct Running {
    max: f32,
    sum: f32,
}

/// Keys and values of one head, packed.
struct Keys<'a> {
    range: Range<usize>,
    keys: Panels<'a>,
    values: Panels<'a>,
    positions: &'a [f32],
    /// Whether hidden ones may be multiplied by 0.
    harmless: bool,
}

/// One item's queries, whose rows are those of `out` and `lse`.
fn attend(
    head: &Head<'_>,
    queries: Range<usize>,
    [out, lse]: [&mut Tile<'_>; 2],
    [q, k, v]: [&[f32]; 3],
    scratch: &mut [f32],
) {
    let size = head.batch.head_size;
    let mut running = [Running { max: f32::NEG_INFINITY, sum: 0.0 }; CHUNK];
    let (scores, scratch) = scratch.split_at_mut(QUERIES * KEYS);
    for range in head.cut(&queries, &(0..head.s), PACKED) {
        let (keys, rest) = scratch.split_at_mut(panels_len(range.len(), size));
        let (values, rest) = rest.split_at_mut(panels_len(size, range.len()));
        pack_transposed(keys, head.keys(k), 0..size, range.clone());
        pack(values, head.keys(v), range.clone(), 0..size);
        head.place(rest, &range);
        let (keys, values) = (Panels::new(keys, size), Panels::new(values, range.len()));
        let harmless = !head.hides() || is_finite(&values);
        let keys = Keys { range, keys, values, positions: rest, harmless };
        for (i, running) in running.chunks_mut(QUERIES).enumerate() {
            let first = queries.start + i * QUERIES;
            let block = first..(first + QUERIES).min(queries.end);
            if !block.is_empty() {
                meet(head, block, i * QUERIES, &keys, head.queries(q), running, out, scores);
            }
        }
    }
    for (i, running) in (0..queries.len()).zip(running) {
        let blind = running.sum == 0.0 && head.is_blind(queries.start + i);
        running.finish(out.row_mut(i), &mut lse.row_mut(i)[0], blind);
    }
}

/// One block of queries, which begins in row `row` of the tile `out`, and the keys of it that are packed.
fn meet(
    head: &Head<'_>,
    queries: Range<usize>,
    row: usize,
    keys: &Keys<'_>,
    q: Matrix<'_>,
    running: &mut [Running],
    out: &mut Tile<'_>,
    scores: &mut [f32],
) {
    let (count, first) = (queries.len(), head.seen(&queries).start / WIDTH * WIDTH);
    for block in head.cut(&queries, &keys.range, KEYS) {
        let (width, add) = (block.len().next_multiple_of(WIDTH), block.start > first);
        let packed = block.start - keys.range.start..block.end - keys.range.start;
        let scores = &mut scores[..count * width];
        let panels = keys.keys.skip(packed.start / WIDTH);
        multiply(&mut Tile::whole(scores, width), 0..count, q.from(queries.start, 0), panels, false);
        for ((at, scores), running) in scores.chunks_exact_mut(width).enumerate().zip(&mut *running) {
            let i = queries.start + at;
            let scale = head.bias(scores, i, &block, &keys.positions[packed.clone()]);
            hide(scores, &block, &head.visible(i), f32::NEG_INFINITY);
            let shrink = running.weigh(scores, scale);
            if add && shrink != 1.0 {
                update(out.row_mut(row + at), |x| x.mul(F32x4::splat(shrink)));
            }
            if !head.batch.dropout.is_off() {
                drop_some(scores, |run| head.factors(i, block.start + run * DRAWN));
            }
        }
        let weights = Matrix { data: scores, stride: width };
        if keys.harmless {
            multiply(out, row..row + count, weights, keys.values.part(packed), add);
        } else {
            add_row_by_row(head, &queries, row, keys, &block, weights, add, out);
        }
    }
}

/// The rows of `queries`, from `row` of `out` on, ← (or += if `add`) `weights` · values, each for the keys of `block` that it sees
/// alone: hidden ones weigh 0, which NaN · 0 is not. Sums run as in one product.
fn add_row_by_row(
    head: &Head<'_>,
    queries: &Range<usize>,
    row: usize,
    keys: &Keys<'_>,
    block: &Range<usize>,
    weights: Matrix<'_>,
    add: bool,
    out: &mut Tile<'_>,
) {
    for (at, i) in queries.clone().enumerate() {
        if !add {
            out.row_mut(row + at).fill(0.0);
        }
        let visible = head.visible(i);
        let (start, end) = (visible.start.max(block.start), visible.end.min(block.end));
        if start < end {
            let weights = weights.from(at, start - block.start);
            let values = keys.values.part(start - keys.range.start..end - keys.range.start);
            multiply(out, row + at..row + at + 1, weights, values, true);
        }
    }
}

impl Running {
    /// `row` ← 2^(scale · row − maximum so far). What was summed with the former maximum has to be multiplied by the
    /// number given back.
    fn weigh(&mut self, row: &mut [f32], scale: f32) -> f32 {
        let eights = row.as_chunks_mut::<4>().0.as_chunks_mut::<2>().0;
        let mut largest = [F32x4::splat(f32::NEG_INFINITY); 2];
        for [a, b] in &*eights {
            largest = [largest[0].max(F32x4::load(a)), largest[1].max(F32x4::load(b))];
        }
        let max = largest[0].max(largest[1]).largest() * scale;
        let max = if self.max < max { max } else { self.max };
        // −∞ − −∞ would be NaN, though what such scores weigh is 0.
        let shift = if max == f32::NEG_INFINITY { 0.0 } else { max };
        let (scale, minus) = (F32x4::splat(scale), F32x4::splat(-shift));
        let mut sums = [F32x4::zero(); 2];
        for [a, b] in eights {
            let [x, y] = [&*a, &*b].map(|x| exp2(F32x4::load(x).madd(scale, minus)));
            sums = [sums[0].add(x), sums[1].add(y)];
            x.store(a);
            y.store(b);
        }
        let shrink = if self.sum == 0.0 { 0.0 } else { exp2(F32x4::splat(self.max - shift)).to_array()[0] };
        *self = Self { max, sum: self.sum * shrink + sums[0].add(sums[1]).sum() };
        shrink
    }

    /// What was summed becomes the query's row of `out`: NaN where all scores were −∞ though the query is not `blind`.
    fn finish(self, out: &mut [f32], lse: &mut f32, blind: bool) {
        if blind {
            out.fill(0.0);
            *lse = f32::NEG_INFINITY;
            return;
        }
        let sum = if self.sum == 0.0 { f32::NAN } else { self.sum };
        update(out, |x| x.mul(F32x4::splat(1.0 / sum)));
        *lse = (f64::from(self.max) * LN_2 + f64::from(sum.ln())) as f32;
    }
}

/// `row` times the factors of its runs of 32.
fn drop_some(row: &mut [f32], factors: impl Fn(usize) -> [F32x4; DRAWN / 4]) {
    for (run, numbers) in row.chunks_mut(DRAWN).enumerate() {
        for (four, factor) in numbers.as_chunks_mut::<4>().0.iter_mut().zip(factors(run)) {
            F32x4::load(four).mul(factor).store(four);
        }
    }
}
