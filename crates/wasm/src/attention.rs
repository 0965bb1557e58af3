//! Softmax attention over packed sequences.

use kernels::attention as kernel;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::{self, length};
use crate::error::Problem;
use crate::heap::{Lent, Slot, as_u32, lend};

/// Refuses offsets of different batches, or that do not end with the rows of `q` and `k`.
fn check_batch(
    place: &str,
    [q, k]: [&[f32]; 2],
    [query_offsets, key_offsets]: [&[u32]; 2],
    [heads, head_size]: [u32; 2],
) -> Result<[u32; 2], Problem> {
    let width = heads.checked_mul(head_size).filter(|width| *width > 0);
    let width = width.ok_or_else(|| Problem::new(place, format!("{heads} heads of {head_size} numbers")))?;
    let (n, s) = (check::rows(place, "q", q, width)?, check::rows(place, "k", k, width)?);
    check::offsets(place, "query_offsets", query_offsets, n)?;
    check::offsets(place, "key_offsets", key_offsets, s)?;
    check::same(place, "query_offsets", query_offsets, "key_offsets", key_offsets)?;
    Ok([n, s])
}

/// `out` ← softmax(`q` · `k`ᵀ / √D) · `v`, head by head within each sequence, and `lse` ← the scores' log-sum-exp, for
/// backward.
///
/// `q`, `out`: `[N, H · D]`; `k`, `v`: `[S, H · D]`; `lse`: `[N, H]`; offsets: `[B + 1]`. `causal`: query i of T sees
/// keys up to i + S − T. `window`: none if 0, else keys no farther away than that. The last five arguments are dropout
/// of probabilities.
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
    rate: f32,
    seed_lo: u32,
    seed_hi: u32,
    stream: u32,
    step: u32,
) -> Result<(), Problem> {
    let place = "attention";
    let dropout = check::dropout(place, rate, [seed_lo, seed_hi], stream, step)?;
    lend(place, [out, lse], [q, k, v, query_offsets, key_offsets], |lent: Lent<2, 5>| {
        let [q, k, v, queries, keys] = lent.inputs;
        let (queries, keys) = (as_u32(queries), as_u32(keys));
        let [n, s] = check_batch(place, [q, k], [queries, keys], [heads, head_size])?;
        let (heads, head_size, window) = (heads as usize, head_size as usize, window as usize);
        let ([out, lse], _, scratch) = lent.with_scratch(kernel::scratch(keys, head_size));
        length(place, "v", v, "[S, H, D]", &[s, heads as u32, head_size as u32])?;
        length(place, "out", out, "[N, H, D]", &[n, heads as u32, head_size as u32])?;
        length(place, "lse", lse, "[N, H]", &[n, heads as u32])?;
        kernel::attention(out, lse, q, k, v, queries, keys, heads, head_size, causal, window, dropout, scratch);
        Ok(())
    })
}

/// `dq`, `dk`, `dv` ← the gradients of [`attention`], given `dout` and what it was given and gave.
#[wasm_bindgen]
pub fn attention_backward(
    dq: Slot,
    dk: Slot,
    dv: Slot,
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
    rate: f32,
    seed_lo: u32,
    seed_hi: u32,
    stream: u32,
    step: u32,
) -> Result<(), Problem> {
    let place = "attention_backward";
    let dropout = check::dropout(place, rate, [seed_lo, seed_hi], stream, step)?;
    lend(place, [dq, dk, dv], [dout, out, lse, q, k, v, query_offsets, key_offsets], |lent: Lent<3, 8>| {
        let [dout, out, lse, q, k, v, queries, keys] = lent.inputs;
        let (queries, keys) = (as_u32(queries), as_u32(keys));
        let [n, s] = check_batch(place, [q, k], [queries, keys], [heads, head_size])?;
        let scratch = kernel::scratch_backward(keys, head_size as usize);
        let ([dq, dk, dv], _, scratch) = lent.with_scratch(scratch);
        for (name, slice) in [("dq", &*dq), ("dout", dout), ("out", out)] {
            length(place, name, slice, "[N, H, D]", &[n, heads, head_size])?;
        }
        for (name, slice) in [("dk", &*dk), ("dv", &*dv), ("v", v)] {
            length(place, name, slice, "[S, H, D]", &[s, heads, head_size])?;
        }
        length(place, "lse", lse, "[N, H]", &[n, heads])?;
        let (heads, size, window) = (heads as usize, head_size as usize, window as usize);
        kernel::attention_backward(
            dq, dk, dv, dout, out, lse, q, k, v, queries, keys, heads, size, causal, window, dropout, scratch,
        );
        Ok(())
    })
}
