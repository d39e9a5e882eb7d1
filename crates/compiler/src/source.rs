//! Source texts: where they come from, their lines, and spans within them.
//!
//! The front half is a pure function of texts: it reaches them only through [`Loader`], so that the
//! command line, the library's build script and the tests share all of it.
//!
//! A diagnostic refers to spans in sources, and a source that is not UTF-8 has a diagnostic, so this
//! file and `diagnostic` refer to each other.

use crate::diagnostic::Diagnostic;
use std::io::Read;
use std::ops::Range;
use std::path::{Component, Path};

/// Finds and reads source texts. A path is an uninterpreted, `/`-separated string.
pub trait Loader {
    /// Reads the bytes of a file; none if the file does not exist.
    fn read(&self, path: &str) -> Option<Vec<u8>>;

    /// Returns whether the file exists.
    fn is_file(&self, path: &str) -> bool {
        self.read(path).is_some()
    }

    /// Returns whether the folder exists.
    fn is_folder(&self, path: &str) -> bool;

    /// Returns a path that does not depend on a current folder, so that paths can be compared.
    fn full(&self, path: &str) -> String {
        path.to_owned()
    }

    /// Returns the folders that contain a file, the nearest one first.
    fn folders_above(&self, file: &str) -> Vec<String> {
        let cuts = file.char_indices().rev().filter(|(_, letter)| *letter == '/');
        let mut folders: Vec<String> = cuts.map(|(at, _)| file[..at].to_owned()).collect();
        if !file.starts_with('/') {
            folders.push(String::new());
        }
        folders
    }
}

/// A [`Loader`] over texts in memory, for tests and for prepared sources.
#[derive(Default)]
pub struct MemoryLoader {
    files: std::collections::BTreeMap<String, Vec<u8>>,
}

impl MemoryLoader {
    /// Adds or replaces a file.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), text.into());
    }

    /// Returns the paths of all files, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

impl Loader for MemoryLoader {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.files.get(path).cloned()
    }

    fn is_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    fn is_folder(&self, path: &str) -> bool {
        let inside = if path.is_empty() { String::new() } else { format!("{path}/") };
        self.files.range(inside.clone()..).next().is_some_and(|(file, _)| file.starts_with(&inside))
    }
}

/// The path prefix of library modules. No user file has such a path.
pub const LIBRARY_PREFIX: &str = "<lib>/";

/// The maximum number of bytes of a source file. The tokens and the tree take many times as much memory,
/// and places in the text are numbers of 32 bits.
pub const BYTES_MAX: u64 = 64 << 20;

/// A [`Loader`] over the file system. Reads only regular files, up to [`BYTES_MAX`].
pub struct FileLoader;

/// The files of the operating system, whose contents a function reads.
pub struct ReadBy<F>(pub F);

impl<F: Fn(&str) -> Option<Vec<u8>>> Loader for ReadBy<F> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        (self.0)(path)
    }

    fn is_file(&self, path: &str) -> bool {
        FileLoader.is_file(path)
    }

    fn is_folder(&self, path: &str) -> bool {
        FileLoader.is_folder(path)
    }

    fn full(&self, path: &str) -> String {
        FileLoader.full(path)
    }

    fn folders_above(&self, file: &str) -> Vec<String> {
        FileLoader.folders_above(file)
    }
}

impl Loader for FileLoader {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        // A folder named `<lib>` is not the library. A pipe could be read only once, and could make the
        // compiler wait.
        if !self.is_file(path) {
            return None;
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path).ok()?.take(BYTES_MAX + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= BYTES_MAX).then_some(bytes)
    }

    fn is_file(&self, path: &str) -> bool {
        !path.starts_with(LIBRARY_PREFIX) && Path::new(path).is_file()
    }

    fn is_folder(&self, path: &str) -> bool {
        let path = if path.is_empty() { "." } else { path };
        !path.starts_with(LIBRARY_PREFIX) && Path::new(path).is_dir()
    }

    fn full(&self, path: &str) -> String {
        let full = std::path::absolute(path).ok();
        full.and_then(|full| full.to_str().map(str::to_owned)).unwrap_or_else(|| path.to_owned())
    }

    fn folders_above(&self, file: &str) -> Vec<String> {
        let Ok(full) = std::path::absolute(file) else { return Vec::new() };
        let depth = full.components().count().saturating_sub(2);
        let mut folder = Path::new(file).parent().unwrap_or(Path::new("")).to_owned();
        let mut folders = Vec::new();
        for _ in 0..=depth {
            folders.extend(folder.to_str().map(str::to_owned));
            // The folder above `..`, or above the start of a relative path, has no name in the path: another `..` leads to it.
            let has_name =
                matches!(folder.components().next_back(), Some(Component::Normal(_) | Component::RootDir));
            if !(has_name && folder.pop()) {
                folder.push("..");
            }
        }
        folders
    }
}

/// Removes `.` parts and `x/..` from a path. Two imports of a file have the same path in this form.
pub fn normalized(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !last.is_empty() && *last != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// Returns the part of a path below a folder.
///
/// ```
/// use lucarne_compiler::source::within;
///
/// assert_eq!(within("/app", "/app/src/main.toit"), Some("src/main.toit"));
/// assert_eq!(within("/app", "/app2/main.toit"), None);
/// ```
pub fn within<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// The index of a source in [`Sources`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SourceId(pub u32);

/// A range of bytes of one source's text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Returns the span from the byte at `start` up to, but not including, the one at `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Span { start: start as u32, end: end as u32 }
    }

    /// Returns the smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Returns the span as a range of indexes.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// One source text.
#[derive(Debug)]
pub struct Source {
    /// The path as diagnostics and stack traces show it.
    pub path: String,
    /// The text.
    pub text: String,
    /// The byte offset at which each line starts.
    pub line_starts: Vec<u32>,
}

impl Source {
    /// Makes a source from a text.
    pub fn new(path: String, text: String) -> Self {
        let mut line_starts = vec![0];
        line_starts.extend(text.match_indices('\n').map(|(at, _)| at as u32 + 1));
        Source { path, text, line_starts }
    }

    /// Returns the line of an offset, counted from 1.
    pub fn line(&self, offset: u32) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).max(1)
    }

    /// Returns the line and column of an offset, both counted from 1; columns count characters.
    pub fn position(&self, offset: u32) -> (usize, usize) {
        let line = self.line(offset);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0) as usize;
        let before = self.text.get(start..offset as usize).unwrap_or("");
        (line, before.chars().count() + 1)
    }
}

/// All sources that a compilation has read.
#[derive(Default, Debug)]
pub struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// Adds a source given as bytes. A carriage return alone is a line end. If the text is not UTF-8, returns
    /// an error at the first bad byte, and keeps the text with replacement characters, so that the error can
    /// show its line.
    pub fn add(&mut self, path: String, bytes: Vec<u8>) -> (SourceId, Option<Diagnostic>) {
        let id = SourceId(self.list.len() as u32);
        let (text, problem) = match lucarne_package::text::decode(bytes) {
            Ok(text) => (text, None),
            Err(bad) => {
                let span = Span::new(bad.problem.span.start, bad.problem.span.end);
                let problem = Diagnostic::error(id, span, bad.problem.title);
                (bad.text, Some(problem.hint("save the file as UTF-8 text")))
            }
        };
        self.list.push(Source::new(path, text));
        (id, problem)
    }

    /// Returns all sources, in the order in which they were read.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.list.iter()
    }

    /// Returns the source with an id. Every id that [`Sources::add`] has returned belongs to a source.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.list.get(id.0 as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let source = Source::new("a".into(), "ab\næøå x\n".into());
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(2), (1, 3));
        assert_eq!(source.position(3), (2, 1));
        assert_eq!(source.position(10), (2, 5));
    }

    #[test]
    fn paths_without_detours() {
        assert_eq!(normalized("a/./b/../c"), "a/c");
        assert_eq!(normalized("../../x/../y"), "../../y");
        assert_eq!(normalized("/a/../b"), "/b");
    }

    #[test]
    fn bad_utf8_has_a_position() {
        let mut sources = Sources::default();
        let (id, problem) = sources.add("x.toit".into(), b"main:\n  print \"\xff\"\n".to_vec());
        let problem = problem.expect("must be refused");
        assert_eq!(sources.get(id).map(|source| source.position(problem.span.start)), Some((2, 10)));
    }
}
