//! URIs of files and their paths.

use std::fmt::Write;
use std::str::FromStr;

use lsp_types::Uri;

/// Returns the path of a URI. A document that is no file, such as `untitled:1`, has its URI as its path.
pub fn to_path(uri: &Uri) -> String {
    let text = uri.as_str();
    let Some(rest) = text.strip_prefix("file://") else { return text.to_owned() };
    let path = rest.find('/').and_then(|start| rest.get(start..)).unwrap_or(rest);
    decoded(path)
}

/// Returns the URI of a path.
pub fn of_path(path: &str) -> Option<Uri> {
    if !path.starts_with('/') {
        return Uri::from_str(path).ok();
    }
    let mut text = String::from("file://");
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                text.push(byte.into())
            }
            _ => write!(text, "%{byte:02X}").ok()?,
        }
    }
    Uri::from_str(&text).ok()
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back() {
        for path in ["/a/b c.toit", "/ö/😀.toit", "/100%.toit", "/a#b?c"] {
            assert_eq!(to_path(&of_path(path).expect("it is absolute")), path);
        }
        let uri = Uri::from_str("file:///a%2Fb%zz").map(|uri| to_path(&uri));
        assert!(uri.is_err() || uri.is_ok_and(|path| path == "/a/b%zz"));
        assert_eq!(to_path(&Uri::from_str("untitled:One").expect("it is a URI")), "untitled:One");
    }
}
