//! Makes archives whose bytes depend only on their content: the entries are in order, and all have the same owner and
//! time.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};

/// An entry of an archive.
pub(crate) struct Entry {
    /// The path of the entry, without a leading slash.
    pub(crate) path: String,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    File { mode: u32, bytes: Vec<u8> },
    Folder,
    Link { to: String },
}

impl Entry {
    pub(crate) fn text(path: &str, text: impl Into<Vec<u8>>) -> Entry {
        Entry { path: path.to_owned(), kind: Kind::File { mode: 0o644, bytes: text.into() } }
    }
}

/// Returns a compressed tar archive of the entries. In the archive, each path begins with `root`.
pub(crate) fn tar_gz(root: &str, entries: &[Entry], time: u64) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzBuilder::new().write(Vec::new(), Compression::best()));
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mtime(time);
        header.set_uid(0);
        header.set_gid(0);
        header.set_username("root")?;
        header.set_groupname("root")?;
        let path = format!("{root}{}", entry.path);
        match &entry.kind {
            Kind::File { mode, bytes } => {
                header.set_mode(*mode);
                header.set_size(bytes.len() as u64);
                archive.append_data(&mut header, path, bytes.as_slice())?;
            }
            Kind::Folder => {
                header.set_entry_type(tar::EntryType::Directory);
                header.set_mode(0o755);
                header.set_size(0);
                archive.append_data(&mut header, path + "/", io::empty())?;
            }
            Kind::Link { to } => {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_mode(0o777);
                header.set_size(0);
                archive.append_link(&mut header, path, to)?;
            }
        }
    }
    archive.into_inner()?.finish()
}

/// Returns the entries with their folders. Each folder comes before its content.
pub(crate) fn with_folders(entries: Vec<Entry>) -> Vec<Entry> {
    let mut all = std::collections::BTreeMap::new();
    for entry in entries {
        for (end, _) in entry.path.match_indices('/') {
            let folder = &entry.path[..end];
            all.entry(folder.to_owned())
                .or_insert_with(|| Entry { path: folder.to_owned(), kind: Kind::Folder });
        }
        all.insert(entry.path.clone(), entry);
    }
    all.into_values().collect()
}

pub(crate) fn gz(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressed = GzBuilder::new().write(Vec::new(), Compression::best());
    compressed.write_all(bytes)?;
    compressed.finish()
}

/// Returns an archive of `ar`: for each member a header of 60 bytes in text, and its bytes, padded
/// to an even number.
pub(crate) fn ar(members: &[(&str, Vec<u8>)], time: u64) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, bytes) in members {
        let size = bytes.len();
        let header = format!("{name:<16}{time:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 100_644);
        archive.extend_from_slice(header.as_bytes());
        archive.extend_from_slice(bytes);
        if size % 2 == 1 {
            archive.push(b'\n');
        }
    }
    archive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_before_their_content() {
        let entries =
            with_folders(vec![Entry::text("b/c/d", ""), Entry::text("a", ""), Entry::text("b-a", "")]);
        let paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, ["a", "b", "b-a", "b/c", "b/c/d"]);
    }

    #[test]
    fn members_of_ar() {
        let archive = ar(&[("odd", vec![b'x']), ("even", vec![b'y'; 2])], 7);
        assert_eq!(archive.len(), 8 + (60 + 2) + (60 + 2));
        let odd = "odd             7           0     0     100644  1         `\nx\n";
        assert_eq!(&archive[8..70], odd.as_bytes());
    }
}
