//! A team of threads that share one job at a time: fork, work, join.
//!
//! The coordinator, thread 0, is whoever calls [`fork`]; the others stand in [`work`]. A job is a number of items, claimed
//! one by one, so a thread that sleeps or comes late is not waited for: only items are. Idle threads poll for a few
//! microseconds, then sleep.
//!
//! A job is claimed by exchanging one word, (number of the job, next item). A late thread may read the fields of a job
//! while they are rewritten for the next one, but the word has changed then, and its claim fails.

use core::mem::transmute;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};

/// What a job does: (item, thread).
pub type Body<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// Most threads of a team.
pub const MOST: usize = 64;

/// Multiply-adds below which a job is not worth sharing, even with threads that are awake (about 5 µs of work; a fork
/// and join takes under 1 µs).
pub const SHARED: usize = 1 << 17;

/// How many times as large a job is for which sleeping threads are woken: about 25 µs of work. Waking takes longer than
/// that, but then they are awake for the next job.
const WOKEN: usize = 4;

/// No item: what a word holds while a job's fields are written.
const CLOSED: u32 = u32::MAX;

/// Milliseconds between two looks at whether the team still gets on.
const LOOK: i64 = 100;

/// On its own cache line, so that threads that poll one word do not slow down others.
#[repr(align(64))]
struct Apart<T>(T);

struct Team {
    /// Changes with every job; idle threads wait for that.
    news: Apart<AtomicI32>,
    /// Job << 32 | next item.
    claim: Apart<AtomicU64>,
    /// Items finished.
    done: Apart<AtomicI32>,
    sleepers: Apart<AtomicI32>,
    /// The coordinator sleeps on `done`.
    joining: AtomicBool,
    items: AtomicU32,
    body: [AtomicUsize; 2],
    threads: AtomicUsize,
    /// Polls before a thread sleeps.
    polls: AtomicU32,
    /// Looks without an item finished after which a thread counts as dead.
    patience: AtomicU32,
    /// Multiply-adds from which a job is shared.
    shared: AtomicUsize,
    failed: AtomicBool,
}

static TEAM: Team = Team {
    news: Apart(AtomicI32::new(0)),
    claim: Apart(AtomicU64::new(CLOSED as u64)),
    done: Apart(AtomicI32::new(0)),
    sleepers: Apart(AtomicI32::new(0)),
    joining: AtomicBool::new(false),
    items: AtomicU32::new(0),
    body: [AtomicUsize::new(0), AtomicUsize::new(0)],
    threads: AtomicUsize::new(1),
    polls: AtomicU32::new(30_000),
    patience: AtomicU32::new(100),
    shared: AtomicUsize::new(SHARED),
    failed: AtomicBool::new(false),
};

/// Whether this build can have more than one thread.
pub const SHARES_MEMORY: bool = cfg!(any(not(target_family = "wasm"), target_feature = "atomics"));

/// Threads of the team, the coordinator among them.
#[inline(always)]
pub fn threads() -> usize {
    if SHARES_MEMORY { TEAM.threads.load(SeqCst) } else { 1 }
}

/// Says how many threads there are, at most [`MOST`]: `threads − 1` of them are to call [`work`], sooner or later; of more,
/// the rest do nothing. `polls`: how often an idle thread looks for a job before it sleeps. `patience`: tenths of a second
/// without progress after which a thread is taken for dead. `shared`: multiply-adds from which a job is shared, [`SHARED`] but for tests.
pub fn configure(threads: usize, polls: u32, patience: u32, shared: usize) {
    assert!((1..=MOST).contains(&threads), "{threads} threads, not 1 to {MOST}");
    TEAM.threads.store(threads, SeqCst);
    TEAM.polls.store(polls, SeqCst);
    TEAM.patience.store(patience, SeqCst);
    TEAM.shared.store(shared, SeqCst);
}

/// Says that a thread of the team has died: the job it may have had will never be done.
pub fn fail() {
    TEAM.failed.store(true, SeqCst);
    wake(&TEAM.done.0, 1);
}

/// Whether a thread has died, or is taken for dead.
pub fn has_failed() -> bool {
    TEAM.failed.load(SeqCst)
}

/// Runs `body(item, thread)` for every item below `items`, in any order, and waits for all. No two items run on the same
/// thread at the same time. `effort`: about how many multiply-adds that is in all.
///
/// Panics where a thread has died in the middle.
pub fn fork(items: usize, effort: usize, body: &Body<'_>) {
    let (others, shared) = (threads() - 1, TEAM.shared.load(SeqCst));
    let wakes = effort >= shared.saturating_mul(WOKEN);
    let asleep = || TEAM.sleepers.0.load(SeqCst) as usize;
    if others == 0 || items < 2 || effort < shared || (!wakes && asleep() >= others) {
        (0..items).for_each(|item| body(item, 0));
        return;
    }
    publish(items, body);
    if wakes && asleep() > 0 {
        wake(&TEAM.news.0, (items - 1).min(others) as u32);
    }
    drain(0);
    join(items as i32);
}

fn publish(items: usize, body: &Body<'_>) {
    assert!(items < CLOSED as usize);
    let job = (TEAM.claim.0.load(SeqCst) >> 32).wrapping_add(1) << 32;
    TEAM.claim.0.store(job | u64::from(CLOSED), SeqCst);
    // SAFETY: a reference to a trait object is two words.
    let words: [usize; 2] = unsafe { transmute(body) };
    for (to, word) in TEAM.body.iter().zip(words) {
        to.store(word, SeqCst);
    }
    TEAM.items.store(items as u32, SeqCst);
    TEAM.done.0.store(0, SeqCst);
    TEAM.claim.0.store(job, SeqCst);
    TEAM.news.0.fetch_add(1, SeqCst);
}

/// Claims and runs items until none is left.
fn drain(thread: usize) {
    loop {
        let word = TEAM.claim.0.load(SeqCst);
        let (item, items) = (word as u32, TEAM.items.load(SeqCst));
        if item >= items || thread >= threads() {
            return;
        }
        let body = [&TEAM.body[0], &TEAM.body[1]].map(|word| word.load(SeqCst));
        if TEAM.claim.0.compare_exchange(word, word + 1, SeqCst, SeqCst).is_err() {
            continue;
        }
        // SAFETY: the word was still `word`, so the job it names was open, and its fields are those that were read: they
        // are rewritten only while the word says that nothing can be claimed. The body lives until `fork` returns, which
        // waits for this item.
        let body: &Body<'_> = unsafe { transmute(body) };
        body(item as usize, thread);
        if TEAM.done.0.fetch_add(1, SeqCst) + 1 == items as i32 && TEAM.joining.load(SeqCst) {
            wake(&TEAM.done.0, 1);
        }
    }
}

/// Waits until `items` items are done.
fn join(items: i32) {
    let (mut silent, mut last) = (0, -1);
    loop {
        let done = poll(&TEAM.done.0, |done| done == items);
        if done == items {
            return;
        }
        TEAM.joining.store(true, SeqCst);
        sleep(&TEAM.done.0, done, Some(LOOK));
        TEAM.joining.store(false, SeqCst);
        silent = if done == last { silent + 1 } else { 0 };
        last = done;
        if silent >= TEAM.patience.load(SeqCst) {
            fail();
        }
        assert!(!has_failed() || TEAM.done.0.load(SeqCst) == items, "a thread of the engine died");
    }
}

/// The life of thread `thread`, from 1: takes part in every job. Returns when the team has failed.
pub fn work(thread: usize) {
    let mut seen = TEAM.news.0.load(SeqCst);
    while !has_failed() {
        drain(thread);
        if poll(&TEAM.news.0, |news| news != seen) == seen {
            TEAM.sleepers.0.fetch_add(1, SeqCst);
            sleep(&TEAM.news.0, seen, None);
            TEAM.sleepers.0.fetch_sub(1, SeqCst);
        }
        seen = TEAM.news.0.load(SeqCst);
    }
}

/// Polls a word until it `fits` or patience ends; returns the last value.
fn poll(word: &AtomicI32, fits: impl Fn(i32) -> bool) -> i32 {
    for _ in 0..TEAM.polls.load(SeqCst) {
        let value = word.load(SeqCst);
        if fits(value) {
            return value;
        }
    }
    word.load(SeqCst)
}

/// Polls an unused word `times` times, to measure the cost of a poll.
pub fn measure_polls(times: u32) {
    let idle = Apart(AtomicI32::new(0));
    for _ in 0..times {
        core::hint::black_box(idle.0.load(SeqCst));
    }
}

#[cfg(all(target_family = "wasm", target_feature = "atomics"))]
mod system {
    use core::arch::wasm32::{memory_atomic_notify, memory_atomic_wait32};
    use core::sync::atomic::AtomicI32;

    /// Waits while the word is `seen`, at most `milliseconds`.
    pub fn sleep(word: &AtomicI32, seen: i32, milliseconds: Option<i64>) {
        // SAFETY: the address is that of an aligned word, which lives for ever.
        unsafe { memory_atomic_wait32(word.as_ptr(), seen, milliseconds.map_or(-1, |time| time * 1_000_000)) };
    }

    /// Wakes up to `count` threads that sleep on the word.
    pub fn wake(word: &AtomicI32, count: u32) {
        // SAFETY: as above.
        unsafe { memory_atomic_notify(word.as_ptr(), count) };
    }
}

/// Elsewhere threads are for tests: they poll, and let others run.
#[cfg(not(all(target_family = "wasm", target_feature = "atomics")))]
mod system {
    use core::sync::atomic::{AtomicI32, Ordering::SeqCst};

    pub fn sleep(word: &AtomicI32, seen: i32, milliseconds: Option<i64>) {
        let start = std::time::Instant::now();
        let over = || milliseconds.is_some_and(|time| start.elapsed().as_millis() as i64 >= time);
        while word.load(SeqCst) == seen && !super::has_failed() && !over() {
            std::thread::sleep(std::time::Duration::from_micros(20));
        }
    }

    pub fn wake(_: &AtomicI32, _: u32) {}
}
use system::{sleep, wake};
