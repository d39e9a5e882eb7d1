//! Builds everything that is installed, with Cargo.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Error;

/// The variable with the time that packages show for their files, in seconds since 1970.
pub(crate) const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

/// The results of the build.
pub(crate) struct Built {
    pub(crate) binary: PathBuf,
    pub(crate) shared_library: PathBuf,
    pub(crate) static_library: PathBuf,
}

impl Built {
    /// Makes a folder beside the results for the intermediate files of this OS process.
    pub(crate) fn work(&self) -> Result<Work, Error> {
        let folder = self.binary.with_file_name(format!("xtask-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|reason| Error::File { path: folder.clone(), reason })?;
        Ok(Work(folder))
    }
}

/// A folder that is removed when this is dropped.
pub(crate) struct Work(PathBuf);

impl std::ops::Deref for Work {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Returns the folder of the sources.
pub(crate) fn sources() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The features of what is installed: it can join a fabric.
pub(crate) const FEATURES: [&str; 2] = ["--features", "lucarne-cli/fabric"];

/// Builds the whole release as `./test` does: for fewer packages Cargo would choose other features, and would build all again.
pub(crate) fn build() -> Result<Built, Error> {
    let mut command = cargo();
    command
        .args(["build", "--release", "--locked", "--workspace"])
        .args(["--exclude", "lucarne-fuzz", "--exclude", "xtask"])
        .args(FEATURES)
        .arg("--message-format=json-render-diagnostics");
    let messages = output(&mut command)?;
    let files: Vec<PathBuf> = messages.lines().flat_map(files_of_message).collect();
    let file = |name: &str| {
        let found = files.iter().find(|file| file.ends_with(name)).cloned();
        found.ok_or_else(|| failed(&command, format!("the build has not produced {name}")))
    };
    Ok(Built {
        binary: file("lucarne")?,
        shared_library: file("libliblucarne.so")?,
        static_library: file("libliblucarne.a")?,
    })
}

/// Returns a command that runs the Cargo that has started this program, in the folder of the sources.
///
/// It does not see the variables that Cargo has set for this program, nor the time of the packages: build scripts of C code,
/// such as that of `ring`, run again when one of them changes, and then all that depends on them is built again.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(sources());
    let variables = std::env::vars_os().map(|(name, _)| name);
    let is_hidden = |name: &OsString| {
        name.to_str().is_some_and(|name| {
            name == SOURCE_DATE_EPOCH || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        })
    };
    variables.filter(is_hidden).for_each(|name| {
        command.env_remove(name);
    });
    command
}

/// Returns the files that a Cargo message reports as made or up to date.
fn files_of_message(message: &str) -> Vec<PathBuf> {
    let message: Value = serde_json::from_str(message).unwrap_or_default();
    let files = message["filenames"].as_array().into_iter().flatten();
    files.filter_map(Value::as_str).map(PathBuf::from).collect()
}

/// Returns the libraries of the operating system that the static library needs, as linker flags:
/// those of the standard library, since no crate here adds any.
pub(crate) fn native_libraries(work: &Path) -> Result<Vec<String>, Error> {
    const NOTE: &str = "note: native-static-libs: ";
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    let empty = work.join("empty.a");
    command.args(["--crate-type", "staticlib", "--print", "native-static-libs", "-o"]).arg(&empty).arg("-");
    let made = command.stdin(Stdio::null()).output();
    let notes = made.map_err(|reason| failed(&command, reason.to_string()))?.stderr;
    let notes = String::from_utf8_lossy(&notes);
    let Some(libraries) = notes.lines().find_map(|line| line.strip_prefix(NOTE)) else {
        return Err(failed(&command, notes.into_owned()));
    };
    let mut libraries: Vec<String> = libraries.split_whitespace().map(str::to_owned).collect();
    libraries.dedup();
    Ok(libraries)
}

/// Runs a command, and returns its output.
pub(crate) fn output(command: &mut Command) -> Result<String, Error> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|reason| failed(command, reason.to_string()))?;
    if !output.status.success() {
        return Err(failed(command, output.status.to_string()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

pub(crate) fn failed(command: &Command, reason: String) -> Error {
    Error::Command { command: command.get_program().to_string_lossy().into_owned(), reason }
}
