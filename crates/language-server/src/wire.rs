//! Messages on the wire: a header with the length, then JSON, as JSON-RPC 2.0.
//!
//! Reading is total: a message that is too long or malformed is skipped and reported as a [`Fault`], and the next one
//! is read. Only the end of the input, or a header without a usable length, ends reading.

use std::io::{self, BufRead, Read, Write};

use serde_json::{Value, json};

/// The maximum number of bytes of a message. A source file may have 64 MiB, and JSON may take more room for it.
pub const MESSAGE_BYTES_MAX: u64 = 256 << 20;

/// The maximum number of bytes of the header of a message.
const HEADER_BYTES_MAX: u64 = 16 << 10;

/// The codes of errors, as the protocol defines them.
pub mod code {
    /// The message is not JSON.
    pub const PARSE_ERROR: i64 = -32700;
    /// The message is JSON, but no request.
    pub const INVALID_REQUEST: i64 = -32600;
    /// The method does not exist.
    pub const METHOD_NOT_FOUND: i64 = -32601;
    /// The parameters do not fit the method.
    pub const INVALID_PARAMS: i64 = -32602;
    /// A fault of the server.
    pub const INTERNAL_ERROR: i64 = -32603;
    /// The client has sent another request before `initialize`.
    pub const NOT_INITIALIZED: i64 = -32002;
    /// The client has canceled the request.
    pub const REQUEST_CANCELED: i64 = -32800;
    /// The request is correct, but cannot be fulfilled.
    pub const REQUEST_FAILED: i64 = -32803;
}

/// A message from the client.
#[derive(Debug, PartialEq)]
pub enum Incoming {
    /// A request, which gets an answer.
    Request {
        /// The id, a number or a string, which the answer repeats.
        id: Value,
        /// The method.
        method: String,
        /// The parameters.
        params: Value,
    },
    /// A notification, which gets no answer.
    Notification {
        /// The method.
        method: String,
        /// The parameters.
        params: Value,
    },
    /// An answer to a request of the server.
    Response,
    /// A message that cannot be understood.
    Fault(Fault),
}

/// Why a message cannot be understood.
#[derive(Debug, PartialEq)]
pub struct Fault {
    /// The id of the request, or null if it is unknown.
    pub id: Value,
    /// The code of the error.
    pub code: i64,
    /// The reason.
    pub message: String,
}

/// Reads the next message. Returns none at the end of the input.
///
/// # Errors
/// If the input cannot be read, or a header has no length, so that the next message cannot be found.
pub fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let Some(length) = read_header(input)? else { return Ok(None) };
    if length > MESSAGE_BYTES_MAX {
        let message = format!("the message has {length} bytes, more than the maximum of {MESSAGE_BYTES_MAX}");
        let skipped = io::copy(&mut input.take(length), &mut io::sink())?;
        if skipped < length {
            return Err(invalid(&message));
        }
        return Ok(Some(fault(Value::Null, code::INVALID_REQUEST, message)));
    }
    // Memory is taken as the bytes arrive: the length alone may be a lie.
    let mut bytes = Vec::new();
    input.take(length).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < length {
        return Err(invalid(&format!(
            "the input ends after {} of the {length} bytes of a message",
            bytes.len()
        )));
    }
    Ok(Some(parse(&bytes)))
}

/// Reads the header and the empty line after it. Returns the length of the message.
fn read_header(input: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut length = None;
    let mut is_begun = false;
    let mut header = input.take(HEADER_BYTES_MAX);
    loop {
        let mut line = Vec::new();
        if header.read_until(b'\n', &mut line)? == 0 {
            return match (header.limit() > 0, is_begun) {
                (true, false) => Ok(None),
                (true, true) => Err(invalid("the input ends in the header of a message")),
                (false, _) => Err(invalid("the header of a message is too long")),
            };
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            match length {
                Some(length) => return Ok(Some(length)),
                None if is_begun => return Err(invalid("the header of a message has no Content-Length")),
                // Empty lines between messages do no harm.
                None => continue,
            }
        }
        is_begun = true;
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            let value = value.trim();
            length = Some(value.parse().map_err(|_| invalid(&format!("not a length: {value}")))?);
        }
    }
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn fault(id: Value, code: i64, message: impl Into<String>) -> Incoming {
    Incoming::Fault(Fault { id, code, message: message.into() })
}

/// Parses a message.
fn parse(bytes: &[u8]) -> Incoming {
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => {
            return fault(Value::Null, code::PARSE_ERROR, format!("the message is not JSON: {error}"));
        }
    };
    let Value::Object(mut object) = value else {
        return fault(Value::Null, code::INVALID_REQUEST, "the message is not an object");
    };
    let id = object.remove("id");
    let params = object.remove("params").unwrap_or(Value::Null);
    let method = match object.remove("method") {
        Some(Value::String(method)) => method,
        Some(_) => {
            return fault(id.unwrap_or(Value::Null), code::INVALID_REQUEST, "the method is not a string");
        }
        None if object.contains_key("result") || object.contains_key("error") => return Incoming::Response,
        None => return fault(id.unwrap_or(Value::Null), code::INVALID_REQUEST, "the message has no method"),
    };
    match id {
        None => Incoming::Notification { method, params },
        Some(id @ (Value::Number(_) | Value::String(_))) => Incoming::Request { id, method, params },
        Some(_) => fault(Value::Null, code::INVALID_REQUEST, "the id is neither a number nor a string"),
    }
}

/// Writes a message.
///
/// # Errors
/// If the output cannot be written.
pub fn write(output: &mut impl Write, message: &Value) -> io::Result<()> {
    let text = message.to_string();
    output.write_all(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes())?;
    output.flush()
}

/// Returns the answer to a request.
pub fn response(id: &Value, result: Result<Value, Fault>) -> Value {
    match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(fault) => {
            json!({ "jsonrpc": "2.0", "id": id, "error": { "code": fault.code, "message": fault.message } })
        }
    }
}

/// Returns a notification.
pub fn notification(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> Vec<Incoming> {
        let mut input = text.as_bytes();
        let mut all = Vec::new();
        while let Ok(Some(message)) = read(&mut input) {
            all.push(message);
        }
        all
    }

    #[test]
    fn malformed_messages_are_faults_and_reading_goes_on() {
        let bodies =
            ["{", "[]", "{}", r#"{"id":1,"method":2}"#, r#"{"id":[],"method":"a"}"#, r#"{"method":"b"}"#];
        let text: String =
            bodies.iter().map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len())).collect();
        let all = read_all(&text);
        let codes: Vec<i64> = all
            .iter()
            .filter_map(|message| match message {
                Incoming::Fault(fault) => Some(fault.code),
                _ => None,
            })
            .collect();
        assert_eq!(codes, [-32700, -32600, -32600, -32600, -32600]);
        assert_eq!(all.last(), Some(&Incoming::Notification { method: "b".into(), params: Value::Null }));
    }

    #[test]
    fn a_header_needs_a_length() {
        assert!(read(&mut "Content-Length: many\r\n\r\n{}".as_bytes()).is_err());
        assert!(read(&mut "x".repeat(100_000).as_bytes()).is_err());
        assert!(matches!(read(&mut "".as_bytes()), Ok(None)));
        assert!(matches!(read(&mut "\r\n".as_bytes()), Ok(None)));
        for (text, expected) in [
            ("hello\r\n\r\n", "the header of a message has no Content-Length"),
            ("{\"id\": 1}\r\n", "the input ends in the header of a message"),
            ("Content-Length: 10\r\n\r\n{}", "the input ends after 2 of the 10 bytes of a message"),
            ("Content-Length: 99999999999\r\n\r\n", "the message has 99999999999 bytes, more than"),
        ] {
            let error = read(&mut text.as_bytes()).expect_err("nothing can follow").to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let mut bytes = Vec::new();
        write(&mut bytes, &notification("a/b", json!({ "text": "ö\n" }))).expect("memory can be written");
        let message = read(&mut bytes.as_slice()).expect("it is whole");
        let params = json!({ "text": "ö\n" });
        assert_eq!(message, Some(Incoming::Notification { method: "a/b".into(), params }));
    }
}
