use super::*;
use crate::testing::{assert_near, numbers, poison};

/// Σⱼ (aᵢ · bⱼ) e^(level of j − level of i) vⱼ, in f64, pair by pair.
struct Formula<'a> {
    batch: Batch<'a>,
    /// Part of each row, for levels.
    part_of: Vec<usize>,
}

impl<'a> Formula<'a> {
    fn new(batch: Batch<'a>) -> Self {
        let parts = parts(batch.key_offsets, CAUSAL_PART);
        let part_of = parts.iter().enumerate().flat_map(|(at, part)| part.rows.clone().map(move |_| at)).collect();
        Self { batch, part_of }
    }

    /// Calls `meet` with the rows and the head of every pair, and what its score is multiplied by.
    fn each(&self, mut meet: impl FnMut(usize, usize, usize, f64)) {
        let Batch { query_offsets, key_offsets, heads, causal, levels, .. } = self.batch;
        for (queries, keys) in query_offsets.windows(2).zip(key_offsets.windows(2)) {
            for i in queries[0] as usize..queries[1] as usize {
                for j in keys[0] as usize..keys[1] as usize {
                    if causal && j > i {
                        continue;
                    }
                    for head in 0..heads {
                        let level =
                            |row: usize| levels.get(self.part_of[row] * heads + head).map_or(0.0, |x| f64::from(*x));
                        let factor = if causal { (level(j) - level(i)).exp() } else { 1.0 };
                        meet(i, j, head, factor);
                    }
                }
            }
        }
    }

    fn forward(&self, [a, b, v]: [&[f32]; 3], out: usize) -> Vec<f64> {
        let Batch { heads, features, head_size, .. } = self.batch;
        let mut sums = vec![0.0; out];
        self.each(|i, j, head, factor| {
            let at = |row: usize, width: usize| (row * heads + head) * width;
            let score: f64 = factor * dot(&a[at(i, features)..], &b[at(j, features)..], features);
            for c in 0..head_size {
                sums[at(i, head_size) + c] += score * f64::from(v[at(j, head_size) + c]);
            }
        });
        sums
    }

    fn backward(&self, dout: &[f32], [a, b, v]: [&[f32]; 3]) -> [Vec<f64>; 3] {
        let Batch { heads, features, head_size, .. } = self.batch;
        let mut sums = [a, b, v].map(|x| vec![0.0; x.len()]);
        self.each(|i, j, head, factor| {
            let at = |row: usize, width: usize| (row * heads + head) * width;
            let (query, key) = (at(i, features), at(j, features));
            let score = factor * dot(&a[query..], &b[key..], features);
            let slope = factor * dot(&dout[at(i, head_size)..], &v[at(j, head_size)..], head_size);
            for m in 0..features {
                sums[0][query + m] += slope * f64::from(b[key + m]);
                sums[1][key + m] += slope * f64::from(a[query + m]);
            }
            for c in 0..head_size {
                sums[2][at(j, head_size) + c] += score * f64::from(dout[at(i, head_size) + c]);
            }
        });
        sums
    }
}

fn dot(x: &[f32], y: &[f32], len: usize) -> f64 {
    x[..len].iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}

fn offsets(lengths: &[u32]) -> Vec<u32> {
    let ends = lengths.iter().scan(0, |end, length| {
        *end += length;
        Some(*end)
    });
    [0].into_iter().chain(ends).collect()
}

const LENGTHS: [(&[u32], &[u32]); 6] = [
    (&[5, 1], &[5, 1]),
    (&[0, 130, 1, 63], &[0, 130, 1, 63]),
    (&[257], &[257]),
    (&[1030], &[1030]),
    (&[3, 7], &[1, 200]),
    (&[], &[]),
];
const SIZES: [[usize; 3]; 6] = [[1, 4, 4], [2, 6, 3], [3, 16, 8], [1, 1, 9], [2, 7, 1], [1, 70, 1]];

/// `got` is `want` within `tolerance` of its largest number, since a sum that cancels has the error of what it sums up.
#[track_caller]
fn assert_close(got: &[f32], want: &[f64], tolerance: f64, what: &str) {
    let largest = want.iter().fold(1.0, |top: f64, x| top.max(x.abs()));
    let scaled: Vec<f32> = got.iter().map(|x| (f64::from(*x) / largest) as f32).collect();
    let want: Vec<f64> = want.iter().map(|x| x / largest).collect();
    assert_near(&scaled, &want, tolerance, what);
}

/// Levels that ascend within each sequence.
fn levels(key_offsets: &[u32], heads: usize) -> Vec<f32> {
    let parts = parts(key_offsets, CAUSAL_PART);
    (0..parts.len() * heads).map(|i| (i / heads) as f32 * 0.7 + (i % heads) as f32).collect()
}

#[test]
fn sums_and_gradients_are_those_of_all_pairs() {
    for (t, s) in LENGTHS {
        for [heads, features, head_size] in SIZES {
            for (causal, with_levels) in [(false, false), (true, false), (true, true)] {
                if causal && t != s {
                    continue;
                }
                let (query_offsets, key_offsets) = (offsets(t), offsets(s));
                let held = if with_levels { levels(&key_offsets, heads) } else { vec![] };
                let batch = Batch {
                    query_offsets: &query_offsets,
                    key_offsets: &key_offsets,
                    heads,
                    features,
                    head_size,
                    causal,
                    part: part_rows(causal),
                    levels: &held,
                };
                let [n, m] = [&query_offsets, &key_offsets].map(|x| *x.last().unwrap() as usize * heads);
                let (a, b, v) = (numbers(n * features, 1), numbers(m * features, 2), numbers(m * head_size, 3));
                let dout = numbers(n * head_size, 4);
                let mut out = poison(n * head_size);
                linear_attention(&mut out, &a, &b, &v, &batch, &mut poison(scratch(&batch)));
                let formula = Formula::new(batch);
                let what = format!("{t:?} {s:?}, sizes {heads} {features} {head_size}, causal {causal}");
                let want = formula.forward([&a, &b, &v], out.len());
                assert_close(&out, &want, 2e-6, &what);
                let [mut da, mut db, mut dv] = [&a, &b, &v].map(|x| poison(x.len()));
                let mut room = poison(scratch_backward(&batch));
                linear_attention_backward([&mut da, &mut db, &mut dv], &dout, [&a, &b, &v], &batch, &mut room);
                for ((name, got), want) in
                    [("da", da), ("db", db), ("dv", dv)].into_iter().zip(formula.backward(&dout, [&a, &b, &v]))
                {
                    assert_close(&got, &want, 2e-6, &format!("{name}: {what}"));
                }
            }
        }
    }
}

#[test]
fn a_sequence_has_the_same_bits_alone() {
    let lengths = [70, 300, 1, 129];
    let all = offsets(&lengths);
    let n = *all.last().unwrap() as usize * 2;
    let (a, b, v, dout) = (numbers(n * 6, 1), numbers(n * 6, 2), numbers(n * 8, 3), numbers(n * 8, 4));
    let run = |offsets: &[u32], rows: Range<usize>, causal: bool| {
        let cut = |x: &[f32], width: usize| x[rows.start * 2 * width..rows.end * 2 * width].to_vec();
        let (a, b, v, dout) = (cut(&a, 6), cut(&b, 6), cut(&v, 8), cut(&dout, 8));
        run([&a, &b, &v, &dout], &two_heads(offsets, causal))
    };
    for causal in [false, true] {
        let together = run(&all, 0..n / 2, causal);
        for (i, length) in lengths.iter().enumerate() {
            let rows = all[i] as usize..all[i + 1] as usize;
            for (alone, together) in run(&[0, *length], rows.clone(), causal).iter().zip(&together) {
                let width = together.len() / n * 2;
                assert_eq!(*alone, together[rows.start * width..rows.end * width], "sequence {i}, causal {causal}");
            }
        }
    }
}

/// Two heads of six features and eight numbers.
fn two_heads(offsets: &[u32], causal: bool) -> Batch<'_> {
    Batch {
        query_offsets: offsets,
        key_offsets: offsets,
        heads: 2,
        features: 6,
        head_size: 8,
        causal,
        part: part_rows(causal),
        levels: &[],
    }
}

/// Sums, and the gradients of a, b and v.
fn run([a, b, v, dout]: [&[f32]; 4], batch: &Batch<'_>) -> [Vec<f32>; 4] {
    let mut out = poison(dout.len());
    linear_attention(&mut out, a, b, v, batch, &mut poison(scratch(batch)));
    let [mut da, mut db, mut dv] = [a, b, v].map(|x| poison(x.len()));
    let mut room = poison(scratch_backward(batch));
    linear_attention_backward([&mut da, &mut db, &mut dv], dout, [a, b, v], batch, &mut room);
    [out, da, db, dv]
}

#[test]
fn parts_of_any_size_come_to_the_same() {
    let offsets = offsets(&[1500, 3, 130]);
    let n = *offsets.last().unwrap() as usize * 2;
    let numbers = [(6, 1), (6, 2), (8, 3), (8, 4)].map(|(width, seed)| numbers(n * width, seed));
    let inputs = [0, 1, 2, 3].map(|i| &numbers[i][..]);
    for (causal, sizes) in [(true, [16, 63, 64]), (false, [64, 100, 512])] {
        let whole = run(inputs, &two_heads(&offsets, causal));
        for part in sizes {
            let others = run(inputs, &Batch { part, ..two_heads(&offsets, causal) });
            for (what, (got, want)) in ["out", "da", "db", "dv"].iter().zip(others.iter().zip(&whole)) {
                let want: Vec<f64> = want.iter().map(|x| f64::from(*x)).collect();
                assert_close(got, &want, 1e-6, &format!("{what}, causal {causal}, parts of {part}"));
            }
        }
    }
}
