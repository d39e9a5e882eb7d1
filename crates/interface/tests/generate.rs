//! Snapshots of generated code. The tests of the command line compile and run it.
//!
//! To renew the snapshots: `INSTA_UPDATE=always cargo test -p lucarne-interface`.

mod common;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{SERVICE, interface};
use lucarne_interface::generate::{Language, Origin, generate};

/// Returns a definition that the tests of the command line use, too.
fn definition(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/tests/interface").join(name);
    std::fs::read_to_string(path).expect("the file exists")
}

fn generated(name: &str, language: Language) -> String {
    let interface = interface(&definition(name));
    let import = format!(".{}", name.trim_end_matches(".toit"));
    let files = generate(&interface, Origin { file: name, import: &import }, language);
    let shown: Vec<String> = files.iter().map(|file| format!("-- {}\n{}", file.name, file.text)).collect();
    shown.join("\n")
}

#[test]
fn toit_of_an_exchange() {
    insta::assert_snapshot!(generated("exchange.toit", Language::Toit));
}

#[test]
fn toit_of_all_types() {
    insta::assert_snapshot!(generated("types.toit", Language::Toit));
}

#[test]
fn rust_of_an_exchange() {
    insta::assert_snapshot!(generated("exchange.toit", Language::Rust));
}

#[test]
fn rust_of_all_types() {
    insta::assert_snapshot!(generated("types.toit", Language::Rust));
}

#[test]
fn c_of_an_exchange() {
    insta::assert_snapshot!(generated("exchange.toit", Language::C));
}

#[test]
fn c_of_all_types() {
    insta::assert_snapshot!(generated("types.toit", Language::C));
}

#[test]
fn headers_have_a_guard_whatever_the_name_of_the_file_is() {
    let interface = interface(&definition("exchange.toit"));
    for (file, guard) in
        [("my-file.toit", "MY_FILE_H"), ("2nd.toit", "EXCHANGE_2ND_H"), (".toit", "EXCHANGE__H")]
    {
        let files = generate(&interface, Origin { file, import: "" }, Language::C);
        assert!(
            files[0].text.contains(&format!("\n#ifndef {guard}\n#define {guard}\n")),
            "{}",
            files[0].text
        );
    }
}

#[test]
fn constructors_are_not_part_of_a_service() {
    let text = format!(
        "{SERVICE}  a -> int\n  /** A sound one. */\n  constructor: return Sound\n  constructor.loud: return Sound\n\
         class Sound implements Example:\n  a -> int: return 1\n"
    );
    let names: Vec<String> = interface(&text).methods.into_iter().map(|method| method.name).collect();
    assert_eq!(names, ["a"]);
}

#[test]
fn comments_and_errors_of_rust_are_valid() {
    let text = format!(
        "{SERVICE}  /**\n  Says.\n\n  ```\n  a := 1\n      b\n  ```\n\n      c\n\n  ~~~ toit\n  d\n  ~~~\n\n  ```\n  e\n  ~~~\n  f\n  ~~~\n  ```\n\n  \
         ````\n  ```\n  g\n      ````\n\n        ~~~~\n  h\n  ~~~\n  ~~~~~\n\n  ```i```\n\n  ```\n  j\n  ```\n\n  \
         @throws SELF\n  @throws OK\n  @throws OTHER \"text {{}}\"\n  */\n  a -> int\n"
    );
    let files = generate(&interface(&text), Origin { file: "app.toit", import: "" }, Language::Rust);
    let code = files[0].text.split("const DEFINITION").next().expect("there is some");
    insta::assert_snapshot!(code);
}

#[test]
fn descriptions() {
    let shown = ["exchange.toit", "types.toit"]
        .map(|name| lucarne_interface::show::show(&interface(&definition(name))));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn generated_rust_is_formatted() {
    for name in ["exchange.toit", "types.toit"] {
        let interface = interface(&definition(name));
        let origin = Origin { file: name, import: "" };
        for file in generate(&interface, origin, Language::Rust) {
            let mut rustfmt = Command::new("rustfmt");
            rustfmt.args(["--edition", "2024", "--check", "--config-path", "/dev/null"]);
            let mut child =
                rustfmt.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("rustfmt is installed");
            let mut input = child.stdin.take().expect("piped");
            input.write_all(file.text.as_bytes()).expect("rustfmt reads its input");
            drop(input);
            let output = child.wait_with_output().expect("rustfmt ends");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
    }
}
