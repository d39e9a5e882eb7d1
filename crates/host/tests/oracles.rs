//! The oracles of the fuzz targets, over the inputs that are kept and over programs of the tests.
#![cfg(feature = "toit")]

mod oracle;

use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(ROOT).join(folder));
    let files = entries.into_iter().flatten().map(|entry| entry.expect("the folder can be read").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    files.sort_unstable();
    files
}

#[test]
fn kept_inputs_pass() {
    for format in ["json", "ubjson", "yaml", "cron", "tls", "x509", "zlib", "zone"] {
        let kept = files(&format!("fuzz/corpus/{format}"));
        assert!(!kept.is_empty(), "there are inputs for {format}");
        for file in kept {
            oracle::format(format, &std::fs::read(file).expect("the file can be read"));
        }
    }
    // Programs do the same in all ways to run them.
    let kept = files("fuzz/corpus/programs");
    assert!(!kept.is_empty(), "there are programs");
    for file in kept {
        oracle::program(&std::fs::read(file).expect("the file can be read"));
    }
}
