//! Activation functions by kind, as kernels of their own and as the last step of a linear layer.

use crate::curves::{
    gelu, gelu_slope, normal_density, normal_distribution, sigmoid, sigmoid_slope, softplus, tanh, tanh_slope,
};
use crate::elementwise::{parallel_combine, parallel_runs, update};
use crate::exp::exp;
use crate::pool::CURVE;
use crate::simd::F32x4;

/// A function of one number; the discriminant is its number at the boundary.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u32)]
pub enum Activation {
    /// x.
    Identity,
    /// x Φ(x), by the error function.
    Gelu,
    /// GELU's tanh form, x σ(2u) with u = √(2/π) (x + 0.044715 x³).
    GeluNew,
    /// max(x, 0).
    Relu,
    /// x σ(x).
    Silu,
    /// tanh x.
    Tanh,
    /// σ(x) = 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// x σ(1.702 x).
    QuickGelu,
    /// x tanh(ln(1 + eˣ)).
    Mish,
    /// min(max(x, 0), 6).
    Relu6,
    /// x, or 0.01 x below 0.
    LeakyRelu,
    /// max(x, 0)².
    Relu2,
    /// GELU cut off at ±10.
    Gelu10,
    /// Φ((x − 0.707107) / 0.282095).
    Laplace,
    /// x, or eˣ − 1 below 0.
    Elu,
    /// ln(1 + eˣ).
    Softplus,
}

/// All kinds, in the order of their numbers.
pub const ACTIVATIONS: [Activation; 16] = {
    use Activation::*;
    [
        Identity, Gelu, GeluNew, Relu, Silu, Tanh, Sigmoid, QuickGelu, Mish, Relu6, LeakyRelu, Relu2, Gelu10, Laplace,
        Elu, Softplus,
    ]
};

/// `$body` with the constant `$KIND` equal to `$activation`: one loop a kind, without a branch a vector.
macro_rules! with_kind {
    ($activation:expr, $KIND:ident => $body:expr) => {
        with_kind!(@ $activation, $KIND => $body, Identity Gelu GeluNew Relu Silu Tanh Sigmoid QuickGelu Mish
            Relu6 LeakyRelu Relu2 Gelu10 Laplace Elu Softplus)
    };
    (@ $activation:expr, $KIND:ident => $body:expr, $($name:ident)*) => {
        match $activation {
            $(Activation::$name => {
                const $KIND: Activation = Activation::$name;
                $body
            })*
        }
    };
}

#[inline(always)]
fn splat(x: f32) -> F32x4 {
    F32x4::splat(x)
}

/// 2u of [`Activation::GeluNew`], and its slope: 2√(2/π) x (1 + 0.044715 x²), 2√(2/π) (1 + 3 · 0.044715 x²).
#[inline(always)]
fn gelu_new_argument(x: F32x4) -> (F32x4, F32x4) {
    let (scale, square) = (splat(1.595_769), x.mul(x));
    let cubic = square.madd(splat(0.044_715), splat(1.0));
    (x.mul(scale).mul(cubic), square.madd(splat(3.0 * 0.044_715), splat(1.0)).mul(scale))
}

/// Slope of x σ(u(x)), given u and its slope.
#[inline(always)]
fn gated_slope(x: F32x4, u: F32x4, du: F32x4) -> F32x4 {
    x.mul(du).madd(sigmoid_slope(u), sigmoid(u))
}

/// `x`, no farther from 0 than a gate's slope is: beyond, x · slope would be ∞ · 0.
#[inline(always)]
fn bounded(x: F32x4) -> F32x4 {
    x.max(splat(-200.0)).min(splat(200.0))
}

/// For [`Activation::Mish`], with n = e^−|x|: tanh(ln(1 + eˣ)), and (1 − its square) σ(x), without e^|x|.
#[inline(always)]
fn mish_parts(x: F32x4) -> (F32x4, F32x4) {
    let (n, one, two) = (exp(x.abs().neg()), splat(1.0), splat(2.0));
    let below = x.less(F32x4::zero());
    let numerator = below.select(n.mul(n.add(two)), n.madd(two, one));
    let denominator = numerator.add(below.select(two, n.mul(n).mul(two)));
    let four_n = n.mul(n.add(one)).mul(splat(4.0));
    let slope = below.select(four_n, four_n.mul(n)).div(denominator.mul(denominator));
    (numerator.div(denominator), slope)
}

// The activation's own six digits, not 1 / √2.
#[allow(clippy::approx_constant)]
const LAPLACE_MEAN: f32 = 0.707_107;
const LAPLACE_DEVIATION: f32 = 0.282_095;

impl Activation {
    /// The function at `x`; of constant kind, it is straight-line code.
    #[inline(always)]
    pub fn value(self, x: F32x4) -> F32x4 {
        let zero = F32x4::zero();
        match self {
            Activation::Identity => x,
            Activation::Gelu => gelu(x),
            Activation::GeluNew => x.mul(sigmoid(gelu_new_argument(x).0)),
            Activation::Relu => x.max(zero),
            Activation::Silu => x.mul(sigmoid(x)),
            Activation::Tanh => tanh(x),
            Activation::Sigmoid => sigmoid(x),
            Activation::QuickGelu => x.mul(sigmoid(x.mul(splat(1.702)))),
            Activation::Mish => x.mul(mish_parts(x).0),
            Activation::Relu6 => x.max(zero).min(splat(6.0)),
            Activation::LeakyRelu => x.max(x.mul(splat(0.01))),
            Activation::Relu2 => x.max(zero).mul(x.max(zero)),
            Activation::Gelu10 => gelu(x).max(splat(-10.0)).min(splat(10.0)),
            Activation::Laplace => normal_distribution(x.sub(splat(LAPLACE_MEAN)).div(splat(LAPLACE_DEVIATION))),
            Activation::Elu => zero.less(x).select(x, exp(x).sub(splat(1.0))),
            Activation::Softplus => softplus(x),
        }
    }

    /// The slope at `x`; at a corner, that of the left side.
    #[inline(always)]
    pub fn slope(self, x: F32x4) -> F32x4 {
        let (zero, one) = (F32x4::zero(), splat(1.0));
        let positive = zero.less(x);
        match self {
            Activation::Identity => one,
            Activation::Gelu => gelu_slope(x),
            Activation::GeluNew => {
                let (u, du) = gelu_new_argument(bounded(x));
                gated_slope(bounded(x), u, du)
            }
            Activation::Relu => positive.select(one, zero),
            Activation::Silu => gated_slope(bounded(x), x, one),
            Activation::Tanh => tanh_slope(x),
            Activation::Sigmoid => sigmoid_slope(x),
            Activation::QuickGelu => gated_slope(bounded(x), x.mul(splat(1.702)), splat(1.702)),
            Activation::Mish => {
                let (value, slope) = mish_parts(x);
                x.madd(slope, value)
            }
            Activation::Relu6 => positive.select(x.less(splat(6.0)).select(one, zero), zero),
            Activation::LeakyRelu => positive.select(one, splat(0.01)),
            Activation::Relu2 => x.max(zero).mul(splat(2.0)),
            Activation::Gelu10 => x.less(splat(10.0)).select(gelu_slope(x), zero),
            Activation::Laplace => {
                let z = x.sub(splat(LAPLACE_MEAN)).div(splat(LAPLACE_DEVIATION));
                normal_density(z).div(splat(LAPLACE_DEVIATION))
            }
            Activation::Elu => positive.select(one, exp(x)),
            Activation::Softplus => sigmoid(x),
        }
    }

    /// `y` ← the function of `y`: the last step of a linear layer, on a row that is still in the cache.
    pub fn apply(self, y: &mut [f32]) {
        if self != Activation::Identity {
            with_kind!(self, KIND => update(y, |x| KIND.value(x)));
        }
    }
}

/// `y` ← `kind` of `x`, any shape.
pub fn activation(y: &mut [f32], x: &[f32], kind: Activation) {
    parallel_runs([y], CURVE, |first, [y]| {
        y.copy_from_slice(&x[first..first + y.len()]);
        kind.apply(y);
    });
}

/// `dx` ← `dy` times the slope of `kind` at `x`, which is what the forward call was given.
pub fn activation_backward(dx: &mut [f32], dy: &[f32], x: &[f32], kind: Activation) {
    with_kind!(kind, KIND => parallel_combine(dx, [dy, x], CURVE, |[dy, x]| dy.mul(KIND.slope(x))));
}

#[cfg(test)]
mod tests;
