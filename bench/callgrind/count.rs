//! Runs one kernel as often as told, on one thread: what callgrind counts. `count KERNEL TIMES`; without KERNEL, lists them.

use kernels::activation::{self, Activation};
use kernels::attention;
use kernels::dropout::Dropout;
use kernels::gemm;
use kernels::layer_norm::layer_norm;
use kernels::random::Philox;

/// Numbers that follow from `seed`, from −0.5 to 0.5.
fn numbers(size: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state as f32 / 4_294_967_296.0 - 0.5
    };
    (0..size).map(|_| next()).collect()
}

fn off() -> Dropout {
    Dropout::new(0.0, Philox { seed: [0, 0], stream: 0, step: 0 })
}

/// [64, 256] · [256, 256], the factors stored transposed if so said.
fn matmul(times: usize, transpose_a: bool, transpose_b: bool) {
    let (m, n, k) = (64, 256, 256);
    let (a, b) = (numbers(m * k, 1), numbers(n * k, 2));
    let (mut c, mut scratch) = (vec![0.0; m * n], vec![0.0; gemm::scratch()]);
    for _ in 0..times {
        gemm::matmul(&mut c, &a, &b, m, n, k, transpose_a, transpose_b, false, &mut scratch);
    }
}

/// 128 tokens, 2 heads of 64.
fn attend(times: usize) {
    let (t, heads, size) = (128, 2, 64);
    let [q, k, v] = [1, 2, 3].map(|seed| numbers(t * heads * size, seed));
    let offsets = [0, t as u32];
    let (mut out, mut lse) = (vec![0.0; q.len()], vec![0.0; t * heads]);
    let mut scratch = vec![0.0; attention::scratch(&offsets, size)];
    for _ in 0..times {
        let outputs = (&mut out[..], &mut lse[..]);
        let (o, s) = (&offsets, &mut scratch[..]);
        attention::attention(outputs.0, outputs.1, &q, &k, &v, o, o, heads, size, false, 0, off(), s);
    }
}

/// 128 rows of 256.
fn normalise(times: usize) {
    let (n, width) = (128, 256);
    let [x, residual] = [1, 2].map(|seed| numbers(n * width, seed));
    let [weight, bias] = [3, 4].map(|seed| numbers(width, seed));
    let (mut y, mut stats) = (vec![0.0; n * width], vec![0.0; 2 * n]);
    for _ in 0..times {
        layer_norm(&mut y, &mut [], &mut stats, &x, &residual, &weight, &bias, width, 1e-12, off());
    }
}

/// 32,768 numbers.
fn gelu(times: usize) {
    let x = numbers(32_768, 1);
    let mut y = vec![0.0; x.len()];
    for _ in 0..times {
        activation::activation(&mut y, &x, Activation::Gelu);
    }
}

const KERNELS: [(&str, fn(usize)); 6] = [
    ("matmul", |times| matmul(times, false, false)),
    ("matmul-a-transposed", |times| matmul(times, true, false)),
    ("matmul-b-transposed", |times| matmul(times, false, true)),
    ("attention", attend),
    ("layer-norm", normalise),
    ("gelu", gelu),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, name, times] = &arguments[..] else {
        for (name, _) in KERNELS {
            println!("{name}");
        }
        return;
    };
    let (_, run) = KERNELS.iter().find(|(known, _)| known == name).expect("no such kernel");
    run(times.parse().expect("a number"));
}
