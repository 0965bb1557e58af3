//! Fixed sources of randomness. Hash maps decide ties in the trainers of `tokenizers`; with random keys, every run would
//! produce a different vocabulary. Nothing here needs secrecy: keys never leave the instance.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]

/// The key of every hash map.
pub struct Fixed;

impl ahash::random_state::RandomSource for Fixed {
    fn gen_hasher_seed(&self) -> usize {
        42
    }
}

/// Replaces the operating system's randomness, which WebAssembly does not have; selected by
/// `--cfg getrandom_backend="custom"`.
// SAFETY: this is the one definition of the symbol, with the signature that `getrandom` declares for custom backends.
#[cfg(target_arch = "wasm32")]
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(dest: *mut u8, len: usize) -> Result<(), getrandom::Error> {
    // SAFETY: `getrandom` gives `len` writable bytes at `dest`.
    unsafe { core::ptr::write_bytes(dest, 7, len) };
    Ok(())
}

/// Runs when the module is instantiated, before any hash map exists.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen(start)]
pub fn fix_seeds() {
    let _ = ahash::random_state::set_random_source(Fixed);
}
