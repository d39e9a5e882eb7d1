//! The traffic of machines that do nothing.

use std::path::Path;
use std::time::Duration;

use zenoh::Wait;

use crate::calls::{connecting, listening};
use crate::lucarne::System;
use crate::place::{Place, make_identities, ready};
use crate::{grpc, port};

/// The kinds, with a text for each.
const KINDS: [(&str, &str); 5] = [
    ("announced", "Lucarne, services are announced, no contact"),
    ("contact", "Lucarne, in contact"),
    ("secure", "Lucarne, in contact, with identities"),
    ("zenoh", "Zenoh by itself, a session"),
    ("tonic", "tonic, a connection"),
];

/// The time from the start of both machines to the measurement.
const SETTLE: Duration = Duration::from_secs(3);

/// The time in which traffic is measured.
const TIME: Duration = Duration::from_secs(10);

const PROVIDER: &str = "10.78.0.1";
const USER: &str = "10.78.0.2";

/// Measures the traffic of each kind, and prints a row for each.
pub fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    make_identities(folder.path(), &["cellar", "hall"]);
    let path = folder.path().to_str().expect("a path in UTF-8");
    println!("\ntwo idle machines: bytes that each sends in a second, with all headers");
    for (kind, text) in KINDS {
        let place = Place::new(&["cellar", "hall"]);
        place.connect([("cellar", PROVIDER), ("hall", USER)]);
        let mut provider = place.start("cellar", &["idle-provider", kind, path, PROVIDER]);
        provider.expect("ready");
        let mut user = place.start("hall", &["idle-user", kind, path, PROVIDER]);
        user.expect("ready");
        std::thread::sleep(SETTLE);
        let sent = || [place.sent_bytes("cellar", "hall"), place.sent_bytes("hall", "cellar")];
        let before = sent();
        std::thread::sleep(TIME);
        let after = sent();
        let a_second = |machine: usize| (after[machine] - before[machine]) as f64 / TIME.as_secs_f64();
        println!("{text:<48} {:>8.0} {:>8.0} bytes/s", a_second(0), a_second(1));
    }
}

/// Runs on the machine that listens.
pub fn provide(kind: &str, folder: &Path, address: &str) {
    let identity = (kind == "secure").then_some(folder);
    match kind {
        "zenoh" => {
            let _session = session("listen", address);
            ready()
        }
        "tonic" => {
            grpc::provide(address);
            ready()
        }
        _ => {
            let system = System::join(&listening("cellar", address, identity));
            let _provider = system.provide(0);
            ready()
        }
    }
}

/// Runs on the machine that connects.
pub fn wait(kind: &str, folder: &Path, address: &str) {
    let identity = (kind == "secure").then_some(folder);
    match kind {
        "zenoh" => {
            let _session = session("connect", address);
            ready()
        }
        "tonic" => {
            let _client = grpc::connect(address);
            ready()
        }
        "announced" => {
            let _system = System::join(&connecting("hall", address, identity));
            ready()
        }
        _ => {
            let _user = System::join(&connecting("hall", address, identity)).user("user");
            ready()
        }
    }
}

/// Opens a session of Zenoh with the fabric's times of connections (`TIMES` in `crates/fabric/src/over_zenoh.rs`).
fn session(side: &str, address: &str) -> zenoh::Session {
    let mut config = zenoh::Config::default();
    for (key, value) in [
        ("scouting/multicast/enabled", "false".to_owned()),
        ("transport/link/tx/lease", "2000".to_owned()),
        ("transport/unicast/open_timeout", "2000".to_owned()),
        ("transport/unicast/accept_timeout", "2000".to_owned()),
        ("connect/timeout_ms", "{ router: -1, peer: -1, client: 10000 }".to_owned()),
        (
            "connect/retry",
            "{ period_init_ms: 200, period_max_ms: 500, period_increase_factor: 2 }".to_owned(),
        ),
        (&format!("{side}/endpoints"), format!("['tcp/{address}:{}']", port::QUERY)),
    ] {
        config.insert_json5(key, &value).expect("a setting of Zenoh");
    }
    zenoh::open(config).wait().expect("a session")
}
