//! Keeps the programs that `lucarne run` has compiled, so that one that has not changed starts without being compiled.
//!
//! ```text
//!   $XDG_CACHE_HOME/lucarne/programs/DIGEST:
//!     the digest of the next part: DIGEST again, and the questions that the compiler has asked about files, with the answers
//!     the bytecode, which names the build of lucarne and has a digest of its own
//! ```
//!
//! DIGEST is that of what else determines the bytecode: the path of the program as it was given, the current
//! folder, the options. Before an entry is used, all questions are asked again: a file that has changed, or a new one that an
//! import now leads to, answers one of them in another way. Only programs without diagnostics are kept, since these
//! would have to be printed again.
//!
//! A cache helps and never hinders: if an entry cannot be read or written, the program is compiled.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lucarne_compiler::program::Program;
use lucarne_compiler::source::{FileLoader, Loader};
use lucarne_device::{Bytecode, Digest};
use lucarne_toit::Optimization;
use serde::{Deserialize, Serialize};

use crate::{Stop, files, front};

/// The maximum size of an entry, in bytes.
const ENTRY_MAX: u64 = 16 << 20;

/// The maximum size of all entries, in bytes, and their maximum number. The entries that were not used for the longest time
/// are removed.
const ALL_MAX: u64 = 64 << 20;
const COUNT_MAX: usize = 500;

/// The age at which the time of an entry is set again when it is used.
const USE_NOTED_AFTER: Duration = Duration::from_secs(60 * 60);

/// Returns the program of a file. Compiles it and prints its diagnostics, unless the cache has it. Returns none if the
/// program has errors.
pub(crate) fn program(file: &Path, optimization: Optimization) -> Result<Option<Program>, Stop> {
    // A pipe can be read only once.
    let is_regular = fs::metadata(file).is_ok_and(|metadata| metadata.is_file());
    let Some(entry) = Entry::of(file, optimization).filter(|_| is_regular) else {
        return front::compile(file, optimization);
    };
    if let Some(program) = entry.read() {
        return Ok(Some(program));
    }
    let recorder = Recorder::default();
    let compiled = front::compile_recorded(file, &recorder, optimization)?;
    if let Some((program, true)) = &compiled {
        // Without the entry, the program is compiled again the next time.
        let _ = entry.write(recorder.answers(), program);
    }
    Ok(compiled.map(|(program, _)| program))
}

/// A question that the compiler asks about files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Question {
    Read(String),
    IsFile(String),
    IsFolder(String),
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Answer {
    /// The digest of the content; none if the file was missing.
    Content(Option<Digest>),
    Is(bool),
}

type Answers = BTreeMap<Question, Answer>;

/// The record that is kept beside the bytecode.
#[derive(Serialize, Deserialize)]
struct Record {
    /// The name of the entry: one that another name was given to is not used.
    name: Digest,
    answers: Answers,
}

impl Question {
    fn answer(&self) -> Answer {
        match self {
            Question::Read(path) => content(FileLoader.read(path).as_deref()),
            Question::IsFile(path) => Answer::Is(FileLoader.is_file(path)),
            Question::IsFolder(path) => Answer::Is(FileLoader.is_folder(path)),
        }
    }
}

fn content(bytes: Option<&[u8]>) -> Answer {
    Answer::Content(bytes.map(Digest::of))
}

/// Reads files, and records the questions about them.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Answers>);

impl Recorder {
    fn answers(self) -> Answers {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, question: Question, answer: Answer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(question, answer);
    }
}

impl Loader for Recorder {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let bytes = FileLoader.read(path);
        self.note(Question::Read(path.to_owned()), content(bytes.as_deref()));
        bytes
    }

    fn is_file(&self, path: &str) -> bool {
        let is_file = FileLoader.is_file(path);
        self.note(Question::IsFile(path.to_owned()), Answer::Is(is_file));
        is_file
    }

    fn is_folder(&self, path: &str) -> bool {
        let is_folder = FileLoader.is_folder(path);
        self.note(Question::IsFolder(path.to_owned()), Answer::Is(is_folder));
        is_folder
    }

    // These depend on the current folder alone, which is in the name of the entry.
    fn full(&self, path: &str) -> String {
        FileLoader.full(path)
    }

    fn folders_above(&self, file: &str) -> Vec<String> {
        FileLoader.folders_above(file)
    }
}

/// A place in the cache.
struct Entry {
    folder: PathBuf,
    name: Digest,
}

impl Entry {
    /// Returns the place for a program. Returns none if the user has no folder for caches.
    fn of(file: &Path, optimization: Optimization) -> Option<Entry> {
        let current = std::env::current_dir().ok()?;
        let optimization = match optimization {
            Optimization::None => "0",
            Optimization::Full => "",
        };
        let named = format!("{}\n{}\n{optimization}", file.to_str()?, current.to_str()?);
        let folder = files::cache_folder()?.join("lucarne").join("programs");
        Some(Entry { folder, name: Digest::of(named.as_bytes()) })
    }

    fn path(&self) -> PathBuf {
        self.folder.join(self.name.to_string())
    }

    /// Returns the program, if there is one for the files as they are now.
    fn read(&self) -> Option<Program> {
        let file = File::open(self.path()).ok()?;
        let metadata = file.metadata().ok()?;
        // Bytecode is code: it is used only if no other user can have written it.
        let is_own = metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0;
        if !is_own || !metadata.is_file() || metadata.len() > ENTRY_MAX {
            return None;
        }
        let mut bytes = Vec::new();
        (&file).take(ENTRY_MAX).read_to_end(&mut bytes).ok()?;
        let (digest, rest) = postcard::take_from_bytes::<Digest>(&bytes).ok()?;
        let (record, bytecode) = postcard::take_from_bytes::<Record>(rest).ok()?;
        let is_whole = Digest::of(&rest[..rest.len() - bytecode.len()]) == digest;
        let is_current = || record.answers.iter().all(|(question, answer)| question.answer() == *answer);
        if !is_whole || record.name != self.name || !is_current() {
            return None;
        }
        let program = Bytecode::from_bytes(bytecode.to_vec()).program()?;
        let is_old =
            metadata.modified().is_ok_and(|time| time.elapsed().is_ok_and(|age| age > USE_NOTED_AFTER));
        if is_old {
            // The entry is good all the same.
            let _ = file.set_modified(SystemTime::now());
        }
        Some(program)
    }

    fn write(&self, answers: Answers, program: &Program) -> io::Result<()> {
        let record = Record { name: self.name, answers };
        let record = postcard::to_stdvec(&record).map_err(io::Error::other)?;
        let digest = postcard::to_stdvec(&Digest::of(&record)).map_err(io::Error::other)?;
        let bytes = [&*digest, &record, Bytecode::uncompressed(program).bytes()].concat();
        if bytes.len() as u64 > ENTRY_MAX {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        make_room(&self.folder, bytes.len() as u64)?;
        let mut file = tempfile::Builder::new().prefix(".").tempfile_in(&self.folder)?;
        file.write_all(&bytes)?;
        file.persist(self.path())?;
        Ok(())
    }
}

/// Removes the entries that were not used for the longest time, until there is room for another one.
fn make_room(folder: &Path, size: u64) -> io::Result<()> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Another process may have removed it.
        if let Ok(metadata) = entry.metadata() {
            entries.push((metadata.modified()?, metadata.len(), entry.path()));
        }
    }
    entries.sort_unstable();
    let mut all: u64 = entries.iter().map(|(_, size, _)| size).sum();
    let mut count = entries.len();
    for (_, bytes, path) in entries {
        if all + size <= ALL_MAX && count < COUNT_MAX {
            break;
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => all -= bytes,
        }
        count -= 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_make_room() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = |number: usize| folder.path().join(number.to_string());
        for number in 0..COUNT_MAX + 2 {
            let file = File::create(path(number)).expect("a file can be made");
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 + number as u64);
            file.set_modified(time).expect("the time can be set");
        }
        make_room(folder.path(), 10).expect("the folder can be changed");
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), COUNT_MAX - 1);
        assert!(!path(2).exists() && path(3).exists());
        // A sparse file.
        File::create(path(3)).and_then(|file| file.set_len(ALL_MAX)).expect("a file can be made");
        make_room(folder.path(), 10).expect("the folder can be changed");
        assert!(!path(3).exists());
    }
}
