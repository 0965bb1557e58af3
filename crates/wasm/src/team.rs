//! The team of threads, as the JavaScript that starts them sees it.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kernels::pool::team;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::Problem;

/// Says how many `threads` there are, the caller among them; the others call [`team_work`]. `polls`: how often an idle
/// thread looks for work before it sleeps. `patience`: tenths of a second without progress after which a thread is taken
/// for dead. `shared`: multiply-adds from which work is shared; unless given, what pays.
#[wasm_bindgen]
pub fn team_configure(threads: u32, polls: u32, patience: u32, shared: Option<u32>) -> Result<(), Problem> {
    let most = if team::SHARES_MEMORY { team::MOST as u32 } else { 1 };
    if !(1..=most).contains(&threads) {
        return Err(Problem::new("team_configure", format!("{threads} threads, not 1 to {most}")));
    }
    let shared = shared.map_or(team::SHARED, |shared| shared as usize);
    team::configure(threads as usize, polls, patience, shared);
    Ok(())
}

/// Number of threads, the caller among them.
#[wasm_bindgen]
pub fn team_threads() -> u32 {
    team::threads() as u32
}

/// The life of thread `thread`, from 1. Does not return while the team is whole.
#[wasm_bindgen]
pub fn team_work(thread: u32) {
    team::work(thread as usize);
}

/// Says that a thread has died.
#[wasm_bindgen]
pub fn team_fail() {
    team::fail();
}

/// Whether a thread has died.
#[wasm_bindgen]
pub fn team_failed() -> bool {
    team::has_failed()
}

/// Forks and joins `items` items that do nothing but wait `polls` polls: what a fork costs. Gives how many threads took
/// part.
#[wasm_bindgen]
pub fn team_fork(items: u32, effort: u32, polls: u32) -> u32 {
    let took_part = AtomicU64::new(0);
    team::fork(items as usize, effort as usize, &|_, thread| {
        took_part.fetch_or(1 << thread, Relaxed);
        team::measure_polls(polls);
    });
    took_part.into_inner().count_ones()
}

/// Polls `times` times: by the time it takes, [`team_configure`]'s `polls` can be chosen.
#[wasm_bindgen]
pub fn team_polls(times: u32) {
    team::measure_polls(times);
}
