//! Calls between two machines, notifications, and discovery.

use std::path::Path;

use crate::lucarne::{Joining, System};
use crate::place::{Place, make_identities, ready};
use crate::table::{self, Row, Subject, median, microseconds};
use crate::{grpc, port, query};

/// The number of measured rounds, unless the variable `ROUNDS` is set. In each round, each subject has its turn.
const ROUNDS: usize = 7;

const CALLS: usize = 300;
const CONCURRENT: usize = 6_400;
const LARGE: usize = 12;
const NOTIFICATIONS: usize = 20_000;
const DISCOVERIES: usize = 5;

pub const MIB: usize = 1 << 20;

const PROVIDER: &str = "10.78.0.1";
const USER: &str = "10.78.0.2";

/// Starts the machines that call and answer, and prints the table of the caller.
pub fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    make_identities(folder.path(), &["cellar", "hall"]);
    let place = Place::new(&["cellar", "hall"]);
    place.connect([("cellar", PROVIDER), ("hall", USER)]);
    let path = folder.path().to_str().expect("a path in UTF-8");
    let mut provider = place.start("cellar", &["provider", path, PROVIDER]);
    provider.expect("ready");
    place.start("hall", &["user", path, PROVIDER]).show();
}

/// Runs on the machine that answers.
pub fn provide(folder: &Path, address: &str) {
    let open = System::join(&listening("cellar", address, None));
    let secure = System::join(&listening("cellar", address, Some(folder)));
    let _providers = [open.provide(0), secure.provide(0)];
    let _query = query::provide(address);
    grpc::provide(address);
    ready()
}

/// Returns the options of a machine to which other machines connect.
pub fn listening<'j>(name: &'j str, address: &str, identity: Option<&'j Path>) -> Joining<'j> {
    let mut joining = Joining { name, zenoh: Default::default(), identity, imports: "all", workers: 2 };
    joining.zenoh.listen = vec![endpoint(address, identity)];
    joining
}

/// Returns the options of a machine that connects to the machine at `address`.
pub fn connecting<'j>(name: &'j str, address: &str, identity: Option<&'j Path>) -> Joining<'j> {
    let mut joining = Joining { name, zenoh: Default::default(), identity, imports: "all", workers: 2 };
    joining.zenoh.connect = vec![endpoint(address, identity)];
    joining
}

fn endpoint(address: &str, identity: Option<&Path>) -> String {
    let port = if identity.is_some() { port::SECURE } else { port::OPEN };
    format!("tcp/{address}:{port}")
}

/// Runs on the machine that calls: measures, and prints the table.
pub fn measure(folder: &Path, address: &str) {
    let subjects: [Box<dyn Subject>; 5] = [
        Box::new(System::join(&connecting("hall", address, None)).user("Lucarne")),
        Box::new(System::join(&connecting("hall", address, Some(folder))).user("with identities")),
        Box::new(query::connect(address, false)),
        Box::new(grpc::connect(address)),
        Box::new(query::connect(address, true)),
    ];
    let mut all: Vec<Samples> = subjects.iter().map(|_| Samples::default()).collect();
    let rounds = std::env::var("ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    // The first round warms up.
    for round in 0..=rounds {
        for (subject, samples) in subjects.iter().zip(&mut all) {
            eprint!("\rround {round} of {rounds}: {:<20}", subject.name());
            let sample = Samples::of(&**subject);
            if round > 0 {
                samples.add(sample);
            }
        }
    }
    eprintln!();
    let names: Vec<&str> = subjects.iter().map(|subject| subject.name()).collect();
    let row = |name, unit, is_time, value: fn(&mut Samples) -> Option<f64>| Row {
        name,
        unit,
        is_time,
        values: all.clone().iter_mut().map(value).collect(),
    };
    let rows = [
        row("int there and back", "us", true, |all| Some(median(&mut all.calls))),
        row("64 in flight, each", "us", true, |all| Some(median(&mut all.concurrent))),
        row("1 MiB there and back", "us", true, |all| Some(median(&mut all.large))),
        row("notifications in a second", "1/s", false, |all| Some(median(&mut all.notifications))),
        row("a new service is found", "us", true, |all| {
            (!all.discovery.is_empty()).then(|| median(&mut all.discovery))
        }),
    ];
    table::print(
        "two machines at one cable: medians; the ratio is that of the first column to the better of query and tonic",
        &names,
        2..4,
        &rows,
    );
}

#[derive(Clone, Default)]
struct Samples {
    calls: Vec<f64>,
    concurrent: Vec<f64>,
    large: Vec<f64>,
    notifications: Vec<f64>,
    discovery: Vec<f64>,
}

impl Samples {
    fn of(subject: &dyn Subject) -> Samples {
        let discovery: Vec<_> = (0..DISCOVERIES).filter_map(|_| subject.discovery()).collect();
        Samples {
            calls: microseconds(&subject.calls(CALLS)),
            concurrent: vec![subject.concurrent(CONCURRENT).as_secs_f64() * 1e6 / CONCURRENT as f64],
            large: microseconds(&subject.large(MIB, LARGE)),
            notifications: vec![NOTIFICATIONS as f64 / subject.notifications(NOTIFICATIONS).as_secs_f64()],
            discovery: microseconds(&discovery),
        }
    }

    fn add(&mut self, other: Samples) {
        self.calls.extend(other.calls);
        self.concurrent.extend(other.concurrent);
        self.large.extend(other.large);
        self.notifications.extend(other.notifications);
        self.discovery.extend(other.discovery);
    }
}
