//! Kills the OS process of a store at any moment: the operations that it has reported are in the store afterwards, and
//! no operation is half done.
//!
//! ```text
//! cargo test -p lucarne-device --release --test kills five_hundred -- --ignored
//! ```

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use lucarne_device::{ContainerName, Digest, Image, Settings, Store, StoreError};

/// The variables with the folder of the store that a victim works on, and with the number of its first operation.
const FOLDER: &str = "LUCARNE_TEST_STORE";
const FIRST: &str = "LUCARNE_TEST_FIRST";

fn name(number: u64) -> ContainerName {
    format!("c{}", number % 5).parse().expect("the name is valid")
}

fn asset(number: u64) -> Vec<u8> {
    number.to_le_bytes().repeat(200)
}

fn is_installation(number: u64) -> bool {
    number % 7 != 6
}

/// Runs operation `number`.
fn operate(store: &Store, image: &Image, number: u64) {
    if is_installation(number) {
        let settings = Settings { arguments: vec![number.to_string()], ..Settings::default() };
        let assets = [("asset".to_owned(), asset(number))].into();
        store.install(&name(number), image, None, &settings, &assets).expect("there is room");
    } else {
        match store.uninstall(&name(number)) {
            Ok(_) | Err(StoreError::Unknown(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Returns the containers that are installed after `operations` operations: the name of each, and the number of the
/// operation that installed it.
fn expected(operations: u64) -> BTreeMap<ContainerName, u64> {
    let mut installed = BTreeMap::new();
    for number in 0..operations {
        if is_installation(number) {
            installed.insert(name(number), number);
        } else {
            installed.remove(&name(number));
        }
    }
    installed
}

/// Returns the installed containers, after checking that each of them is complete.
fn found(folder: &Path) -> BTreeMap<ContainerName, u64> {
    let store = Store::open(folder).expect("the process that had it open has ended");
    let records = store.list().expect("the store is intact").into_iter().map(|record| {
        let number = record.settings.arguments[0].parse().expect("the text is a number");
        store.image(record.image).expect("the contents are intact");
        let digest = record.settings.assets["asset"];
        assert_eq!(digest, Digest::of(&asset(number)));
        store.asset(digest).expect("the contents are intact");
        (record.name, number)
    });
    records.collect()
}

/// Runs the OS process that the test kills.
#[test]
#[ignore = "started by the other tests"]
fn victim() {
    let variable = |name| std::env::var(name).expect("started by the other tests");
    let store = Store::open(Path::new(&variable(FOLDER))).expect("no other process has it open");
    let image = image();
    let mut out = std::io::stdout();
    for number in variable(FIRST).parse().expect("the text is a number").. {
        operate(&store, &image, number);
        out.write_all(format!("\ndone {number}\n").as_bytes()).expect("the test reads the output");
    }
}

/// Creates a component without contents: the store does not look into it.
fn image() -> Image {
    let header = b"lucarne image \x02\x02\x00";
    Image::read(header.to_vec()).expect("the image is valid")
}

fn survives(kills: usize) {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let mut random = fastrand::Rng::with_seed(11);
    let mut first = 0;
    for round in 0..kills {
        let mut child = Command::new(std::env::current_exe().expect("the executable has a path"))
            .args(["--exact", "victim", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test can be started");
        let out = BufReader::new(child.stdout.take().expect("the stream is piped"));
        let mut lines = out.lines().map_while(Result::ok).filter(|line| line.starts_with("done "));
        // Waits for up to three operations, so that some rounds get far even on a busy machine.
        let mut done = first;
        for line in lines.by_ref().take(random.usize(..4)) {
            done = number_of(&line) + 1;
        }
        std::thread::sleep(Duration::from_micros(random.u64(..3_000)));
        child.kill().expect("the child is running");
        for line in lines {
            done = number_of(&line) + 1;
        }
        child.wait().expect("the child has been killed");
        let found = found(folder.path());
        first = match [done, done + 1].into_iter().find(|operations| expected(*operations) == found) {
            Some(operations) => operations,
            None => panic!("round {round}: after {done} operations there is {found:?}"),
        };
    }
    assert!(first > kills as u64, "only {first} operations");
}

fn number_of(line: &str) -> u64 {
    line.trim_start_matches("done ").parse().expect("the text is a number")
}

#[test]
fn fifty_kills() {
    survives(50);
}

#[test]
#[ignore = "takes some seconds"]
fn five_hundred_kills() {
    survives(500);
}
