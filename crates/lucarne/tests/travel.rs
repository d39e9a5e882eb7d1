//! Tests each row of the table in the crate documentation: arbitrary values go from Rust to Toit and back, as
//! arguments of a call and as its answer, and arrive unchanged.
#![cfg(feature = "toit")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::task::{Poll, Waker};
use std::time::Duration;

use lucarne::prelude::*;
use lucarne::{Arguments, Payload, Serve};
use proptest::collection::{btree_map, hash_map, vec};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const ECHO: Selector = Selector::new(uuid!("5f2c1a0e-7b7f-4a53-9a0b-0f9a3f0c6d11"), 1, 0);
const ERRANDS: Selector = Selector::new(uuid!("c0a1f6a7-52a3-4c8e-8a55-6f3c8f1f7e22"), 1, 0);

/// Answers each call with its arguments. Also fetches values in a loop and sends each back.
const PROGRAM: &str = r#"
import system.services show ServiceClient ServiceHandler ServiceProvider ServiceSelector

ECHO ::= ServiceSelector --uuid="5f2c1a0e-7b7f-4a53-9a0b-0f9a3f0c6d11" --major=1 --minor=0
ERRANDS ::= ServiceSelector --uuid="c0a1f6a7-52a3-4c8e-8a55-6f3c8f1f7e22" --major=1 --minor=0

class Echo extends ServiceProvider implements ServiceHandler:
  constructor:
    super "test/echo" --major=1 --minor=0
    provides ECHO --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    return arguments

class Errands extends ServiceClient:
  constructor:
    super ERRANDS

main:
  (Echo).install
  errands := Errands
  errands.open --timeout=(Duration --s=10) --if-absent=: throw "absent"
  while true:
    error := catch: errands.invoke_ 1 (errands.invoke_ 0 null)
    if error: errands.invoke_ 2 "$error"
"#;

type Give = Box<dyn FnOnce(&Call) -> Result<Payload, Thrown> + Send>;
type Take = Box<dyn FnOnce(Arguments) -> Result<(), Thrown> + Send>;

/// Exchanges values with the Toit program.
#[derive(Default)]
struct Errands {
    next: Mutex<(Option<Give>, Option<Waker>)>,
    back: Mutex<Option<Take>>,
    failed: Mutex<Option<Sender<String>>>,
}

impl Serve for &'static Errands {
    async fn serve(&self, call: &Call, index: u32, arguments: Arguments) -> Result<Payload, Thrown> {
        match index {
            0 => {
                let give = std::future::poll_fn(|polled| {
                    let mut next = self.next.lock().unwrap();
                    next.1 = Some(polled.waker().clone());
                    next.0.take().map_or(Poll::Pending, Poll::Ready)
                });
                give.await(call)
            }
            1 => {
                let take = self.back.lock().unwrap().take().expect("a value was given to bring back");
                take(arguments)?;
                call.answer(&())
            }
            _ => {
                let failed = self.failed.lock().unwrap().take().expect("the request was sent");
                let _ = failed.send(arguments.single()?);
                call.answer(&())
            }
        }
    }
}

struct World {
    echo: Client,
    errands: &'static Errands,
    /// The system and its containers, which live as long as the tests.
    _system: System,
}

/// Returns the world that all tests share in turn.
fn world() -> MutexGuard<'static, World> {
    static WORLD: OnceLock<Mutex<World>> = OnceLock::new();
    let world = WORLD.get_or_init(|| {
        let system = System::new();
        let errands: &'static Errands = Box::leak(Box::default());
        let house = system.container("house");
        house.provider("test/errands", "1.0").provides(ERRANDS, errands).install().wait().unwrap();
        let file =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("travel-{}.toit", std::process::id()));
        std::fs::write(&file, PROGRAM).unwrap();
        system.run(&file, &[]).unwrap_or_else(|error| panic!("{error}"));
        let guest = system.container("guest");
        let echo = Client::open(&guest, ECHO).within(Duration::from_secs(10)).wait().unwrap();
        Mutex::new(World { echo, errands, _system: system })
    });
    // A test that failed leaves no unfinished state.
    world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl World {
    /// Sends a value to Toit as the arguments of a call. Returns the answer.
    fn by_call<T: Serialize, U: DeserializeOwned>(&self, value: &T) -> Result<U, CallError> {
        self.echo.call(0, value).within(Duration::from_secs(10)).wait()
    }

    /// Sends a value to Toit as an answer. Returns the value that comes back in another call, or the thrown error.
    fn by_answer<T, U>(&self, value: T) -> Result<U, String>
    where
        T: Serialize + Send + 'static,
        U: DeserializeOwned + Send + 'static,
    {
        let (done, result): (Sender<Result<U, String>>, Receiver<_>) = channel();
        let (failed, failure) = channel();
        *self.errands.back.lock().unwrap() = Some(Box::new(move |arguments| {
            let _ = done.send(Ok(arguments.single()?));
            Ok(())
        }));
        *self.errands.failed.lock().unwrap() = Some(failed);
        let waker = {
            let mut next = self.errands.next.lock().unwrap();
            next.0 = Some(Box::new(move |call| call.answer(&value)));
            next.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
        loop {
            if let Ok(result) = result.try_recv() {
                return result;
            }
            if let Ok(failure) = failure.recv_timeout(Duration::from_micros(50)) {
                return Err(failure);
            }
        }
    }
}

/// Checks that a value survives both ways, there and back.
fn assert_same<T>(value: &T)
where
    T: Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + 'static,
{
    let world = world();
    assert_eq!(world.by_call::<T, T>(value).as_ref(), Ok(value));
    assert_eq!(world.by_answer::<T, T>(value.clone()).as_ref(), Ok(value));
}

/// Checks that the sender refuses a value on both ways, with the given reason.
fn assert_refused<T: Serialize + Clone + Send + 'static>(value: &T, reason: &str) {
    let world = world();
    assert_eq!(world.by_call::<T, Value>(value), Err(CallError::Refused(reason.to_owned())));
    assert_eq!(world.by_answer::<T, Value>(value.clone()), Err(reason.to_owned()));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Person {
    name: String,
    age: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    nick: Option<String>,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place(f64, f64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Metres(i64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Nothing;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(i64),
    Line(Place, Place),
    Box { width: i64, name: Option<String> },
    Group(Vec<Shape>),
}

fn bytes() -> impl Strategy<Value = Bytes> {
    // Arrays above 32,656 bytes travel beside the message.
    let lengths = prop_oneof![0..100usize, 32_650..32_660usize, 100_000..100_010usize];
    (lengths, any::<u8>())
        .prop_map(|(len, first)| (0..len).map(|index| first.wrapping_add(index as u8)).collect())
}

fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<i32>().prop_map(f64::from),
        any::<f64>().prop_filter("equal to itself", |float| !float.is_nan())
    ]
}

fn place() -> impl Strategy<Value = Place> {
    (finite(), finite()).prop_map(|(x, y)| Place(x, y))
}

fn person() -> impl Strategy<Value = Person> {
    let fields = (any::<String>(), any::<u32>(), any::<Option<String>>(), place());
    fields.prop_map(|(name, age, nick, place)| Person { name, age, nick, place })
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Point),
        any::<i64>().prop_map(Shape::Circle),
        (place(), place()).prop_map(|(from, to)| Shape::Line(from, to)),
        any::<(i64, Option<String>)>().prop_map(|(width, name)| Shape::Box { width, name }),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| vec(inner, 0..4).prop_map(Shape::Group))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        finite().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        vec(any::<u8>(), 0..20).prop_map(|bytes| Value::from(Bytes::from(bytes))),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| {
        let entries = btree_map(any::<String>(), inner.clone(), 0..5);
        let map =
            entries.prop_map(|entries| entries.into_iter().map(|(key, value)| (key.into(), value)).collect());
        prop_oneof![vec(inner, 0..5).prop_map(Value::List), map.prop_map(Value::Map)]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn null(number in any::<Option<i64>>(), text in any::<Option<String>>()) {
        assert_same(&());
        assert_same(&Nothing);
        assert_same(&number);
        assert_same(&text);
    }

    #[test]
    fn bools_and_integers(
        truth in any::<bool>(),
        signed in any::<(i8, i16, i32, i64)>(),
        unsigned in any::<(u8, u16, u32)>(),
        long in 0..=i64::MAX as u64,
    ) {
        assert_same(&truth);
        assert_same(&signed.0);
        assert_same(&signed.1);
        assert_same(&signed.2);
        assert_same(&signed.3);
        assert_same(&unsigned.0);
        assert_same(&unsigned.1);
        assert_same(&unsigned.2);
        assert_same(&long);
    }

    #[test]
    fn floats(double in finite(), single in any::<f32>().prop_filter("equal to itself", |float| !float.is_nan())) {
        assert_same(&double);
        assert_same(&single);
        let world = world();
        let back: f64 = world.by_call(&double).unwrap();
        prop_assert_eq!(back.to_bits(), double.to_bits());
    }

    #[test]
    fn texts(text in any::<String>(), character in any::<char>()) {
        assert_same(&text);
        assert_same(&character);
    }

    #[test]
    fn byte_arrays(bytes in bytes()) {
        assert_same(&bytes);
    }

    #[test]
    fn sequences_and_tuples(
        numbers in vec(any::<i64>(), 0..20),
        texts in vec(any::<String>(), 0..5),
        nested in vec(vec(finite(), 0..4), 0..4),
        options in vec(any::<Option<i64>>(), 0..5),
        pair in any::<(i64, String)>(),
        triple in any::<[i16; 3]>(),
    ) {
        assert_same(&numbers);
        assert_same(&texts);
        assert_same(&nested);
        assert_same(&options);
        assert_same(&pair);
        assert_same(&triple);
        assert_same(&Metres(pair.0));
    }

    #[test]
    fn maps_and_structs(
        by_text in btree_map(any::<String>(), any::<i64>(), 0..8),
        by_number in hash_map(any::<i64>(), any::<String>(), 0..8),
        person in person(),
        people in vec(person(), 0..3),
    ) {
        assert_same::<BTreeMap<_, _>>(&by_text);
        assert_same::<HashMap<_, _>>(&by_number);
        assert_same(&person);
        assert_same(&people);
    }

    #[test]
    fn variants(shape in shape(), maybe in proptest::option::of(shape())) {
        assert_same(&shape);
        assert_same(&maybe);
    }

    #[test]
    fn trees_of_values(value in value()) {
        assert_same(&value);
    }

    #[test]
    fn types_that_cannot_travel_are_refused_by_name(
        long in i64::MAX as u64 + 1..,
        wide in any::<i128>(),
        unsigned in any::<u128>(),
        bytes in vec(any::<u8>(), 1..10),
    ) {
        assert_refused(&long, &format!("the u64 {long} cannot travel"));
        assert_refused(&wide, &format!("the i128 {wide} cannot travel"));
        assert_refused(&unsigned, &format!("the u128 {unsigned} cannot travel"));
        assert_refused(&vec![long], &format!("the u64 {long} cannot travel"));
        assert_refused(&bytes, "a Vec<u8> (use Bytes) cannot travel");
        assert_refused(&Some(None::<i64>), "Some(None) cannot travel");
        assert_refused(&Some(()), "Some(()) cannot travel");
    }
}

#[test]
fn large_byte_arrays_are_moved() {
    let world = world();
    for size in [100_000, 1 << 20] {
        let bytes = Bytes::from(vec![7; size]);
        let back: Bytes = world.by_call(&bytes).unwrap();
        assert_eq!(back.as_ptr(), bytes.as_ptr());
        let (there, list): (Bytes, Vec<Bytes>) =
            world.by_answer((bytes.clone(), vec![bytes.clone()])).unwrap();
        assert_eq!((there.as_ptr(), list[0].as_ptr()), (bytes.as_ptr(), bytes.as_ptr()));
    }
}

#[test]
fn values_nested_too_deep_are_refused() {
    let mut deep = Value::Null;
    for _ in 0..200 {
        deep = Value::List(vec![deep]);
    }
    assert_refused(&deep, "NESTING_TOO_DEEP");
}
