//! Finds the file of an import.
//!
//! A local import (`.a`) is relative to its own file and stays inside the package that the file
//! belongs to. Any other import begins with a prefix that the program's lock file maps to a
//! package, or else with the name of a library.

use std::collections::BTreeSet;

use crate::ast::{Identifier, Import};
use crate::diagnostic::Diagnostic;
use crate::names::Suggestions;
use crate::source::{Loader, SourceId, Sources, Span, normalized, within};
use lucarne_package::lock::{self, Lock, Package};
use lucarne_package::spec;
use lucarne_package::{LOCK_FILE, SPEC_FILE};

/// The owner of a file's code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Home {
    Library,
    Program,
    /// The package with this id.
    Package(String),
}

/// The file of an import.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) path: String,
    pub(super) home: Home,
}

/// Returns whether a file is in a local package that the lock file in a folder lists.
fn is_in_local_package(loader: &dyn Loader, folder: &str, lock: &[u8], file: &str) -> bool {
    let (lock, _) = lock::read(&String::from_utf8_lossy(lock));
    let packages = Packages { lock, folder: folder.to_owned(), ..Packages::default() };
    packages.home_of(loader, file, Package::is_local) != Home::Program
}

/// The packages of a program.
#[derive(Default)]
pub(super) struct Packages {
    lock: Lock,
    /// The lock file among the sources, and the folder that it is in.
    source: Option<SourceId>,
    folder: String,
    /// Whether the lock file cannot be read, which has been reported: the packages are not known.
    is_unreadable: bool,
    /// The prefixes that `package.yaml` lists, installed or not.
    listed: BTreeSet<String>,
}

impl Packages {
    /// Reads the lock file of the program that a file belongs to, if there is one. It is in the nearest folder above
    /// the file that contains a lock file or a `package.yaml`. If that is the folder of a local package, which has no
    /// lock file itself, the program is the one that uses the package.
    pub(super) fn find(
        loader: &dyn Loader,
        sources: &mut Sources,
        entry: &str,
    ) -> (Packages, Vec<Diagnostic>) {
        let mut without_lock = None;
        for folder in loader.folders_above(entry) {
            let path = join(&folder, LOCK_FILE);
            let listed = loader.read(&join(&folder, SPEC_FILE)).map(|bytes| listed(&bytes));
            if let Some(bytes) = loader.read(&path) {
                if without_lock.is_some() && !is_in_local_package(loader, &folder, &bytes, entry) {
                    break;
                }
                let (packages, problems) = Packages::read(sources, folder, path, bytes);
                return (Packages { listed: listed.unwrap_or_default(), ..packages }, problems);
            }
            without_lock = without_lock.or(listed);
        }
        (Packages { listed: without_lock.unwrap_or_default(), ..Packages::default() }, Vec::new())
    }

    fn read(
        sources: &mut Sources,
        folder: String,
        path: String,
        bytes: Vec<u8>,
    ) -> (Packages, Vec<Diagnostic>) {
        let (source, problem) = sources.add(path, bytes);
        let text = sources.get(source).map_or("", |source| source.text.as_str());
        if let Some(problem) = problem {
            let packages =
                Packages { source: Some(source), folder, is_unreadable: true, ..Packages::default() };
            return (packages, vec![problem]);
        }
        let (lock, problems) = lock::read(text);
        let mut found = Vec::new();
        for problem in problems {
            let span = Span::new(problem.span.start, problem.span.end);
            let kind = if problem.is_warning { Diagnostic::warning } else { Diagnostic::error };
            found.push(kind(source, span, problem.title));
        }
        let is_unreadable = lock == Lock::default() && found.iter().any(Diagnostic::is_error);
        (Packages { lock, source: Some(source), folder, is_unreadable, ..Packages::default() }, found)
    }

    /// Returns warnings about local packages whose folder does not exist. Leaves out those in `reported`, which an import needs.
    pub(super) fn missing_folders(
        &self,
        loader: &dyn Loader,
        reported: &BTreeSet<String>,
    ) -> Vec<Diagnostic> {
        let Some(source) = self.source else { return Vec::new() };
        let local =
            self.lock.packages.iter().filter(|(id, package)| package.is_local() && !reported.contains(*id));
        let missing = local.filter_map(|(id, package)| {
            let folder = normalized(&under(&self.folder, &package.folder()));
            let span = Span::new(package.span.start, package.span.end);
            let title = format!("the package `{id}` is not in the folder `{folder}`");
            (!loader.is_folder(&folder)).then(|| Diagnostic::warning(source, span, title).for_check())
        });
        missing.collect()
    }

    /// Returns whether warnings about the code of a home concern the user.
    pub(super) fn is_own(&self, home: &Home) -> bool {
        match home {
            Home::Library => false,
            Home::Program => true,
            Home::Package(id) => self.lock.packages.get(id).is_none_or(Package::is_local),
        }
    }

    /// Returns the path of a file as shown in stack traces.
    pub(super) fn shown(&self, target: &Target) -> String {
        let Home::Package(id) = &target.home else { return target.path.clone() };
        let inside =
            self.source_folder(id).and_then(|folder| within(&folder, &target.path).map(str::to_owned));
        inside.map_or_else(|| target.path.clone(), |inside| format!("<pkg:{id}>/{inside}"))
    }

    fn source_folder(&self, id: &str) -> Option<String> {
        self.lock.packages.get(id).map(|package| normalized(&under(&self.folder, &package.source_folder())))
    }

    /// Returns the file of an import in `importer`, or why there is none.
    pub(super) fn resolve(
        &self,
        files: &dyn Files,
        importer: &str,
        home: &Home,
        import: &Import,
    ) -> Result<Target, Missing> {
        let (first, rest) = import.segments.split_first().ok_or(Missing::Reported)?;
        if import.dots > 0 {
            return self.resolve_local(files, importer, home, import);
        }
        let id = self.package_id(home, &first.name);
        let Some((id, package)) = id.and_then(|id| Some((id, self.lock.packages.get(id)?))) else {
            let path = find_file(files, "<lib>", &import.segments).map_err(|_| match id {
                None if !self.is_unreadable => Missing::Library,
                _ => Missing::Reported,
            })?;
            return Ok(Target { path, home: Home::Library });
        };
        let folder = normalized(&under(&self.folder, &package.folder()));
        let sources = normalized(&under(&self.folder, &package.source_folder()));
        if !files.is_folder(&sources) {
            let has_folder = files.is_folder(&folder);
            return Err(Missing::Package { id: id.to_owned(), folder, has_folder });
        }
        let name = package.name.as_deref().map(|name| Identifier { name: name.into(), span: first.span });
        let named = [name.unwrap_or_else(|| Identifier { name: first.name.clone(), span: first.span })];
        let segments = if rest.is_empty() { &named[..] } else { rest };
        match find_file(files, &sources, segments) {
            Ok(path) => Ok(Target { path, home: Home::Package(id.to_owned()) }),
            Err(file) => Err(Missing::InPackage { id: id.to_owned(), file }),
        }
    }

    /// Returns whether the lock file maps a prefix to a package.
    pub(super) fn has_prefix(&self, home: &Home, prefix: &str) -> bool {
        self.package_id(home, prefix).is_some()
    }

    fn package_id(&self, home: &Home, prefix: &str) -> Option<&str> {
        let prefixes = match home {
            Home::Library => return None,
            Home::Program => &self.lock.prefixes,
            Home::Package(id) => &self.lock.packages.get(id)?.prefixes,
        };
        prefixes.get(&lock::canonical(prefix)).map(String::as_str)
    }

    fn resolve_local(
        &self,
        files: &dyn Files,
        importer: &str,
        home: &Home,
        import: &Import,
    ) -> Result<Target, Missing> {
        let mut folder = parent(importer);
        let border = match home {
            Home::Library | Home::Program => None,
            Home::Package(id) => self.source_folder(id),
        };
        for _ in 1..import.dots {
            folder = up(&folder);
            if border.as_ref().is_some_and(|border| within(border, &format!("{folder}/")).is_none()) {
                return Err(Missing::OutOfPackage);
            }
        }
        let path =
            find_file(files, &folder, &import.segments).map_err(|file| Missing::Local { folder, file })?;
        let path = inside_working_folder(files, path);
        if *home == Home::Program
            && let Some(id) = self.package_of(&path)
        {
            return Err(Missing::IntoPackage(id));
        }
        Ok(Target { path, home: home.clone() })
    }

    /// Returns the owner of a file: one of the packages that `is_meant` accepts, or the program.
    pub(super) fn home_of(
        &self,
        loader: &dyn Loader,
        path: &str,
        is_meant: impl Fn(&Package) -> bool,
    ) -> Home {
        let full = |path: &str| normalized(&loader.full(path));
        let (path, root) = (full(path), full(&self.folder));
        let packages = self.lock.packages.iter().filter(|(_, package)| is_meant(package));
        let mut holding = packages.filter(|(id, _)| {
            // A package may contain the whole program, such as an example of the package.
            let folder = self.source_folder(id).map(|folder| full(&folder));
            folder.is_some_and(|folder| {
                within(&folder, &path).is_some() && within(&folder, &format!("{root}/")).is_none()
            })
        });
        holding.next().map_or(Home::Program, |(id, _)| Home::Package(id.clone()))
    }

    /// Returns the package whose folder contains a file of the program. Ignores a package whose
    /// folder contains the whole program, such as the package of an example.
    fn package_of(&self, path: &str) -> Option<String> {
        let packages = self.lock.packages.keys();
        let mut holding = packages.filter(|id| {
            self.source_folder(id).is_some_and(|folder| {
                within(&normalized(&folder), &normalized(path)).is_some()
                    && within(&folder, &format!("{}/", normalized(&self.folder))).is_none()
            })
        });
        holding.next().cloned()
    }

    /// Returns the error about an import without a file, with an explanation; none if the problem has been reported.
    pub(super) fn explain<'l>(
        &self,
        source: SourceId,
        import: &Import,
        missing: Missing,
        libraries: impl Iterator<Item = &'l str>,
        suggestions: &Suggestions,
    ) -> Option<Diagnostic> {
        let name = import.segments.iter().map(|segment| &*segment.name).collect::<Vec<_>>().join(".");
        let error = |span, title: String| Diagnostic::error(source, span, title);
        Some(match missing {
            Missing::Reported => return None,
            Missing::Library => {
                let problem = error(import.span, format!("cannot find `{name}`"));
                match import.segments.first() {
                    Some(first) if self.listed.contains(&lock::canonical(&first.name)) => problem
                        .note(format!("`{SPEC_FILE}` lists the package `{}`, but it is not installed", first.name))
                        .hint("run `lucarne pkg install`"),
                    _ => explain_library(problem, &name, libraries, suggestions),
                }
            }
            Missing::Local { folder, file } => {
                let place = if folder.is_empty() { "this folder".to_owned() } else { format!("`{folder}`") };
                error(import.span, format!("cannot find `{}{name}`", ".".repeat(import.dots as usize)))
                    .note(format!("there is no `{file}` in {place}"))
            }
            Missing::InPackage { id, file } => {
                error(import.span, format!("the package `{id}` has no file for `{name}`"))
                    .note(format!("there is no `{file}` in its folder `src`"))
            }
            Missing::OutOfPackage => error(import.span, "this import leads out of its own package".into())
                .note("the files of a package import each other, libraries, and packages that the lock file names"),
            Missing::IntoPackage(id) => {
                error(import.span, format!("this file belongs to the package `{id}`"))
                    .hint("import it through the package's prefix: a local import would load it twice")
            }
            Missing::Package { id, folder, has_folder } => {
                let span = import.segments.first().map_or(import.span, |prefix| prefix.span);
                self.explain_package(error(span, String::new()), &id, &folder, has_folder)
            }
        })
    }

    fn explain_package(&self, problem: Diagnostic, id: &str, folder: &str, has_folder: bool) -> Diagnostic {
        let title = if has_folder {
            format!("the package `{id}` has no folder `src`")
        } else {
            format!("cannot find the package `{id}`: there is no folder `{folder}`")
        };
        let mut problem = Diagnostic { title, ..problem };
        let Some((source, package)) = self.source.zip(self.lock.packages.get(id)) else { return problem };
        problem = problem.also(
            source,
            Span::new(package.span.start, package.span.end),
            "the lock file names it here",
        );
        match (has_folder, package.is_local()) {
            (true, _) => {
                problem.note("only files in the folder `src` of a package can be imported from outside")
            }
            (false, true) => {
                problem.hint("run `lucarne pkg install --local PATH` with the folder where it is now")
            }
            (false, false) => problem.hint("run `lucarne pkg install`, which downloads it"),
        }
    }
}

/// Returns the prefixes that a `package.yaml` lists. The list only improves error messages, so a malformed file counts
/// as one without prefixes.
fn listed(bytes: &[u8]) -> BTreeSet<String> {
    let spec = std::str::from_utf8(bytes).ok().and_then(|text| spec::read(text).ok());
    spec.map(|spec| spec.dependencies.into_keys().collect()).unwrap_or_default()
}

/// Why an import has no file.
#[derive(Debug)]
pub(super) enum Missing {
    /// The problem with the import, or with the lock file's entry for it, has been reported.
    Reported,
    Library,
    /// The folder in which the search began, and the path that is missing in it.
    Local {
        folder: String,
        file: String,
    },
    InPackage {
        id: String,
        file: String,
    },
    OutOfPackage,
    IntoPackage(String),
    Package {
        id: String,
        folder: String,
        has_folder: bool,
    },
}

/// Libraries of the Toit SDK that are not supported, with the reason.
const ABSENT: &[(&[&str], &str)] = &[(
    &[
        "ble",
        "device",
        "esp32",
        "flash",
        "gpio.adc",
        "gpio.dac",
        "gpio.pwm",
        "gpio.touch",
        "i2c",
        "i2s",
        "pulse-counter",
        "rmt",
        "serial",
        "spi",
        "system.firmware",
        "system.base.firmware",
        "system.api.firmware",
    ],
    "it needs the hardware of a microcontroller, which a host does not have",
)];

fn explain_library<'l>(
    problem: Diagnostic,
    name: &str,
    libraries: impl Iterator<Item = &'l str>,
    suggestions: &Suggestions,
) -> Diagnostic {
    let canonical = lock::canonical(name);
    let is_of = |library: &&str| {
        canonical.strip_prefix(*library).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if let Some((_, why)) = ABSENT.iter().find(|(names, _)| names.iter().any(is_of)) {
        return problem.note(*why);
    }
    let libraries: Vec<&str> = libraries.collect();
    let last = |library: &'l str| library.rsplit('.').next().unwrap_or(library);
    let ends_in = |name: &str| libraries.iter().copied().find(|library| last(library) == name);
    let near =
        suggestions.nearest(name, libraries.iter().copied()).or_else(|| ends_in(&canonical)).or_else(|| {
            // The name of a package that is not installed is often near that of some library. A misspelt name begins with the
            // right letter.
            let begins_alike = |last: &&str| last.chars().next() == name.chars().next();
            ends_in(suggestions.nearest(name, libraries.iter().copied().map(last).filter(begins_alike))?)
        });
    if libraries.iter().any(|library| library.strip_prefix("core.") == Some(&*canonical)) {
        return problem
            .hint("remove the line: what this part of the library declares is known without an import");
    }
    if let Some((library, name)) =
        canonical.rsplit_once('.').filter(|(library, _)| libraries.contains(library))
    {
        return problem.hint(format!(
            "an import names a library: write `import {library}`, and `{library}.{name}` for a name of it"
        ));
    }
    match near {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(
            "to import a file next to this one, write a `.` before its name; to use a package, \
             run `lucarne pkg install NAME`, or `lucarne pkg install --local PATH` for one in a folder",
        ),
    }
}

/// The files that imports can refer to.
pub(super) trait Files {
    fn is_file(&self, path: &str) -> bool;
    fn is_folder(&self, path: &str) -> bool;

    /// See [`Loader::full`].
    fn full(&self, path: &str) -> String;
}

/// Finds `folder/a/b.toit`, or `folder/a/b/b.toit` if there is such a folder. If neither exists,
/// returns the missing part.
fn find_file(files: &dyn Files, folder: &str, segments: &[Identifier]) -> Result<String, String> {
    let mut folder = folder.to_owned();
    let mut inside = String::new();
    let Some((last, above)) = segments.split_last() else { return Err(inside) };
    for segment in above {
        inside += &format!("{}/", segment.name);
        let inner = spellings(&segment.name)
            .iter()
            .map(|name| join(&folder, name))
            .find(|path| files.is_folder(path));
        folder = inner.ok_or_else(|| inside.clone())?;
    }
    let spellings = spellings(&last.name);
    let beside = spellings.iter().map(|name| join(&folder, &format!("{name}.toit")));
    let below = spellings.iter().flat_map(|name| {
        // The spelling of a folder's main file may differ from the folder's.
        let inner = join(&folder, name);
        spellings.iter().map(move |file| join(&inner, &format!("{file}.toit")))
    });
    beside.chain(below).find(|path| files.is_file(path)).ok_or_else(|| format!("{inside}{}.toit", last.name))
}

/// Returns the possible spellings of a file name: dashes and underscores are equivalent. A trailing underscore marks a
/// private name, so it is tried unchanged first, and as a dash last.
fn spellings(name: &str) -> Vec<String> {
    let tail = name.len() - name.trim_end_matches('_').len();
    let dashes = format!("{}{}", name.trim_end_matches('_').replace('_', "-"), "_".repeat(tail));
    let mut all = vec![name.to_owned()];
    for spelling in [dashes, name.replace('-', "_"), name.replace('_', "-")] {
        if !all.contains(&spelling) {
            all.push(spelling);
        }
    }
    all
}

fn parent(path: &str) -> String {
    path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned())
}

/// Returns the parent folder.
fn up(folder: &str) -> String {
    match folder.rsplit_once('/') {
        Some((above, "..")) => format!("{above}/../.."),
        Some((above, _)) => above.to_owned(),
        None if folder.is_empty() || folder == "." => "..".to_owned(),
        None if folder == ".." => "../..".to_owned(),
        None => String::new(),
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Returns a path that is relative to a folder, unless it is absolute.
fn under(folder: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { join(folder, path) }
}

/// Removes `..` from a path that leads back into the working folder, so that a file has the same path however it is
/// imported.
fn inside_working_folder(files: &dyn Files, path: String) -> String {
    if !path.starts_with("../") {
        return path;
    }
    let (folder, full) = (files.full("."), normalized(&files.full(&path)));
    within(&normalized(&folder), &full).map_or(path, str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_above() {
        assert_eq!([up("a/b"), up("a"), up(""), up(".."), up("../..")], ["a", "", "..", "../..", "../../.."]);
    }

    #[test]
    fn dashes_and_underscores_are_the_same() {
        assert_eq!(spellings("a_b-c_"), ["a_b-c_", "a-b-c_", "a_b_c_", "a-b-c-"]);
        assert_eq!(spellings("plain"), ["plain"]);
    }
}
