//! Generated code in Rust and Toit: providers and clients of both languages have the same conversations.
//!
//! The definitions, and the programs in Toit, are those of the tests of the command line. To renew the generated Rust:
//! `LUCARNE_RENEW=1 cargo test -p lucarne --test interface`.
#![cfg(feature = "toit")]
#![allow(missing_docs, reason = "the definitions are for tests alone")]

#[allow(unreachable_pub, reason = "generated code is for any crate")]
#[path = "interface/exchange.rs"]
#[rustfmt::skip]
mod exchange;
#[allow(dead_code, unreachable_pub, reason = "it is enough that it compiles")]
#[path = "interface/names.rs"]
#[rustfmt::skip]
mod names;
#[allow(unreachable_pub, reason = "generated code is for any crate")]
#[path = "interface/types.rs"]
#[rustfmt::skip]
mod types;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lucarne::prelude::*;
use lucarne::{CapturedOutput, RunningProgram, Stream};
use lucarne_compiler::source::FileLoader;
use lucarne_interface::generate::{Language, Origin, generate};

use exchange::{Exchange, ExchangeClient, ExchangeHandler, Guest};
use types::{Drawer, Shape, Shelf, Types, TypesClient, TypesError, TypesHandler};

/// The folder of the definitions and programs.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/tests/interface")
}

/// Returns the code of a definition.
fn generated(name: &str, language: Language) -> Vec<lucarne_interface::generate::File> {
    let path = sources().join(format!("{name}.toit"));
    let definition = lucarne_interface::load(&FileLoader, path.to_str().unwrap()).unwrap();
    let Some(interface) = &definition.interface else { panic!("{}", definition.shown(Default::default())) };
    let origin = Origin { file: &format!("{name}.toit"), import: &format!(".{name}") };
    generate(interface, origin, language)
}

#[test]
fn the_generated_rust_is_current() {
    for name in ["exchange", "types", "names"] {
        for file in generated(name, Language::Rust) {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interface").join(&file.name);
            if std::env::var_os("LUCARNE_RENEW").is_some() {
                std::fs::write(&path, &file.text).unwrap();
            }
            let current = std::fs::read_to_string(&path).unwrap();
            assert_eq!(current, file.text, "renew it with LUCARNE_RENEW=1");
        }
    }
}

/// The example of the guide is compiled with this file; the tests of the command line compare the guide's with what is generated.
#[test]
fn the_code_of_the_guide_is_that_of_its_example() {
    let guide = include_str!("../../../docs/interfaces.md");
    // The guide leaves out the bytes at the end.
    let code = include_str!("interface/thermometer.rs").split("\n/// The definition, compressed").next();
    assert!(code.is_some_and(|code| guide.contains(code)));
}

/// Runs a program in Toit beside the generated code of both definitions.
fn run(system: &System, program: &str) -> RunningProgram {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{program}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for entry in std::fs::read_dir(sources()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    for name in ["exchange", "types"] {
        for file in generated(name, Language::Toit) {
            std::fs::write(folder.join(file.name), file.text).unwrap();
        }
    }
    let running = system.run(folder.join(program), &[]).unwrap_or_else(|error| panic!("{error}"));
    let _ = std::fs::remove_dir_all(folder);
    running
}

fn captured() -> (System, Arc<CapturedOutput>) {
    let output = Arc::new(CapturedOutput::default());
    (System::with_output(output.clone()), output)
}

// The providers in Rust.

/// The notifiers of the guests, by their numbers.
type Guests = Arc<Mutex<BTreeMap<i64, Notifier<String>>>>;

#[derive(Default)]
struct Hall {
    guests: Guests,
    joined: AtomicI64,
}

struct Seat {
    number: i64,
    guests: Guests,
}

impl Exchange for Hall {
    type Guest = Seat;

    async fn join(&self) -> Resource<Seat> {
        let number = self.joined.fetch_add(1, Ordering::Relaxed);
        let guests = self.guests.clone();
        Seat::resource(|notifier| {
            guests.lock().unwrap_or_else(PoisonError::into_inner).insert(number, notifier);
            Seat { number, guests }
        })
    }
}

impl Guest for Seat {
    async fn send(&self, message: String) {
        let guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, guest) in guests.iter().filter(|(number, _)| **number != self.number) {
            let _ = guest.try_send(message.clone());
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

#[derive(Default)]
struct AllTypes {
    open_drawers: Arc<AtomicI64>,
}

struct Board {
    things: Mutex<Vec<Value>>,
    open_drawers: Arc<AtomicI64>,
}

struct Box_ {
    notifier: Notifier<(String, Option<Shape>)>,
    open_drawers: Arc<AtomicI64>,
}

impl Types for AllTypes {
    type Shelf = Board;
    type Drawer = Box_;

    async fn all(
        &self,
        a: bool,
        b: i64,
        c: f64,
        d: String,
        e: Bytes,
        f: Vec<Value>,
        g: Value,
        h: Value,
    ) -> Vec<Value> {
        vec![a.into(), b.into(), c.into(), d.into(), e.into(), f.into(), g, h]
    }

    async fn nulls(
        &self,
        a: Option<bool>,
        b: Option<i64>,
        c: Option<f64>,
        d: Option<String>,
        e: Option<Bytes>,
        f: Option<Vec<Value>>,
        g: Value,
        h: Value,
    ) -> Option<Vec<Value>> {
        fn value<T: Into<Value>>(value: Option<T>) -> Value {
            value.map_or(Value::Null, Into::into)
        }
        let a = a?;
        Some(vec![a.into(), value(b), value(c), value(d), value(e), value(f), g, h])
    }

    async fn nothing(&self) {}

    async fn named(&self, left: i64, right: i64) -> i64 {
        left - right
    }

    async fn size(&self, bytes: Bytes) -> i64 {
        bytes.len() as i64
    }

    async fn echo(&self, bytes: Bytes) -> Bytes {
        bytes
    }

    async fn turn(&self, shape: Shape) -> Result<Shape, TypesError> {
        match shape.name.as_str() {
            "large" => Err(TypesError::TooLarge),
            "none" => Err(TypesError::NoShape),
            name => Ok(Shape { name: format!("turned {name}"), ..shape }),
        }
    }

    async fn perhaps(&self, shape: Option<Shape>) -> Option<Shape> {
        shape
    }

    async fn by_name(&self, shapes: Vec<Option<Shape>>) -> BTreeMap<String, Vec<Shape>> {
        let mut result: BTreeMap<String, Vec<Shape>> = BTreeMap::new();
        for shape in shapes.into_iter().flatten() {
            result.entry(shape.name.clone()).or_default().push(shape);
        }
        result
    }

    async fn slow(&self) {
        std::future::pending().await
    }

    async fn shelf(&self, name: String) -> Option<Resource<Board>> {
        let open_drawers = self.open_drawers.clone();
        (name != "none").then(|| Board { things: Mutex::default(), open_drawers }.resource())
    }
}

impl Shelf for Board {
    type Drawer = Box_;

    async fn put(&self, thing: Value) -> i64 {
        let mut things = self.things.lock().unwrap_or_else(PoisonError::into_inner);
        things.push(thing);
        things.len() as i64
    }

    async fn things(&self) -> Vec<Value> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn drawer(&self) -> Resource<Box_> {
        self.open_drawers.fetch_add(1, Ordering::SeqCst);
        let open_drawers = self.open_drawers.clone();
        Box_::resource(|notifier| Box_ { notifier, open_drawers })
    }

    async fn open_drawers(&self) -> i64 {
        self.open_drawers.load(Ordering::SeqCst)
    }
}

impl Drawer for Box_ {
    async fn put(&self, name: String, shape: Option<Shape>) {
        let _ = self.notifier.send((name, shape)).await;
    }
}

impl Drop for Box_ {
    fn drop(&mut self) {
        self.open_drawers.fetch_sub(1, Ordering::SeqCst);
    }
}

fn install_exchange(system: &System) {
    let house = system.container("house");
    house
        .provider("rust/exchange", "1.0")
        .handle(ExchangeHandler::new(Hall::default()))
        .install()
        .wait()
        .unwrap();
}

fn install_types(system: &System) {
    let house = system.container("house");
    house
        .provider("rust/types", "1.0")
        .handle(TypesHandler::new(AllTypes::default()))
        .install()
        .wait()
        .unwrap();
}

// The clients in Rust.

fn talk_at_exchange(container: &Container) {
    let client = ExchangeClient::open(container).within(Duration::from_secs(10)).wait().unwrap();
    let (a, b) = (client.join().wait().unwrap(), client.join().wait().unwrap());
    let (mut heard_by_a, mut heard_by_b) = (a.notifications(), b.notifications());
    a.send("from a".into()).wait().unwrap();
    b.send("from b".into()).wait().unwrap();
    assert_eq!(heard_by_a.next().wait(), Some(Ok("from b".to_owned())));
    assert_eq!(heard_by_b.next().wait(), Some(Ok("from a".to_owned())));
    a.close().wait().unwrap();
    b.send("to no guest".into()).wait().unwrap();
    assert_eq!(heard_by_a.next().wait(), None);
}

fn shape(name: &str) -> Shape {
    Shape { name: name.to_owned(), corner_points: Vec::new(), parts: None, next: None, r#type: Value::Null }
}

fn talk_about_types(container: &Container) {
    let types = TypesClient::open(container).within(Duration::from_secs(10)).wait().unwrap();
    let list = || vec![Value::Int(1), vec![Value::Int(2)].into()];
    let map = || Value::Map(vec![("a".into(), Value::Null)]);
    let bytes = || Bytes::from_static(&[1, 2]);
    let all = types.all(true, -1, 2.5, "text".into(), bytes(), list(), map(), 3.into()).wait().unwrap();
    let expected = vec![
        true.into(),
        (-1).into(),
        2.5.into(),
        "text".into(),
        bytes().into(),
        list().into(),
        map(),
        3.into(),
    ];
    assert_eq!(all, expected);
    let null = || Value::Null;
    assert_eq!(types.nulls(None, Some(1), None, None, None, None, null(), null()).wait().unwrap(), None);
    let nulls = types.nulls(Some(false), None, None, None, None, None, null(), null()).wait().unwrap();
    assert_eq!(nulls.map(|nulls| (nulls[0].clone(), nulls.len())), Some((false.into(), 8)));
    types.nothing().wait().unwrap();
    assert_eq!(types.named(7, 3).wait(), Ok(4));
    let big: Vec<u8> = (0..1_048_576).map(|number| number as u8).collect();
    assert_eq!(types.size(Bytes::from(big.clone())).wait(), Ok(1_048_576));
    assert_eq!(types.echo(Bytes::from(big.clone())).wait().unwrap(), big.as_slice());

    let square = Shape {
        corner_points: vec![1.into(), 2.into()],
        parts: Some([(1, shape("inner"))].into()),
        next: Some(Box::new(shape("next"))),
        r#type: 5.into(),
        ..shape("square")
    };
    let turned = types.turn(square.clone()).wait().unwrap();
    assert_eq!(turned, Shape { name: "turned square".into(), ..square });
    assert_eq!(types.turn(shape("large")).wait(), Err(CallError::Provider(TypesError::TooLarge)));
    assert_eq!(types.turn(shape("none")).wait(), Err(CallError::Provider(TypesError::NoShape)));
    assert_eq!(types.perhaps(None).wait(), Ok(None));
    assert_eq!(types.perhaps(Some(shape("round"))).wait(), Ok(Some(shape("round"))));
    let found =
        types.by_name(vec![Some(shape("a")), None, Some(shape("b")), Some(shape("b"))]).wait().unwrap();
    assert_eq!(
        found.iter().map(|(name, shapes)| (name.as_str(), shapes.len())).collect::<Vec<_>>(),
        [("a", 1), ("b", 2)]
    );
    assert_eq!(types.slow().within(types::SLOW_TIMEOUT).wait(), Err(CallError::Deadline));

    assert!(types.shelf("none".into()).wait().unwrap().is_none());
    let shelf = types.shelf("one".into()).wait().unwrap().unwrap();
    assert_eq!((shelf.put("book".into()).wait(), shelf.put(map()).wait()), (Ok(1), Ok(2)));
    assert_eq!(shelf.things().wait().unwrap(), vec!["book".into(), map()]);
    let drawer = shelf.drawer().wait().unwrap();
    let mut changes = drawer.notifications();
    drawer.put("first".into(), None).wait().unwrap();
    drawer.put("second".into(), Some(shape("box"))).wait().unwrap();
    assert_eq!(changes.next().wait(), Some(Ok(("first".to_owned(), None))));
    assert_eq!(changes.next().wait(), Some(Ok(("second".to_owned(), Some(shape("box"))))));
    let open = shelf.open_drawers().wait().unwrap();
    drawer.close().wait().unwrap();
    assert_eq!((open, shelf.open_drawers().wait().unwrap()), (1, 0));
}

/// The same conversations, with a container that is connected as those of other OS processes are.
fn over_a_link(system: &System) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("interface-{}-{system:p}", std::process::id()));
    let socket = folder.join("socket");
    let listener = system.listen(&socket).unwrap();
    let guest = Container::connect(&socket).wait().unwrap();
    talk_at_exchange(&guest);
    talk_about_types(&guest);
    listener.close();
    let _ = std::fs::remove_dir_all(folder);
}

/// Returns the definition that the provider carries, if it does, as `lucarne interface show` prints it.
fn carried(container: &Container, name: &str) -> Option<String> {
    let until = Instant::now() + Duration::from_secs(10);
    let entry = loop {
        let directory = container.services().wait().unwrap();
        if let Some(entry) = directory.entries.into_iter().find(|entry| entry.name == name) {
            break entry;
        }
        assert!(Instant::now() < until, "{name} is not provided");
        std::thread::sleep(Duration::from_millis(1));
    };
    let bytes = container.definition(&entry).wait().unwrap()?;
    Some(lucarne_interface::show::show(&lucarne_interface::carried::read(&bytes).unwrap()))
}

#[test]
fn providers_carry_their_definitions() {
    let shown = |name: &str| {
        let path = sources().join(format!("{name}.toit"));
        let definition = lucarne_interface::load(&FileLoader, path.to_str().unwrap()).unwrap();
        Some(lucarne_interface::show::show(&definition.interface.unwrap()))
    };
    let (system, output) = captured();
    install_types(&system);
    let program = run(&system, "exchange-server.toit");
    let by_hand = run(&system, "hand-server.toit");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("carried-{}", std::process::id()));
    let socket = folder.join("socket");
    let listener = system.listen(&socket).unwrap();
    for guest in [system.container("guest"), Container::connect(&socket).wait().unwrap()] {
        assert_eq!(carried(&guest, "rust/types"), shown("types"));
        assert_eq!(carried(&guest, "test/exchange"), shown("exchange"));
        assert_eq!(carried(&guest, "hand/exchange"), None);
    }
    listener.close();
    let _ = std::fs::remove_dir_all(folder);
    program.stop(0);
    by_hand.stop(0);
    assert_eq!(output.text(Stream::Error), "", "a provider that carries none says nothing");
}

// The pairs of languages. Those of Toit and Toit are in the tests of the command line.

#[test]
fn rust_talks_with_rust() {
    let (system, _) = captured();
    install_exchange(&system);
    install_types(&system);
    talk_at_exchange(&system.container("guest"));
    talk_about_types(&system.container("guest"));
    over_a_link(&system);
}

#[test]
fn rust_talks_with_toit() {
    let (system, output) = captured();
    let programs = [run(&system, "exchange-server.toit"), run(&system, "types-server.toit")];
    talk_at_exchange(&system.container("guest"));
    talk_about_types(&system.container("guest"));
    over_a_link(&system);
    programs.into_iter().for_each(|program| program.stop(0));
    assert_eq!(output.text(Stream::Error), "");
}

/// Returns the lines that a program expects, by its comments.
fn expected(program: &str) -> String {
    let text = std::fs::read_to_string(sources().join(program)).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("// expect: ")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn toit_talks_with_rust() {
    let (system, output) = captured();
    install_exchange(&system);
    install_types(&system);
    assert_eq!(run(&system, "types-talk.toit").wait(), 0, "{}", output.text(Stream::Error));
    assert_eq!(output.text(Stream::Out), expected("types-test.toit"));
    let before = output.text(Stream::Out);
    assert_eq!(run(&system, "exchange-talk.toit").wait(), 0, "{}", output.text(Stream::Error));
    let talk = "provider: generated client hears from hand, hand hears from generated client\n";
    assert_eq!(output.text(Stream::Out), before + talk);
}
