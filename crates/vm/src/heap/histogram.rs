//! What the memory of a process is used for, class by class.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::chunk::Chunk;
use super::object::{Format, Header};
use super::{Heap, Word};

/// The objects of a class.
#[derive(Clone, Copy, Default)]
struct Tally {
    count: usize,
    bytes: usize,
}

impl Heap {
    /// How many objects of which class there are, garbage that has not been collected included, as a
    /// table with the largest classes first. Buffers count for the byte arrays that they belong to.
    pub(crate) fn histogram(&self) -> String {
        let mut tallies: BTreeMap<u32, Tally> = BTreeMap::new();
        for chunk in self.old.iter().chain(&self.large).chain([&self.young]) {
            self.tally_chunk(chunk, &mut tallies);
        }
        let mut rows: Vec<_> = tallies.into_iter().collect();
        rows.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.bytes));
        let total = rows.iter().fold(Tally::default(), |total, (_, tally)| Tally {
            count: total.count + tally.count,
            bytes: total.bytes + tally.bytes,
        });
        let classes = &self.image().program().classes;
        let mut text = format!("{:>9} {:>11}  class", "objects", "bytes");
        let named = rows.iter().map(|(class, tally)| (tally, classes[*class as usize].name.as_str()));
        for (tally, name) in named.chain([(&total, "all")]) {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n{:>9} {:>11}  {name}", tally.count, tally.bytes);
        }
        text
    }

    fn tally_chunk(&self, chunk: &Chunk, tallies: &mut BTreeMap<u32, Tally>) {
        let mut position = 0;
        while position < chunk.used {
            // SAFETY: chunks are filled with objects without gaps, and `position` is at the start of
            // one. Outside of a collection, each has its header.
            let (address, header) = unsafe {
                let address = chunk.start().add(position);
                (address, Header(*address))
            };
            let buffer = match header.format() {
                Format::External => self.raw_bytes(Word::pointer(address)).map_or(0, <[u8]>::len),
                Format::Words | Format::Bytes | Format::Weak => 0,
            };
            let tally = tallies.entry(header.class()).or_default();
            tally.count += 1;
            tally.bytes += header.size_words() * 8 + buffer;
            position += header.size_words();
        }
    }
}
