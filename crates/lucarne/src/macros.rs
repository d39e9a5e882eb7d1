//! What the macros need in the crates that use them. Not for anybody else.

pub use serde::{Deserialize, Deserializer};

/// Fails the build if two methods have the same index.
///
/// # Panics
/// In that case, at compile time.
pub const fn expect_unique(groups: &[&[u32]]) {
    let mut group = 0;
    while group < groups.len() {
        let mut other = group + 1;
        while other < groups.len() {
            expect_apart(groups[group], groups[other]);
            other += 1;
        }
        group += 1;
    }
}

const fn expect_apart(left: &[u32], right: &[u32]) {
    let mut index = 0;
    while index < left.len() {
        let mut other = 0;
        while other < right.len() {
            assert!(
                left[index] != right[other],
                "an index is used twice: methods of a service and of its resources are numbered together"
            );
            other += 1;
        }
        index += 1;
    }
}
