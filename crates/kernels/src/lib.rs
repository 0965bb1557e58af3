//! The arithmetic of a rotary transformer, forward and backward. Slices in, slices out: a kernel allocates nothing
//! and knows no tensor.
//!
//! | letter | is | | letter | is |
//! |---|---|---|---|---|
//! | B | sequences in a batch | | C | width of the model, H · D |
//! | T | tokens of a query sequence | | F | width of the feed-forward layer |
//! | S | tokens of a key sequence | | V | words in the vocabulary |
//! | H | heads | | M | size of a feature map |
//! | D | numbers a head | | N | rows of a row-wise kernel: the tokens of all sequences, end to end |
//!
//! Two rules hold for every kernel:
//!
//! * work is divided by *output* ranges through [`pool`], and the order of each sum depends on its length alone,
//!   never on the other sizes, the number of threads or the rest of the batch: results are equal bit for bit;
//! * shapes are the caller's responsibility, documented in the doc comment; `crates/wasm` checks every length again.
#![deny(unsafe_code, missing_docs)]
#![cfg_attr(all(target_family = "wasm", target_feature = "atomics"), feature(stdarch_wasm_atomic_wait))]

#[allow(unsafe_code)]
pub mod pool;
#[allow(unsafe_code)]
pub mod simd;

pub mod activation;
pub mod adamw;
pub mod attention;
pub mod cross_entropy;
mod curves;
pub mod dropout;
mod elementwise;
pub mod embedding;
pub mod exp;
pub mod feature_map;
pub mod gemm;
pub mod layer_norm;
pub mod linear_attention;
pub mod losses;
pub mod quant;
pub mod random;
pub mod reduce;
pub mod rope;
#[cfg(test)]
mod testing;
