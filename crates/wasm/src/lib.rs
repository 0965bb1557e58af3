//! One export a kernel, with the kernel's name and the order of its arguments; no logic but checks of lengths and of
//! numbers that name rows. Slot 0 is none, where an argument may be left out.

mod check;
mod error;
mod heap;

pub mod activation;
pub mod adamw;
pub mod attention;
pub mod attention_batch;
pub mod embedding;
pub mod feature_map;
pub mod gemm;
pub mod layer_norm;
pub mod linear_attention;
pub mod losses;
pub mod memory;
pub mod quant;
pub mod random;
pub mod reduce;
pub mod rope;
pub mod team;

#[cfg(test)]
mod tests;
