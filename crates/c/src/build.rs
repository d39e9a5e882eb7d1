//! Builds a component: generates a CMake project that includes the component's folder, which stays unchanged.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use thiserror::Error;

use crate::component::include_dir;

/// The CMake module that defines the functions that the component's `CMakeLists.txt` calls, such as
/// `idf_component_register`.
const MODULE: &str = include_str!("../cmake/lucarne.cmake");

/// Why a build failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no component in the folder.
    #[error("{} is not a component: it has no CMakeLists.txt", .0.display())]
    NoComponent(PathBuf),
    /// CMake cannot be run.
    #[error("cannot run cmake: {0}; install cmake to build components")]
    NoCMake(io::Error),
    /// CMake or the compiler has reported errors.
    #[error("{0}")]
    Failed(String),
    /// Files could not be read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: io::Error,
    },
}

/// Builds the component in a folder as the shared library `output`. The files of CMake stay in
/// `work`, so that the next build only compiles changes.
///
/// Returns the remarks of `idf_component_register` on arguments that are ignored, and the warnings that CMake and the
/// compiler have printed to standard error, line by line.
///
/// # Errors
/// See [`BuildError`].
pub fn build(folder: &Path, output: &Path, work: &Path) -> Result<Vec<String>, BuildError> {
    let folder = folder.canonicalize().map_err(|reason| file_error(folder, reason))?;
    if !folder.join("CMakeLists.txt").is_file() {
        return Err(BuildError::NoComponent(folder));
    }
    let project = work.join("project");
    write(&project.join("lucarne.cmake"), MODULE)?;
    write(&project.join("CMakeLists.txt"), &project_file(&folder)?)?;

    let build = work.join("build");
    let configured = run(Command::new("cmake")
        .arg("-S")
        .arg(&project)
        .arg("-B")
        .arg(&build)
        .arg("-DCMAKE_BUILD_TYPE=RelWithDebInfo"))?;
    let compiled = run(Command::new("cmake").arg("--build").arg(&build))?;
    let built = build.join("component.so");
    std::fs::copy(&built, output).map_err(|reason| file_error(output, reason))?;
    let remarks = configured.out.lines().filter_map(|line| line.strip_prefix("-- "));
    let remarks = remarks.filter(|remark| remark.starts_with("idf_"));
    let warnings = configured.error.lines().chain(compiled.error.lines());
    Ok(remarks.chain(warnings).map(str::to_owned).collect())
}

fn project_file(folder: &Path) -> Result<String, BuildError> {
    let include = include_dir().map_err(|reason| file_error(Path::new("toit/toit.h"), reason))?;
    // A bracket argument (`[==[...]==]`) quotes every character of a path.
    Ok(format!(
        "cmake_minimum_required(VERSION 3.16)\n\
         project(component C CXX)\n\
         set(LUCARNE_INCLUDE_DIR [==[{}]==])\n\
         include(\"${{CMAKE_CURRENT_SOURCE_DIR}}/lucarne.cmake\")\n\
         lucarne_component(component [==[{}]==])\n\
         set_target_properties(component PROPERTIES LIBRARY_OUTPUT_DIRECTORY \"${{CMAKE_BINARY_DIR}}\" SUFFIX .so)\n",
        include.display(),
        folder.display(),
    ))
}

/// Writes a file. An unchanged file keeps its modification time, so that nothing is rebuilt because of it.
fn write(path: &Path, content: &str) -> Result<(), BuildError> {
    if std::fs::read_to_string(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|reason| file_error(folder, reason))?;
    std::fs::write(path, content).map_err(|reason| file_error(path, reason))
}

fn file_error(path: &Path, reason: io::Error) -> BuildError {
    BuildError::File { path: path.to_owned(), reason }
}

/// The output of a command.
struct Printed {
    out: String,
    error: String,
}

/// Runs a command, and returns its output.
fn run(command: &mut Command) -> Result<Printed, BuildError> {
    let Output { status, stdout, stderr } = command.output().map_err(BuildError::NoCMake)?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (out, error) = (text(stdout), text(stderr));
    if !status.success() {
        // The errors are on standard error; standard output has the progress. If standard error is empty, standard
        // output has the reason.
        let reason = if error.is_empty() { out } else { error };
        return Err(BuildError::Failed(reason.trim_end().to_owned()));
    }
    Ok(Printed { out, error })
}
