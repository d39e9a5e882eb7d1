//! Makes the lock file of a program from its `package.yaml` and those of its packages.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use lucarne_package::lock::{Lock, Package, Place, canonical};
use lucarne_package::spec::{Dependency, Spec};
use lucarne_package::version::Version;

use crate::cache::Cache;
use crate::description::{Need, oldest_sdk};
use crate::download::{PackagesFolder, Step, Wanted, fetch_all};
use crate::error::Error;
use crate::files::{Folder, folded, package_name, read_spec, require_package, slashed};
use crate::names::{lock_id, package_version};
use crate::registry::Index;
use crate::solver::{Candidate, Candidates, Part, Puzzle, Solution, solve};

/// The maximum number of packages in folders.
const LOCAL_MAX: usize = 1_000;

/// The input for making a lock file.
pub(crate) struct Resolver<'r> {
    pub(crate) folder: &'r Folder,
    pub(crate) cache: &'r Cache,
    pub(crate) index: &'r Index,
    /// The lock file before; its versions stay if `keep` is set.
    pub(crate) before: &'r Lock,
    /// Whether versions of the lock file stay where they suit.
    pub(crate) keep: bool,
    /// The SDK that packages must suit.
    pub(crate) sdk: Version,
    pub(crate) watch: &'r (dyn Fn(Step<'_>) + Sync),
}

/// A lock file that has been made, with the versions in it.
pub(crate) struct Resolved {
    pub(crate) lock: Lock,
    pub(crate) solution: Solution,
    /// The packages of registries in the lock file.
    pub(crate) wanted: Vec<Wanted>,
}

/// A package in a folder.
struct Local {
    /// The folder, relative to the program.
    folder: PathBuf,
    spec: Spec,
}

impl Resolver<'_> {
    /// Finds the packages that a program with this `package.yaml` needs, downloads them, and puts them into `.packages`.
    pub(crate) fn resolve(&self, spec: &Spec) -> Result<Resolved, Error> {
        let locals = self.locals(spec)?;
        let solution = self.solve(spec, &locals)?;
        let wanted = self.wanted(&solution)?;
        provide(self.folder, self.cache, &wanted, self.watch)?;
        let lock = self.lock(spec, &locals, &solution, &wanted)?;
        Ok(Resolved { lock, solution, wanted })
    }

    /// Returns the packages in folders that the program needs, directly or through other packages in folders.
    fn locals(&self, spec: &Spec) -> Result<Vec<Local>, Error> {
        let mut locals: Vec<Local> = Vec::new();
        let mut open = VecDeque::from([(PathBuf::new(), spec.clone())]);
        while let Some((from, spec)) = open.pop_front() {
            for dependency in spec.dependencies.values() {
                let Dependency::Path(path) = dependency else { continue };
                let folder = folded(&from.join(path));
                if locals.iter().any(|local| local.folder == folder) {
                    continue;
                }
                if locals.len() == LOCAL_MAX {
                    let what = "the program".to_owned();
                    return Err(Error::TooLarge { what, limit: format!("{LOCAL_MAX} packages in folders") });
                }
                let full = folded(&self.folder.root().join(&folder));
                require_package(&full)?;
                let spec = read_spec(&full)?;
                open.push_back((folder.clone(), spec.clone()));
                locals.push(Local { folder, spec });
            }
        }
        Ok(locals)
    }

    fn solve(&self, spec: &Spec, locals: &[Local]) -> Result<Solution, Error> {
        let mut parts = vec![Part { name: "this program".to_owned(), needs: needs(spec)? }];
        for local in locals {
            let name = format!("the package in {}", slashed(&local.folder));
            parts.push(Part { name, needs: needs(&local.spec)? });
        }
        parts.retain(|part| !part.needs.is_empty());
        let candidates = self.candidates(&parts)?;
        let mut preferred = BTreeSet::new();
        for package in self.before.packages.values().filter(|_| self.keep) {
            if let Place::Registry { url, version, .. } = &package.place {
                preferred.extend(package_version(version).map(|version| (url.clone(), version)));
            }
        }
        solve(&Puzzle { candidates: &candidates, parts, preferred, sdk: self.sdk.clone() })
    }

    /// Returns the versions that can be chosen: those in the registries, those of the lock file, and, of packages that
    /// no registry lists, those that are in `.packages`.
    fn candidates(&self, parts: &[Part]) -> Result<Candidates, Error> {
        let mut candidates = Candidates::new();
        for (url, versions) in &self.index.packages {
            let versions = versions.iter().map(|(version, described)| {
                let needs = described.dependencies.clone();
                (version.clone(), Candidate { sdk: described.sdk.clone(), needs })
            });
            candidates.insert(url.clone(), versions.collect());
        }
        let there = PackagesFolder::of(self.folder.root());
        // A registry may have removed a version that the program uses.
        for wanted in locked(self.before)? {
            let version = package_version(&wanted.version);
            let listed = candidates.entry(wanted.url.clone()).or_default();
            if let Some(version) =
                version.filter(|version| !listed.contains_key(version) && there.has(&wanted))
            {
                listed.insert(version, self.candidate(&wanted)?);
            }
        }
        candidates.retain(|_, versions| !versions.is_empty());
        let mut open: Vec<Need> = parts.iter().flat_map(|part| part.needs.clone()).collect();
        let mut seen = BTreeSet::new();
        while let Some(need) = open.pop() {
            if !seen.insert(need.url.clone()) {
                continue;
            }
            if self.index.packages.contains_key(&need.url) {
                let versions = candidates.get(&need.url).into_iter().flat_map(BTreeMap::values);
                open.extend(versions.flat_map(|candidate| candidate.needs.clone()));
                continue;
            }
            for (version, name) in there.versions(&need.url) {
                let wanted = Wanted { url: need.url.clone(), version: name, hash: None };
                let candidate = self.candidate(&wanted)?;
                open.extend(candidate.needs.clone());
                candidates.entry(need.url.clone()).or_default().insert(version, candidate);
            }
        }
        Ok(candidates)
    }

    /// Returns a version that is in `.packages`, as its own `package.yaml` describes it.
    fn candidate(&self, wanted: &Wanted) -> Result<Candidate, Error> {
        let spec = read_spec(&self.folder.root().join(wanted.folder()))?;
        Ok(Candidate { sdk: spec.sdk.as_deref().and_then(oldest_sdk), needs: needs(&spec)? })
    }

    /// Returns the chosen versions with their hashes.
    fn wanted(&self, solution: &Solution) -> Result<Vec<Wanted>, Error> {
        let mut wanted = Vec::new();
        for (url, versions) in &solution.versions {
            for version in versions {
                let described = self.index.packages.get(url).and_then(|versions| versions.get(version));
                let locked = self.before.packages.values().find_map(|package| match &package.place {
                    Place::Registry { url: of, version: text, hash }
                        if of == url && package_version(text).as_ref() == Some(version) =>
                    {
                        Some((text.clone(), hash.clone()))
                    }
                    _ => None,
                });
                // A version that stays keeps its commit, whatever the registry says now.
                let (text, hash) = match (locked, described) {
                    (Some((text, Some(hash))), _) => (text, Some(hash)),
                    (Some((text, None)), None) => (text, None),
                    (_, Some(described)) => (version.to_string(), Some(described.hash.clone())),
                    (None, None) => (self.folder_name(url, version), None),
                };
                wanted.push(Wanted::checked(url, &text, hash.as_deref())?);
            }
        }
        Ok(wanted)
    }

    /// Returns the name of the folder of a version in `.packages`.
    fn folder_name(&self, url: &str, version: &Version) -> String {
        let there = PackagesFolder::of(self.folder.root()).versions(url);
        there.into_iter().find(|(of, _)| of == version).map_or_else(|| version.to_string(), |(_, name)| name)
    }

    fn lock(
        &self,
        spec: &Spec,
        locals: &[Local],
        solution: &Solution,
        wanted: &[Wanted],
    ) -> Result<Lock, Error> {
        let mut ids = Ids { locals: BTreeMap::new(), registry: BTreeMap::new() };
        for wanted in wanted {
            ids.add_version(wanted);
        }
        for local in locals {
            ids.add_folder(&local.folder);
        }
        let mut lock = Lock { prefixes: ids.prefixes(Path::new(""), spec, solution)?, ..Lock::default() };
        let mut sdks: Vec<Version> = spec.sdk.as_deref().and_then(oldest_sdk).into_iter().collect();
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for local in locals {
            let id = ids.locals.get(&local.folder).cloned().unwrap_or_default();
            let prefixes = ids.prefixes(&local.folder, &local.spec, solution)?;
            let place = Place::Path(slashed(&local.folder));
            names.insert(id.clone(), package_name(&local.spec, &self.folder.root().join(&local.folder)));
            sdks.extend(local.spec.sdk.as_deref().and_then(oldest_sdk));
            lock.packages.insert(id, Package { place, name: None, prefixes, span: 0..0 });
        }
        for wanted in wanted {
            let version = version_of(wanted);
            let folder = self.folder.root().join(wanted.folder());
            let spec = read_spec(&folder)?;
            if spec.dependencies.values().any(|dependency| matches!(dependency, Dependency::Path(_))) {
                let why = "it needs a package in a folder, which only its author has".to_owned();
                return Err(Error::Hostile { package: format!("{} {version}", wanted.url), why });
            }
            let prefixes = ids.prefixes(&folder, &spec, solution)?;
            let id = ids.registry.get(&(wanted.url.clone(), version)).cloned().unwrap_or_default();
            names.insert(id.clone(), package_name(&spec, Path::new(&wanted.url)));
            sdks.extend(spec.sdk.as_deref().and_then(oldest_sdk));
            let Wanted { url, version, hash } = wanted.clone();
            let place = Place::Registry { url, version, hash };
            lock.packages.insert(id, Package { place, name: None, prefixes, span: 0..0 });
        }
        set_names(&mut lock, &names);
        lock.sdk = sdks.into_iter().max().map(|oldest| format!("^{oldest}"));
        Ok(lock)
    }
}

/// The ids of packages in the lock file.
struct Ids {
    /// By folder.
    locals: BTreeMap<PathBuf, String>,
    /// By URL and version.
    registry: BTreeMap<(String, Version), String>,
}

impl Ids {
    /// Chooses the id of a package from a registry.
    fn add_version(&mut self, wanted: &Wanted) {
        let version = version_of(wanted);
        let id = self.free(lock_id(&wanted.url, &version));
        self.registry.insert((wanted.url.clone(), version), id);
    }

    /// Chooses the id of a package in a folder: the name of the folder.
    fn add_folder(&mut self, folder: &Path) {
        let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let name: String = name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
        let id = self.free(if name.is_empty() { "package".to_owned() } else { name });
        self.locals.insert(folder.to_owned(), id);
    }

    /// Returns a name, with a number if it is taken.
    fn free(&self, name: String) -> String {
        let is_taken =
            |id: &String| self.locals.values().chain(self.registry.values()).any(|other| other == id);
        let numbered = (1..).map(|number| format!("{name}-{number}"));
        std::iter::once(name.clone()).chain(numbered).find(|id| !is_taken(id)).unwrap_or_default()
    }

    /// Returns the map from the prefixes of a package to ids. `folder` is that of the package.
    fn prefixes(
        &self,
        folder: &Path,
        spec: &Spec,
        solution: &Solution,
    ) -> Result<BTreeMap<String, String>, Error> {
        let mut prefixes = BTreeMap::new();
        for (prefix, dependency) in &spec.dependencies {
            let id = match dependency {
                Dependency::Path(path) => self.locals.get(&folded(&folder.join(path))).cloned(),
                Dependency::Registry { url, version } => {
                    let need = Need::read(url, version).map_err(|why| unreadable(folder, why))?;
                    let version = solution.version(&need).cloned();
                    version.and_then(|version| self.registry.get(&(need.url, version)).cloned())
                }
            };
            let id = id.ok_or_else(|| {
                unreadable(
                    folder,
                    format!("its package.yaml needs `{prefix}`, which its description does not list"),
                )
            })?;
            prefixes.insert(prefix.clone(), id);
        }
        Ok(prefixes)
    }
}

/// Returns the version of a package, which [`Wanted::checked`] has read before.
fn version_of(wanted: &Wanted) -> Version {
    package_version(&wanted.version).unwrap_or(Version::new(0, 0, 0))
}

fn unreadable(folder: &Path, why: String) -> Error {
    let package = match folder.as_os_str().is_empty() {
        true => "this program".to_owned(),
        false => folder.display().to_string(),
    };
    Error::Hostile { package, why }
}

/// Sets the name of each package whose importers use another prefix: `import PREFIX` imports the file with the name.
fn set_names(lock: &mut Lock, names: &BTreeMap<String, String>) {
    let all = std::iter::once(&lock.prefixes).chain(lock.packages.values().map(|package| &package.prefixes));
    let mut renamed = BTreeSet::new();
    for (prefix, id) in all.flatten() {
        if names.get(id).is_some_and(|name| canonical(name) != canonical(prefix)) {
            renamed.insert(id.clone());
        }
    }
    for id in renamed {
        if let (Some(package), Some(name)) = (lock.packages.get_mut(&id), names.get(&id)) {
            package.name = Some(name.clone());
        }
    }
}

/// Returns the packages of registries that a package needs.
fn needs(spec: &Spec) -> Result<Vec<Need>, Error> {
    let registry = spec.dependencies.values().filter_map(|dependency| match dependency {
        Dependency::Registry { url, version } => Some((url, version)),
        Dependency::Path(_) => None,
    });
    let package = || spec.name.clone().unwrap_or_else(|| "package.yaml".to_owned());
    registry
        .map(|(url, version)| {
            Need::read(url, version).map_err(|why| Error::Hostile { package: package(), why })
        })
        .collect()
}

/// Returns the packages of registries in a lock file.
pub(crate) fn locked(lock: &Lock) -> Result<Vec<Wanted>, Error> {
    lock.packages.values().filter_map(wanted).collect()
}

/// Returns the request for a package of a registry.
pub(crate) fn wanted(package: &Package) -> Option<Result<Wanted, Error>> {
    match &package.place {
        Place::Registry { url, version, hash } => Some(Wanted::checked(url, version, hash.as_deref())),
        Place::Path(_) => None,
    }
}

/// Puts packages into `.packages`, downloading those that are in neither place.
pub(crate) fn provide(
    folder: &Folder,
    cache: &Cache,
    wanted: &[Wanted],
    watch: &(dyn Fn(Step<'_>) + Sync),
) -> Result<usize, Error> {
    let there = PackagesFolder::of(folder.root());
    let missing: Vec<Wanted> = wanted.iter().filter(|wanted| !there.has(wanted)).cloned().collect();
    let sources = fetch_all(cache, &missing, watch)?;
    for (wanted, source) in missing.iter().zip(&sources) {
        there.add(wanted, source)?;
    }
    if !wanted.is_empty() {
        there.write_contents(wanted)?;
    }
    Ok(missing.len())
}
