//! Linear attention over packed sequences: sums, their denominators, and quotients.
//!
//! `batch`: from [`crate::attention_batch`]. If it is causal, queries and keys are the same rows, and none meets a later one;
//! then `levels` may be given, `[parts, H]` for the parts that [`crate::attention_batch::batch_parts`] counts, or 0.

use kernels::linear_attention::{self as kernel, Batch, Token};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::attention_batch::Sequences;
use crate::check::{self, length};
use crate::error::Problem;
use crate::heap::{Lent, Slot, lend, lend_with_batch};

/// The arguments besides factors and the batch.
struct Arguments {
    place: &'static str,
    features: u32,
    head_size: u32,
    has_levels: bool,
}

impl Arguments {
    /// The kernel's batch, and its numbers of queries and keys, if all fits together.
    fn batch<'a>(
        &self,
        of: Sequences<'a>,
        factors: [&[f32]; 2],
        levels: &'a [f32],
    ) -> Result<(Batch<'a>, [u32; 2]), Problem> {
        let Self { place, features, head_size, has_levels } = *self;
        let Sequences { heads, causal, query_offsets, key_offsets, .. } = of;
        let refuse = |what: String| Err(Problem::new(place, what));
        if let Some(name) = scored(&of) {
            return refuse(format!("the batch has {name}, and linear attention makes no scores"));
        }
        let rows = of.rows(place, ["a", "b"], factors, features)?;
        if heads.checked_mul(head_size).is_none_or(|width| width == 0) {
            return refuse(format!("{heads} heads of {features} features and {head_size} numbers"));
        }
        if causal && query_offsets != key_offsets {
            return refuse("causal, but queries and keys are not the same rows".into());
        }
        if has_levels && !causal {
            return refuse("levels are given, but not causal".into());
        }
        let levels = if has_levels { levels } else { &[] };
        if has_levels {
            let parts = kernel::causal_parts(key_offsets).len() as u32;
            length(place, "levels", levels, "[parts, H]", &[parts, heads])?;
        }
        let [heads, features, head_size] = [heads, features, head_size].map(|size| size as usize);
        let part = kernel::part_rows(causal);
        Ok((Batch { query_offsets, key_offsets, heads, features, head_size, causal, part, levels }, rows))
    }
}

/// What a batch has that only scores can have.
fn scored(of: &Sequences<'_>) -> Option<&'static str> {
    let found = [
        (of.window > 0, "a window"),
        (!of.prefix.is_empty(), "a prefix"),
        (of.bias != [0, 0], "a bias"),
        (!of.slopes.is_empty(), "slopes"),
    ];
    found.into_iter().find_map(|(has, name)| has.then_some(name))
}

/// `out` `[N, H · D]` ← Σⱼ (aᵢ · bⱼ) vⱼ, head by head within each sequence; `a` `[N, H · M]`, `b` `[S, H · M]`, `v` `[S, H · D]`.
#[wasm_bindgen]
pub fn linear_attention(
    out: Slot,
    a: Slot,
    b: Slot,
    v: Slot,
    levels: Slot,
    batch: Slot,
    features: u32,
    head_size: u32,
) -> Result<(), Problem> {
    let place = "linear_attention";
    let arguments = Arguments { place, features, head_size, has_levels: levels != 0 };
    lend_with_batch(place, batch, [out], [a, b, v, levels], |lent: Lent<1, 4>, words| {
        let ([a, b, v, levels], of) = (lent.inputs, Sequences::read(words));
        let (batch, [n, s]) = arguments.batch(of, [a, b], levels)?;
        length(place, "v", v, "[S, H, D]", &[s, of.heads, head_size])?;
        let ([out], _, scratch) = lent.with_scratch(kernel::scratch(&batch))?;
        length(place, "out", out, "[N, H, D]", &[n, of.heads, head_size])?;
        kernel::linear_attention(out, a, b, v, &batch, scratch);
        Ok(())
    })
}

/// `da`, `db`, `dv` ← the gradients of [`linear_attention`], given `dout`.
#[wasm_bindgen]
pub fn linear_attention_backward(
    da: Slot,
    db: Slot,
    dv: Slot,
    dout: Slot,
    a: Slot,
    b: Slot,
    v: Slot,
    levels: Slot,
    batch: Slot,
    features: u32,
    head_size: u32,
) -> Result<(), Problem> {
    let place = "linear_attention_backward";
    let arguments = Arguments { place, features, head_size, has_levels: levels != 0 };
    lend_with_batch(place, batch, [da, db, dv], [dout, a, b, v, levels], |lent: Lent<3, 5>, words| {
        let ([dout, a, b, v, levels], of) = (lent.inputs, Sequences::read(words));
        let (batch, [n, s]) = arguments.batch(of, [a, b], levels)?;
        length(place, "dout", dout, "[N, H, D]", &[n, of.heads, head_size])?;
        length(place, "v", v, "[S, H, D]", &[s, of.heads, head_size])?;
        let ([da, db, dv], _, scratch) = lent.with_scratch(kernel::scratch_backward(&batch))?;
        check::same(place, "da", da, "a", a)?;
        check::same(place, "db", db, "b", b)?;
        check::same(place, "dv", dv, "v", v)?;
        kernel::linear_attention_backward([da, db, dv], dout, [a, b, v], &batch, scratch);
        Ok(())
    })
}

/// `out` ← `num` / (`den` + ε), `[R, width]` by `[R]`; `epsilons`: `[R]`, or one number for all.
#[wasm_bindgen]
pub fn normalise(out: Slot, num: Slot, den: Slot, epsilons: Slot, width: u32) -> Result<(), Problem> {
    let place = "normalise";
    lend(place, [out], [num, den, epsilons], |Lent { outputs: [out], inputs: [num, den, epsilons], .. }| {
        let rows = check::rows(place, "num", num, width)?;
        check::same(place, "out", out, "num", num)?;
        quotient(place, den, epsilons, rows)?;
        kernel::normalise(out, num, den, epsilons, width as usize);
        Ok(())
    })
}

/// `dnum`, `dden` ← the gradients of [`normalise`], given `dout` and what it gave.
#[wasm_bindgen]
pub fn normalise_backward(
    dnum: Slot,
    dden: Slot,
    dout: Slot,
    out: Slot,
    den: Slot,
    epsilons: Slot,
    width: u32,
) -> Result<(), Problem> {
    let place = "normalise_backward";
    lend(place, [dnum, dden], [dout, out, den, epsilons], |Lent { outputs: [dnum, dden], inputs, .. }| {
        let [dout, out, den, epsilons] = inputs;
        let rows = check::rows(place, "dout", dout, width)?;
        check::same(place, "out", out, "dout", dout)?;
        check::same(place, "dnum", dnum, "dout", dout)?;
        length(place, "dden", dden, "[R]", &[rows])?;
        quotient(place, den, epsilons, rows)?;
        kernel::normalise_backward([dnum, dden], dout, out, den, epsilons, width as usize);
        Ok(())
    })
}

fn quotient(place: &str, den: &[f32], epsilons: &[f32], rows: u32) -> Result<(), Problem> {
    length(place, "den", den, "[R]", &[rows])?;
    if epsilons.len() == 1 { Ok(()) } else { length(place, "epsilons", epsilons, "[R]", &[rows]) }
}

/// One token of each row: `state` `[R, M, D]` ← factor · state + `b` `v`ᵀ, `sums` `[R, M]` ← factor · sums + `r`, and `out` `[R, D]` ←
/// stateᵀ `a` / (`p` · sums + `epsilon`). `a`, `b`, `p`, `r`: `[R, M]`; `v`: `[R, D]`; `factors`: `[R]`.
#[wasm_bindgen]
pub fn linear_step(
    state: Slot,
    sums: Slot,
    out: Slot,
    a: Slot,
    b: Slot,
    p: Slot,
    r: Slot,
    v: Slot,
    factors: Slot,
    features: u32,
    width: u32,
    epsilon: f32,
) -> Result<(), Problem> {
    let place = "linear_step";
    lend(place, [state, sums, out], [a, b, p, r, v, factors], |Lent { outputs, inputs, .. }| {
        let ([state, sums, out], [a, b, p, r, v, factors]) = (outputs, inputs);
        let rows = check::rows(place, "v", v, width)?;
        for (name, slice) in [("a", a), ("b", b), ("p", p), ("r", r), ("sums", &*sums)] {
            length(place, name, slice, "[R, M]", &[rows, features])?;
        }
        length(place, "state", state, "[R, M, D]", &[rows, features, width])?;
        check::same(place, "out", out, "v", v)?;
        length(place, "factors", factors, "[R]", &[rows])?;
        let sizes = [features, width].map(|size| size as usize);
        kernel::linear_step([state, sums, out], Token { a, b, p, r, v, factors }, sizes, epsilon);
        Ok(())
    })
}
