//! Dropout: numbers are zeroed at random and the rest scaled up. The mask is recomputed in the backward pass, never
//! stored.

use crate::elementwise::parallel_runs;
use crate::pool::CURVE;
use crate::random::Philox;
use crate::simd::{F32x4, U32x4};

/// Which numbers fall away: 16 random bits a number, 8 numbers a block. Number e of a run falls away if the u16 number
/// e % 8 (low half of a word first) of block e / 8 is below the threshold.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    philox: Philox,
    threshold: u32,
    scale: f32,
    first: u64,
}

impl Dropout {
    /// `rate`, in [0, 1], is the chance to fall away, in steps of 2⁻¹⁶; what stays is multiplied by 1 / (1 − `rate`).
    pub fn new(rate: f32, philox: Philox) -> Self {
        let rate = f64::from(rate);
        let scale = if rate < 1.0 { (1.0 / (1.0 - rate)) as f32 } else { 0.0 };
        Self { philox, threshold: (rate * 65536.0).round() as u32, scale, first: 0 }
    }

    /// The same draw for a part of a batch: its first number (of attention: its first query) is number `first` of the
    /// batch, and falls away as that one does.
    pub fn from(self, first: u64) -> Self {
        Self { first, ..self }
    }

    /// Number of the part's first number, or query, in the batch.
    #[inline(always)]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Whether every number stays as it is.
    pub fn is_off(&self) -> bool {
        self.threshold == 0
    }

    /// Multipliers, 0 or 1 / (1 − rate), of the 32 numbers of blocks `block`, …, `block + 3`, in order; `index_hi` is
    /// the counter's second word.
    #[inline(always)]
    pub fn factors(&self, block: u32, index_hi: u32) -> [F32x4; 8] {
        let (threshold, scale) = (U32x4::splat(self.threshold), F32x4::splat(self.scale));
        let (low, keep) = (U32x4::splat(0xFFFF), |x: U32x4| x.less(threshold).select(F32x4::zero(), scale));
        let [a, b, c, d] = self.philox.blocks(block, index_hi);
        // A lane is a block: the transposes bring each block's numbers side by side.
        let [x0, x2, x4, x6] = F32x4::transpose([a.and(low), a.shr::<16>(), b.and(low), b.shr::<16>()].map(keep));
        let [x1, x3, x5, x7] = F32x4::transpose([c.and(low), c.shr::<16>(), d.and(low), d.shr::<16>()].map(keep));
        [x0, x1, x2, x3, x4, x5, x6, x7]
    }

    #[inline(always)]
    fn apply_to_run(&self, run: &mut [f32; 32], block: usize) {
        let index = block as u64;
        let (fours, _) = run.as_chunks_mut::<4>();
        for (four, factors) in fours.iter_mut().zip(self.factors(index as u32, (index >> 32) as u32)) {
            F32x4::load(four).mul(factors).store(four);
        }
    }

    /// Part of a run of 32 that begins with `block`, from its number `skip`.
    fn apply_to_part(&self, part: &mut [f32], block: usize, skip: usize) {
        if !part.is_empty() {
            let mut run = [0.0; 32];
            run[skip..skip + part.len()].copy_from_slice(part);
            self.apply_to_run(&mut run, block);
            part.copy_from_slice(&run[skip..skip + part.len()]);
        }
    }

    /// `y` ← `y` without what falls away; its numbers are `first`, `first + 1`, … of the sequence.
    pub fn apply(&self, y: &mut [f32], first: usize) {
        if self.is_off() {
            return;
        }
        let first = first + self.first as usize;
        let (block, skip) = (first / 8, first % 8);
        let (head, y) = y.split_at_mut(y.len().min((8 - skip) % 8));
        self.apply_to_part(head, block, skip);
        let mut block = first.div_ceil(8);
        let (runs, tail) = y.as_chunks_mut::<32>();
        for run in runs {
            self.apply_to_run(run, block);
            block += 4;
        }
        self.apply_to_part(tail, block, 0);
    }
}

/// `y` ← `x` without the numbers that fall away. With `dy` for `x` it is its own backward: the mask follows from
/// `dropout`.
pub fn dropout(y: &mut [f32], x: &[f32], dropout: Dropout) {
    parallel_runs([y], CURVE, |first, [y]| {
        y.copy_from_slice(&x[first..first + y.len()]);
        dropout.apply(y, first);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHILOX: Philox = Philox { seed: [1, 2], stream: 3, step: 4 };

    fn stays(rate: f64, e: usize) -> bool {
        let word = PHILOX.block(e as u32 / 8, 0)[e % 8 / 2];
        f64::from(word >> (16 * (e % 2)) & 0xFFFF) >= (rate * 65536.0).round()
    }

    #[test]
    fn each_number_has_its_own_sixteen_bits() {
        for len in [0, 1, 2, 3, 5, 7, 8, 31, 32, 33, 4099] {
            for rate in [0.0, 0.1, 0.5, 1.0] {
                let x: Vec<f32> = (0..len).map(|i| i as f32 - 3.5).collect();
                let mut y = vec![f32::NAN; len];
                dropout(&mut y, &x, Dropout::new(rate, PHILOX));
                for (e, (y, x)) in y.iter().zip(&x).enumerate() {
                    let want = if stays(f64::from(rate), e) { f64::from(*x) / (1.0 - f64::from(rate)) } else { 0.0 };
                    assert!(
                        (f64::from(*y) - want).abs() <= 1e-6 * want.abs().max(1.0),
                        "{e} of {len}: {y}, not {want}"
                    );
                }
            }
        }
    }

    #[test]
    fn multipliers_can_start_anywhere() {
        let dropout = Dropout::new(0.3, PHILOX);
        let mut all = [1.0; 200];
        dropout.apply(&mut all, 0);
        for first in 0..70 {
            for len in [0, 1, 2, 7, 8, 9, 32, 65] {
                let mut y = vec![1.0; len];
                dropout.apply(&mut y, first);
                assert_eq!(y, all[first..first + len]);
            }
        }
    }

    #[test]
    fn the_share_that_falls_away_is_the_rate() {
        let (mut y, len) = (vec![f32::NAN; 1 << 18], 1 << 18);
        dropout(&mut y, &vec![1.0; len], Dropout::new(0.1, PHILOX));
        let gone = y.iter().filter(|y| **y == 0.0).count() as f64 / len as f64;
        assert!((gone - 0.1).abs() < 0.003, "{gone}");
        let mean = y.iter().map(|y| f64::from(*y)).sum::<f64>() / len as f64;
        assert!((mean - 1.0).abs() < 0.003, "{mean}");
    }
}
