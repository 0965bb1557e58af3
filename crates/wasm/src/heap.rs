//! Memory as TypeScript sees it: numbered slots. A slot is a window of a block of 32-bit words; Rust owns the blocks.
//!
//! No pointer ever comes in. A slot's number carries a generation, so that a number kept after `free` is refused
//! instead of meaning another tensor. A block lives as long as the last of its windows. A sealed slot is a batch: kernels
//! are lent it as that alone, so nothing can change what was checked when it was made.

mod lent;
mod scratch;
mod usage;

use core::cell::RefCell;
use core::ptr;
use std::alloc::{Layout, alloc, dealloc};

use crate::error::Problem;
pub use lent::{Lent, as_i32, as_u32};
use scratch::Scratch;
pub use usage::Usage;

/// A slot's number: 22 bits of index, 10 of generation. 0 is no slot.
pub type Slot = u32;

const INDEX_BITS: u32 = 22;
const GENERATIONS: u32 = 1 << (32 - INDEX_BITS);
/// A cache line: rows of parameters begin on one.
const ALIGNMENT: usize = 64;
const POISON: u32 = 0x7FC0_DEAD;

struct Block {
    data: *mut u32,
    words: usize,
    windows: u32,
}

#[derive(Clone, Copy, Default)]
struct Window {
    block: u32,
    offset: usize,
    words: usize,
    generation: u32,
    live: bool,
    sealed: bool,
}

/// All blocks and slots of an instance.
#[derive(Default)]
pub struct Heap {
    blocks: Vec<Block>,
    free_blocks: Vec<u32>,
    windows: Vec<Window>,
    free_windows: Vec<u32>,
    scratch: Scratch,
    poison: bool,
    live: u32,
    usage: Usage,
}

thread_local! {
    static HEAP: RefCell<Heap> = RefCell::default();
}

/// Runs `body` on the heap of this instance.
pub fn heap<R>(body: impl FnOnce(&mut Heap) -> R) -> R {
    HEAP.with_borrow_mut(body)
}

/// [`Heap::lend`] of this instance's heap.
pub fn lend<const O: usize, const I: usize, R>(
    place: &'static str,
    outputs: [Slot; O],
    inputs: [Slot; I],
    body: impl FnOnce(Lent<'_, O, I>) -> Result<R, Problem>,
) -> Result<R, Problem> {
    heap(|heap| heap.lend(place, outputs, inputs, body))
}

/// [`Heap::lend_with_batch`] of this instance's heap.
pub fn lend_with_batch<const O: usize, const I: usize, R>(
    place: &'static str,
    batch: Slot,
    outputs: [Slot; O],
    inputs: [Slot; I],
    body: impl FnOnce(Lent<'_, O, I>, &[f32]) -> Result<R, Problem>,
) -> Result<R, Problem> {
    heap(|heap| heap.lend_with_batch(place, batch, outputs, inputs, body))
}

fn layout(words: usize) -> Option<Layout> {
    Layout::from_size_align(words.checked_mul(4)?.max(4), ALIGNMENT).ok()
}

/// Sees to it that `list` can take one more and `free`, one day, all of them: giving back needs no memory.
fn room<T>(list: &mut Vec<T>, free: &mut Vec<u32>) -> bool {
    list.try_reserve(1).is_ok() && free.try_reserve(list.len() + 1 - free.len()).is_ok()
}

impl Heap {
    /// A new block of `words`, uncleared (NaN where poison is on).
    pub fn alloc(&mut self, words: usize) -> Result<Slot, Problem> {
        self.alloc_for("a tensor", words)
    }

    /// [`Self::alloc`] for `what`, which the refusal names.
    pub fn alloc_for(&mut self, what: &str, words: usize) -> Result<Slot, Problem> {
        // Whatever is missing, nothing is taken: neither the block nor room to note it.
        let noted = room(&mut self.blocks, &mut self.free_blocks) && room(&mut self.windows, &mut self.free_windows);
        let layout = layout(words).filter(|_| noted && self.usage.allows(words.max(1)));
        // SAFETY: the layout is not of size 0.
        let data = layout.map_or(ptr::null_mut(), |layout| unsafe { alloc(layout) }.cast::<u32>());
        let Some(layout) = layout.filter(|_| !data.is_null()) else {
            return Err(self.usage.refusal(what, words));
        };
        if self.poison {
            // SAFETY: `words` words were allocated above.
            unsafe { (0..words).for_each(|i| data.add(i).write(POISON)) };
        }
        self.usage.add(layout.size(), 0);
        let block = Block { data, words, windows: 0 };
        let index = match self.free_blocks.pop() {
            Some(index) => {
                self.blocks[index as usize] = block;
                index
            }
            None => {
                self.blocks.push(block);
                self.blocks.len() as u32 - 1
            }
        };
        self.open(index, 0, words)
    }

    /// Another slot for `words` of `slot`'s, from its `offset`.
    pub fn window(&mut self, slot: Slot, offset: usize, words: usize) -> Result<Slot, Problem> {
        let whole = self.tensor("window", slot)?;
        if offset.checked_add(words).is_none_or(|end| end > whole.words) {
            return Err(Problem::new("window", format!("{words} words at {offset} lie outside {}", whole.words)));
        }
        if !room(&mut self.windows, &mut self.free_windows) {
            return Err(self.usage.refusal("a window", 0));
        }
        self.open(whole.block, whole.offset + offset, words)
    }

    fn open(&mut self, block: u32, offset: usize, words: usize) -> Result<Slot, Problem> {
        let index = match self.free_windows.pop() {
            Some(index) => index,
            None if self.windows.len() < (1 << INDEX_BITS) => {
                self.windows.push(Window::default());
                self.windows.len() as u32 - 1
            }
            None => return Err(Problem::new("alloc", "no slot left: tensors are made and never freed".into())),
        };
        let generation = self.windows[index as usize].generation % (GENERATIONS - 1) + 1; // never 0, so no slot is 0
        self.windows[index as usize] = Window { block, offset, words, generation, live: true, sealed: false };
        self.blocks[block as usize].windows += 1;
        self.live += 1;
        Ok(generation << INDEX_BITS | index)
    }

    /// Gives a slot back; its block goes with its last window.
    pub fn free(&mut self, slot: Slot) -> Result<(), Problem> {
        let Window { block, .. } = self.find("free", slot)?;
        let index = slot & ((1 << INDEX_BITS) - 1);
        self.windows[index as usize].live = false;
        self.free_windows.push(index);
        self.live -= 1;
        let owner = &mut self.blocks[block as usize];
        owner.windows -= 1;
        if owner.windows == 0 {
            let layout = layout(owner.words).expect("it was allocated with this layout");
            // SAFETY: allocated by `alloc` with this layout, and no window is left that could reach it.
            unsafe { dealloc(owner.data.cast(), layout) };
            self.usage.slots -= layout.size();
            self.free_blocks.push(block);
        }
        Ok(())
    }

    fn find(&self, place: &str, slot: Slot) -> Result<Window, Problem> {
        let (index, generation) = (slot & ((1 << INDEX_BITS) - 1), slot >> INDEX_BITS);
        match self.windows.get(index as usize) {
            Some(window) if window.live && window.generation == generation => Ok(*window),
            _ => Err(Problem::new(place, format!("no slot {slot}: it was freed, or never made"))),
        }
    }

    fn tensor(&self, place: &str, slot: Slot) -> Result<Window, Problem> {
        let window = self.find(place, slot)?;
        if window.sealed {
            return Err(Problem::new(place, format!("slot {slot} is a batch, not a tensor")));
        }
        Ok(window)
    }

    fn batch(&self, place: &str, slot: Slot) -> Result<Window, Problem> {
        let window = self.find(place, slot)?;
        if !window.sealed {
            return Err(Problem::new(place, format!("slot {slot} is a tensor, not a batch")));
        }
        Ok(window)
    }

    /// Makes a tensor a batch. From then on its words are only read.
    pub fn seal(&mut self, slot: Slot) -> Result<(), Problem> {
        self.tensor("seal", slot)?;
        self.windows[(slot & ((1 << INDEX_BITS) - 1)) as usize].sealed = true;
        Ok(())
    }

    fn pointer(&self, window: Window) -> *mut u32 {
        // SAFETY: `window` checked that the window lies inside its block.
        unsafe { self.blocks[window.block as usize].data.add(window.offset) }
    }

    /// Byte address of a slot's word `from`, for JavaScript's views of `words` words. It holds until the slot is freed.
    pub fn address(&self, slot: Slot, from: usize, words: usize) -> Result<usize, Problem> {
        let window = self.tensor("address", slot)?;
        if from.checked_add(words).is_none_or(|end| end > window.words) {
            return Err(Problem::new("address", format!("{words} words at {from} lie outside {}", window.words)));
        }
        Ok(self.pointer(window) as usize + 4 * from)
    }

    /// Number of 32-bit words in a slot.
    pub fn length(&self, slot: Slot) -> Result<usize, Problem> {
        Ok(self.tensor("length", slot)?.words)
    }

    /// Whether new memory is filled with NaN, so that a kernel that reads what it should have written is found out.
    pub fn set_poison(&mut self, on: bool) {
        self.poison = on;
    }

    /// Slots that live.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// How much memory is in use, and how much may be.
    pub fn usage(&mut self) -> &mut Usage {
        &mut self.usage
    }
}

#[cfg(test)]
mod tests;
