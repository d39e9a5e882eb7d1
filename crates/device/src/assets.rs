//! Files that come with a container, in the format of Toit's `system.assets`: names and contents in one byte array.

use std::collections::BTreeMap;

use thiserror::Error;

/// The name of the asset with the definitions of `-D`: a map as TISON.
pub(crate) const DEFINES: &str = "jag.defines";

/// The first word of the format.
const MARKER: u32 = 0x6395_f9f1;

/// The alignment of names and contents, in bytes.
const ALIGNMENT: usize = 4;

/// The bytes are not a file of assets.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a file of assets: write NAME=FILE to attach any file")]
pub(crate) struct BadAssets;

/// Encodes files in the format that programs read.
pub(crate) fn encode(entries: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let number = |bytes: &mut Vec<u8>, number: usize| {
        bytes.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    };
    number(&mut bytes, MARKER as usize);
    number(&mut bytes, entries.len());
    for part in entries.iter().flat_map(|(name, contents)| [name.as_bytes(), contents]) {
        number(&mut bytes, part.len());
        bytes.extend_from_slice(part);
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
    }
    bytes
}

/// Decodes the names and contents.
pub(crate) fn decode(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, BadAssets> {
    let mut rest = bytes;
    if number(&mut rest)? != MARKER as usize {
        return Err(BadAssets);
    }
    let mut entries = BTreeMap::new();
    for _ in 0..number(&mut rest)? {
        let name = String::from_utf8(part(&mut rest)?).map_err(|_| BadAssets)?;
        entries.insert(name, part(&mut rest)?);
    }
    Ok(entries)
}

fn number(rest: &mut &[u8]) -> Result<usize, BadAssets> {
    let (number, behind) = rest.split_first_chunk().ok_or(BadAssets)?;
    *rest = behind;
    Ok(u32::from_le_bytes(*number) as usize)
}

fn part(rest: &mut &[u8]) -> Result<Vec<u8>, BadAssets> {
    let size = number(rest)?;
    let part = rest.get(..size).ok_or(BadAssets)?.to_vec();
    *rest = rest.get(size.next_multiple_of(ALIGNMENT)..).unwrap_or_default();
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let entries: BTreeMap<_, _> =
            [("a".to_owned(), b"12345".to_vec()), ("empty".to_owned(), Vec::new())].into();
        assert_eq!(decode(&encode(&entries)), Ok(entries));
        assert_eq!(decode(&encode(&BTreeMap::new())), Ok(BTreeMap::new()));
    }

    #[test]
    fn what_is_none_is_refused() {
        let good = encode(&[("name".to_owned(), b"contents".to_vec())].into());
        for size in 0..good.len() {
            assert_eq!(decode(&good[..size]), Err(BadAssets), "{size}");
        }
        assert_eq!(decode(b"hello, world"), Err(BadAssets));
    }
}
