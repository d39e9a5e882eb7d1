//! Compiles arbitrary bytes as a program, with the library, and runs the linker and the verifier.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use lucarne_compiler::ir::Unit;

#[path = "../../crates/compiler/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets use the rest")]
mod oracle;

fuzz_target!(|input: &[u8]| {
    static LIBRARY: OnceLock<Unit> = OnceLock::new();
    let library =
        LIBRARY.get_or_init(|| lucarne_library::unit().expect("the library was prepared by the build"));
    oracle::compile(library, input);
});
