//! Hash codes, and the tables behind maps and sets, whose layout `lib/core/hash_.toit` describes.

use super::{Call, Failure, Row, int};
use lucarne_heap::{Field, Heap, Immediate, Kept, Ref, RefMut};

pub(super) const TABLE: &[Row] = &[
    ("find", 2, find),
    ("contains", 2, contains),
    ("at", 2, at),
    ("get", 2, get),
    // For sets, and for maps.
    ("add", 2, put),
    ("put", 3, put),
    ("next", 3, next),
    ("append", 4, append),
    ("rebuild", 3, rebuild),
    ("index-bytes", 1, index_bytes),
];

/// An odd factor without a pattern in its bits: 2 to the power of 64 divided by the golden ratio.
const MIXER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Makes hash codes. The seed keeps senders of messages from choosing keys that collide.
#[derive(Clone, Copy)]
pub(super) struct Hasher(u64);

impl Hasher {
    /// Returns the hasher of a process.
    pub(super) fn of(heap: &Heap) -> Hasher {
        Hasher(heap.hash_seed())
    }

    /// Returns the hash code of an integer.
    pub(super) fn int(self, value: i64) -> u32 {
        ((value as u64 ^ self.0).wrapping_mul(MIXER) >> 32) as u32
    }

    /// Returns the hash code of a float. A float that equals an integer has the hash code of that integer.
    pub(super) fn float(self, value: f64) -> u32 {
        let whole = value as i64;
        if equal(whole, value) { self.int(whole) } else { self.int(value.to_bits() as i64) }
    }

    /// Returns the hash code of the bytes of a string or byte array.
    pub(super) fn bytes(self, bytes: &[u8]) -> u32 {
        let mut state = MIXER ^ self.0 ^ bytes.len() as u64;
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
            state = fold(state ^ word);
        }
        let mut last = [0; 8];
        last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
        (fold(state ^ u64::from_le_bytes(last)) >> 16) as u32
    }
}

/// Mixes the bits of a word, so that each of them changes bits all over the result.
fn fold(value: u64) -> u64 {
    let product = u128::from(value) * u128::from(MIXER);
    (product as u64) ^ ((product >> 64) as u64) ^ value.rotate_left(29)
}

fn equal(int: i64, float: f64) -> bool {
    int::order(int, float) == Some(std::cmp::Ordering::Equal)
}

// The fields of a table, by their places in the object.
const SIZE: usize = 0;
pub(crate) const BACKING: usize = 1;
const END: usize = 2;
const FIRST: usize = 3;
const INDEX: usize = 4;
const FREE_SLOTS: usize = 5;
const STRIDE: usize = 6;

/// Tables with up to this many entries have no index; as in `hash_.toit`.
const UNINDEXED_MAX: usize = 8;
/// A slot of the index is a 32-bit entry number, counted from 1.
const SLOT_BYTES: usize = 4;
/// The largest immediate integer.
const INT_MAX: i64 = lucarne_heap::Word::INT_MAX;
/// The part of an index that may be used, in quarters.
const LOAD_QUARTERS: usize = 3;

/// A key that natives can hash and compare by themselves.
enum Key<'h> {
    Int(i64),
    Float(f64),
    Text(&'h str),
    Bytes(&'h [u8]),
    Bool(bool),
}

impl<'h> Key<'h> {
    fn of(heap: &'h Heap, value: Ref<'h>) -> Option<Key<'h>> {
        if let Some(int) = heap.int(value) {
            return Some(Key::Int(int));
        }
        if let Some(text) = heap.string(value) {
            return Some(Key::Text(text));
        }
        if let Some(bytes) = heap.bytes(value) {
            return Some(Key::Bytes(bytes));
        }
        match heap.float(value) {
            Some(float) => Some(Key::Float(float)),
            None => heap.bool(value).map(Key::Bool),
        }
    }

    fn hash(&self, heap: &Heap) -> i64 {
        let hasher = Hasher::of(heap);
        let hash = match *self {
            Key::Int(value) => hasher.int(value),
            Key::Float(value) => hasher.float(value),
            Key::Text(text) => hasher.bytes(text.as_bytes()),
            Key::Bytes(bytes) => hasher.bytes(bytes),
            // As `bool.hash-code` says.
            Key::Bool(value) => {
                if value {
                    1231
                } else {
                    1237
                }
            }
        };
        hash.into()
    }

    /// Returns whether a key of the table equals this one. The hash codes are equal already.
    fn matches(&self, heap: &Heap, other: Ref<'_>) -> bool {
        match *self {
            Key::Int(value) => {
                heap.int(other) == Some(value) || heap.float(other).is_some_and(|other| equal(value, other))
            }
            Key::Float(value) => {
                heap.float(other) == Some(value) || heap.int(other).is_some_and(|other| equal(other, value))
            }
            Key::Text(text) => heap.string(other) == Some(text),
            Key::Bytes(bytes) => heap.bytes(other) == Some(bytes),
            Key::Bool(value) => heap.bool(other) == Some(value),
        }
    }
}

/// The current contents of a table.
struct View<'h> {
    entries: &'h [Ref<'h>],
    index: &'h [u8],
    first: usize,
    end: usize,
    stride: usize,
}

/// The state of a search: the place of an entry and, in a table with an index, the slot.
#[derive(Clone, Copy)]
struct Cursor {
    slot: usize,
    place: usize,
}

impl<'h> View<'h> {
    fn new(heap: &'h Heap, table: Ref<'h>) -> Result<View<'h>, Failure> {
        let number = |field| {
            let value = heap.field(table, field).and_then(|value| heap.int(value));
            value.and_then(|value| usize::try_from(value).ok()).ok_or(Failure::WRONG_TYPE)
        };
        let backing = heap.field(table, BACKING).ok_or(Failure::WRONG_TYPE)?;
        let entries = backing.elements();
        let index = heap.field(table, INDEX).and_then(|index| heap.bytes(index)).unwrap_or_default();
        let stride = number(STRIDE)?;
        if stride < 2 {
            return Err(Failure::WRONG_TYPE);
        }
        Ok(View { entries, index, first: number(FIRST)?, end: number(END)?.min(entries.len()), stride })
    }

    /// Returns the number of slots of the index, which is a power of two.
    fn slots(&self) -> usize {
        self.index.len() / SLOT_BYTES
    }

    /// Returns the number of the entry in a slot; 0 if the slot is free.
    fn slot(&self, slot: usize) -> usize {
        let bytes = self.index.get(slot * SLOT_BYTES..).and_then(|rest| rest.first_chunk::<SLOT_BYTES>());
        bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize)
    }

    /// Returns the next entry with this hash code after a cursor, or the first such entry if there is no cursor.
    fn next(&self, hash: i64, after: Option<Cursor>) -> Option<Cursor> {
        let wanted = Ref::from(Immediate::int(hash)?);
        if self.index.is_empty() {
            let start = after.map_or(self.first, |after| after.place + self.stride);
            let place =
                (start..self.end).step_by(self.stride).find(|place| self.entries[*place] == wanted)?;
            return Some(Cursor { slot: 0, place });
        }
        let mask = self.slots() - 1;
        let mut slot = after.map_or_else(|| first_slot(hash, self.slots()), |after| (after.slot + 1) & mask);
        for _ in 0..self.slots() {
            let place = self.slot(slot).checked_sub(1)? * self.stride;
            if place < self.end && self.entries[place] == wanted {
                return Some(Cursor { slot, place });
            }
            slot = (slot + 1) & mask;
        }
        None
    }

    fn find(&self, heap: &Heap, hash: i64, key: &Key<'_>) -> Option<usize> {
        let mut cursor = self.next(hash, None);
        while let Some(found) = cursor {
            if self.entries.get(found.place + 1).is_some_and(|other| key.matches(heap, *other)) {
                return Some(found.place);
            }
            cursor = self.next(hash, cursor);
        }
        None
    }

    /// Returns whether there is room for another entry, and, if there is an index, for its number.
    fn has_room(&self, free_slots: i64) -> bool {
        let fits = self.end + self.stride <= self.entries.len();
        fits && if self.index.is_empty() { self.end < UNINDEXED_MAX * self.stride } else { free_slots > 0 }
    }

    /// Returns the first free slot for a hash code.
    fn free_slot(&self, hash: i64) -> Option<usize> {
        let mask = self.slots().checked_sub(1)?;
        let start = first_slot(hash, self.slots());
        (0..=mask).map(|step| (start + step) & mask).find(|slot| self.slot(*slot) == 0)
    }
}

fn first_slot(hash: i64, slots: usize) -> usize {
    // The upper bits of the product depend on all bits of the hash code.
    let mixed = (hash as u64).wrapping_mul(MIXER);
    (mixed >> 32) as usize & slots.saturating_sub(1)
}

/// The failure of a native that leaves its work to Toit code: because natives cannot compare the key, or the table does
/// not have the key, or there is no room for it.
const TOIT_MUST: Failure = Failure::Error("NOT_DONE");

/// Returns the place of the entry with the key in argument 1, or -1 if the table does not have the key. Returns none if
/// only Toit code can compare the key.
#[inline]
fn place_of(call: &Call<'_>) -> Result<Option<i64>, Failure> {
    let Some(key) = Key::of(call.heap, call.argument(1)) else { return Ok(None) };
    let place = View::new(call.heap, call.argument(0))?.find(call.heap, key.hash(call.heap), &key);
    Ok(Some(place.map_or(-1, |place| place as i64)))
}

/// Returns the value of the entry at a place of a map.
fn value_at<'c>(call: &'c Call<'_>, place: i64) -> Result<Ref<'c>, Failure> {
    let backing = call.heap.field(call.argument(0), BACKING).ok_or(Failure::WRONG_TYPE)?;
    call.heap.field(backing, place as usize + 2).ok_or(Failure::OUT_OF_BOUNDS)
}

/// `table key` -> the entry's place, -1 if there is none, null if only Toit code can compare the key.
fn find<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    Ok(place_of(call)?.map_or(Ref::NULL, Ref::small))
}

/// `table key` -> whether the table has the key.
fn contains<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let place = place_of(call)?.ok_or(TOIT_MUST)?;
    Ok(Ref::bool(place >= 0))
}

/// `map key` -> the value. If the map does not have the key, leaves the call to Toit code.
fn at<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let place = place_of(call)?.filter(|place| *place >= 0).ok_or(TOIT_MUST)?;
    value_at(call, place)
}

/// `map key` -> the value, or null.
fn get<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    match place_of(call)?.ok_or(TOIT_MUST)? {
        ..0 => Ok(Ref::NULL),
        place => value_at(call, place),
    }
}

/// `table hash cursor` -> the next cursor, or -1. The lower half of a cursor is the entry's place. Cursor -1 is
/// before the first entry.
fn next<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let hash = clip(call.int(1)?);
    let cursor = call.int(2)?;
    let after = (cursor >= 0)
        .then_some(Cursor { slot: (cursor >> 32) as usize, place: (cursor & 0xffff_ffff) as usize });
    let found = View::new(call.heap, call.argument(0))?.next(hash, after);
    Ok(Ref::small(found.map_or(-1, |found| (found.slot as i64) << 32 | found.place as i64)))
}

/// Reduces a hash code to a non-negative immediate integer, the form in which tables store hash codes.
fn clip(hash: i64) -> i64 {
    hash & INT_MAX
}

/// `map key value` -> the value, or `set key` -> null.
fn put<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let key = Key::of(call.heap, call.argument(1)).ok_or(TOIT_MUST)?;
    let hash = key.hash(call.heap);
    let view = View::new(call.heap, call.argument(0))?;
    let stride = view.stride;
    // In a set, the new key replaces the equal key, as a new value replaces the old one in a map.
    let last = stride - 1;
    match view.find(call.heap, hash, &key) {
        Some(place) => {
            let (table, value) = (call.register(0), call.register(last));
            field_mut(call.heap.get_mut(table), BACKING)?.set(place + last, value);
        }
        None if append_entry(call, hash, 1, 2)? => {}
        None => return Err(TOIT_MUST),
    }
    Ok(if stride > 2 { call.argument(2) } else { Ref::NULL })
}

/// `table hash key value` -> whether there was room.
fn append<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let hash = clip(call.int(1)?);
    Ok(Ref::bool(append_entry(call, hash, 2, 3)?))
}

/// Appends an entry with the arguments `key` and `value`, if there is room. Returns whether there was.
fn append_entry(call: &mut Call<'_>, hash: i64, key: usize, value: usize) -> Result<bool, Failure> {
    let (table, key, value) = (call.register(0), call.register(key), call.register(value));
    let number = |field| call.heap.field(call.argument(0), field).and_then(|value| call.heap.int(value));
    let (Some(size), Some(free_slots)) = (number(SIZE), number(FREE_SLOTS)) else {
        return Err(Failure::WRONG_TYPE);
    };
    let view = View::new(call.heap, call.argument(0))?;
    if !view.has_room(free_slots) {
        return Ok(false);
    }
    let (end, stride, slot) = (view.end, view.stride, view.free_slot(hash));
    let mut table = call.heap.get_mut(table);
    if let Some(slot) = slot {
        write_slot(table.reborrow(), slot, end / stride)?;
        table.set(FREE_SLOTS, Immediate::small(free_slots - 1));
    }
    let mut backing = field_mut(table.reborrow(), BACKING)?;
    backing.set(end, Immediate::small(hash));
    backing.set(end + 1, key);
    if stride > 2 {
        backing.set(end + 2, value);
    }
    table.set(END, Immediate::small((end + stride) as i64));
    table.set(SIZE, Immediate::small(size + 1));
    Ok(true)
}

fn field_mut(table: RefMut<'_>, field: usize) -> Result<RefMut<'_>, Failure> {
    table.field(field).ok_or(Failure::WRONG_TYPE)
}

fn write_slot(table: RefMut<'_>, slot: usize, entry: usize) -> Result<(), Failure> {
    let number = u32::try_from(entry + 1).map_err(|_| Failure::OutOfMemory)?;
    let bytes = field_mut(table, INDEX)?.bytes_mut().ok_or(Failure::WRONG_TYPE)?;
    let target = bytes.get_mut(slot * SLOT_BYTES..).and_then(|rest| rest.first_chunk_mut::<SLOT_BYTES>());
    *target.ok_or(Failure::OUT_OF_BOUNDS)? = number.to_le_bytes();
    Ok(())
}

/// `table backing index`: moves the entries to a new, empty backing, with an empty index or null.
fn rebuild<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (table, backing, index) = (call.register(0), call.register(1), call.register(2));
    let view = View::new(call.heap, call.argument(0))?;
    let (first, old_end, stride) = (view.first, view.end, view.stride);
    let old = Field::new(table, BACKING);
    call.charge(old_end.saturating_sub(first) / 16);
    let mut end = 0;
    for place in (first..old_end).step_by(stride) {
        if call.heap.get(Field::new(old, place)).is_null() {
            continue;
        }
        call.heap.copy_words(old, place, backing, end, stride);
        end += stride;
    }
    let slots = call.heap.bytes(call.argument(2)).unwrap_or_default().len() / SLOT_BYTES;
    let free = (slots * LOAD_QUARTERS / 4) as i64 - (end / stride) as i64;
    let mut object = call.heap.get_mut(table);
    object.set(BACKING, backing);
    object.set(INDEX, index);
    object.set(END, Immediate::small(end as i64));
    object.set(FIRST, Immediate::small(0));
    object.set(FREE_SLOTS, Immediate::small(free));
    fill_index(object, end, stride);
    Ok(Ref::NULL)
}

/// Enters all entries of a table into its empty index.
fn fill_index(mut table: RefMut<'_>, end: usize, stride: usize) {
    let heap = table.heap();
    let index = heap.field(table.as_ref(), INDEX).and_then(|index| heap.bytes(index));
    let slots = index.unwrap_or_default().len() / SLOT_BYTES;
    if !slots.is_power_of_two() {
        return;
    }
    for place in (0..end).step_by(stride) {
        let heap = table.heap();
        let backing = heap.field(table.as_ref(), BACKING);
        let hash = backing.and_then(|backing| heap.field(backing, place)).and_then(Ref::to_small);
        let Some(bytes) = table.reborrow().field(INDEX).and_then(RefMut::bytes_mut) else { return };
        let mut slot = first_slot(hash.unwrap_or(0), slots);
        while bytes[slot * SLOT_BYTES..][..SLOT_BYTES] != [0; SLOT_BYTES] {
            slot = (slot + 1) & (slots - 1);
        }
        let number = (place / stride + 1) as u32;
        bytes[slot * SLOT_BYTES..][..SLOT_BYTES].copy_from_slice(&number.to_le_bytes());
    }
}

/// `entries` -> the size in bytes of an index for this number of entries.
fn index_bytes<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    Ok(Ref::small((slots_for(call.index(0)?)? * SLOT_BYTES) as i64))
}

/// Returns the number of slots in the index of a table with `entries` entries.
fn slots_for(entries: usize) -> Result<usize, Failure> {
    let quarters = entries.checked_mul(4);
    let slots = quarters.and_then(|quarters| (quarters / LOAD_QUARTERS + 1).checked_next_power_of_two());
    slots.filter(|slots| *slots <= u32::MAX as usize).ok_or(Failure::OutOfMemory)
}

/// Returns the places of a map's keys in its backing, in order. Each value follows its key.
pub(crate) fn map_places(heap: &Heap, map: Ref<'_>) -> Vec<usize> {
    let Ok(view) = View::new(heap, map) else { return Vec::new() };
    let places = (view.first..view.end).step_by(view.stride);
    places
        .filter(|place| !view.entries[*place].is_null() && place + 2 < view.entries.len())
        .map(|place| place + 1)
        .collect()
}

/// Makes a map of the keys and values that take turns in a kept array. A lookup does not find keys that only Toit code
/// can hash, such as lists; iteration does.
pub(crate) fn new_map(heap: &mut Heap, pairs: Kept) -> Result<RefMut<'_>, Failure> {
    const MAP_STRIDE: usize = 3;
    let scope = heap.scope();
    let count = heap.length(heap.get(pairs)) / 2;
    let index_bytes = if count > UNINDEXED_MAX { slots_for(count)? * SLOT_BYTES } else { 0 };
    let index =
        if index_bytes > 0 { heap.new_bytes(index_bytes)?.keep() } else { heap.keep(Immediate::NULL) };
    let backing = heap.new_array(count * MAP_STRIDE)?.keep();
    let class = heap.builtins().map;
    let map = heap.new_instance(class)?.keep();
    for entry in 0..count {
        let hash = heap.field(heap.get(pairs), entry * 2).and_then(|key| Key::of(heap, key));
        let hash = hash.map_or(0, |key| key.hash(heap));
        heap.set_field(backing, entry * MAP_STRIDE, Immediate::small(hash));
        heap.copy_words(pairs, entry * 2, backing, entry * MAP_STRIDE + 1, 2);
    }
    let end = count * MAP_STRIDE;
    let slots = index_bytes / SLOT_BYTES;
    let free = (slots * LOAD_QUARTERS / 4) as i64 - count as i64;
    let mut object = heap.get_mut(map);
    object.set(SIZE, Immediate::small(count as i64));
    object.set(BACKING, backing);
    object.set(END, Immediate::small(end as i64));
    object.set(FIRST, Immediate::small(0));
    object.set(INDEX, index);
    object.set(FREE_SLOTS, Immediate::small(free));
    object.set(STRIDE, Immediate::small(MAP_STRIDE as i64));
    fill_index(object, end, MAP_STRIDE);
    Ok(heap.leave(scope, map))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_have_equal_hashes() {
        for hasher in [Hasher(0), Hasher(12345)] {
            for value in [0, 1, -1, 1 << 53, i64::MIN] {
                assert_eq!(hasher.int(value), hasher.float(value as f64));
            }
            assert_eq!(hasher.float(-0.0), hasher.int(0));
        }
        assert_ne!(Hasher(1).int(7), Hasher(2).int(7));
    }

    #[test]
    fn one_byte_changes_the_hash() {
        let hashes = (0..=255).map(|byte| Hasher(0).bytes(&[0, byte, 2]));
        assert_eq!(hashes.collect::<std::collections::HashSet<u32>>().len(), 256);
        assert_ne!(Hasher(0).bytes(b"\0"), Hasher(0).bytes(b"\0\0"));
    }
}
