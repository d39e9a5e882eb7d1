//! Reads files as they were in a revision of git, by the command `git`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lucarne_compiler::source::{BYTES_MAX, Loader, normalized};

use crate::Stop;
use crate::output::reason;

/// A revision of a repository. Paths are relative to the root of the repository.
pub(super) struct Revision {
    name: String,
    /// A folder in the repository.
    folder: PathBuf,
    file: String,
}

impl Revision {
    /// Finds a definition as it was. `old` is the name of a revision, or such a name and a path as in `HEAD:PATH`; `new`
    /// is the definition as it is now.
    pub(super) fn open(old: &Path, new: &Path) -> Result<Revision, Stop> {
        let shown = old.display();
        let missing =
            |why: &str| Stop::usage(format!("{shown} is neither a file nor a revision of git: {why}"));
        let old = old.to_str().ok_or_else(|| missing("it is not UTF-8"))?;
        let (name, path) = old.split_once(':').map_or((old, None), |(name, path)| (name, Some(path)));
        if name.starts_with('-') || name.is_empty() {
            return Err(missing("revisions have a name, which does not begin with `-`"));
        }
        let beside = new.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // As for git, a path is that from the root of the repository, or begins with `./` or `../`.
        let is_from_here = path.is_some_and(|path| path.starts_with("./") || path.starts_with("../"));
        let folder = if is_from_here { Path::new(".") } else { beside };
        let mut revision = Revision { name: name.to_owned(), folder: folder.to_owned(), file: String::new() };
        let commit = format!("{name}^{{commit}}");
        let verified =
            revision.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).output();
        let verified = verified.map_err(|error| missing(&format!("cannot start git: {}", reason(&error))))?;
        if !verified.status.success() {
            let said = String::from_utf8_lossy(&verified.stderr);
            let said = said.lines().next().unwrap_or("git does not know it");
            return Err(missing(said.trim_start_matches("fatal: ")));
        }
        let file_name = new.file_name().and_then(|name| name.to_str());
        let file_name = file_name.ok_or_else(|| Stop::usage(format!("{} has no name", new.display())))?;
        let below = || revision.prefix().ok_or_else(|| missing("git does not tell where its folder is"));
        revision.file = match path {
            Some(path) if is_from_here => normalized(&format!("{}{path}", below()?)),
            Some(path) => normalized(path),
            None => format!("{}{file_name}", below()?),
        };
        revision.require_file(path.is_none())?;
        Ok(revision)
    }

    /// Refuses a definition that is not in the revision.
    fn require_file(&self, has_name_of_new: bool) -> Result<(), Stop> {
        let Revision { name, file, .. } = self;
        match self.type_of(file).as_deref() {
            Some("blob") => Ok(()),
            Some(_) => Err(Stop::usage(format!("{file} is not a file in revision {name}"))),
            None if has_name_of_new => Err(Stop::usage(format!(
                "{file} is not in revision {name}: if it had another name, write `{name}:PATH` with the path that it had"
            ))),
            None => Err(Stop::usage(format!(
                "{file} is not in revision {name}: the path is that from the root of the repository, or begins with `./`"
            ))),
        }
    }

    /// Returns the path of the folder from the root of the repository: empty, or with a slash at its end.
    fn prefix(&self) -> Option<String> {
        let output = self.git(&["rev-parse", "--show-prefix"]).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim_end_matches('\n').to_owned())
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
        format!("{}:{}", self.name, normalized(path))
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
