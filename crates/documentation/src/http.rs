//! Answers requests for the files of a site: as much of HTTP/1.1 as a browser needs for that.
//!
//! The files are in memory and are found by their whole paths, so that no request can reach a file of the system.

use crate::site::Site;

/// The maximum number of bytes of a request.
pub const REQUEST_BYTES_MAX: usize = 16 << 10;

/// The maximum number of header lines of a request.
const HEADERS_MAX: usize = 64;

/// What pages may do: nothing but show themselves.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// The answer to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The status, such as 200.
    pub status: u16,
    /// The header, up to the empty line.
    pub head: Vec<u8>,
    /// The content.
    pub body: Vec<u8>,
}

/// Returns whether the bytes so far are a whole request, or can never become one.
pub fn is_complete(request: &[u8]) -> bool {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    !matches!(parsed.parse(request), Ok(httparse::Status::Partial)) || request.len() >= REQUEST_BYTES_MAX
}

/// Answers a request.
///
/// ```
/// use lucarne_documentation::{Site, http};
///
/// let answer = http::answer(&Site::default(), b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
/// assert_eq!(answer.status, 404);
/// ```
pub fn answer(site: &Site, request: &[u8]) -> Answer {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    if !matches!(parsed.parse(request), Ok(httparse::Status::Complete(_))) {
        return failure(400, "the request is malformed");
    }
    let (Some(method), Some(target)) = (parsed.method, parsed.path) else {
        return failure(400, "the request has no method or path");
    };
    // A script of another site could otherwise read the pages through a name of that site which leads to this machine
    // (DNS rebinding).
    let host = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case("host"));
    if !host.is_some_and(|host| is_of_this_machine(host.value)) {
        return failure(403, "the pages are served under the names localhost and 127.0.0.1 only");
    }
    if !matches!(method, "GET" | "HEAD") {
        return failure(405, "pages can only be read");
    }
    let Some(path) = path_of(target) else { return failure(400, "the path is malformed") };
    let mut found = match (site.get(&path), path.is_empty() || path.ends_with('/')) {
        (Some(content), _) => success(&path, content),
        (None, true) => match site.get(&format!("{path}index.html")) {
            Some(content) => success("index.html", content),
            None => failure(404, "the site has no page with this address"),
        },
        (None, false) if site.get(&format!("{path}/index.html")).is_some() => moved(&path),
        (None, false) => failure(404, "the site has no page with this address"),
    };
    if method == "HEAD" {
        found.body.clear();
    }
    found
}

fn is_of_this_machine(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// Returns the path of the file that a target names.
fn path_of(target: &str) -> Option<String> {
    let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        bytes.push((digit(rest.next())? * 16 + digit(rest.next())?) as u8);
    }
    String::from_utf8(bytes).ok()
}

fn success(path: &str, content: &[u8]) -> Answer {
    let kind = match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "application/octet-stream",
    };
    made(200, "OK", kind, "", content.to_vec())
}

/// Returns the answer that redirects a browser to the address with a `/` at its end, since the links of pages are relative.
fn moved(path: &str) -> Answer {
    // Paths in a site have only letters that need no encoding.
    made(
        301,
        "Moved Permanently",
        "text/plain; charset=utf-8",
        &format!("Location: /{path}/\r\n"),
        Vec::new(),
    )
}

fn failure(status: u16, why: &str) -> Answer {
    let name = match status {
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        _ => "Method Not Allowed",
    };
    let more = if status == 405 { "Allow: GET, HEAD\r\n" } else { "" };
    made(status, name, "text/plain; charset=utf-8", more, format!("{name}: {why}\n").into_bytes())
}

fn made(status: u16, name: &str, kind: &str, more: &str, body: Vec<u8>) -> Answer {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} {name}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Content-Security-Policy: {POLICY}\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n{more}\r\n"
    );
    Answer { status, head: head.into_bytes(), body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        let mut site = Site::default();
        site.add("index.html", b"front".to_vec()).expect("it is small");
        site.add("a/index.html", b"a".to_vec()).expect("it is small");
        site
    }

    fn status(line: &str) -> u16 {
        answer(&site(), format!("{line} HTTP/1.1\r\nHost: localhost:1\r\n\r\n").as_bytes()).status
    }

    #[test]
    fn pages_are_found_by_their_paths() {
        assert_eq!(answer(&site(), b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").body, b"front");
        assert_eq!(
            ["GET /a/", "GET /a/index.html?x", "GET /%61/", "GET /a", "GET /b"].map(status),
            [200, 200, 200, 301, 404]
        );
    }

    #[test]
    fn nothing_else_is_reached() {
        let lines =
            ["GET /../etc/passwd", "GET /a/../index.html", "GET /%2e%2e/x", "GET //etc/passwd", "GET /%00"];
        assert_eq!(lines.map(status), [404; 5]);
        assert_eq!(
            ["GET /%", "GET /%zz", "GET x", "POST /", "DELETE /a/"].map(status),
            [400, 400, 400, 405, 405]
        );
        assert_eq!(answer(&site(), b"\x16\x03\x01").status, 400);
    }

    #[test]
    fn other_names_of_this_machine_are_refused() {
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "", "[::2]"] {
            let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            assert_eq!(answer(&site(), request.as_bytes()).status, 403, "{host}");
        }
        assert_eq!(answer(&site(), b"GET / HTTP/1.0\r\n\r\n").status, 403);
        assert_eq!(answer(&site(), b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n").status, 200);
    }

    #[test]
    fn requests_end() {
        assert!(!is_complete(b"GET / HT") && !is_complete(b"GET / HTTP/1.1\r\nHost: x\r\n"));
        assert!(is_complete(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") && is_complete(b"\0\0"));
        assert!(is_complete(&[b'a'; REQUEST_BYTES_MAX]));
    }
}
