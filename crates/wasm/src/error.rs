//! What a caller did wrong, as JavaScript sees it: the place, what was got, what was wanted.

use wasm_bindgen::{JsError, JsValue};

/// A call that was refused. Nothing was computed.
#[derive(Debug, PartialEq)]
pub struct Problem(String);

impl Problem {
    /// `place` is the export, `what` the rest of the sentence.
    pub fn new(place: &str, what: String) -> Self {
        Self(format!("{place}: {what}"))
    }

    /// Memory is used up.
    pub fn out_of_memory(words: usize, used: usize) -> Self {
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        let (wanted, used) = (mib(words as u64 * 4), mib(used as u64)); // in 64 bits: words · 4 may not fit into 32
        Self::new("out of memory", format!("{wanted} MiB asked for, {used} MiB in use"))
    }

    /// The whole sentence.
    #[cfg(test)]
    pub fn message(&self) -> &str {
        &self.0
    }
}

/// What an export that was refused throws: an `Error`.
impl From<Problem> for JsValue {
    fn from(problem: Problem) -> Self {
        JsError::new(&problem.0).into()
    }
}
