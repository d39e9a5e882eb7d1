//! Providers and clients with generated code have the conversations of the tests: those in C with those in Toit, Rust and C
//! in one OS process, and all pairs of languages between OS processes. The other pairs in one OS process are in the tests of
//! `lucarne interface` and of the crate `lucarne`.
#![allow(missing_docs, reason = "the definitions are for tests alone")]

#[allow(unreachable_pub, reason = "generated code is for any crate")]
#[path = "../../lucarne/tests/interface/exchange.rs"]
#[rustfmt::skip]
mod exchange;
#[path = "languages/mixes.rs"]
mod mixes;
#[path = "languages/relay.rs"]
mod relay;
#[path = "../../lucarne/tests/interface/sides.rs"]
mod sides;
#[allow(unreachable_pub, reason = "generated code is for any crate")]
#[path = "../../lucarne/tests/interface/types.rs"]
#[rustfmt::skip]
mod types;

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, mpsc};
use std::time::Duration;

use lucarne::prelude::*;
use lucarne::{CapturedOutput, Stream};
use lucarne_c::Components;
use lucarne_interface::generate::Language;

use sides::{
    captured, carried, expected, generated, install_exchange, install_types, run, shown, talk_about_types,
    talk_at_exchange, write_programs,
};

const FLAGS: &[&str] =
    &["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fPIC", "-shared", "-pthread", "-g"];

/// The service that gets the verdicts of clients in C.
const VERDICT: Selector = Selector::new(uuid!("0e6d1d55-8a4f-4c4e-9f5e-0a3b5c1d7e90"), 1, 0);

/// What the clients of the program `exchange-talk.toit` hear.
const TALK: &str = "provider: generated client hears from hand, hand hears from generated client\n";

/// The variable that names the socket for [`guest_in_rust`].
const SOCKET: &str = "LUCARNE_TEST_SOCKET";

/// The folder of this run.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // Those of earlier runs.
    for entry in std::fs::read_dir(all).expect("the target folder can be read").map_while(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.strip_prefix("languages-").is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let folder = all.join(format!("languages-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    for name in ["exchange", "types", "names", "forms"] {
        for file in generated(name, Language::C) {
            std::fs::write(folder.join(file.name), file.text).expect("the target folder can be written");
        }
    }
    folder
});

static PROVIDER: LazyLock<PathBuf> =
    LazyLock::new(|| compile("provider", &["-DIS_PROVIDER=1", "-DIS_CLIENT=0"]));
static CLIENT: LazyLock<PathBuf> = LazyLock::new(|| compile("client", &["-DIS_PROVIDER=0", "-DIS_CLIENT=1"]));

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/languages").join(name)
}

/// Compiles a component with the code of both definitions.
fn compile(name: &str, flags: &[&str]) -> PathBuf {
    let files = [FOLDER.join("exchange.c"), FOLDER.join("types.c"), file("exchange.c"), file("types.c")];
    compile_files(name, flags, &files)
}

fn compile_files(name: &str, flags: &[&str], files: &[PathBuf]) -> PathBuf {
    let library = FOLDER.join(format!("{name}.so"));
    let mut command = Command::new("cc");
    command
        .args(FLAGS)
        .args(flags)
        .arg("-I")
        .arg(lucarne_c::include_dir().expect("a folder for the headers"));
    command.arg("-I").arg(&*FOLDER).arg("-I").arg(file("")).arg("-o").arg(&library).args(files);
    let built = command.output().expect("a compiler");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    library
}

/// Returns a copy of a library, since a library registers its containers only when it is loaded first.
fn copy_of(library: &Path) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let copy = FOLDER.join(format!("copy-{}.so", NEXT.fetch_add(1, Ordering::Relaxed)));
    std::fs::copy(library, &copy).expect("there is room");
    copy
}

/// Where a component runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Here,
    /// In an OS process of its own.
    Elsewhere,
}

/// A component that runs.
enum Running {
    Here(Components),
    Elsewhere(Child),
}

impl Running {
    fn start(system: &System, library: &Path, place: Place, socket: &Path) -> Running {
        // What a library registers belongs to the system that starts next.
        static LOADING: Mutex<()> = Mutex::new(());
        let _one = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
        if place == Place::Here {
            Components::load(&copy_of(library)).expect("it registers containers");
            return Running::Here(Components::start(system.kernel()).expect("they can start"));
        }
        // `lucarne run --component-process` starts this command.
        let mut command = Command::new(env!("CARGO_BIN_EXE_lucarne"));
        command.arg("component-host").arg(library).arg(socket).env("LUCARNE_SOCKET", socket);
        Running::Elsewhere(command.spawn().expect("the binary starts"))
    }

    /// Waits for the end of a component, whose system has ended.
    fn finish(self) {
        match self {
            Running::Here(components) => components.finish(),
            Running::Elsewhere(mut child) => {
                assert!(child.wait().expect("it was started here").success());
            }
        }
    }
}

/// A system that listens, with the service of verdicts.
struct World {
    system: System,
    output: Arc<CapturedOutput>,
    socket: PathBuf,
    verdicts: mpsc::Receiver<(String, String)>,
    components: Vec<Running>,
}

struct Verdicts(mpsc::Sender<(String, String)>);

impl Handler for Verdicts {
    async fn handle(&self, _: &Call, _: u32, arguments: Value) -> Result<Value, Thrown> {
        let Some([Value::String(name), Value::String(wrong)]) = arguments.as_list() else {
            return Err(Thrown::new("not a verdict"));
        };
        let _ = self.0.send((name.clone(), wrong.clone()));
        Ok(Value::Null)
    }
}

impl World {
    fn new(name: &str) -> World {
        let (system, output) = captured();
        let socket = FOLDER.join(name).join("socket");
        system.listen(&socket).expect("the folder is new");
        let (sender, verdicts) = mpsc::channel();
        let court = system.container("court");
        court.provider("test/verdict", "1.0").provides(VERDICT, Verdicts(sender)).install().wait().unwrap();
        World { system, output, socket, verdicts, components: Vec::new() }
    }

    fn start(&mut self, library: &Path, place: Place) {
        self.components.push(Running::start(&self.system, library, place, &self.socket));
    }

    /// Starts both clients in C, and waits for their verdicts.
    fn c_talks(&mut self, place: Place) {
        self.start(&CLIENT, place);
        let mut given: Vec<(String, String)> =
            (0..2).map(|_| self.verdicts.recv_timeout(Duration::from_secs(60)).expect("a verdict")).collect();
        given.sort();
        assert_eq!(given, [("exchange".into(), String::new()), ("types".into(), String::new())]);
    }

    fn rust_talks(&self) {
        talk_at_exchange(&self.system.container("guest"));
        talk_about_types(&self.system.container("guest"));
    }

    fn toit_talks(&self) {
        let code = run(&self.system, "types-talk.toit").wait();
        assert_eq!(code, 0, "{}", self.output.text(Stream::Error));
        assert_eq!(self.output.text(Stream::Out), expected("types-test.toit"));
        let before = self.output.text(Stream::Out);
        // A client that was generated, and one that was written by hand.
        let code = run(&self.system, "exchange-talk.toit").wait();
        assert_eq!(code, 0, "{}", self.output.text(Stream::Error));
        assert_eq!(self.output.text(Stream::Out), before + TALK);
    }

    /// The same in another OS process.
    fn toit_talks_elsewhere(&self) {
        let folder = self.socket.with_file_name("programs");
        write_programs(&folder);
        let talk = |program: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_lucarne"));
            command.args(["run", "--connect"]).arg(&self.socket).arg(folder.join(program));
            let output = command.output().expect("the binary starts");
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
            let (out, error) = (text(output.stdout), text(output.stderr));
            assert!(output.status.success() && error.is_empty(), "{program}: {out}{error}");
            out
        };
        assert_eq!(talk("types-talk.toit"), expected("types-test.toit"));
        assert_eq!(talk("exchange-talk.toit"), TALK);
    }

    /// A client in Rust in another OS process.
    fn rust_talks_elsewhere(&self) {
        let mut command = Command::new(std::env::current_exe().expect("a test is a file"));
        command.args(["--exact", "guest_in_rust", "--ignored"]).env(SOCKET, &self.socket);
        let output = command.output().expect("the test starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }

    fn end(self) {
        drop(self.system);
        self.components.into_iter().for_each(Running::finish);
        assert_eq!(self.output.text(Stream::Error), "");
    }
}

#[test]
fn all_languages_talk_with_c() {
    for place in [Place::Here, Place::Elsewhere] {
        let mut world = World::new(&format!("provider-{place:?}"));
        world.start(&PROVIDER, place);
        let tool = world.system.container("tool");
        for name in ["exchange", "types"] {
            assert_eq!(carried(&tool, name), Some(shown(name)));
        }
        world.rust_talks();
        world.rust_talks_elsewhere();
        world.toit_talks();
        world.toit_talks_elsewhere();
        world.c_talks(Place::Here);
        world.c_talks(Place::Elsewhere);
        world.end();
    }
}

#[test]
#[ignore = "a client that another test starts"]
fn guest_in_rust() {
    let socket = std::env::var_os(SOCKET).expect("the other test sets it");
    let guest = Container::connect(PathBuf::from(socket)).wait().expect("the system listens");
    talk_at_exchange(&guest);
    talk_about_types(&guest);
}

#[test]
fn all_languages_talk_with_rust_from_other_os_processes() {
    let mut world = World::new("rust");
    install_exchange(&world.system);
    install_types(&world.system);
    world.c_talks(Place::Here);
    world.c_talks(Place::Elsewhere);
    world.rust_talks_elsewhere();
    world.toit_talks_elsewhere();
    world.end();
}

#[test]
fn all_languages_talk_with_toit_from_other_os_processes() {
    let mut world = World::new("toit");
    let programs = [run(&world.system, "exchange-server.toit"), run(&world.system, "types-server.toit")];
    world.c_talks(Place::Here);
    world.c_talks(Place::Elsewhere);
    world.rust_talks_elsewhere();
    world.toit_talks_elsewhere();
    programs.into_iter().for_each(|program| program.stop(0));
    world.end();
}

/// Runs a component beside the program that takes two verdicts, under the address and the leak sanitizer.
fn run_sanitized(name: &str, files: &[PathBuf], expected: &str) {
    let flags = ["-DIS_PROVIDER=1", "-DIS_CLIENT=1", "-fsanitize=address,undefined", "-fno-sanitize-recover"];
    let library = compile_files(name, &flags, files);
    let sanitizer = Command::new("cc").arg("-print-file-name=libasan.so").output().expect("a compiler");
    let sanitizer = String::from_utf8(sanitizer.stdout).expect("a path");
    let socket = FOLDER.join(format!("{name}-socket")).join("socket");
    let output = Command::new(env!("CARGO_BIN_EXE_lucarne"))
        .args(["run", "--listen"])
        .arg(&socket)
        .arg("--component")
        .args([&library, &file("verdict.toit")])
        .envs([("LD_PRELOAD", sanitizer.trim_end()), ("ASAN_OPTIONS", "detect_leaks=1")])
        .env("LUCARNE_TEST_SOCKET", &socket)
        .output()
        .expect("the binary starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{output:?}");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn c_frees_what_it_has_allocated() {
    let files = [FOLDER.join("exchange.c"), FOLDER.join("types.c"), file("exchange.c"), file("types.c")];
    run_sanitized("sanitized", &files, "exchange: content\ntypes: content\n");
}

#[test]
fn misuse_is_refused() {
    run_sanitized("misuse", &[file("misuse.c")], "close: content\nmisuse: content\n");
}

/// A container in C that waits, a resource that is open, and calls without an answer do not keep a system from ending.
/// The calls are listed.
#[test]
fn what_c_waits_for_ends_with_the_system() {
    let library = compile_files("waits", &[], &[FOLDER.join("exchange.c"), file("waits.c")]);
    for more in [&[][..], &["--component-process"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lucarne"));
        command.args(["run", "--trace-requests"]).args(more).arg("--component");
        let output = command.args([&library, &file("verdict.toit")]).output().expect("the binary starts");
        let out = String::from_utf8_lossy(&output.stdout);
        let mut lines: Vec<&str> = out.lines().collect();
        lines.sort_unstable();
        let expected = ["closed: 1", "closed: 1", "received: 1", "still waits: content", "waits: content"];
        assert_eq!(lines, expected, "{output:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        let begin = format!("lucarne: the container 'exchange' of {} has", library.display());
        let count =
            |text: &str| error.lines().filter(|line| line.starts_with(&begin) && line.contains(text)).count();
        assert!(count(" not answered call ") >= 2 && count("(method 1) of process ") >= 4, "{error}");
        assert_eq!(count(" ended without an answer to call "), 2, "{error}");
        assert!(output.status.success(), "{output:?}");
    }
}

/// Headers are for C++, too, and names of definitions may be keywords of both languages.
#[test]
fn generated_code_compiles_without_warnings() {
    let include = lucarne_c::include_dir().expect("a folder for the headers");
    for name in ["exchange", "types", "names", "forms"] {
        let header = FOLDER.join(format!("{name}.h"));
        let both = [
            ("cc", "-std=c99", "c", FOLDER.join(format!("{name}.c"))),
            ("cc", "-std=gnu17", "c", FOLDER.join(format!("{name}.c"))),
            ("c++", "-std=c++11", "c++", header.clone()),
            ("c++", "-std=gnu++20", "c++", header),
        ];
        for (compiler, standard, language, file) in both {
            let mut command = Command::new(compiler);
            command.args([
                standard,
                "-Wall",
                "-Wextra",
                "-Wpedantic",
                "-Werror",
                "-fsyntax-only",
                "-x",
                language,
            ]);
            let built = command.arg("-I").arg(&include).arg(file).output().expect("a compiler");
            assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        }
    }
}
