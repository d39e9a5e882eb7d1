//! Edits and requests that bytes choose, and what must hold for the answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lsp_types::{Position, Range, TextDocumentContentChangeEvent, Uri};
use lucarne_compiler::source::MemoryLoader;
use lucarne_language_server::features::diagnostics;
use lucarne_language_server::report::Reporter;
use lucarne_language_server::server::{METHODS, answer};
use lucarne_language_server::text::{Encoding, Text};
use lucarne_language_server::wire::code;
use lucarne_language_server::workspace::{Cache, Document, Documents, Settings, Snapshot};
use serde_json::{Value, json};

/// The document, which has something for each kind of request.
const PROGRAM: &str = "\
import monitor show Mutex
import math as math

/** A shape, see $Square.corners. */
interface Shape:
  corners -> int

class Square implements Shape:
  side/num := 0
  static count := 0
  constructor .side --scale/num=1:
  constructor.unit: return Square 1
  corners -> int: return 4
  operator + other/Square -> Square: return Square side + other.side

total shapes/List [block] -> any:
  sum := 0
  shapes.do: | shape/Shape |
    if shape is not Square: continue.do
    sum += shape.corners + (block.call shape)
  lambda := :: it + sum
  return lambda.call math.PI.to-int

main args:
  all := [Square 5 --scale=2, Square.unit]
  try: print \"😀 $(total all: it.corners)\"
  finally: Square.count++
";

/// What edits put in.
const SNIPPETS: &[&str] = &[
    "",
    " ",
    "\n",
    "\n  ",
    "x",
    "foo",
    ".",
    ":",
    "::",
    ":=",
    "=",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "$",
    "$(",
    "--",
    "/**",
    "*/",
    "//",
    "😀",
    "\r\n",
    "\r",
    "import ",
    "class A extends ",
    "  constructor",
    "return ",
    "super",
    "this.",
    "Square",
    "| a b |",
    "/int",
    " -> ",
    "#primitive.core.x",
    "\u{feff}",
    "\t",
];

/// The maximum number of edits and requests.
const STEPS_MAX: usize = 24;

struct Bytes<'i>(std::slice::Iter<'i, u8>);

impl Bytes<'_> {
    fn next(&mut self) -> Option<usize> {
        self.0.next().map(|byte| usize::from(*byte))
    }

    /// Returns a number below a bound.
    fn below(&mut self, bound: usize) -> Option<usize> {
        let number = self.next()? << 8 | self.next()?;
        Some(number % bound.max(1))
    }
}

/// Does the edits and requests that the bytes choose.
///
/// # Panics
/// If an answer is wrong: it is a fault of the server, has a range that ends before it begins or that is not in the text, or the
/// diagnostics are not those of a check.
pub(crate) fn check(input: &[u8]) {
    let mut bytes = Bytes(input.iter());
    let uri: Uri = "untitled:a.toit".parse().expect("it is a URI");
    let encoding = if input.len().is_multiple_of(2) { Encoding::Utf16 } else { Encoding::Utf8 };
    let settings = Arc::new(Settings::new(encoding, Vec::new(), None));
    let mut text = Text::new(PROGRAM.to_owned());
    let cache = Arc::default();
    for step in 0..STEPS_MAX {
        let Some(choice) = bytes.next() else { break };
        let Some((line, character)) = place(&mut bytes, &text) else { break };
        let position = Position { line, character };
        if choice.is_multiple_of(2) {
            let Some(snippet) = bytes.below(SNIPPETS.len()).and_then(|place| SNIPPETS.get(place)) else {
                break;
            };
            let Some(length) = bytes.next() else { break };
            let end = Position { line, character: character + (length % 8) as u32 };
            let change = TextDocumentContentChangeEvent {
                range: Some(Range { start: position, end }),
                range_length: None,
                text: (*snippet).to_owned(),
            };
            text = text.changed(vec![change], encoding);
            continue;
        }
        let Some((method, _)) = bytes.below(METHODS.len()).and_then(|place| METHODS.get(place)) else {
            break;
        };
        let document = Document {
            uri: uri.clone(),
            version: step as i32,
            revision: step as u64,
            text: Arc::new(text.clone()),
        };
        let open = HashMap::from([(uri.as_str().to_owned(), Arc::new(document))]);
        // Some requests are canceled while they work, after the given number of checks.
        let checks = AtomicUsize::new(if choice & 2 == 0 { usize::MAX } else { choice >> 2 });
        let is_canceled = move || {
            checks.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
        };
        let snapshot = Snapshot {
            documents: Arc::new(Documents { open, generation: step as u64 }),
            settings: settings.clone(),
            cache: Arc::clone(&cache),
            is_canceled: Arc::new(is_canceled),
            reporter: Reporter::default(),
        };
        ask(&snapshot, &uri, method, position, &text);
    }
    check_diagnostics(&uri, &text, settings, cache);
}

/// Returns a position, which may be behind the end of its line.
fn place(bytes: &mut Bytes<'_>, text: &Text) -> Option<(u32, u32)> {
    Some((bytes.below(text.line_count() as usize + 1)? as u32, bytes.below(48)? as u32))
}

fn ask(snapshot: &Snapshot, uri: &Uri, method: &str, position: Position, text: &Text) {
    let end = json!({ "line": position.line + 2, "character": 0 });
    let range = json!({ "start": position, "end": end });
    let item = json!({ "name": "x", "kind": 5, "uri": uri, "range": range, "selectionRange": range });
    let params = match method {
        "workspace/symbol" => json!({ "query": "s" }),
        "completionItem/resolve" => {
            json!({ "label": "x", "data": { "key": uri.as_str(), "offset": position.line } })
        }
        method if method.contains("ierarchy/") && !method.contains("prepare") => json!({ "item": item }),
        "textDocument/completion" | "textDocument/signatureHelp" => {
            json!({ "textDocument": { "uri": uri }, "position": position })
        }
        _ => json!({
            "textDocument": { "uri": uri },
            "position": position,
            "positions": [position],
            "range": range,
            "context": { "includeDeclaration": true, "diagnostics": [] },
            "newName": "other-name",
            "options": { "tabSize": 2, "insertSpaces": true },
        }),
    };
    match answer(snapshot, method, params) {
        Ok(result) => check_ranges(&result, text, method),
        Err(fault) if fault.code == code::REQUEST_CANCELED => assert!((snapshot.is_canceled)(), "{method}"),
        Err(fault) => assert_eq!(fault.code, code::REQUEST_FAILED, "{method}: {}", fault.message),
    }
}

/// Checks all ranges in an answer. Those in the library are in no text that is at hand, so that only their order is checked.
fn check_ranges(value: &Value, text: &Text, method: &str) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| check_ranges(value, text, method)),
        Value::Object(fields) => {
            if let (Some(start), Some(end)) = (fields.get("start"), fields.get("end")) {
                let start: Position = serde_json::from_value(start.clone()).expect("it is a position");
                let end: Position = serde_json::from_value(end.clone()).expect("it is a position");
                assert!(start <= end, "{method}: {value}");
                assert!(method.contains("efinition") || end.line < text.line_count(), "{method}: {value}");
            }
            fields.values().for_each(|value| check_ranges(value, text, method));
        }
        _ => {}
    }
}

/// Checks that an analysis with an index finds the same mistakes as one without, and that these are published, whatever
/// analyses the requests have left behind.
fn check_diagnostics(uri: &Uri, text: &Text, settings: Arc<Settings>, cache: Arc<Cache>) {
    let mut loader = MemoryLoader::default();
    loader.add(uri.as_str(), text.as_str());
    let checked = lucarne_toit::check(&loader, uri.as_str().as_ref()).expect("the library is sound");
    let request =
        lucarne_toit::Request { probe: None, is_first_only: false, is_canceled: &|| false, trees: None };
    let indexed =
        lucarne_toit::index(&loader, &[uri.as_str().to_owned()], request).expect("the library is sound");
    let (indexed, _) = indexed.expect("nothing cancels it");
    assert_eq!(checked.diagnostics, indexed.diagnostics);
    let last = STEPS_MAX as u64;
    let document = Document { uri: uri.clone(), version: 0, revision: last, text: Arc::new(text.clone()) };
    let open = HashMap::from([(uri.as_str().to_owned(), Arc::new(document))]);
    let snapshot = Snapshot {
        documents: Arc::new(Documents { open, generation: last }),
        settings,
        cache,
        is_canceled: Arc::new(|| false),
        reporter: Reporter::default(),
    };
    let published = diagnostics::of_document(&snapshot, uri.as_str()).expect("nothing cancels it");
    let shown = published.values().flatten();
    let mut shown: Vec<&str> = shown.map(|shown| shown.message.lines().next().unwrap_or("")).collect();
    let mut wanted: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|problem| {
            let whole = match problem.label.as_str() {
                "" => problem.title.clone(),
                label => format!("{}: {label}", problem.title),
            };
            whole.lines().next().unwrap_or("").to_owned()
        })
        .collect();
    shown.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(shown, wanted);
}
