//! The errors of the macros for incorrect use.
//!
//! Each file in `ui` is a mistake, with the expected compiler output beside it. After a change of a
//! message, `TRYBUILD=overwrite cargo test -p lucarne-macro-tests --test misuse` rewrites the output.
//! Read it before you commit it.

#[test]
fn misuse_is_reported_at_its_place() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
