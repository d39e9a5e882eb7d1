//! Finds the files to document: those of the subject, of its packages, and of the libraries.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::names::library_name;
use lucarne_compiler::source::{FileLoader, LIBRARY_PREFIX, Loader, SourceId, normalized, within};
use lucarne_package::lock::{self, Lock, Place};
use lucarne_package::spec::{self, Spec};
use lucarne_package::{LOCK_FILE, SOURCE_FOLDER, SPEC_FILE};
use lucarne_toit::Analysis;
use walkdir::WalkDir;

use crate::{DocumentationError, Options};

/// The maximum number of source files of a site.
const FILES_MAX: usize = 20_000;

/// The maximum number of bytes of the source files of a site.
const BYTES_MAX: u64 = 256 << 20;

/// The folder of a package with its tests.
const TESTS_FOLDER: &str = "tests";

/// The subject of the documentation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subject {
    /// A folder with a program or package; or a file, with all files of the program that it imports.
    Path(PathBuf),
    /// The libraries alone.
    Library,
}

/// The files to document, by packages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Project {
    /// The title of the site.
    pub title: String,
    /// The packages. Those of the subject come first, the libraries last.
    pub packages: Vec<PackageFiles>,
    /// The packages that the subject uses, if they are left out.
    unseen: Vec<PackageFiles>,
    /// The file that the subject is, if it is not a folder.
    entry: Option<String>,
    /// The files that decide which packages exist, including those that would make a folder of the subject, or of a
    /// package beside it, another package. Some of them may not exist.
    lists: Vec<PathBuf>,
}

/// The files of a package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PackageFiles {
    /// The name.
    pub name: String,
    /// How the package belongs to the subject.
    pub kind: PackageKind,
    /// The purpose, as its `package.yaml` says.
    pub description: Option<String>,
    /// The version, if it comes from a registry.
    pub version: Option<String>,
    /// The libraries by the paths of their files.
    pub files: BTreeMap<String, LibraryFile>,
}

/// A file of a package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LibraryFile {
    /// The name of the library.
    pub name: String,
    /// The path inside of the package.
    pub inside: String,
}

impl LibraryFile {
    /// Returns the library at a path inside of a package.
    fn at(inside: &str) -> LibraryFile {
        let name = library_name(inside.strip_suffix(".toit").unwrap_or(inside));
        LibraryFile { name, inside: inside.to_owned() }
    }
}

/// How a package belongs to the subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PackageKind {
    /// The package of the subject.
    Own,
    /// A package that the subject uses.
    Used,
    /// The libraries that come with Lucarne.
    Library,
}

impl Project {
    /// Finds the files of a subject.
    ///
    /// # Errors
    /// If a file or folder cannot be read, or there are too many.
    pub fn find(subject: &Subject, options: &Options) -> Result<Project, DocumentationError> {
        let mut project = match subject {
            Subject::Path(path) if path.is_dir() => Project::of_folder(path)?,
            Subject::Path(path) => Project::of_file(path)?,
            Subject::Library => Project::new("Toit libraries".into()),
        };
        project.add_packages(options.with_packages)?;
        if !options.with_packages {
            let is_used = |package: &mut PackageFiles| package.kind == PackageKind::Used;
            project.unseen = project.packages.extract_if(.., is_used).collect();
        }
        if options.with_library || *subject == Subject::Library {
            project.packages.push(library());
        }
        let files: usize = project.packages.iter().map(|package| package.files.len()).sum();
        if files > FILES_MAX {
            return Err(DocumentationError::TooLarge(format!(
                "there are {files} source files: a site can have at most {FILES_MAX}"
            )));
        }
        Ok(project)
    }

    fn new(title: String) -> Project {
        Project { title, packages: Vec::new(), unseen: Vec::new(), entry: None, lists: Vec::new() }
    }

    fn of_folder(folder: &Path) -> Result<Project, DocumentationError> {
        let list = folder.join(SPEC_FILE);
        let spec = read_spec(&list);
        let full = folder.canonicalize().map_err(|error| cannot_read(folder, &error))?;
        let named = full.file_name().map(|name| name.to_string_lossy().into_owned());
        let name =
            spec.as_ref().and_then(|spec| spec.name.clone()).or(named).unwrap_or_else(|| "program".into());
        let sources = folder.join(SOURCE_FOLDER);
        let is_package = spec.is_some() && sources.is_dir();
        let root: &Path = if is_package { &sources } else { folder };
        let (files, folders) = below(root, spec.is_some() && !is_package)?;
        if files.is_empty() {
            return Err(DocumentationError::Empty(root.display().to_string()));
        }
        let files = files.into_iter().map(|(path, library)| (as_imported(&path), library)).collect();
        let description = spec.and_then(|spec| spec.description);
        let mut project = Project::new(name.clone());
        project.lists = vec![list, folder.join(LOCK_FILE)];
        project.lists.extend(folders);
        project.packages.push(PackageFiles {
            name,
            kind: PackageKind::Own,
            description,
            version: None,
            files,
        });
        Ok(project)
    }

    fn of_file(file: &Path) -> Result<Project, DocumentationError> {
        let path = as_imported(text(file)?);
        std::fs::File::open(file).map_err(|error| cannot_read(file, &error))?;
        let stem = file.file_stem().map_or("program".into(), |stem| stem.to_string_lossy().into_owned());
        let mut project = Project::new(stem.clone());
        let inside = path.rsplit('/').next().unwrap_or(&path).to_owned();
        let files = BTreeMap::from([(path.clone(), LibraryFile { name: stem.clone(), inside })]);
        project.entry = Some(path);
        let own =
            PackageFiles { name: stem, kind: PackageKind::Own, description: None, version: None, files };
        project.packages.push(own);
        Ok(project)
    }

    /// Adds the packages that the lock file of the subject lists. If the files of a package cannot be listed, this is
    /// an error if `are_shown`; otherwise the package is left out.
    fn add_packages(&mut self, are_shown: bool) -> Result<(), DocumentationError> {
        let Some(first) = self.packages.first().and_then(|own| own.files.keys().next()) else {
            return Ok(());
        };
        let Some((folder, lock)) = lock_of(first) else { return Ok(()) };
        self.lists.push(Path::new(&folder).join(LOCK_FILE));
        let mut known: HashSet<String> =
            self.packages.iter().flat_map(|own| own.files.keys().cloned()).collect();
        for (id, package) in &lock.packages {
            let place = |path: String| match path.starts_with('/') || folder.is_empty() {
                true => normalized(&path),
                false => normalized(&format!("{folder}/{path}")),
            };
            let list = Path::new(&place(package.folder())).join(SPEC_FILE);
            let sources = place(package.source_folder());
            // Packages from a registry do not change.
            let is_beside = matches!(package.place, Place::Path(_));
            if is_beside {
                self.lists.extend([list.clone(), Path::new(&sources).join(SPEC_FILE)]);
            }
            if !Path::new(&sources).is_dir() {
                continue;
            }
            let (mut files, folders) = match below(Path::new(&sources), false) {
                Ok(listed) => listed,
                Err(error) if are_shown => return Err(error),
                Err(_) => continue,
            };
            if is_beside {
                self.lists.extend(folders);
            }
            files.retain(|path, _| known.insert(path.clone()));
            if files.is_empty() {
                continue;
            }
            let spec = read_spec(&list);
            let name =
                package.name.clone().or_else(|| spec.as_ref()?.name.clone()).unwrap_or_else(|| id.clone());
            let version = match &package.place {
                Place::Registry { version, .. } => Some(version.clone()),
                Place::Path(_) => None,
            };
            let description = spec.and_then(|spec| spec.description);
            let kind = PackageKind::Used;
            self.packages.push(PackageFiles { name, kind, description, version, files });
        }
        Ok(())
    }

    /// Returns the files to analyze, those of the subject first.
    pub fn roots(&self) -> Vec<String> {
        let mut roots: Vec<String> = Vec::new();
        for package in &self.packages {
            roots.extend(package.files.keys().cloned());
        }
        if !self.packages.iter().any(|package| package.kind == PackageKind::Library) {
            // Everything refers to the core library.
            roots.push(format!("{LIBRARY_PREFIX}core/core.toit"));
        }
        roots
    }

    /// Removes the errors in packages from registries, which the user cannot correct. Returns the names of these packages.
    pub(crate) fn take_foreign_errors(&self, analysis: &mut Analysis) -> Vec<String> {
        let sources = &analysis.sources;
        let owner = |source: SourceId| {
            let path = sources.get(source).map(|source| &source.path)?;
            let is_used = |package: &&PackageFiles| {
                package.kind == PackageKind::Used
                    && package.version.is_some()
                    && package.files.contains_key(path)
            };
            self.packages.iter().chain(&self.unseen).find(is_used)
        };
        let mut names = BTreeSet::new();
        analysis.diagnostics.retain(|problem: &Diagnostic| {
            let package = if problem.is_error() { owner(problem.source) } else { None };
            names.extend(package.map(|package| package.name.clone()));
            package.is_none()
        });
        names.into_iter().collect()
    }

    /// Returns the files whose changes change the documentation. Some of them may not exist.
    pub(crate) fn inputs(&self, analysis: &Analysis) -> Vec<PathBuf> {
        let read = analysis.sources.iter().map(|source| &source.path);
        let read = read.filter(|path| !path.starts_with(LIBRARY_PREFIX)).map(PathBuf::from);
        self.lists.iter().cloned().chain(read).collect()
    }

    /// Returns the package of a file, and the library in it. If the subject is a file, the other files of its program
    /// belong to it.
    pub(crate) fn place_of(&self, path: &str) -> Option<(usize, LibraryFile)> {
        let is_in = |package: &PackageFiles| package.files.get(path).cloned();
        let known =
            self.packages.iter().enumerate().find_map(|(place, package)| Some((place, is_in(package)?)));
        if known.is_some() {
            return known;
        }
        let is_of_program = !path.starts_with(LIBRARY_PREFIX) && path.ends_with(".toit");
        let entry = self.entry.as_deref().filter(|_| is_of_program)?;
        if self.unseen.iter().any(|package| package.files.contains_key(path)) {
            return None;
        }
        let full = |path: &str| normalized(&FileLoader.full(path));
        let (entry, path) = (full(entry), full(path));
        let mut folder = up(&entry);
        // A file outside of the folder of the program has its name from the nearest folder above both.
        let inside = loop {
            match within(folder, &path) {
                Some(inside) => break inside,
                None if folder.is_empty() => break &path,
                None => folder = up(folder),
            }
        };
        Some((0, LibraryFile::at(inside)))
    }
}

/// Returns the folder that contains a file or folder.
fn up(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns the path by which the compiler knows a file that another file of the program imports. The path of a file in
/// the current folder does not lead through the folder above.
fn as_imported(path: &str) -> String {
    let path = normalized(path);
    if !path.starts_with("../") {
        return path;
    }
    let full = |path: &str| normalized(&FileLoader.full(path));
    within(&full("."), &full(&path)).map_or(path, str::to_owned)
}

/// Returns the libraries that come with Lucarne.
fn library() -> PackageFiles {
    let library = |path: &str| LibraryFile::at(path.strip_prefix(LIBRARY_PREFIX).unwrap_or(path));
    let files =
        lucarne_library::texts().iter().map(|(path, _)| ((*path).to_owned(), library(path))).collect();
    PackageFiles {
        name: "Toit libraries".into(),
        kind: PackageKind::Library,
        description: Some("The libraries that come with Lucarne.".into()),
        version: None,
        files,
    }
}

/// Returns the source files below a folder with their libraries. Also returns, for each folder that they may be in, the
/// path of the file that would make this folder another package. Leaves out hidden folders, folders of other packages,
/// and, if the folder is that of a package, its tests.
fn below(
    folder: &Path,
    has_tests: bool,
) -> Result<(BTreeMap<String, LibraryFile>, Vec<PathBuf>), DocumentationError> {
    let mut files = BTreeMap::new();
    let mut folders = Vec::new();
    let mut bytes = 0;
    let walk = WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        let is_other = entry.file_type().is_dir() && entry.path().join(SPEC_FILE).exists();
        let is_test = has_tests && entry.depth() == 1 && name == TESTS_FOLDER;
        entry.depth() == 0 || !(name.starts_with('.') || is_other || is_test)
    });
    for entry in walk {
        let entry = entry.map_err(|error| {
            let reason =
                error.io_error().map_or_else(|| "its links form a circle".to_owned(), ToString::to_string);
            let path = error.path().unwrap_or(folder).display().to_string();
            DocumentationError::Read { path, reason }
        })?;
        let path = entry.path();
        if entry.file_type().is_dir() {
            folders.push(path.join(SPEC_FILE));
        }
        let is_source = entry.file_type().is_file() && path.extension().is_some_and(|end| end == "toit");
        let (true, Some(name)) = (is_source, path.to_str()) else { continue };
        let inside = path.strip_prefix(folder).ok().and_then(Path::to_str).unwrap_or(name);
        let library = LibraryFile::at(inside);
        bytes += entry.metadata().map_or(0, |known| known.len());
        // As the compiler names the files of imports.
        files.insert(normalized(name), library);
        if files.len().max(folders.len()) > FILES_MAX || bytes > BYTES_MAX {
            return Err(DocumentationError::TooLarge(format!(
                "{} has too many source files: a site can have at most {FILES_MAX}, and {} MiB",
                folder.display(),
                BYTES_MAX >> 20
            )));
        }
    }
    Ok((files, folders))
}

/// Returns the folder and the content of the lock file that applies to a file, as the compiler chooses it.
fn lock_of(file: &str) -> Option<(String, Lock)> {
    for folder in FileLoader.folders_above(file) {
        let path = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        if let Some(bytes) = FileLoader.read(&path(LOCK_FILE)) {
            let text = String::from_utf8(bytes).ok()?;
            return Some((folder, lock::read(&text).0));
        }
        if FileLoader.is_file(&path(SPEC_FILE)) {
            return None;
        }
    }
    None
}

fn read_spec(path: &Path) -> Option<Spec> {
    let bytes = FileLoader.read(path.to_str()?)?;
    Some(spec::read(std::str::from_utf8(&bytes).ok()?).unwrap_or_default())
}

fn text(path: &Path) -> Result<&str, DocumentationError> {
    let reason = || "its name is not UTF-8".to_owned();
    path.to_str()
        .ok_or_else(|| DocumentationError::Read { path: path.display().to_string(), reason: reason() })
}

fn cannot_read(path: &Path, error: &std::io::Error) -> DocumentationError {
    DocumentationError::Read { path: path.display().to_string(), reason: error.to_string() }
}

/// The files of the operating system, and the texts of the embedded libraries.
pub(crate) struct Texts;

impl Loader for Texts {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        match lucarne_library::text(path) {
            Some(text) => Some(text.as_bytes().to_vec()),
            None => FileLoader.read(path),
        }
    }

    fn is_file(&self, path: &str) -> bool {
        lucarne_library::text(path).is_some() || FileLoader.is_file(path)
    }

    fn is_folder(&self, path: &str) -> bool {
        match path.starts_with("<lib>") {
            true => lucarne_library::texts()
                .iter()
                .any(|(file, _)| file.strip_prefix(path).is_some_and(|inside| inside.starts_with('/'))),
            false => FileLoader.is_folder(path),
        }
    }

    fn full(&self, path: &str) -> String {
        FileLoader.full(path)
    }

    fn folders_above(&self, file: &str) -> Vec<String> {
        if file.starts_with(LIBRARY_PREFIX) { Vec::new() } else { FileLoader.folders_above(file) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("a file is in a folder"))
                .expect("it can be written");
            std::fs::write(path, text).expect("it can be written");
        }
    }

    /// Returns the packages of a folder with the names of their libraries.
    fn found(folder: &Path) -> Vec<(String, Vec<String>)> {
        let options = Options { with_library: false, ..Options::default() };
        let project = Project::find(&Subject::Path(folder.to_owned()), &options).expect("it can be read");
        let libraries =
            |package: &PackageFiles| package.files.values().map(|file| file.name.clone()).collect();
        project.packages.iter().map(|package| (package.name.clone(), libraries(package))).collect()
    }

    fn package(name: &str, libraries: &[&str]) -> (String, Vec<String>) {
        (name.to_owned(), libraries.iter().map(|library| (*library).to_owned()).collect())
    }

    #[test]
    fn files_belong_to_packages() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = "packages:\n  far:\n    url: e.com/far\n    version: 1.2.3\n  near:\n    path: ../near\n  own:\n    path: .\n";
        write(
            folder.path(),
            &[
                ("app/package.yaml", "name: weather\n"),
                ("app/package.lock", lock),
                ("app/src/a.toit", ""),
                ("app/src/b/b.toit", ""),
                ("app/src/b/c.toit", ""),
                ("app/src/b/notes.md", ""),
                ("app/src/.hidden/d.toit", ""),
                ("app/src/inner/package.yaml", ""),
                ("app/src/inner/e.toit", ""),
                ("app/src/tests/f.toit", ""),
                ("app/tests/g.toit", ""),
                ("app/.packages/e.com/far/1.2.3/src/far.toit", ""),
                ("near/package.yaml", "name: neighbor\n"),
                ("near/src/near.toit", ""),
            ],
        );
        let app = folder.path().join("app");
        let expected = [
            package("weather", &["a", "b", "b.c", "tests.f"]),
            package("far", &["far"]),
            package("neighbor", &["near"]),
        ];
        assert_eq!(found(&app), expected);
    }

    #[test]
    fn a_folder_without_a_package_is_a_program() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), &[("app/main.toit", ""), ("app/tests/x.toit", ""), ("app/src/y.toit", "")]);
        let app = folder.path().join("app");
        assert_eq!(found(&app), [package("app", &["main", "src.y", "tests.x"])]);
        let project =
            Project::find(&Subject::Path(app.join("main.toit")), &Options::default()).expect("it is a file");
        // Other files of the program have their names from its folder.
        let library = |place: usize, name: &str, inside: &str| {
            Some((place, LibraryFile { name: name.to_owned(), inside: inside.to_owned() }))
        };
        let place_of = |path: &str| project.place_of(folder.path().join(path).to_str().expect("UTF-8"));
        assert_eq!(place_of("app/sub/sub.toit"), library(0, "sub", "sub/sub.toit"));
        // Files outside of it, from the folder that contains both.
        assert_eq!(place_of("app2/x.toit"), library(0, "app2.x", "app2/x.toit"));
        assert_eq!(place_of("x.toit"), library(0, "x", "x.toit"));
        assert_eq!(project.place_of("<lib>/core/list.toit"), library(1, "core.list", "core/list.toit"));
    }

    #[test]
    fn packages_that_are_left_out_are_not_of_the_program() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = "packages:\n  near:\n    path: ../near\n";
        write(
            folder.path(),
            &[
                ("app/main.toit", ""),
                ("app/package.lock", lock),
                ("near/package.yaml", "name: near\n"),
                ("near/src/near.toit", ""),
            ],
        );
        let subject = Subject::Path(folder.path().join("app/main.toit"));
        let options = Options { with_packages: false, with_library: false, ..Options::default() };
        let project = Project::find(&subject, &options).expect("it is a file");
        assert_eq!(project.packages.iter().map(|package| &*package.name).collect::<Vec<_>>(), ["main"]);
        let file = folder.path().join("near/src/near.toit");
        assert_eq!(project.place_of(file.to_str().expect("UTF-8")), None);
        let all = Project::find(&subject, &Options::default()).expect("it is a file");
        assert_eq!(all.place_of(file.to_str().expect("UTF-8")).map(|(place, _)| place), Some(1));
    }

    #[test]
    fn a_package_that_is_left_out_need_not_be_listed() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = "packages:\n  near:\n    path: ../near\n";
        let files = [("app/main.toit", ""), ("app/package.lock", lock), ("near/src/near.toit", "")];
        write(folder.path(), &files);
        // A file with a hole, which is too large for a site.
        let file = std::fs::File::options().write(true).open(folder.path().join("near/src/near.toit"));
        file.and_then(|file| file.set_len(BYTES_MAX + 1)).expect("the hole takes no room");
        let subject = Subject::Path(folder.path().join("app/main.toit"));
        let error = Project::find(&subject, &Options::default()).expect_err("it is too large");
        assert!(matches!(error, DocumentationError::TooLarge(_)), "{error}");
        let options = Options { with_packages: false, ..Options::default() };
        Project::find(&subject, &options).expect("the package is left out");
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let find = |path: &str| Project::find(&Subject::Path(folder.path().join(path)), &Options::default());
        assert!(matches!(find("nothing"), Err(DocumentationError::Read { .. })));
        assert!(matches!(find(""), Err(DocumentationError::Empty(_))));
    }
}
