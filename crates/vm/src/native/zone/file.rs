//! Zone files (RFC 8536): when clocks changed in the past, and rules for the time after that.
//!
//! ```text
//!   head, block with 32-bit times       (nobody needs it any more)
//!   head, block with 64-bit times:
//!     times of changes | kind after each | kinds: offset, 4 bytes; daylight saving; name | ...
//!   newline, rules in POSIX form, newline
//! ```

use super::Zone;

const MAGIC: &[u8] = b"TZif";
const HEAD: usize = 44;
const KIND: usize = 6;

/// A zone file, as far as it matters.
pub(super) struct ZoneFile<'f> {
    times: &'f [u8],
    indexes: &'f [u8],
    kinds: &'f [u8],
    rules: Option<Zone>,
}

impl<'f> ZoneFile<'f> {
    pub(super) fn is_one(contents: &[u8]) -> bool {
        contents.starts_with(MAGIC)
    }

    /// Reads a file. None if it is damaged, or of the old version with 32-bit times only.
    pub(super) fn read(contents: &'f [u8]) -> Option<ZoneFile<'f>> {
        let old = Counts::read(contents)?;
        if *contents.get(MAGIC.len())? < b'2' {
            return None;
        }
        let contents = contents.get(HEAD + old.block_size(4)?..)?;
        let counts = Counts::read(contents)?;
        let (block, footer) = contents.get(HEAD..)?.split_at_checked(counts.block_size(8)?)?;
        let (times, rest) = block.split_at_checked(counts.times * 8)?;
        let (indexes, rest) = rest.split_at_checked(counts.times)?;
        let kinds = rest.get(..counts.kinds * KIND)?;
        let rules = std::str::from_utf8(footer).ok().and_then(|rules| Zone::parse(rules.trim()));
        Some(ZoneFile { times, indexes, kinds, rules })
    }

    /// The offset at a moment, and whether daylight saving is on.
    pub(super) fn at(&self, utc: i64) -> Option<(i64, bool)> {
        let (times, _) = self.times.as_chunks::<8>();
        let passed = times.partition_point(|time| i64::from_be_bytes(*time) <= utc);
        match (passed, &self.rules) {
            (0, Some(rules)) if times.is_empty() => Some(rules.at(utc)),
            // Before the first change, the first kind holds.
            (0, _) => self.kind(0),
            (_, Some(rules)) if passed == times.len() => Some(rules.at(utc)),
            _ => self.kind(usize::from(*self.indexes.get(passed - 1)?)),
        }
    }

    fn kind(&self, index: usize) -> Option<(i64, bool)> {
        let kind = self.kinds.get(index * KIND..(index + 1) * KIND)?;
        let offset = i32::from_be_bytes(*kind.first_chunk()?);
        Some((offset.into(), kind[4] != 0))
    }
}

/// How much there is of what in a block.
struct Counts {
    flags: usize,
    leaps: usize,
    times: usize,
    kinds: usize,
    characters: usize,
}

impl Counts {
    fn read(head: &[u8]) -> Option<Counts> {
        let head = head.get(..HEAD)?;
        if !ZoneFile::is_one(head) {
            return None;
        }
        let count = |index: usize| {
            let at = HEAD - 24 + index * 4;
            Some(u32::from_be_bytes(*head.get(at..)?.first_chunk()?) as usize)
        };
        Some(Counts {
            flags: count(0)? + count(1)?,
            leaps: count(2)?,
            times: count(3)?,
            kinds: count(4)?,
            characters: count(5)?,
        })
    }

    /// The bytes of a block whose times take `time` each.
    fn block_size(&self, time: usize) -> Option<usize> {
        let changes = self.times.checked_mul(time + 1)?;
        let leaps = self.leaps.checked_mul(time + 4)?;
        changes.checked_add(leaps)?.checked_add(self.kinds * KIND)?.checked_add(self.characters + self.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with changes at 0 and 100, and rules after that.
    fn file() -> Vec<u8> {
        let head = |times: u32, kinds: u32| {
            let mut head = [MAGIC, b"2", &[0; 15]].concat();
            [0, 0, 0, times, kinds, 4].iter().for_each(|count: &u32| head.extend(count.to_be_bytes()));
            head
        };
        let mut file = head(0, 0);
        file.extend(b"old\0");
        file.extend(head(2, 2));
        [0_i64, 100].iter().for_each(|time| file.extend(time.to_be_bytes()));
        file.extend([1, 0]);
        for (offset, saving) in [(60_i32, 0), (-120, 1)] {
            file.extend(offset.to_be_bytes());
            file.extend([saving, 0]);
        }
        file.extend(b"LMT\0\nCET-1\n");
        file
    }

    #[test]
    fn past_and_future() {
        let file = file();
        let zone = ZoneFile::read(&file).expect("it is well-formed");
        assert_eq!(zone.at(-1), Some((60, false)));
        assert_eq!(zone.at(0), Some((-120, true)));
        assert_eq!(zone.at(99), Some((-120, true)));
        assert_eq!(zone.at(100), Some((3600, false)));
        assert_eq!(zone.at(i64::MAX), Some((3600, false)));
    }

    #[test]
    fn damaged_files_do_no_harm() {
        let file = file();
        for size in 0..file.len() {
            let _ = ZoneFile::read(&file[..size]).map(|zone| zone.at(50));
        }
        for position in 0..file.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = file.clone();
                damaged[position] = value;
                let _ = ZoneFile::read(&damaged).map(|zone| (zone.at(-5), zone.at(50), zone.at(500)));
            }
        }
    }
}
