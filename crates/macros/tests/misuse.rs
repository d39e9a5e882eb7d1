//! What the macros say to those who use them in another way than was meant.
//!
//! Each file in `ui` is a mistake, and beside it stands what the compiler says. After a change of a message,
//! `TRYBUILD=overwrite cargo test -p lucarne-macros --test misuse` writes it anew, to be read before it is kept.

#[test]
fn misuse_is_explained_where_it_is() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
