//! From the files of a program to its image, and from an image to the linked program.

use std::path::Path;

use lucarne_compiler::program::Program;
use lucarne_compiler::source::ReadBy;
use lucarne_toit::{Analysis, Diagnosed, ToitError};

use super::sources::{Recorder, SourceNames};
use super::{Image, ImageError, Kind, Manifest};

/// A program without errors, ready to be sent. It is not linked: the device does that.
#[derive(Debug)]
pub struct Analyzed {
    /// Its image.
    pub image: Image,
    /// The result of the front half of the compiler, which contains the warnings.
    pub analysis: Analysis,
    /// The files of the image.
    pub names: SourceNames,
}

impl Image {
    /// Makes an image of a Toit program: finds the sources, and analyzes them.
    ///
    /// # Errors
    /// See [`ToitError`].
    pub fn of_program(file: &Path) -> Result<Analyzed, ToitError> {
        let recorder = Recorder::default();
        let analysis = lucarne_toit::analyze(&ReadBy(|path: &str| recorder.read(path)), file)?;
        if analysis.has_errors() {
            return Err(ToitError::Program(Diagnosed(Box::new(analysis))));
        }
        let recorded = recorder.finish();
        let entry = recorded.names.in_tree(&file.display().to_string());
        let image = Image::new(Manifest { kind: Kind::Toit, entry }, &recorded.tree.compressed());
        Ok(Analyzed { image, analysis, names: recorded.names })
    }

    /// Compiles the sources of a Toit program.
    ///
    /// # Errors
    /// If the image is not a Toit program, is damaged, or does not compile.
    pub fn compile(&self) -> Result<Program, ImageError> {
        let analysis = lucarne_toit::analyze(&self.sources()?.loader(), Path::new(&self.manifest.entry))?;
        Ok(lucarne_toit::link(analysis)?.program)
    }
}
