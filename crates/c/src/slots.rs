//! A table that numbers its values for external use. A number combines a place in the table with a count of the
//! previous uses of the place, so the number of a removed value stays invalid.

/// A table of values by number. A number is never used twice.
pub struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<usize>,
}

struct Slot<T> {
    generation: usize,
    content: Option<T>,
}

/// The number of low bits of a number that hold the place. The first place is 1. The bits above count the previous uses
/// of the place.
const PLACE_BITS: u32 = usize::BITS / 4;

const PLACE_MASK: usize = (1 << PLACE_BITS) - 1;

const GENERATION_MAX: usize = usize::MAX >> PLACE_BITS;

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots::new()
    }
}

impl<T> Slots<T> {
    /// Returns an empty table.
    pub const fn new() -> Slots<T> {
        Slots { slots: Vec::new(), free: Vec::new() }
    }

    /// Adds a value and returns its number, which is not zero. Returns none if the table is full.
    pub fn add(&mut self, content: T) -> Option<usize> {
        let place = match self.free.pop() {
            Some(place) => place,
            None if self.slots.len() < PLACE_MASK => {
                self.slots.push(Slot { generation: 0, content: None });
                self.slots.len() - 1
            }
            None => return None,
        };
        self.slots[place].content = Some(content);
        Some(self.number(place))
    }

    fn number(&self, place: usize) -> usize {
        self.slots[place].generation << PLACE_BITS | (place + 1)
    }

    /// Returns the value with this number, unless it was removed.
    pub fn get(&self, number: usize) -> Option<&T> {
        let slot = self.slots.get((number & PLACE_MASK).checked_sub(1)?)?;
        slot.content.as_ref().filter(|_| slot.generation == number >> PLACE_BITS)
    }

    /// Returns the value with this number for changes, unless it was removed.
    pub fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        self.get(number)?;
        self.slots.get_mut((number & PLACE_MASK) - 1)?.content.as_mut()
    }

    /// Removes the value with this number. The number is invalid from now on.
    pub fn remove(&mut self, number: usize) -> Option<T> {
        self.get(number)?;
        let place = (number & PLACE_MASK) - 1;
        let slot = &mut self.slots[place];
        // A place whose numbers are used up stays empty.
        if slot.generation < GENERATION_MAX {
            slot.generation += 1;
            self.free.push(place);
        }
        slot.content.take()
    }

    /// Removes all values for which `stays` returns false.
    pub fn retain(&mut self, mut stays: impl FnMut(&T) -> bool) {
        for place in 0..self.slots.len() {
            if self.slots[place].content.as_ref().is_some_and(|content| !stays(content)) {
                self.remove(self.number(place));
            }
        }
    }

    /// Returns all values in the table, with their numbers.
    pub fn entries(&self) -> impl Iterator<Item = (usize, &T)> {
        let all = self.slots.iter().enumerate();
        all.filter_map(|(place, slot)| slot.content.as_ref().map(|content| (self.number(place), content)))
    }

    /// Returns all values in the table.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|slot| slot.content.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_never_reused() {
        let mut slots = Slots::new();
        let first = slots.add("first").expect("there is room");
        assert_eq!(slots.get(first), Some(&"first"));
        assert_eq!(slots.get_mut(first), Some(&mut "first"));
        assert_eq!(slots.remove(first), Some("first"));
        let second = slots.add("second").expect("there is room");
        assert_eq!(slots.get(first), None);
        assert_eq!(slots.get_mut(first), None);
        assert_eq!(slots.remove(first), None);
        assert_eq!(slots.get(second), Some(&"second"));
        assert_eq!(slots.iter().count(), 1);
        assert_eq!(slots.entries().collect::<Vec<_>>(), [(second, &"second")]);
    }

    #[test]
    fn unknown_numbers_are_invalid() {
        let mut slots = Slots::new();
        slots.add(());
        for number in [0, 2, PLACE_MASK, PLACE_MASK + 1, usize::MAX] {
            assert_eq!(slots.get(number), None);
        }
    }

    #[test]
    fn a_place_without_numbers_left_stays_empty() {
        let mut slots = Slots::new();
        let first = slots.add(()).expect("there is room");
        slots.slots[0].generation = GENERATION_MAX;
        let last = GENERATION_MAX << PLACE_BITS | first;
        assert!(slots.remove(last).is_some());
        assert_ne!(slots.add(()).map(|number| number & PLACE_MASK), Some(first));
        assert_eq!(slots.get(last), None);
    }
}
