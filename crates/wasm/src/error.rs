//! What a caller did wrong, as JavaScript sees it: the place, what was got, what was wanted.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// What kind of refusal a problem is: JavaScript learns it beside the message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// The arguments do not fit each other, or a slot is not there.
    Call,
    /// There is no memory.
    OutOfMemory,
}

impl Kind {
    /// The word for it in JavaScript's errors, if there is one: `ErrorReason` in ts/errors.ts.
    fn reason(self) -> Option<String> {
        match self {
            Self::Call => None,
            Self::OutOfMemory => Some("out-of-memory".into()),
        }
    }
}

/// A call that was refused. Nothing was computed.
#[derive(Debug, PartialEq)]
pub struct Problem {
    kind: Kind,
    message: String,
}

impl Problem {
    /// `place` is the export, `what` the rest of the sentence.
    pub fn new(place: &str, what: String) -> Self {
        Self { kind: Kind::Call, message: format!("{place}: {what}") }
    }

    /// There are no `wanted` bytes for `what`; of `limit`, `used` are in use.
    pub fn out_of_memory(what: &str, wanted: u64, used: u64, limit: u64) -> Self {
        let [wanted, used, limit] = [wanted, used, limit].map(|bytes| bytes.div_ceil(1 << 20));
        let message = format!("out of memory: {what} needs {wanted} MiB, {used} MiB of {limit} MiB in use");
        Self { kind: Kind::OutOfMemory, message }
    }

    /// The whole sentence.
    #[cfg(test)]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What kind of refusal it is.
    #[cfg(test)]
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

#[wasm_bindgen]
extern "C" {
    type Error;

    #[wasm_bindgen(constructor)]
    fn new(message: &str) -> Error;

    #[wasm_bindgen(method, setter)]
    fn set_reason(this: &Error, reason: Option<String>);
}

/// What an export that was refused throws: an `Error` with the kind's word as `reason`.
impl From<Problem> for JsValue {
    fn from(Problem { kind, message }: Problem) -> Self {
        let error = Error::new(&message);
        error.set_reason(kind.reason());
        error.into()
    }
}
