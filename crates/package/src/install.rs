//! Makes `package.lock` from `package.yaml`, and adds packages from folders to both.
//!
//! Nothing is downloaded: a package from a registry must be in `.packages` already.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::lock::{self, Lock, Package, Place, is_prefix};
use crate::spec::{self, Dependency, Spec};
use crate::text;
use crate::version::{Version, constraint, version};
use crate::{LOCK_FILE, PACKAGES_FOLDER, Problem, SOURCE_FOLDER, SPEC_FILE};

/// Why packages could not be installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// A file is invalid.
    #[error("{}:{line}: {title}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The line of the problem, counted from 1.
        line: usize,
        /// The problem.
        title: String,
    },
    /// A folder is not a package.
    #[error("{} is not a package: {why}", folder.display())]
    NotAPackage {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        why: &'static str,
    },
    /// A name cannot be used in an import.
    #[error("`{0}` cannot be the prefix of an import: choose another prefix with --prefix")]
    BadPrefix(String),
    /// No suitable version of a package from a registry is available.
    #[error(
        "no version {wanted} of {url} is in {}: Lucarne does not download packages; put the package into \
         a folder whose name is the version, such as 1.2.3", folder.display()
    )]
    NotThere {
        /// The package.
        url: String,
        /// The version constraint, such as `^1.2.0`.
        wanted: String,
        /// The folder that should hold its versions.
        folder: PathBuf,
    },
}

/// Returns the folder of the program that a file or folder belongs to: `inside` itself or the nearest parent with a
/// lock file or a `package.yaml`.
pub fn program_folder(inside: &Path) -> Option<PathBuf> {
    let has_file = |folder: &&Path| [LOCK_FILE, SPEC_FILE].iter().any(|name| folder.join(name).is_file());
    inside.ancestors().find(has_file).map(Path::to_owned)
}

/// Adds the package in the folder `package` to the program in `root`. The prefix is `prefix`, or else the package's
/// name, or else the name of its folder. Returns the prefix.
///
/// # Errors
/// See [`InstallError`]. If writing the lock file fails, `package.yaml` has been changed already; after any other
/// error, no file has been written.
pub fn install_local(root: &Path, package: &Path, prefix: Option<&str>) -> Result<String, InstallError> {
    require_package(package)?;
    let name = match prefix {
        Some(prefix) => prefix.to_owned(),
        None => package_name(&read_spec(package)?, package),
    };
    if !is_prefix(&name) {
        return Err(InstallError::BadPrefix(name));
    }
    let path = root.join(SPEC_FILE);
    let old = read_if_there(&path)?;
    let shown = if package.is_absolute() { package.to_owned() } else { relative(root, package)? };
    let text = spec::with_path(&old, &name, &slashed(&shown))
        .map_err(|problem| content_error(&path, &old, &problem))?;
    let wanted = spec::read(&text).map_err(|problem| content_error(&path, &text, &problem))?;
    let lock = resolve(root, wanted)?;
    write(&path, &text)?;
    write(&root.join(LOCK_FILE), &lock.write())?;
    Ok(name)
}

/// Makes the lock file of the program in `root` from its `package.yaml`. Returns the number of
/// packages in it.
///
/// # Errors
/// See [`InstallError`]. After an error the lock file is unchanged.
pub fn install_all(root: &Path) -> Result<usize, InstallError> {
    let lock = resolve(root, read_spec(root)?)?;
    write(&root.join(LOCK_FILE), &lock.write())?;
    Ok(lock.packages.len())
}

/// Reads the lock file of the program in `root`. Returns an empty `Lock` if the file does not exist.
///
/// # Errors
/// If it cannot be read, or is invalid.
pub fn installed(root: &Path) -> Result<Lock, InstallError> {
    let path = root.join(LOCK_FILE);
    let text = read_if_there(&path)?;
    let (lock, problems) = lock::read(&text);
    match problems.iter().find(|problem| !problem.is_warning) {
        Some(problem) => Err(content_error(&path, &text, problem)),
        None => Ok(lock),
    }
}

/// Finds the packages that the program needs, directly or through other packages.
fn resolve(root: &Path, wanted: Spec) -> Result<Lock, InstallError> {
    // A broken lock file is replaced. Its valid parts still supply the chosen versions and hashes; everything else
    // follows from `package.yaml`.
    let before = match read_if_there(&root.join(LOCK_FILE)) {
        Err(InstallError::Content { .. }) => Lock::default(),
        text => text.map(|text| lock::read(&text).0)?,
    };
    let mut resolver = Resolver {
        root,
        before,
        lock: Lock { sdk: wanted.sdk.clone(), ..Lock::default() },
        open: VecDeque::new(),
    };
    resolver.lock.prefixes = resolver.dependencies(Path::new(""), &wanted)?;
    while let Some((id, folder)) = resolver.open.pop_front() {
        let spec = read_spec(&root.join(&folder))?;
        let prefixes = resolver.dependencies(&folder, &spec)?;
        if let Some(package) = resolver.lock.packages.get_mut(&id) {
            package.prefixes = prefixes;
        }
    }
    Ok(resolver.lock)
}

struct Resolver<'r> {
    root: &'r Path,
    before: Lock,
    lock: Lock,
    /// Packages whose dependencies have not been read yet: id and folder.
    open: VecDeque<(String, PathBuf)>,
}

impl Resolver<'_> {
    /// Returns the map from the prefixes of a package to ids. `folder` is relative to the root, as
    /// in the lock file.
    fn dependencies(&mut self, folder: &Path, spec: &Spec) -> Result<BTreeMap<String, String>, InstallError> {
        let mut prefixes = BTreeMap::new();
        for (prefix, dependency) in &spec.dependencies {
            let place = match dependency {
                Dependency::Path(path) => Place::Path(slashed(&folded(&folder.join(path)))),
                Dependency::Registry { url, version } => self.choose(url, version)?,
            };
            prefixes.insert(prefix.clone(), self.id(place)?);
        }
        Ok(prefixes)
    }

    /// Chooses the version in the old lock file if it is suitable and present; otherwise the newest suitable version
    /// in `.packages`.
    fn choose(&self, url: &str, wanted: &str) -> Result<Place, InstallError> {
        let folder = self.root.join(PACKAGES_FOLDER).join(url);
        let there = fs::read_dir(&folder).into_iter().flatten().flatten();
        let names = there.filter_map(|entry| entry.file_name().into_string().ok());
        let wanted_versions = constraint(wanted);
        let will_do = |name: &String| {
            version(name)
                .filter(|version| wanted_versions.as_ref().is_some_and(|wanted| wanted.matches(version)))
        };
        let mut versions: Vec<(Version, String)> =
            names.filter_map(|name| Some((will_do(&name)?, name))).collect();
        versions.sort();
        let places = self.before.packages.values().map(|package| &package.place);
        let kept = places.clone().find(|place| {
            matches!(place, Place::Registry { url: of, version, .. }
                if of == url && versions.iter().any(|(_, name)| name == version))
        });
        if let Some(place) = kept {
            return Ok(place.clone());
        }
        let (_, version) = versions.pop().ok_or_else(|| InstallError::NotThere {
            url: url.to_owned(),
            wanted: wanted.to_owned(),
            folder,
        })?;
        Ok(Place::Registry { url: url.to_owned(), version, hash: None })
    }

    /// Returns the id of the package in a place. Adds the package to the lock file if it is new.
    fn id(&mut self, place: Place) -> Result<String, InstallError> {
        if let Some((id, _)) = self.lock.packages.iter().find(|(_, package)| package.place == place) {
            return Ok(id.clone());
        }
        let mut package = Package { place, name: None, prefixes: BTreeMap::new(), span: 0..0 };
        let folder = folded(&self.root.join(package.folder()));
        require_package(&folder)?;
        let name = package_name(&read_spec(&folder)?, &folder);
        let taken = |id: &String| self.lock.packages.contains_key(id);
        let numbered = (1..).map(|number| format!("{name}-{number}"));
        let id = std::iter::once(name.clone()).chain(numbered).find(|id| !taken(id)).unwrap_or_default();
        self.open.push_back((id.clone(), PathBuf::from(package.folder())));
        package.name = Some(name);
        self.lock.packages.insert(id.clone(), package);
        Ok(id)
    }
}

fn require_package(folder: &Path) -> Result<(), InstallError> {
    let why = match (folder.is_dir(), folder.join(SOURCE_FOLDER).is_dir()) {
        (true, true) => return Ok(()),
        (true, false) => "it has no folder `src`",
        (false, _) => "there is no such folder",
    };
    Err(InstallError::NotAPackage { folder: folder.to_owned(), why })
}

/// Returns the package's own name, or else the name of its folder.
fn package_name(spec: &Spec, folder: &Path) -> String {
    let of_folder = || {
        let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        full.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    spec.name.clone().unwrap_or_else(of_folder)
}

fn read_spec(folder: &Path) -> Result<Spec, InstallError> {
    let path = folder.join(SPEC_FILE);
    let text = read_if_there(&path)?;
    spec::read(&text).map_err(|problem| content_error(&path, &text, &problem))
}

/// Returns the text of a file; empty if it does not exist.
fn read_if_there(path: &Path) -> Result<String, InstallError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        other => other.map_err(|error| InstallError::File { path: path.to_owned(), error })?,
    };
    text::decode(bytes).map_err(|bad| content_error(path, &bad.text, &bad.problem))
}

/// Replaces a file in one step: if writing is interrupted, the old file is unchanged.
fn write(path: &Path, text: &str) -> Result<(), InstallError> {
    let new = path.with_extension(format!("new-{}", std::process::id()));
    let result = fs::write(&new, text).and_then(|()| fs::rename(&new, path));
    result.map_err(|error| {
        let _ = fs::remove_file(&new);
        InstallError::File { path: path.to_owned(), error }
    })
}

fn content_error(path: &Path, text: &str, problem: &Problem) -> InstallError {
    let line = text[..problem.span.start].matches('\n').count() + 1;
    InstallError::Content { path: path.to_owned(), line, title: problem.title.clone() }
}

/// Converts a path relative to the current folder into one relative to another folder.
fn relative(from: &Path, path: &Path) -> Result<PathBuf, InstallError> {
    let full = |path: &Path| {
        std::path::absolute(path)
            .map(|full| folded(&full))
            .map_err(|error| InstallError::File { path: path.to_owned(), error })
    };
    let (from, to) = (full(from)?, full(path)?);
    let common = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    let relative: PathBuf = up.chain(to.components().skip(common)).collect();
    Ok(if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative })
}

/// Removes `.` and `x/..` from a path. Returns `.` if nothing remains.
fn folded(path: &Path) -> PathBuf {
    let mut folded = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(folded.components().next_back(), Some(Component::Normal(_))) => {
                folded.pop();
            }
            other => folded.push(other),
        }
    }
    if folded.as_os_str().is_empty() { PathBuf::from(".") } else { folded }
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
