//! `lucarne repl`: whole sessions from files, sessions in a terminal, and inputs that try to end or block a session.
//!
//! `LUCARNE_RENEW=1 cargo test -p lucarne-cli --test repl` writes what the sessions print into their files; read the difference
//! before you commit it.

mod common;
#[path = "../../compiler/tests/common/words.rs"]
mod words;

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use common::terminal::{CTRL_C, CTRL_D, TAB, Terminal};
use common::{Answer, Folder};

/// A file that sessions import.
const HELPER: &str =
    "helped x -> string: return \"helped $x\"\n\nclass Helper:\n  name -> string: return \"a helper\"\n";

/// Runs a session whose errors go where its output goes.
fn run_merged(folder: &Folder, options: &[&str], input: &str) -> String {
    let mut command = std::process::Command::new("sh");
    let line = format!("exec {} repl {} 2>&1", env!("CARGO_BIN_EXE_lucarne"), options.join(" "));
    command.args(["-c", &line]).current_dir(folder.path(""));
    command.env("LUCARNE_PKG_CACHE", folder.path("pkg-cache"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("there is a shell");
    let mut keys = child.stdin.take().expect("piped");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || keys.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("it ends with its input");
    writer.join().expect("the thread ends").expect("the session reads to the end");
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

fn run(folder: &Folder, options: &[&str], input: &str) -> Answer {
    folder.lucarne_with(&[&["repl"], options].concat(), input)
}

/// An input, which begins with `> ` and goes on with `| `, and what it prints.
struct Step {
    input: String,
    output: String,
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        let first = line.strip_prefix("> ");
        let further = line.strip_prefix("| ").or((line == "|").then_some(""));
        match (first, further, steps.last_mut()) {
            (Some(input), ..) => steps.push(Step { input: format!("{input}\n"), output: String::new() }),
            (None, Some(input), Some(step)) if step.output.is_empty() => step.input += &format!("{input}\n"),
            (None, _, Some(step)) => step.output += &format!("{line}\n"),
            (None, _, None) => panic!("a session begins with an input, not with {line:?}"),
        }
    }
    steps
}

fn written(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        for (number, line) in step.input.lines().enumerate() {
            let mark = if number == 0 { ">" } else { "|" };
            let _ = writeln!(text, "{}", format!("{mark} {line}").trim_end());
        }
        text += &step.output;
    }
    text
}

/// Runs a session, and returns it with what it prints. A command that does not exist separates the outputs.
fn performed(folder: &Folder, steps: &[Step]) -> Vec<Step> {
    let input: String = steps.iter().map(|step| format!("{}:mark\n", step.input)).collect();
    let output = run_merged(folder, &[], &input);
    let outputs = output.split("error: unknown command ':mark': ':help' lists them\n");
    let inputs = steps.iter().map(|step| step.input.clone()).chain([String::new()]);
    let performed = inputs.zip(outputs).map(|(input, output)| Step { input, output: without_lines(output) });
    performed.filter(|step| !(step.input.is_empty() && step.output.is_empty())).collect()
}

/// Removes the numbers of lines of the library, which may change.
fn without_lines(output: &str) -> String {
    let shown = |line: &str| match line.find(".toit:").filter(|_| line.contains("<lib>/")) {
        Some(end) => format!("{}\n", &line[..end + ".toit".len()]),
        None => format!("{line}\n"),
    };
    output.lines().map(shown).collect()
}

fn sessions() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/repl");
    let entries =
        std::fs::read_dir(folder).expect("the folder exists").map(|entry| entry.expect("readable").path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "session")).collect();
    files.sort();
    files
}

#[test]
fn sessions_print_what_their_files_say() {
    let mut differences = String::new();
    for file in sessions() {
        let name = file.file_stem().and_then(|name| name.to_str()).expect("it is UTF-8");
        let folder = Folder::new(&format!("repl-session-{name}"));
        folder.file("helper.toit", HELPER);
        let text = std::fs::read_to_string(&file).expect("it can be read");
        let shown = written(&performed(&folder, &steps(&text)));
        if std::env::var_os("LUCARNE_RENEW").is_some() {
            std::fs::write(&file, &shown).expect("it can be written");
        } else if shown != text {
            let _ = writeln!(differences, "==== {name}: expected\n{text}\n==== {name}: got\n{shown}");
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn the_status_of_a_pipe_tells_whether_an_input_has_failed() {
    let folder = Folder::new("repl-status");
    for (input, status) in [
        ("1 + 1\n", 0),
        ("", 0),
        ("throw \"x\"\nprint 5\n", 1),
        ("unknown\n", 1),
        (":nothing\n", 1),
        (":load missing.toit\n", 1),
        ("exit 3\nprint 5\n", 3),
        ("exit 256\n", 1),
        (":exit\nunknown\n", 0),
        (":quit\nunknown\n", 0),
        ("catch --trace=false: throw 3\n", 0),
    ] {
        let answer = run(&folder, &[], input);
        assert_eq!(answer.status, Some(status), "{input:?}: {answer:?}");
        assert!(!answer.out.contains("> ") && !answer.out.contains('\u{1b}'), "{answer:?}");
    }
    // The session goes on after a failure.
    let answer = run(&folder, &[], "unknown\nthrow \"x\"\n1 + 1");
    assert_eq!((answer.status, &*answer.out), (Some(1), "2\n"), "{answer:?}");
    assert!(answer.error.contains("<input 1>:1:1") && answer.error.contains("<input 1>"), "{answer:?}");
    assert_eq!(folder.lucarne(&["repl", "missing.toit"]).status, Some(2));
    assert_eq!(folder.lucarne(&["repl", "--memory-limit", "1"]).status, Some(2));
}

#[test]
fn commands_load_reset_and_show_types() {
    let folder = Folder::new("repl-commands");
    folder
        .file("helper.toit", HELPER)
        .file("sub/app.toit", "import ..helper\nsize := 1\nmain: print (helped size)\n");
    let answer = run(
        &folder,
        &["sub/app.toit"],
        "main\nsize = 4\nmain\n:type \"a\"\n:type 1.0\n:type print 5\n:type [1].first\n:type x\n:reset\nmain\n",
    );
    assert_eq!(answer.out, "helped 1\nhelped 4\nstring\nfloat\nnone\nany\n", "{answer:?}");
    assert!(answer.error.contains("note: everything is forgotten"), "{answer:?}");
    assert_eq!(answer.error.matches("error: ").count(), 2, "{answer:?}");
    // A file that has changed is loaded again; what was loaded before goes on.
    folder.file("one.toit", "value: return 1\n").file("two.toit", "value: return 2\n");
    let answer = run(
        &folder,
        &["--quiet"],
        ":load one.toit\nold := :: value\nvalue\n:load two.toit\nvalue\nold.call\n",
    );
    assert_eq!(answer.out, "1\n2\n1\n", "{answer:?}");
    assert_eq!(answer.error, "", "{answer:?}");
    assert!(run(&folder, &[], ":help\n").out.contains(":type EXPRESSION"));
}

#[test]
fn hostile_inputs_do_not_end_a_session() {
    let folder = Folder::new("repl-hostile");
    let deep = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let long = format!("\"{}\".size", "a".repeat(1 << 17));
    let broken = format!("{}\n", "x".repeat(1 << 20));
    let many = "1;".repeat(10_000) + "2";
    let recursion = "f x: return f x + 1\nf 1";
    let memory = "list := []\ncatch --trace=false: while true: list.add (ByteArray 100_000)\nwhile true: list.add (ByteArray 100_000)\nlist = []";
    for (input, expected) in [
        (&*deep, ""),
        (&long, "131072\n"),
        (&broken, ""),
        (&many, "2\n"),
        (recursion, ""),
        (memory, ""),
        ("\u{0}\u{1b}2J", ""),
        ("\"unclosed", ""),
        ("task:: throw 3\nsleep --ms=5", ""),
        ("throw (throw 1)", ""),
        ("class C: stringify: throw \"no text\"\nC", ""),
        ("class D: stringify: return 5\nthrow D", ""),
    ] {
        let input = format!("{input}\nprint \"alive\"\n");
        let answer = run(&folder, &["--memory-limit", "16M"], &input);
        let shown = &input[..input.len().min(60)];
        assert!(answer.out.ends_with(&format!("{expected}alive\n")), "{shown}: {answer:?}");
        assert!(matches!(answer.status, Some(0 | 1)), "{shown}: {answer:?}");
        assert!(!answer.error.contains("internal fault"), "{shown}: {answer:?}");
        assert!(!answer.error.contains("everything is forgotten"), "{shown}: {answer:?}");
    }
}

/// Parts of inputs, besides words.
const PHRASES: &[&str] = &[
    "\n",
    "\n  ",
    "\n\n",
    "-2",
    "Bar",
    "/int",
    "/string?",
    "extends Bar",
    "throw",
    "catch",
    "print",
    "task",
    "import math",
    "import .helper",
    "list.add",
    "stringify",
    "x := 5\n",
    "foo a b=1: return a\n",
    "class Bar:\n  f := 1\n\n",
    "foo 3\n",
    "Bar\n",
    "is int",
    "as string",
    "x = y",
    "x++",
    "x[0]",
    "x[1..2]",
    "\"\"\" x \"\"\"",
    "/* x */",
    OVER_LINES[0],
    OVER_LINES[1],
];

/// A string and a comment over several lines.
const OVER_LINES: &[&str] = &["\"\"\"\n\n\"\"\"", "/*\n\n*/"];

/// Words that loop.
const LOOPING: &[&str] = &["while", "for"];
/// Words that open a string or a comment, and one that closes it.
const OPENING: &[&str] = &["\"\"\"", "/*", "/**", "```", "*/"];

/// Returns a text of several parts.
fn random_text(random: &mut fastrand::Rng, excluded: &[&str]) -> String {
    let words = words::WORDS.iter().chain(PHRASES).filter(|word| !excluded.contains(word));
    let parts: Vec<&&str> = words.filter(|word| !LOOPING.contains(word)).collect();
    let mut text = String::new();
    for _ in 0..random.usize(1..12) {
        text += parts[random.usize(..parts.len())];
        text += [" ", ""][random.usize(..2)];
    }
    text
}

#[test]
fn a_session_goes_on_after_any_input() {
    let folder = Folder::new("repl-random");
    folder.file("helper.toit", HELPER);
    for seed in 0..8 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut input = String::new();
        for number in 0..60 {
            // The brackets close all that the text can have opened, and the empty line ends a body. A comment up to the end of
            // a line, or a command, could hide the beginning of a string over several lines, and not its end.
            let excluded = [OPENING, OVER_LINES].concat();
            let text = random_text(&mut random, &excluded);
            let _ = write!(input, "{text}\n)))))))))))))))))))))))))\n\n{} + 1\n", 1_234_000 + number);
        }
        let answer = run(&folder, &[], &input);
        let sums = answer.out.lines().filter_map(|line| line.parse::<i64>().ok());
        let sums: Vec<i64> = sums.filter(|sum| *sum > 1_234_000).collect();
        assert_eq!(sums, (1_234_001..=1_234_060).collect::<Vec<_>>(), "seed {seed}: {answer:?}\n{input}");
        assert_sound(&answer, &input);
    }
}

#[test]
fn a_session_ends_with_its_pipe_whatever_is_open() {
    let folder = Folder::new("repl-open");
    folder.file("helper.toit", HELPER);
    let mut random = fastrand::Rng::with_seed(1);
    for opening in OPENING {
        for _ in 0..4 {
            let mut text = || random_text(&mut random, &[]);
            let input = format!("{}{opening}{}\n\n{}", text(), text(), text());
            let answer = run(&folder, &[], &input);
            assert_sound(&answer, &input);
        }
    }
}

fn assert_sound(answer: &Answer, input: &str) {
    assert!(matches!(answer.status, Some(0 | 1)), "{answer:?}\n{input}");
    assert!(!answer.error.contains("internal fault"), "{answer:?}\n{input}");
    assert!(!answer.error.contains("everything is forgotten"), "{answer:?}\n{input}");
}

#[test]
fn a_session_is_full_at_its_limits() {
    let folder = Folder::new("repl-full");
    let long = format!("\"{}\".size\n", "a".repeat(250_000));
    let answer = run(&folder, &[], &(long.repeat(70) + "1 + 1\n:reset\n1 + 2\n"));
    assert_eq!(answer.status, Some(1), "{answer:?}");
    // 16 MiB are 67 of them.
    assert_eq!(answer.out, "250000\n".repeat(67) + "2\n3\n", "{answer:?}");
    assert_eq!(
        answer.error.matches("takes 16 MiB of text: ':reset' forgets all of it").count(),
        3,
        "{answer:?}"
    );
}

#[test]
fn services_of_a_running_system_can_be_opened() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("repl-connect");
    std::fs::create_dir(folder.path("own")).expect("the folder is new");
    std::fs::set_permissions(folder.path("own"), std::fs::Permissions::from_mode(0o700))
        .expect("it is this user's");
    folder.file("echo.toit", ECHO).file("provider.toit", "import .echo\nmain: EchoProvider.serve\n");
    let mut provider =
        folder.command(&["run", "--listen", "own/socket", "provider.toit"]).spawn().expect("it starts");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !folder.path("own/socket").exists() {
        assert!(std::time::Instant::now() < until, "the provider does not listen");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let input = "import .echo\nclient := EchoClient\nclient.open --timeout=(Duration --s=30)\nclient.echo 5\nclient.echo \"x\"\n";
    let answer = run(&folder, &["--quiet", "--connect", "own/socket"], input);
    let _ = provider.kill();
    let _ = provider.wait();
    assert_eq!((answer.status, &*answer.error), (Some(0), ""), "{answer:?}");
    assert_eq!(answer.out, "service:echo@1.0.0\n[5]\n[\"x\"]\n", "{answer:?}");
    let answer = run(&folder, &["--connect", "own/missing"], "1\n");
    assert!(answer.status == Some(1) && answer.error.contains("start the system first"), "{answer:?}");
}

/// A service: its client and its provider.
const ECHO: &str = "\
import system.services

interface EchoService:
  static SELECTOR ::= services.ServiceSelector
      --uuid=\"3c5e8f0a-61b1-4d3c-9a57-0f2f3a7c1d11\"
      --major=1
      --minor=0

  echo value -> any
  static ECHO-INDEX ::= 0

class EchoClient extends services.ServiceClient implements EchoService:
  constructor selector/services.ServiceSelector=EchoService.SELECTOR:
    super selector

  echo value -> any: return invoke_ EchoService.ECHO-INDEX value

class EchoProvider extends services.ServiceProvider implements EchoService services.ServiceHandler:
  constructor:
    super \"echo\" --major=1 --minor=0
    provides EchoService.SELECTOR --handler=this

  static serve -> none:
    provider := EchoProvider
    provider.install

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == EchoService.ECHO-INDEX: return echo arguments
    unreachable

  echo value -> any: return [value]
";

#[test]
fn ctrl_c_interrupts_what_runs_and_ctrl_d_leaves() {
    let folder = Folder::new("repl-terminal");
    let Some(mut terminal) = Terminal::open(&folder, &["repl"]) else { return };
    terminal.expect(":help lists the commands");
    terminal.expect("> ");
    terminal.line("x := 5");
    terminal.expect("> ");
    terminal.line("print \"begun\"; while true: x++");
    terminal.expect("begun\n");
    terminal.press(CTRL_C);
    terminal.expect("interrupted\n> ");
    terminal.line("print \"begun\"; sleep --ms=1_000_000");
    terminal.expect("begun\n");
    terminal.press(CTRL_C);
    terminal.expect("interrupted\n> ");
    // A cleanup runs; one that does not end is cut off by a second Ctrl-C.
    for (cleanup, is_stuck) in
        [("  print \"cleaned up\"", false), ("  print \"stuck\"; while true: x++", true)]
    {
        for line in ["try:", "  print \"begun\"", "  while true: x++", "finally:", cleanup, ""] {
            terminal.line(line);
            if !line.is_empty() {
                terminal.expect("\n| ");
            }
        }
        terminal.expect("begun\n");
        terminal.press(CTRL_C);
        if is_stuck {
            terminal.expect("stuck\n");
            terminal.press(CTRL_C);
        } else {
            terminal.expect("cleaned up\n");
        }
        terminal.expect("interrupted\n> ");
    }
    // A global whose initialization was cut off is initialized when it is read again.
    folder.file("lazy.toit", LAZY);
    terminal.line(":load lazy.toit");
    terminal.expect("> ");
    terminal.line("lazy");
    terminal.expect("begun\n");
    terminal.press(CTRL_C);
    terminal.expect("stuck\n");
    terminal.press(CTRL_C);
    terminal.expect("interrupted\n> ");
    terminal.line("lazy");
    terminal.expect("42\n> ");
    // At the prompt, it drops the line.
    terminal.press("print \"dropped");
    terminal.expect("print \"dropped");
    terminal.press(CTRL_C);
    terminal.expect("> ");
    terminal.line("print x > 5");
    terminal.expect("true\n> ");
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), Some(0));
    // The history is there in the next session.
    let Some(mut terminal) = Terminal::open(&folder, &["repl", "--quiet"]) else { return };
    terminal.expect("> ");
    terminal.press("\x1b[A");
    terminal.expect("print x > 5");
    terminal.press(CTRL_C);
    terminal.expect("> ");
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), Some(0));
}

/// A global whose first initialization does not end.
const LAZY: &str = "\
attempts := 0
lazy := compute

compute:
  attempts++
  if attempts > 1: return 42
  try:
    print \"begun\"
    while true: attempts = 1
  finally:
    print \"stuck\"
    while true: attempts = 1
";

/// Keys that arrive with the first line, as from a terminal that does not mark pasted text, wait for the next prompt.
#[test]
fn lines_that_arrive_together_all_run() {
    let folder = Folder::new("repl-together");
    let Some(mut terminal) = Terminal::open(&folder, &["repl", "--quiet"]) else { return };
    terminal.expect("> ");
    terminal.press("x := 41\rprint x + 1\rclass A:\r  b: return \"in a body\"\r\rprint (A).b\r");
    terminal.expect("42\n> ");
    terminal.expect("in a body\n> ");
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), Some(0));
}

/// The keys of the lines of a text, as a terminal sends them that marks what is pasted.
fn pasted(text: &str) -> String {
    format!("\x1b[200~{text}\x1b[201~")
}

#[test]
fn pasted_text_runs_at_the_first_enter() {
    let folder = Folder::new("repl-pasted");
    let Some(mut terminal) = Terminal::open(&folder, &["repl", "--quiet"]) else { return };
    terminal.expect("> ");
    for text in [
        "class Ship:\n  name: return \"Argo\"\n\nif true:\n  print (Ship).name",
        "if true:\n  print (Ship).name\n",
        "print (\n  Ship).name",
        // As in a file, an empty line does not end a body.
        "name := \"A\"\nif true:\n  name += \"r\"\n\n  name += \"go\"\n\nelse:\n  name = \"\"\n\nprint name",
    ] {
        terminal.press(&format!("{}\r", pasted(text)));
        terminal.expect("\nArgo\n> ");
    }
    // A body that is missing, and a bracket that is open, are still to come.
    terminal.press(&format!("{}\r", pasted("x := 1\nif x == 1:")));
    terminal.expect("\n| ");
    terminal.line("  print \"typed\"");
    terminal.expect("\n| ");
    terminal.line("");
    terminal.expect("typed\n> ");
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn the_history_keeps_inputs_of_several_lines_as_one() {
    let folder = Folder::new("repl-history");
    let up = "\x1b[A";
    for is_first in [true, false] {
        let Some(mut terminal) = Terminal::open(&folder, &["repl", "--quiet"]) else { return };
        terminal.expect("> ");
        if is_first {
            terminal.line(":type 5");
            terminal.expect("int\n> ");
            terminal.line("if true:");
            terminal.expect("\n| ");
            terminal.line("  print \"once\"");
            terminal.expect("\n| ");
            terminal.line("");
            terminal.expect("once\n> ");
        }
        // The input is shown as a whole, and runs at one Enter.
        terminal.press(up);
        terminal.expect("if true:\n");
        terminal.expect("  print \"once\"");
        terminal.press("\r");
        terminal.expect("once\n> ");
        // From its last line, two steps lead over its two lines to the input before it.
        terminal.press(&format!("{up}{up}{up}"));
        terminal.expect(":type 5");
        terminal.press("\r");
        terminal.expect("int\n> ");
        terminal.line("if true:\r  print \"once\"\r");
        terminal.expect("once\n> ");
        terminal.press(CTRL_D);
        assert_eq!(terminal.end(), Some(0));
    }
}

#[test]
fn the_history_has_the_inputs_of_sessions_at_the_same_time_and_of_killed_ones() {
    let folder = Folder::new("repl-histories");
    let open = || Terminal::open(&folder, &["repl", "--quiet"]);
    let (Some(mut first), Some(mut second)) = (open(), open()) else { return };
    for terminal in [&mut first, &mut second] {
        terminal.expect("> ");
    }
    let enter = |terminal: &mut Terminal, line: &str| {
        terminal.line(line);
        terminal.expect(&format!("{line}\n> "));
    };
    enter(&mut first, "first := 1");
    enter(&mut second, "second := 2");
    enter(&mut first, "third := 3");
    drop(first);
    second.press(CTRL_D);
    assert_eq!(second.end(), Some(0));
    let history = folder.read("state/lucarne-repl-history");
    let inputs: Vec<&str> = history.lines().filter(|line| line.contains(":=")).collect();
    assert_eq!(inputs, ["first := 1", "second := 2", "third := 3"]);
}

#[test]
fn a_session_without_a_usable_history_runs() {
    let folder = Folder::new("repl-no-history");
    folder.file("state/other", "");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let path = folder.path("state/lucarne-repl-history");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).expect("it is new");
    let Some(mut terminal) = Terminal::open(&folder, &["repl", "--quiet"]) else { return };
    terminal.expect("> ");
    terminal.line("40 + 2");
    terminal.expect("\n42\n> ");
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn a_second_tab_lists_the_candidates() {
    let folder = Folder::new("repl-candidates");
    let Some(mut terminal) = Terminal::open(&folder, &["repl", "--quiet"]) else { return };
    terminal.expect("> ");
    for line in ["distance-north := 1", "distance-south := 2"] {
        terminal.line(line);
        terminal.expect(&format!("{line}\n> "));
    }
    terminal.press(&format!("dist{TAB}"));
    // One Tab types what the candidates have in common.
    terminal.expect("distance-");
    terminal.press(TAB);
    terminal.press(TAB);
    let before = terminal.expect("distance-south");
    assert!(before.contains("distance-north"), "{before:?}");
    terminal.expect("> distance-");
    terminal.line("south");
    terminal.expect("\n2\n> ");
    // Of many candidates, the first ones are shown. The editor does not ask, so that keys are never an answer.
    terminal.press(&format!("{TAB}{TAB}"));
    terminal.expect("... and ");
    terminal.expect(" more");
    terminal.line("40 + 2");
    terminal.expect("\n42\n> ");
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn tab_completes_names_members_and_imports() {
    let folder = Folder::new("repl-completion");
    let Some(mut terminal) = Terminal::open(&folder, &["repl", "--quiet"]) else { return };
    terminal.expect("> ");
    // A string over several lines, one of which looks like a declaration.
    terminal.line("log-text := \"\"\"");
    terminal.expect("\n| ");
    terminal.line("open := \"(\"\"\"");
    terminal.expect("> ");
    terminal.line("distance := \"far away\"");
    terminal.expect("> ");
    // A line of a body.
    terminal.line("class Ship:");
    terminal.expect("\n| ");
    terminal.press(&format!("  crew -> stri{TAB}"));
    terminal.expect("crew -> string");
    terminal.press(CTRL_C);
    terminal.expect("> ");
    for (typed, completed) in [
        ("log-te", "log-text"),
        ("dista", "distance"),
        ("print distance.to-ascii-u", "print distance.to-ascii-upper"),
        ("import encoding.jso", "import encoding.json"),
        (":lo", ":load"),
    ] {
        terminal.press(&format!("{typed}{TAB}"));
        terminal.expect(completed);
        terminal.press(CTRL_C);
        terminal.expect("> ");
    }
    terminal.press(&format!(":e{TAB}\r"));
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn what_tasks_print_appears_while_a_line_is_typed() {
    let folder = Folder::new("repl-background");
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let port = listener.local_addr().expect("it is bound").port();
    folder.file("gate.toit", GATE.replace("PORT", &port.to_string()));
    let Some(mut terminal) = Terminal::open(&folder, &["repl", "--quiet", "gate.toit"]) else { return };
    terminal.expect("> ");
    terminal.line("wait");
    terminal.expect("> ");
    let (mut gate, _) = listener.accept().expect("the task connects");
    // The gate opens when a part of a line stands at the prompt.
    terminal.press("print \"ty");
    terminal.expect("print \"ty");
    gate.write_all(b"open").expect("the task reads");
    // What is printed stands above the line, which is shown again, and can be typed on.
    terminal.expect("from the task\n");
    terminal.expect("> print \"ty");
    terminal.line("ped\"");
    terminal.expect("\ntyped\n> ");
    terminal.line("exit 7");
    assert_eq!(terminal.end(), Some(7));
}

/// A task that prints when it has read something.
const GATE: &str = "\
import net

wait:
  socket := net.open.tcp-connect \"127.0.0.1\" PORT
  task::
    socket.in.read
    print \"from the task\"
";
