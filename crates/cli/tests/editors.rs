//! Works with real editors and clients on `lucarne lsp`: Neovim, and the reference implementation of the protocol in Node.
//!
//! The scripts are in `editors/test`. A test whose tool is not there says so and does nothing: `nvim`, or `node` and `npm`.
//! The packages for Node have versions in a `package-lock.json`, and go to the target folder.

#![allow(clippy::print_stdout, reason = "a test that is skipped says why")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::Folder;
use sha2::{Digest, Sha256};
use wait_timeout::ChildExt;

/// The time that an editor may take.
const EDITOR_MAX: Duration = Duration::from_secs(120);

/// The time that the installation of packages may take.
const INSTALL_MAX: Duration = Duration::from_secs(120);

const SHAPES: &str = "\
/** A shape with corners. */
abstract class Shape:
  /** Returns the number of corners. */
  abstract corners -> int

class Square extends Shape:
  side/int
  constructor .side:
  /** Returns four, the number of corners. */
  corners -> int: return 4

total shapes/List -> int:
  sum := 0
  shapes.do: | shape/Shape | sum += shape.corners
  return sum
";

const MAIN: &str = "\
import .shapes
main:
  all := [Square 5]
  print (total all)
  print all.size
";

const OTHER: &str = "import .shapes\n\nuse square/Square -> int: return square.corners\n";

/// Returns a folder of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path).canonicalize().expect("it is there")
}

/// Makes a project of three files.
fn project(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.file("shapes.toit", SHAPES).file("main.toit", MAIN).file("other.toit", OTHER);
    folder
}

/// Returns whether a program is there.
fn exists(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Returns whether Neovim is there, and new enough for the scripts.
fn has_neovim() -> bool {
    let output =
        Command::new("nvim").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&output).into_owned();
    let version = text.lines().next().and_then(|line| line.strip_prefix("NVIM v")).unwrap_or("0.0");
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let is_new = (numbers.next(), numbers.next()) >= (Some(0), Some(7));
    if !is_new {
        println!("skipped: nvim is not there, or older than 0.7");
    }
    is_new
}

/// Runs a command to its end. Returns its standard error if it fails.
fn run(command: &mut Command, limit: Duration) -> Result<(), String> {
    let log = tempfile::tempfile().expect("a file can be made");
    let output = log.try_clone().expect("it is open");
    let error = log.try_clone().expect("it is open");
    let mut child = command.stdin(Stdio::null()).stdout(output).stderr(error).spawn().expect("it starts");
    let status = child.wait_timeout(limit).expect("it can be waited for");
    let _ = child.kill();
    let _ = child.wait();
    let text = || {
        use std::io::{Read, Seek};
        let (mut log, mut text) = (&log, Vec::new());
        let _ = log.rewind().and_then(|()| log.read_to_end(&mut text));
        String::from_utf8_lossy(&text).into_owned()
    };
    match status {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("{status}: {}", text())),
        None => Err(format!("it takes more than {limit:?}: {}", text())),
    }
}

/// Installs the packages of a folder of the repository below the target folder. Returns the folder with `node_modules`, or none
/// without Node, or if the registry cannot be reached.
fn packages(folder: &str) -> Option<PathBuf> {
    if !exists("node") || !exists("npm") {
        println!("skipped: node and npm are not there");
        return None;
    }
    let source = repository(folder);
    let lock = std::fs::read(source.join("package-lock.json")).expect("it is there");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("npm").join(folder.replace('/', "-"));
    // The lock is copied last: if it is there and the same, the packages are too.
    let done = target.join("done.json");
    if std::fs::read(&done).is_ok_and(|known| known == lock) {
        return Some(target);
    }
    std::fs::create_dir_all(&target).expect("the target folder can be written");
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(source.join(name), target.join(name)).expect("the target folder can be written");
    }
    let mut npm = Command::new("npm");
    let options = ["--omit=dev", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"];
    npm.arg("ci").args(options).args(["--fetch-retries=0", "--fetch-timeout=20000"]).current_dir(&target);
    if let Err(error) = run(&mut npm, INSTALL_MAX) {
        println!("skipped: npm cannot install the packages: {error}");
        return None;
    }
    std::fs::write(done, lock).expect("the target folder can be written");
    Some(target)
}

/// Makes a command that knows the binary.
fn client(program: &str, folder: &Folder) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder.path("")).env("LUCARNE", env!("CARGO_BIN_EXE_lucarne"));
    for name in ["HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        command.env(name, folder.path("home"));
    }
    command
}

/// Checks that a client has renamed a member in all files.
fn assert_renamed(folder: &Folder) {
    for name in ["main.toit", "other.toit", "shapes.toit"] {
        let text = folder.read(name);
        assert!(text.contains("corner-count") && !text.contains(".corners"), "{name}: {text}");
    }
    let checked = folder.lucarne(&["check", "main.toit", "other.toit"]);
    assert_eq!(checked.status, Some(0), "{}", checked.error);
}

#[test]
fn neovim_works_on_a_project() {
    if !has_neovim() {
        return;
    }
    let folder = project("editors-neovim");
    let script = repository("editors/test/neovim.lua");
    let mut nvim = client("nvim", &folder);
    nvim.args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-c"]);
    nvim.arg(format!("luafile {}", script.display()));
    run(&mut nvim, EDITOR_MAX).unwrap_or_else(|error| panic!("nvim: {error}"));
    assert_renamed(&folder);
    assert!(folder.read("main.toit").contains("\n  print (total all)\n"));
}

#[test]
fn the_reference_client_works_on_a_project() {
    let Some(packages) = packages("editors/test") else { return };
    let folder = project("editors-protocol");
    let mut node = client("node", &folder);
    node.arg(repository("editors/test/protocol.cjs")).env("NODE_PATH", packages.join("node_modules"));
    run(&mut node, EDITOR_MAX).unwrap_or_else(|error| panic!("node: {error}"));
    assert_renamed(&folder);
}

#[test]
fn the_packed_extension_starts_the_server() {
    // Its packages are then in the cache of npm.
    let Some(_) = packages("editors/vscode") else { return };
    let folder = project("editors-vsix");
    let mut pack = Command::new("node");
    pack.arg(repository("editors/vscode/pack.cjs")).arg(folder.path("packed"));
    run(&mut pack, INSTALL_MAX).unwrap_or_else(|error| panic!("pack.cjs: {error}"));
    let packed = std::fs::read_dir(folder.path("packed")).expect("it is written").next();
    let packed = packed.expect("there is a package").expect("it can be read").path();
    let mut node = client("node", &folder);
    node.arg(repository("editors/test/vsix.cjs")).arg(packed).arg(folder.path("unpacked"));
    run(&mut node, EDITOR_MAX).unwrap_or_else(|error| panic!("node: {error}"));
}

/// Returns the files of a folder with an extension.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
    files.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

#[test]
fn the_parser_is_that_of_the_grammar() {
    let folder = repository("editors/tree-sitter-toit");
    let grammar = std::fs::read(folder.join("grammar.js")).expect("it is there");
    let known = std::fs::read_to_string(folder.join("src/generated-from.txt")).expect("it is there");
    let digest: String = Sha256::digest(grammar).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(
        known.starts_with(&digest),
        "grammar.js has changed: generate the parser again, as editors/README.md says"
    );
}

#[test]
fn the_grammar_for_tree_sitter_parses_all_programs() {
    if !has_neovim() {
        return;
    }
    let grammar = repository("editors/tree-sitter-toit");
    let folder = Folder::new("editors-tree-sitter");
    let library = folder.path("toit.so");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-I"])
        .arg(grammar.join("src"))
        .arg("-o")
        .arg(&library);
    cc.args(["parser.c", "scanner.c"].map(|name| grammar.join("src").join(name)));
    run(&mut cc, INSTALL_MAX).unwrap_or_else(|error| panic!("cc: {error}"));
    let mut programs: Vec<PathBuf> = ["lib", "tests", "examples", "benches"]
        .iter()
        .flat_map(|name| files(&repository(name), "toit"))
        .collect();
    let example = grammar.join("test/example.toit");
    programs.push(example.clone());
    assert!(programs.len() > 200, "{}", programs.len());
    let list: String = programs.iter().map(|path| format!("{}\n", path.display())).collect();
    folder.file("programs.txt", list);
    let mut nvim = client("nvim", &folder);
    nvim.args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-c"]);
    nvim.arg(format!("luafile {}", repository("editors/test/tree_sitter.lua").display()));
    nvim.env("GRAMMAR", library).env("QUERIES", grammar.join("queries")).env("EXAMPLE", example);
    nvim.env("EXPECTED", grammar.join("test/highlights.txt")).env("FILES", folder.path("programs.txt"));
    run(&mut nvim, EDITOR_MAX).unwrap_or_else(|error| panic!("nvim: {error}"));
}
