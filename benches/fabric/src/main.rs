//! Measures what a call to a service of another machine costs, beside a query of Zenoh and a call of gRPC (`tonic`) over the same
//! cable in the same run. Nothing passes or fails.
//!
//! ```sh
//! cargo run --release --manifest-path benches/fabric/Cargo.toml            # everything
//! cargo run --release --manifest-path benches/fabric/Cargo.toml calls     # or: idle, stopped, grow
//! ```
//!
//! Machines are network namespaces on this computer, so it needs root and the command `ip`. On each machine runs this
//! program once more, with a role. Each system that is compared answers in one process, and is called by one other
//! process. The systems take turns: in each round, each gets the same number of calls. A figure is the median of all
//! calls, or of all rounds.

mod calls;
mod grow;
mod grpc;
mod idle;
mod lucarne;
mod place;
mod query;
mod stopped;
mod table;

use std::path::Path;

/// The ports of all that is compared.
mod port {
    pub const OPEN: u16 = 7447;
    pub const SECURE: u16 = 7448;
    pub const QUERY: u16 = 7449;
    pub const GRPC: u16 = 7450;
}

/// The number of concurrent requests in some rows.
const IN_FLIGHT: usize = 64;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--role", "provider", folder, address] => calls::provide(Path::new(folder), address),
        ["--role", "user", folder, address] => calls::measure(Path::new(folder), address),
        ["--role", "idle-provider", kind, folder, address] => idle::provide(kind, Path::new(folder), address),
        ["--role", "idle-user", kind, folder, address] => idle::wait(kind, Path::new(folder), address),
        ["--role", "router"] => stopped::route(),
        ["--role", "behind", name, folder, address] => stopped::machine(name, Path::new(folder), address),
        ["--role", "grow", imports, size] => grow::grow(imports, size),
        [] => ["calls", "idle", "stopped", "grow"].into_iter().for_each(run),
        [part] => run(part),
        _ => eprintln!("use: lucarne-benches-fabric [calls | idle | stopped | grow]"),
    }
}

fn run(part: &str) {
    match part {
        "calls" => calls::run(),
        "idle" => idle::run(),
        "stopped" => stopped::run(),
        "grow" => grow::run(),
        _ => eprintln!("'{part}' is none of calls, idle, stopped and grow"),
    }
}
