//! Lines that are formatted in a second, of the libraries in `lib/`, beside lines that are parsed:
//! `cargo bench -p lucarne-format`.

#![allow(clippy::print_stdout, reason = "a bench prints its result")]

use lucarne_compiler::parser;
use lucarne_compiler::source::SourceId;
use lucarne_format::{Options, with_formatter};
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

fn main() {
    // `cargo test` runs benches too, to see that they work.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 20 } else { 1 };
    let mut texts = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lib"), &mut texts);
    // Indented otherwise, so that all texts change.
    let changed: Vec<String> = texts.iter().map(|text| text.replace("\n  ", "\n    ")).collect();
    let lines: usize = texts.iter().map(|text| text.lines().count()).sum();
    let show = |what: &str, time: Duration| {
        println!("{what:20} {:9.0} lines/s", lines as f64 / time.as_secs_f64());
    };
    with_formatter(|formatter| {
        let parse = |text: &String| drop(black_box(parser::parse(SourceId(0), text)));
        show("parsed", best(rounds, || texts.iter().for_each(parse)));
        let format = |text: &String| drop(black_box(formatter.format(text, Options::default())));
        show("formatted, the same", best(rounds, || texts.iter().for_each(format)));
        show("formatted, changed", best(rounds, || changed.iter().for_each(format)));
    });
}

/// Returns the least time of several rounds.
fn best(rounds: usize, mut work: impl FnMut()) -> Duration {
    let times = (0..rounds).map(|_| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    });
    times.min().unwrap_or_default()
}

fn read(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(&path, texts);
        } else if path.extension().is_some_and(|extension| extension == "toit") {
            texts.extend(fs::read_to_string(&path));
        }
    }
}
