//! Compares the answers of the server with those that the tests of the existing system expect.
//!
//! Set `LUCARNE_EXISTING_SOURCE` to a checkout of the existing system. Its folder `tests/lsp` has programs with comments
//! that mark places and tell the expected answers. Without the variable, the test does nothing. Answers that differ on
//! purpose are listed in `existing/known.txt`, with the reasons. `LUCARNE_LSP_FILTER` chooses files by a part of their
//! names.

#![allow(clippy::print_stdout, reason = "it reports what differs")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use common::{Client, uri};
use lucarne_language_server::uri::to_path;
use serde_json::{Value, json};

/// The least part of the answers that must agree, in percent.
const AGREEMENT_MIN: usize = 95;

/// A place that a test names: a path, a line and a column.
type Place = (PathBuf, usize, usize);
type Places = BTreeMap<String, Place>;

#[test]
fn answers_agree_with_the_existing_system() {
    let Some(checkout) = std::env::var_os("LUCARNE_EXISTING_SOURCE") else {
        println!("skipped: LUCARNE_EXISTING_SOURCE does not name a checkout of the existing system");
        return;
    };
    let folder = Path::new(&checkout).join("tests/lsp").canonicalize().expect("the checkout has tests/lsp");
    let filter = std::env::var("LUCARNE_LSP_FILTER").unwrap_or_default();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("it is a folder")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    files.sort();
    let mut run = Run { cases: BTreeMap::new(), failed: BTreeMap::new() };
    for file in files {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("").to_owned();
        let Some(stem) = name.strip_suffix("-test.toit").filter(|stem| stem.contains(&filter)) else {
            continue;
        };
        // The longer kinds first: `prepare-rename` ends in `rename`.
        let kinds = ["prepare-rename", "selection-range", "completion", "definition", "hover", "rename"];
        if let Some(kind) = kinds.iter().find(|kind| stem.ends_with(&format!("-{kind}"))) {
            run.file(kind, &file);
        }
    }
    run.report(filter.is_empty());
}

struct Run {
    /// The number of cases of each kind.
    cases: BTreeMap<String, usize>,
    /// What differs, by file and line.
    failed: BTreeMap<String, (String, String)>,
}

impl Run {
    fn file(&mut self, kind: &str, file: &Path) {
        let cache = tempfile::tempdir().expect("a folder can be made");
        let folder = file.parent().expect("it is in a folder");
        match kind {
            "rename" => {
                let copies = tempfile::tempdir().expect("a folder can be made");
                self.rename(file, &mut Client::start(copies.path(), cache.path(), json!({})), copies.path());
            }
            _ => {
                let mut client = Client::start(folder, cache.path(), json!({}));
                self.places(kind, file, &mut client);
            }
        }
    }

    fn check(&mut self, kind: &str, file: &Path, line: usize, more: &str, difference: Option<String>) {
        *self.cases.entry(kind.to_owned()).or_default() += 1;
        if let Some(difference) = difference {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("");
            self.failed.insert(format!("{name}:{}{more}", line + 1), (kind.to_owned(), difference));
        }
    }

    fn report(&self, is_whole: bool) {
        let known = include_str!("existing/known.txt");
        let known: BTreeSet<&str> = known
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        for (place, (kind, difference)) in &self.failed {
            let mark = if known.contains(place.as_str()) { "known" } else { "NEW" };
            println!("{mark} {kind} {place}: {difference}");
        }
        let mut all = 0;
        for (kind, cases) in &self.cases {
            let failed = self.failed.values().filter(|(of, _)| of == kind).count();
            println!("{kind}: {} of {cases} agree", cases - failed);
            all += cases;
        }
        let agreeing = all - self.failed.len();
        println!("all: {agreeing} of {all} agree");
        let new: Vec<&String> = self.failed.keys().filter(|place| !known.contains(place.as_str())).collect();
        assert!(new.is_empty(), "{} answers differ that are not listed as known: {new:?}", new.len());
        if is_whole {
            let mended: Vec<&&str> =
                known.iter().filter(|place| !self.failed.contains_key(**place)).collect();
            assert!(
                mended.is_empty(),
                "these agree and must leave the list of known differences: {mended:?}"
            );
            assert!(agreeing * 100 >= all * AGREEMENT_MIN, "only {agreeing} of {all} agree");
        }
    }

    // Completion, definition, hover, prepare-rename and selection-range.

    fn places(&mut self, kind: &str, file: &Path, client: &mut Client) {
        let text = std::fs::read_to_string(file).expect("it can be read");
        let places = named_places(file, &mut BTreeSet::new());
        let lines: Vec<&str> =
            text.trim_end_matches('\n').split('\n').map(|line| line.trim_end_matches('\r')).collect();
        client.open(file, &text);
        let mut at = 0;
        while at < lines.len() {
            let begin = at;
            at += 1;
            let is_block = match kind {
                "hover" => {
                    lines[begin].trim_start().starts_with("/*")
                        && !lines[begin].trim_start().starts_with("/**")
                }
                _ => lines[begin].starts_with("/*") && !lines[begin].starts_with("/**"),
            };
            if !is_block || begin == 0 {
                continue;
            }
            let is_near = matches!(kind, "completion" | "definition" | "hover");
            let code = if is_near { begin - 1 } else { code_line(&lines, begin) };
            let end = (begin..lines.len())
                .find(|line| lines[*line].trim_end().ends_with("*/"))
                .unwrap_or(lines.len());
            let caret = (begin..=end.min(lines.len() - 1)).find(|line| lines[*line].contains('^'));
            // A mark at the beginning of a line, or one that stands in the way of the comment, is on the next line.
            let Some(caret) = caret.filter(|caret| kind == "selection-range" || *caret <= begin + 1) else {
                continue;
            };
            let column = lines[caret].find('^').unwrap_or(0);
            let tilde = lines[caret].rfind('~').map(|place| place + 1);
            let expected: Vec<&str> = lines.get(caret + 1..end).unwrap_or_default().to_vec();
            if expected.is_empty() && kind != "completion" {
                continue;
            }
            at = end + 1;
            let difference = ask(kind, client, file, (code, column), &expected, &places, &lines, begin);
            self.check(kind, file, begin, "", difference);
            if let Some(tilde) = tilde.filter(|_| is_near) {
                let line = lines[code];
                let rest = line.get(tilde..).unwrap_or("");
                let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
                changed[code] = format!("{}{rest}", line.get(..column).unwrap_or(line));
                client.open(file, &changed.join("\n"));
                let difference = ask(kind, client, file, (code, column), &expected, &places, &lines, begin);
                self.check(kind, file, begin, "~", difference);
                client.open(file, &text);
            }
        }
    }

    // Rename.

    fn rename(&mut self, file: &Path, client: &mut Client, folder: &Path) {
        let places = named_places(file, &mut BTreeSet::new());
        let mut originals: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
        let mut work = vec![file.to_owned()];
        while let Some(next) = work.pop() {
            let copy = folder.join(next.file_name().expect("it is a file"));
            if !next.is_file() || originals.contains_key(&copy) {
                continue;
            }
            std::fs::copy(&next, &copy).expect("it can be copied");
            let text = std::fs::read_to_string(&next).expect("it can be read");
            work.extend(imports(&next, &text));
            client.open(&copy, &text);
            originals.insert(copy, next);
        }
        for (copy, original) in &originals {
            let text = std::fs::read_to_string(copy).expect("it can be read");
            let lines: Vec<&str> = text.trim_end_matches('\n').split('\n').collect();
            let mut at = 0;
            while at < lines.len() {
                let begin = at;
                at += 1;
                if !lines[begin].starts_with("/*")
                    || lines[begin].starts_with("/**")
                    || lines[begin].trim().ends_with("*/")
                {
                    continue;
                }
                let end = (begin + 1..lines.len())
                    .find(|line| lines[*line].trim().starts_with("*/"))
                    .unwrap_or(lines.len());
                at = end + 1;
                let Some(caret) = (begin + 1..end).rfind(|line| lines[*line].contains('^')) else { continue };
                let column = lines[caret].find('^').unwrap_or(0);
                let Some(expected) =
                    (caret + 1..end).map(|line| lines[line]).find(|line| !line.contains('@'))
                else {
                    continue;
                };
                let code = code_line(&lines, begin);
                let wanted: BTreeSet<Place> = list(expected)
                    .iter()
                    .map(|name| places.get(name).cloned().unwrap_or_else(|| panic!("{name} is not a place")))
                    .collect();
                let answer =
                    client.at("textDocument/rename", copy, code, column, json!({ "newName": "new-name" }));
                let difference = renamed(answer, &wanted, &originals);
                self.check("rename", original, begin, "", difference);
            }
        }
    }
}

fn renamed(
    answer: Result<Value, Value>,
    wanted: &BTreeSet<Place>,
    originals: &BTreeMap<PathBuf, PathBuf>,
) -> Option<String> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Some(format!("error {error}")),
    };
    let mut found = BTreeSet::new();
    for (uri, edits) in answer["changes"].as_object().into_iter().flatten() {
        let path = PathBuf::from(path_of(uri));
        let original = originals.get(&path).cloned().unwrap_or(path);
        for edit in edits.as_array().into_iter().flatten() {
            let start = &edit["range"]["start"];
            found.insert((original.clone(), number(&start["line"]), number(&start["character"])));
        }
    }
    (found != *wanted).then(|| {
        let shown = |places: Vec<&Place>| {
            places.iter().map(|place| format!("{}:{}", place.1 + 1, place.2)).collect::<Vec<_>>().join(" ")
        };
        format!(
            "missing [{}], not expected [{}]",
            shown(wanted.difference(&found).collect()),
            shown(found.difference(wanted).collect())
        )
    })
}

/// Asks the server about a place. Returns how its answer differs from what is expected.
#[allow(clippy::too_many_arguments, reason = "all kinds of tests share it")]
fn ask(
    kind: &str,
    client: &mut Client,
    file: &Path,
    (line, column): (usize, usize),
    expected: &[&str],
    places: &Places,
    lines: &[&str],
    block: usize,
) -> Option<String> {
    let method = match kind {
        "completion" => "textDocument/completion",
        "definition" => "textDocument/definition",
        "hover" => "textDocument/hover",
        "prepare-rename" => "textDocument/prepareRename",
        _ => "textDocument/selectionRange",
    };
    let more = json!({ "positions": [{ "line": line, "character": column }] });
    let answer = match client.at(method, file, line, column, more) {
        Ok(answer) => answer,
        Err(error) => return Some(format!("error {error}")),
    };
    match kind {
        "completion" => completed(&answer, expected),
        "definition" => defined(&answer, expected, places),
        "hover" => hovered(&answer, expected),
        "prepare-rename" => {
            let wanted = expected.first().map_or("", |line| line.trim());
            let found = answer["placeholder"].as_str().unwrap_or("null");
            (found != wanted).then(|| format!("expected {wanted}, got {found}"))
        }
        _ => selected(&answer, expected, lines, block),
    }
}

fn completed(answer: &Value, expected: &[&str]) -> Option<String> {
    let kinds = [
        "None",
        "Text",
        "Method",
        "Function",
        "Constructor",
        "Field",
        "Variable",
        "Class",
        "Interface",
        "Module",
        "Property",
        "Unit",
        "Value",
        "Enum",
        "Keyword",
        "Snippet",
        "Color",
        "File",
        "Reference",
        "Folder",
        "EnumMember",
        "Constant",
        "Struct",
        "Event",
        "Operator",
    ];
    let found: BTreeMap<&str, &str> = answer["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| (item["label"].as_str().unwrap_or(""), kinds[number(&item["kind"]).min(kinds.len() - 1)]))
        .collect();
    let mut wanted: Vec<&str> = Vec::new();
    let mut unwanted: Vec<&str> = Vec::new();
    for line in expected {
        let names = |mark: &str| {
            line.split_once(mark)
                .map(|(_, names)| names.trim_end_matches([',', ' ']).split(", ").collect::<Vec<_>>())
        };
        match (line.trim(), names("+ "), names("- ")) {
            ("+" | "-", _, _) => {}
            (_, Some(names), _) => wanted.extend(names),
            (_, None, Some(names)) => unwanted.extend(names),
            _ => {}
        }
    }
    let mut problems = Vec::new();
    for name in &wanted {
        let (name, kind) = name.split_once('#').map_or((*name, None), |(name, kind)| (name, Some(kind)));
        match (found.get(name), kind) {
            (None, _) => problems.push(format!("no `{name}`")),
            (Some(found), Some(kind)) if *found != kind => {
                problems.push(format!("`{name}` is {found}, not {kind}"))
            }
            _ => {}
        }
    }
    if unwanted.contains(&"*") {
        let more: Vec<&&str> = found
            .keys()
            .filter(|name| !wanted.iter().any(|known| known.split('#').next() == Some(name)))
            .collect();
        if !more.is_empty() {
            problems.push(format!("not expected {:?}", more.iter().take(8).collect::<Vec<_>>()));
        }
    } else {
        problems.extend(
            unwanted
                .iter()
                .filter(|name| found.contains_key(**name))
                .map(|name| format!("not expected `{name}`")),
        );
    }
    (!problems.is_empty()).then(|| problems.join(", "))
}

fn defined(answer: &Value, expected: &[&str], places: &Places) -> Option<String> {
    let found: BTreeSet<Place> = answer
        .as_array()
        .into_iter()
        .flatten()
        .map(|location| {
            let start = &location["range"]["start"];
            let path = PathBuf::from(path_of(location["uri"].as_str().unwrap_or("")));
            (path, number(&start["line"]), number(&start["character"]))
        })
        .collect();
    let wanted = list(expected.first()?);
    let is_found = |name: &String| match name.strip_prefix("core.") {
        Some(library) => {
            let mut parts = library.split('.');
            let file = format!("core/{}.toit", parts.next().unwrap_or(""));
            let is_whole = parts.next().is_none();
            found.iter().any(|(path, line, column)| {
                path.ends_with(&file) && (!is_whole || (*line, *column) == (0, 0))
            })
        }
        None => places.get(name).is_some_and(|place| found.contains(place)),
    };
    let missing: Vec<&String> = wanted.iter().filter(|name| !is_found(name)).collect();
    (!missing.is_empty() || wanted.len() != found.len()).then(|| {
        let shown: Vec<String> = found.iter().map(|place| format!("{}:{}", place.1 + 1, place.2)).collect();
        format!("expected {wanted:?}, got {shown:?}")
    })
}

fn hovered(answer: &Value, expected: &[&str]) -> Option<String> {
    // The existing server shows only the documentation.
    let text = answer["contents"]["value"].as_str();
    let shown = text.map(|text| text.split_once("```\n\n").map_or("", |(_, documentation)| documentation));
    let wanted = expected.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n");
    let agrees = match (wanted.as_str(), shown) {
        ("null", shown) => shown.is_none_or(str::is_empty),
        (wanted, Some(shown)) => match wanted.strip_suffix("...") {
            Some(start) => shown.starts_with(start),
            None => shown == wanted,
        },
        (_, None) => false,
    };
    (!agrees).then(|| format!("expected {wanted:?}, got {text:?}"))
}

fn selected(answer: &Value, expected: &[&str], lines: &[&str], block: usize) -> Option<String> {
    let mut anchors: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (number, line) in lines.iter().enumerate() {
        if let Some((before, name)) = line.split_once('@') {
            let begin = (0..=number).rfind(|line| lines[*line].starts_with("/*")).unwrap_or(0);
            anchors.insert(name.trim_end_matches("*/").trim(), (code_line(lines, begin), before.len()));
        }
    }
    let code = code_line(lines, block);
    let mut range = &answer[0];
    for line in expected.iter().filter(|line| line.contains('[') && line.contains(']') && !line.contains('@'))
    {
        let (open, close) = (line.find('[')?, line.find(']')?);
        let inner = line.get(open + 1..close)?;
        let words: Vec<&str> = inner.split_whitespace().collect();
        let anchor = |name: &str| anchors.get(name).copied().unwrap_or((usize::MAX, 0));
        let (start, end) = match words.as_slice() {
            [start, end] => (anchor(start), anchor(end)),
            [end] if inner.starts_with(' ') => ((code, open), anchor(end)),
            [start] => (anchor(start), (code, close)),
            _ => ((code, open), (code, close)),
        };
        let place = |value: &Value| (number(&value["line"]), number(&value["character"]));
        let found = (place(&range["range"]["start"]), place(&range["range"]["end"]));
        if found != (start, end) {
            return Some(format!("expected {:?}, got {found:?}", (start, end)));
        }
        range = &range["parent"];
    }
    None
}

/// Returns the line that a block of marks is about: the one before it and other such blocks.
fn code_line(lines: &[&str], block: usize) -> usize {
    let mut line = block.saturating_sub(1);
    while line > 0 {
        let text = lines[line].trim();
        if text == "*/" {
            line -= 1;
            while line > 0 && !lines[line].trim().starts_with("/*") {
                line -= 1;
            }
            line = line.saturating_sub(1);
        } else if text.starts_with("/*") && !text.starts_with("/**") {
            line -= 1;
        } else {
            break;
        }
    }
    line
}

/// Returns the places that a file and its imports name: `@ name` below the line.
fn named_places(file: &Path, seen: &mut BTreeSet<PathBuf>) -> Places {
    let mut places = Places::new();
    if !seen.insert(file.to_owned()) {
        return places;
    }
    let Ok(text) = std::fs::read_to_string(file) else { return places };
    let lines: Vec<&str> = text.trim_end_matches('\n').split('\n').collect();
    for other in imports(file, &text) {
        places.extend(named_places(&other, seen));
    }
    let mut at = 0;
    while at < lines.len() {
        let begin = at;
        at += 1;
        if !lines[begin].starts_with("/*") || lines[begin].starts_with("/**") {
            continue;
        }
        let end =
            (begin..lines.len()).find(|line| lines[*line].trim().ends_with("*/")).unwrap_or(lines.len() - 1);
        at = end + 1;
        let marked = (begin..=end).map(|line| lines[line]).find(|line| line.contains('@'));
        if let Some((before, name)) = marked.and_then(|line| line.split_once('@')) {
            let name = name.trim_end_matches("*/").trim().to_owned();
            places.insert(name, (file.to_owned(), code_line(&lines, begin), before.len()));
        }
    }
    places
}

/// Returns the files that a file imports from its own folder.
fn imports(file: &Path, text: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in text.lines() {
        let path = line.strip_prefix("import .").or_else(|| line.strip_prefix("// import_for_locations ."));
        let Some(path) = path.and_then(|path| path.split_whitespace().next()) else { continue };
        let ups = path.len() - path.trim_start_matches('.').len();
        let mut folder = file.parent().map(Path::to_owned).unwrap_or_default();
        for _ in 0..ups {
            folder.pop();
        }
        files.push(folder.join(format!("{}.toit", path.trim_start_matches('.').replace('.', "/"))));
    }
    files
}

fn list(line: &str) -> Vec<String> {
    let inner =
        line.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(inner, _)| inner);
    inner.split(", ").filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn number(value: &Value) -> usize {
    value.as_u64().unwrap_or(0) as usize
}

fn path_of(uri: &str) -> String {
    uri.parse().map(|uri| to_path(&uri)).unwrap_or_default()
}

#[test]
fn uris_of_paths_are_those_of_the_client() {
    assert_eq!(path_of(&uri(Path::new("/a b/c.toit"))), "/a b/c.toit");
}
