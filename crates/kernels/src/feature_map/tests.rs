use super::*;
use crate::linear_attention::{normalise, normalise_backward};
use crate::testing::{assert_near, numbers, poison};

/// The features of a row, in f64.
fn formula(x: &[f64], z: &[f64], shift: f64, mapping: &Mapping<'_>) -> Vec<f64> {
    let (factor, epsilon) = (f64::from(mapping.factor), f64::from(mapping.epsilon));
    let offset = z.iter().map(|z| z * z).sum::<f64>() / 2.0 + shift;
    let sum: f64 = x.iter().map(|x| x.exp()).sum();
    let of = |x: &f64| match mapping.map {
        FeatureMap::Elu => {
            if *x > 0.0 {
                x + 1.0
            } else {
                x.exp()
            }
        }
        FeatureMap::Relu => x.max(0.0) + epsilon,
        FeatureMap::Exponential => factor * ((x - offset).exp() + epsilon),
        FeatureMap::Softmax => x.exp() / sum,
    };
    x.iter().map(of).collect()
}

/// Σ dy · features, whose slopes are the gradients.
fn loss(x: &[f64], z: &[f64], shift: f64, dy: &[f32], mapping: &Mapping<'_>) -> f64 {
    formula(x, z, shift, mapping).iter().zip(dy).map(|(y, dy)| y * f64::from(*dy)).sum()
}

#[test]
fn features_and_gradients_are_those_of_f64() {
    for (rows, width, depth) in [(1, 1, 1), (3, 6, 4), (40, 17, 9), (0, 4, 4)] {
        for map in FEATURE_MAPS {
            for with_norms in [false, true] {
                let (x, z, shift) = (numbers(rows * width, 1), numbers(rows * depth, 2), numbers(rows, 3));
                let dy = numbers(rows * width, 4);
                let norms = with_norms && map == FeatureMap::Exponential;
                let (z, shift) = if norms { (&z[..], &shift[..]) } else { (&[][..], &[][..]) };
                let mapping = Mapping { map, width, z, shift, factor: 0.5, epsilon: 1e-3 };
                let [mut y, mut dx] = [poison(x.len()), poison(x.len())];
                let mut dz = poison(z.len());
                feature_map(&mut y, &x, mapping);
                feature_map_backward(&mut dx, &mut dz, &dy, [&x, &y], mapping);
                let wide = |x: &[f32]| x.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
                for row in 0..rows {
                    let at = row * width..(row + 1) * width;
                    let from = if norms { row * depth..(row + 1) * depth } else { 0..0 };
                    let (x, z, dy) = (wide(&x[at.clone()]), wide(&z[from.clone()]), &dy[at.clone()]);
                    let shift = shift.get(row).map_or(0.0, |x| f64::from(*x));
                    assert_near(&y[at.clone()], &formula(&x, &z, shift, &mapping), 2e-6, &format!("{map:?}"));
                    let slope = |values: &[f64], i: usize, of: &dyn Fn(&[f64]) -> f64| {
                        let moved = |by: f64| {
                            let mut values = values.to_vec();
                            values[i] += by;
                            of(&values)
                        };
                        (moved(1e-5) - moved(-1e-5)) / 2e-5
                    };
                    let of_x: Vec<f64> =
                        (0..width).map(|i| slope(&x, i, &|x| loss(x, &z, shift, dy, &mapping))).collect();
                    assert_near(&dx[at], &of_x, 1e-5, &format!("{map:?}: dx"));
                    let of_z: Vec<f64> =
                        (0..z.len()).map(|i| slope(&z, i, &|z| loss(&x, z, shift, dy, &mapping))).collect();
                    assert_near(&dz[from], &of_z, 1e-5, &format!("{map:?}: dz"));
                }
            }
        }
    }
}

#[test]
fn a_recurrence_with_a_running_maximum_has_the_same_shifts() {
    let (offsets, heads) = ([0, 3, 3, 303], 2);
    let top = numbers(303 * heads, 7);
    let ends = crate::linear_attention::causal_parts(&offsets);
    let (mut shift, mut levels) = (poison(top.len()), poison(ends.len() * heads));
    let mut epsilons = poison(top.len());
    let to = Stabilisers { shift: &mut shift, levels: &mut levels, epsilons: &mut epsilons };
    stabilise(to, &top, &offsets, heads, 1e-6);
    for head in 0..heads {
        for rows in offsets.windows(2) {
            let mut most = f32::NEG_INFINITY;
            for row in rows[0] as usize..rows[1] as usize {
                let at = row * heads + head;
                most = most.max(top[at]);
                // e^(maximum so far) is what the recurrence divides by: ε · e^(shift) here.
                let got = f64::from(epsilons[at]).ln() + f64::from(shift[at]);
                assert!((got - (1e-6f64.ln() + f64::from(most))).abs() < 1e-5, "row {row}: {got}");
                assert!(shift[at] >= most);
            }
        }
    }
    let to = Stabilisers { shift: &mut shift, levels: &mut [], epsilons: &mut [] };
    stabilise(to, &top, &offsets, heads, 1e-6);
    let most = (0..3).map(|row| top[row * heads]).fold(f32::NEG_INFINITY, f32::max);
    assert_eq!([shift[0], shift[2], shift[4]], [most; 3]);
}

#[test]
fn quotients_and_their_gradients_are_those_of_f64() {
    let (rows, width) = (70, 5);
    let (num, den, dout) = (
        numbers(rows * width, 1),
        numbers(rows, 2).iter().map(|x| x + 3.0).collect::<Vec<_>>(),
        numbers(rows * width, 3),
    );
    for epsilons in [vec![0.25], numbers(rows, 4).iter().map(|x| x.abs()).collect()] {
        let (mut out, mut dnum, mut dden) = (poison(num.len()), poison(num.len()), poison(rows));
        normalise(&mut out, &num, &den, &epsilons, width);
        normalise_backward([&mut dnum, &mut dden], &dout, &out, &den, &epsilons, width);
        for row in 0..rows {
            let by = f64::from(den[row]) + f64::from(*epsilons.get(row).unwrap_or(&epsilons[0]));
            let at = row * width..(row + 1) * width;
            let wide = |x: &[f32]| x[at.clone()].iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
            let (num, dout) = (wide(&num), wide(&dout));
            assert_near(&out[at.clone()], &num.iter().map(|x| x / by).collect::<Vec<_>>(), 1e-6, "out");
            assert_near(&dnum[at.clone()], &dout.iter().map(|x| x / by).collect::<Vec<_>>(), 1e-6, "dnum");
            let slope: f64 = -num.iter().zip(&dout).map(|(x, g)| x * g).sum::<f64>() / (by * by);
            assert_near(&dden[row..=row], &[slope], 2e-6, "dden");
        }
    }
}
