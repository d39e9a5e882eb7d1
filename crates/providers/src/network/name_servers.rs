//! The name servers that the machine is configured to ask, for programs that ask them directly.

use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;

use tokio::runtime::Handle;

/// The file that names the servers.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// The number of bytes of the file that are read.
const SIZE_MAX: u64 = 64 * 1024;
/// The number of servers that are returned. The operating system itself asks the first three.
const SERVERS_MAX: usize = 8;

/// Returns the addresses of the configured servers, in the order in which they are asked.
///
/// # Errors
/// If the file exists and cannot be read.
pub(super) async fn configured(runtime: &Handle) -> io::Result<Vec<IpAddr>> {
    runtime.spawn_blocking(read).await.map_err(io::Error::other)?
}

fn read() -> io::Result<Vec<IpAddr>> {
    let file = match File::open(RESOLV_CONF) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?,
    };
    let mut text = Vec::new();
    file.take(SIZE_MAX).read_to_end(&mut text)?;
    Ok(servers(&String::from_utf8_lossy(&text)))
}

/// Returns the servers in the text of the file. Addresses that name an interface are left out.
fn servers(text: &str) -> Vec<IpAddr> {
    let server = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next()?.parse().ok()).flatten()
    };
    text.lines().filter_map(server).take(SERVERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_found_among_other_lines() {
        let text = "# nameserver 1.1.1.1\nsearch example\nnameserver 10.0.0.1\n  nameserver\t::1 # local\nnameserver\nnameserver fe80::1%eth0\nnameservers 10.0.0.2";
        let expected: Vec<IpAddr> = ["10.0.0.1", "::1"].map(|text| text.parse().expect("an address")).into();
        assert_eq!(servers(text), expected);
    }

    #[test]
    fn number_of_servers_is_limited() {
        assert_eq!(servers(&"nameserver 10.0.0.1\n".repeat(100)).len(), SERVERS_MAX);
    }
}
