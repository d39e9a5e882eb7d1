//! The documents that are open, the files around them, and the analyses of both.
//!
//! A request works on a [`Snapshot`]: the documents as they were when it arrived. Documents are named by their *keys*:
//! the path of a file, `<lib>/...` for a module of the library, or the URI of a document that is no file.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lsp_types::{Location, Position, Uri};
use lucarne_compiler::source::{FileLoader, LIBRARY_PREFIX, Loader, MemoryLoader, Span};
use lucarne_kernel::sync::{Condvar, Mutex, OnceLock, wait_timeout};
use lucarne_toit::Request;
use sha2::{Digest, Sha256};

use crate::analyzed::{Analyzed, Place};
use crate::report::Reporter;
use crate::text::{Encoding, Text};
use crate::trees::KeptTrees;
use crate::uri;
use crate::wire::{Fault, code};

/// The maximum number of open documents.
pub const DOCUMENTS_MAX: usize = 2_000;

/// The maximum number of analyses that are kept.
const ANALYSES_MAX: usize = 32;

/// The maximum number of bytes of text in the analyses that are kept. An analysis takes some fifty times as much memory as
/// its text.
const ANALYZED_BYTES_MAX: usize = 16 << 20;

/// The root under which the analysis of the whole library is kept.
const WHOLE_LIBRARY: &str = "<lib>";

/// An open document.
#[derive(Debug)]
pub struct Document {
    /// The URI as the client writes it.
    pub uri: Uri,
    /// The version that the client gave.
    pub version: i32,
    /// A number that no other text of any document has.
    pub revision: u64,
    /// The text.
    pub text: Arc<Text>,
}

/// The open documents by their keys.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// The documents.
    pub open: HashMap<String, Arc<Document>>,
    /// Changes with each change of a document.
    pub generation: u64,
}

/// What the client has said about itself.
#[derive(Debug, Default)]
pub struct Settings {
    /// How positions are counted.
    pub encoding: Encoding,
    /// The folders of the workspace.
    pub folders: Vec<String>,
    /// The folder for the texts of the library, so that editors can show them.
    pub library_folder: Option<String>,
    is_library_written: OnceLock<bool>,
}

impl Settings {
    /// Makes settings. `cache` is a folder that belongs to the user.
    pub fn new(encoding: Encoding, folders: Vec<String>, cache: Option<&Path>) -> Settings {
        let library_folder = cache.and_then(|cache| {
            let mut digest = Sha256::new();
            for (path, text) in lucarne_library::texts() {
                digest.update(path);
                digest.update(text);
            }
            let name: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            cache.join("lucarne").join(format!("lib-{name}")).to_str().map(str::to_owned)
        });
        Settings { encoding, folders, library_folder, is_library_written: OnceLock::new() }
    }

    /// Returns the key of a document.
    pub fn key(&self, uri: &Uri) -> String {
        let path = uri::to_path(uri);
        let folder = self.library_folder.as_deref();
        let inside = folder.and_then(|folder| path.strip_prefix(folder)?.strip_prefix('/'));
        match inside {
            Some(inside) => format!("{LIBRARY_PREFIX}{inside}"),
            None => path,
        }
    }

    /// Returns the URI of a module of the library. The first call writes all of them.
    fn library_uri(&self, key: &str) -> Option<Uri> {
        let folder = self.library_folder.as_deref()?;
        let is_written = *self.is_library_written.get_or_init(|| write_library(Path::new(folder)).is_ok());
        let inside = key.strip_prefix(LIBRARY_PREFIX).filter(|_| is_written)?;
        uri::of_path(&format!("{folder}/{inside}"))
    }
}

/// Writes the texts of the library, each only if it is not there. The name of the folder depends on the texts.
fn write_library(folder: &Path) -> std::io::Result<()> {
    for (path, text) in lucarne_library::texts() {
        let file = folder.join(path.strip_prefix(LIBRARY_PREFIX).unwrap_or(path));
        if std::fs::metadata(&file).is_ok_and(|known| known.len() == text.len() as u64) {
            continue;
        }
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // Another server may write the same file.
        let new = file.with_extension(format!("new-{}", std::process::id()));
        std::fs::write(&new, text)?;
        let mut rights = std::fs::metadata(&new)?.permissions();
        rights.set_readonly(true);
        std::fs::set_permissions(&new, rights)?;
        std::fs::rename(&new, &file)?;
    }
    Ok(())
}

/// How long a thread waits for the analysis of another one before it looks whether its own request is canceled.
const PATIENCE: Duration = Duration::from_millis(5);

/// The analyses that are kept.
#[derive(Default)]
pub struct Cache {
    /// The last one used is last.
    kept: Mutex<Vec<Entry>>,
    /// The analyses that threads make at the moment.
    begun: Mutex<Vec<Work>>,
    /// Notified when one of them ends.
    ended: Condvar,
    /// The last analysis around a name.
    probe: Mutex<Option<Probe>>,
    /// The trees of the texts of these analyses.
    trees: KeptTrees,
}

/// An analysis around a name.
struct Probe {
    key: String,
    /// The text before the name, and behind it.
    before: String,
    after: String,
    /// The number of open documents: a new one may be an import that was missing.
    open: usize,
    /// The imports of the document.
    inputs: Vec<(String, Stamp)>,
    analyzed: Arc<Analyzed>,
}

impl Probe {
    fn is_of(&self, key: &str, before: &str, after: &str) -> bool {
        self.key == key && self.before == before && self.after == after
    }
}

/// How much of the documents is analyzed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Extent {
    /// The first document and all that it imports.
    All,
    /// The first document.
    First,
    /// The declaration around a place of the first document.
    Around(u32),
}

/// An analysis that a thread makes.
#[derive(Clone, PartialEq)]
struct Work {
    roots: Vec<String>,
    extent: Extent,
    generation: u64,
}

/// Ends an analysis when it is dropped.
struct End<'c> {
    cache: &'c Cache,
    work: Work,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.cache.begun.lock().retain(|known| *known != self.work);
        self.cache.ended.notify_all();
    }
}

struct Entry {
    roots: Vec<String>,
    extent: Extent,
    inputs: Vec<(String, Stamp)>,
    generation: u64,
    analyzed: Arc<Analyzed>,
}

/// What identifies the content of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stamp {
    Open(u64),
    /// The time of the last change in seconds and nanoseconds, the number of the file, and its length.
    Disk(i64, i64, u64, u64),
    Missing,
}

impl Cache {
    /// Forgets everything: files have changed outside of the editor.
    pub fn clear(&self) {
        self.kept.lock().clear();
        *self.probe.lock() = None;
    }
}

/// The documents at a moment, and what belongs to them.
#[derive(Clone)]
pub struct Snapshot {
    /// The open documents.
    pub documents: Arc<Documents>,
    /// What the client has said about itself.
    pub settings: Arc<Settings>,
    /// The analyses that are kept.
    pub cache: Arc<Cache>,
    /// Returns whether the request is canceled.
    pub is_canceled: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Tells the client about the work.
    pub reporter: Reporter,
}

impl Snapshot {
    /// Returns the text of a document or file.
    pub fn text(&self, key: &str) -> Option<Arc<Text>> {
        if let Some(document) = self.documents.open.get(key) {
            return Some(document.text.clone());
        }
        if let Some(text) = lucarne_library::text(key) {
            return Some(Arc::new(Text::new(text.to_owned())));
        }
        let bytes = FileLoader.read(key)?;
        Some(Arc::new(Text::new(String::from_utf8_lossy(&bytes).into_owned())))
    }

    /// Returns the key, the text and the byte of a position.
    ///
    /// # Errors
    /// If the document is neither open nor a file.
    pub fn locate(&self, uri: &Uri, position: Position) -> Result<(String, Arc<Text>, u32), Fault> {
        let (key, text) = self.open(uri)?;
        let offset = text.offset(position, self.settings.encoding);
        Ok((key, text, offset))
    }

    /// Returns the key and the text of a document.
    ///
    /// # Errors
    /// If the document is neither open nor a file.
    pub fn open(&self, uri: &Uri) -> Result<(String, Arc<Text>), Fault> {
        let key = self.settings.key(uri);
        match self.text(&key) {
            Some(text) => Ok((key, text)),
            None => Err(failed(format!("{} is neither open nor a file that can be read", uri.as_str()))),
        }
    }

    /// Returns the URI of a document or file.
    pub fn uri(&self, key: &str) -> Option<Uri> {
        match self.documents.open.get(key) {
            Some(document) => Some(document.uri.clone()),
            None if key.starts_with(LIBRARY_PREFIX) => self.settings.library_uri(key),
            None => uri::of_path(key),
        }
    }

    /// Returns a place as the client counts.
    pub fn location(&self, analyzed: &Analyzed, place: &Place) -> Option<Location> {
        let uri = self.uri(&place.key)?;
        Some(Location { uri, range: self.range(analyzed, place)? })
    }

    /// Returns the range of a place as the client counts.
    pub fn range(&self, analyzed: &Analyzed, place: &Place) -> Option<lsp_types::Range> {
        let text = match self.documents.open.get(&place.key) {
            Some(document) => document.text.clone(),
            None => analyzed.text(&place.key).map(Arc::new).or_else(|| self.text(&place.key))?,
        };
        Some(text.range(place.span, self.settings.encoding))
    }

    // Analyses.

    /// Returns the analysis of a document: of itself and all that it imports.
    ///
    /// # Errors
    /// If the request is canceled meanwhile.
    pub fn analyzed(&self, key: &str) -> Result<Arc<Analyzed>, Fault> {
        if key.starts_with(LIBRARY_PREFIX) {
            return self.analyzed_together(&[WHOLE_LIBRARY.to_owned()]);
        }
        self.analyzed_together(&[key.to_owned()])
    }

    /// Returns the analysis of several documents of one program.
    ///
    /// # Errors
    /// If the request is canceled meanwhile.
    pub fn analyzed_together(&self, roots: &[String]) -> Result<Arc<Analyzed>, Fault> {
        self.known_or(roots, Extent::All, || {
            if roots == [WHOLE_LIBRARY] {
                self.reporter.progress("Analyzing the library", 0, 1);
                self.analyze_library()
            } else {
                self.analyze(&Overlay { documents: &self.documents }, roots, Extent::All)
            }
        })
    }

    /// Returns an analysis that is kept, or makes it. If another thread makes the same one, this waits for it.
    fn known_or(
        &self,
        roots: &[String],
        extent: Extent,
        analyze: impl FnOnce() -> Result<Analyzed, Fault>,
    ) -> Result<Arc<Analyzed>, Fault> {
        let work = Work { roots: roots.to_vec(), extent, generation: self.documents.generation };
        loop {
            if let Some(known) = self.known(roots, extent) {
                return Ok(known);
            }
            let mut begun = self.cache.begun.lock();
            if !begun.contains(&work) {
                begun.push(work.clone());
                break;
            }
            drop(wait_timeout(&self.cache.ended, begun, PATIENCE));
            if (self.is_canceled)() {
                return Err(canceled());
            }
        }
        // Also if the work panics, no thread waits for it.
        let _end = End { cache: &self.cache, work };
        let analyzed = Arc::new(analyze()?);
        self.keep(roots, extent, &analyzed);
        Ok(analyzed)
    }

    /// Returns the analysis of a document alone: what it imports is known by its declarations, but has no mistakes and no
    /// names in the index.
    ///
    /// # Errors
    /// If the request is canceled meanwhile.
    pub fn alone(&self, key: &str) -> Result<Arc<Analyzed>, Fault> {
        if key.starts_with(LIBRARY_PREFIX) {
            return self.analyzed(key);
        }
        let roots = [key.to_owned()];
        self.known_or(&roots, Extent::First, || {
            self.analyze(&Overlay { documents: &self.documents }, &roots, Extent::First)
        })
    }

    /// Analyzes a changed text of a document around a place of it. The result tells which names could stand there.
    ///
    /// # Errors
    /// If the request is canceled meanwhile.
    pub fn probed(&self, key: &str, text: &str, at: u32) -> Result<Analyzed, Fault> {
        let texts = HashMap::from([(key.to_owned(), text.to_owned())]);
        let loader = Changed { inner: Overlay { documents: &self.documents }, texts: &texts };
        self.analyze(&loader, &[key.to_owned()], Extent::Around(at))
    }

    /// Analyzes several documents of one program, with other texts for some of them.
    ///
    /// # Errors
    /// If the request is canceled meanwhile.
    pub fn changed(&self, roots: &[String], texts: &HashMap<String, String>) -> Result<Analyzed, Fault> {
        self.analyze(&Changed { inner: Overlay { documents: &self.documents }, texts }, roots, Extent::All)
    }

    /// Analyzes a document with another text, as [`Snapshot::alone`] does.
    ///
    /// # Errors
    /// If the request is canceled meanwhile.
    pub fn changed_alone(&self, key: &str, text: String) -> Result<Analyzed, Fault> {
        let texts = HashMap::from([(key.to_owned(), text)]);
        let loader = Changed { inner: Overlay { documents: &self.documents }, texts: &texts };
        self.analyze(&loader, &[key.to_owned()], Extent::First)
    }

    /// Analyzes a document around a name of it, in the text `before`, `name`, `after`. The result is kept while the
    /// user types the name: the names that can stand at a place do not depend on the name that stands there. So the result
    /// must not be used for anything else.
    ///
    /// # Errors
    /// If the request is canceled meanwhile.
    pub fn probed_name(&self, key: &str, [before, name, after]: [&str; 3]) -> Result<Arc<Analyzed>, Fault> {
        if let Some(known) = &*self.cache.probe.lock()
            && known.is_of(key, before, after)
            && known.open == self.documents.open.len()
            && known.inputs.iter().all(|(input, stamp)| self.stamp(input) == *stamp)
        {
            return Ok(known.analyzed.clone());
        }
        let at = (before.len() + name.len()) as u32;
        let analyzed = Arc::new(self.probed(key, &format!("{before}{name}{after}"), at)?);
        // If no name is expected here, the next letter may change the kind of the word, so nothing is kept.
        if analyzed.index.site.is_some() {
            let sources = analyzed.analysis.sources.iter().filter(|source| source.path != key);
            let inputs = sources.map(|source| (source.path.clone(), self.stamp(&source.path))).collect();
            let [key, before, after] = [key, before, after].map(str::to_owned);
            let open = self.documents.open.len();
            let probe = Probe { key, before, after, open, inputs, analyzed: analyzed.clone() };
            *self.cache.probe.lock() = Some(probe);
        }
        Ok(analyzed)
    }

    fn analyze(
        &self,
        loader: &(dyn Loader + Sync),
        roots: &[String],
        extent: Extent,
    ) -> Result<Analyzed, Fault> {
        let is_canceled = || (self.is_canceled)();
        let probe = if let Extent::Around(place) = extent { Some(place) } else { None };
        let is_first_only = extent == Extent::First;
        let request =
            Request { probe, is_first_only, is_canceled: &is_canceled, trees: Some(&self.cache.trees) };
        match lucarne_toit::index(loader, roots, request) {
            Ok(Some((analysis, index))) => Ok(Analyzed::new(analysis, index)),
            Ok(None) => Err(canceled()),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    fn analyze_library(&self) -> Result<Analyzed, Fault> {
        let mut loader = MemoryLoader::default();
        let mut roots = Vec::new();
        for (path, text) in lucarne_library::texts() {
            loader.add(*path, *text);
            roots.push((*path).to_owned());
        }
        let is_canceled = || (self.is_canceled)();
        let request = Request { probe: None, is_first_only: false, is_canceled: &is_canceled, trees: None };
        match lucarne_toit::index_library(&loader, &roots, request) {
            Some((analysis, index)) => Ok(Analyzed::new(analysis, index)),
            None => Err(canceled()),
        }
    }

    fn known(&self, roots: &[String], extent: Extent) -> Option<Arc<Analyzed>> {
        match extent {
            // The analysis of everything says more.
            Extent::First => self.known_as(roots, Extent::All).or_else(|| self.known_as(roots, extent)),
            _ => self.known_as(roots, extent),
        }
    }

    fn known_as(&self, roots: &[String], extent: Extent) -> Option<Arc<Analyzed>> {
        let mut entries = self.cache.kept.lock();
        let place = entries.iter().position(|entry| entry.roots == roots && entry.extent == extent)?;
        let entry = entries.remove(place);
        let has_errors = entry.analyzed.analysis.has_errors();
        let is_same_moment = entry.generation == self.documents.generation;
        // A file that was missing may be there now.
        let is_valid = (is_same_moment || !has_errors)
            && entry.inputs.iter().all(|(key, stamp)| self.stamp(key) == *stamp);
        let known = is_valid.then(|| entry.analyzed.clone());
        if is_valid {
            entries.push(entry);
        }
        known
    }

    fn keep(&self, roots: &[String], extent: Extent, analyzed: &Arc<Analyzed>) {
        let sources = analyzed.analysis.sources.iter();
        let inputs = sources.map(|source| (source.path.clone(), self.stamp(&source.path))).collect();
        let entry = Entry {
            roots: roots.to_vec(),
            extent,
            inputs,
            generation: self.documents.generation,
            analyzed: analyzed.clone(),
        };
        let mut entries = self.cache.kept.lock();
        entries.retain(|known| known.roots != roots || known.extent != extent);
        entries.push(entry);
        let bytes = |entry: &Entry| -> usize {
            entry.analyzed.analysis.sources.iter().map(|source| source.text.len()).sum()
        };
        while entries.len() > ANALYSES_MAX
            || entries.len() > 1 && entries.iter().map(bytes).sum::<usize>() > ANALYZED_BYTES_MAX
        {
            entries.remove(0);
        }
    }

    fn stamp(&self, key: &str) -> Stamp {
        if let Some(document) = self.documents.open.get(key) {
            return Stamp::Open(document.revision);
        }
        match std::fs::metadata(key) {
            Ok(known) => Stamp::Disk(known.mtime(), known.mtime_nsec(), known.ino(), known.len()),
            Err(_) => Stamp::Missing,
        }
    }
}

/// Returns the error of a request that was canceled.
pub fn canceled() -> Fault {
    Fault {
        id: serde_json::Value::Null,
        code: code::REQUEST_CANCELED,
        message: "the request was canceled".into(),
    }
}

/// Returns the error of a request that cannot be fulfilled.
pub fn failed(message: impl Into<String>) -> Fault {
    Fault { id: serde_json::Value::Null, code: code::REQUEST_FAILED, message: message.into() }
}

/// The files, with the texts of open documents in place of those on disk.
pub struct Overlay<'d> {
    /// The open documents.
    pub documents: &'d Documents,
}

impl Loader for Overlay<'_> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        match self.documents.open.get(path) {
            Some(document) => Some(document.text.as_str().as_bytes().to_vec()),
            None => FileLoader.read(path),
        }
    }

    fn is_file(&self, path: &str) -> bool {
        self.documents.open.contains_key(path) || FileLoader.is_file(path)
    }

    fn is_folder(&self, path: &str) -> bool {
        FileLoader.is_folder(path)
    }

    fn full(&self, path: &str) -> String {
        FileLoader.full(path)
    }

    fn folders_above(&self, file: &str) -> Vec<String> {
        // A document that is no file belongs to no folder.
        if file.starts_with('/') { FileLoader.folders_above(file) } else { Vec::new() }
    }
}

/// As [`Overlay`], with other texts for some documents.
struct Changed<'d> {
    inner: Overlay<'d>,
    texts: &'d HashMap<String, String>,
}

impl Loader for Changed<'_> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        match self.texts.get(path) {
            Some(text) => Some(text.as_bytes().to_vec()),
            None => self.inner.read(path),
        }
    }

    fn is_file(&self, path: &str) -> bool {
        self.texts.contains_key(path) || self.inner.is_file(path)
    }

    fn is_folder(&self, path: &str) -> bool {
        self.inner.is_folder(path)
    }

    fn full(&self, path: &str) -> String {
        self.inner.full(path)
    }

    fn folders_above(&self, file: &str) -> Vec<String> {
        self.inner.folders_above(file)
    }
}

/// Returns the name of the file of a document.
pub fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// Returns the span from the first byte to the last of a text.
pub fn whole(text: &Text) -> Span {
    Span::new(0, text.as_str().len())
}
