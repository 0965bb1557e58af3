//! What a caller did wrong, as JavaScript sees it: the place, what was got, what was wanted.

use wasm_bindgen::JsError;

/// A call that was refused. Nothing was computed.
#[derive(Debug)]
pub struct Problem(String);

impl Problem {
    /// `place` is the export, `what` the rest of the sentence.
    pub fn new(place: &str, what: String) -> Self {
        Self(format!("{place}: {what}"))
    }

    /// Memory is used up.
    pub fn out_of_memory(words: usize, used: usize) -> Self {
        let mib = |bytes: usize| bytes.div_ceil(1 << 20);
        Self::new("out of memory", format!("{} MiB asked for, {} MiB in use", mib(words * 4), mib(used)))
    }
}

impl From<Problem> for JsError {
    fn from(problem: Problem) -> Self {
        JsError::new(&problem.0)
    }
}

/// Refuses a slice whose length is not `wanted`; `shape` says what the numbers mean, as in `"[N, C]"`.
pub fn length<T>(name: &str, slice: &[T], wanted: usize, shape: &str) -> Result<(), Problem> {
    if slice.len() == wanted {
        return Ok(());
    }
    Err(Problem::new(name, format!("holds {} numbers, not {shape} = {wanted}", slice.len())))
}
