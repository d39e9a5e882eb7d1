//! Helpers that the tests of the network share.

use std::time::{Duration, Instant};

use lucarne_providers::network::{Connection, Network, addresses};
use lucarne_services::{Bytes, CallError, Container};

/// The longest time that anything here may take. It only ends a test that hangs.
pub(crate) const HANGS: Duration = Duration::from_secs(60);

/// Opens the network for a container.
pub(crate) fn connect(container: &Container) -> Connection {
    let network = Network::open(container).wait().expect("the service is provided");
    network.connect().wait().expect("the network is there").0
}

pub(crate) fn localhost() -> Bytes {
    addresses::bytes([127, 0, 0, 1].into())
}

/// Waits until a condition holds.
pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + HANGS;
    while !holds() {
        assert!(Instant::now() < until, "does not come true: {what}");
        std::thread::yield_now();
    }
}

/// Returns the number of open descriptors of this OS process.
pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Returns the text that a call has thrown.
pub(crate) fn text_of<T: std::fmt::Debug>(result: Result<T, CallError>) -> String {
    match result {
        Err(CallError::Thrown(thrown)) => thrown.text().to_owned(),
        other => format!("{other:?}"),
    }
}
