//! Finds the files to document: those of the subject, of its packages, and of the libraries.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::names::library_name;
use lucarne_compiler::source::{FileLoader, LIBRARY_PREFIX, Loader, SourceId, normalized};
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

/// What is documented.
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
    /// The file that the subject is, if it is not a folder.
    entry: Option<String>,
    /// The files that decide which packages there are, in the folders of the subject too: those that have one of their own
    /// are other packages.
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
    /// The names of the libraries by the paths of their files.
    pub files: BTreeMap<String, String>,
}

/// How a package belongs to the subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PackageKind {
    /// It is the subject.
    Own,
    /// The subject uses it.
    Used,
    /// It is the libraries that come with Lucarne.
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
        if options.with_packages {
            project.add_packages()?;
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
        Project { title, packages: Vec::new(), entry: None, lists: Vec::new() }
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
        let description = spec.and_then(|spec| spec.description);
        let mut project = Project::new(name.clone());
        project.lists = vec![list, folder.join(LOCK_FILE)];
        project.lists.extend(folders.iter().map(|folder| folder.join(SPEC_FILE)));
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
        let path = text(file)?;
        std::fs::File::open(file).map_err(|error| cannot_read(file, &error))?;
        let stem = file.file_stem().map_or("program".into(), |stem| stem.to_string_lossy().into_owned());
        let mut project = Project::new(stem.clone());
        let files = BTreeMap::from([(path.to_owned(), stem.clone())]);
        project.entry = Some(path.to_owned());
        let own =
            PackageFiles { name: stem, kind: PackageKind::Own, description: None, version: None, files };
        project.packages.push(own);
        Ok(project)
    }

    /// Adds the packages that the lock file of the subject lists.
    fn add_packages(&mut self) -> Result<(), DocumentationError> {
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
            let sources = place(package.source_folder());
            if !Path::new(&sources).is_dir() {
                continue;
            }
            let (mut files, _) = below(Path::new(&sources), false)?;
            files.retain(|path, _| known.insert(path.clone()));
            if files.is_empty() {
                continue;
            }
            let list = Path::new(&place(package.folder())).join(SPEC_FILE);
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

    /// Removes the errors in packages of others, which the user cannot mend. Returns the names of these packages.
    pub(crate) fn take_foreign_errors(&self, analysis: &mut Analysis) -> Vec<String> {
        let owner = |source: SourceId| {
            let path = analysis.sources.get(source).map(|source| &source.path)?;
            let is_used = |package: &&PackageFiles| {
                package.kind == PackageKind::Used
                    && package.version.is_some()
                    && package.files.contains_key(path)
            };
            self.packages.iter().find(is_used).map(|package| package.name.clone())
        };
        let is_foreign = |problem: &Diagnostic| if problem.is_error() { owner(problem.source) } else { None };
        let mut names: Vec<String> = analysis.diagnostics.iter().filter_map(is_foreign).collect();
        names.sort();
        names.dedup();
        let kept: Vec<bool> =
            analysis.diagnostics.iter().map(|problem| is_foreign(problem).is_none()).collect();
        let mut kept = kept.into_iter();
        analysis.diagnostics.retain(|_| kept.next().unwrap_or(true));
        names
    }

    /// Returns the files whose changes change the documentation. Some of them may not exist.
    pub(crate) fn inputs(&self, analysis: &Analysis) -> Vec<PathBuf> {
        let read = analysis.sources.iter().map(|source| &source.path);
        let read = read.filter(|path| !path.starts_with(LIBRARY_PREFIX)).map(PathBuf::from);
        self.lists.iter().cloned().chain(read).collect()
    }

    /// Returns the package and the name of the library in a file. If the subject is a file, the other files of its program
    /// belong to it.
    pub(crate) fn place_of(&self, path: &str) -> Option<(usize, String)> {
        let is_in = |package: &PackageFiles| package.files.get(path).cloned();
        let known =
            self.packages.iter().enumerate().find_map(|(place, package)| Some((place, is_in(package)?)));
        if known.is_some() {
            return known;
        }
        let entry =
            self.entry.as_deref().filter(|_| !path.starts_with(LIBRARY_PREFIX) && path.ends_with(".toit"))?;
        let folder = entry.rsplit_once('/').map_or("", |(folder, _)| folder);
        let inside = path.strip_prefix(folder).map_or(path, |inside| inside.trim_start_matches('/'));
        // Files outside of the folder of the program have their names only.
        let inside = inside.trim_start_matches("../").trim_start_matches('/');
        Some((0, library_name(inside.strip_suffix(".toit")?)))
    }
}

/// Returns the libraries that come with Lucarne.
fn library() -> PackageFiles {
    let name = |path: &str| {
        let inside = path.strip_prefix(LIBRARY_PREFIX).unwrap_or(path);
        library_name(inside.strip_suffix(".toit").unwrap_or(inside))
    };
    let files = lucarne_library::texts().iter().map(|(path, _)| ((*path).to_owned(), name(path))).collect();
    PackageFiles {
        name: "Toit libraries".into(),
        kind: PackageKind::Library,
        description: Some("The libraries that come with Lucarne.".into()),
        version: None,
        files,
    }
}

/// Returns the source files below a folder with the names of their libraries, and the folders that they may be in. Leaves
/// out hidden folders, folders of other packages, and, if the folder is that of a package, its tests.
fn below(
    folder: &Path,
    has_tests: bool,
) -> Result<(BTreeMap<String, String>, Vec<PathBuf>), DocumentationError> {
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
            folders.push(path.to_owned());
        }
        let is_source = entry.file_type().is_file() && path.extension().is_some_and(|end| end == "toit");
        let (true, Some(name)) = (is_source, path.to_str()) else { continue };
        let inside = path.strip_prefix(folder).ok().and_then(Path::to_str).unwrap_or(name);
        let library = library_name(inside.strip_suffix(".toit").unwrap_or(inside));
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
        let libraries = |package: &PackageFiles| package.files.values().cloned().collect();
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
        let other = app.join("sub/sub.toit");
        assert_eq!(project.place_of(other.to_str().expect("UTF-8")), Some((0, "sub".to_owned())));
        assert_eq!(project.place_of("<lib>/core/list.toit"), Some((1, "core.list".to_owned())));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let find = |path: &str| Project::find(&Subject::Path(folder.path().join(path)), &Options::default());
        assert!(matches!(find("nothing"), Err(DocumentationError::Read { .. })));
        assert!(matches!(find(""), Err(DocumentationError::Empty(_))));
    }
}
