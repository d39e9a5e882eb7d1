//! Makes a package for Debian and its derivatives: an archive of two archives, one with the
//! metadata and one with the files.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use md5::{Digest, Md5};

use crate::Error;
use crate::archive::{Entry, Kind, ar, gz, tar_gz, with_folders};
use crate::build::{Built, output};
use crate::dist::{Contents, file_error};
use crate::generated::{ANYWHERE, UNIT};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The number in the soname.
const SOVERSION: u32 = 0;

const MAINTAINER: &str = "The Lucarne developers <lucarne@users.noreply.github.com>";

/// For each library of the operating system: the beginning of its name, its package, and the prefix of the symbol
/// versions that determine the required release of the package.
const PACKAGES: [(&str, &str, &str); 4] = [
    ("libc.so.", "libc6", "GLIBC_"),
    ("libm.so.", "libc6", "GLIBC_"),
    ("ld-linux", "libc6", "GLIBC_"),
    ("libgcc_s.so.", "libgcc-s1", "GCC_"),
];

pub(crate) fn file_name() -> Result<String, Error> {
    Ok(format!("lucarne_{VERSION}_{}.deb", architecture()?))
}

/// Returns Debian's name for the machine.
fn architecture() -> Result<&'static str, Error> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        "riscv64" => Ok("riscv64"),
        _ => Err(Error::Unsuitable("no package can be made for this processor")),
    }
}

pub(crate) fn pack(contents: &Contents, built: &Built) -> Result<Vec<u8>, Error> {
    let error = |reason| file_error(Path::new("lucarne.deb"), reason);
    let date = output(
        Command::new("date").args(["--utc", "--rfc-email", "--date"]).arg(format!("@{}", contents.time)),
    )?;
    let files = with_folders(files(contents, date.trim()).map_err(error)?);
    let depends = depends(&[&built.binary, &built.shared_library])?;
    let about = [
        Entry::text("control", control(&files, &depends)?),
        Entry::text("md5sums", sums(&files)),
        // `shlibs` makes packages that need the shared library depend on this package. `triggers` runs `ldconfig`, so
        // that the loader finds the library.
        Entry::text("shlibs", format!("liblucarne {SOVERSION} lucarne (>= {VERSION})\n")),
        Entry::text("triggers", "activate-noawait ldconfig\n"),
    ];
    let about = tar_gz("", &about, contents.time).map_err(error)?;
    let files = tar_gz("", &files, contents.time).map_err(error)?;
    let members = [("debian-binary", b"2.0\n".to_vec()), ("control.tar.gz", about), ("data.tar.gz", files)];
    Ok(ar(&members, contents.time))
}

/// Converts the content to Debian's layout, and adds the files that Debian requires.
fn files(contents: &Contents, date: &str) -> std::io::Result<Vec<Entry>> {
    let mut files = Vec::new();
    for entry in &contents.entries {
        let path = entry.path.replace("zsh/site-functions", "zsh/vendor-completions");
        let (path, kind) = match &entry.kind {
            Kind::File { mode, bytes } if path.starts_with("share/man/") => {
                (path + ".gz", Kind::File { mode: *mode, bytes: gz(bytes)? })
            }
            Kind::File { mode, bytes } if path == UNIT => {
                let anywhere = format!("ExecStart={ANYWHERE} ");
                let text = String::from_utf8_lossy(bytes).replace(&anywhere, "ExecStart=/usr/bin/lucarne ");
                (path, Kind::File { mode: *mode, bytes: text.into_bytes() })
            }
            Kind::File { mode, bytes } => (path, Kind::File { mode: *mode, bytes: bytes.clone() }),
            Kind::Link { to } => (path, Kind::Link { to: to.clone() }),
            Kind::Folder => continue,
        };
        // The licenses are in the file `copyright`.
        if !path.contains("/LICENSE-") {
            files.push(Entry { path: format!("usr/{path}"), kind });
        }
    }
    files.push(Entry::text("usr/share/doc/lucarne/copyright", include_str!("../templates/copyright")));
    let changes =
        include_str!("../templates/changelog").replace("@VERSION@", VERSION).replace("@DATE@", date);
    files.push(Entry::text("usr/share/doc/lucarne/changelog.gz", gz(changes.as_bytes())?));
    Ok(files)
}

fn control(files: &[Entry], depends: &str) -> Result<String, Error> {
    let size = |entry: &Entry| match &entry.kind {
        Kind::File { bytes, .. } => bytes.len().div_ceil(1024),
        Kind::Folder | Kind::Link { .. } => 1,
    };
    Ok(include_str!("../templates/control")
        .replace("@VERSION@", VERSION)
        .replace("@ARCHITECTURE@", architecture()?)
        .replace("@MAINTAINER@", MAINTAINER)
        .replace("@SIZE@", &files.iter().map(size).sum::<usize>().to_string())
        .replace("@DEPENDS@", depends))
}

fn sums(files: &[Entry]) -> String {
    let mut sums = String::new();
    for entry in files {
        if let Kind::File { bytes, .. } = &entry.kind {
            for byte in Md5::digest(bytes) {
                let _ = write!(sums, "{byte:02x}");
            }
            let _ = writeln!(sums, "  {}", entry.path);
        }
    }
    sums
}

/// Returns the packages that these files need, in the required releases.
fn depends(files: &[&Path]) -> Result<String, Error> {
    let mut depends = std::collections::BTreeMap::<&str, Vec<u32>>::new();
    for file in files {
        let needs =
            output(Command::new("readelf").args(["--wide", "--dynamic", "--version-info"]).arg(file))?;
        for library in needs.lines().filter(|line| line.contains("(NEEDED)")).filter_map(in_brackets) {
            let (_, package, versions) = package_of(library)?;
            let needed = newest(&needs, versions);
            let known = depends.entry(package).or_default();
            *known = needed.max(std::mem::take(known));
        }
    }
    let one = |(package, version): (&&str, &Vec<u32>)| {
        let version: Vec<String> = version.iter().map(u32::to_string).collect();
        format!("{package} (>= {})", version.join("."))
    };
    Ok(depends.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn in_brackets(line: &str) -> Option<&str> {
    line.split_once('[')?.1.split(']').next()
}

fn package_of(library: &str) -> Result<(&'static str, &'static str, &'static str), Error> {
    let known = PACKAGES.into_iter().find(|(name, ..)| library.starts_with(name));
    known.ok_or(Error::Unsuitable(
        "a required library is missing from the list of packages in xtask/src/deb.rs",
    ))
}

/// Returns the newest version of symbols with this prefix.
fn newest(needs: &str, prefix: &str) -> Vec<u32> {
    let names = needs.split_whitespace().filter_map(|word| word.strip_prefix(prefix));
    let numbers = |name: &str| name.split('.').map(str::parse).collect::<Result<Vec<u32>, _>>().ok();
    names.filter_map(numbers).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        let needs = "Name: GLIBC_2.9  Flags: none\n Name: GLIBC_2.34\n GLIBC_PRIVATE GCC_3.0 GCC_4.2.0";
        assert_eq!(newest(needs, "GLIBC_"), [2, 34]);
        assert_eq!(newest(needs, "GCC_"), [4, 2, 0]);
        assert!(package_of("libssl.so.3").is_err());
    }
}
