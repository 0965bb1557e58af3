//! What the heap refuses, and what it gives back.

use super::*;

#[test]
fn freed_slots_are_refused_and_memory_comes_back() {
    let mut heap = Heap::default();
    let a = heap.alloc(10).unwrap();
    let b = heap.window(a, 2, 3).unwrap();
    assert_eq!(heap.address(b, 0, 3).unwrap(), heap.address(a, 0, 10).unwrap() + 8);
    assert_eq!(heap.address(b, 3, 0).unwrap(), heap.address(a, 5, 5).unwrap());
    assert_eq!(heap.address(b, 1, 3).unwrap_err().message(), "address: 3 words at 1 lie outside 3");
    assert!(heap.address(b, usize::MAX, 2).is_err());
    heap.free(a).unwrap();
    assert!(heap.free(a).is_err());
    assert_eq!((heap.live(), heap.length(b).unwrap()), (1, 3)); // the block lives on in its window
    heap.free(b).unwrap();
    assert_eq!((heap.live(), heap.usage().used()), (0, 0));
    let c = heap.alloc(4).unwrap();
    assert!(c != a && c != b && heap.address(a, 0, 0).is_err());
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

#[test]
fn scratch_grows_within_the_limit_and_is_kept() {
    let mut heap = Heap::default();
    let a = heap.alloc(4).unwrap();
    let take = |heap: &mut Heap, numbers| {
        heap.lend("kernel", [], [a], |lent: Lent<0, 1>| lent.with_scratch(numbers).map(|parts| parts.2.len()))
    };
    assert_eq!(take(&mut heap, 5), Ok(5));
    let small = heap.usage().scratch;
    assert_eq!(take(&mut heap, 1 << 20), Ok(1 << 20));
    assert_eq!(heap.usage().scratch, 4 << 20);
    assert_eq!(take(&mut heap, 5), Ok(5));
    assert_eq!((heap.usage().scratch, heap.usage().peak), (4 << 20, (4 << 20) + 16)); // the old one had gone before
    assert!(small < 4 << 20);
    heap.usage().set_limit(5e6);
    let message = "out of memory: kernel: working memory needs 8 MiB, 5 MiB of 5 MiB in use";
    assert_eq!(take(&mut heap, 1 << 21).unwrap_err().message(), message);
    assert_eq!((heap.usage().scratch, take(&mut heap, 1 << 20)), (4 << 20, Ok(1 << 20)));
    heap.usage().set_limit(f64::INFINITY);
    assert!(take(&mut heap, usize::MAX / 2).is_err()); // nor does a size that no machine has trap
}
