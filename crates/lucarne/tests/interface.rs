//! Generated code in Rust and Toit: providers and clients of both languages have the same conversations.
//!
//! The definitions, and the programs in Toit, are those of the tests of the command line. To renew the generated Rust:
//! `LUCARNE_RENEW=1 cargo test -p lucarne --test interface`.
#![cfg(feature = "toit")]
#![allow(missing_docs, reason = "the definitions are for tests alone")]

#[allow(unreachable_pub, reason = "generated code is for any crate")]
#[path = "interface/exchange.rs"]
#[rustfmt::skip]
mod exchange;
#[allow(dead_code, unreachable_pub, reason = "it is enough that it compiles")]
#[path = "interface/forms.rs"]
#[rustfmt::skip]
mod forms;
#[allow(dead_code, unreachable_pub, reason = "it is enough that it compiles")]
#[path = "interface/names.rs"]
#[rustfmt::skip]
mod names;
#[allow(dead_code, unreachable_pub, reason = "it is enough that it compiles")]
#[path = "interface/random.rs"]
#[rustfmt::skip]
mod random;
#[allow(unreachable_pub, reason = "generated code is for any crate")]
#[path = "interface/types.rs"]
#[rustfmt::skip]
mod types;

#[path = "interface/sides.rs"]
mod sides;

use std::path::{Path, PathBuf};

use lucarne::Stream;
use lucarne::prelude::*;
use lucarne_interface::generate::Language;

use sides::{
    captured, carried, expected, generated, install_exchange, install_types, run, shown, talk_about_types,
    talk_at_exchange,
};

#[test]
fn the_generated_rust_is_current() {
    for name in ["exchange", "types", "names", "forms"] {
        for file in generated(name, Language::Rust) {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interface").join(&file.name);
            if std::env::var_os("LUCARNE_RENEW").is_some() {
                std::fs::write(&path, &file.text).unwrap();
            }
            let current = std::fs::read_to_string(&path).unwrap();
            assert_eq!(current, file.text, "renew it with LUCARNE_RENEW=1");
        }
    }
}

/// The example of the guide is compiled with this file; the tests of the command line compare the guide's with what is generated.
#[test]
fn the_code_of_the_guide_is_that_of_its_example() {
    let guide = include_str!("../../../docs/interfaces.md");
    // The guide leaves out the bytes at the end.
    let code = include_str!("interface/thermometer.rs").split("\n/// The definition, compressed").next();
    assert!(code.is_some_and(|code| guide.contains(code)));
}

/// The same conversations, with a container that is connected as those of other OS processes are.
fn over_a_link(system: &System) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("interface-{}-{system:p}", std::process::id()));
    let socket = folder.join("socket");
    let listener = system.listen(&socket).unwrap();
    let guest = Container::connect(&socket).wait().unwrap();
    talk_at_exchange(&guest);
    talk_about_types(&guest);
    listener.close();
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn providers_carry_their_definitions() {
    let (system, output) = captured();
    install_types(&system);
    let program = run(&system, "exchange-server.toit");
    let by_hand = run(&system, "hand-server.toit");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("carried-{}", std::process::id()));
    let socket = folder.join("socket");
    let listener = system.listen(&socket).unwrap();
    for guest in [system.container("guest"), Container::connect(&socket).wait().unwrap()] {
        assert_eq!(carried(&guest, "rust/types"), Some(shown("types")));
        assert_eq!(carried(&guest, "test/exchange"), Some(shown("exchange")));
        assert_eq!(carried(&guest, "hand/exchange"), None);
    }
    listener.close();
    let _ = std::fs::remove_dir_all(folder);
    program.stop(0);
    by_hand.stop(0);
    assert_eq!(output.text(Stream::Error), "", "a provider that carries none says nothing");
}

// The pairs of languages. Those of Toit and Toit are in the tests of the command line.

#[test]
fn rust_talks_with_rust() {
    let (system, _) = captured();
    install_exchange(&system);
    install_types(&system);
    talk_at_exchange(&system.container("guest"));
    talk_about_types(&system.container("guest"));
    over_a_link(&system);
}

#[test]
fn rust_talks_with_toit() {
    let (system, output) = captured();
    let programs = [run(&system, "exchange-server.toit"), run(&system, "types-server.toit")];
    talk_at_exchange(&system.container("guest"));
    talk_about_types(&system.container("guest"));
    over_a_link(&system);
    programs.into_iter().for_each(|program| program.stop(0));
    assert_eq!(output.text(Stream::Error), "");
}

#[test]
fn toit_talks_with_rust() {
    let (system, output) = captured();
    install_exchange(&system);
    install_types(&system);
    assert_eq!(run(&system, "types-talk.toit").wait(), 0, "{}", output.text(Stream::Error));
    assert_eq!(output.text(Stream::Out), expected("types-test.toit"));
    let before = output.text(Stream::Out);
    assert_eq!(run(&system, "exchange-talk.toit").wait(), 0, "{}", output.text(Stream::Error));
    let talk = "provider: generated client hears from hand, hand hears from generated client\n";
    assert_eq!(output.text(Stream::Out), before + talk);
}
