//! Programs that keep a reference across an allocation, in each of the ways that there are, do not compile.

#[test]
fn stale_references_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/stale/*.rs");
}
