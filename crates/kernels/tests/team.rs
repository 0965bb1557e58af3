//! The team of threads: every item once, the same bits for any number of threads. In a separate program, since a process
//! has one team and one coordinator.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

use kernels::gemm;
use kernels::pool::team::{configure, fork, has_failed, threads, work};
use kernels::pool::{Blocks, Tiles, parallel_tiles};
use kernels::random::{Philox, random_normal};

/// Tests run side by side, and there is one coordinator.
static ALONE: Mutex<usize> = Mutex::new(1);

/// Runs `body` with a team of `count`. Threads of the team end with the process.
fn with_team(count: usize, body: impl FnOnce()) {
    let mut started = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    while *started < count {
        let thread = *started;
        std::thread::spawn(move || work(thread));
        *started += 1;
    }
    configure(count, 300, 100, 0);
    body();
    configure(1, 300, 100, 0);
}

#[test]
fn ten_thousand_jobs_of_any_size_run_every_item_once() {
    with_team(3, || {
        let counts: Vec<AtomicU32> = (0..300).map(|_| AtomicU32::new(0)).collect();
        let mut state = 1_u64;
        for job in 0..10_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let items = (state >> 33) as usize % counts.len();
            fork(items, 1 << 20, &|item, thread| {
                assert!(thread < threads());
                counts[item].fetch_add(1, SeqCst);
            });
            for (item, count) in counts.iter().enumerate() {
                assert_eq!(count.swap(0, SeqCst), u32::from(item < items), "item {item} of {items}, job {job}");
            }
        }
        assert!(!has_failed());
    });
}

#[test]
fn each_thread_has_its_own_scratch() {
    with_team(3, || {
        let (mut y, mut scratch) = (vec![0.0; 4000], vec![0.0; 3 * 10]);
        for _ in 0..200 {
            let tiles = Tiles::new(&mut y, 1, Blocks::Even(10), Blocks::Even(1));
            parallel_tiles([tiles], &mut scratch, 1 << 20, |item, [mut tile], scratch| {
                assert_eq!(scratch.len(), 10);
                scratch.fill(item as f32);
                std::thread::yield_now();
                tile.as_slice_mut().copy_from_slice(scratch);
            });
            assert!(y.iter().enumerate().all(|(i, y)| *y == (i / 10) as f32));
        }
    });
}

#[test]
fn products_have_the_same_bits_for_any_number_of_threads() {
    let (m, n, k) = (261, 300, 517);
    let filled = |len: usize, stream: u32| {
        let mut x = vec![0.0; len];
        random_normal(&mut x, 1.0, Philox { seed: [1, 2], stream, step: 0 });
        x
    };
    let product = || {
        let (a, b) = (filled(m * k, 0), filled(k * n, 1));
        let (mut c, mut scratch) = (vec![f32::NAN; m * n], vec![0.0; gemm::scratch()]);
        gemm::matmul(&mut c, &a, &b, m, n, k, false, false, false, &mut scratch);
        c
    };
    let mut alone = Vec::new();
    with_team(1, || alone = product());
    for count in [2, 3, 7] {
        with_team(count, || assert_eq!(product(), alone, "{count} threads"));
    }
}
