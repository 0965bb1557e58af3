//! Working memory of kernels, which keeps its size from call to call.

use core::slice;
use std::alloc::{alloc_zeroed, dealloc};

use super::{Usage, layout};
use crate::error::Problem;

/// It grows by multiples of this, 64 KiB, so that sizes which vary a little do not make it grow again and again.
const STEP: usize = 1 << 14;

/// One block, on a cache line.
#[derive(Default)]
pub struct Scratch {
    data: Option<*mut f32>,
    numbers: usize,
}

impl Scratch {
    /// `numbers` of it, with whatever was left there; `place` is told where there is no memory for so many.
    pub fn take(&mut self, place: &str, numbers: usize, usage: &mut Usage) -> Result<&mut [f32], Problem> {
        if self.numbers < numbers && self.grow(numbers, usage).is_none() {
            return Err(usage.refusal(&format!("{place}: working memory"), numbers));
        }
        match self.data {
            // SAFETY: so many numbers were allocated, zeroed, and nobody else holds any of them.
            Some(data) => Ok(unsafe { slice::from_raw_parts_mut(data, numbers) }),
            None => Ok(&mut []),
        }
    }

    /// Makes it larger, if there is memory for that. The old block goes first: both together might not fit.
    fn grow(&mut self, numbers: usize, usage: &mut Usage) -> Option<()> {
        let numbers = numbers.checked_next_multiple_of(STEP)?;
        let wanted = layout(numbers).filter(|_| usage.allows(numbers - self.numbers))?;
        if let Some(old) = self.data.take() {
            let layout = layout(self.numbers)?;
            // SAFETY: allocated below with this layout.
            unsafe { dealloc(old.cast(), layout) };
            usage.scratch -= layout.size();
            self.numbers = 0;
        }
        // SAFETY: the layout is not of size 0.
        let data = unsafe { alloc_zeroed(wanted) }.cast::<f32>();
        if data.is_null() {
            return None;
        }
        usage.add(0, wanted.size());
        (self.data, self.numbers) = (Some(data), numbers);
        Some(())
    }
}
