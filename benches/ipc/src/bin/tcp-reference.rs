//! What TCP costs without a host: the references of `benches/network`.
//!
//! `round-trip COUNT` prints the median of `COUNT` round trips of 100 bytes between two threads, in µs. `connect PORT
//! COUNT` opens `COUNT` connections to a port of this machine, prints a line, and keeps them until its standard input
//! ends.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

const MESSAGE_BYTES: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["round-trip", count] => round_trip(count.parse()?),
        ["connect", port, count] => connect(port.parse()?, count.parse()?),
        _ => Err("usage: round-trip COUNT | connect PORT COUNT".into()),
    }
}

fn round_trip(count: usize) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let mut socket = TcpStream::connect(listener.local_addr()?)?;
    let (mut peer, _) = listener.accept()?;
    socket.set_nodelay(true)?;
    peer.set_nodelay(true)?;
    std::thread::spawn(move || {
        let mut message = [0; MESSAGE_BYTES];
        while peer.read_exact(&mut message).and_then(|()| peer.write_all(&message)).is_ok() {}
    });
    let mut times = Vec::with_capacity(count);
    let mut message = [0; MESSAGE_BYTES];
    for _ in 0..count {
        let start = Instant::now();
        socket.write_all(&message)?;
        socket.read_exact(&mut message)?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let median = times.get(count / 2).copied().unwrap_or(Duration::ZERO);
    println!("{:.1}", median.as_secs_f64() * 1e6);
    Ok(())
}

fn connect(port: u16, count: usize) -> Result<(), Box<dyn Error>> {
    let connections: Vec<TcpStream> =
        (0..count).map(|_| TcpStream::connect(("127.0.0.1", port))).collect::<Result<_, _>>()?;
    println!("{}", connections.len());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
