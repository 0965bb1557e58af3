//! Softmax attention over packed sequences.
//!
//! Both exports end with the same arguments: `bias`, 0 or of the shape that the batch was described with; `batch`, from
//! [`crate::attention_batch`]; D; and dropout of the probabilities.

use kernels::attention::{self as kernel, Batch, Bias, Mask};
use kernels::dropout::Dropout;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::attention_batch::Sequences;
use crate::check::{self, length};
use crate::error::Problem;
use crate::heap::{Lent, Slot, lend_with_batch};

/// The arguments besides queries, keys, values and the batch.
struct Arguments {
    place: &'static str,
    bias: Slot,
    head_size: u32,
    dropout: Dropout,
}

impl Arguments {
    /// The kernel's batch and its numbers of queries and keys, if all fits together.
    fn batch<'a>(
        &self,
        of: Sequences<'a>,
        [q, k]: [&[f32]; 2],
        bias: &'a [f32],
    ) -> Result<(Batch<'a>, [u32; 2]), Problem> {
        let rows = of.rows(self.place, ["q", "k"], [q, k], self.head_size)?;
        let bias = self.bias(&of, bias)?;
        let Sequences { causal, prefix, slopes, query_offsets, key_offsets, query_positions, key_positions, .. } = of;
        let window = of.window as usize;
        let mask = Mask { causal, window, prefix, bias, slopes, query_positions, key_positions };
        let (heads, head_size) = (of.heads as usize, self.head_size as usize);
        Ok((Batch { query_offsets, key_offsets, heads, head_size, mask, dropout: self.dropout }, rows))
    }

    /// Refuses a bias of another shape than the batch was described with.
    fn bias<'a>(&self, of: &Sequences<'_>, data: &'a [f32]) -> Result<Bias<'a>, Problem> {
        let (place, [rows, columns]) = (self.place, of.bias);
        if self.bias == 0 {
            return Ok(Bias::default());
        }
        let shared = length(place, "bias", data, "[1, rows, columns]", &[1, rows, columns]);
        shared.or_else(|_| length(place, "bias", data, "[H, rows, columns]", &[of.heads, rows, columns]))?;
        Ok(Bias { data, rows: rows as usize, columns: columns as usize })
    }
}

/// `out` ← softmax(`q` · `k`ᵀ / √D + biases) · `v`, head by head within each sequence, and `lse` ← the scores'
/// log-sum-exp, for backward.
///
/// `q`, `out`: `[N, H · D]`; `k`, `v`: `[S, H · D]`; `lse`: `[N, H]`.
#[wasm_bindgen]
pub fn attention(
    out: Slot,
    lse: Slot,
    q: Slot,
    k: Slot,
    v: Slot,
    bias: Slot,
    batch: Slot,
    head_size: u32,
    rate: f32,
    seed_lo: u32,
    seed_hi: u32,
    stream: u32,
    step: u32,
    first: f64,
) -> Result<(), Problem> {
    let place = "attention";
    let dropout = check::dropout(place, rate, [seed_lo, seed_hi], stream, step, first)?;
    let arguments = Arguments { place, bias, head_size, dropout };
    lend_with_batch(place, batch, [out, lse], [q, k, v, bias], |lent: Lent<2, 4>, words| {
        let ([q, k, v, bias], of) = (lent.inputs, Sequences::read(words));
        let (batch, [n, s]) = arguments.batch(of, [q, k], bias)?;
        let ([out, lse], _, scratch) = lent.with_scratch(kernel::scratch(batch.key_offsets, batch.head_size))?;
        length(place, "v", v, "[S, H, D]", &[s, of.heads, head_size])?;
        length(place, "out", out, "[N, H, D]", &[n, of.heads, head_size])?;
        length(place, "lse", lse, "[N, H]", &[n, of.heads])?;
        kernel::attention(out, lse, q, k, v, &batch, scratch);
        Ok(())
    })
}

/// `dq`, `dk`, `dv` ← the gradients of [`attention`], and `dbias` ← that of its bias, unless 0, given `dout` and what it was
/// given and gave.
#[wasm_bindgen]
pub fn attention_backward(
    dq: Slot,
    dk: Slot,
    dv: Slot,
    dbias: Slot,
    dout: Slot,
    out: Slot,
    lse: Slot,
    q: Slot,
    k: Slot,
    v: Slot,
    bias: Slot,
    batch: Slot,
    head_size: u32,
    rate: f32,
    seed_lo: u32,
    seed_hi: u32,
    stream: u32,
    step: u32,
    first: f64,
) -> Result<(), Problem> {
    let place = "attention_backward";
    let dropout = check::dropout(place, rate, [seed_lo, seed_hi], stream, step, first)?;
    let arguments = Arguments { place, bias, head_size, dropout };
    let given = [dout, out, lse, q, k, v, bias];
    lend_with_batch(place, batch, [dq, dk, dv, dbias], given, |lent: Lent<4, 7>, words| {
        let ([dout, out, lse, q, k, v, bias], of) = (lent.inputs, Sequences::read(words));
        let (batch, [n, s]) = arguments.batch(of, [q, k], bias)?;
        let scratch = [kernel::scratch_backward, kernel::scratch_bias].map(|of| of(batch.key_offsets, batch.head_size));
        let ([dq, dk, dv, bias_slope], _, scratch) = lent.with_scratch(scratch[0].max(scratch[1]))?;
        for (name, slice) in [("dq", &*dq), ("dout", dout), ("out", out)] {
            length(place, name, slice, "[N, H, D]", &[n, of.heads, head_size])?;
        }
        for (name, slice) in [("dk", &*dk), ("dv", &*dv), ("v", v)] {
            length(place, name, slice, "[S, H, D]", &[s, of.heads, head_size])?;
        }
        length(place, "lse", lse, "[N, H]", &[n, of.heads])?;
        if dbias != 0 {
            check::same(place, "dbias", bias_slope, "bias", batch.mask.bias.data)?;
            kernel::bias_backward(bias_slope, dout, out, lse, q, k, v, &batch, scratch);
        }
        kernel::attention_backward(dq, dk, dv, dout, out, lse, q, k, v, &batch, scratch);
        Ok(())
    })
}
