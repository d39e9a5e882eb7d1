//! Random values travel through all pairs of languages: a chain of relays, in which each ordered pair comes once.
//!
//! The relays in C are compiled from `relay.c`, those in Toit are `types-relay.toit`.

use std::collections::BTreeMap;

use lucarne::ProviderBuilder;
use lucarne::prelude::*;

use super::sides::{AllTypes, run_with};
use super::types::{Shape, Types, TypesClient, TypesError, TypesHandler};
use super::{Place, World, compile_files, file};

/// The languages of the relays, each with the tag of its place. The client is in Rust, and so is the provider at the end.
/// The pairs of neighbors: rust-rust, rust-toit, toit-toit, toit-c, c-c, c-rust, rust-c, c-toit, toit-rust.
const CHAIN: &[&str] = &["rust", "toit", "toit", "c", "c", "rust", "c", "toit"];

pub(super) fn tag(place: usize) -> String {
    format!("place-{place}")
}

/// Passes calls on.
struct Relay(TypesClient);

fn passed<T>(result: Result<T, CallError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

impl Types for Relay {
    type Shelf = <AllTypes as Types>::Shelf;
    type Drawer = <AllTypes as Types>::Drawer;

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
        passed(self.0.all(a, b, c, d, e, f, g, h).await)
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
        passed(self.0.nulls(a, b, c, d, e, f, g, h).await)
    }

    async fn nothing(&self) {
        passed(self.0.nothing().await);
    }

    async fn named(&self, left: i64, right: i64) -> i64 {
        passed(self.0.named(left, right).await)
    }

    async fn size(&self, bytes: Bytes) -> i64 {
        passed(self.0.size(bytes).await)
    }

    async fn echo(&self, bytes: Bytes) -> Bytes {
        passed(self.0.echo(bytes).await)
    }

    async fn turn(&self, shape: Shape) -> Result<Shape, TypesError> {
        match self.0.turn(shape).await {
            Err(CallError::Provider(error)) => Err(error),
            other => Ok(other.unwrap_or_else(|error| panic!("{error}"))),
        }
    }

    async fn perhaps(&self, shape: Option<Shape>) -> Option<Shape> {
        passed(self.0.perhaps(shape).await)
    }

    async fn by_name(&self, shapes: Vec<Option<Shape>>) -> BTreeMap<String, Vec<Shape>> {
        passed(self.0.by_name(shapes).await)
    }

    async fn slow(&self) {
        passed(self.0.slow().await);
    }

    async fn shelf(&self, _: String) -> Option<Resource<Self::Shelf>> {
        None
    }
}

/// Starts the chain, from its end. Returns the client of its first relay.
fn start(world: &mut World) -> TypesClient {
    let provide = |place: usize, builder: ProviderBuilder| {
        builder.tags([tag(place)]).install().wait().unwrap_or_else(|error| panic!("{place}: {error}"));
    };
    let end = world.system.container("end");
    let handler = TypesHandler::new(AllTypes::default());
    provide(CHAIN.len(), end.provider("rust/end", "1.0").handle(handler));
    for (place, language) in CHAIN.iter().enumerate().rev() {
        match *language {
            "c" => {
                let tags = [("OWN", tag(place)), ("NEXT", tag(place + 1))];
                let flags = tags.map(|(name, tag)| format!("-D{name}=\"{tag}\""));
                let library = compile_files(
                    &format!("relay-{place}"),
                    &[&flags[0], &flags[1]],
                    &[super::FOLDER.join("types.c"), file("relay.c")],
                );
                world.start(&library, Place::Here);
            }
            "toit" => {
                // It is found when it has installed its provider.
                run_with(&world.system, "types-relay.toit", &[&tag(place), &tag(place + 1)]);
            }
            _ => {
                let relay = world.system.container("relay");
                let next = open(&relay, place + 1);
                let handler = TypesHandler::new(Relay(next));
                provide(place, relay.provider("rust/relay", "1.0").handle(handler));
            }
        }
    }
    open(&world.system.container("guest"), 0)
}

fn open(container: &Container, place: usize) -> TypesClient {
    let tag = tag(place);
    let open = TypesClient::open(container).within(std::time::Duration::from_secs(60));
    open.only(move |candidate| candidate.tags.contains(&tag)).wait().unwrap()
}

/// Makes random values.
pub(super) struct Random(pub(super) fastrand::Rng);

impl Random {
    pub(super) fn with_seed(seed: u64) -> Random {
        Random(fastrand::Rng::with_seed(seed))
    }

    pub(super) fn text(&mut self) -> String {
        let letters = ['a', 'Z', '\0', '"', '\\', 'é', '漢', '🦀', '\n', '?'];
        let length = [0, 1, 5, 31, 32, 300][self.0.usize(..6)];
        (0..length).map(|_| letters[self.0.usize(..letters.len())]).collect()
    }

    pub(super) fn int(&mut self) -> i64 {
        let all = [0, 1, -1, 127, 128, -64, -65, 1 << 40, i64::MAX, i64::MIN];
        if self.0.bool() { all[self.0.usize(..all.len())] } else { self.0.i64(..) }
    }

    pub(super) fn float(&mut self) -> f64 {
        let all = [0.0, -0.0, 1.5, f64::MAX, f64::MIN_POSITIVE, 5e-324, f64::INFINITY, f64::NEG_INFINITY];
        if self.0.bool() { all[self.0.usize(..all.len())] } else { self.0.f64() * 1e10 }
    }

    pub(super) fn bytes(&mut self) -> Bytes {
        let length = [0, 1, 100, 32_656, 32_657, 100_000][self.0.usize(..6)];
        Bytes::from((0..length).map(|_| self.0.u8(..)).collect::<Vec<u8>>())
    }

    pub(super) fn value(&mut self, depth: usize) -> Value {
        match self.0.usize(..if depth < 4 { 8 } else { 6 }) {
            0 => Value::Null,
            1 => self.0.bool().into(),
            2 => self.int().into(),
            3 => self.float().into(),
            4 => self.text().into(),
            5 => self.bytes().into(),
            6 => self.list(depth + 1).into(),
            _ => self.map(depth + 1),
        }
    }

    fn list(&mut self, depth: usize) -> Vec<Value> {
        (0..self.0.usize(..6)).map(|_| self.value(depth)).collect()
    }

    /// Returns a map with keys that are equal for no two entries, in Toit, too.
    pub(super) fn map(&mut self, depth: usize) -> Value {
        let key = |number: usize, text: String| match number % 2 {
            0 => Value::from(number as i64),
            _ => Value::from(format!("{number}{text}")),
        };
        let entries = (0..self.0.usize(..6)).map(|number| (key(number, self.text()), self.value(depth)));
        Value::Map(entries.collect())
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Random) -> T) -> Option<T> {
        self.0.bool().then(|| make(self))
    }

    fn shape(&mut self, depth: usize) -> Shape {
        let next = depth < 4 && self.0.bool();
        let parts = if depth < 3 { self.0.usize(..4) } else { 0 };
        Shape {
            name: self.text(),
            corner_points: self.list(3),
            parts: self.maybe(|random| (0..parts).map(|_| (random.int(), random.shape(depth + 1))).collect()),
            next: next.then(|| Box::new(self.shape(depth + 1))),
            r#type: self.value(2),
        }
    }
}

#[test]
fn random_values_travel_through_all_pairs() {
    let mut world = World::new("random");
    let types = start(&mut world);
    let seed = fastrand::u64(..);
    let mut random = Random::with_seed(seed);
    for _ in 0..40 {
        let (a, b, c, d, e) = (random.0.bool(), random.int(), random.float(), random.text(), random.bytes());
        let (f, g, h) = (random.list(0), random.map(0), random.value(0));
        let sent: Vec<Value> = vec![
            a.into(),
            b.into(),
            c.into(),
            d.clone().into(),
            e.clone().into(),
            f.clone().into(),
            g.clone(),
            h.clone(),
        ];
        let back = types.all(a, b, c, d.clone(), e.clone(), f.clone(), g.clone(), h.clone()).wait();
        // Bits, since -0.0 equals 0.0.
        let bits = |value: &Value| value.as_float().map(f64::to_bits);
        assert_eq!(back.as_ref(), Ok(&sent), "seed {seed}");
        assert_eq!(back.map(|back| bits(&back[2])), Ok(bits(&sent[2])), "seed {seed}");
        let (maybe_b, maybe_d) = (random.maybe(|_| b), random.maybe(|_| d));
        let (maybe_e, maybe_f) = (random.maybe(|_| e.clone()), random.maybe(|_| f));
        let nulls = vec![
            a.into(),
            maybe_b.into(),
            Value::Null,
            maybe_d.clone().into(),
            maybe_e.clone().into(),
            maybe_f.clone().into(),
            g.clone(),
            h.clone(),
        ];
        let back = types.nulls(Some(a), maybe_b, None, maybe_d, maybe_e, maybe_f, g, h).wait();
        assert_eq!(back, Ok(Some(nulls)), "seed {seed}");
        assert_eq!(types.echo(e.clone()).wait(), Ok(e), "seed {seed}");

        let shape = random.shape(0);
        let turned = Shape { name: format!("turned {}", shape.name), ..shape.clone() };
        assert_eq!(types.turn(shape.clone()).wait(), Ok(turned), "seed {seed}");
        assert_eq!(types.perhaps(Some(shape.clone())).wait(), Ok(Some(shape)), "seed {seed}");
        let shapes: Vec<Option<Shape>> =
            (0..random.0.usize(..5)).map(|_| random.maybe(|random| random.shape(2))).collect();
        let mut named: BTreeMap<String, Vec<Shape>> = BTreeMap::new();
        for shape in shapes.iter().flatten() {
            named.entry(shape.name.clone()).or_default().push(shape.clone());
        }
        assert_eq!(types.by_name(shapes).wait(), Ok(named), "seed {seed}");
    }
    assert_eq!(
        types.turn(Shape { name: "large".into(), ..random.shape(3) }).wait(),
        Err(CallError::Provider(TypesError::TooLarge))
    );
    assert_eq!(types.perhaps(None).wait(), Ok(None));
    drop(types);
    world.end();
}
