//! Runs the system's `git`, so that its credentials, proxies and settings for addresses apply.
//!
//! Repositories are bare and never checked out: `git` only downloads objects, and this module reads files out of them.
//! So nothing that a repository contains (hooks, attributes, filters, submodules, links) has an effect. Addresses and
//! names are checked by [`crate::names`] and follow `--`, so that none of them is an option.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lucarne_kernel::sync::thread;
use wait_timeout::ChildExt;

use crate::error::Error;
use crate::names::is_whole_hash;

/// The maximum size of a repository, in bytes. A download that exceeds it is stopped.
const REPOSITORY_MAX: u64 = 512 << 20;

/// The maximum size of a list of files, in bytes.
const LIST_MAX: u64 = 64 << 20;

/// The maximum length of the part of the messages of `git` that is shown, in bytes.
const MESSAGE_MAX: u64 = 4 << 10;

/// The time between two looks at the size of a download.
const LOOK: Duration = Duration::from_millis(200);

/// Settings of each command. A server that sends less than 100 bytes a second for a minute is given up.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "fetch.fsckObjects=false",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "http.lowSpeedLimit=100",
    "http.lowSpeedTime=60",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
];

/// Variables of a surrounding `git` command that would change the repository.
const FOREIGN: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// A bare repository.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    folder: PathBuf,
}

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The path, with slashes.
    pub(crate) path: String,
    /// The name of its content.
    pub(crate) object: String,
    /// The size in bytes.
    pub(crate) size: u64,
    /// Whether it is a regular file, and no symbolic link or submodule.
    pub(crate) is_file: bool,
}

impl Repository {
    /// Makes an empty repository in a folder that exists.
    pub(crate) fn new(folder: &Path) -> Result<Repository, Error> {
        let repository = Repository { folder: folder.to_owned() };
        repository.done(&["init", "--quiet", "--bare", "--template="], "make a repository")?;
        Ok(repository)
    }

    /// Returns the repository in a folder, which [`Repository::new`] has made.
    pub(crate) fn at(folder: &Path) -> Repository {
        Repository { folder: folder.to_owned() }
    }

    /// Downloads a commit, without its history, as the reference `into`. `source` is a reference or the hash of a commit.
    pub(crate) fn fetch(&self, address: &str, source: &str, into: &str) -> Result<(), Error> {
        let what = || format!("download {source} of {address}");
        let refspec = format!("+{source}:{into}");
        let mut command = self.command();
        command.args([
            "fetch",
            "--quiet",
            "--depth=1",
            "--no-tags",
            "--no-write-fetch-head",
            "--",
            address,
            &refspec,
        ]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(Error::NoGit)?;
        let errors = child.stderr.take();
        let (result, message) = thread::scope(|scope| {
            let message = scope.spawn(|| beginning(errors));
            let result = self.watched(&mut child, address);
            if result.is_err() {
                let _ = child.kill();
                let _ = child.wait();
            }
            (result, message.join().unwrap_or_default())
        });
        if result? { Ok(()) } else { Err(Error::Git { what: what(), reason: reason(&message) }) }
    }

    /// Waits until a download has ended. Returns whether it succeeded.
    fn watched(&self, child: &mut Child, address: &str) -> Result<bool, Error> {
        loop {
            if let Some(status) = child.wait_timeout(LOOK).map_err(Error::file(&self.folder))? {
                return Ok(status.success());
            }
            if size(&self.folder) > REPOSITORY_MAX {
                let limit = format!("{} MiB", REPOSITORY_MAX >> 20);
                return Err(Error::TooLarge { what: format!("the repository {address}"), limit });
            }
        }
    }

    /// Returns the commit of a reference, if it exists.
    pub(crate) fn commit(&self, reference: &str) -> Option<String> {
        let name = format!("{reference}^{{commit}}");
        let output = self
            .command()
            .args(["rev-parse", "--quiet", "--verify", "--end-of-options", &name])
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        Some(text.trim().to_owned()).filter(|hash| output.status.success() && is_whole_hash(hash))
    }

    /// Returns the files of a commit. Files whose names are not UTF-8 are left out.
    pub(crate) fn files(&self, commit: &str) -> Result<Vec<Entry>, Error> {
        let mut command = self.command();
        command.args(["ls-tree", "-r", "-z", "-l", "--full-tree", commit]);
        let mut child = piped(&mut command)?;
        let mut list = Vec::new();
        let read = child.stdout.take().map(|out| out.take(LIST_MAX + 1).read_to_end(&mut list));
        let is_read = matches!(read, Some(Ok(_))) && list.len() as u64 <= LIST_MAX;
        if !is_read {
            let _ = child.kill();
        }
        let status = child.wait().map_err(Error::file(&self.folder))?;
        if !is_read {
            return Err(Error::TooLarge {
                what: "the list of files".to_owned(),
                limit: format!("{} MiB", LIST_MAX >> 20),
            });
        }
        if !status.success() {
            return Err(Error::Git {
                what: format!("list the files of {commit}"),
                reason: status.to_string(),
            });
        }
        Ok(list.split(|byte| *byte == 0).filter_map(entry).collect())
    }

    /// Calls `found` with each of the files and its content. The sizes must be checked before.
    pub(crate) fn read(
        &self,
        entries: &[Entry],
        mut found: impl FnMut(&Entry, Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // The names are in a file, so that no pipe can fill up while the other one is read.
        let names = self.folder.join(format!("objects-{}.list", std::process::id()));
        let list: String = entries.iter().map(|entry| format!("{}\n", entry.object)).collect();
        fs::write(&names, list).map_err(Error::file(&names))?;
        let input = File::open(&names).map_err(Error::file(&names))?;
        let _ = fs::remove_file(&names);
        let mut command = self.command();
        command.args(["cat-file", "--batch"]);
        let mut child = piped(command.stdin(input))?;
        let mut result = Ok(());
        if let Some(out) = child.stdout.take() {
            let mut out = BufReader::new(out);
            result = entries.iter().try_for_each(|entry| {
                let content = content(&mut out, entry.size).map_err(|error| Error::Git {
                    what: format!("read {}", entry.path),
                    reason: error.to_string(),
                })?;
                found(entry, content)
            });
        }
        let _ = child.kill();
        let _ = child.wait();
        result
    }

    fn done(&self, arguments: &[&str], what: &str) -> Result<(), Error> {
        let output = self.command().args(arguments).output().map_err(Error::NoGit)?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::Git { what: what.to_owned(), reason: reason(&output.stderr) })
    }

    fn command(&self) -> Command {
        let mut command = plain();
        let mut folder = OsString::from("--git-dir=");
        folder.push(&self.folder);
        command.arg(folder);
        command
    }
}

/// Returns the beginning of the messages of a command, and reads the rest, so that it goes on.
fn beginning(errors: Option<impl Read>) -> Vec<u8> {
    let mut message = Vec::new();
    if let Some(mut errors) = errors {
        let _ = errors.by_ref().take(MESSAGE_MAX).read_to_end(&mut message);
        let _ = io::copy(&mut errors.take(REPOSITORY_MAX), &mut io::sink());
    }
    message
}

/// Returns the commit of `HEAD` in the repository at an address.
pub(crate) fn remote_head(address: &str) -> Result<String, Error> {
    let failed = |reason: String| Error::Git { what: format!("read {address}"), reason };
    let mut command = plain();
    command
        .args(["ls-remote", "--quiet", "--", address, "HEAD"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(Error::NoGit)?;
    let (out, errors) = (child.stdout.take(), child.stderr.take());
    // The first line has the commit. What follows is not read, and neither are long messages: a server may send any
    // number of them.
    let (head, message) = thread::scope(|scope| {
        let message = scope.spawn(|| {
            let mut message = Vec::new();
            let _ = errors.map(|errors| errors.take(MESSAGE_MAX).read_to_end(&mut message));
            message
        });
        let mut head = String::new();
        let _ = out.map(|out| BufReader::new(out.take(MESSAGE_MAX)).read_line(&mut head));
        (head, message.join().unwrap_or_default())
    });
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    match head.split_whitespace().next().filter(|hash| is_whole_hash(hash)) {
        Some(hash) => Ok(hash.to_owned()),
        None if status.success() => Err(failed("the repository is empty".to_owned())),
        None => Err(failed(reason(&message))),
    }
}

/// Returns a command of `git` with the settings that all have.
fn plain() -> Command {
    let mut command = Command::new("git");
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    for name in FOREIGN {
        command.env_remove(name);
    }
    // A question on the terminal would be lost among the lines of other downloads.
    if std::env::var_os("GIT_TERMINAL_PROMPT").is_none() {
        command.env("GIT_TERMINAL_PROMPT", "0");
    }
    command.env("LC_ALL", "C").stdin(Stdio::null());
    command
}

fn piped(command: &mut Command) -> Result<Child, Error> {
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(Error::NoGit)
}

/// Reads a line of `ls-tree -l -z`: `MODE TYPE OBJECT SIZE<tab>PATH`.
fn entry(line: &[u8]) -> Option<Entry> {
    let (facts, path) = std::str::from_utf8(line).ok()?.split_once('\t')?;
    let mut facts = facts.split_whitespace();
    let (mode, kind, object, size) = (facts.next()?, facts.next()?, facts.next()?, facts.next()?);
    let is_file = kind == "blob" && (mode == "100644" || mode == "100755");
    Some(Entry { path: path.to_owned(), object: object.to_owned(), size: size.parse().unwrap_or(0), is_file })
}

/// Reads the next object of `cat-file --batch`: `OBJECT TYPE SIZE`, the content, and a line feed.
fn content(out: &mut impl BufRead, size: u64) -> io::Result<Vec<u8>> {
    let mut head = String::new();
    out.by_ref().take(256).read_line(&mut head)?;
    let told: Option<u64> = head.trim_end().rsplit(' ').next().and_then(|size| size.parse().ok());
    if told != Some(size) {
        return Err(io::Error::other(format!("unexpected object: {}", head.trim_end())));
    }
    let mut content = Vec::new();
    out.by_ref().take(size + 1).read_to_end(&mut content)?;
    if content.pop() != Some(b'\n') || content.len() as u64 != size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(content)
}

/// Returns the messages of `git` in one line.
fn reason(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(&message[..message.len().min(MESSAGE_MAX as usize)]).into_owned();
    let lines =
        text.lines().map(|line| line.trim_start_matches("fatal: ").trim_start_matches("error: ").trim());
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let text = lines.join("; ");
    let shown: String = text
        .chars()
        .map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter })
        .collect();
    match shown.as_str() {
        "" => "it failed without a message".to_owned(),
        text if text.contains("terminal prompts disabled") => {
            format!(
                "{text}; the repository does not exist, or needs a password: set up a credential helper of git for it"
            )
        }
        _ => shown,
    }
}

/// Returns the size of the files of a repository, in bytes.
fn size(folder: &Path) -> u64 {
    let mut open = vec![folder.to_owned()];
    let mut size = 0_u64;
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => open.push(entry.path()),
                Ok(metadata) => size = size.saturating_add(metadata.len()),
                Err(_) => {}
            }
        }
    }
    size
}

/// The suffix of the name of a file until the file is complete.
pub(crate) const NEW: &str = ".new-";

/// Writes a file that is complete or does not exist: it gets its name when its content is on the disk. A link stays a link,
/// and a file that is replaced keeps its permissions.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let full = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = full.file_name().unwrap_or_default().to_owned();
    name.push(format!("{NEW}{}", std::process::id()));
    let new = full.with_file_name(name);
    let write = || {
        let mut file = File::create(&new)?;
        if let Ok(old) = fs::metadata(&full) {
            file.set_permissions(old.permissions())?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, &full)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&new);
        Error::File { path: path.to_owned(), error }
    })
}
