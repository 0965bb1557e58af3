//! Random numbers that follow from (seed, stream, step, index) alone: Philox4x32-10 (Salmon et al., "Parallel random
//! numbers: as easy as 1, 2, 3", 2011). Nothing is stored between calls, and any thread can make any number.

use core::f64::consts::TAU;

use crate::elementwise::parallel_runs;
use crate::pool::CURVE;
use crate::simd::U32x4;

const ROUNDS: u32 = 10;
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// One sequence of random blocks; the key is the seed, the counter (index low, index high, stream, step).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Philox {
    /// The key, low word first.
    pub seed: [u32; 2],
    /// What the numbers are for; counter word 2.
    pub stream: u32,
    /// Which training step they belong to; counter word 3.
    pub step: u32,
}

impl Philox {
    /// The four words of one block.
    #[inline(always)]
    pub fn block(&self, index_lo: u32, index_hi: u32) -> [u32; 4] {
        let (mut counter, mut key) = ([index_lo, index_hi, self.stream, self.step], self.seed);
        for _ in 0..ROUNDS {
            let wide = |i: usize| u64::from(MULTIPLIERS[i]) * u64::from(counter[2 * i]);
            let (a, b) = (wide(0), wide(1));
            counter =
                [(b >> 32) as u32 ^ counter[1] ^ key[0], b as u32, (a >> 32) as u32 ^ counter[3] ^ key[1], a as u32];
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        counter
    }

    /// Blocks `index_lo`, …, `index_lo + 3` (modulo 2³²) at once: lane j of the i-th vector is word i of block j.
    #[inline(always)]
    pub fn blocks(&self, index_lo: u32, index_hi: u32) -> [U32x4; 4] {
        let splat = U32x4::splat;
        let mut counter =
            [splat(index_lo).add(U32x4::new([0, 1, 2, 3])), splat(index_hi), splat(self.stream), splat(self.step)];
        let mut key = self.seed;
        for _ in 0..ROUNDS {
            let (a_hi, a_lo) = counter[0].mul_wide(splat(MULTIPLIERS[0]));
            let (b_hi, b_lo) = counter[2].mul_wide(splat(MULTIPLIERS[1]));
            counter = [b_hi.xor(counter[1]).xor(splat(key[0])), b_lo, a_hi.xor(counter[3]).xor(splat(key[1])), a_lo];
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        counter
    }
}

/// `y` ← samples of N(0, `std`²), by Box–Muller in f64 (doi:10.1214/aoms/1177706645). Number i comes from block i / 4:
/// words 0 and 1 give its first two, words 2 and 3 the others.
pub fn random_normal(y: &mut [f32], std: f64, philox: Philox) {
    from_blocks(y, philox, |[a, b, c, d]| {
        let ((x0, x1), (x2, x3)) = (box_muller(a, b), box_muller(c, d));
        [x0, x1, x2, x3].map(|x| (x * std) as f32)
    });
}

/// Two independent samples of N(0, 1). The radius comes from (0, 1), ends excluded, so that its logarithm is finite.
fn box_muller(a: u32, b: u32) -> (f64, f64) {
    let radius = (-2.0 * ((f64::from(a) + 0.5) / 4_294_967_296.0).ln()).sqrt();
    let (sin, cos) = sin_cos(b);
    (radius * cos, radius * sin)
}

/// Coefficients of sin x / x and of cos x in powers of x².
const SIN: [f64; 8] = alternating_inverse_factorials(1);
const COS: [f64; 8] = alternating_inverse_factorials(0);

/// 1 / `first`!, −1 / (`first` + 2)!, 1 / (`first` + 4)!, … for `first` 0 or 1.
const fn alternating_inverse_factorials(first: usize) -> [f64; 8] {
    let mut series = [1.0; 8];
    let mut k = 1;
    while k < 8 {
        let n = first + 2 * k;
        series[k] = -series[k - 1] / (n * (n - 1)) as f64;
        k += 1;
    }
    series
}

/// Sine and cosine of `angle` · 2π / 2³², within 10⁻¹⁵: the nearest quarter turn taken off, Taylor's series for the
/// rest. The standard library's take five times as long, and need not be the same on every machine.
fn sin_cos(angle: u32) -> (f64, f64) {
    let quarter = angle.wrapping_add(1 << 29) >> 30;
    let x = f64::from(angle.wrapping_sub(quarter << 30) as i32) * (TAU / 4_294_967_296.0);
    let series = |coefficients: [f64; 8]| coefficients.iter().rev().fold(0.0, |sum, c| sum * (x * x) + c);
    let (sin, cos) = (x * series(SIN), series(COS));
    match quarter {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// `y` ← samples of [0, 1), multiples of 2⁻²⁴. Number i is word i % 4 of block i / 4, its upper 24 bits.
pub fn random_uniform(y: &mut [f32], philox: Philox) {
    from_blocks(y, philox, |words| words.map(|word| (word >> 8) as f32 / 16_777_216.0));
}

fn from_blocks(y: &mut [f32], philox: Philox, make: impl Fn([u32; 4]) -> [f32; 4] + Sync) {
    parallel_runs([y], CURVE, |first, [y]| {
        for (i, four) in y.chunks_mut(4).enumerate() {
            let index = (first / 4 + i) as u64;
            four.copy_from_slice(&make(philox.block(index as u32, (index >> 32) as u32))[..four.len()]);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (counter, key, result): `kat_vectors` of Random123.
    const KNOWN: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
        ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        (
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
            [0xa409_3822, 0x299f_31d0],
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
        ),
    ];
    const SOME: Philox = Philox { seed: [7, 8], stream: 3, step: 5 };

    #[test]
    fn blocks_are_those_of_random123() {
        for ([lo, hi, stream, step], seed, want) in KNOWN {
            assert_eq!(Philox { seed, stream, step }.block(lo, hi), want);
        }
    }

    #[test]
    fn four_blocks_at_once_are_the_same_blocks() {
        for lo in [0, 1, 77, u32::MAX - 1] {
            let words = SOME.blocks(lo, 9).map(U32x4::to_array);
            for j in 0..4u32 {
                assert_eq!(words.map(|word| word[j as usize]), SOME.block(lo.wrapping_add(j), 9));
            }
        }
    }

    #[test]
    fn uniform_numbers_are_words_of_their_blocks() {
        for len in [0, 1, 3, 4, 4097, 8200] {
            let mut y = vec![f32::NAN; len];
            random_uniform(&mut y, SOME);
            for (i, y) in y.iter().enumerate() {
                let word = SOME.block(i as u32 / 4, 0)[i % 4];
                assert_eq!(f64::from(*y), f64::from(word >> 8) / 16_777_216.0);
                assert!((0.0..1.0).contains(y));
            }
        }
    }

    #[test]
    fn sine_and_cosine_are_those_of_the_standard_library() {
        for i in 0..100_000u32 {
            let angle = i.wrapping_mul(0x9E37_79B9);
            let want = (TAU * f64::from(angle) / 4_294_967_296.0).sin_cos();
            let got = sin_cos(angle);
            assert!((got.0 - want.0).abs() < 2e-15 && (got.1 - want.1).abs() < 2e-15, "{angle}: {got:?}, not {want:?}");
        }
        assert_eq!([0, 1 << 30, 1 << 31].map(sin_cos), [(0.0, 1.0), (1.0, 0.0), (0.0, -1.0)]);
    }

    #[test]
    fn normal_numbers_have_the_moments_of_the_normal_distribution() {
        let (std, len) = (0.02, 400_001);
        let mut y = vec![f32::NAN; len];
        random_normal(&mut y, std, SOME);
        let moment = |k| y.iter().map(|y| (f64::from(*y) / std).powi(k)).sum::<f64>() / len as f64;
        for (k, want, tolerance) in [(1, 0.0, 0.006), (2, 1.0, 0.01), (3, 0.0, 0.02), (4, 3.0, 0.08)] {
            assert!((moment(k) - want).abs() < tolerance, "moment {k} is {}, not {want}", moment(k));
        }
        let neighbours = y.windows(2).map(|w| f64::from(w[0]) * f64::from(w[1])).sum::<f64>();
        assert!((neighbours / std / std / len as f64).abs() < 0.006);
    }

    #[test]
    fn numbers_depend_on_seed_stream_and_step() {
        let first = |philox: Philox| {
            let mut y = [f32::NAN; 5];
            random_normal(&mut y, 1.0, philox);
            y
        };
        let others = [
            Philox { seed: [8, 8], ..SOME },
            Philox { seed: [7, 9], ..SOME },
            Philox { stream: 4, ..SOME },
            Philox { step: 6, ..SOME },
        ];
        assert_eq!(first(SOME), first(SOME));
        assert!(others.iter().all(|other| first(*other) != first(SOME)));
    }
}
