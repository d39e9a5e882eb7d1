//! From the sources of a program to its image, and to bytecode once more.

use std::path::Path;

use lucarne_compiler::program::Program;
use lucarne_toit::{Analysis, ToitError};

use super::sources::{Recorder, SourceTree};
use super::{BUILD, Image, ImageError, Kind, Manifest, program};

/// A program that was compiled.
#[derive(Debug)]
pub struct Compiled {
    /// Its image.
    pub image: Image,
    /// What the compiler found: the warnings are in there.
    pub analysis: Analysis,
}

impl Image {
    /// Compiles a program in Toit.
    ///
    /// # Errors
    /// See [`ToitError`].
    pub fn compile(file: &Path) -> Result<Compiled, ToitError> {
        let recorder = Recorder::default();
        let lucarne_toit::Compiled { mut program, analysis } =
            lucarne_toit::link(lucarne_toit::analyze(&recorder, file)?)?;
        let entry = &file.display().to_string();
        let recorded = recorder.finish();
        for source in &mut program.sources {
            source.path = recorded.name(&source.path);
        }
        let manifest = Manifest { kind: Kind::Toit, entry: recorded.name(entry), build: BUILD.to_owned() };
        let image = Image::new(manifest, &program::compressed(&program), &recorded.tree.compressed());
        Ok(Compiled { image, analysis })
    }

    /// Compiles the sources again and returns the image that this build makes of them.
    ///
    /// # Errors
    /// If the image is not a Toit program, or does not compile any more.
    pub fn recompiled(&self) -> Result<Image, ImageError> {
        let program = linked(&self.sources()?, &self.manifest.entry)?;
        let manifest = Manifest { build: BUILD.to_owned(), ..self.manifest.clone() };
        let image = Image::new(manifest, &program::compressed(&program), &self.bytes[self.sources..]);
        Ok(Image { loaded: Some(lucarne_toit::load(program)?), ..image })
    }
}

/// Compiles the program of some sources.
pub(super) fn linked(tree: &SourceTree, entry: &str) -> Result<Program, ToitError> {
    let analysis = lucarne_toit::analyze(&tree.loader(), Path::new(entry))?;
    Ok(lucarne_toit::link(analysis)?.program)
}
