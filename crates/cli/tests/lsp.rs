//! Tests of `lucarne lsp`: a client that speaks to the binary over standard input and output.

mod common;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use common::Folder;
use serde_json::{Value, json};

/// An editor.
struct Editor {
    server: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    next_id: u64,
    /// The texts of the open documents by their names, with their versions.
    texts: HashMap<String, (String, i32)>,
    diagnostics: HashMap<String, Value>,
    folder: String,
}

impl Editor {
    fn start(folder: &Folder, capabilities: Value) -> Editor {
        let mut command = folder.command(&["lsp", "--stdio"]);
        command.env("XDG_CACHE_HOME", folder.path("cache"));
        let mut server =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
        let path = folder.path("").to_str().expect("paths are UTF-8").trim_end_matches('/').to_owned();
        let mut editor = Editor {
            input: server.stdin.take(),
            output: BufReader::new(server.stdout.take().expect("it is a pipe")),
            server,
            next_id: 0,
            texts: HashMap::new(),
            diagnostics: HashMap::new(),
            folder: path.clone(),
        };
        let params =
            json!({ "processId": null, "rootUri": format!("file://{path}"), "capabilities": capabilities });
        editor.request("initialize", params).expect("the server starts");
        editor.notify("initialized", json!({}));
        editor
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.input.as_mut().expect("the session is open").write_all(bytes).expect("the server reads");
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn ask(&mut self, method: &str, params: Value) -> u64 {
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params }));
        self.next_id
    }

    fn request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = json!(self.ask(method, params));
        self.answer(&id)
    }

    fn answer(&mut self, id: &Value) -> Result<Value, Value> {
        loop {
            let mut message = self.read().expect("the server answers");
            if message.get("method").is_none() && message.get("id") == Some(id) {
                return match message.get_mut("error") {
                    Some(error) => Err(error.take()),
                    None => Ok(message["result"].take()),
                };
            }
        }
    }

    fn read(&mut self) -> Option<Value> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).expect("the output can be read") == 0 {
                return None;
            }
            match line.trim().strip_prefix("Content-Length: ") {
                Some(value) => length = value.parse().expect("a length"),
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut bytes = vec![0; length];
        self.output.read_exact(&mut bytes).expect("the message is whole");
        let message: Value = serde_json::from_slice(&bytes).expect("it is JSON");
        if message["method"] == "textDocument/publishDiagnostics" {
            let uri = message["params"]["uri"].as_str().expect("a URI").to_owned();
            self.diagnostics.insert(uri, message["params"].clone());
        }
        Some(message)
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.folder)
    }

    fn open(&mut self, name: &str, text: &str) {
        self.texts.insert(name.into(), (text.into(), 1));
        let document = json!({ "uri": self.uri(name), "languageId": "toit", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces a part of a document, by an incremental change.
    fn edit(&mut self, name: &str, old: &str, new: &str) {
        let (text, version) = self.texts.get_mut(name).expect("it is open");
        let start = text.find(old).expect("the document contains it");
        let (from, to) = (position(text, start), position(text, start + old.len()));
        text.replace_range(start..start + old.len(), new);
        *version += 1;
        let version = *version;
        let document = json!({ "uri": self.uri(name), "version": version });
        let change = json!({ "range": { "start": from, "end": to }, "text": new });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        );
    }

    /// Sends a request about the place behind a text of a document.
    fn at(&mut self, method: &str, name: &str, text: &str, more: Value) -> Result<Value, Value> {
        let (whole, _) = &self.texts[name];
        let place = whole.find(text).expect("the document contains it") + text.len();
        let mut params =
            json!({ "textDocument": { "uri": self.uri(name) }, "position": position(whole, place) });
        for (name, value) in more.as_object().into_iter().flatten() {
            params[name] = value.clone();
        }
        self.request(method, params)
    }

    /// Waits for the diagnostics of the last text of a document. Returns the first line of each, with its line.
    fn diagnostics_of(&mut self, name: &str) -> Vec<(u64, String)> {
        let (uri, version) = (self.uri(name), self.texts[name].1);
        while self.diagnostics.get(&uri).is_none_or(|known| known["version"] != json!(version)) {
            self.read().expect("the server publishes diagnostics");
        }
        let list = self.diagnostics[&uri]["diagnostics"].as_array().expect("a list");
        let shown = list.iter().map(|diagnostic| {
            let message = diagnostic["message"].as_str().expect("a text").lines().next().unwrap_or("");
            (diagnostic["range"]["start"]["line"].as_u64().expect("a number") + 1, message.to_owned())
        });
        shown.collect()
    }

    /// Applies the edits of a rename to the texts.
    fn applied(&self, edit: &Value) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        for (uri, edits) in edit["changes"].as_object().expect("it has changes") {
            let name = uri.strip_prefix(&format!("file://{}/", self.folder)).expect("it is in the folder");
            let known = self.texts.get(name).map(|(text, _)| text.clone());
            let mut text = known.unwrap_or_else(|| {
                std::fs::read_to_string(Path::new(&self.folder).join(name)).expect("it can be read")
            });
            let mut places: Vec<(usize, usize, &str)> = edits
                .as_array()
                .expect("a list")
                .iter()
                .map(|edit| {
                    let place = |end: &str| offset(&text, &edit["range"][end]);
                    (place("start"), place("end"), edit["newText"].as_str().expect("a text"))
                })
                .collect();
            places.sort();
            for (start, end, new) in places.into_iter().rev() {
                text.replace_range(start..end, new);
            }
            texts.insert(name.to_owned(), text);
        }
        texts
    }

    fn end(mut self) -> Option<i32> {
        self.request("shutdown", Value::Null).expect("the server shuts down");
        self.notify("exit", Value::Null);
        self.server.wait().expect("it ends").code()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Returns the position of a byte, in units of UTF-16.
fn position(text: &str, at: usize) -> Value {
    let before = &text[..at];
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    json!({ "line": line, "character": before[start..].encode_utf16().count() })
}

/// Returns the byte of a position.
fn offset(text: &str, position: &Value) -> usize {
    let (line, units) = (position["line"].as_u64(), position["character"].as_u64());
    let line = usize::try_from(line.expect("a number")).expect("a small one");
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut left = units.expect("a number");
    let rest = text[start..].char_indices().find(|(_, letter)| {
        let found = left == 0;
        left = left.saturating_sub(letter.len_utf16() as u64);
        found
    });
    rest.map_or(text.len(), |(at, _)| start + at)
}

fn labels(answer: &Value) -> BTreeSet<&str> {
    let items = answer["items"].as_array().expect("a list");
    items.iter().map(|item| item["label"].as_str().expect("a text")).collect()
}

const SHAPES: &str = "\
/** A shape with corners. */
abstract class Shape:
  /** Returns the number of corners. */
  abstract corners -> int

class Square extends Shape:
  side/int
  constructor .side --scale/int=1:
  corners -> int: return 4

total shapes/List -> int:
  sum := 0
  shapes.do: | shape/Shape | sum += shape.corners
  return sum
";

const MAIN: &str = "\
import .shapes

// 😀 is two units of UTF-16.
class Triangle extends Shape:
  corners -> int: return 3

main:
  text := \"😀\"; all := [Triangle, Square 5]
  print (total all)
  print all.size
";

#[test]
fn an_editor_works_on_a_project() {
    let folder = Folder::new("lsp-project");
    folder.file("shapes.toit", SHAPES).file("main.toit", MAIN);
    folder.file("other.toit", "import .shapes\n\nuse square/Square -> int: return square.corners\n");
    let main = MAIN.replace("; all", "\n  all");
    let mut editor = Editor::start(&folder, json!({}));
    editor.open("main.toit", &main);
    assert_eq!(editor.diagnostics_of("main.toit"), []);

    // Hover shows the declaration and its documentation, of files and of the library.
    let hover = editor.at("textDocument/hover", "main.toit", "extends Sh", json!({})).expect("it answers");
    let shown = hover["contents"]["value"].as_str().expect("a text");
    assert_eq!(shown, "```toit\nabstract class Shape\n```\n\nA shape with corners.");
    let hover = editor.at("textDocument/hover", "main.toit", "pri", json!({})).expect("it answers");
    assert!(
        hover["contents"]["value"].as_str().is_some_and(|text| text.starts_with("```toit\nprint ")),
        "{hover}"
    );

    // The definition of a name of the library is in a file that can be read.
    let found = editor.at("textDocument/definition", "main.toit", "pri", json!({})).expect("it answers");
    let uri = found[0]["uri"].as_str().expect("a URI").to_owned();
    let text = std::fs::read_to_string(uri.strip_prefix("file://").expect("a file")).expect("it can be read");
    let line = found[0]["range"]["start"]["line"].as_u64().expect("a number");
    assert!(text.lines().nth(line as usize).is_some_and(|line| line.starts_with("print ")), "{uri} {line}");

    // Completion: of members by their types, of names in scope, of named arguments.
    editor.edit("main.toit", "print all.size", "all[0] as Square\n  square := Square 5\n  square.");
    let answer = editor.at("textDocument/completion", "main.toit", "square.", json!({})).expect("it answers");
    assert!(labels(&answer).is_superset(&["side", "corners", "stringify"].into()), "{answer}");
    assert!(!labels(&answer).contains("all"));
    editor.edit("main.toit", "square.", "Square 5 --sc");
    let answer = editor.at("textDocument/completion", "main.toit", "--sc", json!({})).expect("it answers");
    assert_eq!(labels(&answer), ["scale="].into());
    editor.edit("main.toit", "Square 5 --sc", "print tex");
    let answer =
        editor.at("textDocument/completion", "main.toit", "print tex", json!({})).expect("it answers");
    assert!(labels(&answer).contains("text") && !labels(&answer).contains("total"), "{answer}");
    editor.edit("main.toit", "print tex", "print text");
    assert_eq!(editor.diagnostics_of("main.toit"), []);

    // Signature help knows the parameter.
    let help =
        editor.at("textDocument/signatureHelp", "main.toit", "Square ", json!({})).expect("it answers");
    assert_eq!(help["signatures"][0]["label"], "Square side/int --scale/int=...");
    assert_eq!(help["activeParameter"], 0);

    // A rename over three files, one of which is not open: overriding members have one name.
    let more = json!({ "newName": "corner-count" });
    let edit = editor.at("textDocument/rename", "main.toit", "  corn", more).expect("it answers");
    let texts = editor.applied(&edit);
    assert_eq!(
        texts.keys().map(String::as_str).collect::<Vec<_>>(),
        ["main.toit", "other.toit", "shapes.toit"]
    );
    for (name, text) in &texts {
        assert!(!text.contains("corners ->") && !text.contains(".corners"), "{name}: {text}");
        folder.file(name, text);
    }
    let renamed = folder.lucarne(&["check", "main.toit", "other.toit"]);
    assert_eq!(renamed.status, Some(0), "{}", renamed.error);
    let refused = editor.at("textDocument/rename", "main.toit", "  corn", json!({ "newName": "a b" }));
    assert_eq!(refused.expect_err("it is not a name")["code"], -32602);

    // Structure.
    let symbols = editor.request(
        "textDocument/documentSymbol",
        json!({ "textDocument": { "uri": editor.uri("main.toit") } }),
    );
    let names: Vec<Value> = symbols
        .expect("it answers")
        .as_array()
        .expect("a list")
        .iter()
        .map(|symbol| symbol["name"].clone())
        .collect();
    assert_eq!(names, ["Triangle", "main"]);
    let found = editor.request("workspace/symbol", json!({ "query": "shp" })).expect("it answers");
    assert!(
        found.as_array().is_some_and(|all| all.iter().any(|symbol| symbol["name"] == "Shape")),
        "{found}"
    );
    assert_eq!(editor.end(), Some(0));
}

#[test]
fn diagnostics_are_those_of_the_check() {
    let folder = Folder::new("lsp-diagnostics");
    folder.file("shapes.toit", SHAPES).file("main.toit", "main:\n");
    let mut editor = Editor::start(&folder, json!({}));
    editor.open("main.toit", "");
    // Text that does not parse, a text whose mistake is in an import, mistakes of names and types, warnings.
    let texts = [
        "main:\n  foo (\n  if x:\n",
        "import .absent\nmain: thing\n",
        "import .shapes\n\nmain:\n  shape := Square \"a\"\n  shape.corner\n  pint shape\n",
        "main:\n  x := 5\n  x = x\n  print x\n  if x: print 6\n",
        "/** See $nothing. */\nmain --flag:\n",
        "import .shapes\r\n\r\nmain:\r\n  print (total 5)\r\n",
        "\u{feff}main:\n  pint \"😀\" 7\n",
    ];
    let mut last = String::new();
    for text in texts {
        if last.is_empty() {
            editor.edit("main.toit", "", text);
        } else {
            let whole = last.clone();
            editor.edit("main.toit", &whole, text);
        }
        last = text.to_owned();
        let published = editor.diagnostics_of("main.toit");
        folder.file("main.toit", text);
        let checked = folder.lucarne(&["check", "--json", "main.toit"]);
        let checked: Value = serde_json::from_str(&checked.out).expect("it is JSON");
        let of_main = checked
            .as_array()
            .expect("a list")
            .iter()
            .filter(|problem| problem["file"].as_str().is_none_or(|file| file.ends_with("main.toit")));
        let expected: Vec<(u64, String)> = of_main
            .map(|problem| {
                let title = problem["message"].as_str().expect("a text");
                let label = problem["label"].as_str().map(|label| format!(": {label}")).unwrap_or_default();
                (problem["line"].as_u64().unwrap_or(1), format!("{title}{label}"))
            })
            .collect();
        assert!(!expected.is_empty(), "{text}");
        let sorted = |mut list: Vec<(u64, String)>| {
            list.sort();
            list
        };
        assert_eq!(sorted(published), sorted(expected), "{text}");
    }
    // A missing import comes up, in the editor.
    editor.edit("main.toit", &last, "import .new\n\nmain: thing\n");
    assert_eq!(editor.diagnostics_of("main.toit").len(), 1);
    editor.open("new.toit", "thing: print 5\n");
    while editor.diagnostics[&editor.uri("main.toit")]["diagnostics"] != json!([]) {
        editor.read().expect("the server publishes diagnostics");
    }
}

#[test]
fn quick_fixes_mend_mistakes() {
    let folder = Folder::new("lsp-fixes");
    let mut editor = Editor::start(&folder, json!({}));
    editor.open("main.toit", "main:\n  prinnt 5\n  gate := monitor.Gate\n");
    assert_eq!(editor.diagnostics_of("main.toit").len(), 2);
    let whole = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 3, "character": 0 } });
    let params = json!({
        "textDocument": { "uri": editor.uri("main.toit") },
        "range": whole,
        "context": { "diagnostics": [] },
    });
    let actions = editor.request("textDocument/codeAction", params).expect("it answers");
    let titles: Vec<&str> = actions
        .as_array()
        .expect("a list")
        .iter()
        .map(|action| action["title"].as_str().expect("a text"))
        .collect();
    assert_eq!(titles, ["Change to `print`", "Add `import monitor`"]);
    let mut text = editor.texts["main.toit"].0.clone();
    for action in actions.as_array().expect("a list") {
        editor.texts.insert("main.toit".into(), (text, 1));
        text = editor.applied(&action["edit"]).remove("main.toit").expect("it is changed");
    }
    folder.file("main.toit", &text);
    let checked = folder.lucarne(&["check", "main.toit"]);
    assert_eq!(checked.status, Some(0), "{text}\n{}", checked.error);
}

#[test]
fn malformed_messages_are_answered_and_the_server_goes_on() {
    let folder = Folder::new("lsp-garbage");
    let mut editor = Editor::start(&folder, json!({ "general": { "positionEncodings": ["utf-8"] } }));
    for (text, code) in [("{ nonsense", -32700), ("[1, 2]", -32600), (r#"{"id":"x","method":5}"#, -32600)] {
        editor.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
        let id = if text.contains("\"x\"") { json!("x") } else { Value::Null };
        let error = editor.answer(&id).expect_err("it is an error");
        assert_eq!(error["code"], code, "{text}");
    }
    assert_eq!(editor.request("no/such", json!({})).expect_err("it does not exist")["code"], -32601);
    assert_eq!(
        editor.request("textDocument/hover", json!({ "a": 1 })).expect_err("it is wrong")["code"],
        -32602
    );
    let place = json!({ "textDocument": { "uri": editor.uri("absent.toit") }, "position": { "line": 0, "character": 0 } });
    assert_eq!(editor.request("textDocument/hover", place).expect_err("the file is missing")["code"], -32803);
    // Changes of a document that is not open, and outside of a text.
    let document = json!({ "uri": editor.uri("absent.toit"), "version": 2 });
    editor.notify(
        "textDocument/didChange",
        json!({ "textDocument": document, "contentChanges": [{ "text": "" }] }),
    );
    editor.open("main.toit", "main: pint \"ö\" 5");
    let range = json!({ "start": { "line": 7, "character": 9 }, "end": { "line": 3, "character": 1 } });
    let document = json!({ "uri": editor.uri("main.toit"), "version": 2 });
    let changes = json!([{ "range": range, "text": "\n" }]);
    editor.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    editor.texts.insert("main.toit".into(), ("main: pint \"ö\" 5\n".into(), 2));
    assert_eq!(editor.diagnostics_of("main.toit").len(), 1);
    // A request that is canceled gets an answer, too.
    let id = editor.ask("workspace/symbol", json!({ "query": "" }));
    editor.notify("$/cancelRequest", json!({ "id": id }));
    if let Err(error) = editor.answer(&json!(id)) {
        assert_eq!(error["code"], -32800);
    }
    assert_eq!(editor.end(), Some(0));
}

#[test]
fn the_server_ends_with_its_client() {
    let folder = Folder::new("lsp-end");
    let mut editor = Editor::start(&folder, json!({}));
    editor.open("main.toit", "main: print 5\n");
    editor.input = None;
    assert_eq!(editor.server.wait().expect("it ends").code(), Some(1));
    // Before `initialize`, there are no answers but errors.
    let mut command = folder.command(&["lsp"]);
    let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
    let text = r#"{"jsonrpc":"2.0","id":1,"method":"textDocument/hover","params":{}}"#;
    let mut input = server.stdin.take().expect("it is a pipe");
    write!(input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server reads");
    drop(input);
    let output = server.wait_with_output().expect("it ends");
    assert!(String::from_utf8_lossy(&output.stdout).contains("-32002"), "{output:?}");
    // A killed server leaves nothing behind but the library for the editor.
    let mut editor = Editor::start(&folder, json!({}));
    editor.server.kill().expect("it runs");
    assert!(editor.read().is_none());
}

#[test]
fn names_at_the_end_of_a_text_are_completed() {
    let folder = Folder::new("lsp-end");
    let mut editor = Editor::start(&folder, json!({}));
    for (number, (text, wanted)) in [
        ("main:\n  pri", "print"),
        ("import math\nmain:\n  math.P", "PI"),
        ("main:\n  x := [1]\n  x.add-", "add-all"),
        ("f --text: return text\nmain: f --te", "text="),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("end{number}.toit");
        editor.open(&name, text);
        let answer = editor.at("textDocument/completion", &name, text, json!({})).expect("it answers");
        assert!(labels(&answer).contains(wanted), "{text}: {answer}");
    }
}
