//! Machines in bad weather: what they send to each other is delayed, lost and reordered, by a network of the test's own
//! ([`common::air`]). It needs root, `ip` and `/dev/net/tun`; without them, the tests say so and pass.
//!
//! Whatever the weather, each call ends, none is executed twice, one that could not be sent was not executed, and numbers come in
//! their order: the programs in `weather/` check that, and say what is wrong. When the weather is good again, there is
//! contact.
//!
//! `LUCARNE_FABRIC_ROUNDS=100` repeats everything so many times. Then contact must come again within 3 s, so let the computer do
//! nothing else. `LUCARNE_SEED` decides what happens to which packet, as far as it depends on that.

#![allow(clippy::print_stdout, reason = "the times are of interest")]

mod common;

use std::time::{Duration, Instant};

use common::Folder;
use common::air::{Air, Weather};
use common::machines::{Cables, Machine, assert_again, make_identities, number, options, rounds};

const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/weather");

/// The duration of each kind of weather.
const SPELL: Duration = Duration::from_secs(4);

const fn weather(delay_ms: u64, losses: u16, reorders: u16) -> Weather {
    Weather { delay: Duration::from_millis(delay_ms), losses, reorders }
}

const BAD: [(&str, Weather); 5] = [
    ("200 ms later", weather(200, 0, 0)),
    ("2 % lost", weather(5, 20, 0)),
    ("20 % lost", weather(5, 200, 0)),
    ("30 % reordered", weather(5, 0, 300)),
    ("200 ms later, 5 % lost, 20 % reordered", weather(200, 50, 200)),
];

/// Weather in which contact is lost.
const TERRIBLE: [(&str, Weather); 2] =
    [("60 % lost", weather(0, 600, 0)), ("all lost", weather(0, 1_000, 0))];

fn program(name: &str) -> String {
    format!("{PROGRAMS}/{name}.toit")
}

fn start_provider(cables: &Cables, folder: &Folder, endpoint: &[&str], is_secure: bool) -> Machine {
    let exports = ["--export", "all", &program("provider")];
    let all = [&options("cellar", is_secure)[..], endpoint, &exports].concat();
    let cellar = cables.start(folder, "cellar", &all);
    cellar.wait_for("ready");
    cellar
}

fn start_user(
    cables: &Cables,
    folder: &Folder,
    name: &str,
    endpoint: &[&str],
    is_secure: bool,
    arguments: &[&str],
) -> Machine {
    let imports = ["--import", "cellar:all", &program("user"), name];
    cables.start(folder, name, &[&options(name, is_secure)[..], endpoint, &imports, arguments].concat())
}

fn stormy(test: &str, is_secure: bool, all: &[(&str, Weather)]) {
    let seed = number("LUCARNE_SEED").unwrap_or_else(|| fastrand::u64(..));
    let (Some(mut cables), Some(air)) = (Cables::new(test), Air::new(seed)) else { return };
    println!("{test}: LUCARNE_SEED={seed}");
    let folder = Folder::new(&format!("weather-{test}"));
    for (machine, address) in [("cellar", "10.77.3.1"), ("hall", "10.77.3.2"), ("attic", "10.77.3.3")] {
        cables.add_machine(machine);
        air.connect(&cables, machine, address);
    }
    if is_secure {
        make_identities(&cables, &folder, "10.77.3.1");
    }
    let cellar = start_provider(&cables, &folder, &["--fabric-listen", "tcp/10.77.3.1:7447"], is_secure);
    let users = ["hall", "attic"]
        .map(|name| start_user(&cables, &folder, name, &["--fabric", "tcp/10.77.3.1:7447"], is_secure, &[]));
    users.iter().for_each(|user| drop(user.wait_for("counted")));
    for _ in 0..rounds().unwrap_or(1) {
        for &(name, weather) in all {
            cellar.take_lines();
            let again = spell(&air, weather, &users, &format!("{test}: {name}"));
            assert_again(name, again);
        }
    }
    // What no one holds is closed, and the numbers of the users are still in order.
    cellar.take_lines();
    drop(users);
    cellar.wait_for("open counts: 0");
    cellar.take_lines();
}

/// Lets the weather be bad, and good again. Returns how long it took until all users were served again.
fn spell(air: &Air, weather: Weather, users: &[Machine], name: &str) -> Duration {
    users.iter().for_each(|user| drop(user.take_lines()));
    air.take_counts();
    air.set_weather(weather);
    std::thread::sleep(SPELL);
    air.set_weather(Weather::default());
    let begin = Instant::now();
    let counts = air.take_counts();
    let lines: Vec<_> = users.iter().flat_map(Machine::take_lines).collect();
    for user in users {
        user.wait_for("entered");
        user.wait_for("counted");
    }
    let again = begin.elapsed();
    let of = |text: &str| lines.iter().filter(|line| line.starts_with(text)).count();
    let ([passed, lost, held], entered, losses) = (counts, of("entered"), of("lost"));
    println!(
        "{name}: {passed} packets passed on, {lost} lost, {held} held back; {entered} calls, contact lost {losses} times, \
         again after {again:?}"
    );
    assert!(passed + lost > 0, "{name}: nothing was sent");
    again
}

#[test]
fn bad_weather_with_identities() {
    stormy("secure", true, &BAD);
}

#[test]
fn bad_weather_among_machines_that_trust_each_other() {
    stormy("open", false, &BAD);
}

#[test]
fn weather_in_which_contact_is_lost() {
    stormy("terrible", false, &TERRIBLE);
}

/// One of two machines that use a third one through a router is stopped while it takes all that it can: the other one makes calls
/// as before, and the third one closes what the stopped one had open.
#[test]
fn a_machine_stopped_behind_a_router_holds_up_no_other() {
    let Some(mut cables) = Cables::new("stopped") else { return };
    let folder = Folder::new("weather-stopped");
    cables.add_switch("lan");
    let places = [
        ("router", "10.77.0.9/24"),
        ("cellar", "10.77.0.1/24"),
        ("hall", "10.77.0.2/24"),
        ("attic", "10.77.0.3/24"),
    ];
    for (machine, address) in places {
        cables.add_machine(machine);
        cables.connect(machine, "lan", address);
    }
    folder.file("router.json5", "{ mode: 'router', listen: { endpoints: ['tcp/0.0.0.0:7447'] } }\n");
    folder.file("client.json5", "{ mode: 'client', connect: { endpoints: ['tcp/10.77.0.9:7447'] } }\n");
    folder.file("idle.toit", "main:\n  print \"routing\"\n  sleep --ms=3_600_000\n");
    let routing =
        ["run", "--machine", "router", "--insecure", "--fabric-config", "router.json5", "idle.toit"];
    let router = cables.start(&folder, "router", &routing);
    router.wait_for("routing");
    let client = ["--fabric-config", "client.json5"];
    let cellar = start_provider(&cables, &folder, &client, false);
    let hall = start_user(&cables, &folder, "hall", &client, false, &[]);
    let attic = start_user(&cables, &folder, "attic", &client, false, &["greedy"]);
    hall.wait_for("counted");
    attic.wait_for("counted");
    cellar.wait_for("open counts: 2");
    for _ in 0..rounds().unwrap_or(1) {
        hall.take_lines();
        attic.signal("-STOP");
        cellar.wait_for("open counts: 1");
        let meanwhile = hall.take_lines();
        (0..50).for_each(|_| drop(hall.wait_for("entered")));
        assert!(meanwhile.iter().all(|line| !line.starts_with("lost")), "{meanwhile:?}");
        let count = |text| meanwhile.iter().filter(|line| *line == text).count();
        let (entered, counted) = (count("entered"), count("counted"));
        println!("stopped: {entered} calls, {} numbers until the attic was lost", 10 * counted);
        // It takes 2 s until the attic is lost. Even a busy computer makes some calls and counts on in this time.
        assert!(entered >= 10 && counted >= 2, "{entered} calls, {counted} times ten numbers");
        attic.signal("-CONT");
        attic.wait_for_new("counted");
        cellar.wait_for("open counts: 2");
    }
}
