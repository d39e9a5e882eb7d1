//! Measures the cost of calls, beside that of other systems on the same machine in the same run.
//!
//! `benches/run` starts it, once on all processors and once on one. A row has the best and the
//! median of many batches, in µs for each operation. The side that answers in another OS process is
//! this program once more, with `--peer` and a connected socket as its standard input.

mod calls;
mod measure;
mod memory;
mod peer;
mod references;
mod wire;

/// The contents of requests: the name of each, and its size in bytes.
const SIZES: [(&str, usize); 4] = [("int", 8), ("1 KiB", 1 << 10), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20)];
/// The number of concurrent requests in some rows.
const IN_FLIGHT: usize = 64;

fn main() {
    if peer::play() {
        return;
    }
    let only = std::env::args().nth(1).unwrap_or_default();
    for (title, rows) in [
        ("references in one process", references::in_one_process as fn()),
        ("references in two processes", references::in_two_processes),
        ("Lucarne in one process", calls::in_one_process),
        ("Lucarne in two processes", calls::in_two_processes),
        ("the wire alone, in two processes", wire::rows),
    ] {
        if title.contains(&only) {
            println!("\n{title}: best, median");
            rows();
        }
    }
}
