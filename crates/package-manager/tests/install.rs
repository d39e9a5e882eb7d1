//! Installs packages from folders and from `.packages`, without a registry, and checks the errors.

use std::fs;
use std::path::{Path, PathBuf};

use lucarne_package_manager::cache::Cache;
use lucarne_package_manager::project::Project;
use lucarne_package_manager::registry::Index;
use lucarne_package_manager::{Error, program_folder, read_lock};

/// A folder that is removed when the test ends.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder can be made"))
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn add(&self, path: &str, text: &str) -> &Folder {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
        self
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("the file exists")
    }

    fn root(&self) -> PathBuf {
        self.path("app")
    }

    fn with_project<T>(&self, operation: impl FnOnce(&Project<'_>) -> T) -> T {
        fs::create_dir_all(self.root()).expect("a folder can be made");
        let cache = Cache::new(self.path("cache"));
        let project = Project::open(&self.root(), &cache, &|_| {}).expect("the folder can be locked");
        operation(&project)
    }

    fn install_local(&self, package: &str, prefix: Option<&str>) -> Result<String, Error> {
        let added = self
            .with_project(|project| project.install_local(&self.path(package), prefix, &Index::default()));
        added.map(|added| added.prefix)
    }

    fn recompute(&self) -> Result<usize, Error> {
        self.with_project(|project| project.recompute(&Index::default()))
    }
}

/// Makes a program beside a package that needs another package from a folder, and a package from a registry.
fn program() -> Folder {
    let folder = Folder::new();
    folder
        .add("app/main.toit", "main:\n")
        .add("morse/src/morse.toit", "")
        .add(
            "morse/package.yaml",
            "name: morse\ndependencies:\n  tones:\n    path: ../tones\n  far:\n    url: example.com/far\n    version: ^1.2.0\n",
        )
        .add("tones/src/tones.toit", "")
        .add("app/.packages/example.com/far/1.2.5/src/far.toit", "")
        .add("app/.packages/example.com/far/1.10.0/src/far.toit", "")
        .add("app/.packages/example.com/far/1.10.0/package.yaml", "name: far\n")
        .add("app/.packages/example.com/far/2.0.0/src/far.toit", "");
    folder
}

#[test]
fn a_package_brings_its_dependencies() {
    let folder = program();
    assert_eq!(folder.install_local("morse", None).expect("can be installed"), "morse");
    let lock = read_lock(&folder.root()).expect("the lock file is valid");
    assert_eq!(lock.prefixes["morse"], "morse");
    let morse = &lock.packages["morse"];
    assert_eq!(
        (morse.prefixes["tones"].as_str(), morse.prefixes["far"].as_str()),
        ("tones", "example.com/far-1")
    );
    assert_eq!(lock.packages["tones"].name, None, "the prefix is the name of its folder");
    assert_eq!(
        lock.packages["example.com/far-1"].folder(),
        ".packages/example.com/far/1.10.0",
        "the newest that suits"
    );
    assert_eq!(program_folder(&folder.root().join("main.toit")), Some(folder.root()));
}

#[test]
fn installing_again_changes_nothing() {
    let folder = program();
    folder.install_local("morse", Some("m")).expect("can be installed");
    let (lock, spec) = (folder.read("app/package.lock"), folder.read("app/package.yaml"));
    assert!(lock.contains("name: morse"), "another prefix needs the name: {lock}");
    folder.install_local("morse", Some("m")).expect("can be installed again");
    assert_eq!(folder.recompute().expect("can be installed"), 3);
    assert_eq!((folder.read("app/package.lock"), folder.read("app/package.yaml")), (lock, spec));
}

#[test]
fn a_locked_version_stays() {
    let folder = program();
    folder
        .add("app/package.yaml", "dependencies:\n  far:\n    url: example.com/far\n    version: ^1.0\n")
        .add(
            "app/package.lock",
            "packages:\n  x:\n    url: example.com/far\n    version: 1.2.5\n    hash: abc\n",
        );
    folder.recompute().expect("can be installed");
    let lock = folder.read("app/package.lock");
    assert!(lock.contains("version: 1.2.5") && lock.contains("hash: abc"), "{lock}");
}

#[test]
fn packages_that_need_each_other() {
    let folder = Folder::new();
    folder
        .add("a/src/a.toit", "")
        .add("a/package.yaml", "dependencies:\n  b:\n    path: ../b\n")
        .add("b/src/b.toit", "")
        .add("b/package.yaml", "dependencies:\n  a:\n    path: ../a\n");
    folder.install_local("a", None).expect("can be installed");
    let lock = read_lock(&folder.root()).expect("the lock file is valid");
    assert_eq!(
        (lock.packages["a"].prefixes["b"].as_str(), lock.packages["b"].prefixes["a"].as_str()),
        ("b", "a")
    );
}

#[test]
fn failed_installations_change_nothing() {
    let folder = program();
    let install = |package: &str, prefix| {
        let result = folder.install_local(package, prefix);
        let base = folder.path("").display().to_string();
        result.expect_err("cannot be installed").to_string().replace(&base, "/")
    };
    assert_eq!(install("nowhere", None), "/nowhere is not a package: the folder does not exist");
    assert_eq!(install("app", None), "/app is not a package: it has no folder `src`");
    let bad_prefix = "`a b` cannot be the prefix of an import: choose another prefix with --prefix";
    assert_eq!(install("morse", Some("a b")), bad_prefix);
    let needs = |url: &str, version: &str| {
        let text = format!("name: tones\ndependencies:\n  far:\n    url: {url}\n    version: {version}\n");
        folder.add("tones/package.yaml", &text);
    };
    needs("example.com/gone", "^3.0");
    let missing = install("morse", None);
    assert!(missing.contains("needs example.com/gone ^3.0.0, which no registry lists"), "{missing}");
    needs("example.com/far", "^3.0");
    let missing = install("morse", None);
    assert!(missing.contains("there is only 2.0.0, 1.10.0 and 1.2.5"), "{missing}");
    needs("../../etc", "^3.0");
    assert!(install("morse", None).contains("the url of a dependency is invalid"));
    folder.add("tones/package.yaml", "name: tones\ndependencies: [\n");
    let broken = install("morse", None);
    assert!(broken.contains("tones/package.yaml:"), "{broken}");
    assert!(!folder.root().join("package.lock").exists() && !folder.root().join("package.yaml").exists());
}

#[test]
fn a_broken_lock_file_is_named() {
    let folder = program();
    folder.add("app/package.lock", "prefixes:\n  a: gone\n").add("app/package.yaml", "");
    let error = read_lock(&folder.root()).expect_err("the lock file is broken");
    assert!(
        matches!(&error, Error::BrokenLock { line: 2, path, .. } if path.ends_with(Path::new("package.lock")))
    );
    assert!(error.to_string().contains("--recompute"), "{error}");
    assert_eq!(folder.recompute().expect("the lock file is made again"), 0);
    assert!(read_lock(&folder.root()).is_ok());
}

/// A file that is not text is named, with the line.
#[test]
fn files_that_are_not_text() {
    let folder = program();
    let write = |path: &str, bytes: &[u8]| {
        fs::write(folder.path(path), bytes).expect("a file can be written");
    };
    let error = |result: Result<usize, Error>| {
        let base = folder.path("").display().to_string();
        result.expect_err("the file is not text").to_string().replace(&base, "/")
    };
    write("app/package.yaml", b"name: x\n\xff\xfe\n");
    assert_eq!(error(folder.recompute()), "/app/package.yaml:2: this is not UTF-8: invalid byte 0xff");
    write("app/package.yaml", b"\x7fELF\x02\x01\0\0");
    let not_text = "/app/package.yaml:1: this is not a text file: it contains the byte 0x00";
    assert_eq!(error(folder.recompute()), not_text);
    write("app/package.yaml", b"name: x\rdependencies:\r  tones:\r    path: ../tones\r");
    write("app/package.lock", b"\xff\xfe");
    let broken = read_lock(&folder.root()).expect_err("the file is not text").to_string();
    assert!(broken.contains("package.lock:1: this is not UTF-8"), "{broken}");
    assert_eq!(folder.recompute().expect("the lock file is made again"), 1);
    let lock = fs::read(folder.root().join("package.lock")).expect("the file exists");
    let other_ends = |end: &str| String::from_utf8_lossy(&lock).replace('\n', end);
    for text in [other_ends("\r\n"), other_ends("\r"), format!("\u{feff}{}", other_ends("\n").trim_end())] {
        write("app/package.lock", text.as_bytes());
        assert_eq!(read_lock(&folder.root()).expect("the lock file is valid").packages.len(), 1, "{text:?}");
    }
}

/// In ids, other characters than letters and digits become underscores.
#[test]
fn packages_with_similar_urls_have_different_ids() {
    let folder = Folder::new();
    let spec = |url: &str| format!("    url: {url}\n    version: ^1.0.0\n");
    let (one, other) = ("example.com/~me/x", "example.com/_me/x");
    folder
        .add("app/package.yaml", &format!("dependencies:\n  a:\n{}  b:\n{}", spec(one), spec(other)))
        .add(&format!("app/.packages/{one}/1.0.0/src/x.toit"), "")
        .add(&format!("app/.packages/{other}/1.0.0/src/x.toit"), "");
    assert_eq!(folder.recompute().expect("can be installed"), 2);
    let lock = read_lock(&folder.root()).expect("the lock file is valid");
    let folder_of = |prefix: &str| lock.packages[&lock.prefixes[prefix]].folder();
    assert_eq!(
        (folder_of("a"), folder_of("b")),
        (format!(".packages/{one}/1.0.0"), format!(".packages/{other}/1.0.0"))
    );
}
