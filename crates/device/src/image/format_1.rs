//! Images of format 1, which older versions have put into stores and written to files.
//!
//! Before the sources they had the linked program. Their manifest named the build of lucarne that linked it.

use serde::Deserialize;

use super::{ImageError, Kind, Manifest};

/// The version of the format.
pub(super) const FORMAT: u8 = 1;

#[derive(Deserialize)]
struct Header {
    manifest: OldManifest,
    main_bytes: u64,
}

#[derive(Deserialize)]
struct OldManifest {
    kind: Kind,
    entry: String,
    _build: String,
}

/// Splits the bytes after the version into the manifest and the file or the sources.
pub(super) fn split(bytes: &[u8]) -> Result<(Manifest, &[u8]), ImageError> {
    let damaged = |problem: &str| ImageError::Damaged(problem.to_owned());
    let (Header { manifest: OldManifest { kind, entry, .. }, main_bytes }, parts): (Header, &[u8]) =
        postcard::take_from_bytes(bytes).map_err(|error| damaged(&error.to_string()))?;
    let main_bytes = usize::try_from(main_bytes).ok().filter(|size| *size <= parts.len());
    let (main, sources) = parts.split_at(main_bytes.ok_or_else(|| damaged("its end is missing"))?);
    if kind != Kind::Toit && !sources.is_empty() {
        return Err(damaged("there is something behind its end"));
    }
    Ok((Manifest { kind, entry }, if kind == Kind::Toit { sources } else { main }))
}
