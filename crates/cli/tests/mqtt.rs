//! Tests of the MQTT bridge, `examples/mqtt`, with a real broker that is killed, frozen and restarted.
//!
//! They need `mosquitto`. Its log says which messages it has received, and when.

mod common;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use common::device::{Device, PATIENCE};
use common::{freeze, signal};
use rustix::process::Signal;

/// The limit of the bridge for messages that are not acknowledged.
const MAX_QUEUED: usize = 100;

/// A broker at a port of its own. It keeps its sessions when it is told to end.
struct Broker {
    folder: tempfile::TempDir,
    port: u16,
    process: Child,
    /// The number of its processes so far, each of which has a log.
    runs: usize,
}

impl Broker {
    fn started() -> Broker {
        for _ in 0..20 {
            let folder = tempfile::tempdir().expect("a temporary folder");
            // Connections to other servers do not get such a port, so it is still free after a restart.
            let port = fastrand::u16(20_000..32_000);
            let settings = format!(
                "listener {port} 127.0.0.1\nallow_anonymous true\nlog_type all\nlog_dest stderr\nuser root\n\
                 persistence true\npersistence_location {}/\nmax_queued_messages 0\nmax_inflight_messages 0\n",
                folder.path().display()
            );
            std::fs::write(folder.path().join("settings"), settings).expect("the folder can be written");
            let process = spawn(folder.path(), 1);
            let mut broker = Broker { folder, port, process, runs: 1 };
            if broker.is_running() {
                return broker;
            }
        }
        panic!("mosquitto finds no free port");
    }

    fn restart(&mut self) {
        self.runs += 1;
        self.process = spawn(self.folder.path(), self.runs);
        assert!(self.is_running(), "{}", self.log());
    }

    /// Waits until the broker listens. Returns false if it has ended instead.
    fn is_running(&mut self) -> bool {
        let until = Instant::now() + PATIENCE;
        loop {
            if self.log().contains(" running") {
                return true;
            }
            if self.process.try_wait().expect("a child").is_some() {
                return false;
            }
            assert!(Instant::now() < until, "mosquitto does not start: {}", self.log());
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// Returns the log of the current process.
    fn log(&self) -> String {
        std::fs::read_to_string(log_file(self.folder.path(), self.runs)).expect("the log exists")
    }

    fn end(&mut self, signal_: Signal) {
        signal(self.process.id(), signal_);
        self.process.wait().expect("a child");
    }

    /// Stops the broker's process, so that it answers nothing until it is thawed.
    fn freeze(&self, device: &Device) {
        freeze(self.process.id());
        let stat = format!("/proc/{}/stat", self.process.id());
        device.wait("broker that is stopped", || {
            std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T "))
        });
    }

    fn thaw(&self) {
        signal(self.process.id(), Signal::CONT);
    }

    /// Returns the numbers of the messages below a topic that the current process has received.
    fn received(&self, topic: &str) -> BTreeSet<usize> {
        let log = self.log();
        let lines = log.lines().filter(|line| line.contains("Received PUBLISH"));
        numbers(
            lines
                .filter_map(|line| line.split_once(&format!("'{topic}/"))?.1.split_once('\''))
                .map(|it| it.0),
        )
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn log_file(folder: &Path, run: usize) -> PathBuf {
    folder.join(format!("log-{run}"))
}

fn spawn(folder: &Path, run: usize) -> Child {
    let log = File::create(log_file(folder, run)).expect("the folder can be written");
    // Debian has it in a folder that is not on the path of every user.
    for program in ["mosquitto", "/usr/sbin/mosquitto"] {
        let mut command = Command::new(program);
        command.arg("-c").arg(folder.join("settings")).stdin(Stdio::null()).stdout(Stdio::null());
        match command.stderr(log.try_clone().expect("a descriptor")).spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => (),
            result => return result.expect("mosquitto starts"),
        }
    }
    panic!("this test needs the broker mosquitto: run .ci/install, or `apt-get install mosquitto`");
}

fn numbers<'t>(texts: impl Iterator<Item = &'t str>) -> BTreeSet<usize> {
    texts.filter_map(|text| text.parse().ok()).collect()
}

/// Returns the numbers that follow a text at the beginnings of lines.
fn numbers_after(log: &str, text: &str) -> BTreeSet<usize> {
    numbers(log.lines().filter_map(|line| line.strip_prefix(text)))
}

/// Starts a device with a bridge to the broker.
fn bridged(name: &str, broker: &Broker) -> Device {
    let device = Device::prepared(name);
    for folder in ["../../examples/mqtt", "tests/mqtt"] {
        for entry in Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).read_dir().expect("the folder exists")
        {
            let path = entry.expect("the file can be read").path();
            let text = std::fs::read(&path).expect("the file can be read");
            device.folder.file(&path.file_name().expect("a file").to_string_lossy(), text);
        }
    }
    device.good(&["device", "start"]);
    let port = broker.port.to_string();
    // A broker is silent after three seconds.
    device.install(&["bridge", "bridge.toit", "--", "127.0.0.1", &port, "bridge", "2"]);
    device.wait_for("bridge", "connected to", 1);
    device
}

#[test]
fn containers_publish_and_subscribe() {
    let broker = Broker::started();
    let device = bridged("mqtt-uses", &broker);
    device.install(&["--no-network", "uses", "uses.toit"]);
    device.wait_for("uses", "all uses work", 1);
}

#[test]
fn a_killed_broker_costs_no_acknowledged_message() {
    let mut broker = Broker::started();
    let device = bridged("mqtt-killed", &broker);
    device.install(&["listener", "subscribe.toit", "--", "flood/#"]);
    device.wait_for("listener", "subscribed to", 1);

    // The operating system takes the messages for a frozen broker, which reads none of them.
    broker.freeze(&device);
    device.install(&["flood", "flood.toit", "--", "flood", "150"]);
    device.wait_for("flood", "queued 100", 1);
    device.wait_for("flood", "QUEUE_FULL", 150 - MAX_QUEUED);
    let log = device.log("flood");
    assert_eq!(numbers_after(&log, "acknowledged ").len(), 0, "{log}");
    assert_eq!(numbers_after(&log, "QUEUE_FULL ").len(), 150 - MAX_QUEUED, "{log}");

    broker.end(Signal::KILL);
    broker.restart();
    device.wait_for("flood", "the flood is over", 1);
    let acknowledged = numbers_after(&device.log("flood"), "acknowledged ");
    assert_eq!(acknowledged.len(), MAX_QUEUED);
    assert_eq!(broker.received("flood"), acknowledged);
    // The new broker knew nothing of the subscription.
    device.wait("message that the listener has not heard", || {
        let log = device.log("listener");
        acknowledged.iter().all(|number| log.contains(&format!("flood/{number}: ")))
    });
}

#[test]
fn a_broker_that_is_frozen_or_restarted_is_reached_again() {
    let mut broker = Broker::started();
    let device = bridged("mqtt-frozen", &broker);
    broker.freeze(&device);
    device.install(&["first", "publish.toit", "--", "first", "1", "20"]);
    device.wait_for("bridge", "the broker is silent", 1);
    assert!(!device.log("first").contains("acknowledged"));
    broker.thaw();
    device.wait_for("first", "acknowledged 20", 1);

    // A restart with messages on the way, some of which arrive before it, and some after it.
    device.install(&["second", "publish.toit", "--", "second", "1", "2000"]);
    device.wait_for("second", "acknowledged 50\n", 1);
    broker.end(Signal::TERM);
    let before = broker.received("second");
    broker.restart();
    device.wait_for("second", "acknowledged 2000", 1);
    let received: BTreeSet<_> = before.union(&broker.received("second")).copied().collect();
    assert_eq!(received, (1..=2000).collect());
}

#[test]
fn calls_fail_when_the_bridge_ends() {
    let broker = Broker::started();
    let device = bridged("mqtt-ended", &broker);
    device.install(&["listener", "subscribe.toit", "--", "ended/#"]);
    device.wait_for("listener", "subscribed to", 1);
    broker.freeze(&device);
    device.install(&["flood", "flood.toit", "--", "ended", "3"]);
    device.wait_for("flood", "queued 3", 1);
    device.good(&["container", "stop", "bridge"]);
    device.wait_for("flood", "the flood is over", 1);
    let log = device.log("flood");
    assert_eq!(numbers_after(&log, "acknowledged ").len(), 0, "{log}");
    assert_eq!(numbers_after(&log, "NO_SUCH_PROCESS ").len(), 3, "{log}");
    device.wait_for("listener", "NO_SUCH_PROCESS", 1);
}

#[test]
fn the_broker_keeps_messages_while_the_bridge_is_away() {
    let broker = Broker::started();
    let device = bridged("mqtt-away", &broker);
    device.install(&["listener", "subscribe.toit", "--", "away/#"]);
    device.wait_for("listener", "subscribed to", 1);
    let pid = device.pid();
    freeze(pid);
    let until = Instant::now() + PATIENCE;
    while !broker.log().contains("bridge has exceeded timeout") {
        assert!(Instant::now() < until, "{}", broker.log());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    publish(broker.port, "away/1");
    signal(pid, Signal::CONT);
    device.wait_for("listener", "away/1: hello", 1);
}

/// Publishes a message, and waits until the broker has acknowledged it.
fn publish(port: u16, topic: &str) {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("the broker listens");
    let size = |bytes: usize| u8::try_from(bytes).expect("a short packet");
    let mut bytes = b"\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04test".to_vec();
    bytes.extend([0x32, size(2 + topic.len() + 2 + 5), 0, size(topic.len())]);
    bytes.extend(topic.bytes());
    bytes.extend(b"\0\x01hello");
    socket.write_all(&bytes).expect("the broker reads");
    let mut answers = [0; 8];
    socket.read_exact(&mut answers).expect("the broker answers");
    assert_eq!(answers, *b"\x20\x02\0\0\x40\x02\0\x01");
}
