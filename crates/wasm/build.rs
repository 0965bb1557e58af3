//! Link arguments of the builds with threads: memory that is imported and shared, and what wasm-bindgen's transform for
//! threads looks for. Here and not among rustc's flags, so that a change does not compile `std` anew.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let features = std::env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    if !features.split(',').any(|feature| feature == "atomics") {
        return;
    }
    for argument in ["--shared-memory", "--import-memory", "--max-memory=4294967296"] {
        println!("cargo::rustc-link-arg-cdylib={argument}");
    }
    for name in ["__wasm_init_tls", "__tls_size", "__tls_align", "__tls_base", "__heap_base"] {
        println!("cargo::rustc-link-arg-cdylib=--export={name}");
    }
}
