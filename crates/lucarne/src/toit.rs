//! Toit programs in the same system.

use std::path::Path;
use std::sync::Arc;

use lucarne_compiler::diagnostic::Style;
use lucarne_compiler::link::link;
use lucarne_compiler::resolve;
use lucarne_compiler::source::FileLoader;
use lucarne_kernel::Program;
use lucarne_outside::Surroundings;
use lucarne_vm::{Host, Image, native};
use thiserror::Error;

use crate::System;

/// Why a Toit program could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// It is wrong: the text says where and why, as the compiler prints it.
    #[error("{0}")]
    Wrong(String),
    /// The path is not UTF-8.
    #[error("the path is not UTF-8")]
    Path,
    /// It is too large for this machine.
    #[error("{0}")]
    TooLarge(String),
}

/// How a Toit program is run.
#[derive(Debug, Clone, Default)]
pub struct ProgramOptions {
    /// The arguments of its `main`.
    pub arguments: Vec<String>,
    /// How many bytes each of its processes may use; without it, 512 MiB.
    pub memory_limit: Option<usize>,
    /// Whether it may reach what this OS process may: files, environment, other programs.
    pub outside: bool,
}

impl System {
    /// Compiles a Toit program and starts it, as a container of its own. [`Program::wait`] gives its
    /// final code, [`Program::stop`] ends it.
    ///
    /// # Errors
    /// See [`ProgramError`].
    pub fn run(&self, file: impl AsRef<Path>, arguments: &[&str]) -> Result<Program, ProgramError> {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        self.run_with(file, ProgramOptions { arguments, ..ProgramOptions::default() })
    }

    /// The same, with options.
    ///
    /// # Errors
    /// See [`ProgramError`].
    pub fn run_with(&self, file: impl AsRef<Path>, options: ProgramOptions) -> Result<Program, ProgramError> {
        let path = file.as_ref();
        let file = path.to_str().ok_or(ProgramError::Path)?;
        let image = compile(file)?;
        let mut host = Host::new(self.services());
        if let Some(limit) = options.memory_limit {
            host.heap.limit_bytes = limit;
        }
        if options.outside {
            let output = self.services().output.clone();
            host.outside = Some(Arc::new(Surroundings::new(move || output.flush())));
        }
        host.arguments = options.arguments;
        host.program_name = Some(file.to_owned());
        host.program_path =
            std::fs::canonicalize(path).ok().and_then(|path| path.to_str().map(str::to_owned));
        Ok(lucarne_vm::start(self.kernel(), Arc::new(image), host))
    }
}

fn compile(file: &str) -> Result<Image, ProgramError> {
    let wrong = |error: &dyn std::fmt::Display| ProgramError::Wrong(error.to_string());
    let library = lucarne_library::unit().map_err(|error| wrong(&error))?;
    let analysis = resolve::analyze(&FileLoader, Some(library), &native::exists, file);
    if analysis.has_errors() {
        return Err(ProgramError::Wrong(analysis.shown(Style::default())));
    }
    let program = link(&analysis.unit).map_err(|error| wrong(&error))?;
    Image::new(Arc::new(program)).map_err(|error| ProgramError::TooLarge(error.to_string()))
}
