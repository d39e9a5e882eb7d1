//! Devices on several machines: what containers export, who may use it, and what there is to see. All machines are on one
//! computer, and reach each other over the loopback interface.

mod common;

use std::io::Read;
use std::net::TcpListener;
use std::process::{Child, Stdio};

use common::Folder;
use common::device::Device;
use serde_json::Value;

const HOUSE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/house");

/// Opens the thermometer again and again, and says what comes of it.
const READER: &str = "
import .climate-client show ClimateClient

main:
  while true:
    error := catch: read
    if error: print \"failed: $error\"
    sleep --ms=100

read -> none:
  climate := ClimateClient
  climate.open --timeout=(Duration --s=1)
  try:
    print \"read $(climate.temperature) tenths\"
  finally:
    climate.close
";

/// A folder with the identities of the machines, and the endpoint of the cellar.
struct House {
    folder: Folder,
    endpoint: String,
}

impl House {
    /// Makes identities: the cellar is the authority.
    fn new(name: &str, others: &[&str]) -> House {
        let folder = Folder::new(name);
        let answer = folder.lucarne(&["fabric", "init", "cellar", "--folder", "cellar"]);
        assert_eq!(answer.status, Some(0), "{}", answer.error);
        let house = House { folder, endpoint: endpoint() };
        others.iter().for_each(|machine| house.invite(machine, machine));
        house
    }

    /// Lets a machine join, whose identity gets a folder.
    fn invite(&self, machine: &str, place: &str) {
        let line = ["fabric", "invite", machine, "--listen", "127.0.0.1:0", "--folder", "cellar"];
        let mut inviting = self.folder.command(&line);
        let mut inviting = Killed(inviting.stdout(Stdio::piped()).spawn().expect("the binary starts"));
        let output = inviting.0.stdout.as_mut().expect("it is a pipe");
        let (mut text, mut byte) = (Vec::new(), [0]);
        let token = loop {
            assert_eq!(output.read(&mut byte).expect("it is a pipe"), 1, "the invitation has ended");
            text.push(byte[0]);
            let line = String::from_utf8_lossy(&text);
            if let Some((_, token)) = line.rsplit_once("lucarne fabric join ")
                && let Some(token) = token.strip_suffix('\n')
            {
                break token.to_owned();
            }
        };
        let answer = self.folder.lucarne(&["fabric", "join", &token, "--folder", place]);
        assert_eq!(answer.status, Some(0), "{}", answer.error);
        assert!(inviting.0.wait().expect("it was started here").success());
    }

    fn identity(&self, machine: &str) -> String {
        self.folder.path(machine).display().to_string()
    }

    /// Prepares a device, and gives it the programs of the house.
    fn device(&self, name: &str) -> Device {
        let device = Device::prepared(name);
        for entry in std::fs::read_dir(HOUSE).expect("the example is there").map_while(Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".toit") {
                device.folder.file(&name, std::fs::read(entry.path()).expect("it can be read"));
            }
        }
        device.folder.file("reader.toit", READER);
        device
    }

    /// Starts the device in the cellar.
    fn start_cellar(&self, device: &Device) {
        let identity = self.identity("cellar");
        start(device, &["--identity", &identity, "--fabric-listen", &self.endpoint]);
    }

    /// Starts another device, which imports everything from the cellar.
    fn start_other(&self, device: &Device, machine: &str) {
        let identity = self.identity(machine);
        let options = ["--identity", &identity, "--fabric", &self.endpoint, "--import", "cellar:all"];
        start(device, &options);
    }
}

/// An OS process that is killed at the end.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns an endpoint that is free now.
fn endpoint() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    format!("tcp/{}", listener.local_addr().expect("it listens"))
}

fn start(device: &Device, options: &[&str]) {
    let answer = device.answer(&[&["device", "start"], options].concat());
    assert_eq!((answer.status, &*answer.error), (Some(0), ""), "{}", answer.out);
}

/// Returns what a device sees of another machine; null if it does not know it.
fn seen(device: &Device, machine: &str) -> Value {
    let status = device.json(&["fabric", "status", "--json"]);
    let machines = status["machines"].as_array().expect("a list");
    machines.iter().find(|other| other["machine"] == machine).cloned().unwrap_or_default()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

#[test]
fn a_container_exports_to_the_machine_that_its_rule_names() {
    let house = House::new("machines-export", &["hall", "attic"]);
    let [cellar, hall, attic] =
        ["cellar", "hall", "attic"].map(|name| house.device(&format!("machines-export-{name}")));
    house.start_cellar(&cellar);
    house.start_other(&hall, "hall");
    house.start_other(&attic, "attic");
    assert_eq!(cellar.json(&["device", "status", "--json"])["name"], "cellar", "its name in the fabric");

    // Nothing is exported by default.
    cellar.install(&["thermometer", "cellar.toit"]);
    assert_eq!(cellar.json(&["fabric", "status", "--json"])["exported"], 0);
    cellar.install(&["--export", "hall:house/climate", "thermometer", "cellar.toit"]);
    let inspected = cellar.json(&["container", "inspect", "--json", "thermometer"]);
    assert_eq!(inspected["settings"]["permissions"]["exports"][0], "hall:house/climate");
    assert!(
        cellar.good(&["container", "inspect", "thermometer"]).contains("exports       hall:house/climate\n")
    );
    assert!(cellar.good(&["container", "list"]).contains(", exports hall:house/climate\n"));

    for device in [&hall, &attic] {
        device.install(&["reader", "reader.toit"]);
    }
    hall.wait_for("reader", "tenths", 3);
    // The attic has proven its name, too, but no rule names it: the machine that exports refuses it.
    attic.wait("refusal of the attic", || number(&seen(&cellar, "attic")["refused"]) > 0);
    attic.wait_for("reader", "failed: ", 3);
    assert!(!attic.log("reader").contains("tenths"), "{}", attic.log("reader"));
    let of_attic = seen(&cellar, "attic");
    assert_eq!((&of_attic["is_proven"], &of_attic["is_in_contact"]), (&true.into(), &true.into()));
    assert_eq!(seen(&cellar, "hall")["refused"], 0);

    // The rule is kept with the container.
    cellar.good(&["device", "stop", "--quiet"]);
    hall.wait_for("reader", "failed: ", 1);
    house.start_cellar(&cellar);
    let before = hall.log("reader").matches("tenths").count();
    hall.wait_for("reader", "tenths", before + 3);
    assert!(!attic.log("reader").contains("tenths"));
}

#[test]
fn commands_show_machines() {
    let house = House::new("machines-shown", &["hall"]);
    let [cellar, hall] = ["cellar", "hall"].map(|name| house.device(&format!("machines-shown-{name}")));
    house.start_cellar(&cellar);
    cellar.install(&["--export", "all", "thermometer", "cellar.toit"]);
    house.start_other(&hall, "hall");
    hall.install(&["panel", "hall.toit"]);
    hall.wait_for("panel", "°C", 1);

    hall.wait("time there and back", || !seen(&hall, "cellar")["round_trip_us"].is_null());
    let status = hall.json(&["fabric", "status", "--json"]);
    assert_eq!((&status["machine"], &status["has_identity"]), (&"hall".into(), &true.into()));
    let of_cellar = seen(&hall, "cellar");
    assert_eq!((&of_cellar["is_proven"], &of_cellar["services"]), (&true.into(), &1.into()));
    assert!(number(&of_cellar["sent_bytes"]) > 0 && number(&of_cellar["received_bytes"]) > 0, "{of_cellar}");
    assert!(number(&of_cellar["contacts"]) >= 1, "{of_cellar}");
    assert_eq!(of_cellar["epoch"], seen(&cellar, "hall")["epoch"], "both have the same name for it");
    assert_eq!(of_cellar["epoch"].as_str().map(str::len), Some(32));
    let text = hall.good(&["fabric", "status"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "This machine is 'hall' (others prove their names), and exports 0 services.");
    assert!(lines[1].starts_with("MACHINE") && lines[2].starts_with("cellar    yes "), "{text}");

    let sample = hall.json(&["services", "--json", "--for", "100ms"]);
    assert_eq!(sample["machine"], "hall");
    let climate = |sample: &Value| {
        let services = sample["services"].as_array().expect("a list");
        services.iter().find(|service| service["name"] == "house/climate").cloned().unwrap_or_default()
    };
    assert_eq!(
        (&climate(&sample)["machine"], &climate(&sample)["container"]),
        (&"cellar".into(), &Value::Null)
    );
    let sample = cellar.json(&["top", "--json", "--count", "1", "--interval", "100ms"]);
    assert_eq!((&sample["machine"], &climate(&sample)["machine"]), (&"cellar".into(), &"cellar".into()));
    assert_eq!(climate(&sample)["clients"][0]["machine"], "hall");
    let text = cellar.good(&["services", "--for", "100ms"]);
    let first = |line: &str| line.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    assert_eq!(first(&text), "MACHINE CONTAINER SERVICE");
    assert_eq!(text.lines().nth(1).map(first).as_deref(), Some("cellar thermometer house/climate@1.0"));
    assert!(text.contains("machine:hall"), "{text}");
    let text = hall.good(&["services", "--for", "100ms"]);
    assert_eq!(text.lines().nth(1).map(first).as_deref(), Some("cellar - house/climate@1.0"), "{text}");

    let metrics = cellar.good(&["device", "metrics"]);
    for line in [
        "lucarne_fabric_machines{device=\"cellar\"} 1\n",
        "lucarne_fabric_exported_services{device=\"cellar\"} 1\n",
        "lucarne_fabric_contact{device=\"cellar\",machine=\"hall\"} 1\n",
        "lucarne_fabric_machine_proven{device=\"cellar\",machine=\"hall\"} 1\n",
        "lucarne_fabric_lost_contacts_total{device=\"cellar\",machine=\"hall\"} ",
        "lucarne_fabric_refused_total{device=\"cellar\",machine=\"hall\"} 0\n",
        "lucarne_fabric_round_trip_seconds{device=\"cellar\",machine=\"hall\"} ",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    // Containers do not find what is for tools, and other machines even less.
    let listed = hall.answer(&["call", "lucarne/fabric.status"]);
    assert!(listed.status != Some(0) && listed.error.contains("lucarne/fabric"), "{}", listed.error);
}

#[test]
fn a_device_obeys_its_list_of_revoked_certificates_without_a_restart() {
    let house = House::new("machines-revoked", &["hall"]);
    let [cellar, hall] = ["cellar", "hall"].map(|name| house.device(&format!("machines-revoked-{name}")));
    house.start_cellar(&cellar);
    cellar.install(&["--export", "all", "thermometer", "cellar.toit"]);
    house.start_other(&hall, "hall");
    hall.install(&["panel", "hall.toit"]);
    hall.wait_for("panel", "°C", 1);
    let answer = house.folder.lucarne(&["fabric", "revoke", "hall", "--folder", "cellar"]);
    assert_eq!(answer.status, Some(0), "{}", answer.error);
    hall.wait_for("panel", "no temperature", 1);
    cellar.wait("end of contact", || {
        let of_hall = seen(&cellar, "hall");
        of_hall["is_in_contact"] != true && of_hall["is_proven"] != true
    });
    // It tries again, and is refused.
    cellar.wait("refusal", || number(&seen(&cellar, "hall")["refused"]) > 0);
    let log = std::fs::read_to_string(cellar.state().join("device.log")).expect("it has a log");
    assert!(log.contains("fabric: contact with hall is lost: its certificate is revoked\n"), "{log}");
    assert!(log.contains("fabric: hall cannot prove its name: its certificate is revoked\n"), "{log}");

    // With a new certificate it comes back.
    house.invite("hall", "hall-2");
    hall.good(&["device", "stop", "--quiet"]);
    house.start_other(&hall, "hall-2");
    let before = hall.log("panel").matches("°C").count();
    hall.wait_for("panel", "°C", before + 2);
}

#[test]
fn a_device_joins_the_fabric_when_it_has_its_state_folder() {
    let house = House::new("machines-twice", &[]);
    let cellar = house.device("machines-twice-cellar");
    house.start_cellar(&cellar);
    // The endpoint is in use too, but it does not come as far as that.
    let identity = house.identity("cellar");
    let again =
        ["device", "start", "--foreground", "--identity", &identity, "--fabric-listen", &house.endpoint];
    let answer = cellar.answer(&again);
    assert_eq!(answer.status, Some(1), "{}", answer.error);
    assert!(answer.error.contains("in use") && !answer.error.contains("fabric"), "{}", answer.error);
}

#[test]
fn permissions_hold_for_services_of_other_machines() {
    let house = House::new("machines-permissions", &["hall"]);
    let [cellar, hall] = ["cellar", "hall"].map(|name| house.device(&format!("machines-permissions-{name}")));
    house.start_cellar(&cellar);
    cellar.install(&["--export", "all", "thermometer", "cellar.toit"]);
    house.start_other(&hall, "hall");
    hall.install(&["free", "reader.toit"]);
    hall.wait_for("free", "tenths", 1);
    for (name, rule) in [
        ("other", "--allow-open=house/lamp"),
        ("denied", "--deny-open=house/climate"),
        ("tag", "--deny-open=machine:cellar"),
    ] {
        hall.install(&[rule, name, "reader.toit"]);
        hall.wait_for(name, "failed: Cannot find service: this container may not open it", 2);
        assert!(!hall.log(name).contains("tenths"), "{}", hall.log(name));
    }
    hall.install(&["--allow-open=house/climate", "allowed", "reader.toit"]);
    hall.wait_for("allowed", "tenths", 1);
}

#[test]
fn a_program_that_listens_shows_its_fabric() {
    let folder = Folder::new("machines-run");
    let sockets = tempfile::tempdir().expect("a temporary folder");
    let endpoint = endpoint();
    let socket = sockets.path().join("private").join("socket");
    let socket = socket.to_str().expect("paths are UTF-8");
    let program = format!("{HOUSE}/cellar.toit");
    let machine = |options: &[&str]| {
        let mut command = folder.command(&[&["run"], options].concat());
        Killed(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts"))
    };
    let own = [
        "--listen",
        socket,
        "--machine",
        "cellar",
        "--fabric-listen",
        &endpoint,
        "--export",
        "all",
        &program,
    ];
    let _cellar = machine(&own);
    let panel = format!("{HOUSE}/hall.toit");
    let _hall = machine(&["--machine", "hall", "--fabric", &endpoint, "--import", "cellar:all", &panel]);
    let until = std::time::Instant::now() + common::device::PATIENCE;
    loop {
        let answer = folder.lucarne(&["fabric", "status", "--json", "--connect", socket]);
        let status: Value = serde_json::from_str(&answer.out).unwrap_or_default();
        if status["machines"][0]["is_in_contact"] == true {
            assert_eq!(status["exported"], 1, "the service that shows this is not exported: {status}");
            assert_eq!(
                (&status["has_identity"], &status["machines"][0]["is_proven"]),
                (&false.into(), &false.into())
            );
            break;
        }
        assert!(std::time::Instant::now() < until, "{}{}", answer.out, answer.error);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn mistakes_with_devices_in_a_fabric_are_explained() {
    let device = Device::prepared("machines-mistakes");
    let own = "tcp/127.0.0.1:1";
    for (options, status, expected) in [
        (&["--machine", "hall"][..], 2, "--fabric"),
        (&["--fabric", own], 2, "--machine"),
        (&["--fabric", own, "--identity", "missing"], 2, "cannot read missing/machine.key"),
        (&["--fabric", "tcp/10.0.0.5:1", "--machine", "hall"], 1, "use --identity, or --insecure"),
        (&["--fabric", own, "--machine", "Hall"], 2, "'Hall' is not the name of a machine"),
    ] {
        let error = device.bad(&[&["device", "start"], options].concat(), status);
        assert!(error.contains(expected), "{options:?}: {error}");
    }
    device.good(&["device", "start"]);
    let error = device.bad(&["fabric", "status"], 1);
    assert!(
        error.contains("has not joined a fabric: start it with 'lucarne device start --fabric ENDPOINT'"),
        "{error}"
    );
    device.folder.file("app.toit", "main: print 1\n");
    let error = device.bad(&["container", "install", "--export", "hall:", "app", "app.toit"], 2);
    assert!(error.contains("'hall:' names no service"), "{error}");
    // A rule is kept until the device joins a fabric.
    device.install(&["--export", ":room:3", "app", "app.toit"]);
    assert!(device.good(&["container", "list"]).contains(", exports :room:3"));
    let unit =
        device.good(&["device", "unit", "--fabric", own, "--machine", "hall", "--import", "cellar:all"]);
    let line = unit.lines().find(|line| line.starts_with("ExecStart=")).expect("it starts something");
    assert!(line.ends_with(&format!(" --fabric \"{own}\" --machine hall --import \"cellar:all\"")), "{line}");
}
