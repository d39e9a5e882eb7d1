//! A browser, controlled by the DevTools protocol over a pipe: messages in JSON, each followed by a zero byte.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt, FdMapping};
use serde_json::{Value, json};

/// The variable that names the browser.
pub(crate) const VARIABLE: &str = "LUCARNE_BROWSER";

/// The names under which it is usually installed.
const NAMES: &[&str] = &["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

/// The time limit of each wait.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Browser {
    child: Child,
    to: PipeWriter,
    from: BufReader<PipeReader>,
    last: u64,
    session: Option<String>,
}

impl Browser {
    /// Starts the browser of this machine. Returns none if no browser is installed.
    pub(crate) fn started(folder: &Path) -> Option<Browser> {
        let names: Vec<OsString> = match std::env::var_os(VARIABLE) {
            Some(name) => vec![name],
            None => NAMES.iter().map(OsString::from).collect(),
        };
        names.iter().find_map(|name| Browser::start(Command::new(name), folder))
    }

    fn start(mut command: Command, folder: &Path) -> Option<Browser> {
        let (commands, to) = std::io::pipe().expect("there are pipes");
        let (from, answers) = std::io::pipe().expect("there are pipes");
        command.args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--remote-debugging-pipe",
        ]);
        command.arg(format!("--user-data-dir={}", folder.display()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mappings = vec![
            FdMapping { parent_fd: OwnedFd::from(commands), child_fd: 3 },
            FdMapping { parent_fd: OwnedFd::from(answers), child_fd: 4 },
        ];
        command.fd_mappings(mappings).expect("the numbers differ");
        let child = command.spawn().ok()?;
        // The pipes of the child are closed here, so that its end is seen.
        drop(command);
        let mut browser = Browser { child, to, from: BufReader::new(from), last: 0, session: None };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", attach);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        Some(browser)
    }

    /// Calls a method, and returns its result.
    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(message.to_string().as_bytes()).expect("the browser runs");
        self.to.write_all(&[0]).expect("the browser runs");
        loop {
            let mut bytes = Vec::new();
            self.from.read_until(0, &mut bytes).expect("the browser runs");
            assert_eq!(bytes.pop(), Some(0), "the browser has ended");
            let answer: Value = serde_json::from_slice(&bytes).expect("messages are JSON");
            if answer["id"] == json!(self.last) {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// Evaluates an expression in the page.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true });
        let mut result = self.call("Runtime.evaluate", parameters);
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {result}");
        result["result"]["value"].take()
    }

    /// Waits until an expression is true.
    pub(crate) fn wait_for(&mut self, expression: &str) {
        let until = Instant::now() + PATIENCE;
        while self.evaluate(expression) != json!(true) {
            assert!(Instant::now() < until, "never true: {expression}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Opens a page with a width in pixels, by day or by night.
    pub(crate) fn open(&mut self, url: &str, width: u32, scheme: &str) {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.call("Emulation.setEmulatedMedia", json!({ "features": [feature] }));
        self.call("Page.navigate", json!({ "url": url }));
        // A link to another place of the same page loads nothing.
        let page = url.split('#').next().unwrap_or(url);
        let is_there = format!("location.href.startsWith({page:?}) && document.readyState === 'complete'");
        self.wait_for(&is_there);
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, None),
            "Enter" => (13, Some("\r")),
            "Escape" => (27, None),
            "ArrowUp" => (38, None),
            "ArrowDown" => (40, None),
            key => (191, Some(key)),
        };
        let mut event = json!({ "type": "keyDown", "key": key, "windowsVirtualKeyCode": code });
        if let Some(text) = text {
            event["text"] = json!(text);
        }
        self.call("Input.dispatchKeyEvent", event.clone());
        event["type"] = json!("keyUp");
        self.call("Input.dispatchKeyEvent", event);
    }

    /// Types a text.
    pub(crate) fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
