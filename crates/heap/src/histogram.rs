//! Counts the objects and bytes of a heap by class.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::chunk::Chunk;
use super::object::{Format, Header};
use super::{Heap, Ref, Word};

/// The objects of a class.
#[derive(Clone, Copy, Default)]
struct Tally {
    count: usize,
    bytes: usize,
}

impl Heap {
    /// Returns a table of how many objects of each class there are and how many bytes they take, with the largest
    /// classes first. Garbage that has not been collected is included. Buffers are added to the byte arrays that own
    /// them; states of natives are not counted.
    pub fn histogram(&self) -> String {
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
        let classes = &self.program().classes;
        let mut text = format!("{:>9} {:>11}  class", "objects", "bytes");
        let name = |class: u32| classes.get(class as usize).map_or("?", |class| class.name.as_str());
        let named = rows.iter().map(|(class, tally)| (tally, name(*class)));
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
                // SAFETY: the object is at this address, and the heap is borrowed.
                Format::External => unsafe { Ref::of(Word::pointer(address)) }
                    .place()
                    .map_or(0, |place| self.externals.bytes_of(place).len()),
                Format::Words | Format::Bytes | Format::Text | Format::Weak => 0,
            };
            let tally = tallies.entry(header.class()).or_default();
            tally.count += 1;
            tally.bytes += header.size_words() * 8 + buffer;
            position += header.size_words();
        }
    }
}
