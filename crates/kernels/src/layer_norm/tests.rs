use super::*;
use crate::random::Philox;
use crate::testing::{assert_near, numbers, poison};

struct Case {
    n: usize,
    width: usize,
    residual: bool,
    rate: f32,
    eps: f32,
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|x| f64::from(*x)).collect()
}

impl Case {
    fn dropout(&self) -> Dropout {
        Dropout::new(self.rate, Philox { seed: [5, 6], stream: 7, step: 8 })
    }

    /// Multipliers of dropout, one a number.
    fn factors(&self) -> Vec<f64> {
        let mut factors = vec![1.0; self.n * self.width];
        self.dropout().apply(&mut factors, 0);
        wide(&factors)
    }

    fn check(&self) {
        let (len, width, factors) = (self.n * self.width, self.width, self.factors());
        let (x, dy, weight, bias) = (numbers(len, 1), numbers(len, 2), numbers(width, 3), numbers(width, 4));
        let residual = numbers(if self.residual { len } else { 0 }, 5);
        let (mut y, mut sum, mut stats) = (poison(len), poison(len), poison(2 * self.n));
        layer_norm(&mut y, &mut sum, &mut stats, &x, &residual, &weight, &bias, width, self.eps, self.dropout());
        let (mut dx, mut dresidual) = (poison(len), poison(residual.len()));
        let (mut dweight, mut dbias) = (vec![0.5; width], vec![0.25; width]);
        let dropout = self.dropout();
        layer_norm_backward(
            &mut dx,
            &mut dresidual,
            &mut dweight,
            &mut dbias,
            &dy,
            &sum,
            &stats,
            &weight,
            width,
            dropout,
        );
        let (mut want_dweight, mut want_dbias) = (vec![0.5; width], vec![0.25; width]);
        let (weight, bias) = (wide(&weight), wide(&bias));
        for row in 0..self.n {
            let run = row * width..(row + 1) * width;
            let added = |i: usize| if self.residual { f64::from(residual[i]) } else { 0.0 };
            let s: Vec<f64> = run.clone().map(|i| f64::from(x[i]) * factors[i] + added(i)).collect();
            let mean = |f: &dyn Fn(usize) -> f64| (0..width).map(f).sum::<f64>() / width as f64;
            let middle = mean(&|i| s[i]);
            let scale = 1.0 / (mean(&|i| (s[i] - middle).powi(2)) + f64::from(self.eps)).sqrt();
            let normal: Vec<f64> = s.iter().map(|s| (s - middle) * scale).collect();
            let want: Vec<f64> = (0..width).map(|i| normal[i] * weight[i] + bias[i]).collect();
            assert_near(&sum[run.clone()], &s, 1e-6, "sum");
            if width > 2 {
                assert_near(&y[run.clone()], &want, 3e-6, "y"); // with two numbers a row, 1 / std can be anything
            }
            let dy = wide(&dy[run.clone()]);
            let (one, along) = (mean(&|i| dy[i] * weight[i]), mean(&|i| dy[i] * weight[i] * normal[i]));
            let ds: Vec<f64> = (0..width).map(|i| scale * (dy[i] * weight[i] - one - normal[i] * along)).collect();
            let masked: Vec<f64> = ds.iter().zip(&factors[run.clone()]).map(|(ds, factor)| ds * factor).collect();
            if width > 2 {
                assert_near(&dx[run.clone()], &masked, 1e-5, "dx");
                dresidual.get(run).iter().for_each(|dresidual| assert_near(dresidual, &ds, 1e-5, "dresidual"));
            }
            for i in 0..width {
                want_dweight[i] += dy[i] * normal[i];
                want_dbias[i] += dy[i];
            }
        }
        assert_near(&dbias, &want_dbias, 1e-5, "dbias");
        if width > 2 {
            assert_near(&dweight, &want_dweight, 1e-5, "dweight");
        }
    }
}

#[test]
fn values_and_gradients_are_those_of_f64() {
    for width in [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 31, 64, 67, 768] {
        for n in [0, 1, 2, 17, 71] {
            for (residual, rate) in [(false, 0.0), (true, 0.0), (false, 0.2), (true, 0.2)] {
                Case { n, width, residual, rate, eps: if residual { 1e-12 } else { 0.5 } }.check();
            }
        }
    }
}

#[test]
fn rows_of_one_number_give_the_bias() {
    for (value, width) in [(0.0, 5), (1.1, 7), (1000.3, 768), (-3e7, 131), (0.1, 1)] {
        let (x, weight, bias) = (vec![value; width], numbers(width, 1), numbers(width, 2));
        let (mut y, mut stats, off) =
            (poison(width), poison(2), Case { n: 1, width, residual: false, rate: 0.0, eps: 1e-12 });
        layer_norm(&mut y, &mut [], &mut stats, &x, &[], &weight, &bias, width, 1e-12, off.dropout());
        assert_eq!((y, stats[0]), (bias, value));
    }
}

#[test]
fn a_large_mean_does_not_drown_the_variance() {
    let width = 256;
    let x: Vec<f32> = numbers(width, 3).iter().map(|x| 4096.0 + x).collect();
    let (mut y, mut stats, off) =
        (poison(width), poison(2), Case { n: 1, width, residual: false, rate: 0.0, eps: 1e-12 });
    layer_norm(&mut y, &mut [], &mut stats, &x, &[], &vec![1.0; width], &vec![0.0; width], width, 1e-12, off.dropout());
    let mean = wide(&x).iter().sum::<f64>() / width as f64;
    let variance = wide(&x).iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
    assert!((f64::from(stats[1]) * variance.sqrt() - 1.0).abs() < 1e-6);
}
