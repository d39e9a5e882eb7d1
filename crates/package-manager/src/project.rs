//! The operations on the packages of a program.

use std::path::{Path, PathBuf};

use lucarne_package::lock::{Lock, canonical, is_prefix};
use lucarne_package::spec::{self, Dependency, Spec};
use lucarne_package::version::{SDK_VERSION, Version};
use lucarne_package::{LOCK_FILE, PACKAGES_FOLDER, SPEC_FILE};

use crate::cache::Cache;
use crate::description::Need;
use crate::download::{PackagesFolder, Step, Wanted};
use crate::error::Error;
use crate::explain::newest;
use crate::files::{Folder, package_name, read_spec, relative, require_package, slashed};
use crate::ranges::{ANY, Requirement, listed, raised};
use crate::registry::Index;
use crate::resolve::{Resolved, Resolver, locked, provide};

/// The text of a new `package.yaml`.
const NEW_SPEC: &str = "# The packages that this program uses: `lucarne pkg install PACKAGE` adds one.\n";

/// A program whose packages are managed. Other commands wait until the value is dropped.
pub struct Project<'p> {
    folder: Folder,
    cache: &'p Cache,
    sdk: Version,
    watch: &'p (dyn Fn(Step<'_>) + Sync),
}

/// A package that was added to a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The URL, or the folder.
    pub place: String,
    /// The version, if it comes from a registry.
    pub version: Option<Version>,
    /// The prefix by which the program imports it.
    pub prefix: String,
}

/// The changes of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// The packages whose versions are new.
    pub versions: Vec<Wanted>,
    /// The constraints in `package.yaml` that were raised.
    pub constraints: Vec<Raised>,
}

/// A constraint in `package.yaml` that was raised to the version in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// The prefix by which the program imports the package.
    pub prefix: String,
    /// The URL of the package.
    pub url: String,
    /// The constraint before.
    pub from: String,
    /// The constraint now.
    pub to: String,
}

/// A package that a user asks for: `NAME` or `NAME@CONSTRAINT`, where the name can be a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The name or the URL.
    pub name: String,
    /// The constraint as it was typed, with its meaning.
    pub versions: Option<(String, Requirement)>,
}

impl Request {
    /// Reads a word of a command line.
    ///
    /// # Errors
    /// If the word is malformed.
    ///
    /// ```
    /// use lucarne_package_manager::project::Request;
    ///
    /// assert_eq!(Request::read("morse").unwrap().name, "morse");
    /// assert!(Request::read("morse@^1.0").unwrap().versions.is_some());
    /// assert!(Request::read("morse@").is_err());
    /// ```
    pub fn read(word: &str) -> Result<Request, Error> {
        let bad = |why: String| Error::BadRequest { word: word.to_owned(), why };
        let (name, versions) = match word.rsplit_once('@') {
            None => (word, None),
            Some((_, "")) => return Err(bad("a version is missing after the '@'".to_owned())),
            Some((name, text)) => {
                let requirement = Requirement::of_command_line(text);
                let why = || format!("'{text}' is not a version constraint, such as 1.2 or ^1.2.3");
                (name, Some((text.to_owned(), requirement.ok_or_else(|| bad(why()))?)))
            }
        };
        if name.is_empty() {
            return Err(bad("the name is empty".to_owned()));
        }
        Ok(Request { name: name.to_owned(), versions })
    }
}

impl<'p> Project<'p> {
    /// Opens the program in a folder. Waits for other commands that change its packages, and completes what a killed
    /// command had begun. `watch` is told of downloads, by several threads.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn open(
        root: &Path,
        cache: &'p Cache,
        watch: &'p (dyn Fn(Step<'_>) + Sync),
    ) -> Result<Project<'p>, Error> {
        Ok(Project { folder: Folder::open(root)?, cache, sdk: SDK_VERSION, watch })
    }

    /// Sets the version of the SDK that new packages must suit.
    pub fn with_sdk(mut self, sdk: Version) -> Project<'p> {
        self.sdk = sdk;
        self
    }

    /// Makes an empty `package.yaml` and lock file.
    ///
    /// # Errors
    /// If one of them exists.
    pub fn init(&self) -> Result<(), Error> {
        for file in [SPEC_FILE, LOCK_FILE] {
            if self.folder.has(file) {
                return Err(Error::AlreadyThere { folder: self.folder.root().to_owned(), file });
            }
        }
        self.folder.replace(NEW_SPEC, &Lock::default())
    }

    /// Returns whether [`Project::restore`] is all that the lock file needs: it exists, and lists the packages of
    /// `package.yaml`.
    ///
    /// # Errors
    /// If a file is invalid, or there is a lock file without a `package.yaml`.
    pub fn is_locked(&self) -> Result<bool, Error> {
        if !self.folder.has(LOCK_FILE) {
            return Ok(false);
        }
        self.require_spec()?;
        let lock = self.folder.lock()?;
        Ok(difference(&self.folder.spec()?.1, &lock).is_none())
    }

    /// Returns whether the program uses packages of registries.
    ///
    /// # Errors
    /// If a file is invalid.
    pub fn uses_registries(&self) -> Result<bool, Error> {
        let is_registry = |dependency: &Dependency| matches!(dependency, Dependency::Registry { .. });
        let (_, spec) = self.folder.spec()?;
        Ok(spec.dependencies.values().any(is_registry) || !locked(&self.folder.lock_or_parts()?)?.is_empty())
    }

    /// Downloads the packages that the lock file lists, and puts them into `.packages`. Returns the number of packages
    /// in the lock file. Needs no registry, and no network if the packages are in the cache.
    ///
    /// # Errors
    /// If the lock file is invalid, or a package cannot be downloaded.
    pub fn restore(&self) -> Result<usize, Error> {
        let lock = self.folder.lock()?;
        provide(&self.folder, self.cache, &locked(&lock)?, self.watch)?;
        Ok(lock.packages.len())
    }

    /// Makes the lock file from `package.yaml`. Versions in the old one stay where they suit, also if it is damaged.
    /// Returns the number of packages.
    ///
    /// # Errors
    /// If no versions fit together, or a package cannot be downloaded. After an error the files are unchanged.
    pub fn recompute(&self, index: &Index) -> Result<usize, Error> {
        self.require_spec()?;
        let (text, spec) = self.folder.spec()?;
        let resolved = self.resolve(&spec, index, true)?;
        self.folder.replace(&text, &resolved.lock)?;
        Ok(resolved.lock.packages.len())
    }

    /// Adds the package in the folder `package`. The prefix is `prefix`, or else the package's name, or else the name of
    /// its folder.
    ///
    /// # Errors
    /// As [`Project::recompute`], or if the folder is not a package, or the lock file is damaged.
    pub fn install_local(&self, package: &Path, prefix: Option<&str>, index: &Index) -> Result<Added, Error> {
        require_package(package)?;
        if !package.join(SPEC_FILE).is_file() {
            return Err(Error::NotAPackage { folder: package.to_owned(), why: "it has no package.yaml" });
        }
        let name = match prefix {
            Some(prefix) => prefix.to_owned(),
            None => package_name(&read_spec(package)?, package),
        };
        if !is_prefix(&name) {
            return Err(Error::BadPrefix(name));
        }
        let shown = match package.is_absolute() {
            true => package.to_owned(),
            false => relative(self.folder.root(), package)?,
        };
        self.folder.lock()?;
        let (old, _) = self.folder.spec()?;
        let text = self.edited(&old, &name, &Dependency::Path(slashed(&shown)))?;
        let resolved = self.resolve(&self.parsed(&text)?, index, true)?;
        self.folder.replace(&text, &resolved.lock)?;
        Ok(Added { place: slashed(&shown), version: None, prefix: name })
    }

    /// Adds packages from registries. The prefix is `prefix`, or else the name of the package.
    ///
    /// # Errors
    /// As [`Project::recompute`], or if a package does not exist, a prefix is taken, or the lock file is damaged.
    pub fn install(
        &self,
        requests: &[Request],
        prefix: Option<&str>,
        index: &Index,
    ) -> Result<Vec<Added>, Error> {
        self.require_agreement()?;
        let (old, spec) = self.folder.spec()?;
        let mut text = old.clone();
        let mut chosen = Vec::new();
        for request in requests {
            let choice = self.choice(request, prefix, &spec, index)?;
            let versions = match &request.versions {
                Some((_, requirement)) => requirement.text.clone(),
                // What is installed already stays as it is.
                None => match spec.dependencies.get(&canonical(&choice.prefix)) {
                    Some(Dependency::Registry { version, .. }) => version.clone(),
                    _ => ANY.to_owned(),
                },
            };
            let dependency = Dependency::Registry { url: choice.url.clone(), version: versions.clone() };
            text = self.edited(&text, &choice.prefix, &dependency)?;
            chosen.push((choice, versions));
        }
        let Resolved { lock, solution, .. } = self.resolve(&self.parsed(&text)?, index, true)?;
        let mut added = Vec::new();
        let mut text = old;
        for ((choice, versions), request) in chosen.into_iter().zip(requests) {
            let need = Need::read(&choice.url, &versions).map_err(|why| bad_request(request, why))?;
            let version = solution.version(&need).cloned().ok_or_else(|| index.not_found(&request.name))?;
            let asked = request.versions.as_ref().map(|(text, _)| text.as_str());
            let is_kept = asked.is_none() && spec.dependencies.contains_key(&canonical(&choice.prefix));
            let version_text = if is_kept { versions } else { listed(asked, &version) };
            let dependency = Dependency::Registry { url: choice.url.clone(), version: version_text };
            text = self.edited(&text, &choice.prefix, &dependency)?;
            added.push(Added { place: choice.url, version: Some(version), prefix: choice.prefix });
        }
        self.folder.replace(&text, &lock)?;
        Ok(added)
    }

    /// Removes the package with a prefix. Its files stay in `.packages` until [`Project::clean`].
    ///
    /// # Errors
    /// If there is none, the lock file is damaged, or as [`Project::recompute`].
    pub fn uninstall(&self, prefix: &str, index: &Index) -> Result<(), Error> {
        self.folder.lock()?;
        let (old, spec) = self.folder.spec()?;
        if !spec.dependencies.contains_key(&canonical(prefix)) {
            let known: Vec<&str> = spec.dependencies.keys().map(String::as_str).collect();
            let known = match known.as_slice() {
                [] => "the program uses no packages".to_owned(),
                known => format!("there are {}", known.join(", ")),
            };
            return Err(Error::NoSuchPrefix { prefix: prefix.to_owned(), known });
        }
        let path = self.folder.root().join(SPEC_FILE);
        let text = spec::without_dependency(&old, prefix)
            .map_err(|problem| Error::content(&path, &old, &problem))?;
        let resolved = self.resolve(&self.parsed(&text)?, index, true)?;
        self.folder.replace(&text, &resolved.lock)
    }

    /// Takes the newest versions that suit, and raises the constraints in `package.yaml` to them. Returns the changes.
    ///
    /// # Errors
    /// As [`Project::recompute`].
    pub fn update(&self, index: &Index) -> Result<Updated, Error> {
        self.require_spec()?;
        let before = locked(&self.folder.lock_or_parts()?).unwrap_or_default();
        let (mut text, spec) = self.folder.spec()?;
        let resolved = self.resolve(&spec, index, false)?;
        let mut constraints = Vec::new();
        for (prefix, dependency) in &spec.dependencies {
            let Dependency::Registry { url, version } = dependency else { continue };
            let need =
                Need::read(url, version).ok().and_then(|need| resolved.solution.version(&need).cloned());
            if let Some(raised) = need.and_then(|found| raised(version, &found)) {
                let dependency = Dependency::Registry { url: url.clone(), version: raised.clone() };
                text = self.edited(&text, prefix, &dependency)?;
                if raised != *version {
                    let (prefix, url, from) = (prefix.clone(), url.clone(), version.clone());
                    constraints.push(Raised { prefix, url, from, to: raised });
                }
            }
        }
        self.folder.replace(&text, &resolved.lock)?;
        let is_new = |wanted: &Wanted| {
            !before.iter().any(|old| old.url == wanted.url && old.version == wanted.version)
        };
        Ok(Updated { versions: resolved.wanted.into_iter().filter(is_new).collect(), constraints })
    }

    /// Removes the packages in `.packages` that the lock file does not list, and returns them.
    ///
    /// # Errors
    /// If the lock file is invalid, or a package cannot be removed.
    pub fn clean(&self) -> Result<Vec<Wanted>, Error> {
        let kept = locked(&self.folder.lock()?)?;
        if !self.folder.root().join(PACKAGES_FOLDER).is_dir() {
            return Ok(Vec::new());
        }
        PackagesFolder::of(self.folder.root()).clean(&kept)
    }

    fn resolve(&self, spec: &Spec, index: &Index, keep: bool) -> Result<Resolved, Error> {
        let before = self.folder.lock_or_parts()?;
        let (folder, cache, sdk) = (&self.folder, self.cache, self.sdk.clone());
        Resolver { folder, cache, index, before: &before, keep, sdk, watch: self.watch }.resolve(spec)
    }

    /// Finds the package that a request names, and the prefix for it.
    fn choice(
        &self,
        request: &Request,
        prefix: Option<&str>,
        spec: &Spec,
        index: &Index,
    ) -> Result<Choice, Error> {
        let url = index.find(&request.name)?;
        let none = std::collections::BTreeMap::new();
        let versions = index.packages.get(&url).unwrap_or(&none);
        let suits = |version: &Version| {
            request.versions.as_ref().is_none_or(|(_, requirement)| requirement.set.contains(version))
        };
        let suiting = versions.iter().rev().find(|(version, _)| suits(version));
        let Some((_, described)) = suiting else {
            return Err(Error::NoSuchVersion {
                url,
                constraint: request.versions.as_ref().map_or_else(String::new, |(text, _)| text.clone()),
                versions: newest(versions.keys()),
            });
        };
        let is_name = versions.values().any(|described| described.name == request.name);
        let name = match prefix {
            Some(prefix) => prefix,
            None if is_name => &request.name,
            None => &described.name,
        };
        if !is_prefix(name) {
            return Err(Error::BadPrefix(name.to_owned()));
        }
        let taken = |place: String| Error::PrefixTaken { prefix: name.to_owned(), place };
        match spec.dependencies.get(&canonical(name)) {
            Some(Dependency::Path(path)) => Err(taken(path.clone())),
            Some(Dependency::Registry { url: other, version })
                if *other != url || request.versions.is_some() =>
            {
                Err(taken(format!("{other} {version}")))
            }
            _ => Ok(Choice { url, prefix: name.to_owned() }),
        }
    }

    fn edited(&self, text: &str, prefix: &str, dependency: &Dependency) -> Result<String, Error> {
        let path = self.folder.root().join(SPEC_FILE);
        spec::with_dependency(text, prefix, dependency)
            .map_err(|problem| Error::content(&path, text, &problem))
    }

    fn parsed(&self, text: &str) -> Result<Spec, Error> {
        let path: PathBuf = self.folder.root().join(SPEC_FILE);
        spec::read(text).map_err(|problem| Error::content(&path, text, &problem))
    }

    fn require_spec(&self) -> Result<(), Error> {
        if self.folder.has(LOCK_FILE) && !self.folder.has(SPEC_FILE) {
            return Err(Error::NoSpec(self.folder.root().to_owned()));
        }
        Ok(())
    }

    /// Checks that the lock file lists the packages of `package.yaml`. Otherwise a command that adds a package would
    /// change more than that.
    fn require_agreement(&self) -> Result<(), Error> {
        self.require_spec()?;
        match difference(&self.folder.spec()?.1, &self.folder.lock()?) {
            Some(difference) => Err(Error::OutOfSync(difference)),
            None => Ok(()),
        }
    }
}

/// A package that was found for a request.
struct Choice {
    url: String,
    prefix: String,
}

fn bad_request(request: &Request, why: String) -> Error {
    Error::BadRequest { word: request.name.clone(), why }
}

/// Returns the prefixes that only one of the files has, as text; `None` if both have the same.
fn difference(spec: &Spec, lock: &Lock) -> Option<String> {
    let only = |one: Vec<&String>, other: Vec<&String>, file: &str| {
        let names: Vec<&str> =
            one.iter().filter(|name| !other.contains(name)).map(|name| name.as_str()).collect();
        (!names.is_empty()).then(|| format!("only in {file}: {}", names.join(", ")))
    };
    let (listed, locked) = (|| spec.dependencies.keys().collect(), || lock.prefixes.keys().collect());
    let parts = [only(listed(), locked(), SPEC_FILE), only(locked(), listed(), LOCK_FILE)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}
