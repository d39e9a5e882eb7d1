//! Tests that the parser reports one error for one mistake.

use super::*;

#[test]
fn one_mistake_is_one_error() {
    for text in [
        "main:\n  foo ( ]\n  bar",
        "main:\n  x := := 3\n",
        "main:\n  if\n",
        "class A extends:\n",
        "main:\n  a.\n",
    ] {
        let (_, problems) = parse(SourceId(0), text);
        assert_eq!(problems.len(), 1, "of {text:?}: {problems:#?}");
    }
}
