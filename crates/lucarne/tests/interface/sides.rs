//! The side of Rust in conversations about the definitions of the tests: providers, clients, and a way to run the programs in
//! Toit. The tests of C use it, too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lucarne::prelude::*;
use lucarne::{CapturedOutput, Ender, RunningProgram};
use lucarne_compiler::source::FileLoader;
use lucarne_interface::generate::{Language, Origin, generate};

use super::exchange::{Exchange, ExchangeClient, ExchangeHandler, Guest};
use super::types::{self, Drawer, Shape, Shelf, Types, TypesClient, TypesError, TypesHandler};

/// The folder of the definitions and programs.
pub(crate) fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/tests/interface")
}

/// Returns the code of a definition.
pub(crate) fn generated(name: &str, language: Language) -> Vec<lucarne_interface::generate::File> {
    let path = sources().join(format!("{name}.toit"));
    let definition = lucarne_interface::load(&FileLoader, path.to_str().unwrap()).unwrap();
    let Some(interface) = &definition.interface else { panic!("{}", definition.shown(Default::default())) };
    let origin = Origin { file: &format!("{name}.toit"), import: &format!(".{name}") };
    generate(interface, origin, language)
}

/// Returns what `lucarne interface show` prints for a definition.
pub(crate) fn shown(name: &str) -> String {
    let path = sources().join(format!("{name}.toit"));
    let definition = lucarne_interface::load(&FileLoader, path.to_str().unwrap()).unwrap();
    lucarne_interface::show::show(&definition.interface.unwrap())
}

/// Returns the definition that the provider carries, if it does, as `lucarne interface show` prints it.
pub(crate) fn carried(container: &Container, name: &str) -> Option<String> {
    let until = Instant::now() + Duration::from_secs(10);
    let entry = loop {
        let directory = container.services().wait().unwrap();
        if let Some(entry) = directory.entries.into_iter().find(|entry| entry.provider.name == name) {
            break entry;
        }
        assert!(Instant::now() < until, "{name} is not provided");
        std::thread::sleep(Duration::from_millis(1));
    };
    let bytes = container.definition(&entry).wait().unwrap()?;
    Some(lucarne_interface::show::show(&lucarne_interface::carried::read(&bytes).unwrap()))
}

/// Runs a program in Toit beside the generated code of both definitions.
pub(crate) fn run(system: &System, program: &str) -> RunningProgram {
    run_with(system, program, &[])
}

/// Writes the programs in Toit into a folder, with the generated code of both definitions.
pub(crate) fn write_programs(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for entry in std::fs::read_dir(sources()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    for name in ["exchange", "types"] {
        for file in generated(name, Language::Toit) {
            std::fs::write(folder.join(file.name), file.text).unwrap();
        }
    }
}

/// Runs it with arguments.
pub(crate) fn run_with(system: &System, program: &str, arguments: &[&str]) -> RunningProgram {
    static NEXT: AtomicI64 = AtomicI64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{program}-{}-{number}", std::process::id());
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    write_programs(&folder);
    let running = system.run(folder.join(program), arguments).unwrap_or_else(|error| panic!("{error}"));
    let _ = std::fs::remove_dir_all(folder);
    running
}

pub(crate) fn captured() -> (System, Arc<CapturedOutput>) {
    let output = Arc::new(CapturedOutput::default());
    (System::with_output(output.clone()), output)
}

/// Returns the lines that a program expects, by its comments.
pub(crate) fn expected(program: &str) -> String {
    let text = std::fs::read_to_string(sources().join(program)).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("// expect: ")).map(|line| format!("{line}\n")).collect()
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
pub(crate) struct AllTypes {
    open_drawers: Arc<AtomicI64>,
}

pub(crate) struct Board {
    ender: Ender,
    things: Mutex<Vec<Value>>,
    open_drawers: Arc<AtomicI64>,
}

pub(crate) struct Box_ {
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
        (name != "none")
            .then(|| Resource::endable(|ender| Board { ender, things: Mutex::default(), open_drawers }))
    }
}

impl Shelf for Board {
    type Drawer = Box_;

    async fn put(&self, thing: Value) -> i64 {
        if thing.as_str() == Some("THE END") {
            self.ender.end();
            assert!(self.ender.is_closed());
        }
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

pub(crate) fn install_exchange(system: &System) {
    let house = system.container("house");
    house
        .provider("rust/exchange", "1.0")
        .handle(ExchangeHandler::new(Hall::default()))
        .install()
        .wait()
        .unwrap();
}

pub(crate) fn install_types(system: &System) {
    let house = system.container("house");
    house
        .provider("rust/types", "1.0")
        .handle(TypesHandler::new(AllTypes::default()))
        .install()
        .wait()
        .unwrap();
}

// The clients in Rust.

pub(crate) fn talk_at_exchange(container: &Container) {
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

pub(crate) fn talk_about_types(container: &Container) {
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
    // The provider ends the shelf, in the call.
    assert_eq!(shelf.put("THE END".into()).wait(), Ok(3));
    let ended = shelf.things().wait().expect_err("the shelf has ended");
    assert!(matches!(&ended, CallError::Thrown(thrown) if thrown.text() == "NO_SUCH_RESOURCE"), "{ended}");
    shelf.close().wait().unwrap();
}
