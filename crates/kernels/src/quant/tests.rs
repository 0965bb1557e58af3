use super::*;
use crate::testing::{numbers, poison};

/// What [`linear_int8`] is by its definition, in f64: both factors rounded as said, and nothing else.
fn formula(x: &[f32], weight: &[f32], bias: &[f32], [n, o, i]: [usize; 3]) -> Vec<f64> {
    let row = |x: &[f32]| -> Vec<f64> {
        let (least, most) = x.iter().fold((f32::MAX, f32::MIN), |(a, b), x| (a.min(*x), b.max(*x)));
        let step = (most - least) / STEPS;
        let factor = if step > 0.0 { 1.0 / step } else { 0.0 };
        x.iter()
            .map(|x| f64::from(least) + f64::from(step) * f64::from(((x - least) * factor).round_ties_even()))
            .collect()
    };
    let weights: Vec<Vec<f64>> = weight
        .chunks(i.max(1))
        .map(|w| {
            let scale = f64::from(w.iter().fold(0.0, |most: f32, w| most.max(w.abs())) / MOST);
            // The next larger number of 17 significant bits.
            let unit = 2f64.powi(scale.log2().floor() as i32 - 16);
            let scale = ((scale / unit).ceil() * unit) as f32;
            w.iter().map(|w| f64::from(scale) * f64::from((w / scale).round_ties_even())).collect()
        })
        .collect();
    (0..n)
        .flat_map(|at| {
            let x = row(&x[at * i..(at + 1) * i]);
            (0..o)
                .map(|j| weights[j].iter().zip(&x).map(|(w, x)| w * x).sum::<f64>() + f64::from(bias[j]))
                .collect::<Vec<_>>()
        })
        .collect()
}

struct Quantised {
    bytes: Vec<f32>,
    rows: Vec<f32>,
}

fn quantise(weight: &[f32], o: usize, i: usize) -> Quantised {
    let (bytes, rows) = words(o, i);
    let mut made = Quantised { bytes: poison(bytes), rows: poison(rows) };
    quantize_weight(&mut made.bytes, &mut made.rows, weight, o, i);
    made
}

fn product(x: &[f32], weight: &Quantised, bias: &[f32], sizes: [usize; 3], relaxed: bool) -> Vec<f32> {
    let (mut y, mut room) = (poison(sizes[0] * sizes[1]), poison(scratch(sizes[0], sizes[2])));
    linear_int8(&mut y, x, &weight.bytes, &weight.rows, bias, sizes, Activation::Identity, relaxed, &mut room);
    y
}

const SHAPES: [[usize; 3]; 9] =
    [[1, 8, 1], [2, 8, 7], [3, 16, 8], [4, 24, 9], [5, 8, 33], [70, 136, 100], [7, 40, 513], [0, 8, 5], [1, 256, 64]];

#[test]
fn products_are_those_of_the_rounded_factors() {
    for [n, o, i] in SHAPES {
        let (x, weight, bias) = (numbers(n * i, 1), numbers(o * i, 2), numbers(o, 3));
        let y = product(&x, &quantise(&weight, o, i), &bias, [n, o, i], true);
        for (got, want) in y.iter().zip(formula(&x, &weight, &bias, [n, o, i])) {
            assert!((f64::from(*got) - want).abs() < 2e-6 * (i as f64 + 1.0), "{n} {o} {i}: {got}, not {want}");
        }
    }
}

#[test]
fn rounding_costs_about_a_hundredth() {
    let [n, o, i] = [33, 64, 768];
    let (x, weight, bias) = (numbers(n * i, 4), numbers(o * i, 5), vec![0.0; o]);
    let y = product(&x, &quantise(&weight, o, i), &bias, [n, o, i], true);
    let (mut error, mut size) = (0.0, 0.0);
    for (at, y) in y.iter().enumerate() {
        let (x, w) = (&x[at / o * i..][..i], &weight[at % o * i..][..i]);
        let exact: f64 = x.iter().zip(w).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
        error += (f64::from(*y) - exact).powi(2);
        size += exact * exact;
    }
    let relative = (error / size).sqrt();
    assert!((1e-4..0.02).contains(&relative), "{relative}");
}

#[test]
fn both_ways_give_the_same_bits_alone_and_in_a_batch() {
    assert!(relaxed_is_exact());
    for [n, o, i] in SHAPES {
        let (x, weight, bias) = (numbers(n * i, 6), numbers(o * i, 7), numbers(o, 8));
        let weight = quantise(&weight, o, i);
        let y = product(&x, &weight, &bias, [n, o, i], true);
        assert_eq!(product(&x, &weight, &bias, [n, o, i], false), y);
        for row in 0..n {
            let alone = product(&x[row * i..(row + 1) * i], &weight, &bias, [1, o, i], true);
            assert_eq!(alone, y[row * o..(row + 1) * o], "row {row} of {n} {o} {i}");
        }
    }
}

#[test]
fn weights_come_back_within_half_a_step() {
    let (o, i) = (16, 37);
    let weight = numbers(o * i, 9);
    let Quantised { bytes, rows } = quantise(&weight, o, i);
    let mut again = poison(o * i);
    dequantize_weight(&mut again, &bytes, &rows, i);
    for (at, (a, b)) in again.iter().zip(&weight).enumerate() {
        assert!((a - b).abs() <= 0.501 * rows[at / i], "{at}: {a}, not {b}");
    }
}

#[test]
fn what_is_not_finite_comes_through_in_its_own_row() {
    let [n, o, i] = [6, 8, 40];
    let weight = quantise(&numbers(o * i, 1), o, i);
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut x = numbers(n * i, 2);
        x[2 * i + 17] = odd;
        x[4 * i..5 * i].fill(0.25);
        let y = product(&x, &weight, &vec![0.0; o], [n, o, i], true);
        for (at, y) in y.iter().enumerate() {
            assert_eq!(y.is_nan(), at / o == 2, "{odd} at {at}: {y}");
        }
    }
}

#[test]
fn a_rounded_weight_gives_the_same_bytes_and_scales_again() {
    let [o, i] = [64, 37];
    let mut weight = numbers(o * i, 12);
    weight[..i].fill(0.0);
    weight[i..2 * i].iter_mut().for_each(|x| *x *= 1e30);
    let first = quantise(&weight, o, i);
    let mut rounded = poison(o * i);
    dequantize_weight(&mut rounded, &first.bytes, &first.rows, i);
    let again = quantise(&rounded, o, i);
    let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!((bits(&again.bytes), bits(&again.rows)), (bits(&first.bytes), bits(&first.rows)));
}
