use super::*;
use crate::random::Philox;
use crate::testing::{numbers, poison};

const PHILOX: Philox = Philox { seed: [5, 6], stream: 7, step: 8 };

fn offsets(lengths: &[usize]) -> Vec<u32> {
    let mut end = 0;
    let ends = lengths.iter().map(|len| {
        end += *len as u32;
        end
    });
    [0].into_iter().chain(ends).collect()
}

/// A batch with all that attention reads.
#[derive(Clone)]
struct Case {
    query_offsets: Vec<u32>,
    key_offsets: Vec<u32>,
    heads: usize,
    head_size: usize,
    causal: bool,
    window: usize,
    rate: f32,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    dout: Vec<f32>,
}

impl Case {
    fn new(t: &[usize], s: &[usize], heads: usize, head_size: usize) -> Self {
        let (n, m, width) = (t.iter().sum::<usize>(), s.iter().sum::<usize>(), heads * head_size);
        let (query_offsets, key_offsets) = (offsets(t), offsets(s));
        let [q, k, v, dout] = [n, m, m, n].map(|rows| rows * width);
        let (q, k, v, dout) = (numbers(q, 1), numbers(k, 2), numbers(v, 3), numbers(dout, 4));
        Self { query_offsets, key_offsets, heads, head_size, causal: false, window: 0, rate: 0.0, q, k, v, dout }
    }

    fn seeing(self, causal: bool, window: usize) -> Self {
        Self { causal, window, ..self }
    }

    fn dropping(self, rate: f32) -> Self {
        Self { rate, ..self }
    }

    fn name(&self) -> String {
        let Self { query_offsets, key_offsets, heads, head_size, causal, window, rate, .. } = self;
        format!("{query_offsets:?} {key_offsets:?} H {heads} D {head_size} {causal} {window} {rate}")
    }

    /// out, lse.
    fn forward(&self) -> [Vec<f32>; 2] {
        let [mut out, mut lse] = [self.q.len(), self.q.len() / self.head_size].map(poison);
        let mut scratch = poison(scratch(&self.key_offsets, self.head_size));
        let Self { query_offsets, key_offsets, q, k, v, .. } = self;
        attention(
            &mut out,
            &mut lse,
            q,
            k,
            v,
            query_offsets,
            key_offsets,
            self.heads,
            self.head_size,
            self.causal,
            self.window,
            Dropout::new(self.rate, PHILOX),
            &mut scratch,
        );
        [out, lse]
    }

    /// dq, dk, dv.
    fn backward(&self) -> [Vec<f32>; 3] {
        let [out, lse] = self.forward();
        let Self { query_offsets, key_offsets, q, k, v, dout, .. } = self;
        let [mut dq, mut dk, mut dv] = [q, k, v].map(|x| poison(x.len()));
        let mut scratch = poison(scratch_backward(key_offsets, self.head_size));
        attention_backward(
            &mut dq,
            &mut dk,
            &mut dv,
            dout,
            &out,
            &lse,
            q,
            k,
            v,
            query_offsets,
            key_offsets,
            self.heads,
            self.head_size,
            self.causal,
            self.window,
            Dropout::new(self.rate, PHILOX),
            &mut scratch,
        );
        [dq, dk, dv]
    }

    fn sees(&self, i: usize, j: usize, t: usize, s: usize) -> bool {
        let (i, j) = (if self.causal { i as i64 + s as i64 - t as i64 } else { i as i64 }, j as i64);
        (!self.causal || j <= i) && (self.window == 0 || (i - j).unsigned_abs() <= self.window as u64)
    }

    /// 0, or 1 / (1 − rate), for key `j` of the query in `row`.
    fn factor(&self, row: usize, head: usize, j: usize) -> f64 {
        let words = PHILOX.block(j as u32 / 8, (row * self.heads + head) as u32);
        let draw = words[j % 8 / 2] >> (16 * (j % 2)) & 0xFFFF;
        let rate = f64::from(self.rate);
        if f64::from(draw) < (rate * 65536.0).round() { 0.0 } else { 1.0 / (1.0 - rate) }
    }

    /// The formulas in f64: [out, lse, dq, dk, dv].
    fn formula(&self) -> [Vec<f64>; 5] {
        let lens = [self.q.len(), self.q.len() / self.head_size, self.q.len(), self.k.len(), self.k.len()];
        let mut results = lens.map(|len| vec![0.0; len]);
        for (queries, keys) in self.query_offsets.windows(2).zip(self.key_offsets.windows(2)) {
            for head in 0..self.heads {
                for i in queries[0]..queries[1] {
                    self.row([queries[0] as usize, queries[1] as usize], keys, head, i as usize, &mut results);
                }
            }
        }
        results
    }

    fn row(&self, queries: [usize; 2], keys: &[u32], head: usize, row: usize, results: &mut [Vec<f64>; 5]) {
        let (size, s) = (self.head_size, (keys[1] - keys[0]) as usize);
        let at = |row: usize, d: usize| (row * self.heads + head) * size + d;
        let dot = |a: &dyn Fn(usize) -> f64, b: &dyn Fn(usize) -> f64| (0..size).map(|d| a(d) * b(d)).sum::<f64>();
        let get = |x: &[f32], row: usize, d: usize| f64::from(x[at(row, d)]);
        let scale = 1.0 / (size as f64).sqrt();
        let seen = |j: &usize| self.sees(row - queries[0], *j, queries[1] - queries[0], s);
        let seen: Vec<(usize, usize)> = (0..s).filter(seen).map(|j| (j, keys[0] as usize + j)).collect();
        let score = |key: usize| scale * dot(&|d| get(&self.q, row, d), &|d| get(&self.k, key, d));
        let max = seen.iter().map(|(_, key)| score(*key)).fold(f64::NEG_INFINITY, f64::max);
        let total = seen.iter().map(|(_, key)| (score(*key) - max).exp()).sum::<f64>();
        let [out, lse, dq, dk, dv] = results;
        lse[row * self.heads + head] = max + total.ln();
        let p = |key: usize| (score(key) - max).exp() / total;
        let factor = |j: usize| self.factor(row, head, j);
        for d in 0..size {
            out[at(row, d)] = seen.iter().map(|(j, key)| p(*key) * factor(*j) * get(&self.v, *key, d)).sum();
        }
        let delta = dot(&|d| get(&self.dout, row, d), &|d| out[at(row, d)]);
        for (j, key) in seen {
            let slope = dot(&|d| get(&self.dout, row, d), &|d| get(&self.v, key, d)) * factor(j);
            let slope = p(key) * (slope - delta) * scale;
            for d in 0..size {
                dv[at(key, d)] += p(key) * factor(j) * get(&self.dout, row, d);
                dq[at(row, d)] += slope * get(&self.k, key, d);
                dk[at(key, d)] += slope * get(&self.q, row, d);
            }
        }
    }

    /// Compares out and lse within 1e-6, gradients within 1e-5, of the numbers' own size above 1. A gradient sums over
    /// T or S terms that are errors of 1e-7 themselves.
    fn check(&self) {
        let want = self.formula();
        let ([out, lse], [dq, dk, dv]) = (self.forward(), self.backward());
        for ((got, want), (what, tolerance)) in [out, lse, dq, dk, dv].iter().zip(&want).zip([
            ("out", 1e-6),
            ("lse", 1e-6),
            ("dq", 1e-5),
            ("dk", 1e-5),
            ("dv", 1e-5),
        ]) {
            assert_eq!(got.len(), want.len());
            for (at, (got, want)) in got.iter().zip(want).enumerate() {
                let got = f64::from(*got);
                let near = got == *want || (got - want).abs() <= tolerance * want.abs().max(1.0);
                assert!(near, "{} {what}[{at}] is {got}, not {want}", self.name());
            }
        }
    }
}

#[test]
fn attention_and_its_gradients_are_the_formulas_around_every_block_boundary() {
    for s in [0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 128, 129, 130, 257] {
        for t in [1, 32, 33, s] {
            Case::new(&[t], &[s], 1, 5).check();
            Case::new(&[t], &[s], 1, 5).seeing(true, 0).check();
            Case::new(&[t], &[s], 1, 5).seeing(s % 2 == 0, 3).dropping(0.2).check();
        }
    }
}

#[test]
fn attention_takes_any_head_size() {
    for head_size in [1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 31, 64] {
        for heads in [1, 2, 3] {
            Case::new(&[3, 0, 11], &[5, 4, 10], heads, head_size).check();
        }
    }
}

#[test]
fn attention_sees_what_causality_and_window_leave() {
    for (t, s) in [(1, 40), (40, 1), (5, 9), (9, 5), (70, 70), (45, 300), (300, 45)] {
        for window in [0, 1, 2, 8, 50, 1000, usize::MAX] {
            for causal in [false, true] {
                Case::new(&[2, t], &[3, s], 2, 3).seeing(causal, window).check();
            }
        }
    }
}

#[test]
fn attention_drops_probabilities_by_their_place_in_the_batch() {
    for rate in [0.1, 0.5, 0.9375] {
        Case::new(&[3, 40, 0, 9], &[3, 200, 5, 8], 3, 6).dropping(rate).check();
        Case::new(&[35, 40], &[35, 140], 2, 6).seeing(true, 70).dropping(rate).check();
    }
}

#[test]
fn attention_accepts_batches_without_sequences_queries_or_keys() {
    for (t, s) in [(vec![], vec![]), (vec![0], vec![0]), (vec![0, 0], vec![3, 2]), (vec![4, 1], vec![0, 0])] {
        Case::new(&t, &s, 2, 4).check();
        Case::new(&t, &s, 2, 4).seeing(true, 1).check();
    }
}

#[test]
fn attention_of_a_query_that_sees_nothing_is_zero() {
    let case = Case::new(&[6, 2, 3], &[2, 0, 4], 2, 4).seeing(true, 0).dropping(0.1);
    let ([out, lse], [dq, dk, dv]) = (case.forward(), case.backward());
    for blind in [0, 1, 2, 3, 6, 7] {
        assert_eq!(out[blind * 8..][..8], [0.0; 8]);
        assert_eq!(lse[blind * 2..][..2], [f32::NEG_INFINITY; 2]);
        assert_eq!(dq[blind * 8..][..8], [0.0; 8]);
    }
    assert!([out, dq, dk, dv].iter().flatten().all(|x| x.is_finite()));
}

/// Whether `a` and `b` are the same bits.
fn same(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

#[test]
fn attention_of_a_batch_is_that_of_its_sequences_bit_for_bit() {
    let (t, s) = ([33, 1, 0, 130, 7, 64, 20], [33, 5, 3, 260, 0, 65, 9]);
    for (causal, window) in [(false, 0), (true, 0), (true, 40), (false, 40)] {
        let batch = Case::new(&t, &s, 3, 10).seeing(causal, window);
        let ([out, lse], [dq, dk, dv]) = (batch.forward(), batch.backward());
        for i in 0..t.len() {
            let rows = batch.query_offsets[i] as usize * 3..batch.query_offsets[i + 1] as usize * 3;
            let keys = batch.key_offsets[i] as usize * 30..batch.key_offsets[i + 1] as usize * 30;
            let queries = rows.start * 10..rows.end * 10;
            let mut alone = Case::new(&[t[i]], &[s[i]], 3, 10).seeing(causal, window);
            alone.q.copy_from_slice(&batch.q[queries.clone()]);
            alone.dout.copy_from_slice(&batch.dout[queries.clone()]);
            alone.k.copy_from_slice(&batch.k[keys.clone()]);
            alone.v.copy_from_slice(&batch.v[keys.clone()]);
            let ([out1, lse1], [dq1, dk1, dv1]) = (alone.forward(), alone.backward());
            assert!(same(&out1, &out[queries.clone()]) && same(&lse1, &lse[rows]), "sequence {i}, forward");
            assert!(same(&dq1, &dq[queries]), "sequence {i}, dq");
            assert!(same(&dk1, &dk[keys.clone()]) && same(&dv1, &dv[keys]), "sequence {i}, dk or dv");
        }
    }
}

#[test]
fn attention_passes_on_what_is_not_finite() {
    let clean = Case::new(&[40, 3], &[200, 3], 2, 4);
    let all_nan =
        |x: &[f32], rows: core::ops::Range<usize>| rows.clone().all(|row| x[row * 8..][..4].iter().all(|x| x.is_nan()));
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let [mut q, mut k, mut v] = [clean.clone(), clean.clone(), clean.clone()];
        (q.q[8 * 5], k.k[8 * 150], v.v[8 * 150 + 1]) = (bad, bad, bad);
        assert!(all_nan(&q.forward()[0], 5..6), "q {bad}");
        assert!(q.forward()[0][8 * 6..].iter().all(|x| x.is_finite()), "q {bad} stays in its row");
        assert!(v.forward()[0][8 * 7 + 1] == bad || bad.is_nan() && v.forward()[0][8 * 7 + 1].is_nan(), "v {bad}");
        // An infinite key weighs everything or nothing, according to the sign of the query's number.
        let sure = |i: usize| bad.is_nan() || (q.q[i * 8] * bad > 0.0) && i != 5;
        let out = k.forward();
        for i in (0..40).filter(|i| sure(*i)) {
            assert!(all_nan(&out[0], i..i + 1), "k {bad}, query {i}");
        }
        for case in [q, k, v] {
            assert!(case.backward().iter().any(|x| x.iter().any(|x| x.is_nan())), "gradients with {bad}");
            assert!(case.backward().iter().all(|x| x[x.len() - 24..].iter().all(|x| x.is_finite())), "other sequence");
        }
    }
}

#[test]
fn attention_ignores_a_score_of_minus_infinity() {
    let mut case = Case::new(&[1], &[300], 1, 1);
    case.q[0] = 1.0;
    case.k[..200].fill(f32::NEG_INFINITY);
    let [out, lse] = case.forward();
    let weights: Vec<f64> = case.k[200..].iter().map(|k| f64::from(*k).exp()).collect();
    let total = weights.iter().sum::<f64>();
    let want = weights.iter().zip(&case.v[200..]).map(|(w, v)| w * f64::from(*v)).sum::<f64>() / total;
    assert!((f64::from(out[0]) - want).abs() < 1e-6 && (f64::from(lse[0]) - total.ln()).abs() < 1e-6 * total.ln());
}

#[test]
fn attention_keeps_its_precision_where_scores_are_large() {
    // Scores up to ±50: an error of 3e-6 in a score of 50 (half a unit in its last place) is one of 3e-6 in its weight.
    let mut case = Case::new(&[40], &[260], 1, 4);
    case.q.iter_mut().for_each(|x| *x *= 50.0);
    let (want, [out, lse]) = (case.formula(), case.forward());
    for (got, want) in out.iter().chain(&lse).zip(want[0].iter().chain(&want[1])) {
        assert!((f64::from(*got) - want).abs() < 2e-5 * want.abs().max(1.0), "{got}, not {want}");
    }
}
