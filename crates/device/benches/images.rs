//! Measures images: `cargo bench -p lucarne-device --bench images`.
//!
//! For a program of one line and for a program of 2,000 lines, prints the sizes of the image and of the bytecode, and
//! the times for making the image, for receiving and compiling it, and for loading its bytecode. Each time is the best
//! of several runs.
#![allow(clippy::print_stdout)]

use std::fmt::Write;
use std::time::{Duration, Instant};

use lucarne_device::{Bytecode, Image};

fn main() {
    // `cargo test` runs benches too, to see that they work.
    let runs = if std::env::args().any(|argument| argument == "--bench") { 15 } else { 1 };
    measure("hello world", "main: print \"hello\"\n", runs);
    measure("2,000 lines", &long_program(), runs);
}

/// Creates a program of 100 classes with a method each, all of which it calls.
fn long_program() -> String {
    let mut text =
        String::from("main:\n  sum := 0\n  100.repeat: sum += use it\n  print sum\n\nuse n/int -> int:\n");
    (0..100).for_each(|n| {
        writeln!(text, "  if n == {n}: return (C{n} n).work").expect("writing to a string succeeds")
    });
    text.push_str("  return 0\n\n");
    for n in 0..100 {
        write!(
            text,
            "/** Number $n. */\nclass C{n}:\n  start_/int := ?\n  list_ := []\n  constructor .start_:\n\n  \
             work -> int:\n    10.repeat:\n      list_.add \"$it of {n}\"\n    list_.do: | text/string |\n      \
             start_ += text.size\n    map := {{:}}\n    list_.size.repeat:\n      map[it] = list_[it]\n    \
             if map.size > {n}:\n      return map.size + start_\n    return start_ - map.size\n\n"
        )
        .expect("writing to a string succeeds");
    }
    text
}

fn measure(what: &str, text: &str, runs: usize) {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let file = folder.path().join("app.toit");
    std::fs::write(&file, text).expect("there is room for temporary files");
    let image = Image::of_program(&file).expect("the program is right").image;
    let compile = || image.compile().expect("the program is right");
    let bytecode = Bytecode::of(&compile());
    println!("{what}: {} lines, {} bytes", text.lines().count(), text.len());
    println!("  image {:>29} bytes", image.bytes().len());
    println!("  bytecode {:>26} bytes", bytecode.bytes().len());
    best("make the image", runs, || drop(Image::of_program(&file).expect("the program is right")));
    best("receive and compile", runs, || {
        let received = Image::received(image.bytes().to_vec()).expect("the image is whole");
        let program = received.compile().expect("the program is right");
        drop((received.digest(), Bytecode::of(&program)));
    });
    best("load the bytecode", runs, || drop(bytecode.program().expect("it is of this build")));
}

fn best(what: &str, runs: usize, work: impl Fn()) {
    let run = || {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    let best: Duration = (0..runs).map(|_| run()).min().expect("there are runs");
    println!("  {what:<22} {:>9.3} ms", best.as_secs_f64() * 1e3);
}
