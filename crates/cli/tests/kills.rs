//! Kills devices at any moment, and damages their files: after the next start, everything that was acknowledged is
//! there, or a message names the file that is damaged or missing.
//!
//! ```text
//! cargo test -p lucarne-cli --release --test kills a_thousand -- --ignored
//! ```

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use common::device::Device;

/// The name of the container that writes to its storage all the time.
const STORES: &str = "stores";

/// The number of names of containers that are installed and uninstalled.
const NAMES: u64 = 4;

/// The largest number of operations that a device acknowledges before the operation that is interrupted by a kill.
const WHOLE_MAX: u64 = 2;

/// The longest time from the beginning of an operation to a kill, in µs. An operation takes about as long as this.
const MOMENT_MAX_US: u64 = 40_000;

/// The containers that are installed: the name of each, and the number of the operation that installed it.
type Installed = BTreeMap<String, u64>;

fn is_installation(number: u64) -> bool {
    number % 5 != 4
}

fn name(number: u64) -> String {
    format!("c{}", number % NAMES)
}

/// Starts an OS process that requests operation `number` from the device.
fn begin(device: &Device, number: u64) -> Child {
    let (name, number_text) = (name(number), number.to_string());
    let install = ["container", "install", "-q", &name, "idle.toit", "--", &number_text];
    let uninstall = ["container", "uninstall", "-q", &name];
    let arguments = if is_installation(number) { &install[..] } else { &uninstall[..] };
    let mut command = device.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
}

/// Returns whether the device has acknowledged an operation, or had nothing to do: the container to uninstall did not
/// exist.
fn is_acknowledged(mut operation: Child, number: u64, before: &Installed) -> bool {
    let is_unknown = !is_installation(number) && !before.contains_key(&name(number));
    operation.wait().expect("the process ends").success() || is_unknown
}

fn after(mut installed: Installed, number: u64) -> Installed {
    if is_installation(number) {
        installed.insert(name(number), number);
    } else {
        installed.remove(&name(number));
    }
    installed
}

fn found(device: &Device) -> Installed {
    let list = device.json(&["container", "list", "--json"]);
    let names = list.as_array().expect("a list").iter().filter_map(|listed| listed["name"].as_str());
    let number_of = |name: &str| {
        let inspected = device.json(&["container", "inspect", "--json", name]);
        inspected["settings"]["arguments"][0].as_str().and_then(|text| text.parse().ok())
    };
    let numbers = names.filter(|name| *name != STORES);
    numbers.map(|name| (name.to_owned(), number_of(name).expect("a number"))).collect()
}

/// Reads the log of the container [`STORES`] from its files, without a device: the number and the text of each line.
fn lines(device: &Device) -> BTreeMap<u64, String> {
    let folder = device.state().join("logs").join(STORES);
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let texts = files.map(|file| std::fs::read_to_string(file.path()).unwrap_or_default());
    let line_of = |line: &str| {
        // The device may be writing the last line.
        let entry: serde_json::Value = serde_json::from_str(line).ok()?;
        Some((entry["n"].as_u64()?, entry["text"].as_str()?.to_owned()))
    };
    texts.flat_map(|text| text.lines().filter_map(line_of).collect::<Vec<_>>()).collect()
}

/// Returns the number after `word` in the last line that consists of this word and a number.
fn last_number<'l>(lines: impl DoubleEndedIterator<Item = &'l String>, word: &str) -> Option<u64> {
    lines.rev().find_map(|line| line.strip_prefix(word)?.trim().parse().ok())
}

/// Starts a device in the foreground and waits until it answers.
fn start(device: &Device) -> Child {
    let mut command = device.command(&["device", "start", "--foreground", "--quiet"]);
    let process = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().expect("the binary starts");
    device.wait("device", || device.answer(&["device", "status"]).status == Some(0));
    process
}

fn survives(test: &str, kills: u64) {
    let device = Device::prepared(test);
    let mut random = fastrand::Rng::with_seed(17);
    let (mut number, mut installed) = (0, Installed::new());
    for round in 0..kills {
        let before = lines(&device);
        let next = before.keys().next_back().map_or(0, |last| last + 1);
        let stored = last_number(before.values(), "stored").unwrap_or(0);
        let mut process = start(&device);
        if round == 0 {
            device.install(&[STORES, "stores.toit"]);
        } else {
            // The operation that was interrupted has happened entirely, or not at all.
            let (now, done) = (found(&device), after(installed.clone(), number));
            assert!(now == installed || now == done, "round {round}: {now:?}, not {installed:?} or {done:?}");
            number += u64::from(now == done);
            installed = now;
        }
        let kept = || last_number(lines(&device).range(next..).map(|(_, line)| line), "found");
        device.wait("number that was stored", || kept().is_some());
        let kept = kept().expect("just seen");
        assert!(kept >= stored, "round {round}: {stored} was stored, and {kept} is there");

        for _ in 0..random.u64(..=WHOLE_MAX) {
            let operation = begin(&device, number);
            assert!(
                is_acknowledged(operation, number, &installed),
                "round {round}: operation {number} fails"
            );
            installed = after(installed, number);
            number += 1;
        }
        let interrupted = begin(&device, number);
        // This varies the moment of the kill. It does not wait for an event.
        std::thread::sleep(Duration::from_micros(random.u64(..MOMENT_MAX_US)));
        process.kill().and_then(|()| process.wait()).expect("the device runs");
        if is_acknowledged(interrupted, number, &installed) {
            installed = after(installed, number);
            number += 1;
        }
    }
    assert!(number >= kills / 2, "only {number} operations");
}

#[test]
fn a_hundred_kills_of_a_device() {
    survives("device-kills", 100);
}

#[test]
#[ignore = "takes minutes"]
fn a_thousand_kills_of_a_device() {
    survives("device-many-kills", 1_000);
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::write(path, bytes).expect("the folder can be written");
}

#[test]
fn containers_run_without_their_storage_if_its_file_is_damaged() {
    let device = Device::started("damaged-storage");
    device.install(&["one", "count.toit"]);
    device.wait_for("one", "1 in flash, 1 in RAM", 1);
    device.good(&["device", "stop"]);
    let flash = device.state().join("flash.redb");
    let whole = std::fs::read(&flash).expect("the device has made it");
    write(&flash, "");
    let started = device.answer(&["device", "start"]);
    let warning = "flash.redb with the storage of the containers is damaged: it is empty";
    assert!(started.status == Some(0) && started.error.contains(warning), "{started:?}");
    device.wait_for("one", "the storage cannot be used: it is damaged: it is empty", 1);
    assert!(device.good(&["container", "list"]).contains("one"));
    device.good(&["device", "stop"]);
    assert_eq!(std::fs::read(&flash).expect("it is left as it is"), b"");
    write(&flash, whole);
    device.good(&["device", "start"]);
    device.wait_for("one", "2 in flash, 1 in RAM", 1);
}

#[test]
fn a_device_does_not_start_without_the_store_of_another_start() {
    let device = Device::started("damaged-store");
    device.install(&["one", "count.toit"]);
    device.wait_for("one", "1 in flash, 1 in RAM", 1);
    device.good(&["device", "stop"]);
    let store = device.state().join("store.redb");
    write(&store, "");
    let empty = device.bad(&["device", "start"], 1);
    assert!(empty.contains("store.redb with the installed containers is damaged: it is empty"), "{empty}");
    std::fs::remove_file(&store).expect("it is left as it is");
    let missing = device.bad(&["device", "start"], 1);
    assert!(missing.contains("is missing, but flash.redb of the same device is there"), "{missing}");
    assert!(!store.exists());
    write(&device.state().join("store.redb.old"), "");
    device.good(&["device", "start"]);
}

#[test]
fn what_is_not_a_state_folder_is_named() {
    let device = Device::prepared("foreign-state");
    device.folder.file("notes/note.txt", "remember");
    for command in [&["device", "start"][..], &["device", "status"], &["container", "list"]] {
        let file = device.bad(&[command, &["--state", "notes/note.txt"]].concat(), 2);
        assert!(file.contains("note.txt is not a folder"), "{file}");
    }
    let foreign = device.bad(&["device", "start", "--state", "notes"], 1);
    assert!(foreign.contains("other files in it, such as 'note.txt'"), "{foreign}");
    assert!(!foreign.contains("chmod"), "{foreign}");
}
