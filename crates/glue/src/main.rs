//! Runs wasm-bindgen over a compiled module: `glue MODULE.wasm OUT_DIR NAME [--reset]` writes `NAME.js`, `NAME.d.ts`,
//! `NAME_bg.wasm` and `NAME_bg.wasm.d.ts` for the web.
//!
//! With `--reset` the glue can replace a trapped instance, and the module has no names of functions.
use std::env::args;
use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let args: Vec<String> = args().skip(1).collect();
    let [module, out, name, flags @ ..] = args.as_slice() else {
        eprintln!("usage: glue MODULE.wasm OUT_DIR NAME [--reset]");
        return ExitCode::from(2);
    };
    let resets = flags.iter().any(|flag| flag == "--reset");
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .out_name(name)
        .typescript(true)
        .omit_default_module_path(false)
        .remove_name_section(resets)
        .reset_state_function(resets);
    match bindgen.web(true).and_then(|bindgen| bindgen.generate(out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}
