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

    /// There are no `wanted` bytes for `what`; of `limit`, `used` are in use.
    pub fn out_of_memory(what: &str, wanted: u64, used: u64, limit: u64) -> Self {
        let [wanted, used, limit] = [wanted, used, limit].map(|bytes| bytes.div_ceil(1 << 20));
        Self::new("out of memory", format!("{what} needs {wanted} MiB, {used} MiB of {limit} MiB in use"))
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
