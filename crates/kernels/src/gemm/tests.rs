use super::*;
use crate::testing::{numbers, poison};

fn room() -> Vec<f32> {
    poison(scratch())
}

/// Σₖ a(i, k) · b(k, j) in f64, and Σₖ |a · b|, which bounds its rounding error in f32 from below.
fn dot(k: usize, term: impl Fn(usize) -> f64) -> (f64, f64) {
    (0..k).fold((0.0, 0.0), |(sum, size), k| (sum + term(k), size + term(k).abs()))
}

/// 1e-6 above 1. A sum of K terms in f32 errs by K / 2 roundings of 6e-8 at worst, by √K or so in practice: what is
/// allowed grows with the sum of magnitudes, not with the sum, which may have cancelled.
#[track_caller]
fn assert_near(got: f32, (want, size): (f64, f64), what: &dyn core::fmt::Debug) {
    assert!((f64::from(got) - want).abs() <= 1e-6 * size.max(1.0), "{what:?}: {got}, not {want}");
}

const SIZES: [usize; 11] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 17, 31];

fn shapes() -> impl Iterator<Item = [usize; 3]> {
    let small = SIZES.iter().flat_map(|m| SIZES.iter().flat_map(move |n| SIZES.iter().map(move |k| [*m, *n, *k])));
    let large =
        [[1, 67, 513], [5, 131, 1031], [257, 65, 61], [33, 70, 1537], [300, 3, 512], [2, 64, 511], [40, 139, 270]];
    small.chain(large)
}

#[test]
fn matmul_is_the_sum_of_products_in_every_arrangement() {
    let mut scratch = room();
    for [m, n, k] in shapes() {
        let (a, b, before) = (numbers(m * k, 1), numbers(k * n, 2), numbers(m * n, 3));
        for choice in 0..8 {
            let [ta, tb, add] = [1, 2, 4].map(|bit| choice & bit != 0);
            let mut c = if add { before.clone() } else { poison(m * n) };
            matmul(&mut c, &a, &b, m, n, k, ta, tb, add, &mut scratch);
            for (at, c) in c.iter().enumerate() {
                let (i, j) = (at / n, at % n);
                let (sum, size) = dot(k, |l| {
                    let (a, b) = (a[if ta { l * m + i } else { i * k + l }], b[if tb { j * k + l } else { l * n + j }]);
                    f64::from(a) * f64::from(b)
                });
                let start = if add { f64::from(before[at]) } else { 0.0 };
                assert_near(*c, (start + sum, size), &([m, n, k], [ta, tb, add], at));
            }
        }
    }
}

#[test]
fn matmul_gives_the_same_bits_whatever_surrounds_a_number() {
    let mut scratch = room();
    for k in [0, 1, 3, 64, 513, 1100] {
        let (m, n) = (260, 150);
        let (a, b) = (numbers(m * k, 4), numbers(k * n, 5));
        let transposed = |x: &[f32], width: usize| -> Vec<f32> {
            (0..x.len()).map(|at| x[at % k.max(1) * width + at / k.max(1)]).collect()
        };
        let (columns, mut whole) = (transposed(&b, n), poison(m * n));
        matmul(&mut whole, &a, &b, m, n, k, false, false, false, &mut scratch);
        for (first, rows, column, width) in
            [(0, 1, 0, 1), (7, 3, 5, 9), (250, 10, 149, 1), (1, 17, 8, 142), (2, 2, 63, 7)]
        {
            let a = &a[first * k..(first + rows) * k];
            let b = &columns[column * k..(column + width) * k];
            let a_columns: Vec<f32> = (0..k * rows).map(|at| a[at % rows * k + at / rows]).collect();
            for (a, turned) in [(a, false), (&a_columns[..], true)] {
                let mut part = poison(rows * width);
                matmul(&mut part, a, b, rows, width, k, turned, true, false, &mut scratch);
                for (at, part) in part.iter().enumerate() {
                    let whole = whole[(first + at / width) * n + column + at % width];
                    assert_eq!(part.to_bits(), whole.to_bits(), "K {k}, rows {first}+{rows}, columns {column}+{width}");
                }
            }
        }
    }
}

#[test]
fn matmul_lets_nan_and_infinity_through_and_keeps_them_in_their_row_and_column() {
    let mut scratch = room();
    let (m, n, k) = (7, 11, 5);
    let (mut a, mut b, mut c) = (numbers(m * k, 6), numbers(k * n, 7), poison(m * n));
    (a[2 * k + 3], a[6 * k + 4], b[k - 1]) = (f32::NAN, f32::INFINITY, f32::NEG_INFINITY);
    matmul(&mut c, &a, &b, m, n, k, false, false, false, &mut scratch);
    for (at, c) in c.iter().enumerate() {
        let (i, j) = (at / n, at % n);
        let want = (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(b[l * n + j])).sum::<f64>();
        assert!(c.is_finite() == want.is_finite() && c.is_nan() == want.is_nan(), "{i}, {j}: {c}, not {want}");
    }
}

fn linear_shapes() -> [[usize; 4]; 11] {
    [
        [0, 3, 4, 5],
        [1, 0, 4, 5],
        [3, 2, 0, 4],
        [2, 3, 4, 0],
        [1, 1, 1, 1],
        [1, 7, 31, 13],
        [3, 5, 17, 64],
        [2, 33, 8, 9],
        [3, 300, 67, 3],
        [1, 17, 70, 515],
        [2, 513, 5, 6],
    ]
}

#[test]
fn linear_is_an_activation_of_products_plus_bias() {
    let mut scratch = room();
    for [parts, n, o, i] in linear_shapes() {
        let (x, weight, bias) = (numbers(n * i, 1), numbers(parts * o * i, 2), numbers(parts * o, 3));
        for (bias, activation) in
            [(&bias[..], Activation::Silu), (&bias, Activation::Identity), (&[], Activation::Silu)]
        {
            let mut y = poison(parts * n * o);
            linear(&mut y, &x, &weight, bias, parts, n, o, i, activation, false, &mut scratch);
            for (at, y) in y.iter().enumerate() {
                let (part, row, column) = (at / o / n, at / o % n, at % o);
                let weight = &weight[(part * o + column) * i..][..i];
                let (sum, size) = dot(i, |k| f64::from(x[row * i + k]) * f64::from(weight[k]));
                let sum = sum + f64::from(bias.get(part * o + column).copied().unwrap_or(0.0));
                let want = if activation == Activation::Silu { sum / (1.0 + (-sum).exp()) } else { sum };
                assert_near(*y, (want, size), &(activation, [parts, n, o, i], at));
            }
        }
    }
}

#[test]
fn linear_backward_input_is_the_sum_over_parts() {
    let mut scratch = room();
    for [parts, n, o, i] in linear_shapes() {
        let (dy, weight, before) = (numbers(parts * n * o, 1), numbers(parts * o * i, 2), numbers(n * i, 3));
        for add in [false, true] {
            let mut dx = if add { before.clone() } else { poison(n * i) };
            linear_backward_input(&mut dx, &dy, &weight, parts, n, o, i, add, &mut scratch);
            for (at, dx) in dx.iter().enumerate() {
                let (sum, size) = dot(parts * o, |k| {
                    let (part, k) = (k / o, k % o);
                    f64::from(dy[(part * n + at / i) * o + k]) * f64::from(weight[(part * o + k) * i + at % i])
                });
                let start = if add { f64::from(before[at]) } else { 0.0 };
                assert_near(*dx, (start + sum, size), &([parts, n, o, i], add, at));
            }
        }
    }
}

#[test]
fn linear_backward_weight_sums_over_rows() {
    let mut scratch = room();
    for [parts, n, o, i] in linear_shapes() {
        let (dy, x) = (numbers(parts * n * o, 1), numbers(n * i, 2));
        let before = (numbers(parts * o * i, 3), numbers(parts * o, 4));
        for add in [false, true] {
            let (mut dweight, mut dbias) =
                if add { before.clone() } else { (poison(parts * o * i), poison(parts * o)) };
            linear_backward_weight(&mut dweight, &mut dbias, &dy, &x, parts, n, o, i, add, &mut scratch);
            let dy = |part: usize, row: usize, column: usize| f64::from(dy[(part * n + row) * o + column]);
            for (at, dbias) in dbias.iter().enumerate() {
                let (sum, size) = dot(n, |row| dy(at / o, row, at % o));
                let start = if add { f64::from(before.1[at]) } else { 0.0 };
                assert_near(*dbias, (start + sum, size), &("bias", [parts, n, o, i], add, at));
            }
            for (at, dweight) in dweight.iter().enumerate() {
                let (part, row, column) = (at / i / o, at / i % o, at % i);
                let (sum, size) = dot(n, |k| dy(part, k, row) * f64::from(x[k * i + column]));
                let start = if add { f64::from(before.0[at]) } else { 0.0 };
                assert_near(*dweight, (start + sum, size), &("weight", [parts, n, o, i], add, at));
            }
            let mut alone = if add { before.0.clone() } else { poison(parts * o * i) };
            let (dy, mut scratch) = (numbers(parts * n * o, 1), room());
            linear_backward_weight(&mut alone, &mut [], &dy, &x, parts, n, o, i, add, &mut scratch);
            assert_eq!(alone, dweight, "without a bias");
        }
    }
}

#[test]
fn packed_weights_give_the_bits_of_plain_ones_and_are_unpacked_again() {
    let mut scratch = room();
    for n in [0, 1, 2, 3, 4, 5, 17, 300] {
        for (parts, o, i) in [(1, 8, 1), (3, 16, 5), (1, 40, 300), (2, 136, 513), (1, 0, 4), (1, 8, 0)] {
            let (x, weight, bias) = (numbers(n * i, 6), numbers(parts * o * i, 7), numbers(parts * o, 8));
            let (mut panels, mut again) = (poison(weight.len()), poison(weight.len()));
            for part in 0..parts {
                let range = part * o * i..(part + 1) * o * i;
                pack_weight(&mut panels[range.clone()], &weight[range.clone()], o, i);
                unpack_weight(&mut again[range.clone()], &panels[range], i);
            }
            assert_eq!(again, weight, "{parts} of {o} x {i}");
            let [plain, packed] = [(&weight, false), (&panels, true)].map(|(weight, packed)| {
                let mut y = poison(parts * n * o);
                linear(&mut y, &x, weight, &bias, parts, n, o, i, Activation::Gelu, packed, &mut scratch);
                y
            });
            assert_eq!(packed, plain, "{n} rows, {parts} of {o} x {i}");
        }
    }
}
