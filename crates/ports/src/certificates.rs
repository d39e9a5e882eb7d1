//! The certificates that the machine trusts, at the places where OpenSSL and the distributions of Linux have them.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

const FILE_VARIABLE: &str = "SSL_CERT_FILE";
const FOLDER_VARIABLE: &str = "SSL_CERT_DIR";

/// The files with all certificates, of Debian, Fedora, openSUSE, and Alpine. The first that exists counts.
const FILES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The most bytes that are read. The file of Debian has 220,000.
const BYTES_MAX: u64 = 4 << 20;

/// Returns the trusted certificates, in the form PEM. If one of the variables is set, they are those that it names.
pub(crate) fn trusted() -> Vec<u8> {
    trusted_at(env::var_os(FILE_VARIABLE), env::var_os(FOLDER_VARIABLE))
}

fn trusted_at(file: Option<OsString>, folders: Option<OsString>) -> Vec<u8> {
    if file.is_none() && folders.is_none() {
        return FILES.iter().find_map(|file| read(Path::new(file), BYTES_MAX)).unwrap_or_default();
    }
    let folders = folders.map(|folders| env::split_paths(&folders).collect::<Vec<_>>()).unwrap_or_default();
    let files = file.map(PathBuf::from).into_iter().chain(folders.iter().flat_map(|folder| files_in(folder)));
    let mut text = Vec::new();
    for file in files {
        let rest = BYTES_MAX.saturating_sub(text.len() as u64);
        text.extend(read(&file, rest).unwrap_or_default());
        text.push(b'\n');
    }
    text
}

/// Returns the files in a folder, in the order of their names.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// Returns the contents of a regular file, or none if it has more than `size_max` bytes.
fn read(file: &Path, size_max: u64) -> Option<Vec<u8>> {
    let data = fs::metadata(file).ok()?;
    if data.is_file() && data.len() <= size_max { fs::read(file).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_name_files_and_folders() {
        let folder = env::temp_dir().join(format!("lucarne-certificates-{}", std::process::id()));
        fs::create_dir_all(folder.join("inner")).expect("a temporary folder");
        for name in ["b", "a"] {
            fs::write(folder.join(name), name).expect("a temporary file");
        }
        let file = Some(folder.join("b").into_os_string());
        let folders = Some(env::join_paths([&folder, &folder.join("inner")]).expect("paths without a colon"));
        let missing = Some(folder.join("missing").into_os_string());
        assert_eq!(trusted_at(file.clone(), None), b"b\n");
        assert_eq!(trusted_at(None, folders.clone()), b"a\nb\n\n");
        assert_eq!(trusted_at(file, folders), b"b\na\nb\n\n");
        assert_eq!(trusted_at(missing.clone(), missing), b"\n");
        fs::remove_dir_all(folder).expect("a temporary folder");
    }
}
