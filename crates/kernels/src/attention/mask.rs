//! Which keys a query sees, and what is added to its scores.

use core::f64::consts::LOG2_E;
use core::ops::Range;

use super::Head;
use crate::elementwise::update_with;
use crate::simd::F32x4;

/// Who sees whom, and what is added to scores. The default hides and adds nothing.
///
/// A query's place is its number i in its sequence, or i + S − T if `causal`, so that the ends meet.
#[derive(Clone, Copy, Default)]
pub struct Mask<'a> {
    /// No key behind the query's place is seen.
    pub causal: bool,
    /// If not 0, keys are seen at most so far from the query's place.
    pub window: usize,
    /// [B], or empty: keys before it are no later ones for `causal` (Dong et al., "UniLM", 2019).
    pub prefix: &'a [u32],
    /// Added to the scores.
    pub bias: Bias<'a>,
    /// [H], or empty: −slope · |position of the query − position of the key| is added (Press et al., "ALiBi", 2022).
    pub slopes: &'a [f32],
    /// Positions of all queries, below 2²⁴, [N]: read with `slopes` alone.
    pub query_positions: &'a [u32],
    /// The same for keys.
    pub key_positions: &'a [u32],
}

/// Numbers for pairs of query and key, by their places in their sequences: [1 or H, rows, columns], or empty.
#[derive(Clone, Copy, Default)]
pub struct Bias<'a> {
    /// The numbers; with one head they are shared by all.
    pub data: &'a [f32],
    /// At least as many as the longest sequence has queries.
    pub rows: usize,
    /// At least as many as the longest sequence has keys.
    pub columns: usize,
}

impl<'a> Bias<'a> {
    /// Number of heads: 1 or H.
    pub(super) fn heads(&self) -> usize {
        self.data.len().checked_div(self.rows * self.columns).unwrap_or(0)
    }

    /// Numbers of query `i` and `keys`.
    fn run(&self, head: usize, i: usize, keys: &Range<usize>) -> &'a [f32] {
        let head = if self.heads() == 1 { 0 } else { head };
        &self.data[(head * self.rows + i) * self.columns..][keys.clone()]
    }
}

/// As far as any key can be.
const FAR: i64 = 1 << 32;

impl Head<'_> {
    /// Keys that query `i` sees; neither end falls as `i` grows.
    pub(super) fn visible(&self, i: usize) -> Range<usize> {
        let Mask { causal, window, prefix, .. } = self.batch.mask;
        if !self.hides() {
            return 0..self.s;
        }
        let s = self.s as i64;
        let place = i as i64 + if causal { s - self.t as i64 } else { 0 };
        let window = if window == 0 { FAR } else { i64::try_from(window).map_or(FAR, |window| window.min(FAR)) };
        let open = prefix.get(self.sequence).map_or(0, |prefix| i64::from(*prefix));
        let later = if causal { open.max(place + 1) } else { s };
        let end = later.min(place + 1 + window).clamp(0, s);
        (place - window).clamp(0, end) as usize..end as usize
    }

    /// Whether query `i` sees no key, or a bias of −∞ hides all that it sees.
    pub(super) fn is_blind(&self, i: usize) -> bool {
        let (bias, visible) = (self.batch.mask.bias, self.visible(i));
        let hidden = || bias.run(self.head, i, &visible).iter().all(|bias| *bias == f32::NEG_INFINITY);
        visible.is_empty() || !bias.data.is_empty() && hidden()
    }

    /// Keys that some of `queries`, of which there are some, see.
    pub(super) fn seen(&self, queries: &Range<usize>) -> Range<usize> {
        self.visible(queries.start).start..self.visible(queries.end - 1).end
    }

    /// Whether some keys are hidden from some queries.
    pub(super) fn hides(&self) -> bool {
        self.batch.mask.causal || self.batch.mask.window > 0
    }

    /// `positions` ← those of `keys`, if scores depend on them.
    pub(super) fn place(&self, positions: &mut [f32], keys: &Range<usize>) {
        let Some(all) = self.batch.mask.key_positions.get(self.first_key..) else { return };
        if !self.batch.mask.slopes.is_empty() {
            for (position, given) in positions.iter_mut().zip(&all[keys.clone()]) {
                *position = *given as f32;
            }
        }
    }

    /// Adds what there is to be added to products of query `i` with `keys`, whose `positions` are given. Times the number
    /// that is given back, the row's scores are exponents of 2.
    #[inline(always)]
    pub(super) fn bias(&self, row: &mut [f32], i: usize, keys: &Range<usize>, positions: &[f32]) -> f32 {
        let Mask { bias, slopes, .. } = self.batch.mask;
        if bias.data.is_empty() && slopes.is_empty() {
            return (self.scale * LOG2_E) as f32;
        }
        self.add(&mut row[..keys.len()], i, keys, positions);
        LOG2_E as f32
    }

    fn add(&self, row: &mut [f32], i: usize, keys: &Range<usize>, positions: &[f32]) {
        let Mask { bias, slopes, query_positions, .. } = self.batch.mask;
        let scale = F32x4::splat(self.scale as f32);
        if slopes.is_empty() {
            update_with(row, bias.run(self.head, i, keys), |x, bias| x.madd(scale, bounded(bias)));
            return;
        }
        let slope = F32x4::splat(-slopes[self.head]);
        let position = F32x4::splat(query_positions[self.first_query + i] as f32);
        update_with(row, positions, |x, key| key.sub(position).abs().madd(slope, x.mul(scale)));
        if !bias.data.is_empty() {
            update_with(row, bias.run(self.head, i, keys), |x, bias| x.add(bounded(bias)));
        }
    }
}

/// A bias that is the least of all finite numbers, as Hugging Face hides keys with, would be −∞ as an exponent of 2; as 10³⁸ it
/// hides as well, and keys that are all hidden so are alike. −∞ stays.
#[inline(always)]
fn bounded(bias: F32x4) -> F32x4 {
    let (least, infinite) = (F32x4::splat(-1e38), F32x4::splat(f32::NEG_INFINITY));
    let low = bias.less(least);
    low.select(infinite.less(bias).select(least, bias), bias).min(F32x4::splat(1e38))
}

/// Fills the numbers of a row that belong to keys of `block` outside of `visible`, or to no key.
pub(super) fn hide(row: &mut [f32], block: &Range<usize>, visible: &Range<usize>, fill: f32) {
    let inside = |key: usize| key.clamp(block.start, block.end) - block.start;
    row[..inside(visible.start)].fill(fill);
    row[inside(visible.end)..].fill(fill);
}
