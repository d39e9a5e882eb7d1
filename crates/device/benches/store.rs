//! Measures a store with 1,000 containers: `cargo bench -p lucarne-device --bench store`.
//!
//! Each container has a program of its own. Times are for one operation, on the disk of the temporary folder; memory
//! is the growth of this OS process. The last lines of the output are about the logs of the containers.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use lucarne_device::{Bytecode, ContainerName, Image, Images, LogLimits, Logs, Settings, Store};
use lucarne_ports::{Output, Stream};

fn main() {
    // `cargo test` runs benches too, to see that they work.
    let count = if std::env::args().any(|argument| argument == "--bench") { 1_000 } else { 10 };
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let names: Vec<ContainerName> =
        (0..count).map(|number| format!("c{number}").parse().expect("the name is valid")).collect();
    let images: Vec<_> = (0..count).map(|number| image(folder.path(), number)).collect();

    let store = Store::open(folder.path()).expect("an empty folder becomes a store");
    let all = names.iter().zip(&images);
    time("install", count, || {
        for (name, (image, bytecode)) in all {
            let installed =
                store.install(name, image, Some(bytecode), &Settings::default(), &BTreeMap::new());
            installed.expect("there is room");
        }
    });
    drop(store);
    let mut opened = None;
    time("open the store", 1, || opened = Some(Store::open(folder.path()).expect("the store is intact")));
    let store = opened.expect("just opened");
    let mut records = Vec::new();
    time("list all", 1, || records = store.list().expect("the store is intact"));
    drop(images);

    let cache = Images::default();
    let before = resident_bytes();
    let mut loaded = Vec::new();
    time("load a program", count, || {
        for record in &records {
            let load = || {
                let bytecode = store.bytecode(record.image).expect("the contents are intact");
                let program = bytecode.and_then(|bytecode| bytecode.program()).ok_or("it was installed")?;
                lucarne_toit::load(program).map_err(|_| "there is no memory")
            };
            loaded.push(cache.load(record.image, load).expect("the contents are intact"));
        }
    });
    println!("  memory of a program {:>12} bytes", resident_bytes().saturating_sub(before) / loaded.len());
    logs(&names);
}

fn logs(names: &[ContainerName]) {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let limits = LogLimits { waiting_bytes: usize::MAX, ..LogLimits::default() };
    let logs = Logs::open(folder.path(), limits).expect("an empty folder");
    let before = resident_bytes();
    let all: Vec<Arc<_>> = names.iter().map(|name| logs.container(name).expect("an empty folder")).collect();
    println!("  memory of a silent log {:>9} bytes", resident_bytes().saturating_sub(before) / all.len());
    let lines = 100 * names.len();
    time("print a line", lines, || {
        (0..lines).for_each(|_| all[0].write(Stream::Out, b"a line as programs print them\n"));
    });
    time("write it to a file", lines, || logs.flush());
}

fn image(folder: &std::path::Path, number: usize) -> (Image, Bytecode) {
    let file = folder.join("app.toit");
    std::fs::write(&file, format!("main: print \"hello {number}\"\n")).expect("there is room");
    let image = Image::of_program(&file).expect("the program is right").image;
    let bytecode = Bytecode::of(&image.compile().expect("the program is right"));
    (image, bytecode)
}

fn time(what: &str, count: usize, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    let each = start.elapsed().as_secs_f64() * 1e6 / count as f64;
    println!("  {what:<22} {each:>12.1} µs");
}

/// Returns the memory that this OS process uses, in bytes.
fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0) * 4096
}
