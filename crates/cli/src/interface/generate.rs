//! `lucarne interface generate`: makes code from a definition, and keeps its index file.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lucarne_compiler::source::FileLoader;
use lucarne_interface::generate::{Language, Origin, import_path, is_generated};
use lucarne_interface::model::Interface;

use super::{indexes, renamed};
use crate::arguments::interface::Generate;
use crate::output::{print_error, print_out, reason};
use crate::{FAILURE, Stop, files};

/// A file to write.
struct Output {
    path: PathBuf,
    text: String,
}

pub(crate) fn generate(options: &Generate) -> Result<ExitCode, Stop> {
    let file = super::readable(&options.file)?;
    let definition = super::load(&FileLoader, file)?;
    let Some(interface) = &definition.interface else { return Ok(ExitCode::from(FAILURE)) };
    renamed::refuse(&definition)?;
    let name = file.rsplit('/').next().unwrap_or(file);
    if name.contains(|letter: char| letter.is_control() || letter == '"' || letter == '\\') {
        // The generated files have the name in comments and strings.
        return Err(Stop::usage(format!(
            "{name:?} cannot name a definition: use letters, digits, `-` and `_`"
        )));
    }
    // The indexes come first: generated code without them could get others the next time.
    let mut outputs = vec![Output { path: definition.lock_path().into(), text: definition.lock.print(name) }];
    if let Some((language, _)) = options.language() {
        outputs.extend(generated(options, interface, name, language)?);
    }
    indexes::note_if_generated(&definition, options.output.as_deref());
    let changed: Vec<&Output> = outputs.iter().filter(|output| !output.is_current()).collect();
    if options.check { report(options, &changed) } else { write(&changed) }
}

/// Returns the files in a language. Makes their folder, unless nothing is to be written.
fn generated(
    options: &Generate,
    interface: &Interface,
    name: &str,
    language: Language,
) -> Result<Vec<Output>, Stop> {
    let folder = match &options.output {
        Some(folder) => folder.clone(),
        None => options.file.parent().map(Path::to_owned).unwrap_or_default(),
    };
    if !options.check {
        let made = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
        std::fs::create_dir_all(made)
            .map_err(|error| Stop::failure(format!("cannot make {}: {}", made.display(), reason(&error))))?;
    }
    let import = match language {
        Language::Toit => import(&folder, &options.file)?,
        Language::Rust | Language::C => String::new(),
    };
    let files =
        lucarne_interface::generate::generate(interface, Origin { file: name, import: &import }, language);
    let outputs: Vec<Output> =
        files.into_iter().map(|file| Output { path: folder.join(file.name), text: file.text }).collect();
    if !options.check {
        outputs.iter().try_for_each(Output::require_own)?;
    }
    Ok(outputs)
}

/// Prints which files are not up to date, and the command that makes them.
fn report(options: &Generate, changed: &[&Output]) -> Result<ExitCode, Stop> {
    if changed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for output in changed {
        print_error(&format!("{} is not up to date\n", output.path.display()));
    }
    let language = options.language().map_or(String::new(), |(_, option)| format!(" {option}"));
    let place = options.output.as_ref().map_or(String::new(), |folder| format!(" -o {}", folder.display()));
    print_error(&format!("run `lucarne interface generate{language}{place} {}`\n", options.file.display()));
    Ok(ExitCode::from(FAILURE))
}

/// Returns the path by which Toit files in a folder import the definition.
fn import(folder: &Path, definition: &Path) -> Result<String, Stop> {
    let absolute = |path: &Path| {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        // A folder that does not exist has no links.
        path.canonicalize().or_else(|_| std::path::absolute(path)).ok()
    };
    let path = absolute(folder).zip(absolute(definition));
    let import = path.and_then(|(folder, definition)| import_path(folder.to_str()?, definition.to_str()?));
    import.ok_or_else(|| {
        let message = format!(
            "files in {} cannot import {}: names of Toit files and their folders have letters, digits, `-` and `_`",
            if folder.as_os_str().is_empty() { Path::new(".") } else { folder }.display(),
            definition.display()
        );
        Stop::usage(message)
    })
}

impl Output {
    fn is_current(&self) -> bool {
        self.found().is_ok_and(|bytes| bytes == self.text.as_bytes())
    }

    /// Refuses to replace a file that this command has not made.
    fn require_own(&self) -> Result<(), Stop> {
        let is_own = match self.found() {
            Ok(bytes) => bytes.is_empty() || is_generated(&bytes),
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        if is_own {
            return Ok(());
        }
        let shown = self.path.display();
        Err(Stop::failure(format!(
            "{shown} was not made by this command: move it, or choose another folder with -o"
        )))
    }

    /// Returns the content of the file. Anything else in its place is an error: to open a pipe would wait for a writer.
    fn found(&self) -> io::Result<Vec<u8>> {
        if std::fs::metadata(&self.path)?.is_file() {
            return std::fs::read(&self.path);
        }
        Err(ErrorKind::InvalidInput.into())
    }
}

/// Writes files, and prints their paths.
fn write(outputs: &[&Output]) -> Result<ExitCode, Stop> {
    for output in outputs {
        let shown = output.path.display();
        files::replace(&output.path, output.text.as_bytes())
            .map_err(|error| Stop::failure(format!("cannot write {shown}: {}", reason(&error))))?;
        print_out(format!("{shown}\n").as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}
