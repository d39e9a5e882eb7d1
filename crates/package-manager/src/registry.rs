//! Registries: folders and repositories with descriptions of packages, and the file that lists the registries of a user.
//!
//! ```yaml
//! toit:
//!   url: github.com/toitware/registry
//!   type: git
//!   ref-hash: HEAD
//! mine:
//!   path: /home/user/registry
//!   type: local
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use lucarne_package::text;
use lucarne_package::version::Version;
use lucarne_package::yaml::{self, Node, Value};

use crate::cache::{Cache, user_folder, variable};
use crate::description::{self, Description};
use crate::error::Error;
use crate::files::bytes_if_there;
use crate::git::{self, Repository, write_whole};
use crate::names::{file_name, is_whole_hash, registry_address};
use crate::parallel::side_by_side;

/// The variable that names the file with the list of registries.
pub const REGISTRIES_VARIABLE: &str = "LUCARNE_REGISTRIES";

/// The registry that exists until a user removes it.
const DEFAULT: (&str, &str) = ("toit", "github.com/toitware/registry");

/// The reference of the downloaded commit in the repository of a registry.
const REFERENCE: &str = "refs/heads/registry";

/// The maximum number of descriptions in a registry.
const DESCRIPTIONS_MAX: usize = 200_000;

/// The maximum depth of folders in a registry.
const DEPTH_MAX: usize = 32;

/// How similar the name of a package must be to be suggested: 1 means equal (the measure of Jaro and Winkler).
const SIMILARITY_MIN: f64 = 0.85;

/// The file that names the commit which was downloaded last. Its repository is in the folder of this name beside the file.
const CURRENT_FILE: &str = "current";

/// A registry with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// The name by which commands refer to it.
    pub name: String,
    /// Where it is.
    pub place: RegistryPlace,
}

/// Where a registry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryPlace {
    /// In a repository at this address.
    Git(String),
    /// In a folder.
    Local(PathBuf),
}

impl RegistryPlace {
    /// Returns the kind, as the file names it.
    pub fn kind(&self) -> &'static str {
        match self {
            RegistryPlace::Git(_) => "git",
            RegistryPlace::Local(_) => "local",
        }
    }

    /// Returns the address or the path.
    pub fn shown(&self) -> String {
        match self {
            RegistryPlace::Git(url) => url.clone(),
            RegistryPlace::Local(path) => path.display().to_string(),
        }
    }
}

/// The registries of a user.
#[derive(Debug, Clone)]
pub struct Registries {
    file: PathBuf,
    list: Vec<Registry>,
}

impl Registries {
    /// Returns the registries of the user: those in the file that `LUCARNE_REGISTRIES` names, or else in
    /// `lucarne/registries.yaml` in `XDG_CONFIG_HOME` or `~/.config`.
    ///
    /// # Errors
    /// If the file is invalid.
    pub fn of_user() -> Result<Registries, Error> {
        match variable(REGISTRIES_VARIABLE) {
            Some(file) => Registries::read(&file),
            None => {
                let folder = user_folder("XDG_CONFIG_HOME", ".config", REGISTRIES_VARIABLE)?;
                Registries::read(&folder.join("lucarne/registries.yaml"))
            }
        }
    }

    /// Reads a file with a list of registries. If it does not exist, there is the registry of the Toit project.
    ///
    /// # Errors
    /// If the file is invalid.
    pub fn read(file: &Path) -> Result<Registries, Error> {
        let Some(bytes) = bytes_if_there(file).map_err(Error::file(file))? else {
            let (name, url) = DEFAULT;
            let registry = Registry { name: name.to_owned(), place: RegistryPlace::Git(url.to_owned()) };
            return Ok(Registries { file: file.to_owned(), list: vec![registry] });
        };
        let text = text::decode(bytes).map_err(|bad| Error::content(file, &bad.text, &bad.problem))?;
        let invalid = |problem| Error::content(file, &text, &problem);
        let mut list = Vec::new();
        if let Some(Node { value: Value::Map(entries), .. }) = yaml::parse(&text).map_err(invalid)? {
            for (key, node) in entries {
                let value = |name| node.get(name).and_then(Node::text).filter(|text: &&str| !text.is_empty());
                let place = match (value("url"), value("path")) {
                    (Some(url), _) => RegistryPlace::Git(url.to_owned()),
                    (None, Some(path)) => RegistryPlace::Local(PathBuf::from(path)),
                    (None, None) => {
                        let title = "this registry has neither a url nor a path";
                        return Err(invalid(lucarne_package::Problem::error(key.span.clone(), title)));
                    }
                };
                list.push(Registry { name: key.text().unwrap_or_default().to_owned(), place });
            }
        }
        Ok(Registries { file: file.to_owned(), list })
    }

    /// Returns the registries, in the order in which they were added.
    pub fn list(&self) -> &[Registry] {
        &self.list
    }

    /// Returns the registry with this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn named(&self, name: &str) -> Result<&Registry, Error> {
        let found = self.list.iter().find(|registry| registry.name == name);
        found.ok_or_else(|| Error::NoSuchRegistry(name.to_owned()))
    }

    /// Adds a registry, and writes the file. Does nothing if the same registry has this name already.
    ///
    /// # Errors
    /// If another registry has this name, the address is invalid, or the file cannot be written.
    pub fn add(&mut self, name: &str, place: RegistryPlace) -> Result<(), Error> {
        let bad = |what, name: &str, why| Error::BadName { what, name: name.to_owned(), why };
        if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
            || name.is_empty()
        {
            return Err(bad("the name of a registry", name, "use letters, digits and dashes"));
        }
        match self.list.iter().find(|registry| registry.name == name) {
            Some(registry) if registry.place == place => return Ok(()),
            Some(registry) => {
                return Err(Error::RegistryExists { name: name.to_owned(), place: registry.place.shown() });
            }
            None => {}
        }
        match &place {
            RegistryPlace::Git(url) if registry_address(url).is_none() => {
                return Err(bad("the address", url, "it must be an address that git can use"));
            }
            RegistryPlace::Local(path) if !path.is_dir() => {
                return Err(bad("the folder", &path.display().to_string(), "the folder does not exist"));
            }
            _ => {}
        }
        self.list.push(Registry { name: name.to_owned(), place });
        self.write()
    }

    /// Removes a registry, and writes the file.
    ///
    /// # Errors
    /// If the registry is unknown, or the file cannot be written.
    pub fn remove(&mut self, name: &str) -> Result<(), Error> {
        self.named(name)?;
        self.list.retain(|registry| registry.name != name);
        self.write()
    }

    fn write(&self) -> Result<(), Error> {
        let mut text = String::new();
        for registry in &self.list {
            let _ = writeln!(text, "{}:", yaml::scalar(&registry.name));
            let (key, rest) = match &registry.place {
                RegistryPlace::Git(_) => ("url", "  ref-hash: HEAD\n"),
                RegistryPlace::Local(_) => ("path", ""),
            };
            let (place, kind) = (yaml::scalar(&registry.place.shown()), registry.place.kind());
            let _ = write!(text, "  {key}: {place}\n  type: {kind}\n{rest}");
        }
        if text.is_empty() {
            text.push_str("{}\n");
        }
        let folder = self.file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(Error::file(folder))?;
        write_whole(&self.file, text.as_bytes())
    }
}

/// Downloads the newest state of the registries that are repositories, side by side. Returns an error for each registry
/// that could not be downloaded.
pub fn sync(cache: &Cache, registries: &[Registry]) -> Vec<(String, Error)> {
    cache.remove_leftovers();
    let results = side_by_side(registries, |registry| match &registry.place {
        RegistryPlace::Git(url) => sync_one(cache, url).err(),
        RegistryPlace::Local(_) => None,
    });
    let names = registries.iter().map(|registry| registry.name.clone());
    names.zip(results).filter_map(|(name, error)| Some((name, error?))).collect()
}

/// Removes the downloaded state of a registry.
///
/// # Errors
/// If it cannot be removed.
pub fn forget(cache: &Cache, registry: &Registry) -> Result<(), Error> {
    let RegistryPlace::Git(url) = &registry.place else { return Ok(()) };
    let name = file_name(url);
    let _lock = cache.lock_registry(&name)?;
    let folder = cache.registry(&name);
    if !folder.exists() {
        return Ok(());
    }
    fs::remove_dir_all(&folder).map_err(Error::file(&folder))
}

fn sync_one(cache: &Cache, url: &str) -> Result<(), Error> {
    let address = registry_address(url).ok_or_else(|| Error::BadName {
        what: "the address",
        name: url.to_owned(),
        why: "it must be an address that git can use",
    })?;
    let name = file_name(url);
    let _lock = cache.lock_registry(&name)?;
    let folder = cache.registry(&name);
    let newest = git::remote_head(&address)?;
    if current(&folder).is_some_and(|(commit, _)| commit == newest) {
        return Ok(());
    }
    // A download into the old repository could be killed, or meet a `git` that outlives a killed command. So each state
    // has a repository of its own, and the file makes it the current one.
    let new = cache.new_folder()?;
    let repository = Repository::new(new.path())?;
    repository.fetch(&address, "HEAD", REFERENCE)?;
    let commit = repository.commit(REFERENCE).ok_or_else(|| Error::Git {
        what: format!("read {address}"),
        reason: "its HEAD is not a commit".to_owned(),
    })?;
    let place = folder.join(&commit);
    if place.exists() {
        // It is damaged, or left over from a killed command.
        fs::remove_dir_all(&place).map_err(Error::file(&place))?;
    }
    new.place(&place)?;
    write_whole(&folder.join(CURRENT_FILE), commit.as_bytes())?;
    for entry in fs::read_dir(&folder).map_err(Error::file(&folder))?.flatten() {
        if entry.path().is_dir() && entry.file_name() != commit.as_str() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

/// Returns the commit of a registry that was downloaded last, with its repository.
fn current(folder: &Path) -> Option<(String, Repository)> {
    let commit = fs::read_to_string(folder.join(CURRENT_FILE)).ok()?;
    let is_there = is_whole_hash(&commit) && folder.join(&commit).is_dir();
    let repository = Repository::at(&folder.join(&commit));
    // A damaged repository is downloaded again.
    (is_there && repository.commit(REFERENCE).as_deref() == Some(&commit)).then_some((commit, repository))
}

/// The packages of several registries.
#[derive(Debug, Default)]
pub struct Index {
    /// The versions of each package by URL.
    pub packages: BTreeMap<String, BTreeMap<Version, Description>>,
    /// The names of the registries that have never been downloaded.
    pub missing: Vec<String>,
    /// Why other registries or descriptions were left out, each in one line.
    pub warnings: Vec<String>,
}

impl Index {
    /// Reads the registries, without a network.
    pub fn load(cache: &Cache, registries: &[Registry]) -> Index {
        let mut index = Index::default();
        for registry in registries {
            match index.add(cache, registry) {
                Ok(()) => {}
                Err(Error::NotSynced(name)) => index.missing.push(name),
                Err(error) => index.warnings.push(format!("registry {}: {error}", registry.name)),
            }
        }
        index
    }

    /// Adds the packages of a registry. Where two registries describe a version, the description of the first counts.
    ///
    /// # Errors
    /// If the registry cannot be read.
    pub fn add(&mut self, cache: &Cache, registry: &Registry) -> Result<(), Error> {
        match &registry.place {
            RegistryPlace::Local(folder) => self.add_folder(&registry.name, folder),
            RegistryPlace::Git(url) => {
                let found = current(&cache.registry(&file_name(url)));
                let (commit, repository) = found.ok_or_else(|| Error::NotSynced(registry.name.clone()))?;
                self.add_repository(&registry.name, &repository, &commit)
            }
        }
    }

    fn add_repository(&mut self, name: &str, repository: &Repository, commit: &str) -> Result<(), Error> {
        let mut entries = repository.files(commit)?;
        entries.retain(|entry| entry.is_file && is_description(&entry.path));
        too_many(name, entries.len())?;
        let (entries, large): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| entry.size <= description::SIZE_MAX);
        for entry in large {
            self.warn(name, &entry.path, "it is too large");
        }
        repository.read(&entries, |entry, content| {
            self.add_description(name, &entry.path, content);
            Ok(())
        })
    }

    fn add_folder(&mut self, name: &str, folder: &Path) -> Result<(), Error> {
        let mut files = Vec::new();
        descriptions_below(folder, "", 0, &mut files)?;
        too_many(name, files.len())?;
        for path in files {
            let full = folder.join(&path);
            let mut content = Vec::new();
            let file = fs::File::open(&full).map_err(Error::file(&full))?;
            file.take(description::SIZE_MAX + 1).read_to_end(&mut content).map_err(Error::file(&full))?;
            if content.len() as u64 > description::SIZE_MAX {
                self.warn(name, &path, "it is too large");
            } else {
                self.add_description(name, &path, content);
            }
        }
        Ok(())
    }

    fn add_description(&mut self, registry: &str, path: &str, content: Vec<u8>) {
        let text = String::from_utf8(content).map_err(|_| "it is not UTF-8".to_owned());
        match text.and_then(|text| description::read(&text)) {
            Ok(description) => {
                let versions = self.packages.entry(description.url.clone()).or_default();
                versions.entry(description.version.clone()).or_insert(description);
            }
            Err(why) => self.warn(registry, path, &why),
        }
    }

    fn warn(&mut self, registry: &str, path: &str, why: &str) {
        self.warnings.push(format!("registry {registry}: {path} is left out: {why}"));
    }

    /// Returns the newest version of each package whose name, description or URL contains a text, in any case.
    pub fn search(&self, text: &str) -> Vec<&Description> {
        let text = text.to_lowercase();
        let is_match = |description: &&Description| {
            [&description.name, &description.description, &description.url]
                .iter()
                .any(|part| part.to_lowercase().contains(&text))
        };
        let mut found: Vec<&Description> =
            self.packages.values().filter_map(newest).filter(is_match).collect();
        found.sort_by_key(|description| (&description.name, &description.url));
        found
    }

    /// Returns the URL of the package that a word names: its name, its URL, or the last parts of its URL.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn find(&self, word: &str) -> Result<String, Error> {
        let as_url = crate::names::package_url(word);
        if let Some(url) = as_url.as_ref().filter(|url| self.packages.contains_key(*url)) {
            return Ok(url.clone());
        }
        let end = format!("/{}", as_url.as_deref().unwrap_or(word));
        let is_named = |(url, versions): &(&String, &BTreeMap<Version, Description>)| {
            url.ends_with(&end) || versions.values().any(|description| description.name == word)
        };
        let mut urls: Vec<String> =
            self.packages.iter().filter(is_named).map(|(url, _)| url.clone()).collect();
        match urls.pop() {
            None => Err(self.not_found(word)),
            Some(url) if urls.is_empty() => Ok(url),
            Some(url) => {
                urls.push(url);
                Err(Error::Ambiguous { name: word.to_owned(), urls })
            }
        }
    }

    /// Returns the error of a word that names no package, with the likely reason.
    pub(crate) fn not_found(&self, word: &str) -> Error {
        let similar = self.search(word).len();
        let hint = if Path::new(word).is_dir() {
            format!("it is a folder, which 'lucarne pkg install --local {word}' installs")
        } else if !self.missing.is_empty() {
            let names = self.missing.join(", ");
            format!("not all of them could be read ({names}): 'lucarne pkg sync' downloads them")
        } else if self.packages.is_empty() {
            "they list no packages: 'lucarne pkg registry list' lists the registries".to_owned()
        } else if let Some(near) = self.nearest(word) {
            format!("did you mean `{near}`?")
        } else if similar > 0 {
            format!("'lucarne pkg search {word}' finds {similar} whose names or descriptions contain it")
        } else {
            "check the spelling: 'lucarne pkg search TEXT' searches in names, descriptions and URLs"
                .to_owned()
        };
        Error::NotFound { name: word.to_owned(), hint }
    }

    /// Returns the name of a package that is written much like a word.
    fn nearest(&self, word: &str) -> Option<&str> {
        let similarity = |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &word.to_lowercase());
        let names = self.packages.values().filter_map(newest).map(|description| description.name.as_str());
        let near = names.map(|name| (similarity(name), name)).filter(|(value, _)| *value > SIMILARITY_MIN);
        near.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, name)| name)
    }
}

/// Returns the newest release, or else the newest prerelease.
pub fn newest(versions: &BTreeMap<Version, Description>) -> Option<&Description> {
    let release = versions.iter().rev().find(|(version, _)| version.pre.is_empty());
    release.or(versions.iter().next_back()).map(|(_, description)| description)
}

fn too_many(registry: &str, count: usize) -> Result<(), Error> {
    if count <= DESCRIPTIONS_MAX {
        return Ok(());
    }
    Err(Error::TooLarge {
        what: format!("the registry {registry}"),
        limit: format!("{DESCRIPTIONS_MAX} descriptions"),
    })
}

/// Returns whether a path in a registry is that of a description. Hidden files and folders are none.
fn is_description(path: &str) -> bool {
    path.rsplit('/').next() == Some(description::FILE) && !path.split('/').any(|part| part.starts_with('.'))
}

/// Finds the descriptions in a folder. Does not follow symbolic links.
fn descriptions_below(root: &Path, inside: &str, depth: usize, found: &mut Vec<String>) -> Result<(), Error> {
    let folder = root.join(inside);
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(Error::file(&folder))? {
        let entry = entry.map_err(Error::file(&folder))?;
        let kind = entry.file_type().map_err(Error::file(&folder))?;
        names.extend(entry.file_name().into_string().ok().map(|name| (name, kind)));
    }
    names.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (name, kind) in names {
        let path = if inside.is_empty() { name.clone() } else { format!("{inside}/{name}") };
        if kind.is_dir() && !name.starts_with('.') && depth < DEPTH_MAX && found.len() <= DESCRIPTIONS_MAX {
            descriptions_below(root, &path, depth + 1, found)?;
        } else if kind.is_file() && is_description(&path) {
            found.push(path);
        }
    }
    Ok(())
}
