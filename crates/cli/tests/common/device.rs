//! A device with a state folder of its own, and commands for it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Answer, Folder};

/// The time limit of each wait.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A device with a state folder of its own, which is removed with it.
pub(crate) struct Device {
    pub(crate) folder: Folder,
    /// The state folder is in it: the path is short enough for sockets.
    pub(crate) state: tempfile::TempDir,
}

impl Device {
    /// Makes a folder with the programs of these tests, for a device that is not started.
    pub(crate) fn prepared(name: &str) -> Device {
        let folder = Folder::new(name);
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/device");
        for entry in std::fs::read_dir(sources).expect("the programs are there") {
            let path = entry.expect("the file can be read").path();
            let text = std::fs::read(&path).expect("the file can be read");
            folder.file(&path.file_name().expect("a file").to_string_lossy(), text);
        }
        let room = ["room", "room-service", "room-provider", "room-client", "hall"];
        let room = room.map(|name| format!("room/{name}.toit"));
        for example in room.into_iter().chain(["clock/reader.toit".to_owned(), "keeper/job.toit".to_owned()])
        {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example);
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            folder.file(&name, std::fs::read(&path).expect("the example is there"));
        }
        Device { folder, state: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn started(name: &str) -> Device {
        let device = Device::prepared(name);
        device.good(&["device", "start"]);
        device
    }

    pub(crate) fn answer(&self, arguments: &[&str]) -> Answer {
        let output = self.command(arguments).output().expect("the binary starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
        Answer { status: output.status.code(), out: text(output.stdout), error: text(output.stderr) }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.folder.command(arguments);
        command.env("LUCARNE_STATE", self.state());
        command
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.state.path().join("state")
    }

    /// Returns the output of a command that must succeed.
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let answer = self.answer(arguments);
        assert_eq!((answer.status, answer.error.as_str()), (Some(0), ""), "{arguments:?}: {}", answer.out);
        answer.out
    }

    /// Returns the error output of a command that must fail.
    pub(crate) fn bad(&self, arguments: &[&str], status: i32) -> String {
        let answer = self.answer(arguments);
        assert_eq!((answer.status, answer.out.as_str()), (Some(status), ""), "{arguments:?}");
        answer.error
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.good(arguments)).expect("the text is JSON")
    }

    pub(crate) fn install(&self, arguments: &[&str]) {
        self.good(&[&["container", "install", "--quiet"], arguments].concat());
    }

    pub(crate) fn log(&self, name: &str) -> String {
        let Answer { status, out, error } = self.answer(&["container", "logs", name]);
        assert_eq!(status, Some(0), "{error}");
        out + &error
    }

    /// Waits until the log of a container contains a text this many times.
    pub(crate) fn wait_for(&self, name: &str, text: &str, times: usize) {
        self.wait(&format!("'{text}' in the log of {name}"), || {
            self.log(name).matches(text).count() >= times
        });
    }

    pub(crate) fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < until, "no {what}:\n{}", self.dump());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn state_of(&self, name: &str) -> Value {
        self.json(&["container", "inspect", "--json", name])["state"].clone()
    }

    pub(crate) fn wait_for_state(&self, name: &str, state: &str) {
        self.wait(&format!("{name} that is {state}"), || self.state_of(name)["is"] == state);
    }

    pub(crate) fn pid(&self) -> u32 {
        let pid = self.json(&["device", "status", "--json"])["pid"].as_u64();
        pid.and_then(|pid| pid.try_into().ok()).expect("the process is running")
    }

    /// Returns the list of the containers and their logs, for the message of a failed test.
    pub(crate) fn dump(&self) -> String {
        let list = self.answer(&["container", "list"]).out;
        let names = list.lines().skip(1).filter_map(|line| line.split_whitespace().nth(2));
        let logs = names.map(|name| format!("== {name}\n{}", self.log(name)));
        list.clone() + &logs.collect::<String>()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // A device that does not run, or was killed, cannot be stopped.
        let _ = self.command(&["device", "stop"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Returns the executable of an example, which is built with these tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_lucarne"));
    binary.parent().expect("the file is in a folder").join("examples").join(name)
}
