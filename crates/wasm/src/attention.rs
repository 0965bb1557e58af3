//! Softmax attention over packed sequences.
//!
//! The exports end with the same arguments. Offsets: `[B + 1]`. `causal`: query i of T sees keys up to i + S − T.
//! `window`: none if 0, else keys no farther away than that. Slots that may be 0: `prefix` `[B]`, keys before it count as
//! no later ones; `bias` `[1 or H, bias_rows, bias_columns]`, added to scores; `slopes` `[H]` with `query_positions` `[N]`
//! and `key_positions` `[S]`, whose distance times −slope is added. The last five are dropout of probabilities.

use kernels::attention::{self as kernel, Batch, Bias, Mask};
use kernels::dropout::Dropout;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::{self, length};
use crate::error::Problem;
use crate::heap::{Lent, Slot, as_u32, lend};

/// What is told besides queries, keys and values: numbers, and the slots in the order of [`Told::slots`].
struct Told {
    place: &'static str,
    heads: u32,
    head_size: u32,
    causal: bool,
    window: u32,
    bias: [u32; 2],
    /// Offsets of queries and keys, prefix, bias, slopes, positions of queries and keys.
    slots: [Slot; 7],
    dropout: Dropout,
}

impl Told {
    /// The batch and its numbers of queries and keys, if all fits together.
    fn batch<'a>(&self, [q, k]: [&[f32]; 2], slices: [&'a [f32]; 7]) -> Result<(Batch<'a>, [u32; 2]), Problem> {
        let Self { place, heads, head_size, causal, window, dropout, .. } = *self;
        let [query_offsets, key_offsets, prefix, bias, slopes, query_positions, key_positions] = slices;
        let (query_offsets, key_offsets) = (as_u32(query_offsets), as_u32(key_offsets));
        let (query_positions, key_positions) = (as_u32(query_positions), as_u32(key_positions));
        let width = heads.checked_mul(head_size).filter(|width| *width > 0);
        let width = width.ok_or_else(|| Problem::new(place, format!("{heads} heads of {head_size} numbers")))?;
        let (n, s) = (check::rows(place, "q", q, width)?, check::rows(place, "k", k, width)?);
        check::offsets(place, "query_offsets", query_offsets, n)?;
        check::offsets(place, "key_offsets", key_offsets, s)?;
        check::same(place, "query_offsets", query_offsets, "key_offsets", key_offsets)?;
        let bias = self.bias(bias, [query_offsets, key_offsets])?;
        if self.slots[4] != 0 {
            length(place, "slopes", slopes, "[H]", &[heads])?;
            length(place, "query_positions", query_positions, "[N]", &[n])?;
            length(place, "key_positions", key_positions, "[S]", &[s])?;
        }
        let prefix = self.prefix(as_u32(prefix), key_offsets)?;
        let window = window as usize;
        let mask = Mask { causal, window, prefix, bias, slopes, query_positions, key_positions };
        let (heads, head_size) = (heads as usize, head_size as usize);
        Ok((Batch { query_offsets, key_offsets, heads, head_size, mask, dropout }, [n, s]))
    }

    /// Refuses a bias that does not reach as far as the sequences.
    fn bias<'a>(&self, data: &'a [f32], offsets: [&[u32]; 2]) -> Result<Bias<'a>, Problem> {
        let (place, [rows, columns]) = (self.place, self.bias);
        if self.slots[3] == 0 {
            return Ok(Bias::default());
        }
        let shared = length(place, "bias", data, "[1, rows, columns]", &[1, rows, columns]);
        shared.or_else(|_| length(place, "bias", data, "[H, rows, columns]", &[self.heads, rows, columns]))?;
        let sides = [("rows", rows, offsets[0], "queries"), ("columns", columns, offsets[1], "keys")];
        for (what, size, offsets, of) in sides {
            if let Some(b) = offsets.windows(2).position(|ends| ends[1] - ends[0] > size) {
                let len = offsets[b + 1] - offsets[b];
                return Err(Problem::new(place, format!("bias has {size} {what}, and sequence {b} has {len} {of}")));
            }
        }
        Ok(Bias { data, rows: rows as usize, columns: columns as usize })
    }

    /// Refuses prefixes that are longer than their sequences, or that open what is not closed.
    fn prefix<'a>(&self, prefix: &'a [u32], key_offsets: &[u32]) -> Result<&'a [u32], Problem> {
        let place = self.place;
        if self.slots[2] == 0 {
            return Ok(&[]);
        }
        if !self.causal {
            return Err(Problem::new(place, "prefix is given, but not causal: every key is seen anyway".into()));
        }
        length(place, "prefix", prefix, "[B]", &[key_offsets.len() as u32 - 1])?;
        let lengths = key_offsets.windows(2).map(|ends| ends[1] - ends[0]);
        match prefix.iter().zip(lengths).enumerate().find(|(_, (prefix, len))| *prefix > len) {
            None => Ok(prefix),
            Some((b, (prefix, len))) => {
                Err(Problem::new(place, format!("prefix[{b}] is {}, and its sequence has {len} keys", *prefix as i32)))
            }
        }
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
    query_offsets: Slot,
    key_offsets: Slot,
    heads: u32,
    head_size: u32,
    causal: bool,
    window: u32,
    prefix: Slot,
    bias: Slot,
    bias_rows: u32,
    bias_columns: u32,
    slopes: Slot,
    query_positions: Slot,
    key_positions: Slot,
    rate: f32,
    seed_lo: u32,
    seed_hi: u32,
    stream: u32,
    step: u32,
) -> Result<(), Problem> {
    let place = "attention";
    let dropout = check::dropout(place, rate, [seed_lo, seed_hi], stream, step)?;
    let slots = [query_offsets, key_offsets, prefix, bias, slopes, query_positions, key_positions];
    let told = Told { place, heads, head_size, causal, window, bias: [bias_rows, bias_columns], slots, dropout };
    let [a, b, c, d, e, f, g] = slots;
    lend(place, [out, lse], [q, k, v, a, b, c, d, e, f, g], |lent: Lent<2, 10>| {
        let [q, k, v, rest @ ..] = lent.inputs;
        let (batch, [n, s]) = told.batch([q, k], rest)?;
        let ([out, lse], _, scratch) = lent.with_scratch(kernel::scratch(batch.key_offsets, batch.head_size))?;
        length(place, "v", v, "[S, H, D]", &[s, heads, head_size])?;
        length(place, "out", out, "[N, H, D]", &[n, heads, head_size])?;
        length(place, "lse", lse, "[N, H]", &[n, heads])?;
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
    query_offsets: Slot,
    key_offsets: Slot,
    heads: u32,
    head_size: u32,
    causal: bool,
    window: u32,
    prefix: Slot,
    bias: Slot,
    bias_rows: u32,
    bias_columns: u32,
    slopes: Slot,
    query_positions: Slot,
    key_positions: Slot,
    rate: f32,
    seed_lo: u32,
    seed_hi: u32,
    stream: u32,
    step: u32,
) -> Result<(), Problem> {
    let place = "attention_backward";
    let dropout = check::dropout(place, rate, [seed_lo, seed_hi], stream, step)?;
    let slots = [query_offsets, key_offsets, prefix, bias, slopes, query_positions, key_positions];
    let told = Told { place, heads, head_size, causal, window, bias: [bias_rows, bias_columns], slots, dropout };
    let [a, b, c, d, e, f, g] = slots;
    lend(place, [dq, dk, dv, dbias], [dout, out, lse, q, k, v, a, b, c, d, e, f, g], |lent: Lent<4, 13>| {
        let [dout, out, lse, q, k, v, rest @ ..] = lent.inputs;
        let (batch, [n, s]) = told.batch([q, k], rest)?;
        let scratch = [kernel::scratch_backward, kernel::scratch_bias].map(|of| of(batch.key_offsets, batch.head_size));
        let ([dq, dk, dv, bias_slope], _, scratch) = lent.with_scratch(scratch[0].max(scratch[1]))?;
        for (name, slice) in [("dq", &*dq), ("dout", dout), ("out", out)] {
            length(place, name, slice, "[N, H, D]", &[n, heads, head_size])?;
        }
        for (name, slice) in [("dk", &*dk), ("dv", &*dv), ("v", v)] {
            length(place, name, slice, "[S, H, D]", &[s, heads, head_size])?;
        }
        length(place, "lse", lse, "[N, H]", &[n, heads])?;
        if dbias != 0 {
            check::same(place, "dbias", bias_slope, "bias", batch.mask.bias.data)?;
            kernel::bias_backward(bias_slope, dout, out, lse, q, k, v, &batch, scratch);
        }
        kernel::attention_backward(dq, dk, dv, dout, out, lse, q, k, v, &batch, scratch);
        Ok(())
    })
}
