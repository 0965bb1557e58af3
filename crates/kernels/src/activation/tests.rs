use super::*;
use crate::curves::tests::erfc;

fn formula(kind: Activation, x: f64) -> f64 {
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    let normal = |x: f64| 0.5 * erfc(-x / 2f64.sqrt());
    match kind {
        Activation::Identity => x,
        Activation::Gelu => x * normal(x),
        Activation::GeluNew => {
            let u = (2.0 / core::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
            0.5 * x * (1.0 + u.tanh())
        }
        Activation::Relu => x.max(0.0),
        Activation::Silu => x * logistic(x),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => logistic(x),
        Activation::QuickGelu => x * logistic(1.702 * x),
        Activation::Mish => x * x.exp().ln_1p().tanh(),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::LeakyRelu => {
            if x < 0.0 {
                0.01 * x
            } else {
                x
            }
        }
        Activation::Relu2 => x.max(0.0).powi(2),
        Activation::Gelu10 => (x * normal(x)).clamp(-10.0, 10.0),
        Activation::Laplace => normal((x - f64::from(LAPLACE_MEAN)) / f64::from(LAPLACE_DEVIATION)),
        Activation::Elu => {
            if x < 0.0 {
                x.exp_m1()
            } else {
                x
            }
        }
        Activation::Softplus => x.exp().ln_1p(),
    }
}

/// Numbers from −16 to 16, none nearer than 10⁻³ to a corner of any kind.
fn samples(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i as f32 * 0.618_034 + 0.013).fract() * 32.0 - 16.0).filter(near_no_corner).collect()
}

fn near_no_corner(x: &f32) -> bool {
    [0.0, 6.0, 10.0].iter().all(|corner| (x - corner).abs() > 1e-3)
}

#[test]
fn numbers_at_the_boundary_are_the_order_of_the_kinds() {
    assert!(ACTIVATIONS.iter().enumerate().all(|(id, kind)| *kind as usize == id));
}

#[test]
fn values_and_slopes_are_those_of_f64() {
    for kind in ACTIVATIONS {
        for len in [0, 1, 2, 3, 4, 5, 7, 4096, 4099, 20_011] {
            let x = samples(len);
            let dy: Vec<f32> = x.iter().map(|x| 1.5 + 0.1 * x).collect();
            let (mut y, mut dx) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
            activation(&mut y, &x, kind);
            activation_backward(&mut dx, &dy, &x, kind);
            for (i, &x) in x.iter().enumerate() {
                let (at, h) = (f64::from(x), 1e-5);
                let want = formula(kind, at);
                assert!((f64::from(y[i]) - want).abs() <= 1e-6 * want.abs().max(1.0), "{kind:?}({x}) is {}", y[i]);
                let slope = (formula(kind, at + h) - formula(kind, at - h)) / (2.0 * h);
                let want = slope * f64::from(dy[i]);
                let error = (f64::from(dx[i]) - want).abs();
                assert!(error <= 2e-6 * want.abs().max(1.0), "slope of {kind:?} at {x} is off by {error:e}");
            }
        }
    }
}

#[test]
fn far_out_nothing_becomes_nan_and_nan_stays() {
    for kind in ACTIVATIONS {
        for x in [1e3, -1e3, 1e4, -1e4, 1e18, -1e18] {
            let (value, slope) = (kind.value(splat(x)).to_array()[0], kind.slope(splat(x)).to_array()[0]);
            assert!(value.is_finite() && slope.is_finite(), "{kind:?} at {x}: {value}, slope {slope}");
        }
        assert!(kind.value(splat(f32::NAN)).to_array()[0].is_nan(), "{kind:?}");
    }
}

#[test]
fn a_row_of_a_linear_layer_gets_the_same_numbers() {
    let x = samples(103);
    for kind in ACTIVATIONS {
        let (mut row, mut y) = (x.clone(), vec![f32::NAN; x.len()]);
        kind.apply(&mut row);
        activation(&mut y, &x, kind);
        assert_eq!(row, y);
    }
}
