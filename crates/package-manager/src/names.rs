//! Names that come from registries, lock files and packages: they become paths and arguments of `git`, so each is
//! checked before it is used.

use std::fmt::Write;

use lucarne_package::version::{Version, version};
use sha2::{Digest, Sha256};

/// The maximum length of the URL of a package, in bytes.
const URL_MAX: usize = 256;

/// The maximum length of a version, in bytes: it is the name of a folder.
const VERSION_MAX: usize = 128;

/// The maximum length of a commit's hash: that of SHA-256 in hexadecimal digits.
const HASH_MAX: usize = 64;

/// Returns the URL of a package in the form in which URLs are compared: without `https://` and `.git`, the name of the
/// host in lowercase. Returns `None` if the text cannot be the URL of a package.
///
/// The URL is the path of a folder too, so no part may be empty or begin with a dot, and none but the host may look like
/// a version: folders of versions lie in the folder of the URL.
pub fn package_url(text: &str) -> Option<String> {
    let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    let text = text.strip_suffix('/').unwrap_or(text);
    let text = text.strip_suffix(".git").unwrap_or(text);
    if text.len() > URL_MAX {
        return None;
    }
    let mut parts = text.split('/');
    let host =
        parts.next().filter(|host| is_part(host.split(':').next().unwrap_or_default()) && is_host(host))?;
    let mut url = host.to_lowercase();
    for part in parts {
        if !is_part(part) || is_full_version(part) {
            return None;
        }
        let _ = write!(url, "/{part}");
    }
    Some(url)
}

/// Returns whether a text is a host, with or without a port.
fn is_host(text: &str) -> bool {
    match text.split_once(':') {
        None => true,
        Some((_, port)) => {
            !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit())
        }
    }
}

fn is_part(text: &str) -> bool {
    let is_first = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'~';
    text.bytes().next().is_some_and(is_first)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+".contains(&byte))
}

fn is_full_version(text: &str) -> bool {
    text.matches('.').count() >= 2 && version(text).is_some()
}

/// Reads a version that becomes the name of a folder.
pub fn package_version(text: &str) -> Option<Version> {
    version(text).filter(|_| text.len() <= VERSION_MAX)
}

/// Returns whether a text can be the hash of a commit: hexadecimal digits.
pub fn is_hash(text: &str) -> bool {
    (1..=HASH_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns whether a text is the whole hash of a commit, by which `git` can download it.
pub fn is_whole_hash(text: &str) -> bool {
    is_hash(text) && [40, 64].contains(&text.len())
}

/// Returns the address at which `git` finds a package. Packages on this machine are served without encryption.
pub fn address(url: &str) -> String {
    let host = url.split(['/', ':']).next().unwrap_or_default();
    let scheme = if ["localhost", "127.0.0.1"].contains(&host) { "http" } else { "https" };
    format!("{scheme}://{url}")
}

/// Returns the address of a registry as `git` takes it: a text without a scheme, such as `github.com/toitware/registry`,
/// is reached by HTTPS. Returns `None` if the text cannot be an address.
pub fn registry_address(text: &str) -> Option<String> {
    let is_plain = text.chars().all(|letter| !letter.is_control() && !letter.is_whitespace());
    // With two colons, `git` runs a program of this name.
    if text.is_empty() || text.starts_with('-') || !is_plain || text.contains("::") {
        return None;
    }
    let has_scheme = text.contains("://") || text.starts_with('/') || text.contains('@');
    Some(if has_scheme { text.to_owned() } else { address(text) })
}

/// Returns the id of a package in a lock file: its URL with the major version. The ids of two URLs can be equal.
pub fn lock_id(url: &str, version: &Version) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    let url: String = url.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    format!("{url}-{}", version.major)
}

/// Returns a name for the file or folder of something with this key: the readable part of the key, and a digest.
pub fn file_name(key: &str) -> String {
    const READABLE_MAX: usize = 80;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    let readable: String = key.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    let readable = readable.trim_start_matches(['.', '-']);
    let digest = Sha256::digest(key.as_bytes());
    format!(
        "{}-{}",
        &readable[..readable.len().min(READABLE_MAX)],
        data_encoding::HEXLOWER.encode(&digest[..8])
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn urls_of_packages() {
        let read = |text| package_url(text);
        assert_eq!(read("https://GitHub.com/Toit/x.git").as_deref(), Some("github.com/Toit/x"));
        assert_eq!(read("localhost:8080/pkg/a-b_c").as_deref(), Some("localhost:8080/pkg/a-b_c"));
        assert_eq!(read("foo").as_deref(), Some("foo"));
        for bad in [
            "",
            "/",
            "/etc",
            "a//b",
            "a/../b",
            "../x",
            "a/.git",
            "a/b/..",
            "-x/y",
            "a/-b",
            "a/--upload-pack=x",
            "a b",
            "a:b/c",
            "a:123456/b",
            "ext::sh -c x",
            "file:///etc",
            "a/1.2.3",
            "a/1.2.3/src",
            "a\\b",
            "a/b\n",
            "a@b/c",
            "é.com/x",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
        assert_eq!(package_url(&"a".repeat(300)), None);
    }

    #[test]
    fn addresses() {
        assert_eq!(address("localhost:80/x"), "http://localhost:80/x");
        assert_eq!(address("localhost.com/x"), "https://localhost.com/x");
        assert_eq!(registry_address("github.com/a/b").as_deref(), Some("https://github.com/a/b"));
        assert_eq!(registry_address("git@github.com:a/b").as_deref(), Some("git@github.com:a/b"));
        assert_eq!(registry_address("/srv/registry").as_deref(), Some("/srv/registry"));
        for bad in ["", "--upload-pack=touch x", "ext::sh -c date", "a b", "a\nb"] {
            assert_eq!(registry_address(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn names_of_files_differ() {
        assert_ne!(file_name("a/b"), file_name("a_b"));
        assert!(
            file_name("https://é.com/x y")
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        );
    }

    proptest! {
        #[test]
        fn a_url_stays_in_its_folder(text in "[a-z0-9./:~_-]{0,20}") {
            if let Some(url) = package_url(&text) {
                prop_assert!(url.split('/').all(|part| !part.is_empty() && !part.starts_with(['.', '-'])));
                prop_assert_eq!(package_url(&url), Some(url.clone()));
            }
        }
    }
}
