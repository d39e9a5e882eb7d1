//! `lucarne run --profile FILE`: draws where the time of a program went, as a flame graph.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inferno::flamegraph;
use lucarne_compiler::program::Program;
use lucarne_toit::Profile;

use crate::Stop;

/// A profile with the file that it is written to.
#[derive(Clone)]
pub(crate) struct ProfileFile {
    pub(crate) profile: Arc<Profile>,
    path: PathBuf,
}

impl ProfileFile {
    /// Makes a profile for a file, which must be writable: it is better to fail before the program has run than after it.
    pub(crate) fn create(path: &Path) -> Result<ProfileFile, Stop> {
        File::create(path)
            .map_err(|error| Stop::usage(format!("cannot write the profile {}: {error}", path.display())))?;
        Ok(ProfileFile { profile: Arc::default(), path: path.to_owned() })
    }

    /// Draws the profile.
    pub(crate) fn write(&self, program: &Program) -> Result<(), Stop> {
        let failed = |reason: &dyn std::fmt::Display| {
            Stop::failure(format!("cannot write the profile {}: {reason}", self.path.display()))
        };
        let lines = self.profile.lines(program);
        let file = File::create(&self.path).map_err(|error| failed(&error))?;
        let mut file = BufWriter::new(file);
        if lines.is_empty() {
            // There is nothing to draw.
            let text = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"600\" height=\"40\"><text x=\"10\" y=\"25\">\
                        The program ended before a sample was taken.</text></svg>\n";
            return file.write_all(text.as_bytes()).map_err(|error| failed(&error));
        }
        let mut options = flamegraph::Options::default();
        options.title = "Where the time went".to_owned();
        options.count_name = "us".to_owned();
        flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut file)
            .map_err(|error| failed(&error))?;
        file.flush().map_err(|error| failed(&error))
    }
}
