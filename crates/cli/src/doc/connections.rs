//! The connections of browsers: one request each, a bounded number of them at a time, none of them for long.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lucarne_documentation::http;

use super::serve::Shown;

/// The maximum number of connections at a time. Those beyond are closed.
const CONNECTIONS_MAX: usize = 64;

/// The time in which a request must arrive, and in which the answer must be taken.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The pause after a connection could not be accepted, such as when there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections on a thread of its own.
pub(super) fn accept(listener: TcpListener, shown: Shown) -> io::Result<()> {
    let open = Arc::new(());
    let accept = move || loop {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(PAUSE);
            continue;
        };
        // Each connection holds a copy.
        if Arc::strong_count(&open) > CONNECTIONS_MAX {
            continue;
        }
        let (shown, open) = (shown.clone(), open.clone());
        let work = move || {
            let _open = open;
            // The browser may have closed the connection.
            let _ = serve(stream, &shown);
        };
        // Without a thread, the connection is closed.
        let _ = thread::Builder::new().name("connection".into()).spawn(work);
    };
    thread::Builder::new().name("connections".into()).spawn(accept).map(drop)
}

fn serve(mut stream: TcpStream, shown: &Shown) -> io::Result<()> {
    let end = Instant::now() + TIMEOUT;
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !http::is_complete(&request) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        stream.set_read_timeout(Some(left))?;
        let length = stream.read(&mut part)?;
        if length == 0 {
            return Ok(());
        }
        request.extend_from_slice(part.get(..length).unwrap_or_default());
    }
    let site = shown.lock().unwrap_or_else(|broken| broken.into_inner()).clone();
    let answer = http::answer(&site, &request);
    let end = Instant::now() + TIMEOUT;
    write_until(end, &mut stream, &answer.head)?;
    write_until(end, &mut stream, &answer.body)
}

/// Writes bytes, unless they are not taken in time.
fn write_until(end: Instant, stream: &mut TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_write_timeout(Some(left))?;
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(length) => bytes = bytes.get(length..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
