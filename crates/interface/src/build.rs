//! Makes code from build scripts.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     lucarne_interface::build::rust("thermometer.toit")?;
//!     Ok(())
//! }
//! ```
//!
//! In the crate: `mod thermometer { include!(concat!(env!("OUT_DIR"), "/thermometer.rs")); }`

use std::path::{Path, PathBuf};

use lucarne_compiler::source::FileLoader;
use thiserror::Error;

use crate::generate::{CodeError, rust_code};
use crate::{file_name, lock};

/// The reason that a build script cannot make code.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The code cannot be made.
    #[error("{0}")]
    Code(#[from] CodeError),
    /// This is not a build script: Cargo has not set `OUT_DIR`.
    #[error("OUT_DIR is not set: only build scripts can call this function")]
    NotABuildScript,
    /// The file cannot be written.
    #[error("cannot write {path}: {error}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: std::io::Error,
    },
}

/// Makes the Rust code of a definition in the folder `OUT_DIR`, and tells Cargo which files the code depends on. The
/// path is relative to the folder of `Cargo.toml`. The file has the name of the definition, with `.rs` and `_` for `-`.
///
/// # Errors
/// See [`BuildError`].
pub fn rust(definition: &str) -> Result<(), BuildError> {
    let folder = std::env::var_os("OUT_DIR").ok_or(BuildError::NotABuildScript)?;
    tell_cargo(definition);
    rust_into(definition, Path::new(&folder))
}

#[expect(clippy::print_stdout, reason = "Cargo reads the output of build scripts")]
fn tell_cargo(definition: &str) {
    println!("cargo::rerun-if-changed={definition}");
    println!("cargo::rerun-if-changed={}", lock::path(definition));
}

fn rust_into(definition: &str, folder: &Path) -> Result<(), BuildError> {
    let code = rust_code(&FileLoader, definition)?;
    let stem = file_name(definition).trim_end_matches(".toit").replace('-', "_");
    let path = folder.join(format!("{stem}.rs"));
    std::fs::write(&path, code).map_err(|error| BuildError::Write { path, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_below_the_folder() {
        let folder = tempfile::tempdir().expect("room on the disk");
        let file = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
        let definition = file("my-echo.toit");
        let text = "/** @service 5a1c4a2e-7a38-4f1b-9a5e-8a7a2b4d3c02 1.0 */\ninterface Echo:\n  say text/string -> string\n";
        std::fs::write(&definition, text).expect("room on the disk");
        let missing = rust_into(&definition, folder.path()).expect_err("there is no index file");
        assert!(missing.to_string().ends_with("my-echo.toit`"), "{missing}");
        std::fs::write(file("my-echo.index"), "# The indexes of the methods in my-echo.toit. Commit this file: an index never changes.\nservice 5a1c4a2e-7a38-4f1b-9a5e-8a7a2b4d3c02\n0 say\n").expect("room on the disk");
        rust_into(&definition, folder.path()).expect("the definition is correct");
        let code = std::fs::read_to_string(file("my_echo.rs")).expect("it was written");
        assert!(code.contains("pub trait Echo {"), "{code}");
        let nowhere =
            rust_into(&definition, &folder.path().join("absent")).expect_err("there is no such folder");
        assert!(matches!(nowhere, BuildError::Write { .. }), "{nowhere}");
    }
}
