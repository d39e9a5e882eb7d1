//! The answers of the server to one request each, over small projects of files.
//!
//! A mark `‸` in a text is the place of the request; `«` and `»` are the ends of a range. They are taken out of the text.

mod common;

use std::collections::BTreeMap;
use std::path::PathBuf;

use common::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A project that is open in an editor.
struct Project {
    client: Client,
    folder: TempDir,
    _cache: TempDir,
    texts: BTreeMap<String, String>,
    /// The file with the mark, and the range: lines and columns in units of UTF-16.
    place: (String, [(usize, usize); 2]),
}

impl Project {
    /// Writes the files, and opens the one with the mark.
    fn new(files: &[(&str, &str)]) -> Project {
        Project::with(files, json!({}))
    }

    fn with(files: &[(&str, &str)], capabilities: Value) -> Project {
        let (folder, cache) = (tempdir(), tempdir());
        let mut texts = BTreeMap::new();
        let mut place = (String::new(), [(0, 0); 2]);
        for (name, marked) in files {
            let text: String = marked.chars().filter(|letter| !"‸«»".contains(*letter)).collect();
            let mark = |letter: char| marked.find(letter).map(|at| position(&marked[..at]));
            let caret = mark('‸').map(|at| [at, at]);
            if let Some(range) = caret.or_else(|| Some([mark('«')?, mark('»')?])) {
                place = ((*name).to_owned(), range);
            }
            std::fs::write(folder.path().join(name), &text).expect("the folder can be written");
            texts.insert((*name).to_owned(), text);
        }
        let mut client = Client::start(folder.path(), cache.path(), capabilities);
        if let Some(text) = texts.get(&place.0) {
            client.open(&folder.path().join(&place.0), text);
        }
        Project { client, folder, _cache: cache, texts, place }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sends a request about the place of the mark.
    fn ask(&mut self, method: &str, more: Value) -> Result<Value, Value> {
        let [start, end] = self.place.1;
        let at = |(line, column): (usize, usize)| json!({ "line": line, "character": column });
        let mut params = json!({ "range": { "start": at(start), "end": at(end) } });
        for (name, value) in more.as_object().into_iter().flatten() {
            params[name] = value.clone();
        }
        let path = self.path(&self.place.0);
        self.client.at(method, &path, start.0, start.1, params)
    }

    fn answer(&mut self, method: &str, more: Value) -> Value {
        self.ask(method, more).expect("it answers")
    }

    /// Returns the name of the file of a URI.
    fn name(&self, uri: &Value) -> String {
        let uri = uri.as_str().expect("a URI");
        uri.rsplit('/').next().expect("it has a path").to_owned()
    }

    /// Returns the texts after a change, of the files that it changes.
    fn changed(&self, edit: &Value) -> BTreeMap<String, String> {
        let mut changed = BTreeMap::new();
        for (uri, edits) in edit["changes"].as_object().expect("it has changes") {
            let name = self.name(&json!(uri));
            let text = applied(&self.texts[&name], edits);
            changed.insert(name, text);
        }
        changed
    }

    /// Returns the places that an answer names, as `FILE:LINE`.
    fn places(&self, answer: &Value) -> Vec<String> {
        let mut places: Vec<String> = answer
            .as_array()
            .into_iter()
            .flatten()
            .map(|place| {
                let line = place["range"]["start"]["line"].as_u64().expect("a number") + 1;
                format!("{}:{line}", self.name(&place["uri"]))
            })
            .collect();
        places.sort();
        places
    }

    /// Returns the actions at the mark by their titles.
    fn actions(&mut self, only: Value) -> BTreeMap<String, Value> {
        let context = match only {
            Value::Null => json!({ "diagnostics": [] }),
            only => json!({ "diagnostics": [], "only": only }),
        };
        let actions = self.answer("textDocument/codeAction", json!({ "context": context }));
        let actions = actions.as_array().expect("a list").iter();
        actions
            .map(|action| (action["title"].as_str().expect("a text").to_owned(), action["edit"].clone()))
            .collect()
    }

    /// Returns the text of the marked file after an action.
    fn after(&mut self, title: &str) -> String {
        let actions = self.actions(Value::Null);
        let edit = actions.get(title).unwrap_or_else(|| panic!("no `{title}` in {:?}", actions.keys()));
        self.changed(edit).remove(&self.place.0).expect("the file is changed")
    }

    fn errors(&self, text: &str) -> Vec<String> {
        let path = self.path(&self.place.0);
        std::fs::write(&path, text).expect("it can be written");
        let checked =
            lucarne_toit::check(&lucarne_compiler::source::FileLoader, &path).expect("the library is sound");
        checked.diagnostics.iter().map(|problem| problem.title.clone()).collect()
    }
}

fn tempdir() -> TempDir {
    tempfile::tempdir().expect("a folder can be made")
}

fn position(before: &str) -> (usize, usize) {
    let before: String = before.chars().filter(|letter| !"‸«»".contains(*letter)).collect();
    let line = before.rsplit('\n').next().expect("there is a line");
    (before.matches('\n').count(), line.encode_utf16().count())
}

fn applied(text: &str, edits: &Value) -> String {
    let offset = |position: &Value| {
        let line = position["line"].as_u64().expect("a number") as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let mut units = position["character"].as_u64().expect("a number") as usize;
        let mut at = start;
        for letter in text[start..].chars() {
            if units == 0 {
                break;
            }
            units = units.saturating_sub(letter.len_utf16());
            at += letter.len_utf8();
        }
        at
    };
    let mut places: Vec<(usize, usize, &str)> = edits
        .as_array()
        .expect("a list")
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(&range["start"]), offset(&range["end"]), edit["newText"].as_str().expect("a text"))
        })
        .collect();
    places.sort_unstable();
    let mut text = text.to_owned();
    for (start, end, new) in places.into_iter().rev() {
        text.replace_range(start..end, new);
    }
    text
}

// Definitions.

const SHAPES: &str = "\
interface Shape:
  corners -> int

abstract class Base implements Shape:
  abstract corners -> int

class Square extends Base:
  corners -> int: return 4

class Triangle implements Shape:
  corners -> int: return 3
";

#[test]
fn a_declaration_is_found_from_its_uses() {
    let main = "import .shapes\n\nmain:\n  shape/Shape := Triangle\n  print shape.cor‸ners\n";
    let mut project = Project::new(&[("shapes.toit", SHAPES), ("main.toit", main)]);
    for method in ["textDocument/declaration", "textDocument/definition"] {
        let found = project.answer(method, json!({}));
        assert_eq!(project.places(&found), ["shapes.toit:2"], "{method}");
    }
    let found = project.answer("textDocument/implementation", json!({}));
    assert_eq!(project.places(&found), ["shapes.toit:11", "shapes.toit:8"]);
}

#[test]
fn the_implementations_of_an_interface_are_the_classes_below_it() {
    let main = "import .shapes\n\nmain shape/Sh‸ape:\n";
    let mut project = Project::new(&[("shapes.toit", SHAPES), ("main.toit", main)]);
    let found = project.answer("textDocument/implementation", json!({}));
    assert_eq!(project.places(&found), ["shapes.toit:10", "shapes.toit:4", "shapes.toit:7"]);
    let main = "import .shapes\n\nmain shape/Shape:\n  print sha‸pe\n";
    let mut project = Project::new(&[("shapes.toit", SHAPES), ("main.toit", main)]);
    let found = project.answer("textDocument/typeDefinition", json!({}));
    assert_eq!(project.places(&found), ["shapes.toit:1"]);
}

// Hierarchies.

#[test]
fn calls_are_found_in_both_directions() {
    let files = [
        ("lib.toit", "helper x:\n  return x + 1\n\ntwice x:\n  return helper (helper x)\n"),
        ("main.toit", "import .lib\n\nmain:\n  print (twi‸ce 1)\n  print (helper 2)\n"),
    ];
    let mut project = Project::new(&files);
    let items = project.answer("textDocument/prepareCallHierarchy", json!({}));
    assert_eq!(items[0]["name"], "twice");
    let outgoing = project.client.request("callHierarchy/outgoingCalls", json!({ "item": items[0] }));
    let outgoing = outgoing.expect("it answers");
    assert_eq!(outgoing.as_array().map(Vec::len), Some(1), "{outgoing}");
    assert_eq!(outgoing[0]["to"]["name"], "helper");
    assert_eq!(outgoing[0]["fromRanges"].as_array().map(Vec::len), Some(2));
    let incoming =
        project.client.request("callHierarchy/incomingCalls", json!({ "item": outgoing[0]["to"] }));
    let incoming = incoming.expect("it answers");
    let mut callers: Vec<(String, usize)> = incoming
        .as_array()
        .expect("a list")
        .iter()
        .map(|call| {
            let name = call["from"]["name"].as_str().expect("a text").to_owned();
            (name, call["fromRanges"].as_array().map_or(0, Vec::len))
        })
        .collect();
    callers.sort();
    assert_eq!(callers, [("main".to_owned(), 1), ("twice".to_owned(), 2)]);
}

#[test]
fn types_are_found_in_both_directions() {
    let main = "import .shapes\n\nmain shape/Ba‸se:\n";
    let mut project = Project::new(&[("shapes.toit", SHAPES), ("main.toit", main)]);
    let items = project.answer("textDocument/prepareTypeHierarchy", json!({}));
    let names = |answer: Result<Value, Value>| -> Vec<String> {
        let answer = answer.expect("it answers");
        let items = answer.as_array().expect("a list").iter();
        items.map(|item| item["name"].as_str().expect("a text").to_owned()).collect()
    };
    let item = json!({ "item": items[0] });
    assert_eq!(names(project.client.request("typeHierarchy/subtypes", item.clone())), ["Square"]);
    let above = names(project.client.request("typeHierarchy/supertypes", item));
    assert_eq!(above, ["Object", "Shape"]);
}

// Hints and tokens.

#[test]
fn hints_show_the_types_that_are_not_written() {
    let text =
        "‸main:\n  a := 5\n  b/int := 6\n  c := \"x\"\n  [1].do: | d | print d\n  print a + b\n  print c\n";
    let mut project = Project::new(&[("main.toit", text)]);
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    let hints = project.answer("textDocument/inlayHint", json!({ "range": range }));
    let shown: Vec<(u64, u64, &str)> = hints
        .as_array()
        .expect("a list")
        .iter()
        .map(|hint| {
            let position = &hint["position"];
            let number = |name: &str| position[name].as_u64().expect("a number");
            (number("line"), number("character"), hint["label"].as_str().expect("a text"))
        })
        .collect();
    assert_eq!(shown, [(1, 3, "/int"), (3, 3, "/string")]);
}

#[test]
fn semantic_tokens_tell_the_kinds_of_names() {
    let text = "‸class A:\n  x/int := 0\n  f y -> A: return this\n\nmain:\n  a := A\n  print \"$a.x\" 5\n";
    let mut project = Project::new(&[("main.toit", text)]);
    let answer = project.answer("textDocument/semanticTokens/full", json!({}));
    let types = [
        "namespace",
        "class",
        "interface",
        "function",
        "method",
        "property",
        "variable",
        "parameter",
        "keyword",
        "string",
        "number",
    ];
    let data: Vec<u64> = answer["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|number| number.as_u64().expect("a number"))
        .collect();
    let (mut line, mut column) = (0, 0);
    let lines: Vec<&str> = project.texts["main.toit"].lines().collect();
    let mut tokens = Vec::new();
    for token in data.chunks(5) {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        let (start, end) = (column as usize, (column + token[2]) as usize);
        tokens.push((&lines[line as usize][start..end], types[token[3] as usize]));
    }
    for expected in [
        ("class", "keyword"),
        ("A", "class"),
        ("x", "property"),
        ("f", "method"),
        ("y", "parameter"),
        ("return", "keyword"),
        ("this", "keyword"),
        ("main", "function"),
        ("a", "variable"),
        ("print", "function"),
        ("5", "number"),
    ] {
        assert!(tokens.contains(&expected), "{expected:?} is not in {tokens:?}");
    }
}

// Completion.

#[test]
fn nothing_completes_the_third_part_of_a_type() {
    let labels_at = |line: &str| {
        let text = format!("import math\n\n{line}\n  return 1\n");
        let answer = Project::new(&[("main.toit", &text)]).ask("textDocument/completion", json!({}));
        labels(&answer.expect("an answer"))
    };
    assert_eq!(labels_at("bad -> math.Type.‸named:"), []);
    assert!(!labels_at("good -> Dur‸ation:").is_empty());
}

#[test]
fn completion_of_a_word_is_the_same_at_each_letter() {
    let head = "import .shapes\nimport math\n\nclass A extends Base:\n  side/int := 0\n  static count := 1\n\nmain args:\n  square := Square\n";
    let lines = [
        "  print square.corners\n",
        "  if side-x: return\n",
        "  string := math.sqrt 5\n  print string\n",
        "  [1].do: | item | continue.do\n",
        "  other/Triangle := ?\n  square.stringify args\n",
        "class B extends Base implements Shape:\n  corners -> int: return main-x.size\n",
    ];
    let mut project = Project::new(&[("shapes.toit", SHAPES), ("main.toit", &format!("‸{head}"))]);
    let path = project.path("main.toit");
    let mut text = head.to_owned();
    for letter in lines.concat().chars() {
        text.push(letter);
        project.client.open(&path, &text);
        let (line, column) = position(&text);
        let method = "textDocument/completion";
        let answer = project.client.at(method, &path, line, column, json!({})).expect("it answers");
        // A server that has seen no other letter.
        if letter.is_alphanumeric() || letter == '-' {
            let fresh = [("shapes.toit", SHAPES), ("main.toit", &format!("{text}‸"))];
            let mut fresh = Project::new(&fresh);
            assert_eq!(labels(&answer), labels(&fresh.answer(method, json!({}))), "{text}");
        }
    }
}

fn labels(answer: &Value) -> Vec<(String, Value)> {
    let items = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
    items
        .iter()
        .map(|item| (item["label"].as_str().expect("a text").to_owned(), item["detail"].clone()))
        .collect()
}

// Formatting.

#[test]
fn a_document_is_formatted() {
    let mut project = Project::new(&[("main.toit", "‸main :\n    print 1+2 //Three.\n")]);
    let options = json!({ "options": { "tabSize": 8, "insertSpaces": false } });
    let edits = project.answer("textDocument/formatting", options.clone());
    assert_eq!(applied(&project.texts["main.toit"], &edits), "main:\n  print 1 + 2  //Three.\n");
    let mut project = Project::new(&[("main.toit", "one :\n    print 1+2\n\ntwo :\n    «print» 3+4\n")]);
    let edits = project.answer("textDocument/rangeFormatting", options);
    assert_eq!(applied(&project.texts["main.toit"], &edits), "one :\n    print 1+2\n\ntwo:\n  print 3 + 4\n");
}

#[test]
fn a_document_with_errors_is_not_formatted() {
    let mut project = Project::new(&[("main.toit", "‸main :\n    print (1+2\n")]);
    let options = json!({ "options": { "tabSize": 2, "insertSpaces": true } });
    assert_eq!(project.answer("textDocument/formatting", options), Value::Null);
    let shown = project.client.seen("window/showMessage");
    let shown = shown.first().expect("there is a message");
    let message = shown["message"].as_str().expect("a text");
    assert!(message.starts_with("main.toit is not formatted, since it has errors: line 2"), "{message}");
}

// Progress.

#[test]
fn searches_tell_their_progress() {
    let files = [("a.toit", "import .b\n\nmain: thi‸ng\n"), ("b.toit", "thing: print 1\n")];
    let mut project = Project::new(&files);
    let more = json!({ "context": { "includeDeclaration": true }, "workDoneToken": "token" });
    let found = project.answer("textDocument/references", more);
    assert_eq!(project.places(&found), ["a.toit:3", "b.toit:1"]);
    let progress = project.client.seen("$/progress");
    let kinds: Vec<&str> =
        progress.iter().map(|params| params["value"]["kind"].as_str().expect("a text")).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"begin"), Some(&"end")), "{progress:?}");
    assert!(progress.iter().all(|params| params["token"] == "token"));
    project.answer("textDocument/references", json!({ "context": { "includeDeclaration": true } }));
    assert_eq!(project.client.seen("$/progress"), Vec::<Value>::new());
}

// Renaming.

/// Renames, and returns the reason if the server refuses.
fn refused(files: &[(&str, &str)], new: &str) -> Option<String> {
    let mut project = Project::new(files);
    match project.ask("textDocument/rename", json!({ "newName": new })) {
        Ok(edit) => {
            assert!(edit["changes"].as_object().is_some_and(|changes| !changes.is_empty()), "{edit}");
            None
        }
        Err(error) => Some(error["message"].as_str().expect("a text").to_owned()),
    }
}

#[test]
fn a_rename_that_keeps_the_meaning_is_done() {
    let free = [("main.toit", "main:\n  co‸unt := 1\n  other := 2\n  print count + other\n")];
    assert_eq!(refused(&free, "size"), None);
    // The same name in another function, an overload, and a parameter of another call are no collisions.
    let free = [("main.toit", "f:\n  other := 1\n  print other\n\nmain:\n  co‸unt := 1\n  print count\n")];
    assert_eq!(refused(&free, "other"), None);
    let free =
        [("main.toit", "fo‸o x: return x\n\nbar x y: return x + y\n\nmain: print (foo 1) + (bar 1 2)\n")];
    assert_eq!(refused(&free, "bar"), None);
    // A mistake that was there before is no reason.
    let free = [("main.toit", "main:\n  co‸unt := 1\n  print count\n  pint count\n")];
    assert_eq!(refused(&free, "size"), None);
}

#[test]
fn a_rename_that_collides_is_refused() {
    let reason = |text: &str, new: &str| refused(&[("main.toit", text)], new).unwrap_or_default();
    let text = "main:\n  a‸a := 1\n  bb := 2\n  print aa + bb\n";
    let refusal = reason(text, "bb");
    assert!(refusal.starts_with("not renamed: as `bb`, it would be an error in main.toit:"), "{refusal}");
    // A local variable would hide a global one.
    let text = "count := 1\n\nmain:\n  loc‸al := 2\n  print count + local\n";
    let refusal = reason(text, "count");
    assert_eq!(
        refusal,
        "not renamed: as `count`, it would be an error in main.toit:4: `count` is defined already"
    );
    // A global one would be hidden by a parameter, without an error.
    let text = "co‸unt := 1\n\nf size: return size + count\n\nmain: print (f 1)\n";
    let refusal = reason(text, "size");
    assert_eq!(refusal, "not renamed: `size` in main.toit:3 would refer to another declaration");
    let text = "glob‸al := 1\n\nmain:\n  local := 2\n  print global + local\n";
    assert!(!reason(text, "local").is_empty());
    // A name of the library would be hidden.
    let text = "sh‸ow x: return x\n\nmain:\n  print (show 1)\n";
    let refusal = reason(text, "print");
    assert!(refusal.starts_with("not renamed: "), "{refusal}");
    assert_eq!(reason("ma‸in: print 1\n", "start"), "not renamed: a program begins with its `main`");
    // Two parameters of one name.
    let text = "f --aa‸a --bbb: return aaa - bbb\n\nmain: print (f --aaa=1 --bbb=2)\n";
    assert!(!reason(text, "bbb").is_empty());
}

#[test]
fn a_rename_that_would_override_is_refused() {
    let above = "class A:\n  foo: return 1\n  call: return foo\n\n";
    let text = format!("{above}class B extends A:\n  ba‸r: return 2\n\nmain: print B.bar\n");
    let refusal = refused(&[("main.toit", &text)], "foo").unwrap_or_default();
    assert!(refusal.contains("it would override the declaration in main.toit:2"), "{refusal}");
    // From above, over another file that does not contain the old name.
    let files = [
        ("a.toit", "class A:\n  fo‸o: return 1\n\nmain: print A.foo\n"),
        ("b.toit", "import .a\n\nclass B extends A:\n  bar: return 2\n"),
    ];
    let refusal = refused(&files, "bar").unwrap_or_default();
    assert!(refusal.contains("it would override the declaration in"), "{refusal}");
}

#[test]
fn a_rename_that_changes_another_file_is_refused() {
    // The other file has the new name from elsewhere, and not the old one.
    let files = [
        ("a.toit", "fo‸o: return 1\n\nmain: print foo\n"),
        ("b.toit", "bar: return 2\n"),
        ("c.toit", "import .a\nimport .b\n\nuse: return bar\n"),
    ];
    let refusal = refused(&files, "bar").unwrap_or_default();
    assert!(refusal.starts_with("not renamed: ") && refusal.contains("c.toit:4"), "{refusal}");
}

#[test]
fn a_member_of_unknown_objects_is_renamed_if_only_one_can_be_meant() {
    let text = "class A:\n  sp‸in: return 1\n\nmain x:\n  print x.spin\n";
    let mut project = Project::new(&[("main.toit", text)]);
    let edit = project.answer("textDocument/rename", json!({ "newName": "turn" }));
    assert!(project.changed(&edit)["main.toit"].contains("print x.turn"));
    let text = "class A:\n  si‸ze: return 1\n\nmain x:\n  print x.size\n";
    let refusal = refused(&[("main.toit", text)], "length").unwrap_or_default();
    assert!(refusal.contains("`size` in main.toit:5 belongs to an object of unknown type"), "{refusal}");
}

// Actions.

#[test]
fn unused_imports_are_removed() {
    let text = "import math\n«import monitor // Comment.\nimport .b\nimport .c show *»\nimport .d as d\n\nmain: print (thing math.PI) + d.four\n";
    let files = [
        ("b.toit", "other: return 1\n"),
        ("c.toit", "thing x: return x\n"),
        ("d.toit", "four: return 4\n"),
        ("main.toit", text),
    ];
    let mut project = Project::new(&files);
    let titles: Vec<String> = project.actions(Value::Null).into_keys().collect();
    assert_eq!(titles, ["Remove the unused `import .b`", "Remove the unused `import monitor`"]);
    let text = project.after("Remove the unused `import .b`");
    assert!(!text.contains(".b") && text.contains("// Comment.\nimport .c"), "{text}");
    let edit = project.actions(json!(["source.organizeImports"])).remove("Remove unused imports");
    let text = project.changed(&edit.expect("it is offered")).remove("main.toit").expect("it is changed");
    assert!(!text.contains("monitor") && !text.contains(".b"), "{text}");
    assert_eq!(project.errors(&text), Vec::<String>::new());
}

#[test]
fn imports_that_are_needed_stay() {
    let files = [
        ("b.toit", "thing: return 1\n"),
        // Those of a comment, of a name that is exported, and with an error are needed. Of two equal ones, one is.
        (
            "main.toit",
            "«import .b\nimport .b\nimport .e\nimport .absent\nimport math\nimport monitor»\n\nexport exported\n\n/** See $monitor.Gate. */\nmain: print thing * math.PI\n",
        ),
        ("e.toit", "exported: return 1\n"),
    ];
    let mut project = Project::new(&files);
    let titles: Vec<String> = project.actions(Value::Null).into_keys().collect();
    assert_eq!(titles, ["Remove the unused `import .b`"]);
    // All are exported.
    let mut project =
        Project::new(&[("b.toit", "a: return 1\n"), ("main.toit", "«import .b»\n\nexport *\n")]);
    assert_eq!(project.actions(Value::Null).len(), 0);
    // What stands behind an open string or comment, or a name with a mistake, may need an import.
    for rest in [
        "/*\nmain: print math.PI",
        "main:\n  print \"\"\"\n  print math.PI",
        "main: print mat.PI",
        "main:\n  print \"$(math.",
    ] {
        let text = format!("«import math»\n\n{rest}\n");
        let mut project = Project::new(&[("main.toit", &text)]);
        let removals = project.actions(Value::Null).into_keys().filter(|title| title.starts_with("Remove"));
        assert_eq!(removals.collect::<Vec<_>>(), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn missing_methods_are_implemented() {
    let text = "\
import .shapes

class Cir‸cle implements Shape Comparable:
  radius/int := 1

main: print Circle
";
    let mut project = Project::new(&[("shapes.toit", SHAPES), ("main.toit", text)]);
    let titles: Vec<String> = project.actions(Value::Null).into_keys().collect();
    assert!(titles.iter().any(|title| title.starts_with("Implement the ")), "{titles:?}");
    let title = titles.iter().find(|title| title.starts_with("Implement the ")).expect("it is there").clone();
    let text = project.after(&title);
    assert!(text.contains("\n\n  corners -> int:\n    throw \"UNIMPLEMENTED\"\n"), "{text}");
    assert!(text.contains("  radius/int := 1\n\n"), "{text}");
    assert_eq!(project.errors(&text), Vec::<String>::new(), "{text}");
}

#[test]
fn a_method_whose_types_are_unknown_is_implemented_without() {
    let files = [
        ("types.toit", "class Hidden:\n"),
        (
            "api.toit",
            "import .types\n\ninterface Api:\n  run hidden/Hidden --times/int=3 [block] -> Hidden\n",
        ),
        ("main.toit", "import .api\r\n\r\nclass Mine‸ implements Api:\r\n\r\nmain: print Mine\r\n"),
    ];
    let mut project = Project::new(&files);
    let text = project.after("Implement `run`");
    assert!(
        text.contains("Api:\r\n  run hidden --times=null [block]:\r\n    throw \"UNIMPLEMENTED\"\r\n"),
        "{text}"
    );
    assert_eq!(project.errors(&text), Vec::<String>::new(), "{text}");
}

#[test]
fn a_class_without_a_colon_gets_one() {
    let text = "interface Api:\n  run -> int\n\nclass Mine‸ implements Api  // Why.\n\nmain: print Mine\n";
    let mut project = Project::new(&[("main.toit", text)]);
    let text = project.after("Implement `run`");
    assert!(text.contains("class Mine implements Api:  // Why.\n  run -> int:\n"), "{text}");
    assert_eq!(project.errors(&text), Vec::<String>::new(), "{text}");
}

const SERVICE: &str = "\
import system.services show ServiceSelector

interface LampService:
  static SELECTOR ::= ServiceSelector
      --uuid=\"6f2e7a34-6f0e-4c4c-9a52-0b3c3a0d5f11\"
      --major=1
      --minor=0

  color -> string
  static COLOR-INDEX ::= 0

  set-color name/string -> none
  static SET-COLOR-INDEX ::= 1

  blend index/int --with/string -> string
  static BLEND-INDEX ::= 2

  local-only [block] -> none
";

#[test]
fn a_handler_calls_the_methods_by_their_indexes() {
    let main = "\
import system.services show ServiceHandler ServiceProvider
import .service

class Lamp‸ extends ServiceProvider implements ServiceHandler LampService:
  constructor:
    super \"lamp\" --major=1 --minor=0
    provides LampService.SELECTOR --handler=this

main: (Lamp).install
";
    let mut project = Project::new(&[("service.toit", SERVICE), ("main.toit", main)]);
    let expected = "
  handle index/int arguments/any --gid/int --client/int -> any:
    if index == LampService.COLOR-INDEX: return color
    if index == LampService.SET-COLOR-INDEX:
      set-color arguments
      return null
    if index == LampService.BLEND-INDEX: return blend arguments[0] --with=arguments[1]
    unreachable
";
    let text = project.after("Implement `handle`");
    assert!(text.contains(expected), "{text}");
    let text = project.after("Implement the 5 missing methods");
    assert!(text.contains(expected) && text.contains("  local-only [block] -> none:\n"), "{text}");
    assert_eq!(project.errors(&text), Vec::<String>::new(), "{text}");
}

#[test]
fn a_provider_is_made_of_a_service_interface() {
    let text = SERVICE.replace("interface LampService", "interface Lamp‸Service");
    let mut project = Project::new(&[("service.toit", &text)]);
    let text = project.after("Make a provider of `LampService`");
    assert!(text.contains("class LampServiceProvider extends ServiceProvider implements ServiceHandler LampService:\n  constructor:\n    super \"lamp\" --major=1 --minor=0\n"), "{text}");
    assert!(text.contains("    if index == LampService.COLOR-INDEX: return color\n"), "{text}");
    assert_eq!(project.errors(&text), Vec::<String>::new(), "{text}");
    // An interface without indexes describes no service.
    let mut project = Project::new(&[("main.toit", "interface Sha‸pe:\n  corners -> int\n")]);
    assert_eq!(project.actions(Value::Null).len(), 0);
}
