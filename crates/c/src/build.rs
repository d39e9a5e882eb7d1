//! Builds a component folder, unchanged, inside a generated CMake project.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use thiserror::Error;

use crate::component::include_dir;

/// The functions that the folder's own `CMakeLists.txt` calls.
const MODULE: &str = include_str!("../cmake/lucarne.cmake");

/// Why a build failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no component in the folder.
    #[error("{} is not a component: it has no CMakeLists.txt", .0.display())]
    NoComponent(PathBuf),
    /// CMake cannot be run.
    #[error("cmake is needed to build components, and cannot be run: {0}")]
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
/// Returns the warnings of CMake and the compiler.
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
    let remarks = run(Command::new("cmake")
        .arg("-S")
        .arg(&project)
        .arg("-B")
        .arg(&build)
        .arg("-DCMAKE_BUILD_TYPE=RelWithDebInfo"))?;
    run(Command::new("cmake").arg("--build").arg(&build))?;
    let built = build.join("component.so");
    std::fs::copy(&built, output).map_err(|reason| file_error(output, reason))?;
    let remarks = remarks.iter().filter_map(|line| line.strip_prefix("-- "));
    Ok(remarks.filter(|remark| remark.starts_with("idf_")).map(str::to_owned).collect())
}

fn project_file(folder: &Path) -> Result<String, BuildError> {
    let include = include_dir().map_err(|reason| file_error(Path::new("toit/toit.h"), reason))?;
    // Brackets quote any characters in a path.
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

/// Writes a file. An unchanged file keeps its time, so that nothing is rebuilt because of it.
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

/// Runs a command, and returns the lines that it prints.
fn run(command: &mut Command) -> Result<Vec<String>, BuildError> {
    let Output { status, stdout, stderr } = command.output().map_err(BuildError::NoCMake)?;
    let out = String::from_utf8_lossy(&stdout);
    if !status.success() {
        // Standard error has the errors; standard output has the progress.
        let wrong = String::from_utf8_lossy(&stderr);
        return Err(BuildError::Failed(if wrong.is_empty() { out } else { wrong }.trim_end().to_owned()));
    }
    Ok(out.lines().map(str::to_owned).collect())
}
