//! Images of programs: equal, whole, and of no harm if they are neither.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lucarne_host::System;
use lucarne_ports::{CapturedOutput, Stream};
use lucarne_toit::Grants;

use super::*;

const APP: &str = "import .other\nimport morse\n\nmain args:\n  print \"$(greet args[0]) $morse.SOS\"\n";
const OTHER: &str = "greet name:\n  return \"hello $name\"\n";
const MORSE: &str = "SOS ::= \"...---...\"\n";
const SPEC: &str = "name: morse\n";
const LOCK: &str = "sdk: ^2.0.0\nprefixes:\n  morse: ../morse\npackages:\n  ../morse:\n    path: ../morse\n";

/// A program of two files with a package beside it.
fn write_program(folder: &Path) {
    for (path, text) in [
        ("app/app.toit", APP),
        ("app/other.toit", OTHER),
        ("app/package.lock", LOCK),
        ("app/unrelated.toit", "main: print 1\n"),
        ("morse/package.yaml", SPEC),
        ("morse/src/morse.toit", MORSE),
    ] {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().expect("it has one")).expect("temporary files can be made");
        fs::write(file, text).expect("temporary files can be made");
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("temporary files can be made")
}

fn compile(file: &Path) -> Image {
    Image::compile(file).expect("the program is right").image
}

fn compile_text(text: &str) -> Image {
    let folder = folder();
    let file = folder.path().join("app.toit");
    fs::write(&file, text).expect("temporary files can be made");
    compile(&file)
}

fn run(program: Arc<lucarne_toit::LoadedProgram>) -> String {
    let output = Arc::new(CapturedOutput::default());
    let system = System::builder().workers(1).output(output.clone()).start();
    let mut grants = Grants::new(output.clone(), system.presence());
    grants.arguments = vec!["you".to_owned()];
    lucarne_toit::start(system.kernel(), program, grants).wait();
    output.text(Stream::Out) + &output.text(Stream::Error)
}

fn run_image(image: &Image) -> String {
    run(image.load().expect("the image is whole"))
}

/// An image as another build would have made it.
fn of_another_build(image: &Image) -> Image {
    let manifest = Manifest { build: "another".to_owned(), ..image.manifest.clone() };
    Image::new(manifest, b"not a program", &image.bytes[image.sources..])
}

#[test]
fn equal_programs_have_equal_images() {
    let (one, other) = (folder(), folder());
    write_program(one.path());
    write_program(&other.path().join("further/down"));
    let image = compile(&one.path().join("app/app.toit"));
    let same = compile(&other.path().join("further/down/app/../app/app.toit"));
    assert_eq!(image.digest(), same.digest());
    assert_eq!(image.manifest().entry, "app/app.toit");
    let tree = image.sources().expect("it has sources");
    let paths: Vec<&str> = tree.files.keys().map(String::as_str).collect();
    assert_eq!(paths, ["app/app.toit", "app/other.toit", "app/package.lock", "morse/src/morse.toit"]);
    assert_eq!(run_image(&image), "hello you ...---...\n");

    fs::write(one.path().join("app/other.toit"), OTHER.replace("hello", "good day")).expect("can be written");
    assert_ne!(compile(&one.path().join("app/app.toit")).digest(), image.digest());
}

#[test]
fn another_build_compiles_the_sources() {
    let folder = folder();
    write_program(folder.path());
    let image = compile(&folder.path().join("app/app.toit"));
    assert_eq!(image.recompiled().expect("it compiles").digest(), image.digest());
    let foreign = of_another_build(&image);
    assert!(image.is_current() && !foreign.is_current());
    assert_eq!(run_image(&foreign), "hello you ...---...\n");
    assert_eq!(foreign.recompiled().expect("it compiles").digest(), image.digest());
}

#[test]
fn traces_have_no_paths_of_the_machine() {
    let image = compile_text("main: throw \"odd\"\n");
    let output = run_image(&image);
    assert!(output.contains("  app.toit:1:7"), "{output}");
}

#[test]
fn bytecode_of_others_is_not_run() {
    let honest = compile_text("main: print 1\n");
    let other = compile_text("main: print 2\n");
    let liar = Image::new(honest.manifest.clone(), other.file(), &honest.bytes[honest.sources..]);
    let received = Image::received(liar.bytes().to_vec()).expect("it compiles");
    assert_eq!(received.digest(), honest.digest());
    let executable = Manifest { kind: Kind::Executable, ..honest.manifest.clone() };
    let liar = Image::new(executable, b"#!/bin/sh", b"");
    assert!(matches!(Image::received(liar.bytes), Err(ImageError::Foreign(_))));
}

#[test]
fn what_does_not_compile_any_more_says_why() {
    let manifest = Manifest { kind: Kind::Toit, entry: "a.toit".to_owned(), build: "another".to_owned() };
    let files = [("a.toit".to_owned(), b"main:\n  gone\n".to_vec())].into();
    let image = Image::new(manifest, &[], &SourceTree { files }.compressed());
    let error = image.load().err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("a.toit:2:3"), "{error}");
}

#[test]
fn equal_images_are_loaded_once() {
    let image = compile_text("main: print 1\n");
    let images = Images::default();
    let fetched = AtomicUsize::new(0);
    let load = || {
        let fetch = || {
            fetched.fetch_add(1, Ordering::Relaxed);
            Ok::<_, ImageError>(image.clone())
        };
        images.load(image.digest(), fetch).expect("it can be loaded")
    };
    let programs: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(load)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(programs.iter().all(|program| Arc::ptr_eq(program, &programs[0])));
    assert_eq!(fetched.load(Ordering::Relaxed), 1);
    drop(programs);
    load();
    assert_eq!(fetched.load(Ordering::Relaxed), 2);
}

/// Some changes of some bytes, by a seed.
fn damaged(bytes: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    match random.u8(..4) {
        0 => bytes.truncate(random.usize(..bytes.len())),
        1 => drop(bytes.drain(random.usize(..bytes.len() / 2)..bytes.len() / 2)),
        _ => {
            for _ in 0..random.usize(1..5) {
                let at = random.usize(..bytes.len());
                bytes[at] = random.u8(..);
            }
        }
    }
    bytes
}

#[test]
fn damaged_images_are_errors() {
    let image = compile_text("main: print 1\n");
    let random = &mut fastrand::Rng::with_seed(1);
    for _ in 0..300 {
        if let Ok(read) = Image::read(damaged(image.bytes(), random)) {
            let _ = (read.sources(), read.load().map(drop));
        }
    }
    assert!(matches!(Image::read(Vec::new()), Err(ImageError::NoImage)));
    assert!(matches!(Image::read(b"lucarne image \x07".to_vec()), Err(ImageError::NewerFormat(7))));
    let cut = image.bytes()[..image.main + 3].to_vec();
    assert!(matches!(Image::read(cut), Err(ImageError::Damaged(_))));
}

#[test]
fn damaged_bytecode_is_an_error() {
    let image = compile_text("main: print [1, 2].size\n");
    let plain = program::decompress(image.file()).expect("it is whole");
    let random = &mut fastrand::Rng::with_seed(2);
    let mut refused = 0;
    for _ in 0..300 {
        let bytes = program::compress(&damaged(&plain, random));
        refused += usize::from(program::decompressed(&bytes).is_err());
    }
    assert!(refused > 150, "only {refused} were refused");
}

#[test]
fn what_grows_without_end_is_refused() {
    let bytes = program::compress(&vec![0; program::PART_BYTES_MAX as usize + 1]);
    assert!(matches!(program::decompress(&bytes), Err(ImageError::TooLarge(_))));
}

#[test]
fn executables_and_components_are_told_apart() {
    let own = fs::read("/proc/self/exe").expect("it is there");
    let image = Image::executable("test", &own).expect("this test is an executable");
    assert_eq!(image.manifest().kind, Kind::Executable);
    assert_eq!(Image::received(image.bytes().to_vec()).expect("it is whole").file(), own);

    let folder = folder();
    let (source, object) = (folder.path().join("c.c"), folder.path().join("c.so"));
    fs::write(&source, "int one(void) { return 1; }\n").expect("temporary files can be made");
    let compiled = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&object, &source])
        .status()
        .expect("there is a C compiler");
    assert!(compiled.success());
    let component = fs::read(object).expect("it was made");
    assert_eq!(Image::executable("c.so", &component).expect("it is one").manifest().kind, Kind::Component);

    for bad in [&b"#!/bin/sh\n"[..], b"", &own[..100]] {
        assert!(matches!(Image::executable("x", bad), Err(ImageError::Foreign(_))));
    }
    let random = &mut fastrand::Rng::with_seed(3);
    for _ in 0..1_000 {
        let head = component.len().min(4_096);
        let mut bytes = component.clone();
        (0..4).for_each(|_| bytes[random.usize(..head)] = random.u8(..));
        let _ = Image::executable("x", &bytes);
    }
}
