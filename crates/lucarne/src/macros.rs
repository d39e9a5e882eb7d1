//! What the macros need in the crates that use them. Not for anybody else.

pub use serde::{Deserialize, Deserializer};

/// Fails the build if an index is taken by the service or by an earlier resource of it.
///
/// # Panics
/// In that case, at compile time.
pub const fn expect_apart(taken: &[&[u32]], new: &[u32]) {
    let mut group = 0;
    while group < taken.len() {
        assert!(
            !have_common(taken[group], new),
            "an index of this resource is taken: methods of a service and of its resources are numbered together"
        );
        group += 1;
    }
}

const fn have_common(left: &[u32], right: &[u32]) -> bool {
    let mut index = 0;
    while index < left.len() {
        let mut other = 0;
        while other < right.len() {
            if left[index] == right[other] {
                return true;
            }
            other += 1;
        }
        index += 1;
    }
    false
}
