//! Batches of attention: whose rows are in which sequence, who sees whom, and what depends on positions. A batch is described
//! and checked once, for every layer, forward and backward.
//!
//! A batch has a slot of its own, with copies of all that describes it: what was checked cannot change, and `free` ends it.

use kernels::linear_attention::causal_parts;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::check::{self, length};
use crate::error::Problem;
use crate::heap::{Heap, Lent, Slot, as_u32, heap};

const PLACE: &str = "attention";

/// Positions are below this: as f32 they are exact.
const MOST_POSITIONS: u32 = 1 << 24;

/// Words in front of the arrays: five numbers, and the arrays' lengths.
const HEADER: usize = 5 + ARRAYS;

/// Offsets of queries and keys, prefix, slopes, positions of queries and keys.
const ARRAYS: usize = 6;

/// What a batch holds.
#[derive(Clone, Copy)]
pub struct Sequences<'a> {
    /// H, from 1.
    pub heads: u32,
    /// No key behind the query's place is seen.
    pub causal: bool,
    /// If not 0, how far away seen keys are at most.
    pub window: u32,
    /// Rows and columns of the bias, `[1 or H, rows, columns]`; 0 and 0 without one.
    pub bias: [u32; 2],
    /// `[B + 1]`.
    pub query_offsets: &'a [u32],
    /// `[B + 1]`.
    pub key_offsets: &'a [u32],
    /// `[B]`, or empty.
    pub prefix: &'a [u32],
    /// `[H]`, or empty.
    pub slopes: &'a [f32],
    /// `[N]`; empty without slopes.
    pub query_positions: &'a [u32],
    /// `[S]`; empty without slopes.
    pub key_positions: &'a [u32],
}

impl<'a> Sequences<'a> {
    /// Of the words that [`attention_batch`] wrote.
    pub fn read(words: &'a [f32]) -> Self {
        let (header, mut rest) = words.split_at(HEADER);
        let [heads, causal, window, rows, columns, lengths @ ..] = as_u32(header) else {
            unreachable!("it is as long")
        };
        let mut lengths = lengths.iter();
        let mut next = || {
            let (array, left) = rest.split_at(lengths.next().map_or(0, |length| *length as usize));
            rest = left;
            array
        };
        Self {
            heads: *heads,
            causal: *causal != 0,
            window: *window,
            bias: [*rows, *columns],
            query_offsets: as_u32(next()),
            key_offsets: as_u32(next()),
            prefix: as_u32(next()),
            slopes: next(),
            query_positions: as_u32(next()),
            key_positions: as_u32(next()),
        }
    }

    /// Number of all queries, N.
    pub fn queries(&self) -> u32 {
        self.query_offsets.last().copied().unwrap_or(0)
    }

    /// Number of all keys, S.
    pub fn keys(&self) -> u32 {
        self.key_offsets.last().copied().unwrap_or(0)
    }

    /// Refuses `q` and `k`, whose rows have `width` numbers a head, if they have other numbers of rows than the batch: N, S.
    pub fn rows(&self, place: &str, names: [&str; 2], [q, k]: [&[f32]; 2], width: u32) -> Result<[u32; 2], Problem> {
        let numbers = self.heads.checked_mul(width).filter(|numbers| *numbers > 0);
        let numbers = numbers.ok_or_else(|| Problem::new(place, format!("{} heads of {width} numbers", self.heads)))?;
        let (n, s) = (check::rows(place, names[0], q, numbers)?, check::rows(place, names[1], k, numbers)?);
        for (name, end, rows, letter, of) in
            [("query_offsets", self.queries(), n, 'N', names[0]), ("key_offsets", self.keys(), s, 'S', names[1])]
        {
            if end != rows {
                return Err(Problem::new(
                    place,
                    format!("{name} end at {end}, not at {letter} = {rows}, the rows of {of}"),
                ));
            }
        }
        Ok([n, s])
    }

    /// Refuses what does not fit together; `has` says which arrays were given.
    fn check(&self, has: [bool; ARRAYS]) -> Result<(), Problem> {
        let [_, _, has_prefix, has_slopes, ..] = has;
        if self.heads == 0 {
            return Err(Problem::new(PLACE, "a batch needs heads, and has 0".into()));
        }
        check::ascending(PLACE, "query_offsets", self.query_offsets)?;
        check::ascending(PLACE, "key_offsets", self.key_offsets)?;
        check::same(PLACE, "query_offsets", self.query_offsets, "key_offsets", self.key_offsets)?;
        self.check_bias()?;
        if has_slopes {
            length(PLACE, "slopes", self.slopes, "[H]", &[self.heads])?;
            check_positions("query_positions", self.query_positions, "[N]", self.queries())?;
            check_positions("key_positions", self.key_positions, "[S]", self.keys())?;
        }
        if has_prefix { self.check_prefix() } else { Ok(()) }
    }

    /// Refuses a bias that does not reach as far as the sequences.
    fn check_bias(&self) -> Result<(), Problem> {
        let [rows, columns] = self.bias;
        if self.bias == [0, 0] {
            return Ok(());
        }
        let sides = [("rows", rows, self.query_offsets, "queries"), ("columns", columns, self.key_offsets, "keys")];
        for (what, size, offsets, of) in sides {
            if let Some(b) = offsets.windows(2).position(|ends| ends[1] - ends[0] > size) {
                let len = offsets[b + 1] - offsets[b];
                return Err(Problem::new(PLACE, format!("bias has {size} {what}, and sequence {b} has {len} {of}")));
            }
        }
        Ok(())
    }

    /// Refuses prefixes that are longer than their sequences, or that open what is not closed.
    fn check_prefix(&self) -> Result<(), Problem> {
        if !self.causal {
            return Err(Problem::new(PLACE, "prefix is given, but not causal: every key is seen anyway".into()));
        }
        length(PLACE, "prefix", self.prefix, "[B]", &[self.key_offsets.len() as u32 - 1])?;
        let lengths = self.key_offsets.windows(2).map(|ends| ends[1] - ends[0]);
        match self.prefix.iter().zip(lengths).enumerate().find(|(_, (prefix, len))| *prefix > len) {
            None => Ok(()),
            Some((b, (prefix, len))) => {
                Err(Problem::new(PLACE, format!("prefix[{b}] is {}, and its sequence has {len} keys", *prefix as i32)))
            }
        }
    }
}

fn check_positions(name: &str, positions: &[u32], shape: &str, rows: u32) -> Result<(), Problem> {
    length(PLACE, name, positions, shape, &[rows])?;
    match positions.iter().position(|position| *position >= MOST_POSITIONS) {
        None => Ok(()),
        Some(i) => {
            let what = format!("{name}[{i}] is {}, not from 0 to {}", positions[i] as i32, MOST_POSITIONS - 1);
            Err(Problem::new(PLACE, what))
        }
    }
}

/// A new batch. Offsets: `[B + 1]`. `causal`: query i of T sees keys up to i + S − T. `window`: none if 0, else keys no farther
/// away than that. Slots that may be 0: `prefix` `[B]`, keys before it count as no later ones; `slopes` `[heads]` with
/// `query_positions` `[N]` and `key_positions` `[S]`, whose distance times −slope is added to scores. `bias_rows` and
/// `bias_columns` are the sizes of the biases that will be added, `[1 or heads, rows, columns]`, or 0.
#[wasm_bindgen]
pub fn attention_batch(
    query_offsets: Slot,
    key_offsets: Slot,
    prefix: Slot,
    slopes: Slot,
    query_positions: Slot,
    key_positions: Slot,
    heads: u32,
    causal: bool,
    window: u32,
    bias_rows: u32,
    bias_columns: u32,
) -> Result<Slot, Problem> {
    let slots = [query_offsets, key_offsets, prefix, slopes, query_positions, key_positions];
    let has = slots.map(|slot| slot != 0);
    heap(|heap| {
        let words = heap.lend(PLACE, [], slots, |lent: Lent<0, ARRAYS>| {
            let [query_offsets, key_offsets, prefix, slopes, query_positions, key_positions] = lent.inputs;
            let given = Sequences {
                heads,
                causal,
                window,
                bias: [bias_rows, bias_columns],
                query_offsets: as_u32(query_offsets),
                key_offsets: as_u32(key_offsets),
                prefix: as_u32(prefix),
                slopes,
                query_positions: as_u32(query_positions),
                key_positions: as_u32(key_positions),
            };
            given.check(has)?;
            Ok(HEADER + lent.inputs.iter().map(|array| array.len()).sum::<usize>())
        })?;
        let numbers = [heads, u32::from(causal), window, bias_rows, bias_columns];
        write(heap, words, numbers, slots)
    })
}

/// A sealed slot of the numbers and the arrays.
fn write(heap: &mut Heap, words: usize, numbers: [u32; 5], slots: [Slot; ARRAYS]) -> Result<Slot, Problem> {
    let slot = heap.alloc_for("a batch", words)?;
    heap.lend(PLACE, [slot], slots, |Lent { outputs: [batch], inputs, .. }| {
        let lengths = inputs.map(|array| array.len() as u32);
        let (header, mut rest) = batch.split_at_mut(HEADER);
        for (word, number) in header.iter_mut().zip(numbers.into_iter().chain(lengths)) {
            *word = f32::from_bits(number);
        }
        for array in inputs {
            let (own, left) = rest.split_at_mut(array.len());
            own.copy_from_slice(array);
            rest = left;
        }
        Ok(())
    })?;
    heap.seal(slot)?;
    Ok(slot)
}

/// Number of the parts of a batch's keys for which causal sums have levels.
#[wasm_bindgen]
pub fn batch_parts(batch: Slot) -> Result<u32, Problem> {
    crate::heap::lend_with_batch("batch_parts", batch, [], [], |_: Lent<0, 0>, words| {
        Ok(causal_parts(Sequences::read(words).key_offsets).len() as u32)
    })
}
