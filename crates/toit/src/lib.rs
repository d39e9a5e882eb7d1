//! Compiles Toit source and runs the program: joins the library, the compiler and the virtual machine.
//!
//! The command line, the device and hosts in Rust and C all use this crate, so that they accept the same programs and
//! report the same errors.
//!
//! ```
//! use lucarne_toit::{Diagnosed, ToitError, compile};
//!
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("app.toit");
//! # std::fs::write(&file, "main: pint 5")?;
//! match compile(&file) {
//!     Err(ToitError::Program(Diagnosed(analysis))) => {
//!         let text = analysis.shown(Default::default());
//!         assert!(text.contains("pint"), "{text}");
//!     }
//!     other => panic!("{:?}", other.err()),
//! }
//! # Ok::<(), std::io::Error>(())
//! ```

mod inputs;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use inputs::{Inputs, Linked, Next, Origin};
use lucarne_compiler::diagnostic::Style;
use lucarne_compiler::ir::Unit;
use lucarne_compiler::link::LinkError;
pub use lucarne_compiler::link::Optimization;
use lucarne_compiler::program::Program;
use lucarne_compiler::resolve;
pub use lucarne_compiler::resolve::index::Index;
pub use lucarne_compiler::resolve::{Analysis, Request};
use lucarne_compiler::source::{FileLoader, Loader};
use lucarne_vm::natives;
pub use lucarne_vm::trace::TraceDecoder;
pub use lucarne_vm::{Grants, LoadedProgram, MachineCode, MemoryAccount, Profile, process, start, start_in};
pub use lucarne_vm::{InputChannel, Outcome};
use thiserror::Error;

/// The reason why a program cannot be compiled or run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ToitError {
    /// The program has errors.
    #[error("{0}")]
    Program(Diagnosed),
    /// The program cannot be linked.
    #[error("{}{error}", place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
    Link {
        /// The reason.
        error: LinkError,
        /// The place in the program, as `PATH:LINE:COLUMN`.
        place: Option<String>,
    },
    /// The path of the program is not UTF-8.
    #[error("the path {0} is not UTF-8")]
    Path(String),
    /// The embedded library is damaged. Only a fault of the build can cause this.
    #[error("the embedded library is damaged: {0}")]
    Library(String),
    /// A session cannot go on.
    #[error("{0}")]
    Session(String),
    /// The literals of the program need more memory than there is.
    #[error("there is not enough memory for the program")]
    OutOfMemory,
}

/// A program with errors. Displays its diagnostics, as the compiler prints them.
#[derive(Debug)]
pub struct Diagnosed(pub Box<Analysis>);

impl fmt::Display for Diagnosed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.shown(Style::default()))
    }
}

/// A program that was compiled.
pub struct Compiled {
    /// The linked program.
    pub program: Program,
    /// The result of the analysis, which contains the warnings.
    pub analysis: Analysis,
}

/// Analyzes a program, its imports and the library. The result contains the errors of the program.
///
/// # Errors
/// [`ToitError::Path`] and [`ToitError::Library`].
pub fn analyze(loader: &(dyn Loader + Sync), entry: &Path) -> Result<Analysis, ToitError> {
    Ok(resolve::analyze(loader, Some(library()?), &natives::parameters, text(entry)?))
}

/// Analyzes a file that may be a program or a library: a `main` is not required.
///
/// # Errors
/// As for [`analyze`].
pub fn check(loader: &(dyn Loader + Sync), file: &Path) -> Result<Analysis, ToitError> {
    Ok(resolve::check(loader, Some(library()?), &natives::parameters, text(file)?))
}

/// Analyzes files as [`check`] does, and makes an index of their names, for editors: see [`resolve::index()`]. Returns
/// none if the analysis was canceled, or its thread cannot be created.
///
/// # Errors
/// [`ToitError::Library`].
pub fn index(
    loader: &(dyn Loader + Sync),
    files: &[String],
    request: Request<'_>,
) -> Result<Option<(Analysis, Index)>, ToitError> {
    Ok(resolve::index(loader, library()?, &natives::parameters, files, request))
}

/// Analyzes libraries from their sources, given their files below `<lib>/`, and makes an index of their names. Files of
/// a program may come before them, so that the index has all. Returns none if the analysis was canceled, or its thread
/// cannot be created.
pub fn index_library(
    loader: &(dyn Loader + Sync),
    files: &[String],
    request: Request<'_>,
) -> Option<(Analysis, Index)> {
    resolve::index(loader, Unit::default(), &natives::parameters, files, request)
}

/// Links an analyzed program.
///
/// # Errors
/// [`ToitError::Program`] if the program has errors, [`ToitError::Link`] if the linker fails, such as when the program
/// is too large.
pub fn link(analysis: Analysis) -> Result<Compiled, ToitError> {
    link_with(analysis, Optimization::default())
}

/// Links a program like [`link`], with the given optimization.
///
/// # Errors
/// As for [`link`].
pub fn link_with(analysis: Analysis, optimization: Optimization) -> Result<Compiled, ToitError> {
    if analysis.has_errors() {
        return Err(ToitError::Program(Diagnosed(Box::new(analysis))));
    }
    match lucarne_compiler::link::link(&analysis.unit, optimization) {
        Ok(program) => Ok(Compiled { program, analysis }),
        Err(error) => Err(ToitError::Link { place: error.place(&analysis.unit), error }),
    }
}

/// Compiles a program from files.
///
/// # Errors
/// See [`ToitError`].
pub fn compile(entry: &Path) -> Result<Compiled, ToitError> {
    compile_with(entry, Optimization::default())
}

/// Compiles a program like [`compile`], with the given optimization.
///
/// # Errors
/// As for [`compile`].
pub fn compile_with(entry: &Path, optimization: Optimization) -> Result<Compiled, ToitError> {
    link_with(analyze(&FileLoader, entry)?, optimization)
}

/// Makes a linked program ready to run.
///
/// # Errors
/// [`ToitError::OutOfMemory`].
pub fn load(program: Program) -> Result<Arc<LoadedProgram>, ToitError> {
    load_with(program, MachineCode::default())
}

/// Makes a program ready like [`load`]. `machine_code` tells which functions are compiled to machine code.
///
/// # Errors
/// As for [`load`].
pub fn load_with(program: Program, machine_code: MachineCode) -> Result<Arc<LoadedProgram>, ToitError> {
    let loaded = LoadedProgram::new(Arc::new(program)).map_err(|_| ToitError::OutOfMemory)?;
    Ok(Arc::new(loaded.with_machine_code(machine_code)))
}

/// Makes a program ready like [`load_with`], and records where the program spends its time.
///
/// # Errors
/// As for [`load`].
pub fn load_with_profile(
    program: Program,
    machine_code: MachineCode,
    profile: Arc<Profile>,
) -> Result<Arc<LoadedProgram>, ToitError> {
    let loaded = LoadedProgram::new(Arc::new(program)).map_err(|_| ToitError::OutOfMemory)?;
    Ok(Arc::new(loaded.with_profile(profile).with_machine_code(machine_code)))
}

fn library() -> Result<Unit, ToitError> {
    lucarne_library::unit().map_err(|error| ToitError::Library(error.to_string()))
}

fn text(path: &Path) -> Result<&str, ToitError> {
    path.to_str().ok_or_else(|| ToitError::Path(path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use lucarne_compiler::source::MemoryLoader;

    use super::*;

    fn analyze_text(source: &str) -> Analysis {
        let mut loader = MemoryLoader::default();
        loader.add("app.toit", source.as_bytes());
        analyze(&loader, Path::new("app.toit")).expect("the library is sound")
    }

    #[test]
    fn a_program_is_linked_and_loaded() {
        let compiled = link(analyze_text("main: print 5")).expect("the program is correct");
        load(compiled.program).expect("there is memory");
    }

    #[test]
    fn errors_are_shown_with_their_place() {
        let Err(error) = link(analyze_text("main: pint 5")) else { panic!("the program has an error") };
        assert!(error.to_string().contains("app.toit:1:7"), "{error}");
    }

    #[test]
    fn link_errors_have_a_place() {
        // A lambda captures at most 255 variables.
        let variables: String = (0..300).map(|number| format!("  v{number} := x\n")).collect();
        let all = (0..300).map(|number| format!("v{number}")).collect::<Vec<_>>().join(", ");
        let text = format!("main x:\n{variables}  print (:: [{all}]).call\n");
        let Err(error) = link(analyze_text(&text)) else { panic!("the program is too large") };
        assert!(error.to_string().starts_with("app.toit:"), "{error}");
        assert!(error.to_string().contains("is too large to compile"), "{error}");
    }

    #[test]
    fn only_a_program_needs_main() {
        let mut loader = MemoryLoader::default();
        loader.add("library.toit", b"answer -> int: return 42".as_slice());
        let file = Path::new("library.toit");
        assert!(analyze(&loader, file).expect("the library is sound").has_errors());
        assert!(!check(&loader, file).expect("the library is sound").has_errors());
    }

    #[cfg(unix)]
    #[test]
    fn paths_must_be_utf_8() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"\xff.toit"));
        assert!(matches!(compile(path), Err(ToitError::Path(_))));
    }
}
