//! Helpers that the tests with programs in Toit share.

use std::path::PathBuf;
use std::sync::Arc;

use lucarne_toit::LoadedProgram;

/// Compiles a program, which must have neither errors nor warnings.
pub(crate) fn compile(name: &str, source: &str) -> Arc<LoadedProgram> {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.toit", std::process::id()));
    std::fs::write(&file, source).unwrap();
    let compiled = lucarne_toit::compile(&file).unwrap_or_else(|error| panic!("{error}"));
    assert!(compiled.analysis.diagnostics.is_empty(), "{:?}", compiled.analysis.diagnostics);
    lucarne_toit::load(compiled.program).unwrap()
}
