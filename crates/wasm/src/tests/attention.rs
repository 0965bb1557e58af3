//! Batches of attention, and what they are given to.

use super::{floats, read, refused, room, words};
use crate::attention::{attention, attention_backward};
use crate::attention_batch::{attention_batch, batch_parts};
use crate::error::{Kind, Problem};
use crate::feature_map::stabilise;
use crate::heap::Slot;
use crate::linear_attention::{linear_attention, linear_attention_backward};
use crate::memory::{address, alloc, copy, fill, free, length, live, set_limit, used_bytes, window};

/// What describes a batch. Slots of `slots`: prefix, slopes, positions of queries and keys.
#[derive(Clone, Copy)]
struct Described<'a> {
    queries: &'a [u32],
    keys: &'a [u32],
    slots: [Slot; 4],
    heads: u32,
    causal: bool,
    bias: [u32; 2],
}

const ONE: Described<'_> =
    Described { queries: &[0, 2], keys: &[0, 2], slots: [0; 4], heads: 1, causal: false, bias: [0; 2] };

impl Described<'_> {
    fn make(self) -> Result<Slot, Problem> {
        let ([prefix, slopes, at, keys_at], [rows, columns]) = (self.slots, self.bias);
        let [queries, keys] = [self.queries, self.keys].map(words);
        let made =
            attention_batch(queries, keys, prefix, slopes, at, keys_at, self.heads, self.causal, 0, rows, columns);
        [queries, keys].into_iter().for_each(|slot| free(slot).unwrap());
        made
    }
}

/// Attention of 2 queries and keys of 2 numbers.
fn attend(batch: Slot, bias: Slot, rate: f32) -> Result<Vec<f32>, Problem> {
    let (q, v, out, lse) = (floats(&[1.0, 0.0, 0.0, 1.0]), floats(&[1.0, 2.0, 3.0, 4.0]), room(4), room(2));
    let done = attention(out, lse, q, q, v, bias, batch, 2, rate, 1, 2, 3, 4, 0.0).map(|()| read(out));
    [q, v, out, lse].into_iter().for_each(|slot| free(slot).unwrap());
    done
}

#[test]
fn a_batch_serves_forward_and_backward_and_keeps_what_it_was_made_of() {
    let batch = Described { queries: &[0, 1, 2], keys: &[0, 1, 2], bias: [1, 1], ..ONE }.make().unwrap();
    assert_eq!(attend(batch, 0, 0.0).unwrap(), [1.0, 2.0, 3.0, 4.0]); // one key a sequence
    assert_eq!(attend(batch, floats(&[0.0]), 0.0).unwrap(), [1.0, 2.0, 3.0, 4.0]);
    let (q, v, out, lse) = (floats(&[1.0, 0.0, 0.0, 1.0]), floats(&[1.0, 2.0, 3.0, 4.0]), room(4), room(2));
    attention(out, lse, q, q, v, 0, batch, 2, 0.0, 0, 0, 0, 0, 0.0).unwrap();
    let grads = [room(4), room(4), room(4), room(1)];
    let ([dq, dk, dv, dbias], bias) = (grads, floats(&[0.0]));
    attention_backward(dq, dk, dv, dbias, v, out, lse, q, q, v, bias, batch, 2, 0.0, 0, 0, 0, 0, 0.0).unwrap();
    assert_eq!(grads.map(read), [vec![0.0; 4], vec![0.0; 4], read(v), vec![0.0]]);
}

#[test]
fn a_batch_ends_with_free_and_its_slot_holds_no_numbers() {
    let (before, bytes) = (live(), used_bytes());
    let batch = ONE.make().unwrap();
    assert_eq!((live(), used_bytes()), (before + 1, bytes + 4 * (11 + 4)));
    let x = floats(&[0.0; 15]);
    let message = |place: &str| format!("{place}: slot {batch} is a batch, not a tensor");
    refused(copy(x, batch), &message("copy"));
    refused(fill(batch, 0.0), &message("fill"));
    refused(window(batch, 0, 1), &message("window"));
    refused(address(batch, 0, 1), &message("address"));
    refused(length(batch), &message("length"));
    refused(attend(x, 0, 0.0), &format!("attention: slot {x} is a tensor, not a batch"));
    refused(batch_parts(x), &format!("batch_parts: slot {x} is a tensor, not a batch"));
    free(x).unwrap();
    free(batch).unwrap();
    assert_eq!((live(), used_bytes()), (before, bytes));
    let gone = format!("slot {batch}: it was freed, or never made");
    refused(free(batch), &format!("free: no {gone}"));
    refused(attend(batch, 0, 0.0), &format!("attention: no {gone}"));
    refused(attend(0, 0, 0.0), "attention: no slot 0: it was freed, or never made");
}

#[test]
fn what_does_not_describe_a_batch_is_refused_and_takes_nothing() {
    let before = live();
    let wrong = |queries: &[u32]| Described { queries, keys: &[0, 1, 2], ..ONE }.make();
    refused(wrong(&[1, 1, 2]), "attention: query_offsets begin at 1, not at 0");
    refused(wrong(&[0, 3, 2]), "attention: query_offsets[2] is 2, below 3 before it");
    refused(wrong(&[0, 2]), "attention: query_offsets holds 2 numbers, key_offsets 3");
    refused(wrong(&[]), "attention: query_offsets is empty; no sequences are [0]");
    let keys = |keys: &[u32]| Described { queries: &[0, 1, 2], keys, ..ONE }.make();
    refused(keys(&[0, 2, 1]), "attention: key_offsets[2] is 1, below 2 before it");
    refused(Described { heads: 0, ..ONE }.make(), "attention: a batch needs heads, and has 0");
    let biased = |bias| Described { bias, ..ONE }.make();
    refused(biased([1, 2]), "attention: bias has 1 rows, and sequence 0 has 2 queries");
    refused(biased([2, 1]), "attention: bias has 1 columns, and sequence 0 has 2 keys");
    refused(biased([0, 2]), "attention: bias has 0 rows, and sequence 0 has 2 queries");
    assert_eq!(live(), before);
    let sloped = |slopes: &[f32], at: &[u32], keys_at: &[u32]| {
        let slots = [0, floats(slopes), words(at), words(keys_at)];
        Described { slots, ..ONE }.make()
    };
    sloped(&[0.5], &[0, 1], &[0, (1 << 24) - 1]).unwrap();
    refused(sloped(&[0.5; 2], &[0, 1], &[0, 1]), "attention: slopes holds 2 numbers, not [H] = 1");
    refused(sloped(&[0.5], &[0], &[0, 1]), "attention: query_positions holds 1 numbers, not [N] = 2");
    refused(sloped(&[0.5], &[0, 1], &[0]), "attention: key_positions holds 1 numbers, not [S] = 2");
    let far = sloped(&[0.5], &[0, 1], &[0, 1 << 24]);
    refused(far, "attention: key_positions[1] is 16777216, not from 0 to 16777215");
    refused(sloped(&[0.5], &[u32::MAX, 1], &[0, 1]), "attention: query_positions[0] is -1, not from 0 to 16777215");
    let opened = |causal, prefix: &[u32]| Described { causal, slots: [words(prefix), 0, 0, 0], ..ONE }.make();
    opened(true, &[2]).unwrap();
    refused(opened(true, &[3]), "attention: prefix[0] is 3, and its sequence has 2 keys");
    refused(opened(true, &[1, 1]), "attention: prefix holds 2 numbers, not [B] = 1");
    refused(opened(false, &[1]), "attention: prefix is given, but not causal: every key is seen anyway");
}

#[test]
fn attention_needs_rows_and_a_bias_that_fit_the_batch() {
    let of = |queries, keys| Described { queries, keys, ..ONE }.make().unwrap();
    let message = "attention: query_offsets end at 3, not at N = 2, the rows of q";
    refused(attend(of(&[0, 1, 3], &[0, 1, 2]), 0, 0.0), message);
    let message = "attention: key_offsets end at 1, not at S = 2, the rows of k";
    refused(attend(of(&[0, 1, 2], &[0, 1, 1]), 0, 0.0), message);
    let one = ONE.make().unwrap();
    refused(attend(one, 0, 1.5), "attention: rate is 1.5, not from 0 to 1");
    refused(attend(one, floats(&[0.0]), 0.0), "attention: bias holds 1 numbers, not [H, rows, columns] = 0");
    let biased = Described { bias: [2, 2], ..ONE }.make().unwrap();
    attend(biased, floats(&[0.0; 4]), 0.0).unwrap();
    refused(attend(biased, floats(&[0.0; 5]), 0.0), "attention: bias holds 5 numbers, not [H, rows, columns] = 4");
    let three = Described { heads: 3, ..ONE }.make().unwrap();
    refused(attend(three, 0, 0.0), "attention: q holds 4 numbers, which are no rows of 6");
    let (x, lse) = (floats(&[0.0; 4]), room(2));
    let wrong = |head_size| attention(room(4), lse, x, x, x, 0, one, head_size, 0.0, 0, 0, 0, 0, 0.0);
    refused(wrong(0), "attention: 1 heads of 0 numbers");
    refused(wrong(4), "attention: query_offsets end at 2, not at N = 1, the rows of q");
}

#[test]
fn linear_attention_takes_a_batch_that_makes_no_scores() {
    let (x, out) = (floats(&[1.0, 2.0, 3.0, 4.0]), room(4));
    let run = |batch| linear_attention(out, x, x, x, 0, batch, 2, 2);
    let one = ONE.make().unwrap();
    run(one).unwrap();
    assert_eq!(read(out), [5.0 + 33.0, 10.0 + 44.0, 11.0 + 75.0, 22.0 + 100.0]);
    linear_attention_backward(room(4), room(4), room(4), x, x, x, x, 0, one, 2, 2).unwrap();
    let refuse = |batch: Described<'_>, has: &str| {
        let message = format!("linear_attention: the batch has {has}, and linear attention makes no scores");
        refused(run(batch.make().unwrap()), &message);
    };
    refuse(Described { bias: [2, 2], ..ONE }, "a bias");
    refuse(Described { causal: true, slots: [words(&[1]), 0, 0, 0], ..ONE }, "a prefix");
    let at = words(&[0, 1]);
    refuse(Described { slots: [0, floats(&[1.0]), at, at], ..ONE }, "slopes");
    let apart = Described { queries: &[0, 1, 2], keys: &[0, 2, 2], causal: true, ..ONE }.make().unwrap();
    refused(run(apart), "linear_attention: causal, but queries and keys are not the same rows");
    refused(linear_attention(out, x, x, x, room(1), one, 2, 2), "linear_attention: levels are given, but not causal");
    refused(linear_attention(out, x, x, x, 0, one, 2, 0), "linear_attention: 1 heads of 2 features and 0 numbers");
    let message = "linear_attention: query_offsets end at 2, not at N = 1, the rows of a";
    refused(linear_attention(out, x, x, x, 0, one, 4, 2), message);
    let long = Described { queries: &[0, 300], keys: &[0, 300], ..ONE }.make().unwrap();
    assert_eq!((batch_parts(one), batch_parts(long)), (Ok(1), Ok(3)));
    refused(stabilise(room(2), 0, 0, room(2), long, 0.0), "stabilise: key_offsets end at 300, not at N = 2");
}

#[test]
fn a_batch_beyond_the_limit_is_refused_as_out_of_memory() {
    let offsets: Vec<u32> = (0..1 << 19).collect();
    let (slot, taken) = (words(&offsets), live());
    set_limit(used_bytes() as f64 + 4e6);
    let refusal = attention_batch(slot, slot, 0, 0, 0, 0, 1, false, 0, 0, 0).unwrap_err();
    assert_eq!(refusal.message(), "out of memory: a batch needs 5 MiB, 2 MiB of 6 MiB in use");
    assert_eq!((refusal.kind(), live()), (Kind::OutOfMemory, taken));
    assert_eq!(alloc(1).and_then(copy_of_nothing).unwrap_err().kind(), Kind::Call);
    set_limit(f64::INFINITY);
}

fn copy_of_nothing(y: Slot) -> Result<(), Problem> {
    copy(y, 0)
}
