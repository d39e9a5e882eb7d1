//! Sets `LUCARNE_BUILD`, the id of this build of lucarne: a digest of the sources that determine the bytecode of a
//! program and the meaning of that bytecode.
//!
//! These are the sources of the library, the compiler and the virtual machine with its natives. The sources are hashed,
//! and not the binary, so that different binaries of one version can use the bytecode in the same store.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

const FOLDERS: &[&str] = &[
    "lib",
    "crates/compiler/src",
    "crates/library/src",
    "crates/package/src",
    "crates/heap/src",
    "crates/natives/src",
    "crates/vm/src",
];

fn main() {
    let manifest = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets the variables of build scripts");
    let root = Path::new(&manifest).join("../..");
    let mut hash = Sha256::new();
    for folder in FOLDERS {
        let path = root.join(folder);
        println!("cargo::rerun-if-changed={}", path.display());
        let mut files = Vec::new();
        add_files(&path, &mut files);
        files.sort();
        for file in files {
            let name = file.strip_prefix(&root).expect("the file is in the folder");
            let bytes = std::fs::read(&file).expect("the sources can be read");
            hash.update(name.to_string_lossy().as_bytes());
            hash.update([0]);
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
    }
    let build: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    println!("cargo::rustc-env=LUCARNE_BUILD={build}");
}

fn add_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the sources can be read") {
        let path = entry.expect("the sources can be read").path();
        if path.is_dir() {
            add_files(&path, files);
        } else {
            files.push(path);
        }
    }
}
