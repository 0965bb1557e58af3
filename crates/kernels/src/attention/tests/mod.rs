//! Every option against its formula in f64, at awkward shapes; and what the bits may depend on.

mod bits;
mod formula;
mod values;

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
    prefix: Vec<u32>,
    bias: Vec<f32>,
    bias_size: [usize; 2],
    slopes: Vec<f32>,
    query_positions: Vec<u32>,
    key_positions: Vec<u32>,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    dout: Vec<f32>,
}

impl Case {
    fn new(t: &[usize], s: &[usize], heads: usize, head_size: usize) -> Self {
        let (n, m, width) = (t.iter().sum::<usize>(), s.iter().sum::<usize>(), heads * head_size);
        let [q, k, v, dout] = [(n, 1), (m, 2), (m, 3), (n, 4)].map(|(rows, seed)| numbers(rows * width, seed));
        Self {
            query_offsets: offsets(t),
            key_offsets: offsets(s),
            heads,
            head_size,
            causal: false,
            window: 0,
            rate: 0.0,
            prefix: vec![],
            bias: vec![],
            bias_size: [0; 2],
            slopes: vec![],
            query_positions: vec![],
            key_positions: vec![],
            q,
            k,
            v,
            dout,
        }
    }

    fn seeing(self, causal: bool, window: usize) -> Self {
        Self { causal, window, ..self }
    }

    fn dropping(self, rate: f32) -> Self {
        Self { rate, ..self }
    }

    /// Causal but for keys before these.
    fn opened(self, prefix: &[u32]) -> Self {
        Self { causal: true, prefix: prefix.to_vec(), ..self }
    }

    /// With a bias for `heads` heads, some numbers larger than needed.
    fn biased(self, heads: usize) -> Self {
        let longest = |offsets: &[u32]| offsets.windows(2).map(|ends| ends[1] - ends[0]).max().unwrap_or(0) as usize;
        let [rows, columns] = [longest(&self.query_offsets) + 1, longest(&self.key_offsets) + 3];
        Self { bias: numbers(heads * rows * columns, 5), bias_size: [rows, columns], ..self }
    }

    /// With ALiBi's slopes, and positions that go backwards and jump.
    fn sloping(self) -> Self {
        let positions = |rows: u32, step: u32| (0..rows).map(|i| 900_000 + (rows - i) * step % 61).collect();
        let [n, s] = [&self.query_offsets, &self.key_offsets].map(|offsets| *offsets.last().unwrap());
        let slopes = (1..=self.heads).map(|head| 0.0625 / head as f32).collect();
        Self { slopes, query_positions: positions(n, 7), key_positions: positions(s, 11), ..self }
    }

    fn batch(&self) -> Batch<'_> {
        let [rows, columns] = self.bias_size;
        let mask = Mask {
            causal: self.causal,
            window: self.window,
            prefix: &self.prefix,
            bias: Bias { data: &self.bias, rows, columns },
            slopes: &self.slopes,
            query_positions: &self.query_positions,
            key_positions: &self.key_positions,
        };
        let Self { query_offsets, key_offsets, heads, head_size, .. } = self;
        let (heads, head_size) = (*heads, *head_size);
        Batch { query_offsets, key_offsets, heads, head_size, mask, dropout: Dropout::new(self.rate, PHILOX) }
    }

    /// out, lse.
    fn forward(&self) -> [Vec<f32>; 2] {
        let [mut out, mut lse] = [self.q.len(), self.q.len() / self.head_size].map(poison);
        let mut scratch = poison(scratch(&self.key_offsets, self.head_size));
        attention(&mut out, &mut lse, &self.q, &self.k, &self.v, &self.batch(), &mut scratch);
        [out, lse]
    }

    /// dq, dk, dv.
    fn backward(&self) -> [Vec<f32>; 3] {
        let [out, lse] = self.forward();
        let Self { q, k, v, dout, .. } = self;
        let [mut dq, mut dk, mut dv] = [q, k, v].map(|x| poison(x.len()));
        let mut scratch = poison(scratch_backward(&self.key_offsets, self.head_size));
        let batch = self.batch();
        attention_backward(&mut dq, &mut dk, &mut dv, dout, &out, &lse, q, k, v, &batch, &mut scratch);
        [dq, dk, dv]
    }

    fn dbias(&self) -> Vec<f32> {
        let [out, lse] = self.forward();
        let mut dbias = poison(self.bias.len());
        let mut scratch = poison(scratch_bias(&self.key_offsets, self.head_size));
        bias_backward(&mut dbias, &self.dout, &out, &lse, &self.q, &self.k, &self.v, &self.batch(), &mut scratch);
        dbias
    }

    fn name(&self) -> String {
        let Self { query_offsets, key_offsets, heads, head_size, causal, window, rate, prefix, bias_size, .. } = self;
        let mask = format!("causal {causal} window {window} prefix {prefix:?} bias {bias_size:?}");
        let slopes = self.slopes.len();
        format!("{query_offsets:?} {key_offsets:?} H {heads} D {head_size} {mask} slopes {slopes} dropout {rate}")
    }
}
