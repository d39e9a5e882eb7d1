//! Checks that comments, messages and guides avoid certain words and phrases, and that their spelling is American.
//!
//! The project's prose is plain English: it names the caller, the process or the file instead of *nobody* or *whoever*,
//! and its spelling is American. The tests read every text file of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// Words and phrases to avoid, each with words to use instead. A phrase that is a part of a longer word is not found.
const AVOIDED: &[(&str, &str)] = &[
    ("nobody", "no process, no thread, no file, ..."),
    ("somebody", "a caller, a client, a process, ..."),
    ("anybody", "any caller, any client, any process, ..."),
    ("everybody", "all callers, all clients, all processes, ..."),
    ("whoever", "the caller, the client, the process that ..."),
    ("whomever", "the caller, the client, the process that ..."),
    ("has gone", "has ended, has disconnected, was removed, ..."),
    ("have gone", "have ended, have disconnected, were removed, ..."),
    ("is gone", "has ended, has been collected, is closed, ..."),
    ("are gone", "have ended, have been collected, are closed, ..."),
    ("way out", "completion, exit"),
    ("under way", "in progress, current"),
    ("in vain", "without success, without an answer"),
    ("anew", "again"),
    ("if need be", "if necessary"),
    ("for want of", "because there is no"),
    ("from the front", "normally, from the beginning"),
    ("comes to pass", "happens, is met"),
    ("brought it about", "caused it"),
    ("for people", "for display, as text"),
    ("as people", "as text, for display"),
    ("of the moment", "current, at that time"),
    ("on the side of", "the provider's, the client's, ..."),
    ("one below the other", "each on a line of its own"),
    ("none of nothing", "none if there is no value"),
    ("string of C", "C string"),
    ("of `malloc`", "from `malloc`"),
    ("gives turns", "runs turns"),
    ("gives the turns", "runs the turns"),
    ("is wanted", "is needed, is requested"),
    ("would not have it", "the system call failed"),
    ("if nothing is said", "by default"),
    ("is no UUID", "is not a UUID"),
    ("this is no", "this is not a"),
    ("it is no", "it is not a"),
    ("behaviour", "behavior"),
    ("colour", "color"),
    ("colours", "colors"),
    ("licence", "license"),
    ("cancelled", "canceled"),
    ("initialise", "initialize"),
    ("initialised", "initialized"),
    ("initialiser", "initializer"),
    ("analyse", "analyze"),
    ("analysed", "analyzed"),
    ("analyses a", "analyzes a"),
    ("honour", "honor"),
    ("optimise", "optimize"),
    ("optimised", "optimized"),
    ("unoptimised", "unoptimized"),
    ("serialise", "serialize"),
    ("recognise", "recognize"),
    ("neighbour", "neighbor"),
    ("centre", "center"),
    ("catalogue", "catalog"),
    ("labelled", "labeled"),
    ("signalled", "signaled"),
    ("modelled", "modeled"),
    ("travelled", "traveled"),
    ("towards", "toward"),
    ("favour", "favor"),
    ("normalise", "normalize"),
    ("organise", "organize"),
    ("realise", "realize"),
    ("summarise", "summarize"),
    ("whilst", "while"),
    ("amongst", "among"),
];

/// Files in which a phrase stays, with the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("licence", "xtask/src/licenses.rs", "packages spell the names of their files both ways"),
    ("centre", "lib/words.toit", "the list of words is data"),
    ("catalogue", "lib/crypto/crc.toit", "the catalogue has this address"),
];

const EXTENSIONS: &[&str] = &["c", "cmake", "h", "md", "rs", "sh", "toit", "toml", "txt"];

#[test]
fn prose_avoids_the_words_of_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository");
    let mut found = Vec::new();
    for file in text_files(root) {
        let path = file.strip_prefix(root).expect("the file lies there").display().to_string();
        if path == "xtask/tests/prose.rs" {
            continue;
        }
        let text = fs::read_to_string(&file).expect("the file is UTF-8");
        for (index, line) in text.lines().enumerate() {
            let allowed = |phrase: &str| {
                EXCEPTIONS.iter().any(|(allowed, excepted, _)| *allowed == phrase && path == *excepted)
            };
            let avoided = phrases(line).filter(|(phrase, _)| !allowed(phrase));
            found.extend(avoided.map(|(phrase, better)| {
                format!("{path}:{}: instead of '{phrase}' write: {better}", index + 1)
            }));
        }
    }
    assert!(found.is_empty(), "{} places:\n{}", found.len(), found.join("\n"));
}

#[test]
fn phrases_are_found_in_comments_and_names_alone() {
    let names = |line| phrases(line).map(|(phrase, _)| phrase).collect::<Vec<_>>();
    assert_eq!(names("// Nobody waits, and whoever comes late"), ["nobody", "whoever"]);
    assert_eq!(names("fn wake_somebody() {}"), ["somebody"]);
    assert_eq!(names("let colourful = busybody;"), [] as [&str; 0]);
    assert_eq!(names("It has gone."), ["has gone"]);
}

/// Returns the avoided phrases in a line, each with the words to write instead.
fn phrases(line: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let line = line.to_ascii_lowercase();
    AVOIDED.iter().copied().filter(move |(phrase, _)| {
        line.match_indices(&phrase.to_ascii_lowercase()).any(|(at, _)| {
            let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphabetic);
            let (before, after) = (&line[..at], &line[at + phrase.len()..]);
            !is_letter(before.chars().next_back()) && !is_letter(after.chars().next())
        })
    })
}

fn text_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the repository can be read") {
        let path = entry.expect("the repository can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_text =
            path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|text| extension == *text));
        if path.is_dir() {
            // Hidden folders hold the history and tools, and `target` holds build results.
            if !name.starts_with('.') && name != "target" {
                files.extend(text_files(&path));
            }
        } else if is_text {
            files.push(path);
        }
    }
    files
}
