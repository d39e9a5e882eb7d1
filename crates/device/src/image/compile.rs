//! From the sources of a program to its image, and to bytecode once more.

use std::path::Path;

use lucarne_compiler::diagnostic::Style;
use lucarne_compiler::link::{LinkError, link};
use lucarne_compiler::program::Program;
use lucarne_compiler::resolve::{self, Analysis};
use lucarne_vm::native;
use thiserror::Error;

use super::sources::{Recorder, SourceTree};
use super::{BUILD, Image, ImageError, Kind, Manifest, program};

/// A program that was compiled.
#[derive(Debug)]
pub struct Compiled {
    /// Its image.
    pub image: Image,
    /// What the compiler made of it on the way: its warnings are there.
    pub analysis: Analysis,
}

/// Why a program could not be compiled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CompileError {
    /// It is wrong: see its diagnostics.
    #[error("the program has errors")]
    Wrong(Box<Analysis>),
    /// It cannot be linked.
    #[error("{0}")]
    Link(#[from] LinkError),
    /// The path is not UTF-8.
    #[error("the path is not UTF-8")]
    Path,
    /// The embedded library cannot be read.
    #[error("the library is damaged: {0}")]
    Library(#[from] postcard::Error),
}

impl Image {
    /// Compiles a program in Toit.
    ///
    /// # Errors
    /// See [`CompileError`].
    pub fn compile(file: &Path) -> Result<Compiled, CompileError> {
        let entry = file.to_str().ok_or(CompileError::Path)?;
        let recorder = Recorder::default();
        let analysis = resolve::analyze(&recorder, Some(lucarne_library::unit()?), &native::exists, entry);
        if analysis.has_errors() {
            return Err(CompileError::Wrong(Box::new(analysis)));
        }
        let mut program = link(&analysis.unit)?;
        let recorded = recorder.finish();
        for source in &mut program.sources {
            source.path = recorded.name(&source.path);
        }
        let manifest = Manifest { kind: Kind::Toit, entry: recorded.name(entry), build: BUILD.to_owned() };
        let image = Image::new(manifest, &program::compressed(&program), &recorded.tree.compressed());
        Ok(Compiled { image, analysis })
    }

    /// The image that this build makes of the same sources.
    ///
    /// # Errors
    /// If it is no program in Toit, or does not compile any more.
    pub fn recompiled(&self) -> Result<Image, ImageError> {
        let program = linked(&self.sources()?, &self.manifest.entry)?;
        let manifest = Manifest { build: BUILD.to_owned(), ..self.manifest.clone() };
        Ok(Image::new(manifest, &program::compressed(&program), &self.bytes[self.sources..]))
    }
}

/// The program of some sources.
pub(super) fn linked(tree: &SourceTree, entry: &str) -> Result<Program, ImageError> {
    let wrong = |error: &dyn std::fmt::Display| ImageError::Wrong(error.to_string());
    let library = lucarne_library::unit().map_err(|error| wrong(&error))?;
    let analysis = resolve::analyze(&tree.loader(), Some(library), &native::exists, entry);
    if analysis.has_errors() {
        return Err(ImageError::Wrong(analysis.shown(Style::default())));
    }
    link(&analysis.unit).map_err(|error| wrong(&error))
}
