//! Brings versions of packages into the cache, and from there into the folder `.packages` of a program.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_package::version::Version;
use lucarne_package::{PACKAGES_FOLDER, SOURCE_FOLDER, SPEC_FILE};
use serde_json::{Map, Value};

use crate::cache::Cache;
use crate::error::Error;
use crate::git::{Repository, write_whole};
use crate::names::{address, file_name, is_hash, is_whole_hash, package_url, package_version};
use crate::parallel::side_by_side;
use crate::tree;

/// The reference of the downloaded commit.
const REFERENCE: &str = "refs/heads/package";

/// The file in `.packages` that lists its packages.
const CONTENTS_FILE: &str = "contents.json";

/// The beginning of the names of folders in `.packages` that are being made or removed.
const NEW_PREFIX: &str = ".new-";

/// The text of `.packages/README.md`.
const README: &str = "# Packages\n\nThe package manager has downloaded the packages in this folder: `package.lock` lists \
                      them. Do not edit them,\nand do not commit this folder: `lucarne pkg install` makes it again.\n";

/// A version of a package that a program uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The URL of the package.
    pub url: String,
    /// The version, as the lock file writes it: the name of its folder.
    pub version: String,
    /// The commit, if it is known.
    pub hash: Option<String>,
}

impl Wanted {
    /// Returns a version of a package from a lock file, which may come from an untrusted program.
    ///
    /// # Errors
    /// If a name could lead out of the folder, or be taken for something else.
    pub fn checked(url: &str, version: &str, hash: Option<&str>) -> Result<Wanted, Error> {
        let bad = |what, name: &str, why| Error::BadName { what, name: name.to_owned(), why };
        if package_url(url).as_deref() != Some(url) {
            return Err(bad("the url", url, "it has the form HOST/PATH"));
        }
        if package_version(version).is_none() {
            return Err(bad("the version", version, "it has the form 1.2.3"));
        }
        match hash {
            Some(hash) if !is_hash(hash) => Err(bad("the hash", hash, "it is not that of a commit")),
            _ => {
                Ok(Wanted { url: url.to_owned(), version: version.to_owned(), hash: hash.map(str::to_owned) })
            }
        }
    }

    /// Returns the folder of the package, relative to that of the program.
    pub fn folder(&self) -> PathBuf {
        Path::new(PACKAGES_FOLDER).join(&self.url).join(&self.version)
    }

    fn shown(&self) -> String {
        format!("{}@{}", self.url, self.version)
    }
}

/// A step of a download, for a display of its progress.
#[derive(Debug, Clone, Copy)]
pub enum Step<'w> {
    /// The number of packages that will be downloaded.
    Begin(usize),
    /// The download of a package begins.
    Start(&'w Wanted),
    /// The download of a package has ended.
    End(&'w Wanted),
}

/// Brings packages into the cache, several at a time, and returns the folders with their files in the same order.
/// `watch` is called by several threads.
///
/// # Errors
/// If one of them cannot be downloaded: the first error. Then no more downloads begin; those that are complete stay in
/// the cache.
pub fn fetch_all(
    cache: &Cache,
    wanted: &[Wanted],
    watch: &(dyn Fn(Step<'_>) + Sync),
) -> Result<Vec<PathBuf>, Error> {
    let missing = wanted.iter().filter(|wanted| cached(cache, wanted).is_none()).count();
    if missing > 0 {
        cache.remove_leftovers();
        watch(Step::Begin(missing));
    }
    let has_failed = AtomicBool::new(false);
    let folders = side_by_side(wanted, |wanted| {
        if let Some(folder) = cached(cache, wanted) {
            return Some(Ok(folder));
        }
        // Relaxed: a download that begins in spite of a failure does no harm.
        if has_failed.load(Ordering::Relaxed) {
            return None;
        }
        watch(Step::Start(wanted));
        let result = fetch(cache, wanted);
        watch(Step::End(wanted));
        has_failed.fetch_or(result.is_err(), Ordering::Relaxed);
        Some(result)
    });
    // Packages are left out only after a failure, which ends the collection.
    let (failed, fetched): (Vec<_>, Vec<_>) = folders.into_iter().flatten().partition(Result::is_err);
    failed.into_iter().chain(fetched).collect()
}

/// Returns the folder of a package in the cache, if it is there. Without a hash, a package is never taken from the
/// cache: its tag could have been moved.
fn cached(cache: &Cache, wanted: &Wanted) -> Option<PathBuf> {
    let hash = wanted.hash.as_deref().filter(|hash| is_whole_hash(hash))?;
    Some(place(cache, &wanted.url, hash)).filter(|folder| folder.is_dir())
}

fn place(cache: &Cache, url: &str, hash: &str) -> PathBuf {
    cache.package(&file_name(&format!("{url}@{}", hash.to_lowercase())))
}

fn fetch(cache: &Cache, wanted: &Wanted) -> Result<PathBuf, Error> {
    let new = cache.new_folder()?;
    let store = new.path().join("repository");
    fs::create_dir(&store).map_err(Error::file(&store))?;
    let repository = Repository::new(&store)?;
    let commit = download(&repository, wanted)?;
    let files = cache.new_folder()?;
    tree::extract(&repository, &commit, files.path(), &wanted.shown())?;
    let folder = place(cache, &wanted.url, &commit);
    files.place(&folder)?;
    Ok(folder)
}

/// What `git` says if a repository does not have a reference.
const NO_REFERENCE: &str = "couldn't find remote ref";

/// Downloads a version and returns its commit: that of its hash, or else that of its tag.
fn download(repository: &Repository, wanted: &Wanted) -> Result<String, Error> {
    let address = address(&wanted.url);
    let tag = format!("refs/tags/v{}", wanted.version.trim_start_matches('v'));
    let Some(expected) = &wanted.hash else {
        repository.fetch(&address, &tag, REFERENCE)?;
        return repository.commit(REFERENCE).ok_or_else(|| no_commit(&address));
    };
    let wrong = |found: Option<String>| Error::WrongHash {
        package: wanted.shown(),
        expected: expected.clone(),
        found: found.map_or_else(String::new, |found| format!(", and its tag names {found}")),
    };
    if !is_whole_hash(expected) {
        return Err(wrong(None));
    }
    // Some servers send only commits that a reference names, so the tag is tried if the commit is refused.
    let by_hash = repository.fetch(&address, expected, REFERENCE);
    if let Err(error) = by_hash {
        if !matches!(error, Error::Git { .. }) {
            return Err(error);
        }
        match repository.fetch(&address, &tag, REFERENCE) {
            Err(Error::Git { reason, .. }) if reason.contains(NO_REFERENCE) => return Err(wrong(None)),
            // The server cannot be reached, or the disk is full.
            Err(other) => return Err(other),
            Ok(()) => {}
        }
    }
    let found = repository.commit(REFERENCE);
    match found {
        Some(found) if found.eq_ignore_ascii_case(expected) => Ok(found),
        found => Err(wrong(found)),
    }
}

fn no_commit(address: &str) -> Error {
    Error::Git { what: format!("read {address}"), reason: "its tag is not that of a commit".to_owned() }
}

/// Downloads a tag of a package, and returns its commit and its files.
pub(crate) fn fetch_tag(
    cache: &Cache,
    url: &str,
    tag: &str,
) -> Result<(String, crate::cache::NewFolder), Error> {
    let new = cache.new_folder()?;
    let store = new.path().join("repository");
    fs::create_dir(&store).map_err(Error::file(&store))?;
    let repository = Repository::new(&store)?;
    let address = address(url);
    repository.fetch(&address, &format!("refs/tags/{tag}"), REFERENCE)?;
    let commit = repository.commit(REFERENCE).ok_or_else(|| no_commit(&address))?;
    let files = cache.new_folder()?;
    tree::extract(&repository, &commit, files.path(), &format!("{url} {tag}"))?;
    Ok((commit, files))
}

/// The folder `.packages` of a program. Its user holds the lock of the program.
pub(crate) struct PackagesFolder {
    path: PathBuf,
}

impl PackagesFolder {
    /// Returns the folder, without what killed processes have left in it.
    pub(crate) fn of(root: &Path) -> PackagesFolder {
        let path = root.join(PACKAGES_FOLDER);
        for entry in fs::read_dir(&path).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(NEW_PREFIX) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        PackagesFolder { path }
    }

    /// Returns whether a package is there.
    pub(crate) fn has(&self, wanted: &Wanted) -> bool {
        let folder = self.path.join(&wanted.url).join(&wanted.version);
        folder.join(SOURCE_FOLDER).is_dir() || folder.join(SPEC_FILE).is_file()
    }

    /// Copies a package from the cache. The folder appears when it is complete.
    pub(crate) fn add(&self, wanted: &Wanted, from: &Path) -> Result<(), Error> {
        let place = self.path.join(&wanted.url).join(&wanted.version);
        let parent = place.parent().unwrap_or(&self.path);
        fs::create_dir_all(parent).map_err(Error::file(parent))?;
        let new = self.path.join(format!("{NEW_PREFIX}{}", file_name(&wanted.shown())));
        let _ = fs::remove_dir_all(&new);
        tree::copy(from, &new)?;
        if place.exists() {
            self.remove(&place)?;
        }
        fs::rename(&new, &place).map_err(Error::file(&place))
    }

    /// Removes a folder. It disappears at once.
    fn remove(&self, folder: &Path) -> Result<(), Error> {
        let old = self.path.join(format!("{NEW_PREFIX}old"));
        let _ = fs::remove_dir_all(&old);
        fs::rename(folder, &old).map_err(Error::file(folder))?;
        fs::remove_dir_all(&old).map_err(Error::file(&old))
    }

    /// Returns the versions of a package that are there.
    pub(crate) fn versions(&self, url: &str) -> Vec<(Version, String)> {
        let entries = fs::read_dir(self.path.join(url)).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter_map(|name| Some((package_version(&name)?, name))).collect()
    }

    /// Writes the list of the packages that are there. Older entries stay if their folders exist.
    pub(crate) fn write_contents(&self, wanted: &[Wanted]) -> Result<(), Error> {
        let mut contents = self.contents();
        for wanted in wanted {
            contents.entry(wanted.url.clone()).or_default().insert(wanted.version.clone());
        }
        if contents.is_empty() && !self.path.exists() {
            return Ok(());
        }
        fs::create_dir_all(&self.path).map_err(Error::file(&self.path))?;
        let object = contents.into_iter().map(|(url, versions)| {
            let versions = versions.into_iter().map(|version| {
                let path = Value::String(format!("{url}/{version}"));
                (version, path)
            });
            let versions: Map<String, Value> = versions.collect();
            (url, Value::Object(versions))
        });
        let text = format!("{}\n", Value::Object(object.collect()));
        write_whole(&self.path.join(CONTENTS_FILE), text.as_bytes())?;
        let readme = self.path.join("README.md");
        if readme.exists() { Ok(()) } else { write_whole(&readme, README.as_bytes()) }
    }

    /// Returns the listed packages whose folders exist. A list that cannot be read is empty.
    fn contents(&self) -> BTreeMap<String, std::collections::BTreeSet<String>> {
        let text = fs::read_to_string(self.path.join(CONTENTS_FILE)).unwrap_or_default();
        let listed: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
        let mut contents: BTreeMap<String, std::collections::BTreeSet<String>> = BTreeMap::new();
        for (url, versions) in listed {
            for version in versions.as_object().into_iter().flat_map(Map::keys) {
                let is_there = Wanted::checked(&url, version, None).is_ok_and(|wanted| self.has(&wanted));
                if is_there {
                    contents.entry(url.clone()).or_default().insert(version.clone());
                }
            }
        }
        contents
    }

    /// Removes all packages but these. Returns those that were removed.
    pub(crate) fn clean(&self, kept: &[Wanted]) -> Result<Vec<Wanted>, Error> {
        let mut removed = Vec::new();
        for wanted in self.found()? {
            if !kept.iter().any(|kept| kept.url == wanted.url && kept.version == wanted.version) {
                self.remove(&self.path.join(&wanted.url).join(&wanted.version))?;
                removed.push(wanted);
            }
        }
        for wanted in &removed {
            let mut folder = self.path.join(&wanted.url);
            // Only empty folders can be removed by this.
            while folder != self.path && fs::remove_dir(&folder).is_ok() {
                folder.pop();
            }
        }
        self.write_contents(&[])?;
        Ok(removed)
    }

    /// Returns the packages that are there, listed or not.
    fn found(&self) -> Result<Vec<Wanted>, Error> {
        const DEPTH_MAX: usize = 16;
        let mut found = Vec::new();
        let mut open = vec![String::new()];
        while let Some(inside) = open.pop() {
            for entry in fs::read_dir(self.path.join(&inside)).into_iter().flatten().flatten() {
                let Ok(name) = entry.file_name().into_string() else { continue };
                if !entry.file_type().is_ok_and(|kind| kind.is_dir()) || name.starts_with('.') {
                    continue;
                }
                match Wanted::checked(&inside, &name, None) {
                    Ok(wanted) if self.has(&wanted) => found.push(wanted),
                    _ if inside.split('/').count() < DEPTH_MAX => {
                        open.push(if inside.is_empty() { name } else { format!("{inside}/{name}") });
                    }
                    _ => {}
                }
            }
        }
        found.sort_by(|one, other| (&one.url, &one.version).cmp(&(&other.url, &other.version)));
        Ok(found)
    }
}
