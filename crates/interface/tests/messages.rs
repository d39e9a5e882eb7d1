//! Checks that every text of a diagnostic, be it a title, a label or a hint, is in a snapshot of `mistakes`.
//!
//! The texts are the string literals with a blank in the sources that make diagnostics. A formatted value in them
//! matches anything.

#[path = "../../compiler/tests/texts/mod.rs"]
mod texts;

use std::path::{Path, PathBuf};

use texts::{is_shown, parts};

/// The sources that make diagnostics.
const SOURCES: &[&str] = &[
    "src/directives.rs",
    "src/lock.rs",
    "src/model/form.rs",
    "src/model/members.rs",
    "src/model/read.rs",
    "src/model/reserved.rs",
    "src/model/types.rs",
];

/// Literals that are not diagnostics.
const OTHER: &[&str] =
    &["# The indexes of the methods in", "service {uuid}", "{index} {}{}", "{} {word} {last}", " @{}"];

/// Texts that no definition can cause, with the reason.
const IMPOSSIBLE: &[&str] = &[
    // The compiler refuses types of blocks.
    "blocks are part of the program that made them",
    // The snapshot would have a hundred thousand lines; a test of index files looks for this text.
    "the file has more than {LINES_MAX} lines",
    // The same for methods.
    "the service has {count} {what}, but at most {MEMBERS_MAX} are possible",
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Returns the string literals of a source, without its tests and comments.
fn literals(source: &str) -> Vec<String> {
    let text = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(letter) = chars.next() {
        match letter {
            // A character literal may be a quote.
            '\'' if chars.peek() == Some(&'"') => drop(chars.next()),
            '"' => {
                let mut literal = String::new();
                while let Some(letter) = chars.next() {
                    match letter {
                        '"' => break,
                        '\\' if chars.peek() == Some(&'\n') => {
                            while chars.next_if(|letter| letter.is_whitespace()).is_some() {}
                        }
                        '\\' => literal.extend(chars.next()),
                        letter => literal.push(letter),
                    }
                }
                found.push(literal);
            }
            _ => {}
        }
    }
    found
}

#[test]
fn every_text_has_a_snapshot() {
    let mut shown = String::new();
    for entry in std::fs::read_dir(folder("tests/snapshots")).expect("the snapshots can be read") {
        let path = entry.expect("the snapshots can be read").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("mistakes__")) {
            let text = std::fs::read_to_string(path).expect("the snapshots can be read");
            shown += text.split("-- diagnostics").nth(1).unwrap_or_default();
        }
    }
    let mut count = 0;
    let mut missing = Vec::new();
    for source in SOURCES {
        let text = std::fs::read_to_string(folder(source)).expect("the sources can be read");
        for literal in literals(&text).iter().filter(|literal| literal.trim().contains(' ')) {
            if OTHER.iter().any(|other| literal.starts_with(other)) || IMPOSSIBLE.contains(&literal.as_str())
            {
                continue;
            }
            count += 1;
            let parts = parts(literal);
            if !shown.lines().any(|line| is_shown(&parts, line)) {
                missing.push(format!("{source}: {literal}"));
            }
        }
    }
    assert!(count > 100, "only {count} texts were found");
    assert!(missing.is_empty(), "texts without a snapshot:\n{}", missing.join("\n"));
}

/// The texts of errors that are not diagnostics.
#[test]
fn errors_say_what_is_wrong() {
    use lucarne_interface::InterfaceError;
    use lucarne_interface::build::BuildError;
    use lucarne_interface::carried::CarriedError;
    use lucarne_interface::generate::CodeError;

    let errors: [Box<dyn std::error::Error>; 8] = [
        Box::new(InterfaceError::Library("too short".to_owned())),
        Box::new(InterfaceError::Thread),
        Box::new(CodeError::Indexes { lock: "app.index".to_owned(), definition: "app.toit".to_owned() }),
        Box::new(BuildError::NotABuildScript),
        Box::new(BuildError::Write {
            path: "out/app.rs".into(),
            error: std::io::ErrorKind::StorageFull.into(),
        }),
        Box::new(CarriedError::TooLong),
        Box::new(CarriedError::Damaged),
        Box::new(CarriedError::Definition("error: this file defines no service\n".to_owned())),
    ];
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(texts.join("\n"));
}
