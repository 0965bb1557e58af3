//! What tests of several kernels need.

/// Numbers in (−2, 2) that follow from `seed`.
pub(crate) fn numbers(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 4_194_304.0 - 2.0
    };
    (0..len).map(|_| next()).collect()
}

/// An output that nothing has been written to.
pub(crate) fn poison(len: usize) -> Vec<f32> {
    vec![f32::NAN; len]
}

/// `got` is `want` within `tolerance`, relative above 1.
#[track_caller]
pub(crate) fn assert_near(got: &[f32], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let near = (f64::from(*got) - want).abs() <= tolerance * want.abs().max(1.0);
        assert!(near, "{what}: number {i} is {got}, not {want}");
    }
}
