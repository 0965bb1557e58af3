//! What the exports answer, and what they refuse. That kernels compute the right thing is tested beside them.

mod attention;

use core::fmt::Debug;

use crate::error::Problem;
use crate::heap::{Lent, Slot, lend};
use crate::memory::alloc;
use crate::{activation::*, adamw::*, embedding::*, gemm::*, layer_norm::*, losses::*, random::*};
use crate::{reduce::*, rope::*};

pub fn words(words: &[u32]) -> Slot {
    let slot = alloc(words.len() as u32).unwrap();
    lend("test", [slot], [], |Lent::<1, 0> { outputs: [out], .. }| {
        out.iter_mut().zip(words).for_each(|(out, word)| *out = f32::from_bits(*word));
        Ok(())
    })
    .unwrap();
    slot
}

pub fn floats(x: &[f32]) -> Slot {
    words(&x.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
}

pub fn room(len: usize) -> Slot {
    floats(&vec![f32::NAN; len])
}

pub fn read(slot: Slot) -> Vec<f32> {
    lend("test", [], [slot], |Lent::<0, 1> { inputs: [x], .. }| Ok(x.to_vec())).unwrap()
}

#[track_caller]
pub fn refused<T: Debug>(result: Result<T, Problem>, message: &str) {
    assert_eq!(result.unwrap_err().message(), message);
}

#[test]
fn linear_needs_sizes_that_fit() {
    let (y, x, weight) = (room(2), floats(&[1.0, 2.0, 3.0]), floats(&[1.0, 0.0, -1.0, 0.5, 0.5, 0.5]));
    linear(y, x, weight, 0, 1, 1, 2, 3, 3, false).unwrap();
    assert_eq!(read(y), [0.0, 3.0]); // ReLU of −2, 3
    linear(y, x, weight, floats(&[5.0, -4.0]), 1, 1, 2, 3, 0, false).unwrap();
    assert_eq!(read(y), [3.0, -1.0]);
    refused(linear(y, x, weight, 0, 2, 1, 1, 4, 0, false), "linear: x holds 3 numbers, not [N, I] = 4");
    refused(linear(y, x, weight, 0, 1, 1, 2, 3, 16, false), "linear: activation 16 is none of 0 to 15");
    let bias = floats(&[0.0]);
    refused(linear(y, x, weight, bias, 1, 1, 2, 3, 0, false), "linear: bias holds 1 numbers, not [P, O] = 2");
    let none = alloc(0).unwrap();
    refused(linear(y, x, weight, none, 1, 1, 2, 3, 0, false), "linear: bias holds 0 numbers, not [P, O] = 2");
    refused(
        linear(y, x, weight, 0, 1 << 16, 1 << 16, 1 << 16, 1 << 16, 0, false),
        "linear: y holds 2 numbers, not [P, N, O] = 281474976710656",
    );
    assert!(linear(x, x, weight, 0, 1, 1, 2, 3, 0, false).is_err());
}

#[test]
fn gradients_of_linear_are_overwritten_or_added_to() {
    let (x, weight, dy) = (floats(&[1.0, 2.0, 3.0]), floats(&[1.0, 0.0, -1.0, 0.5, 0.5, 0.5]), floats(&[2.0, 4.0]));
    let (dx, dweight, dbias) = (room(3), room(6), room(2));
    for (accumulate, factor) in [(false, 1.0), (true, 2.0)] {
        linear_backward_input(dx, dy, weight, 1, 1, 2, 3, accumulate).unwrap();
        linear_backward_weight(dweight, dbias, dy, x, 1, 1, 2, 3, accumulate).unwrap();
        assert_eq!(read(dx), [4.0, 2.0, 0.0].map(|x| x * factor));
        assert_eq!(read(dweight), [2.0, 4.0, 6.0, 4.0, 8.0, 12.0].map(|x| x * factor));
        assert_eq!(read(dbias), [2.0, 4.0].map(|x| x * factor));
    }
    let message = "linear_backward_weight: dbias holds 3 numbers, not [P, O] = 2";
    refused(linear_backward_weight(dweight, dx, dy, x, 1, 1, 2, 3, true), message);
    let message = "linear_backward_input: weight holds 6 numbers, not [P, O, I] = 4";
    refused(linear_backward_input(dbias, dy, weight, 1, 1, 2, 2, true), message);
    let c = room(4);
    matmul(c, dy, dy, 2, 2, 1, false, false, false).unwrap();
    assert_eq!(read(c), [4.0, 8.0, 8.0, 16.0]);
    refused(matmul(c, dy, x, 2, 2, 1, false, true, false), "matmul: b holds 3 numbers, not [K, N] = 2");
}

#[test]
fn rope_needs_positions_of_the_table() {
    let (y, x, cos, sin) = (room(4), floats(&[1.0, 2.0, 3.0, 4.0]), floats(&[1.0, 0.0]), floats(&[0.0, 1.0]));
    let run = |positions: &[u32], rotary| rope(y, x, words(positions), cos, sin, 1, 2, rotary, false, false);
    run(&[1, 0], 2).unwrap();
    assert_eq!(read(y), [-2.0, 1.0, 3.0, 4.0]);
    refused(run(&[0, 2], 2), "rope: positions[1] is 2, and cos has 2 rows");
    refused(run(&[0, 0, 0], 2), "rope: y holds 4 numbers, not [N, H, D] = 6");
    refused(run(&[0, 0], 1), "rope: 1 of 2 numbers a head make no pairs");
    refused(run(&[0, 0], 4), "rope: 4 of 2 numbers a head make no pairs");
}

#[test]
fn layer_norm_takes_sum_and_residual_or_leaves_them_out() {
    let (y, sum, stats, x) = (room(4), room(4), room(2), floats(&[1.0, 3.0, 1.0, 3.0]));
    let (weight, bias) = (floats(&[1.0; 4]), floats(&[0.0; 4]));
    let run = |sum, residual| layer_norm(y, sum, stats, x, residual, weight, bias, 4, 1e-12, 0.0, 0, 0, 0, 0, 0.0);
    run(0, 0).unwrap();
    assert_eq!((read(y), read(stats)), (vec![-1.0, 1.0, -1.0, 1.0], vec![2.0, 1.0]));
    run(sum, floats(&[1.0; 4])).unwrap();
    assert_eq!(read(sum), [2.0, 4.0, 2.0, 4.0]);
    let short = room(3);
    refused(run(short, 0), "layer_norm: sum holds 3 numbers, not [N, C] = 4");
    refused(run(0, short), "layer_norm: residual holds 3 numbers, not [N, C] = 4");
    let (dx, dresidual, dweight, dbias) = (room(4), room(4), floats(&[1.0; 4]), floats(&[1.0; 4]));
    let back = |dresidual, width| {
        layer_norm_backward(dx, dresidual, dweight, dbias, x, sum, stats, weight, width, 0.0, 0, 0, 0, 0, 0.0)
    };
    back(dresidual, 4).unwrap();
    assert_eq!((read(dbias), read(dx)), (vec![2.0, 4.0, 2.0, 4.0], read(dresidual)));
    refused(back(short, 4), "layer_norm_backward: dresidual holds 3 numbers, not [N, C] = 4");
    refused(back(0, 2), "layer_norm_backward: stats holds 2 numbers, not [N, 2] = 4");
}

#[test]
fn embedding_needs_ids_of_the_table() {
    let (y, table) = (room(4), floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    embedding(y, table, words(&[2, 0]), 2, false).unwrap();
    assert_eq!(read(y), [5.0, 6.0, 1.0, 2.0]);
    refused(embedding(y, table, words(&[2, 3]), 2, false), "embedding: ids[1] is 3, and table has 3 rows");
    let none = u32::MAX;
    embedding_backward(table, y, words(&[1, none]), 2, none).unwrap();
    assert_eq!(read(table), [1.0, 2.0, 8.0, 10.0, 5.0, 6.0]);
    let message = "embedding_backward: ids[1] is 4294967295, and dtable has 3 rows";
    refused(embedding_backward(table, y, words(&[1, none]), 2, 0), message);
}

#[test]
fn losses_need_labels_that_are_classes() {
    let (losses, state, logits) = (room(2), room(8), floats(&[0.0; 8]));
    let labels = |labels: [i32; 2]| words(&labels.map(|label| label as u32));
    let good = labels([3, -100]);
    cross_entropy_columns(state, logits, good, 4, 0, -100).unwrap();
    cross_entropy(losses, state, good, 4, -100, 0.0).unwrap();
    assert_eq!((read(losses), read(state)[1]), (vec![4f32.ln(), 0.0], 4.0));
    let message = "cross_entropy: label of row 1 is 4, neither below 4 nor -100, the ignored one";
    refused(cross_entropy(losses, state, labels([0, 4]), 4, -100, 0.0), message);
    let message = "cross_entropy: label of row 0 is -1, neither below 4 nor -100, the ignored one";
    refused(cross_entropy(losses, state, labels([-1, 4]), 4, -100, 0.0), message);
    refused(cross_entropy(losses, state, good, 4, -100, 1.5), "cross_entropy: smoothing is 1.5, not from 0 to 1");
    let message = "cross_entropy_columns: logits holds 8 numbers, not [N, columns] = 6";
    refused(cross_entropy_columns(state, logits, good, 3, 0, -100), message);
    cross_entropy_backward(logits, state, good, 4, 0, 4, -100, 0.0, 1.0).unwrap();
    assert_eq!(read(logits), [0.25, 0.25, 0.25, -0.75, 0.0, 0.0, 0.0, 0.0]);
    assert!(cross_entropy_backward(state, state, good, 4, 0, 4, -100, 0.0, 1.0).is_err());
    let (x, target) = (floats(&[1.0, -2.0]), floats(&[0.0, 1.0]));
    squared_error(losses, x, target).unwrap();
    assert_eq!(read(losses), [1.0, 9.0]);
    squared_error_backward(losses, x, target, 0.5).unwrap();
    assert_eq!(read(losses), [1.0, -3.0]);
    binary_cross_entropy(losses, target, floats(&[0.5, 0.5])).unwrap();
    assert_eq!(read(losses)[0], 2f32.ln());
    binary_cross_entropy_backward(losses, target, floats(&[0.5, 0.5]), 1.0).unwrap();
    assert_eq!(read(losses)[0], 0.0);
    refused(squared_error(room(3), x, target), "squared_error: the output holds 3 numbers, x 2");
}

#[test]
fn buffers_are_reduced_and_combined() {
    let (x, y) = (floats(&[1.0, 2.0, 3.0, 4.0]), room(4));
    assert_eq!((sum(x).unwrap(), sum_of_squares(x).unwrap()), (10.0, 30.0));
    add(y, x, x).unwrap();
    add_scaled(y, x, -1.0).unwrap();
    assert_eq!(read(y), read(x));
    scale(y, x, 2.0).unwrap();
    activation(y, x, 11).unwrap();
    assert_eq!(read(y), [1.0, 4.0, 9.0, 16.0]);
    activation_backward(y, x, x, 3).unwrap();
    assert_eq!(read(y), read(x));
    mean_rows(y, x, words(&[0, 1, 2]), 2).unwrap();
    assert_eq!(read(y), read(x));
    let offsets = words(&[0, 0, 2]);
    mean_rows(y, x, offsets, 2).unwrap();
    assert_eq!(read(y), [0.0, 0.0, 2.0, 3.0]);
    mean_rows_backward(y, x, offsets, 2).unwrap();
    assert_eq!(read(y), [1.5, 2.0, 1.5, 2.0]);
    refused(mean_rows(y, x, words(&[0, 3]), 2), "mean_rows: offsets end at 3, not at N = 2");
    refused(add(y, x, room(3)), "add: b holds 3 numbers, y 4");
}

#[test]
fn random_numbers_follow_from_their_arguments() {
    let (x, y, z) = (floats(&[1.0; 9]), room(9), room(9));
    random_uniform(y, 1, 2, 3, 4).unwrap();
    random_uniform(z, 1, 2, 3, 4).unwrap();
    assert_eq!(read(y), read(z));
    random_normal(z, 0.0, 1, 2, 3, 4).unwrap();
    assert!(read(z).iter().all(|z| *z == 0.0));
    dropout(y, x, 1.0, 1, 2, 3, 4, 0.0).unwrap();
    assert_eq!(read(y), [0.0; 9]);
    refused(dropout(y, x, f32::NAN, 1, 2, 3, 4, 0.0), "dropout: rate is NaN, not from 0 to 1");
    refused(dropout(y, x, 0.5, 1, 2, 3, 4, -1.0), "dropout: first is -1, not a whole number from 0 to 2^53");
}

#[test]
fn adamw_needs_segments_inside_the_buffers() {
    let (params, grads, m, v) = (floats(&[1.0; 4]), floats(&[1.0; 3]), floats(&[0.0; 3]), floats(&[0.0; 3]));
    let run =
        |segments: &[u32], step| adamw(params, grads, m, v, words(segments), 0.1, 0.9, 0.999, 0.0, 0.0, step, 1.0);
    let one = 1f32.to_bits();
    run(&[1, 0, 2, one, one], 1).unwrap();
    assert_eq!((read(params)[0], read(params)[3]), (1.0, 1.0));
    assert!((read(params)[1] - 0.9).abs() < 1e-6);
    let message = "adamw: segment 1, 2 numbers at 3, lies outside params, which holds 4";
    refused(run(&[0, 0, 3, one, one, 3, 0, 2, one, one], 1), message);
    let message = "adamw: segment 0, 2 numbers at 2, lies outside grads, which holds 3";
    refused(run(&[1, 2, 2, one, one], 1), message);
    refused(run(&[1, 0, 2, one], 1), "adamw: segments are not five words each");
    refused(run(&[1, 0, 2, one, one], 0), "adamw: steps are counted from 1");
    let alone = words(&[1, 0, 2, one, one]);
    let result = adamw(params, grads, floats(&[0.0; 4]), v, alone, 0.1, 0.9, 0.999, 0.0, 0.0, 1, 1.0);
    refused(result, "adamw: m holds 4 numbers, grads 3");
}
