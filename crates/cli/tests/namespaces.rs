//! The house of `examples/house` on machines with addresses of their own: network namespaces, which these tests make. They
//! need root and `ip`; without them, they say so and pass.
//!
//! The cable of the cellar is pulled and put back, its program is stopped, killed and started again. Each time the
//! others must notice it, and get temperatures again. `LUCARNE_FABRIC_ROUNDS=100` repeats that.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "skipped tests say why, and the times are of interest"
)]

mod common;

use std::time::Duration;

use common::Folder;
use common::machines::{Cables, Machine, assert_again, make_identities, options, rounds};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/house");

fn start_cellar(cables: &Cables, folder: &Folder, endpoint: &[&str], is_secure: bool) -> Machine {
    let program = format!("{EXAMPLE}/cellar.toit");
    let exports = ["--export", "hall:house/climate", "--export", "attic:house/climate", &program];
    cables.start(folder, "cellar", &[&options("cellar", is_secure)[..], endpoint, &exports].concat())
}

fn start_user(cables: &Cables, folder: &Folder, name: &str, endpoint: &[&str], is_secure: bool) -> Machine {
    let program = format!("{EXAMPLE}/{name}.toit");
    let imports = ["--import", "cellar:all", &program];
    cables.start(folder, name, &[&options(name, is_secure)[..], endpoint, &imports].concat())
}

fn three_machines(test: &str, is_secure: bool) {
    let Some(mut cables) = Cables::new(test) else { return };
    let folder = Folder::new(&format!("namespaces-{test}"));
    cables.add_switch("lan");
    for (machine, address) in
        [("cellar", "10.77.0.1/24"), ("hall", "10.77.0.2/24"), ("attic", "10.77.0.3/24")]
    {
        cables.add_machine(machine);
        cables.connect(machine, "lan", address);
    }
    if is_secure {
        make_identities(&cables, &folder, "10.77.0.1");
    }
    let listen = ["--fabric-listen", "tcp/10.77.0.1:7447"];
    let connect = ["--fabric", "tcp/10.77.0.1:7447"];
    let mut cellar = start_cellar(&cables, &folder, &listen, is_secure);
    let hall = start_user(&cables, &folder, "hall", &connect, is_secure);
    let attic = start_user(&cables, &folder, "attic", &connect, is_secure);
    hall.wait_for("°C");
    attic.wait_for("°C");
    let users = [&hall, &attic];
    let report = |what: &str, (lost, again): (Duration, Duration)| {
        println!("{test}: {what}: noticed after {lost:?}, temperatures again after {again:?}");
        assert_again(what, again);
    };

    for _ in 0..rounds().unwrap_or(1) {
        let set_cable = |is_up| cables.set_cable("cellar", "lan", is_up);
        report("the cable was pulled", interrupt(users, || set_cable(false), || set_cable(true)));
        let signal = |signal| cellar.signal(signal);
        report("the program was stopped", interrupt(users, || signal("-STOP"), || signal("-CONT")));
        let mut another = None;
        let kill = || cellar.signal("-KILL");
        let again = || another = Some(start_cellar(&cables, &folder, &listen, is_secure));
        report("the program was killed", interrupt(users, kill, again));
        cellar = another.expect("it was started");
    }
}

/// Takes the temperatures away from the users, and gives them back. Returns how long both took to arrive.
fn interrupt(users: [&Machine; 2], take: impl FnOnce(), give: impl FnOnce()) -> (Duration, Duration) {
    let [hall, attic] = users;
    take();
    let lost = hall.wait_for("no temperature").1;
    attic.wait_for("no temperature");
    give();
    let again = hall.wait_for_new("°C");
    attic.wait_for_new("°C");
    (lost, again)
}

#[test]
fn three_machines_with_identities() {
    three_machines("secure", true);
}

#[test]
fn three_machines_that_trust_each_other() {
    three_machines("open", false);
}

/// The machines are in two networks, which only the router connects.
#[test]
fn two_networks_with_a_router_between_them() {
    let Some(mut cables) = Cables::new("routed") else { return };
    let folder = Folder::new("namespaces-routed");
    cables.add_switch("near");
    cables.add_switch("far");
    let places = [
        ("cellar", "near", "10.77.1.1/24"),
        ("hall", "far", "10.77.2.1/24"),
        ("attic", "far", "10.77.2.2/24"),
    ];
    for (machine, switch, address) in places {
        cables.add_machine(machine);
        cables.connect(machine, switch, address);
    }
    cables.add_machine("router");
    cables.connect("router", "near", "10.77.1.9/24");
    cables.connect("router", "far", "10.77.2.9/24");
    folder.file("router.json5", "{ mode: 'router', listen: { endpoints: ['tcp/0.0.0.0:7447'] } }\n");
    for (network, address) in [("near", "10.77.1.9"), ("far", "10.77.2.9")] {
        let text = format!("{{ mode: 'client', connect: {{ endpoints: ['tcp/{address}:7447'] }} }}\n");
        folder.file(&format!("{network}.json5"), &text);
    }
    let (near, far) = (["--fabric-config", "near.json5"], ["--fabric-config", "far.json5"]);
    folder.file("idle.toit", "main:\n  print \"routing\"\n  sleep --ms=3_600_000\n");
    let routing =
        ["run", "--machine", "router", "--insecure", "--fabric-config", "router.json5", "idle.toit"];
    let mut router = cables.start(&folder, "router", &routing);
    // A client of Zenoh waits for its router only if it starts after it.
    router.wait_for("routing");
    let cellar = start_cellar(&cables, &folder, &near, false);
    let hall = start_user(&cables, &folder, "hall", &far, false);
    let attic = start_user(&cables, &folder, "attic", &far, false);
    hall.wait_for("°C");
    attic.wait_for("°C");

    // One machine behind the router is stopped: the other one does not notice it.
    attic.signal("-STOP");
    for _ in 0..8 {
        hall.wait_for("°C");
    }
    attic.signal("-CONT");
    attic.wait_for_new("°C");

    for _ in 0..rounds().unwrap_or(1) {
        let mut another = None;
        let again = || another = Some(cables.start(&folder, "router", &routing));
        let (lost, again) = interrupt([&hall, &attic], || router.signal("-KILL"), again);
        println!("routed: the router was killed: noticed after {lost:?}, temperatures again after {again:?}");
        assert_again("the router was killed", again);
        router = another.expect("it was started");
    }
    drop(cellar);
}
