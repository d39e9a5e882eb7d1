//! Tests of the HTTP server, `examples/http`, with bytes over sockets.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;

use common::device::{Device, PATIENCE};
use serde_json::Value;

/// Starts a device with the site. Returns it and the port.
fn site(name: &str) -> (Device, u16) {
    let device = Device::prepared(name);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/http");
    for entry in folder.read_dir().expect("the folder exists") {
        let path = entry.expect("the file can be read").path();
        let text = std::fs::read(&path).expect("the file can be read");
        device.folder.file(&path.file_name().expect("a file").to_string_lossy(), text);
    }
    device.good(&["device", "start"]);
    device.install(&["site", "site.toit", "--", "0"]);
    device.wait_for("site", "listening at port ", 1);
    let log = device.log("site");
    let port = log.split_once("listening at port ").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
    (device, port.expect("a port"))
}

fn connect(port: u16) -> TcpStream {
    let socket = TcpStream::connect(("127.0.0.1", port)).expect("the site listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    socket
}

/// Sends bytes, and returns all that the site sends until it closes the connection.
fn exchange(port: u16, bytes: &[u8]) -> String {
    let mut socket = connect(port);
    // The site may close the connection before it has read everything.
    match socket.write_all(bytes) {
        Err(error) if !matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
            panic!("cannot write: {error}")
        }
        _ => rest(&mut socket),
    }
}

fn rest(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).expect("the site closes the connection");
    String::from_utf8(answer).expect("text")
}

/// Sends a request that ends the connection. Returns the status and the body.
fn ask(port: u16, line: &str, more: &str) -> (u16, String) {
    let answer =
        exchange(port, format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{more}").as_bytes());
    let (head, body) = answer.split_once("\r\n\r\n").expect("an empty line");
    (status(head), body.to_owned())
}

fn status(answer: &str) -> u16 {
    let word = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split(' ').next());
    word.and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("not an answer: {answer:?}"))
}

/// Returns the number of the reading that the site shows.
fn reading(port: u16) -> u64 {
    let (status, body) = ask(port, "GET /value", "\r\n");
    assert_eq!(status, 200, "{body}");
    let value: Value = serde_json::from_str(&body).expect("the body is JSON");
    assert!(value["degrees"].is_number(), "{body}");
    value["number"].as_u64().expect("a number")
}

#[test]
fn the_page_shows_values_of_another_container() {
    let (device, port) = site("http-page");
    assert_eq!(ask(port, "GET /", "\r\n").0, 503);
    device.install(&["--no-network", "sensor", "sensor.toit"]);
    device.wait("value of the sensor", || ask(port, "GET /value", "\r\n").0 == 200);
    let first = reading(port);
    assert_eq!(reading(port), first + 1);
    let (status, page) = ask(port, "GET /?a=b", "\r\n");
    assert_eq!(status, 200);
    assert!(page.contains(&format!("<p>Reading number {}</p>", first + 2)), "{page}");

    device.good(&["container", "restart", "sensor"]);
    assert_eq!(reading(port), 1);
    device.good(&["container", "stop", "sensor"]);
    assert_eq!(ask(port, "GET /", "\r\n").0, 503);
}

#[test]
fn requests_are_read_as_the_standard_says() {
    let (device, port) = site("http-requests");
    device.install(&["--no-network", "sensor", "sensor.toit"]);
    device.wait("value of the sensor", || ask(port, "GET /value", "\r\n").0 == 200);

    assert_eq!(ask(port, "GET /absent", "\r\n").0, 404);
    assert_eq!(ask(port, "POST /", "Content-Length: 3\r\n\r\nabc").0, 405);
    assert_eq!(
        ask(port, "POST /", "Transfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nTrailer: x\r\n\r\n").0,
        405
    );
    assert_eq!(ask(port, "HEAD /", "\r\n"), (200, String::new()));
    assert_eq!(ask(port, "GET http://a/value", "\r\n").0, 200);

    // Several requests in one write, of which the last one ends the connection.
    let request = "GET /value HTTP/1.1\r\nHost: a\r\n\r\n";
    let last = "POST /value HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx";
    let answers = exchange(port, format!("{request}{request}{last}").as_bytes());
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 405 ").count(), 1, "{answers}");
    // A client of HTTP/1.0 needs no host, and its connection ends with the answer.
    assert_eq!(status(&exchange(port, b"GET /value HTTP/1.0\r\n\r\n")), 200);

    // A client that waits for the permission to send its body.
    let mut socket = connect(port);
    let head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    socket.write_all(head.as_bytes()).expect("the site reads");
    let mut answer = [0; 25];
    socket.read_exact(&mut answer).expect("the site answers");
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(b"abc").expect("the site reads");
    assert_eq!(status(&rest(&mut socket)), 405);
}

#[test]
fn requests_that_are_wrong_or_too_large_end_the_connection() {
    let (_device, port) = site("http-wrong");
    let long = "a".repeat(20_000);
    for (expected, request) in [
        (400, "nonsense\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\0\r\n\r\n"),
        (400, "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, "GET value HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, "GET / FTP/1.1\r\nHost: a\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"),
        (413, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n"),
        (413, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"),
        (413, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n"),
        (414, &format!("GET /{long}")),
        (417, "GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\nContent-Length: 1\r\n\r\n"),
        (431, &format!("GET / HTTP/1.1\r\nHost: a\r\nx: {long}")),
        (501, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
        (505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    ] {
        let answer = exchange(port, request.as_bytes());
        assert_eq!(status(&answer), expected, "{request:.60}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{request:.60}");
        assert!(answer.contains("Connection: close\r\n"), "{request:.60}");
    }
}

#[test]
fn silent_clients_lose_their_connections_and_delay_no_others() {
    let (_device, port) = site("http-silent");
    let idle: Vec<_> = (0..50).map(|_| connect(port)).collect();
    let mut slow = connect(port);
    slow.write_all(b"GET / HT").expect("the site reads");
    assert_eq!(ask(port, "GET /absent", "\r\n").0, 404);
    assert_eq!(status(&rest(&mut slow)), 408);
    for mut socket in idle {
        assert_eq!(rest(&mut socket), "");
    }
}
