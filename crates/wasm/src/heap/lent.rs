//! What the heap lends to a kernel.

use core::{ptr, slice};

use super::{Heap, Scratch, Slot, Usage, Window};
use crate::error::Problem;

/// Outputs, inputs and working memory of a call.
pub type Parts<'a, const O: usize, const I: usize> = ([&'a mut [f32]; O], [&'a [f32]; I], &'a mut [f32]);

/// What a kernel may touch during one call.
pub struct Lent<'a, const O: usize, const I: usize> {
    /// Slices to be written.
    pub outputs: [&'a mut [f32]; O],
    /// Slices to be read.
    pub inputs: [&'a [f32]; I],
    place: &'static str,
    scratch: &'a mut Scratch,
    usage: &'a mut Usage,
    poison: bool,
}

impl<'a, const O: usize, const I: usize> Lent<'a, O, I> {
    /// The outputs, the inputs and `numbers` of working memory, which keeps its size from call to call. Nothing is
    /// written where there is no memory for it.
    pub fn with_scratch(self, numbers: usize) -> Result<Parts<'a, O, I>, Problem> {
        let scratch = self.scratch.take(self.place, numbers, self.usage)?;
        if self.poison {
            scratch.fill(f32::NAN);
        }
        Ok((self.outputs, self.inputs, scratch))
    }
}

impl Heap {
    /// Lends `outputs` to be written and `inputs` to be read, with `scratch(…)` numbers of working memory. Slot 0 lends
    /// an empty slice. An output that overlaps anything else named is refused.
    pub fn lend<const O: usize, const I: usize, R>(
        &mut self,
        place: &'static str,
        outputs: [Slot; O],
        inputs: [Slot; I],
        body: impl FnOnce(Lent<'_, O, I>) -> Result<R, Problem>,
    ) -> Result<R, Problem> {
        self.lend_beside(place, Window::default(), outputs, inputs, |lent, _| body(lent))
    }

    /// [`Self::lend`] with the words of a batch beside. Refuses a slot that is not a batch.
    pub fn lend_with_batch<const O: usize, const I: usize, R>(
        &mut self,
        place: &'static str,
        batch: Slot,
        outputs: [Slot; O],
        inputs: [Slot; I],
        body: impl FnOnce(Lent<'_, O, I>, &[f32]) -> Result<R, Problem>,
    ) -> Result<R, Problem> {
        let batch = self.batch(place, batch)?;
        self.lend_beside(place, batch, outputs, inputs, body)
    }

    fn lend_beside<const O: usize, const I: usize, R>(
        &mut self,
        place: &'static str,
        batch: Window,
        outputs: [Slot; O],
        inputs: [Slot; I],
        body: impl FnOnce(Lent<'_, O, I>, &[f32]) -> Result<R, Problem>,
    ) -> Result<R, Problem> {
        let find = |slot| if slot == 0 { Ok(Window::default()) } else { self.tensor(place, slot) };
        let mut out = [Window::default(); O];
        let mut ins = [Window::default(); I];
        for (window, slot) in out.iter_mut().zip(outputs) {
            *window = find(slot)?;
        }
        for (window, slot) in ins.iter_mut().zip(inputs) {
            *window = find(slot)?;
        }
        for (i, a) in out.iter().enumerate() {
            if let Some(b) = out[i + 1..].iter().chain(&ins).find(|b| overlap(a, b)) {
                let words = |w: &Window| format!("{}..{}", w.offset, w.offset + w.words);
                return Err(Problem::new(
                    place,
                    format!("output {i} (words {} of its block) overlaps {} of the same", words(a), words(b)),
                ));
            }
        }
        let reach = |window: &Window| {
            if window.words == 0 { ptr::NonNull::dangling().as_ptr() } else { self.pointer(*window) }
        };
        // SAFETY: outputs overlap nothing else that is lent (a batch's block has no tensor), so each is the only way to its
        // words while `body` runs; inputs and the batch are only read. Every bit pattern is an f32.
        let (lent, batch) = unsafe {
            let batch = slice::from_raw_parts(reach(&batch).cast::<f32>(), batch.words);
            let lent = Lent {
                outputs: out.map(|w| slice::from_raw_parts_mut(reach(&w).cast::<f32>(), w.words)),
                inputs: ins.map(|w| slice::from_raw_parts(reach(&w).cast::<f32>(), w.words)),
                place,
                scratch: &mut self.scratch,
                usage: &mut self.usage,
                poison: self.poison,
            };
            (lent, batch)
        };
        body(lent, batch)
    }
}

fn overlap(a: &Window, b: &Window) -> bool {
    a.words > 0 && b.words > 0 && a.block == b.block && a.offset < b.offset + b.words && b.offset < a.offset + a.words
}

/// A slot of unsigned integers: ids, offsets, positions.
pub fn as_u32(words: &[f32]) -> &[u32] {
    // SAFETY: same size and alignment, and every bit pattern is a u32.
    unsafe { slice::from_raw_parts(words.as_ptr().cast(), words.len()) }
}

/// A slot of signed integers: labels, of which −100 is ignored.
pub fn as_i32(words: &[f32]) -> &[i32] {
    // SAFETY: same size and alignment, and every bit pattern is an i32.
    unsafe { slice::from_raw_parts(words.as_ptr().cast(), words.len()) }
}
