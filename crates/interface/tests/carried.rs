//! The definitions that providers carry: their text, and bytes that are not one.
//!
//! To renew the snapshots: `INSTA_UPDATE=always cargo test -p lucarne-interface`. The properties that hold for all
//! definitions are in `common/oracle.rs`.

mod common;

use std::path::Path;

use common::{SERVICE, interface, load};
use lucarne_interface::carried::{CarriedError, TEXT_MAX, bytes, read, text};
use lucarne_interface::show::show;
use miniz_oxide::deflate::compress_to_vec_zlib;

#[test]
fn text_of_all_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/tests/interface/types.toit");
    insta::assert_snapshot!(text(&interface(&std::fs::read_to_string(path).expect("the file exists"))));
}

#[test]
fn comments_stay_as_they_are() {
    let written = format!(
        "{SERVICE}  /**\n    An indented line,\n  and others.\n\n  ```\n  @close\n  ```\n  - / a slash \\\\\n  */\n  \
         /** @index 7 */\n  a -> int\n  /// One line.\n  b -> none\n  /**\n  Code without end:\n  ```\n  x\n  */\n  c -> none\n"
    );
    let before = interface(&written);
    let after = read(&bytes(&before).expect("it is short")).expect("it is a definition");
    assert_eq!(show(&after), show(&before));
    assert_eq!(after.methods[0].doc, before.methods[0].doc);
}

#[test]
fn indexes_of_the_index_file_are_carried() {
    let definition = common::load_files(&[
        ("app.toit", &format!("{SERVICE}  a -> int\n  b -> int\n")),
        ("app.index", "0 b\n1 gone removed\n8 a\n"),
    ]);
    let interface = definition.interface.expect("it is correct");
    let after = read(&bytes(&interface).expect("it is short")).expect("it is a definition");
    assert_eq!(after.methods.iter().map(|method| method.index).collect::<Vec<_>>(), [8, 0]);
}

#[test]
fn bytes_that_are_no_definition_are_refused() {
    let packed = |text: &[u8]| compress_to_vec_zlib(text, 1);
    let error = |bytes: &[u8]| read(bytes).expect_err("it is not a definition");
    assert!(matches!(error(b""), CarriedError::Damaged));
    assert!(matches!(error(b"interface A:\n"), CarriedError::Damaged));
    assert!(matches!(error(&packed(&[0xff, 0xfe])), CarriedError::Damaged));
    let mut cut = packed(text(&interface(&format!("{SERVICE}  a -> int\n"))).as_bytes());
    cut.truncate(cut.len() - 1);
    assert!(matches!(error(&cut), CarriedError::Damaged));
    // A few bytes could stand for very long text.
    assert!(matches!(error(&packed(&vec![b'\n'; TEXT_MAX + 1])), CarriedError::TooLong));
    let CarriedError::Definition(shown) = error(&packed(b"interface A:\n  a -> int\n")) else {
        panic!("the text is not a definition")
    };
    insta::assert_snapshot!(shown);
}

#[test]
fn a_definition_that_is_too_long_is_not_carried() {
    let methods: String = (0..10_000)
        .map(|number| format!("  /** {} */\n  m{number} -> int\n", "A long comment. ".repeat(8)))
        .collect();
    let definition = load(&format!("{SERVICE}{methods}"));
    let interface = definition.interface.as_ref().expect("a warning is no error");
    assert_eq!(bytes(interface), None);
    insta::assert_snapshot!(definition.shown(Default::default()));
    use lucarne_interface::generate::{Language, Origin, generate};
    let origin = Origin { file: "app.toit", import: ".app" };
    for language in [Language::Toit, Language::Rust] {
        for file in generate(interface, origin, language) {
            assert!(!file.text.contains("compressed"), "{}", file.name);
        }
    }
}
