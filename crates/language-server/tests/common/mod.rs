//! A client that speaks to a server in the same OS process, over pipes.

use std::collections::HashMap;
use std::io::{BufReader, PipeReader, PipeWriter, Write, pipe};
use std::path::Path;
use std::thread::JoinHandle;

use lucarne_language_server::{Ended, serve, wire};
use serde_json::{Value, json};

/// A client. Dropping it ends the session.
pub(crate) struct Client {
    input: Option<PipeWriter>,
    output: BufReader<PipeReader>,
    server: Option<JoinHandle<std::io::Result<Ended>>>,
    next_id: u64,
    versions: HashMap<String, i32>,
    /// The notifications that have arrived: their methods and parameters.
    notified: Vec<(String, Value)>,
}

impl Client {
    /// Starts a server for the workspace in a folder. It may write the library below `cache`.
    pub(crate) fn start(folder: &Path, cache: &Path, capabilities: Value) -> Client {
        let (server_input, input) = pipe().expect("a pipe can be made");
        let (output, server_output) = pipe().expect("a pipe can be made");
        let cache = cache.to_owned();
        let server =
            std::thread::spawn(move || serve(&mut BufReader::new(server_input), server_output, Some(cache)));
        let mut client = Client {
            input: Some(input),
            output: BufReader::new(output),
            server: Some(server),
            next_id: 0,
            versions: HashMap::new(),
            notified: Vec::new(),
        };
        let params = json!({
            "processId": null,
            "rootUri": uri(folder),
            "capabilities": capabilities,
        });
        client.request("initialize", params).expect("the server starts");
        client.notify("initialized", json!({}));
        client
    }

    /// Sends a message as it is.
    pub(crate) fn send(&mut self, message: &Value) {
        let input = self.input.as_mut().expect("the session is open");
        wire::write(input, message).expect("the server reads");
        input.flush().expect("the server reads");
    }

    /// Sends a notification.
    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.send(&wire::notification(method, params));
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        self.answer(&json!(id))
    }

    /// Waits for the answer to a request.
    pub(crate) fn answer(&mut self, id: &Value) -> Result<Value, Value> {
        loop {
            let mut message = read_message(&mut self.output).expect("the server answers");
            if let (Some(method), None) = (message["method"].as_str(), message.get("id")) {
                self.notified.push((method.to_owned(), message["params"].clone()));
            }
            if message.get("id") == Some(id) && message.get("method").is_none() {
                return match message.get_mut("error") {
                    Some(error) => Err(error.take()),
                    None => Ok(message["result"].take()),
                };
            }
        }
    }

    /// Removes and returns the parameters of the notifications of `method` that were read so far. They are read only while
    /// a request waits for its answer.
    #[allow(dead_code, reason = "not all tests wait for notifications")]
    pub(crate) fn seen(&mut self, method: &str) -> Vec<Value> {
        let (seen, others) = self.notified.drain(..).partition(|(known, _)| known == method);
        self.notified = others;
        let seen: Vec<(String, Value)> = seen;
        seen.into_iter().map(|(_, params)| params).collect()
    }

    /// Opens a document, or gives it another text.
    pub(crate) fn open(&mut self, path: &Path, text: &str) {
        let uri = uri(path);
        let version = self.versions.entry(uri.clone()).or_insert(0);
        *version += 1;
        let (version, is_new) = (*version, *version == 1);
        if is_new {
            let document = json!({ "uri": uri, "languageId": "toit", "version": version, "text": text });
            self.notify("textDocument/didOpen", json!({ "textDocument": document }));
        } else {
            let document = json!({ "uri": uri, "version": version });
            let params = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
            self.notify("textDocument/didChange", params);
        }
    }

    /// Sends a request about a place of a document.
    pub(crate) fn at(
        &mut self,
        method: &str,
        path: &Path,
        line: usize,
        column: usize,
        more: Value,
    ) -> Result<Value, Value> {
        let mut params = json!({
            "textDocument": { "uri": uri(path) },
            "position": { "line": line, "character": column },
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            params[name] = value.clone();
        }
        self.request(method, params)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.input = None;
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

fn read_message(input: &mut BufReader<PipeReader>) -> Option<Value> {
    use std::io::{BufRead, Read};
    let mut length = 0;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().strip_prefix("Content-Length: ") {
            Some(value) => length = value.parse().ok()?,
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Returns the URI of a path.
pub(crate) fn uri(path: &Path) -> String {
    let path = path.to_str().expect("paths are UTF-8");
    lucarne_language_server::uri::of_path(path).expect("it is absolute").as_str().to_owned()
}
