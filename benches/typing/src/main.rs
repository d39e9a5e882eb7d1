//! An editor that types into a program, and measures how long the language server takes.
//!
//! ```text
//! lucarne-typing generate FOLDER FILES    writes a project of FILES files, of which main.toit is the program
//! lucarne-typing measure LUCARNE FILE     types into a program
//! ```

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The number of keys that are typed.
const KEYS: usize = 300;

/// The time between two keys: a fast typist.
const PACE: Duration = Duration::from_millis(70);

/// How many times the diagnostics after a pause are measured.
const PAUSES: usize = 40;

/// The time after which a message that does not come counts as a fault.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is typed, again and again, at the end of the program: statements of a function.
const TYPED: &str = "  text := \"a\".to-ascii-upper\n  list := [text.size, text.hash-code]\n  list.do: print it\n";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["generate", folder, files] => generate(Path::new(folder), files.parse()?),
        ["measure", lucarne, file] => measure(lucarne, Path::new(file)),
        _ => Err("usage: lucarne-typing generate FOLDER FILES | measure LUCARNE FILE".into()),
    }
}

// The project.

/// Writes a project. Each module imports a few earlier ones, and the program imports the last ones, so that all of them belong
/// to it.
fn generate(folder: &Path, files: usize) -> Result<()> {
    fs::create_dir_all(folder)?;
    for number in 0..files.saturating_sub(1) {
        fs::write(folder.join(format!("module{number}.toit")), module(number))?;
    }
    let last = files.saturating_sub(2);
    let mut main = String::new();
    for number in [last, last.saturating_sub(1), last / 2] {
        writeln!(main, "import .module{number}")?;
    }
    write!(main, "\nmain:\n  thing := Thing{last} {last} \"main\"\n  print (thing.describe --depth=2)\n")?;
    for line in 0..60 {
        write!(main, "\nstep{line} value/int -> int:\n  return value * {line} + (total{last} [value, {line}])\n")?;
    }
    fs::write(folder.join("main.toit"), main)?;
    Ok(())
}

fn module(number: usize) -> String {
    let mut text = format!("/** Module {number} of a project that measures tools. */\n\n");
    let mut imports: Vec<usize> = [number.checked_sub(1), number.checked_sub(7), Some(number / 2)]
        .into_iter()
        .flatten()
        .filter(|other| *other < number)
        .collect();
    imports.sort_unstable();
    imports.dedup();
    for other in &imports {
        text += &format!("import .module{other}\n");
    }
    let above = imports.last().map_or(String::new(), |other| format!(" extends Thing{other}"));
    let constructor = match imports.last() {
        Some(_) => "    super number name\n".to_owned(),
        None => "    number_ = number\n    name_ = name\n".to_owned(),
    };
    let fields = if imports.is_empty() { "  number_/int\n  name_/string\n\n" } else { "" };
    let call = imports.last().map_or("1".to_owned(), |other| format!("(total{other} values)"));
    text += &format!(
        "
LIMIT{number} ::= {number} + 0x10

/**
A thing of module {number}.

It describes itself with $describe{number}, up to $LIMIT{number} times.
*/
class Thing{number}{above}:
{fields}  count{number}/int := 0
  names{number}/Map ::= {{:}}

  constructor number/int name/string:
{constructor}
  /** Returns a text that names this thing. */
  describe --depth/int=1 -> string:
    result := \"$name_ $number_\"
    depth.repeat: | index/int |
      result += \" $(%03d index) $(describe{number} index)\"
    return result

  describe{number} index/int -> string:
    if index > LIMIT{number}: throw \"OUT_OF_RANGE\"
    names{number}.get index --if-absent=:
      names{number}[index] = \"name-$index\"
    count{number}++
    return names{number}[index]

  sorted{number} -> List:
    keys := names{number}.keys
    keys.sort --in-place: | a b | a.compare-to b
    return keys.map: | key | [key, names{number}[key]]
"
    );
    for function in 0..4 {
        text += &format!(
            "
/** Adds the $values, and some more. */
sum{number}-{function} values/List --start/int=0 [filter] -> int:
  sum := start
  values.do: | value/int |
    if filter.call value and value % {divisor} != 0:
      sum += value * LIMIT{number}
    else if value < 0:
      sum -= value
  // The rest is divided.
  for i := 0; i < values.size; i++:
    sum ^= (i << 3) | (sum >> 2)
  return sum
",
            divisor = function + 2
        );
    }
    text += &format!(
        "
total{number} values/List -> int:
  result := {call}
  result += sum{number}-0 values: it > 1
  result += sum{number}-1 values --start=3: it != 2
  return result
"
    );
    text
}

// The editor.

struct Editor {
    server: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    next_id: u64,
    uri: String,
    text: String,
    version: u64,
}

impl Editor {
    fn start(lucarne: &str, file: &Path) -> Result<Editor> {
        let file = file.canonicalize()?;
        let mut command = Command::new(lucarne);
        let mut server = command.args(["lsp"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = BufReader::new(server.stdout.take().ok_or("no output")?);
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            let mut output = output;
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let input = server.stdin.take().ok_or("no input")?;
        let uri = format!("file://{}", file.display());
        let text = fs::read_to_string(&file)?;
        let mut editor = Editor { server, input, messages, next_id: 0, uri, text, version: 1 };
        let folder = file.parent().ok_or("no folder")?.display().to_string();
        let params = json!({ "processId": null, "rootUri": format!("file://{folder}"), "capabilities": {} });
        editor.request("initialize", params)?;
        editor.notify("initialized", json!({}))?;
        Ok(editor)
    }

    fn send(&mut self, message: &Value) -> Result<()> {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len())?;
        Ok(self.input.flush()?)
    }

    fn notify(&mut self, method: &str, params: Value) -> Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    fn request(&mut self, method: &str, params: Value) -> Result<Value> {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        loop {
            let mut message = self.messages.recv_timeout(PATIENCE)?;
            if message["id"] == json!(id) && message.get("method").is_none() {
                if let Some(error) = message.get("error") {
                    return Err(format!("{method}: {error}").into());
                }
                return Ok(message["result"].take());
            }
        }
    }

    fn open(&mut self) -> Result<()> {
        let document = json!({ "uri": self.uri, "languageId": "toit", "version": 1, "text": self.text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }))
    }

    /// Types at the end of the text.
    fn type_key(&mut self, key: char) -> Result<()> {
        let place = self.end();
        self.text.push(key);
        self.version += 1;
        let document = json!({ "uri": self.uri, "version": self.version });
        let change = json!({ "range": { "start": place, "end": place }, "text": key.to_string() });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        )
    }

    fn end(&self) -> Value {
        let line = self.text.matches('\n').count();
        let start = self.text.rfind('\n').map_or(0, |at| at + 1);
        json!({ "line": line, "character": self.text[start..].encode_utf16().count() })
    }

    fn at(&mut self, method: &str, position: Value) -> Result<Value> {
        self.request(method, json!({ "textDocument": { "uri": self.uri }, "position": position }))
    }

    /// Waits for the diagnostics of the text, and returns their number.
    fn diagnostics(&mut self) -> Result<usize> {
        loop {
            let message = self.messages.recv_timeout(PATIENCE)?;
            let params = &message["params"];
            let is_wanted = message["method"] == "textDocument/publishDiagnostics"
                && params["uri"] == json!(self.uri)
                && params["version"] == json!(self.version);
            if is_wanted {
                return Ok(params["diagnostics"].as_array().map_or(0, Vec::len));
            }
        }
    }

    /// Returns the memory of the server in MB: now, and at most.
    fn memory(&self) -> Result<(f64, f64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.id()))?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
            line.trim().split(' ').next().and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
        };
        Ok((number("VmRSS:"), number("VmHWM:")))
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn read(output: &mut BufReader<impl Read>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().strip_prefix("Content-Length: ") {
            Some(value) => length = value.parse().ok()?,
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let mut bytes = vec![0; length];
    output.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

// The measurements.

fn measure(lucarne: &str, file: &Path) -> Result<()> {
    let began = Instant::now();
    let mut editor = Editor::start(lucarne, file)?;
    editor.open()?;
    let count = editor.diagnostics()?;
    line("first diagnostics, from the start of the server", ms(began.elapsed()), "ms", "1,000");
    println!("  ({count} diagnostics)");

    let hovered = editor.text.find("\nmain").map_or(0, |at| editor.text[..=at].matches('\n').count());
    let hovered = json!({ "line": hovered, "character": 1 });
    for key in "\nedited argument:\n".chars() {
        editor.type_key(key)?;
    }
    editor.diagnostics()?;
    let (mut completions, mut hovers) = (Vec::new(), Vec::new());
    let mut next = Instant::now();
    for key in TYPED.chars().cycle().take(KEYS) {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        next = Instant::now() + PACE;
        editor.type_key(key)?;
        let began = Instant::now();
        let place = editor.end();
        editor.at("textDocument/completion", place)?;
        completions.push(began.elapsed());
        let began = Instant::now();
        editor.at("textDocument/hover", hovered.clone())?;
        hovers.push(began.elapsed());
    }
    for (name, times) in [("completion", &mut completions), ("hover", &mut hovers)] {
        times.sort_unstable();
        line(&format!("{name} while typing, median"), ms(times[times.len() / 2]), "ms", "30");
        line(&format!("{name} while typing, 99th percentile"), ms(times[times.len() * 99 / 100]), "ms", "100");
    }

    editor.type_key('\n')?;
    editor.diagnostics()?;
    let mut pauses = Vec::new();
    for key in "  x-y := 15 + 7\n".chars().cycle().take(PAUSES) {
        let began = Instant::now();
        editor.type_key(key)?;
        editor.diagnostics()?;
        pauses.push(began.elapsed());
    }
    pauses.sort_unstable();
    line("diagnostics after the last key, median", ms(pauses[pauses.len() / 2]), "ms", "100");
    line("diagnostics after the last key, slowest", ms(pauses[pauses.len() - 1]), "ms", "");
    let (now, most) = editor.memory()?;
    line("resident memory of the server", now, "MB", "200");
    line("resident memory of the server, at most", most, "MB", "");
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn line(what: &str, value: f64, unit: &str, aim: &str) {
    let aim = if aim.is_empty() { String::new() } else { format!("  (aim: {aim})") };
    println!("{what:<52} {value:>10.1} {unit}{aim}");
}
