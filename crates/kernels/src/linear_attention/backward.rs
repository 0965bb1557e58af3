use super::forward::{run_length, scores_under_diagonal};
use super::states::{Sum, own, runs, scratch_own, state_len, state_of, sum_up};
use super::{Batch, CAUSAL_PART, Part, QUERIES, bounds, single};
use crate::gemm::pack::{pack, pack_transposed, panels_len};
use crate::gemm::tile::{Matrix, Panels, TURNED, multiply, multiply_transposed};
use crate::pool::{Blocks, Tile, Tiles, parallel_tiles, threads};

/// Numbers of scratch that [`linear_attention_backward`] needs.
pub fn scratch_backward(batch: &Batch<'_>) -> usize {
    let Batch { features, head_size, .. } = *batch;
    let wide = features.max(head_size);
    let state = state_panels(features, head_size);
    let own = panels_len(CAUSAL_PART, wide) + panels_len(wide, CAUSAL_PART);
    let block = QUERIES * CAUSAL_PART + TURNED * CAUSAL_PART;
    let states = state_len(batch, batch.key_offsets).max(state_len(batch, batch.query_offsets));
    states.saturating_add(threads() * scratch_own(head_size).max(state + own + block))
}

/// Numbers of a state's panels, whichever side is packed.
fn state_panels(features: usize, head_size: usize) -> usize {
    panels_len(features, head_size).max(panels_len(head_size, features))
}

/// `da`, `db`, `dv` ← the gradients of [`super::linear_attention`], given that of its output. Shapes are those of a, b, v; `scratch`
/// is [`scratch_backward`] numbers.
///
/// With the states S = Σ b vᵀ that queries meet and U = Σ a doutᵀ that keys meet: da = S dout, db = U v, dv = Uᵀ b.
pub fn linear_attention_backward(
    [da, db, dv]: [&mut [f32]; 3],
    dout: &[f32],
    [a, b, v]: [&[f32]; 3],
    batch: &Batch<'_>,
    scratch: &mut [f32],
) {
    let (keys, queries) = (batch.key_parts(), batch.query_parts());
    let sizes = [batch.query_offsets, batch.key_offsets].map(|offsets| state_len(batch, offsets));
    let (states, scratch) = scratch.split_at_mut(sizes[0].max(sizes[1]));
    let causal = batch.causal;
    let own_states = &mut states[..sizes[1]];
    own(own_states, &keys, [b, v], batch, scratch);
    sum_up(own_states, &keys, if causal { Sum::Before } else { Sum::All }, batch);
    of_queries(da, dout, [b, v], own_states, [&keys, &queries], batch, scratch);
    let own_states = &mut states[..sizes[0]];
    own(own_states, &queries, [a, dout], batch, scratch);
    sum_up(own_states, &queries, if causal { Sum::Behind } else { Sum::All }, batch);
    of_keys([db, dv], dout, [a, b, v], own_states, [&keys, &queries], batch, scratch);
}

/// `da` ← S dout, and within a causal part Σ over j ≤ i of (doutᵢ · vⱼ) bⱼ.
fn of_queries(
    da: &mut [f32],
    dout: &[f32],
    [b, v]: [&[f32]; 2],
    states: &[f32],
    [keys, queries]: [&[Part]; 2],
    batch: &Batch<'_>,
    scratch: &mut [f32],
) {
    let Batch { heads, features, head_size, causal, .. } = *batch;
    let ends = bounds(queries);
    let tiles = Tiles::new(da, heads * features, Blocks::Bounds(&ends), Blocks::Even(features.max(1)));
    parallel_tiles([tiles], scratch, head_size + if causal { CAUSAL_PART } else { 0 }, |item, [mut da], scratch| {
        let (at, head) = (item / heads, item % heads);
        let rows = &queries[at].rows;
        if rows.is_empty() {
            return;
        }
        let (panels, rest) = scratch.split_at_mut(panels_len(features, head_size));
        let state = state_of(states, keys, (queries, at), head, batch);
        let dout = batch.head(dout, head_size, rows, head);
        if head_size == 1 {
            single::spread(&mut da, dout, state.data);
        } else {
            pack_transposed(panels, state, 0..head_size, 0..features);
            multiply(&mut da, 0..rows.len(), dout, Panels::new(panels, head_size), false);
        }
        if causal {
            let len = rows.len();
            let (values, rest) = rest.split_at_mut(panels_len(CAUSAL_PART, head_size));
            let (factors, scores) = rest.split_at_mut(panels_len(features, CAUSAL_PART));
            pack_transposed(values, batch.head(v, head_size, rows, head), 0..head_size, 0..len);
            pack(factors, batch.head(b, features, rows, head), 0..len, 0..features);
            let values = Panels::new(&values[..panels_len(len, head_size)], head_size);
            let factors = Panels::new(&factors[..panels_len(features, len)], len);
            for (_, run) in runs(&(0..len), run_length(&factors)) {
                let scores = scores_under_diagonal(scores, dout, values, &run);
                multiply(&mut da, run.clone(), scores, factors.part(0..run.end), true);
            }
        }
    });
}

/// `db` ← U v and `dv` ← Uᵀ b, and within a causal part Σ over i ≥ j of (doutᵢ · vⱼ) aᵢ, of (aᵢ · bⱼ) doutᵢ.
fn of_keys(
    [db, dv]: [&mut [f32]; 2],
    dout: &[f32],
    [a, b, v]: [&[f32]; 3],
    states: &[f32],
    [keys, queries]: [&[Part]; 2],
    batch: &Batch<'_>,
    scratch: &mut [f32],
) {
    let Batch { heads, features, head_size, causal, .. } = *batch;
    let ends = bounds(keys);
    let rows = Blocks::Bounds(&ends);
    let outputs = [
        Tiles::new(db, heads * features, rows, Blocks::Even(features.max(1))),
        Tiles::new(dv, heads * head_size, rows, Blocks::Even(head_size.max(1))),
    ];
    let effort = features + head_size + if causal { 2 * CAUSAL_PART } else { 0 };
    parallel_tiles(outputs, scratch, effort, |item, [mut db, mut dv], scratch| {
        let (at, head) = (item / heads, item % heads);
        let rows = &keys[at].rows;
        if rows.is_empty() {
            return;
        }
        let [a, b] = [a, b].map(|x| batch.head(x, features, rows, head));
        let [v, own_dout] = [v, dout].map(|x| batch.head(x, head_size, rows, head));
        let all = 0..rows.len();
        let state = state_of(states, queries, (keys, at), head, batch);
        let (panels, rest) = scratch.split_at_mut(state_panels(features, head_size));
        if head_size == 1 {
            single::spread(&mut db, v, state.data);
            single::read(&mut dv, b, state.data);
        } else {
            pack_transposed(panels, state, 0..head_size, 0..features);
            multiply(
                &mut db,
                all.clone(),
                v,
                Panels::new(&panels[..panels_len(features, head_size)], head_size),
                false,
            );
            pack(panels, state, 0..features, 0..head_size);
            multiply(&mut dv, all, b, Panels::new(&panels[..panels_len(head_size, features)], features), false);
        }
        if causal {
            let sizes = [features, head_size];
            // Queries and keys of a causal part are the same rows.
            give_own([&mut db, &mut dv], [a, b, v, own_dout], rows.len(), sizes, rest);
        }
    });
}

/// What a part's own queries add to the gradients of its keys.
fn give_own(
    [db, dv]: [&mut Tile<'_>; 2],
    [a, b, v, dout]: [Matrix<'_>; 4],
    len: usize,
    [features, head_size]: [usize; 2],
    scratch: &mut [f32],
) {
    let (panels, rest) = scratch.split_at_mut(panels_len(CAUSAL_PART, features.max(head_size)));
    let (right, rest) = rest.split_at_mut(panels_len(features.max(head_size), CAUSAL_PART));
    let (scores, turned) = rest.split_at_mut(QUERIES * CAUSAL_PART);
    let mut give =
        |to: &mut Tile<'_>, query: Matrix<'_>, key: Matrix<'_>, depth: usize, by: Matrix<'_>, width: usize| {
            pack_transposed(panels, key, 0..depth, 0..len);
            let keys = Panels::new(&panels[..panels_len(len, depth)], depth);
            // As in the forward pass, except for the queries.
            pack(right, by, 0..len, 0..width);
            let together = run_length(&Panels::new(&right[..panels_len(width, len)], len));
            for (_, run) in runs(&(0..len), together) {
                let scores = scores_under_diagonal(scores, query, keys, &run);
                pack(right, by.from(run.start, 0), 0..run.len(), 0..width);
                let by = Panels::new(&right[..panels_len(width, run.len())], run.len());
                multiply_transposed(to, 0..run.end, scores, by, true, turned);
            }
        };
    give(db, dout, v, head_size, a, features);
    give(dv, a, b, features, dout, head_size);
}
