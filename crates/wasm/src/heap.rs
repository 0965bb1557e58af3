//! Memory as TypeScript sees it: numbered slots. A slot is a window of a block of 32-bit words; Rust owns the blocks.
//!
//! No pointer ever comes in. A slot's number carries a generation, so that a number kept after `free` is refused
//! instead of meaning another tensor. A block lives as long as the last of its windows.

use core::cell::RefCell;
use core::slice;
use std::alloc::{Layout, alloc, dealloc};

use crate::error::Problem;

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
}

/// All blocks and slots of an instance.
#[derive(Default)]
pub struct Heap {
    blocks: Vec<Block>,
    free_blocks: Vec<u32>,
    windows: Vec<Window>,
    free_windows: Vec<u32>,
    scratch: Vec<f32>,
    poison: bool,
    live: u32,
    bytes: usize,
    peak: usize,
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

impl Heap {
    fn layout(words: usize) -> Option<Layout> {
        Layout::from_size_align(words.checked_mul(4)?.max(4), ALIGNMENT).ok()
    }

    /// A new block of `words`, uncleared (NaN where poison is on).
    pub fn alloc(&mut self, words: usize) -> Result<Slot, Problem> {
        let refused = || Problem::out_of_memory(words, self.bytes);
        let layout = Self::layout(words).ok_or_else(refused)?;
        // SAFETY: the layout is not of size 0.
        let data = unsafe { alloc(layout) }.cast::<u32>();
        if data.is_null() {
            return Err(refused());
        }
        if self.poison {
            // SAFETY: `words` words were allocated above.
            unsafe { (0..words).for_each(|i| data.add(i).write(POISON)) };
        }
        self.bytes += layout.size();
        self.peak = self.peak.max(self.bytes);
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
        let whole = self.find("window", slot)?;
        if offset.checked_add(words).is_none_or(|end| end > whole.words) {
            return Err(Problem::new("window", format!("{words} words at {offset} lie outside {}", whole.words)));
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
        self.windows[index as usize] = Window { block, offset, words, generation, live: true };
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
            let layout = Self::layout(owner.words).expect("it was allocated with this layout");
            // SAFETY: allocated by `alloc` with this layout, and no window is left that could reach it.
            unsafe { dealloc(owner.data.cast(), layout) };
            self.bytes -= layout.size();
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

    fn pointer(&self, window: Window) -> *mut u32 {
        // SAFETY: `window` checked that the window lies inside its block.
        unsafe { self.blocks[window.block as usize].data.add(window.offset) }
    }

    /// Byte address of a slot's first word, for JavaScript's views. It holds until the slot is freed.
    pub fn address(&self, slot: Slot) -> Result<usize, Problem> {
        Ok(self.pointer(self.find("address", slot)?) as usize)
    }

    /// Number of 32-bit words in a slot.
    pub fn length(&self, slot: Slot) -> Result<usize, Problem> {
        Ok(self.find("length", slot)?.words)
    }

    /// Whether new memory is filled with NaN, so that a kernel that reads what it should have written is found out.
    pub fn set_poison(&mut self, on: bool) {
        self.poison = on;
    }

    /// Slots that live.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// Bytes in blocks, now and at most so far.
    pub fn bytes(&self) -> (usize, usize) {
        (self.bytes, self.peak)
    }

    /// Lends `outputs` to be written and `inputs` to be read, with `scratch(…)` numbers of working memory. Slot 0 lends
    /// an empty slice. An output that overlaps anything else named is refused.
    pub fn lend<const O: usize, const I: usize, R>(
        &mut self,
        place: &'static str,
        outputs: [Slot; O],
        inputs: [Slot; I],
        body: impl FnOnce(Lent<'_, O, I>) -> Result<R, Problem>,
    ) -> Result<R, Problem> {
        let find = |slot| if slot == 0 { Ok(Window::default()) } else { self.find(place, slot) };
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
            if window.words == 0 { core::ptr::NonNull::dangling().as_ptr() } else { self.pointer(*window) }
        };
        // SAFETY: outputs overlap nothing else that is lent, so each is the only way to its words while `body` runs;
        // inputs are only read. Every bit pattern is an f32.
        let lent = unsafe {
            Lent {
                outputs: out.map(|w| slice::from_raw_parts_mut(reach(&w).cast::<f32>(), w.words)),
                inputs: ins.map(|w| slice::from_raw_parts(reach(&w).cast::<f32>(), w.words)),
                scratch: &mut self.scratch,
                poison: self.poison,
            }
        };
        body(lent)
    }
}

fn overlap(a: &Window, b: &Window) -> bool {
    a.words > 0 && b.words > 0 && a.block == b.block && a.offset < b.offset + b.words && b.offset < a.offset + a.words
}

/// What a kernel may touch during one call.
pub struct Lent<'a, const O: usize, const I: usize> {
    /// Slices to be written.
    pub outputs: [&'a mut [f32]; O],
    /// Slices to be read.
    pub inputs: [&'a [f32]; I],
    scratch: &'a mut Vec<f32>,
    poison: bool,
}

impl<'a, const O: usize, const I: usize> Lent<'a, O, I> {
    /// The outputs, the inputs and `numbers` of working memory, which keeps its size from call to call.
    pub fn with_scratch(self, numbers: usize) -> ([&'a mut [f32]; O], [&'a [f32]; I], &'a mut [f32]) {
        if self.scratch.len() < numbers {
            self.scratch.resize(numbers, 0.0);
        }
        let scratch = &mut self.scratch[..numbers];
        if self.poison {
            scratch.fill(f32::NAN);
        }
        (self.outputs, self.inputs, scratch)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_slots_are_refused_and_memory_comes_back() {
        let mut heap = Heap::default();
        let a = heap.alloc(10).unwrap();
        let b = heap.window(a, 2, 3).unwrap();
        assert_eq!(heap.address(b).unwrap(), heap.address(a).unwrap() + 8);
        heap.free(a).unwrap();
        assert!(heap.free(a).is_err());
        assert_eq!((heap.live(), heap.length(b).unwrap()), (1, 3)); // the block lives on in its window
        heap.free(b).unwrap();
        assert_eq!((heap.live(), heap.bytes().0), (0, 0));
        let c = heap.alloc(4).unwrap();
        assert!(c != a && c != b && heap.address(a).is_err());
    }

    #[test]
    fn windows_stay_inside() {
        let mut heap = Heap::default();
        let a = heap.alloc(10).unwrap();
        assert!(heap.window(a, 8, 3).is_err());
        assert!(heap.window(a, usize::MAX, 2).is_err());
        assert!(heap.window(a, 10, 0).is_ok());
        assert!(heap.window(0, 0, 0).is_err());
    }

    #[test]
    fn outputs_overlap_nothing() {
        let mut heap = Heap::default();
        let a = heap.alloc(10).unwrap();
        let (left, right, middle) =
            (heap.window(a, 0, 5).unwrap(), heap.window(a, 5, 5).unwrap(), heap.window(a, 4, 2).unwrap());
        let mut lend = |outputs, inputs| heap.lend("test", outputs, inputs, |_: Lent<2, 1>| Ok(())).is_ok();
        assert!(lend([left, 0], [right]));
        assert!(lend([left, right], [0]));
        assert!(!lend([left, middle], [right]));
        assert!(!lend([left, right], [middle]));
        assert!(!lend([left, left], [0]));
    }

    #[test]
    fn new_memory_is_poison_under_test() {
        let mut heap = Heap::default();
        heap.set_poison(true);
        let a = heap.alloc(3).unwrap();
        heap.lend("test", [], [a], |lent: Lent<0, 1>| {
            assert!(lent.inputs[0].iter().all(|x| x.is_nan()));
            Ok(())
        })
        .unwrap();
    }
}
