//! How much memory is in use, and how much may be.

use crate::error::Problem;

/// What a module can address.
const MOST: u64 = 1 << 32;

/// Bytes in use and the most that may be.
pub struct Usage {
    /// What slots hold.
    pub slots: usize,
    /// What working memory holds.
    pub scratch: usize,
    /// The most that both together have held since [`Self::reset_peak`].
    pub peak: usize,
    /// What both together may hold.
    pub limit: u64,
}

impl Default for Usage {
    fn default() -> Self {
        Self { slots: 0, scratch: 0, peak: 0, limit: MOST }
    }
}

impl Usage {
    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.slots + self.scratch
    }

    /// Sets the limit, at most what can be addressed. What is in use already stays.
    pub fn set_limit(&mut self, bytes: f64) {
        self.limit = (bytes as u64).min(MOST);
    }

    /// From now on the peak is that of what follows.
    pub fn reset_peak(&mut self) {
        self.peak = self.used();
    }

    /// Notes bytes that were taken.
    pub fn add(&mut self, slots: usize, scratch: usize) {
        self.slots += slots;
        self.scratch += scratch;
        self.peak = self.peak.max(self.used());
    }

    /// Whether `words` more may be taken.
    pub fn allows(&self, words: usize) -> bool {
        (self.used() as u64).saturating_add(bytes(words)) <= self.limit
    }

    /// Says that there is no memory for `words` of `what`.
    pub fn refusal(&self, what: &str, words: usize) -> Problem {
        Problem::out_of_memory(what, bytes(words), self.used() as u64, self.limit)
    }
}

fn bytes(words: usize) -> u64 {
    (words as u64).saturating_mul(4)
}
