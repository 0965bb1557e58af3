//! Rotary position embedding (RoFormer, eq. 34): pairs of numbers turned by angles that grow with the token's position.

use crate::elementwise::combine;
use crate::pool::{Blocks, MOVED, Tiles, parallel_tiles};
use crate::simd::F32x4;

/// Which way to turn. The gradient of a turn by θ is the turn by −θ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    /// By θ.
    Forward,
    /// By −θ.
    Backward,
}

/// Which numbers of a head make a pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pairs {
    /// (x0, x1), (x2, x3), …: the paper's.
    Interleaved,
    /// (xi, xi+R/2): GPT-NeoX's.
    Halves,
}

const ROWS: usize = 8;

/// `y` ← `x`, `[N, heads, head_size]`, the first `rotary_size` numbers (even) of each head turned and the others
/// copied. `cos` and `sin` are `[P, rotary_size / 2]`; token n takes their row `positions[n]`.
pub fn rope(
    y: &mut [f32],
    x: &[f32],
    positions: &[u32],
    cos: &[f32],
    sin: &[f32],
    heads: usize,
    head_size: usize,
    rotary_size: usize,
    pairs: Pairs,
    turn: Turn,
) {
    let (width, half) = (heads * head_size, rotary_size / 2);
    let sign = if turn == Turn::Forward { 1.0 } else { -1.0 };
    let tiles = Tiles::new(y, width, Blocks::Even(ROWS), Blocks::Even(width.max(1)));
    parallel_tiles([tiles], &mut [], 2 * MOVED, |_, [mut tile], _| {
        for i in 0..tile.rows {
            let token = tile.row + i;
            let at = positions[token] as usize * half;
            let (cos, sin) = (&cos[at..at + half], &sin[at..at + half]);
            let (y, x) = (tile.row_mut(i), &x[token * width..(token + 1) * width]);
            for (y, x) in y.chunks_exact_mut(head_size).zip(x.chunks_exact(head_size)) {
                y[rotary_size..].copy_from_slice(&x[rotary_size..]);
            }
            match pairs {
                Pairs::Interleaved => turn_interleaved(y, x, cos, sin, head_size, sign),
                Pairs::Halves => turn_halves(y, x, cos, sin, head_size, sign),
            }
        }
    });
}

/// Pairs whose angles are spread out at a time.
const SPREAD: usize = 64;

/// All heads of a token. A pair (a, b) becomes (a · cos − b · sin, b · cos + a · sin).
fn turn_interleaved(y: &mut [f32], x: &[f32], cos: &[f32], sin: &[f32], head_size: usize, sign: f32) {
    // Each angle twice, as it stands beside its pair: made once for all heads.
    let (mut cosines, mut sines) = ([0.0; 2 * SPREAD], [0.0; 2 * SPREAD]);
    for (part, (cos, sin)) in cos.chunks(SPREAD).zip(sin.chunks(SPREAD)).enumerate() {
        for (i, (cos, sin)) in cos.iter().zip(sin).enumerate() {
            [cosines[2 * i], cosines[2 * i + 1]] = [*cos; 2];
            [sines[2 * i], sines[2 * i + 1]] = [-sin * sign, sin * sign];
        }
        let (first, len) = (part * 2 * SPREAD, 2 * cos.len());
        for (y, x) in y.chunks_exact_mut(head_size).zip(x.chunks_exact(head_size)) {
            let (y, x) = (&mut y[first..first + len], &x[first..first + len]);
            combine(y, [x, &cosines[..len], &sines[..len]], |[x, cos, sin]| x.mul(cos).add(x.swap_pairs().mul(sin)));
        }
    }
}

/// All heads of a token.
fn turn_halves(y: &mut [f32], x: &[f32], cos: &[f32], sin: &[f32], head_size: usize, sign: f32) {
    let (half, sign) = (cos.len(), F32x4::splat(sign));
    for (y, x) in y.chunks_exact_mut(head_size).zip(x.chunks_exact(head_size)) {
        let ((y1, y2), (x1, x2)) = (y[..2 * half].split_at_mut(half), x[..2 * half].split_at(half));
        combine(y1, [x1, x2, cos, sin], |[x1, x2, cos, sin]| x1.mul(cos).sub(x2.mul(sin.mul(sign))));
        combine(y2, [x1, x2, cos, sin], |[x1, x2, cos, sin]| x2.mul(cos).add(x1.mul(sin.mul(sign))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_near, numbers, poison};

    /// cos and sin of position · 10000^(−2i / R), for positions 0, …, 1023.
    fn tables(rotary_size: usize) -> [Vec<f32>; 2] {
        let angles = (0..1024 * (rotary_size / 2)).map(|i| {
            let (position, pair) = (i / (rotary_size / 2), i % (rotary_size / 2));
            position as f64 * 1e4f64.powf(-2.0 * pair as f64 / rotary_size as f64)
        });
        let angles: Vec<f64> = angles.collect();
        [f64::cos, f64::sin].map(|f| angles.iter().map(|angle| f(*angle) as f32).collect())
    }

    fn formula(x: &[f32], positions: &[u32], tables: &[Vec<f32>; 2], sizes: [usize; 3], pairs: Pairs) -> Vec<f64> {
        let [heads, head_size, rotary_size] = sizes;
        let half = rotary_size / 2;
        let mut y: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
        for (head, y) in y.chunks_exact_mut(head_size).enumerate() {
            let position = positions[head / heads] as usize;
            for pair in 0..half {
                let [cos, sin] = [0, 1].map(|i: usize| f64::from(tables[i][position * half + pair]));
                let (i, j) = if pairs == Pairs::Halves { (pair, pair + half) } else { (2 * pair, 2 * pair + 1) };
                (y[i], y[j]) = (y[i] * cos - y[j] * sin, y[j] * cos + y[i] * sin);
            }
        }
        y
    }

    const SIZES: [[usize; 4]; 12] = [
        [0, 2, 4, 4],
        [1, 1, 1, 0],
        [1, 1, 2, 2],
        [7, 3, 6, 6],
        [5, 2, 7, 4],
        [9, 1, 10, 10],
        [13, 2, 11, 6],
        [3, 1, 14, 14],
        [17, 3, 16, 8],
        [2, 2, 18, 18],
        [33, 4, 64, 64],
        [3, 2, 300, 262],
    ];

    #[test]
    fn pairs_are_turned_and_backward_undoes_it() {
        for [n, heads, head_size, rotary_size] in SIZES {
            for pairs in [Pairs::Interleaved, Pairs::Halves] {
                let (x, tables) = (numbers(n * heads * head_size, 1), tables(rotary_size));
                let positions: Vec<u32> = (0..n as u32).map(|i| i * 389 % 1024).collect();
                let turn = |x: &[f32], turn| {
                    let mut y = poison(x.len());
                    let [cos, sin] = &tables;
                    rope(&mut y, x, &positions, cos, sin, heads, head_size, rotary_size, pairs, turn);
                    y
                };
                let y = turn(&x, Turn::Forward);
                let want = formula(&x, &positions, &tables, [heads, head_size, rotary_size], pairs);
                assert_near(&y, &want, 1e-6, "forward");
                let x: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
                assert_near(&turn(&y, Turn::Backward), &x, 1e-6, "backward");
            }
        }
    }

    #[test]
    fn scores_depend_on_the_offset_alone() {
        let (size, tables) = (32, tables(32));
        let (q, k) = (numbers(size, 2), numbers(size, 3));
        for pairs in [Pairs::Interleaved, Pairs::Halves] {
            let at = |x: &[f32], position: u32| {
                let mut y = poison(size);
                rope(&mut y, x, &[position], &tables[0], &tables[1], 1, size, size, pairs, Turn::Forward);
                y
            };
            let score = |m: u32, n: u32| {
                at(&q, m).iter().zip(at(&k, n)).map(|(q, k)| f64::from(*q) * f64::from(k)).sum::<f64>()
            };
            for m in [1, 10, 100, 1000] {
                assert!((score(m, m + 5) - score(0, 5)).abs() < 1e-5, "{pairs:?} at {m}");
            }
            assert!((score(0, 6) - score(0, 5)).abs() > 1e-3);
        }
    }
}
