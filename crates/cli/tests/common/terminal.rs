//! A command in a pseudo-terminal, which `script` of util-linux makes.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::Folder;

/// The time in which a terminal shows what is expected.
const PATIENCE: Duration = Duration::from_secs(120);

/// The keys.
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_D: &str = "\x04";
pub(crate) const TAB: &str = "\t";

pub(crate) struct Terminal {
    child: Child,
    keys: Option<ChildStdin>,
    output: Receiver<Vec<u8>>,
    /// What has been shown and was not expected yet.
    shown: String,
}

impl Terminal {
    /// Runs the command line in a terminal. Returns none, with a message, if `script` is not installed.
    #[allow(clippy::print_stdout, reason = "a test that is skipped says why")]
    pub(crate) fn open(folder: &Folder, arguments: &[&str]) -> Option<Terminal> {
        let line = format!("exec {} {}", env!("CARGO_BIN_EXE_lucarne"), arguments.join(" "));
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"]);
        command.current_dir(folder.path("")).env("TERM", "xterm").env("NO_COLOR", "1");
        command
            .env("XDG_STATE_HOME", folder.path("state"))
            .env("LUCARNE_PKG_CACHE", folder.path("pkg-cache"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let Ok(mut child) = command.spawn() else {
            println!("skipped: `script` is not installed, so there is no terminal");
            return None;
        };
        let mut stdout = child.stdout.take().expect("piped");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stdout.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = child.stdin.take();
        Some(Terminal { child, keys, output, shown: String::new() })
    }

    pub(crate) fn press(&mut self, keys: &str) {
        let keyboard = self.keys.as_mut().expect("the terminal is open");
        keyboard.write_all(keys.as_bytes()).and_then(|()| keyboard.flush()).expect("the terminal reads");
    }

    /// Types a line.
    pub(crate) fn line(&mut self, line: &str) {
        self.press(&format!("{line}\r"));
    }

    /// Waits until the terminal shows a text after what was expected before. Returns what was shown before it.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let plain = plain(&self.shown);
            if let Some(at) = plain.find(text) {
                let before = plain[..at].to_owned();
                self.shown = plain[at + text.len()..].to_owned();
                return before;
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.shown += &String::from_utf8_lossy(&bytes),
                Err(error) => panic!("the terminal does not show {text:?} ({error}), but {plain:?}"),
            }
        }
    }

    /// Waits for the end of the command, and returns its status.
    pub(crate) fn end(mut self) -> Option<i32> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it is a child") {
                return status.code();
            }
            assert!(Instant::now() < until, "the command does not end: {:?}", plain(&self.shown));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a text without the sequences that control a terminal.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\x1b' => {
                if letters.next_if_eq(&'[').is_some() {
                    while letters.next().is_some_and(|letter| !('@'..='~').contains(&letter)) {}
                } else {
                    letters.next();
                }
            }
            '\r' => {}
            letter => plain.push(letter),
        }
    }
    plain
}
