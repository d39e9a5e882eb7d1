//! The source files of a program, wherever they lie.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use lucarne_compiler::source::{FileLoader, Loader, MemoryLoader};
use lucarne_kernel::sync::Mutex;
use serde::{Deserialize, Serialize};

use super::{ImageError, bytecode};

/// All files of a program outside of the library, its lock file among them. Paths are relative to the
/// deepest folder that has them all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceTree {
    /// The files by path.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl SourceTree {
    pub(crate) fn compressed(&self) -> Vec<u8> {
        bytecode::compress(&postcard::to_stdvec(self).expect("texts can be encoded"))
    }

    pub(super) fn decompressed(bytes: &[u8]) -> Result<SourceTree, ImageError> {
        postcard::from_bytes(&bytecode::decompress(bytes)?)
            .map_err(|error| ImageError::Damaged(error.to_string()))
    }

    /// Returns the files as the compiler reads them.
    pub(super) fn loader(&self) -> MemoryLoader {
        let mut loader = MemoryLoader::default();
        for (path, text) in &self.files {
            loader.add(path.as_str(), text.as_slice());
        }
        loader
    }
}

/// Reads files, and records their paths and contents.
#[derive(Default)]
pub(super) struct Recorder {
    read: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Recorder {
    /// Reads a file, and keeps its contents.
    pub(super) fn read(&self, path: &str) -> Option<Vec<u8>> {
        let bytes = FileLoader.read(path)?;
        self.read.lock().insert(path.to_owned(), bytes.clone());
        Some(bytes)
    }
}

/// Files that were read.
pub(super) struct Recorded {
    pub(super) tree: SourceTree,
    pub(super) names: SourceNames,
}

/// The files of a program by the paths under which they were read, with their paths in the [`SourceTree`].
#[derive(Debug)]
pub struct SourceNames(BTreeMap<String, String>);

impl Recorder {
    pub(super) fn finish(self) -> Recorded {
        let read = self.read.into_inner();
        let places: Vec<Vec<String>> = read.keys().map(|path| place(path)).collect();
        let shared = places.iter().map(|place| &place[..place.len().saturating_sub(1)]);
        let root = shared.reduce(common).unwrap_or_default().len();
        let names: Vec<String> = places.iter().map(|place| place[root..].join("/")).collect();
        let files = names.iter().cloned().zip(read.values().cloned()).collect();
        Recorded { tree: SourceTree { files }, names: SourceNames(read.into_keys().zip(names).collect()) }
    }
}

impl SourceNames {
    /// Returns the path of a file in the tree. Other paths stay as they are.
    pub(super) fn in_tree(&self, path: &str) -> String {
        self.0.get(path).cloned().unwrap_or_else(|| path.to_owned())
    }

    /// Replaces the path in the tree, at the beginning of `PATH:LINE:COLUMN: text`, by the path under which the file was
    /// read. Other texts stay as they are.
    pub fn localize(&self, text: &str) -> String {
        let behind = |in_tree: &str| text.strip_prefix(in_tree).filter(|rest| rest.starts_with(':'));
        let found = self.0.iter().find_map(|(path, in_tree)| Some((path, behind(in_tree)?)));
        found.map_or_else(|| text.to_owned(), |(path, rest)| format!("{path}{rest}"))
    }
}

/// Returns the folders that lead to a file, and its name, without `.` and `..`.
fn place(path: &str) -> Vec<String> {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let mut place = Vec::new();
    for part in Path::new(&full).components() {
        match part {
            Component::Normal(name) => place.push(name.to_string_lossy().into_owned()),
            Component::ParentDir => drop(place.pop()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    place
}

fn common<'p>(one: &'p [String], other: &'p [String]) -> &'p [String] {
    let shared = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    &one[..shared]
}
