//! The dispatch table: one row for each selector, displaced so that the rows share one table.
//!
//! A row maps class ids to functions. Rows are laid over each other, the fullest first, each at the
//! lowest offset where its entries fall into free places. A look-up adds the class id to the
//! selector's offset and compares the offset stored there: no hashing, one comparison. (Driesen and
//! Hölzle, "Minimizing row displacement dispatch tables", 1995.)

use crate::program::{DispatchEntry, FunctionIndex};
use crate::steps;

/// A selector's targets: (class id, function), ordered by class id.
pub(super) type Row = Vec<(u32, FunctionIndex)>;

/// The finished table and the offset of each row, in the order given.
pub(super) struct Table {
    pub(super) entries: Vec<DispatchEntry>,
    pub(super) offsets: Vec<u32>,
}

/// Lays the rows into one table. No two rows have the same offset, not even empty rows.
pub(super) fn build(rows: &[Row], classes: u32) -> Table {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|row| std::cmp::Reverse(rows[*row].len()));
    let mut entries: Vec<DispatchEntry> = Vec::new();
    let mut offsets = vec![0; rows.len()];
    let mut taken: Vec<bool> = Vec::new();
    // All entries before this one are in use.
    let mut first_free = 0;
    for row in order {
        let first_class = rows[row].first().map_or(0, |entry| entry.0);
        let mut offset = (first_free as u32).saturating_sub(first_class);
        let mut attempts = 0;
        while taken.get(offset as usize) == Some(&true) || !fits(&entries, &rows[row], offset) {
            offset += 1;
            attempts += 1;
            if attempts == ATTEMPTS_MAX {
                // After the last entry there is room for any row.
                offset = offset.max(entries.len().max(taken.len()) as u32);
            }
        }
        if taken.len() <= offset as usize {
            taken.resize(offset as usize + 1, false);
        }
        taken[offset as usize] = true;
        offsets[row] = offset;
        for (class, function) in &rows[row] {
            let place = (offset + class) as usize;
            if entries.len() <= place {
                entries.resize(place + 1, EMPTY);
            }
            entries[place] = DispatchEntry { selector: offset, function: *function };
        }
        while entries.get(first_free).is_some_and(|entry| *entry != EMPTY) {
            first_free += 1;
        }
    }
    // A look-up stays inside the table for every pair of class and selector.
    let end = offsets.iter().max().map_or(0, |offset| offset + classes);
    entries.resize(entries.len().max(end as usize), EMPTY);
    Table { entries, offsets }
}

/// The maximum number of offsets that are tried for a row. After that, the row goes to the end of the table.
const ATTEMPTS_MAX: usize = 2_000;

const EMPTY: DispatchEntry = DispatchEntry { selector: DispatchEntry::EMPTY, function: FunctionIndex(0) };

fn fits(entries: &[DispatchEntry], row: &Row, offset: u32) -> bool {
    steps::count(1);
    row.iter().all(|(class, _)| entries.get((offset + class) as usize).is_none_or(|entry| *entry == EMPTY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_look_up_finds_its_target_or_nothing(
            sets in prop::collection::vec(prop::collection::btree_set(0u32..40, 0..20), 0..60)
        ) {
            let rows: Vec<Row> = sets
                .iter()
                .enumerate()
                .map(|(row, set)| set.iter().map(|class| (*class, FunctionIndex(row as u32 * 100 + class))).collect())
                .collect();
            let table = build(&rows, 40);
            for (row, offset) in table.offsets.iter().enumerate() {
                for class in 0..40 {
                    let entry = table.entries[(offset + class) as usize];
                    let found = (entry.selector == *offset).then_some(entry.function);
                    let expected = sets[row].contains(&class).then_some(FunctionIndex(row as u32 * 100 + class));
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }
}
