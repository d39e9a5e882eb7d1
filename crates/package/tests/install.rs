//! Installs packages from folders, and checks the errors.

use std::fs;
use std::path::{Path, PathBuf};

use lucarne_package::install::{InstallError, install_all, install_local, installed, program_folder};

/// A folder that is removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("lucarne-package-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder can be made");
        Folder(path)
    }

    fn add(&self, path: &str, text: &str) -> &Folder {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
        self
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).expect("the file exists")
    }

    fn root(&self) -> PathBuf {
        self.0.join("app")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Makes a program beside a package that needs another package from a folder, and a package from a registry.
fn program(name: &str) -> Folder {
    let folder = Folder::new(name);
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
    let folder = program("needs");
    let prefix = install_local(&folder.root(), &folder.0.join("morse"), None).expect("can be installed");
    assert_eq!(prefix, "morse");
    let lock = installed(&folder.root()).expect("the lock file is good");
    assert_eq!(lock.prefixes["morse"], "morse");
    let morse = &lock.packages["morse"];
    assert_eq!((morse.prefixes["tones"].as_str(), morse.prefixes["far"].as_str()), ("tones", "far"));
    assert_eq!(lock.packages["tones"].name.as_deref(), Some("tones"), "named for its folder");
    assert_eq!(lock.packages["far"].folder(), ".packages/example.com/far/1.10.0", "the newest that will do");
    assert_eq!(program_folder(&folder.root().join("main.toit")), Some(folder.root()));
}

#[test]
fn installing_again_changes_nothing() {
    let folder = program("again");
    install_local(&folder.root(), &folder.0.join("morse"), Some("m")).expect("can be installed");
    let (lock, spec) = (folder.read("app/package.lock"), folder.read("app/package.yaml"));
    install_local(&folder.root(), &folder.0.join("morse"), Some("m")).expect("can be installed again");
    assert_eq!(install_all(&folder.root()).expect("can be installed"), 3);
    assert_eq!((folder.read("app/package.lock"), folder.read("app/package.yaml")), (lock, spec));
}

#[test]
fn a_locked_version_stays() {
    let folder = program("locked");
    folder
        .add("app/package.yaml", "dependencies:\n  far:\n    url: example.com/far\n    version: ^1.0\n")
        .add(
            "app/package.lock",
            "packages:\n  x:\n    url: example.com/far\n    version: 1.2.5\n    hash: abc\n",
        );
    install_all(&folder.root()).expect("can be installed");
    let lock = folder.read("app/package.lock");
    assert!(lock.contains("version: 1.2.5") && lock.contains("hash: abc"), "{lock}");
}

#[test]
fn packages_that_need_each_other() {
    let folder = Folder::new("circle");
    folder
        .add("a/src/a.toit", "")
        .add("a/package.yaml", "dependencies:\n  b:\n    path: ../b\n")
        .add("b/src/b.toit", "")
        .add("b/package.yaml", "dependencies:\n  a:\n    path: ../a\n");
    fs::create_dir_all(folder.root()).expect("a folder can be made");
    install_local(&folder.root(), &folder.0.join("a"), None).expect("can be installed");
    let lock = installed(&folder.root()).expect("the lock file is good");
    assert_eq!(
        (lock.packages["a"].prefixes["b"].as_str(), lock.packages["b"].prefixes["a"].as_str()),
        ("b", "a")
    );
}

#[test]
fn failed_installations_change_nothing() {
    let folder = program("wrong");
    let install = |package: &str, prefix| {
        let result = install_local(&folder.root(), &folder.0.join(package), prefix);
        result.expect_err("cannot be installed").to_string().replace(&folder.0.display().to_string(), "")
    };
    assert_eq!(install("nowhere", None), "/nowhere is not a package: there is no such folder");
    assert_eq!(install("app", None), "/app is not a package: it has no folder `src`");
    let bad_prefix = "`a b` cannot be the prefix of an import: choose another prefix with --prefix";
    assert_eq!(install("morse", Some("a b")), bad_prefix);
    folder.add(
        "tones/package.yaml",
        "name: tones\ndependencies:\n  far:\n    url: example.com/gone\n    version: ^3.0\n",
    );
    assert!(
        install("morse", None)
            .starts_with("no version ^3.0 of example.com/gone is in /app/.packages/example.com/gone:")
    );
    folder.add("tones/package.yaml", "name: tones\ndependencies: [\n");
    assert!(
        install("morse", None).starts_with("/morse/../tones/package.yaml:")
            || install("morse", None).contains("tones/package.yaml:")
    );
    assert!(!folder.root().join("package.lock").exists() && !folder.root().join("package.yaml").exists());
}

#[test]
fn a_broken_lock_file_is_named() {
    let folder = program("broken");
    folder.add("app/package.lock", "prefixes:\n  a: gone\n");
    let error = installed(&folder.root()).expect_err("is broken");
    assert!(
        matches!(&error, InstallError::Content { line: 2, path, .. } if path.ends_with(Path::new("package.lock")))
    );
    assert_eq!(install_all(&folder.root()).expect("the lock file is made again"), 0);
    assert!(installed(&folder.root()).is_ok());
}

/// A file that is not text is named, with the line.
#[test]
fn files_that_are_not_text() {
    let folder = program("binary");
    let write = |path: &str, bytes: &[u8]| {
        fs::write(folder.0.join(path), bytes).expect("a file can be written");
    };
    let error = |result: Result<usize, InstallError>| {
        result.expect_err("is not text").to_string().replace(&folder.0.display().to_string(), "")
    };
    write("app/package.yaml", b"name: x\n\xff\xfe\n");
    assert_eq!(
        error(install_all(&folder.root())),
        "/app/package.yaml:2: this is not UTF-8: invalid byte 0xff"
    );
    write("app/package.yaml", b"\x7fELF\x02\x01\0\0");
    let not_text = "/app/package.yaml:1: this is not a text file: it contains the byte 0x00";
    assert_eq!(error(install_all(&folder.root())), not_text);
    write("app/package.yaml", b"name: x\rdependencies:\r  tones:\r    path: ../tones\r");
    write("app/package.lock", b"\xff\xfe");
    assert!(
        installed(&folder.root())
            .expect_err("is not text")
            .to_string()
            .contains("package.lock:1: this is not UTF-8")
    );
    assert_eq!(install_all(&folder.root()).expect("the lock file is made again"), 1);
    let lock = fs::read(folder.root().join("package.lock")).expect("the file is there");
    let other_ends = |end: &str| String::from_utf8_lossy(&lock).replace('\n', end);
    for text in [other_ends("\r\n"), other_ends("\r"), format!("\u{feff}{}", other_ends("\n").trim_end())] {
        write("app/package.lock", text.as_bytes());
        assert_eq!(installed(&folder.root()).expect("the lock file is good").packages.len(), 1, "{text:?}");
    }
}
