use super::{Batch, DRAWN, Head, KEYS, QUERIES, hide, longest};
use crate::dropout::Dropout;
use crate::elementwise::update;
use crate::exp::exp;
use crate::gemm::pack::{pack, pack_transposed, panels_len};
use crate::gemm::tile::{Matrix, Panels, WIDTH, multiply};
use crate::pool::{Blocks, Tile, Tiles, parallel_tiles, threads};
use crate::simd::F32x4;

/// Numbers of scratch that [`attention`] needs.
pub fn scratch(key_offsets: &[u32], head_size: usize) -> usize {
    let s = longest(key_offsets);
    threads() * (panels_len(s, head_size) + panels_len(head_size, s) + QUERIES * KEYS)
}

/// `out` ← softmax(q · kᵀ / √D) · v for every head of every sequence; `lse` ← the logarithm of each softmax's denominator.
///
/// q, out [N, H, D]; k, v [keys of all sequences, H, D]; lse [N, H]; offsets [B + 1] say where sequences begin and end.
/// `causal`: query i of T sees keys j ≤ i + S − T, so that the ends meet. `window`, if not 0: |i − j| ≤ `window`, with
/// i + S − T for i if `causal`. `dropout` takes away probabilities, after `lse`: block j / 8 of the key, and (row of the
/// query · H + head) as the counter's second word. `scratch` is [`scratch`] numbers.
pub fn attention(
    out: &mut [f32],
    lse: &mut [f32],
    q: &[f32],
    k: &[f32],
    v: &[f32],
    query_offsets: &[u32],
    key_offsets: &[u32],
    heads: usize,
    head_size: usize,
    causal: bool,
    window: usize,
    dropout: Dropout,
    scratch: &mut [f32],
) {
    let batch = Batch { query_offsets, key_offsets, heads, head_size, causal, window, dropout };
    let rows = Blocks::Bounds(query_offsets);
    let outputs = [
        Tiles::new(out, heads * head_size, rows, Blocks::Even(head_size)),
        Tiles::new(lse, heads, rows, Blocks::Even(1)),
    ];
    parallel_tiles(outputs, scratch, batch.effort(2), |item, [mut out, mut lse], scratch| {
        let head = batch.head(item);
        let (key_panels, scratch) = scratch.split_at_mut(panels_len(head.s, head_size));
        let (value_panels, scratch) = scratch.split_at_mut(panels_len(head_size, head.s));
        if head.t > 0 {
            pack_transposed(key_panels, head.keys(k), 0..head_size, 0..head.s);
            pack(value_panels, head.keys(v), 0..head.s, 0..head_size);
        }
        let panels = [Panels::new(key_panels, head_size), Panels::new(value_panels, head.s)];
        for first in (0..head.t).step_by(QUERIES) {
            let last = (first + QUERIES).min(head.t);
            attend(&head, first..last, &mut out, &mut lse, head.queries(q), panels, scratch);
        }
    });
}

/// Maximum and sum of the scores that a query has met.
#[derive(Clone, Copy)]
struct Running {
    max: f32,
    sum: f32,
}

/// One block of queries.
fn attend(
    head: &Head<'_>,
    queries: core::ops::Range<usize>,
    out: &mut Tile<'_>,
    lse: &mut Tile<'_>,
    q: Matrix<'_>,
    [keys, values]: [Panels<'_>; 2],
    scratch: &mut [f32],
) {
    let mut running = [Running { max: f32::NEG_INFINITY, sum: 0.0 }; QUERIES];
    let mut started = false;
    for block in head.blocks(queries.clone()) {
        let width = block.len().next_multiple_of(WIDTH);
        let scores = &mut scratch[..queries.len() * width];
        let panels = keys.skip(block.start / WIDTH);
        multiply(&mut Tile::whole(scores, width), 0..queries.len(), q.from(queries.start, 0), panels, false);
        for ((i, row), running) in queries.clone().zip(scores.chunks_exact_mut(width)).zip(&mut running) {
            hide(row, &block, &head.visible(i), f32::NEG_INFINITY);
            let shrink = running.weigh(row, head.scale());
            if started && shrink != 1.0 {
                update(out.row_mut(i), |x| x.mul(F32x4::splat(shrink)));
            }
            if !head.batch.dropout.is_off() {
                drop_some(row, |run| head.factors(i, block.start + run * DRAWN));
            }
        }
        let weights = Matrix { data: scores, stride: width };
        multiply(out, queries.clone(), weights, values.part(block), started);
        started = true;
    }
    for (i, running) in queries.zip(running) {
        let (row, lse) = (out.row_mut(i), &mut lse.row_mut(i)[0]);
        if head.visible(i).is_empty() {
            row.fill(0.0);
            *lse = f32::NEG_INFINITY;
        } else {
            update(row, |x| x.div(F32x4::splat(running.sum)));
            *lse = running.max + running.sum.ln();
        }
    }
}

impl Running {
    /// `row` ← exp(scale · row − maximum so far). What was summed with the former maximum has to be multiplied by the
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
            let [x, y] = [&*a, &*b].map(|x| exp(F32x4::load(x).madd(scale, minus)));
            sums = [sums[0].add(x), sums[1].add(y)];
            x.store(a);
            y.store(b);
        }
        let shrink = exp(F32x4::splat(self.max - shift)).to_array()[0];
        *self = Self { max, sum: self.sum * shrink + sums[0].add(sums[1]).sum() };
        shrink
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
