//! Attention has the same bits for any number of threads, though they divide it differently. In a separate program, since
//! a process has one team.

use kernels::attention::{self as kernel, Batch, Bias, Mask};
use kernels::dropout::Dropout;
use kernels::pool::team::{configure, work};
use kernels::random::{Philox, random_normal};

const HEADS: usize = 2;
const SIZE: usize = 12;
const WIDTH: usize = HEADS * SIZE;

fn random(len: usize, stream: u32) -> Vec<f32> {
    let mut x = vec![0.0; len];
    random_normal(&mut x, 1.0, Philox { seed: [1, 2], stream, step: 0 });
    x
}

/// out, lse, dq, dk, dv and dbias of a batch in which one sequence is most of the work.
fn results(mask: Mask<'_>, rate: f32) -> Vec<Vec<u32>> {
    let (query_offsets, key_offsets) = (&[0, 5, 605, 610], &[0, 9, 709, 709]);
    let [q, k, v, dout] = [(610, 1), (709, 2), (709, 3), (610, 4)].map(|(rows, stream)| random(rows * WIDTH, stream));
    let dropout = Dropout::new(rate, Philox { seed: [3, 4], stream: 5, step: 6 });
    let batch = Batch { query_offsets, key_offsets, heads: HEADS, head_size: SIZE, mask, dropout };
    let [mut out, mut lse] = [q.len(), 610 * HEADS].map(|len| vec![f32::NAN; len]);
    let [mut dq, mut dk, mut dv] = [&q, &k, &v].map(|x| vec![f32::NAN; x.len()]);
    let mut dbias = vec![f32::NAN; mask.bias.data.len()];
    let scratch = [kernel::scratch, kernel::scratch_backward, kernel::scratch_bias];
    let scratch = &mut vec![f32::NAN; scratch.map(|of| of(key_offsets, SIZE)).into_iter().max().unwrap()];
    kernel::attention(&mut out, &mut lse, &q, &k, &v, &batch, scratch);
    kernel::attention_backward(&mut dq, &mut dk, &mut dv, &dout, &out, &lse, &q, &k, &v, &batch, scratch);
    kernel::bias_backward(&mut dbias, &dout, &out, &lse, &q, &k, &v, &batch, scratch);
    [out, lse, dq, dk, dv, dbias].map(|x| x.iter().map(|x| x.to_bits()).collect()).into()
}

#[test]
fn attention_has_the_same_bits_for_any_number_of_threads() {
    for thread in 1..7 {
        std::thread::spawn(move || work(thread));
    }
    let bias = random(HEADS * 600 * 700, 7);
    let bias = Bias { data: &bias, rows: 600, columns: 700 };
    let open = Mask { causal: true, window: 200, prefix: &[2, 300, 0], ..Mask::default() };
    for (mask, rate) in [(Mask { bias, ..Mask::default() }, 0.0), (open, 0.1), (Mask { bias, ..open }, 0.0)] {
        configure(1, 300, 100, 0);
        let alone = results(mask, rate);
        assert!(alone.iter().flatten().all(|bits| !f32::from_bits(*bits).is_nan()));
        for threads in [2, 3, 7] {
            configure(threads, 300, 100, 0);
            assert!(results(mask, rate) == alone, "{threads} threads");
        }
    }
    configure(1, 300, 100, 0);
}
