//! Toit programs in the same system.

use std::path::Path;
use std::sync::Arc;

use lucarne_compiler::diagnostic::{self, Diagnostic, Style};
use lucarne_compiler::link::link;
use lucarne_compiler::resolve;
use lucarne_compiler::source::FileLoader;
use lucarne_kernel::Program;
use lucarne_vm::{Host, Image};
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

impl System {
    /// Compiles a Toit program and starts it, as a container of its own. [`Program::wait`] gives its
    /// final code, [`Program::stop`] ends it.
    ///
    /// # Errors
    /// See [`ProgramError`].
    pub fn run(&self, file: impl AsRef<Path>, arguments: &[&str]) -> Result<Program, ProgramError> {
        let file = file.as_ref().to_str().ok_or(ProgramError::Path)?;
        let image = compile(file)?;
        let mut host = Host::new(self.services());
        host.arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        host.program_name = Some(file.to_owned());
        Ok(lucarne_vm::start(self.kernel(), Arc::new(image), host))
    }
}

fn compile(file: &str) -> Result<Image, ProgramError> {
    let wrong = |error: &dyn std::fmt::Display| ProgramError::Wrong(error.to_string());
    let library = lucarne_library::unit().map_err(|error| wrong(&error))?;
    let is_native = |module: &str, name: &str| lucarne_vm::native::find(module, name).is_some();
    let analysis = resolve::analyze(&FileLoader, Some(library), &is_native, file);
    if analysis.diagnostics.iter().any(Diagnostic::is_error) {
        let style = Style { colour: false, width: None };
        return Err(ProgramError::Wrong(diagnostic::render(&analysis.sources, &analysis.diagnostics, style)));
    }
    let program = link(&analysis.unit).map_err(|error| wrong(&error))?;
    Image::new(Arc::new(program)).map_err(|error| ProgramError::TooLarge(error.to_string()))
}
