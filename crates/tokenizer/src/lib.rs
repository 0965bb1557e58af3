//! Tokenizers of Hugging Face's crate `tokenizers` as WebAssembly exports: encode, decode, train.
//!
//! Offsets count UTF-16 units, as JavaScript's strings do. A stored truncation or padding of a `tokenizer.json` is not
//! applied: the options of each call decide. The same text trains the same vocabulary in every process: see `seeds`.
#![deny(unsafe_code, missing_docs)]

pub mod amend;
pub mod bert;
pub mod bounds;
pub mod chunks;
pub mod dictionary;
pub mod encode;
pub mod exports;
pub mod fast;
pub mod growth;
pub mod jieba;
pub mod pack;
#[allow(unsafe_code)]
mod seeds;
pub mod train;
pub mod wordpiece;

/// An error message.
pub type Problem = Box<dyn std::error::Error + Send + Sync>;
