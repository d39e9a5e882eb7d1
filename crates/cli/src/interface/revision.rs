//! Reads files as they were in a revision of git, by the command `git`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lucarne_compiler::source::{BYTES_MAX, Loader};

use crate::Stop;
use crate::output::reason;

/// A revision of the repository that a file is in. Paths are relative to the folder of that file.
pub(super) struct Revision {
    name: String,
    folder: PathBuf,
    file: String,
}

impl Revision {
    /// Finds a revision. `file` is the definition as it is now.
    pub(super) fn open(name: &Path, file: &Path) -> Result<Revision, Stop> {
        let shown = name.display();
        let missing =
            |why: &str| Stop::usage(format!("{shown} is neither a file nor a revision of git: {why}"));
        let name = name.to_str().ok_or_else(|| missing("it is not UTF-8"))?;
        if name.starts_with('-') || name.contains(':') {
            return Err(missing("revisions do not begin with `-` or contain `:`"));
        }
        let text = |part: Option<&std::ffi::OsStr>| part.and_then(|part| part.to_str()).map(str::to_owned);
        let file_name =
            text(file.file_name()).ok_or_else(|| Stop::usage(format!("{} has no name", file.display())))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let revision = Revision { name: name.to_owned(), folder: folder.to_owned(), file: file_name };
        let commit = format!("{name}^{{commit}}");
        let verified =
            revision.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).output();
        let verified = verified.map_err(|error| missing(&format!("cannot start git: {}", reason(&error))))?;
        if !verified.status.success() {
            let said = String::from_utf8_lossy(&verified.stderr);
            let said = said.lines().next().unwrap_or("git does not know it");
            return Err(missing(said.trim_start_matches("fatal: ")));
        }
        if !revision.is_file(&revision.file) {
            return Err(Stop::usage(format!("{} is not in revision {name}", file.display())));
        }
        Ok(revision)
    }

    /// Returns the name of the revision.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the path of the definition, for this loader.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    fn git(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(Stdio::piped());
        command
    }

    fn object(&self, path: &str) -> String {
        format!("{}:./{path}", self.name)
    }

    /// Returns the type of a path: `blob` for a file, `tree` for a folder.
    fn type_of(&self, path: &str) -> Option<String> {
        let output = self.git(&["cat-file", "-t", &self.object(path)]).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    }
}

impl Loader for Revision {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        if !self.is_file(path) {
            return None;
        }
        let mut child =
            self.git(&["cat-file", "blob", &self.object(path)]).stderr(Stdio::null()).spawn().ok()?;
        let mut bytes = Vec::new();
        let read = child.stdout.take()?.take(BYTES_MAX + 1).read_to_end(&mut bytes);
        // If the file is too large, git ends since its output is closed.
        let status = child.wait().ok()?;
        (read.is_ok() && status.success() && bytes.len() as u64 <= BYTES_MAX).then_some(bytes)
    }

    fn is_file(&self, path: &str) -> bool {
        !path.starts_with('<') && self.type_of(path).as_deref() == Some("blob")
    }

    fn is_folder(&self, path: &str) -> bool {
        !path.starts_with('<') && self.type_of(path).as_deref() == Some("tree")
    }
}
