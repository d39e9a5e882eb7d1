//! Addresses as they are sent, and errors of the operating system as texts.

use std::io;
use std::net::{IpAddr, SocketAddr};

use lucarne_services::{Bytes, Thrown};

/// Returns the address in 4 or 16 bytes, or none for another number of bytes.
pub fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let of_4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    of_4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// Returns an address as it is sent.
pub fn bytes(ip: IpAddr) -> Bytes {
    match ip {
        IpAddr::V4(ip) => Bytes::copy_from_slice(&ip.octets()),
        IpAddr::V6(ip) => Bytes::copy_from_slice(&ip.octets()),
    }
}

/// Returns a socket address from its parts.
pub(super) fn socket_address(bytes: &[u8], port: u16) -> Result<SocketAddr, Thrown> {
    ip(bytes).map(|ip| SocketAddr::new(ip, port)).ok_or_else(|| Thrown::new("BAD_FORMAT"))
}

/// Returns the parts of a socket address.
pub(super) fn parts(address: SocketAddr) -> (Bytes, u16) {
    (bytes(address.ip()), address.port())
}

/// Returns an error of the operating system with its text, such as "Connection refused".
pub(super) fn thrown(error: io::Error) -> Thrown {
    let text = error.to_string();
    let end = error.raw_os_error().map(|number| format!(" (os error {number})"));
    Thrown::new(end.and_then(|end| text.strip_suffix(&end)).unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_travel_as_bytes() {
        for text in ["127.0.0.1", "2001:db8::1"] {
            let address: IpAddr = text.parse().expect("an address");
            assert_eq!(ip(&bytes(address)), Some(address));
        }
        assert_eq!(ip(b"12345"), None);
    }

    #[test]
    fn errors_have_the_texts_of_the_operating_system() {
        let error = io::Error::from_raw_os_error(refused());
        assert_eq!(thrown(error).text(), "Connection refused");
        assert_eq!(thrown(io::Error::other("odd")).text(), "odd");
    }

    /// Returns the number of the error for a refused connection, from a port where nothing listens.
    fn refused() -> i32 {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let error = std::net::TcpStream::connect(address).expect_err("nothing listens");
        error.raw_os_error().expect("an error of the operating system")
    }
}
