//! What images cost: `cargo bench -p lucarne-device --bench images`.
//!
//! For a program of one line and one of 2,000: how large its image is, and how much memory its program takes
//! when it is loaded; how long it takes to compile it, to load it, and to compile what another build has made.
//! Each time is the best of several runs.
#![allow(clippy::print_stdout)]

use std::fmt::Write;
use std::time::{Duration, Instant};

use lucarne_device::{Image, Images};

fn main() {
    // `cargo test` runs benches too, to see that they work.
    let runs = if std::env::args().any(|argument| argument == "--bench") { 15 } else { 1 };
    measure("hello world", "main: print \"hello\"\n", runs);
    measure("2,000 lines", &long_program(), runs);
}

/// A program of 100 classes with a method each, all of which it calls.
fn long_program() -> String {
    let mut text =
        String::from("main:\n  sum := 0\n  100.repeat: sum += use it\n  print sum\n\nuse n/int -> int:\n");
    (0..100).for_each(|n| writeln!(text, "  if n == {n}: return (C{n} n).work").expect("it is memory"));
    text.push_str("  return 0\n\n");
    for n in 0..100 {
        write!(
            text,
            "/** Number $n. */\nclass C{n}:\n  start_/int := ?\n  list_ := []\n  constructor .start_:\n\n  \
             work -> int:\n    10.repeat:\n      list_.add \"$it of {n}\"\n    list_.do: | text/string |\n      \
             start_ += text.size\n    map := {{:}}\n    list_.size.repeat:\n      map[it] = list_[it]\n    \
             if map.size > {n}:\n      return map.size + start_\n    return start_ - map.size\n\n"
        )
        .expect("it is memory");
    }
    text
}

fn measure(what: &str, text: &str, runs: usize) {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let file = folder.path().join("app.toit");
    std::fs::write(&file, text).expect("there is room for temporary files");
    let image = Image::compile(&file).expect("the program is right").image;
    println!("{what}: {} lines, {} bytes", text.lines().count(), text.len());
    println!("  image {:>29} bytes", image.bytes().len());
    println!("  bytecode in it {:>20} bytes", image.file().len());
    best("compile", runs, || drop(Image::compile(&file).expect("the program is right")));
    best("load", runs, || drop(image.load().expect("the image is whole")));
    best("check and compile anew", runs, || {
        drop(Image::received(image.bytes().to_vec()).expect("the image is whole"));
    });
    let images = Images::default();
    let fetch = || Ok::<_, lucarne_device::ImageError>(image.clone());
    let kept = images.load(image.digest(), fetch).expect("the image is whole");
    best("load once more", runs, || drop(images.load(image.digest(), fetch).expect("the image is whole")));
    drop(kept);
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
