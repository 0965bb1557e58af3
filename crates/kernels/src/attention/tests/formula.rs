use super::*;

impl Case {
    /// Whether query i of T sees key j of S in sequence `b`.
    fn sees(&self, b: usize, [i, j]: [usize; 2], [t, s]: [usize; 2]) -> bool {
        let (place, j) = (if self.causal { i as i64 + s as i64 - t as i64 } else { i as i64 }, j as i64);
        let open = self.prefix.get(b).is_some_and(|prefix| j < i64::from(*prefix));
        (!self.causal || j <= place || open) && (self.window == 0 || (place - j).unsigned_abs() <= self.window as u64)
    }

    /// 0, or 1 / (1 − rate), for key `j` of the query in `row`.
    fn factor(&self, row: usize, head: usize, j: usize) -> f64 {
        let words = PHILOX.block(j as u32 / 8, (row * self.heads + head) as u32);
        let draw = words[j % 8 / 2] >> (16 * (j % 2)) & 0xFFFF;
        let rate = f64::from(self.rate);
        if f64::from(draw) < (rate * 65536.0).round() { 0.0 } else { 1.0 / (1.0 - rate) }
    }

    /// Where the bias of a pair stands.
    fn bias_at(&self, head: usize, i: usize, j: usize) -> usize {
        let [rows, columns] = self.bias_size;
        let shared = self.bias.len() == rows * columns;
        (if shared { 0 } else { head } * rows + i) * columns + j
    }

    /// What is added to the score of the query in `row` with `key`, numbers `i` and `j` of their sequence.
    fn added(&self, head: usize, [row, key]: [usize; 2], [i, j]: [usize; 2]) -> f64 {
        let bias = if self.bias.is_empty() { 0.0 } else { f64::from(self.bias[self.bias_at(head, i, j)]) };
        let distance =
            |slope: &f32| -f64::from(*slope) * f64::from(self.query_positions[row].abs_diff(self.key_positions[key]));
        bias + self.slopes.get(head).map_or(0.0, distance)
    }

    /// The formulas in f64: [out, lse, dq, dk, dv, dbias].
    pub fn formula(&self) -> [Vec<f64>; 6] {
        let (n, s) = (self.q.len(), self.k.len());
        let mut results = [n, n / self.head_size, n, s, s, self.bias.len()].map(|len| vec![0.0; len]);
        for b in 0..self.query_offsets.len() - 1 {
            for head in 0..self.heads {
                for row in self.query_offsets[b]..self.query_offsets[b + 1] {
                    self.row(b, head, row as usize, &mut results);
                }
            }
        }
        results
    }

    fn row(&self, b: usize, head: usize, row: usize, results: &mut [Vec<f64>; 6]) {
        let (size, [t, s]) = (self.head_size, self.batch().lengths(b));
        let [first, first_key] = [&self.query_offsets, &self.key_offsets].map(|offsets| offsets[b] as usize);
        let i = row - first;
        let at = |row: usize, d: usize| (row * self.heads + head) * size + d;
        let dot = |a: &dyn Fn(usize) -> f64, b: &dyn Fn(usize) -> f64| (0..size).map(|d| a(d) * b(d)).sum::<f64>();
        let get = |x: &[f32], row: usize, d: usize| f64::from(x[at(row, d)]);
        let scale = 1.0 / (size as f64).sqrt();
        let seen: Vec<usize> = (0..s).filter(|j| self.sees(b, [i, *j], [t, s])).collect();
        let product = |key: usize| scale * dot(&|d| get(&self.q, row, d), &|d| get(&self.k, key, d));
        let scores: Vec<f64> =
            (seen.iter()).map(|j| product(first_key + j) + self.added(head, [row, first_key + j], [i, *j])).collect();
        let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total = scores.iter().map(|score| (score - max).exp()).sum::<f64>();
        let [out, lse, dq, dk, dv, dbias] = results;
        lse[row * self.heads + head] = max + total.ln();
        let weights = || seen.iter().zip(&scores).map(|(j, score)| (*j, first_key + j, (score - max).exp() / total));
        for d in 0..size {
            let terms = weights().map(|(j, key, p)| p * self.factor(row, head, j) * get(&self.v, key, d));
            out[at(row, d)] = terms.sum();
        }
        let delta = dot(&|d| get(&self.dout, row, d), &|d| out[at(row, d)]);
        for (j, key, p) in weights() {
            let factor = self.factor(row, head, j);
            let slope = p * (dot(&|d| get(&self.dout, row, d), &|d| get(&self.v, key, d)) * factor - delta);
            if !self.bias.is_empty() {
                dbias[self.bias_at(head, i, j)] += slope;
            }
            for d in 0..size {
                dv[at(key, d)] += p * factor * get(&self.dout, row, d);
                dq[at(row, d)] += slope * scale * get(&self.k, key, d);
                dk[at(key, d)] += slope * scale * get(&self.q, row, d);
            }
        }
    }

    /// Compares out and lse within 1e-6, gradients within 1e-5, of the numbers' own size above 1. A gradient sums over
    /// T or S terms that are errors of 1e-7 themselves.
    #[track_caller]
    pub fn check(&self) {
        let want = self.formula();
        let ([out, lse], [dq, dk, dv]) = (self.forward(), self.backward());
        for ((got, want), (what, tolerance)) in [out, lse, dq, dk, dv, self.dbias()].iter().zip(&want).zip([
            ("out", 1e-6),
            ("lse", 1e-6),
            ("dq", 1e-5),
            ("dk", 1e-5),
            ("dv", 1e-5),
            ("dbias", 1e-5),
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
