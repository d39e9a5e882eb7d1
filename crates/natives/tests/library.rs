//! Tests that each primitive that the library names exists.

use std::fs;
use std::path::{Path, PathBuf};

const MARK: &str = "#primitive.";
/// The only primitive that is not a native: the compiler translates it to an instruction.
const INSTRUCTION: (&str, &str) = ("intrinsics", "call-lambda");

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the library can be read") {
        let path = entry.expect("the library can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "toit") {
            found.push(path);
        }
    }
}

/// Returns the module and the name of the primitive in a line.
fn primitive(line: &str) -> Option<(&str, &str)> {
    let code = line.split("//").next()?;
    let (_, rest) = code.split_once(MARK)?;
    let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    let name = &rest[..rest.find(|char| !is_part(char)).unwrap_or(rest.len())];
    Some(name.split_once('.').unwrap_or((name, "")))
}

#[test]
fn primitives_of_the_library_exist() {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lib");
    let mut files = Vec::new();
    sources(&library, &mut files);
    let (mut count, mut missing) = (0, Vec::new());
    for file in files {
        let text = fs::read_to_string(&file).expect("sources are text");
        for (index, line) in text.lines().enumerate() {
            let Some((module, name)) = primitive(line) else { continue };
            count += 1;
            if (module, name) != INSTRUCTION && !lucarne_natives::exists(module, name) {
                missing.push(format!("{}:{}: no primitive {module}.{name}", file.display(), index + 1));
            }
        }
    }
    assert!(count > 200, "only {count} primitives were found");
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn primitives_are_found_in_lines() {
    assert_eq!(primitive("  #primitive.time.zone-load"), Some(("time", "zone-load")));
    assert_eq!(primitive("  #primitive.string.at:"), Some(("string", "at")));
    assert_eq!(primitive("  // See #primitive.string.at"), None);
    assert!(!lucarne_natives::exists("string", "aat"));
}
