//! Runs the scenarios of the existing package manager's own tests by `lucarne pkg`, and compares what they leave behind.
//!
//! `LUCARNE_EXISTING_SOURCE` names a checkout of the Toit SDK; without it, nothing is tested. Its folder `tests/pkg` has a test for
//! each scenario, with files that list commands and what the existing package manager prints and writes after each of
//! them. Compared are:
//!
//! - whether a command succeeds,
//! - `package.yaml`, without comments, and `package.lock`, without comments and the hashes,
//! - the list `.packages/contents.json`, and the files of the packages in the lock file,
//! - descriptions that commands write, the exit status of programs, and what they print if they succeed.
//!
//! Messages are not compared, nor completions, whose form belongs to each command. Repositories that the tests serve on
//! this machine are served here, too; for those that they expect on the network, `git` takes a folder.
//!
//! `docs/tools.md` lists the scenarios that end differently, with reasons.

#![allow(clippy::print_stdout, reason = "says how many scenarios agree")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::packages::with_repositories;
use common::{Answer, Folder, answer, git_server};
use lucarne_package::lock::{self, Place};

/// The scenarios that end differently, with the reason in a few words.
const DIFFERENT: &[(&str, &str)] = &[(
    "install-abs-local",
    "the folders of its packages do not exist, and the lock file of the existing one is broken",
)];

/// The hash in the descriptions, in whose place the existing tests take the tag of the version.
const ANY_HASH: &str = "deadbeef1234567890abcdef1234567890abcdef";

#[test]
fn scenarios_of_the_existing_package_manager() {
    let Some(checkout) = std::env::var_os("LUCARNE_EXISTING_SOURCE").map(PathBuf::from) else {
        println!("skipped: set LUCARNE_EXISTING_SOURCE to a checkout of https://github.com/toitlang/toit");
        return;
    };
    let tests = checkout.join("tests/pkg");
    let names = files_of(&tests)
        .into_iter()
        .filter_map(|name| name.strip_suffix("-gold-test.toit").map(str::to_owned));
    let names: Vec<String> = names.collect();
    assert!(names.len() > 30, "{} does not have the tests", tests.display());
    let chosen = std::env::var("LUCARNE_TESTS").unwrap_or_default();
    let chosen: Vec<&String> = names.iter().filter(|name| name.contains(&chosen)).collect();
    // Most of the time is spent waiting for other processes.
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(&String, Vec<String>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(name) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let differences = std::panic::catch_unwind(|| Scenario::new(&tests, name).differences());
                    let differences =
                        differences.unwrap_or_else(|_| vec!["  it panics, as printed above".to_owned()]);
                    results.lock().expect("no test panics here").push((name, differences));
                }
            });
        }
    });
    let mut wrong = Vec::new();
    let mut agreed = 0;
    for (name, differences) in results.into_inner().expect("no test panics here") {
        let is_known = DIFFERENT.iter().any(|(known, _)| known == name);
        match (differences.is_empty(), is_known) {
            (true, false) => agreed += 1,
            (false, true) => println!("{name} is different, as expected:\n{}", differences.join("\n")),
            (true, true) => wrong.push(format!("{name}: agrees, but is listed as different")),
            (false, false) => wrong.push(format!("{name}:\n{}", differences.join("\n"))),
        }
    }
    println!("{agreed} of {} scenarios agree", chosen.len());
    assert!(wrong.is_empty(), "{} scenarios:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_guide_lists_the_scenarios_that_end_differently() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tools.md");
    let guide = std::fs::read_to_string(guide).expect("the file exists");
    for (name, _) in DIFFERENT {
        assert!(guide.contains(&format!("`{name}`")), "docs/tools.md does not say why {name} is different");
    }
}

struct Scenario {
    name: String,
    /// The files with commands and results, in their order.
    gold: Vec<(String, String)>,
    folder: Folder,
    /// The port in the addresses of repositories.
    port: u16,
    /// The folder of the versions of each package, in the checkout.
    packages: BTreeMap<String, PathBuf>,
    differences: Vec<String>,
}

impl Scenario {
    /// Makes the files and repositories of a scenario.
    fn new(tests: &Path, name: &str) -> Scenario {
        let folder = Folder::new(&format!("pkg-existing-{name}"));
        let assets = [tests.join("assets/shared"), tests.join("assets").join(name)];
        let gold = assets[1].join("gold");
        let text = read(&tests.join(format!("{name}-gold-test.toit")));
        let mut parts = files_of(&gold);
        // Names in loops contain variables, and are in the order of their numbers.
        parts.sort_by_key(|file| {
            text.find(&format!("\"{}\"", file.trim_end_matches(".gold"))).unwrap_or(usize::MAX)
        });
        let part = |file: &String| (file.trim_end_matches(".gold").to_owned(), read(&gold.join(file)));
        let gold: Vec<(String, String)> = parts.iter().map(part).collect();
        let port = git_server::serve(|port| folder.path(&format!("repositories/localhost:{port}")));
        let (name, packages) = (name.to_owned(), BTreeMap::new());
        let mut scenario = Scenario { name, gold, folder, port, packages, differences: Vec::new() };
        std::fs::create_dir(scenario.root()).expect("a folder can be made");
        for folder in &assets {
            for package in files_of(&folder.join("GIT-SERVE-PKGS")) {
                let versions = folder.join("GIT-SERVE-PKGS").join(&package);
                scenario.serve(&format!("localhost:{port}/pkg/{package}"), &versions);
                scenario.packages.insert(format!("localhost:{port}/pkg/{package}"), versions);
            }
        }
        for folder in &assets {
            for registry in files_of(&folder.join("GIT-SERVE-REGISTRIES")) {
                let versions = folder.join("GIT-SERVE-REGISTRIES").join(&registry);
                scenario.serve(&format!("localhost:{port}/registry/{registry}"), &versions);
            }
            for entry in files_of(folder)
                .iter()
                .filter(|name| !["gold", "GIT-SERVE-PKGS", "GIT-SERVE-REGISTRIES"].contains(&name.as_str()))
            {
                scenario.copy(&folder.join(entry), &scenario.root().join(entry));
            }
        }
        let registries = match () {
            () if text.contains("--with-git-pkg-registry") => {
                Some(format!("git-pkgs:\n  url: http://localhost:{port}/registry/git-pkgs\n  type: git\n"))
            }
            () if text.contains("--with-default-registry") => None,
            () => Some("{}\n".to_owned()),
        };
        if let Some(registries) = registries {
            scenario.folder.file("registries.yaml", registries);
        }
        scenario.publish_morse();
        scenario
    }

    fn root(&self) -> PathBuf {
        self.folder.path("work")
    }

    /// Makes a repository with a commit and a tag for each folder of versions.
    fn serve(&self, url: &str, versions: &Path) {
        let repository = self.folder.path("repositories").join(url);
        std::fs::create_dir_all(&repository).expect("a folder can be made");
        self.git(&repository, &["init", "--quiet", "--initial-branch=main"]);
        for version in files_of(versions) {
            for old in files_of(&repository).iter().filter(|name| *name != ".git") {
                let old = repository.join(old);
                let _ = std::fs::remove_dir_all(&old).or_else(|_| std::fs::remove_file(&old));
            }
            self.copy(&versions.join(&version), &repository);
            self.git(&repository, &["add", "--all"]);
            self.git(&repository, &["commit", "--quiet", "--allow-empty", "--message", &version]);
            self.git(&repository, &["tag", &version]);
        }
    }

    /// Publishes the package that some scenarios expect on the network, and the registry that exists by default.
    fn publish_morse(&self) {
        let described = self.gold.iter().find_map(|(_, text)| {
            text.lines().find_map(|line| line.strip_prefix("description: ").map(str::to_owned))
        });
        let described = described.unwrap_or_else(|| "Morse code.".to_owned());
        let spec = format!("name: morse\nlicense: MIT\ndescription: {described}\n");
        self.folder.file("morse/v1.0.6/package.yaml", spec).file("morse/v1.0.6/src/morse.toit", "");
        let url = "github.com/toitware/toit-morse";
        self.serve(url, &self.folder.path("morse"));
        let toitware = self.folder.path("repositories/github.com/toitware");
        // The names of repositories there have no case.
        std::os::unix::fs::symlink("toit-morse", toitware.join("toit-MoRse")).expect("a link can be made");
        let hash = self.git(&toitware.join("toit-morse"), &["rev-parse", "v1.0.6^{commit}"]);
        let description = format!("name: morse\nurl: {url}\nversion: 1.0.6\nhash: {}\n", hash.trim());
        self.folder.file("toit/main/packages/morse/desc.yaml", description);
        self.serve("github.com/toitware/registry", &self.folder.path("toit"));
    }

    /// Copies files. In their texts, sets the port, and the hash of the version that they describe.
    fn copy(&self, from: &Path, to: &Path) {
        if from.is_dir() {
            std::fs::create_dir_all(to).expect("a folder can be made");
            for name in files_of(from) {
                self.copy(&from.join(&name), &to.join(name));
            }
        } else if from.extension().is_none_or(|extension| extension != "zip") {
            let text = read(from).replace("<[*PORT*]>", &self.port.to_string());
            std::fs::write(to, self.with_hash(&text)).expect("a file can be written");
        }
    }

    fn with_hash(&self, text: &str) -> String {
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(key));
            line.map(|value| value.trim().trim_matches('\'').to_owned()).unwrap_or_default()
        };
        let repository = self.folder.path("repositories").join(value("url:"));
        if !text.contains(ANY_HASH) || !repository.is_dir() {
            return text.to_owned();
        }
        let tag = format!("v{}^{{commit}}", value("version:"));
        text.replace(ANY_HASH, self.git(&repository, &["rev-parse", &tag]).trim())
    }

    fn git(&self, repository: &Path, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.arg("-C").arg(repository).args(["-c", "user.name=Test", "-c", "user.email=test@example.com"]);
        let output = with_repositories(&mut command, repository, &[])
            .args(arguments)
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("output is UTF-8")
    }

    /// Runs the scenario, and returns what is different.
    fn differences(mut self) -> Vec<String> {
        for (part, text) in self.gold.clone() {
            self.prepare(&part);
            let root = self.root().display().to_string();
            let text = text.replace("<[*PORT*]>", &self.port.to_string()).replace("<[*WORKING-DIR*]>", &root);
            for section in text.split("==================\n") {
                if let Err(difference) = self.section(&part, section) {
                    self.differences.push(format!("  {part}: {difference}"));
                }
            }
        }
        self.check_packages();
        self.differences
    }

    /// Does a command, or compares a file.
    fn section(&self, part: &str, section: &str) -> Result<(), String> {
        let (head, rest) = section.split_once('\n').unwrap_or((section, ""));
        match head {
            "OK" | "Aborted" => {
                let line = rest.lines().next().unwrap_or_default();
                let words =
                    line.trim_start_matches('[').trim_end_matches(']').split(", ").collect::<Vec<_>>();
                if words.first() == Some(&"complete") {
                    return Ok(());
                }
                let answer = self.pkg(&words[1..], part != "20-test" || self.name != "require-project-root");
                let is_done = answer.status == Some(0);
                if is_done != (head == "OK") {
                    return Err(format!("{line} ends otherwise than {head}: {answer:?}"));
                }
                Ok(())
            }
            "== package.lock" => {
                equal("package.lock", &lock_form(rest), &lock_form(&self.written("package.lock")))
            }
            "== package.yaml" => equal("package.yaml", &plain(rest), &plain(&self.written("package.yaml"))),
            "== contents.json" => equal("contents.json", rest.trim(), self.contents().trim()),
            _ if head.starts_with("exec ") || head.starts_with("analyze ") => self.run(head, rest),
            _ if head.starts_with("== cat ") => {
                let file = head.trim_start_matches("== cat ");
                let written = std::fs::read_to_string(file).unwrap_or_default();
                equal(file, &lock_form(rest), &lock_form(&written))
            }
            // Comments and completions.
            _ if head.starts_with("//") || head.starts_with("[complete") => Ok(()),
            _ => Err(format!("unknown section: {section}")),
        }
    }

    fn run(&self, head: &str, rest: &str) -> Result<(), String> {
        let (command, file) = head.split_once(' ').unwrap_or((head, ""));
        let command = if command == "exec" { "run" } else { "check" };
        let answer = answer(self.command(&[command, file]).current_dir(self.root()));
        let status = rest.lines().find_map(|line| line.strip_prefix("Exit Code: ")).unwrap_or_default();
        if answer.status.map(|status| status.to_string()).as_deref() != Some(status) {
            return Err(format!("{head} does not end with {status}: {answer:?}"));
        }
        match rest.strip_suffix("Exit Code: 0\n") {
            Some(printed) if command == "run" => equal(head, printed, &answer.out),
            _ => Ok(()),
        }
    }

    /// Does what the test does before one of its parts.
    fn prepare(&self, part: &str) {
        let again = || {
            let _ = std::fs::remove_file(self.root().join("package.yaml"));
            std::fs::remove_file(self.root().join("package.lock")).expect("the file exists");
        };
        let remove = |path: &str| std::fs::remove_dir_all(self.root().join(path)).expect("the folder exists");
        let forget = || {
            let _ = std::fs::remove_dir_all(self.folder.path("pkg-cache/registries"));
        };
        let done = |words: &str| {
            let words: Vec<&str> = words.split(' ').collect();
            assert_eq!(self.pkg(&words, true).status, Some(0), "{words:?}");
        };
        match (self.name.as_str(), part) {
            ("clean", "10-clean1") => ["init", "install pkg1", "install pkg2"].into_iter().for_each(done),
            ("init", "20-already-init") | ("install4", "test-1") | ("preferred", "30-new-versions") => {
                again()
            }
            ("install-version", part) if part.starts_with("30-") => again(),
            ("init", "40-init-other") => self.make("other"),
            ("require-project-root", "20-test") => self.make("nested"),
            ("install", "20-fail") => {
                remove(&format!(".packages/localhost:{}/pkg/foo/1.2.3", self.port));
                remove(&format!(".packages/localhost:{}/pkg/bar/2.0.1", self.port));
            }
            ("install-for-package", "10-test") => {
                std::fs::remove_file(self.root().join("package.lock")).expect("the file exists");
            }
            ("install-git-hash", "20-reinstall") => {
                remove(".packages");
                let lock = self.written("package.lock");
                let other = |line: &str| match line.trim_start().starts_with("version:") {
                    true => "    version: 42.31.9\n".to_owned(),
                    false => format!("{line}\n"),
                };
                self.write("package.lock", &lock.lines().map(other).collect::<String>());
            }
            ("not-in-sync", "10-more-lock") => self.write("package.yaml", ""),
            ("not-in-sync", "20-more-package") => {
                again();
                ["init", "install pkg1"].into_iter().for_each(done);
                let lock = self.written("package.lock");
                done("install pkg2");
                self.write("package.lock", &lock);
            }
            ("sdk-version3", "30-test-with-new-constraint") => {
                let spec = self.written("package.yaml");
                self.write("package.yaml", &format!("{spec}environment:\n  sdk: ^1.20.0\n"));
            }
            ("registry-sync", "20-auto-sync" | "30-auto-sync-install" | "40-auto-sync-install2") => forget(),
            ("registry-sync", "50-auto-sync") => {
                forget();
                self.change_registry();
            }
            ("registry-sync", "60-install-doesnt-sync") => {
                forget();
                self.git(&self.registry(), &["reset", "--quiet", "--hard", "HEAD~1"]);
                done("search pkg");
                self.change_registry();
                remove(".packages");
            }
            ("registry-sync", "70-install-doesnt-sync2") => {
                forget();
                remove(".packages");
            }
            ("registry-sync", "80-sync-clear-cache" | "90-registry-sync-clear-cache") => {
                let registries = self.folder.path("pkg-cache/registries");
                if part.starts_with("80") {
                    assert!(
                        !registries.exists(),
                        "the registry was downloaded, though the lock file is enough"
                    );
                }
                done("search pkg");
                for state in files_of(&registries).iter().map(|name| registries.join(name)) {
                    for head in files_of(&state).iter().map(|commit| state.join(commit).join("HEAD")) {
                        if head.exists() {
                            std::fs::write(head, "").expect("a file can be written");
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Adds a package to the registry that is served.
    fn change_registry(&self) {
        let registry = self.registry();
        let description = read(&registry.join("pkg4/4.9.9/desc.yaml")).replace("pkg4", "pkg-new");
        std::fs::create_dir_all(registry.join("pkg-new")).expect("a folder can be made");
        std::fs::write(registry.join("pkg-new/desc.yaml"), description).expect("a file can be written");
        self.git(&registry, &["add", "--all"]);
        self.git(&registry, &["commit", "--quiet", "--message", "Add pkg-new"]);
    }

    fn registry(&self) -> PathBuf {
        self.folder.path(&format!("repositories/localhost:{}/registry/git-pkgs", self.port))
    }

    /// Compares the files of the packages in the lock file with those that were published.
    fn check_packages(&mut self) {
        if !self.root().join(".packages").exists() {
            return;
        }
        let (lock, _) = lock::read(&self.written("package.lock"));
        for package in lock.packages.values() {
            let Place::Registry { url, version, .. } = &package.place else { continue };
            let published = self.packages.get(url).map(|versions| versions.join(format!("v{version}")));
            let Some(published) = published.filter(|folder| folder.is_dir()) else { continue };
            let expected =
                contents_of(&published, &|text| text.replace("<[*PORT*]>", &self.port.to_string()));
            let found = contents_of(&self.root().join(package.folder()), &|text| text);
            if expected != found {
                let (expected, found) =
                    (expected.keys().collect::<BTreeSet<_>>(), found.keys().collect::<BTreeSet<_>>());
                self.differences
                    .push(format!("  files of {url} {version}: {found:?} instead of {expected:?}"));
            }
        }
    }

    fn pkg(&self, words: &[&str], with_root: bool) -> Answer {
        let root = self.root().display().to_string();
        let has_root = words.iter().any(|word| word.starts_with("--project-root"));
        let options: &[&str] = if has_root || !with_root { &[] } else { &["--project-root", &root] };
        let folder = if with_root { self.root() } else { self.root().join("nested") };
        answer(self.command(&[&["pkg"], options, words].concat()).current_dir(folder))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.folder.command(arguments);
        with_repositories(&mut command, &self.folder.path("repositories"), &["https://"]);
        command
    }

    fn make(&self, folder: &str) {
        std::fs::create_dir(self.root().join(folder)).expect("a folder can be made");
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.root().join(file), text).expect("a file can be written");
    }

    fn written(&self, file: &str) -> String {
        std::fs::read_to_string(self.root().join(file)).unwrap_or_default()
    }

    /// Returns the list of packages in the form of the existing tests: YAML.
    fn contents(&self) -> String {
        let list: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&self.written(".packages/contents.json")).unwrap_or_default();
        if list.is_empty() {
            return "{}".to_owned();
        }
        let mut text = String::new();
        for (url, versions) in &list {
            text.push_str(&format!("{url}:\n"));
            for (version, path) in versions.as_object().into_iter().flatten() {
                text.push_str(&format!("  {version}: {}\n", path.as_str().unwrap_or_default()));
            }
        }
        text
    }
}

fn equal(what: &str, expected: &str, found: &str) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    Err(format!("{what} is\n{found}\ninstead of\n{expected}"))
}

/// Returns a text without comments.
fn plain(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// Returns a lock file without comments, with one form of hashes, prefixes and quotes. Lucarne writes the name of a
/// package that is imported by another prefix, so names are left out.
fn lock_form(text: &str) -> String {
    let form = |line: &str| {
        let line = line.replace('\'', "");
        match line.trim_start() {
            hash if hash.starts_with("hash:") => format!("{}hash: HASH\n", &line[..line.len() - hash.len()]),
            entry => format!("{}{}\n", &line[..line.len() - entry.len()], entry.replace('_', "-")),
        }
    };
    let plain = plain(text);
    plain.lines().filter(|line| !line.starts_with("    name:")).map(form).collect()
}

/// Returns the text of each file below a folder, by its path.
fn contents_of(folder: &Path, text: &dyn Fn(String) -> String) -> BTreeMap<String, String> {
    let mut contents = BTreeMap::new();
    for name in files_of(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            contents.extend(
                contents_of(&path, text).into_iter().map(|(inner, text)| (format!("{name}/{inner}"), text)),
            );
        } else {
            contents.insert(name, text(read(&path)));
        }
    }
    contents
}

/// Returns the names of the files in a folder, in their order; none if the folder is missing.
fn files_of(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
