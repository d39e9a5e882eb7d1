//! Tests of images: equal programs have equal images, and damaged images are refused without a panic.

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

/// Writes a program of two files with a package beside it.
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
        fs::create_dir_all(file.parent().expect("the file is in a folder"))
            .expect("temporary files can be made");
        fs::write(file, text).expect("temporary files can be made");
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("temporary files can be made")
}

fn compile(file: &Path) -> Image {
    Image::of_program(file).expect("the program is right").image
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
    run(lucarne_toit::load(image.compile().expect("the program compiles")).expect("there is memory"))
}

/// Returns an image as a version that knew only format 1 would have written it.
fn in_format_1(image: &Image, main: &[u8], sources: &[u8]) -> Vec<u8> {
    let Manifest { kind, entry } = image.manifest();
    let header = (kind, entry, "an old build", main.len() as u64);
    let bytes = postcard::to_extend(&header, [MAGIC, &[1]].concat()).expect("it can be encoded");
    [&bytes, main, sources].concat()
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
    let tree = image.sources().expect("the image has sources");
    let paths: Vec<&str> = tree.files.keys().map(String::as_str).collect();
    assert_eq!(paths, ["app/app.toit", "app/other.toit", "app/package.lock", "morse/src/morse.toit"]);
    assert_eq!(run_image(&image), "hello you ...---...\n");

    fs::write(one.path().join("app/other.toit"), OTHER.replace("hello", "good day")).expect("can be written");
    assert_ne!(compile(&one.path().join("app/app.toit")).digest(), image.digest());
}

#[test]
fn images_of_format_1_are_read() {
    let folder = folder();
    write_program(folder.path());
    let image = compile(&folder.path().join("app/app.toit"));
    let bytes = in_format_1(&image, b"bytecode", image.contents());
    let old = Image::read(bytes.clone()).expect("the format is known");
    assert_eq!((old.digest(), old.manifest()), (Digest::of(&bytes), image.manifest()));
    assert_eq!(run_image(&old), "hello you ...---...\n");
    let received = Image::received(bytes.clone()).expect("the format is known");
    assert_eq!((received.digest(), received.bytes()), (image.digest(), image.bytes()));
    for cut in [20, 40, bytes.len() - image.contents().len() - 1] {
        assert!(matches!(Image::read(bytes[..cut].to_vec()), Err(ImageError::Damaged(_))), "{cut}");
    }

    let own = fs::read("/proc/self/exe").expect("the file exists");
    let image = Image::executable("test", &own).expect("this test is an executable");
    let received = Image::received(in_format_1(&image, &own, b"")).expect("the format is known");
    assert_eq!(received.digest(), image.digest());
    let behind = Image::read(in_format_1(&image, &own, b"more"));
    assert!(matches!(behind, Err(ImageError::Damaged(_))));
}

#[test]
fn traces_have_no_paths_of_the_machine() {
    let image = compile_text("main: throw \"odd\"\n");
    let output = run_image(&image);
    assert!(output.contains("  app.toit:1:7"), "{output}");
}

#[test]
fn a_script_is_not_an_executable() {
    let manifest = Manifest { kind: Kind::Executable, entry: "script".to_owned() };
    let liar = Image::new(manifest, b"#!/bin/sh");
    assert!(matches!(Image::received(liar.bytes), Err(ImageError::Foreign(_))));
}

#[test]
fn bytecode_of_another_build_is_not_used() {
    let program = compile_text("main: print 1\n").compile().expect("the program compiles");
    let bytecode = Bytecode::of(&program);
    assert_eq!(
        run(lucarne_toit::load(bytecode.program().expect("this build made the bytecode")).expect("memory")),
        "1\n"
    );
    let compressed = bytecode::compress(&postcard::to_stdvec(&program).expect("it can be encoded"));
    assert!(Bytecode::encoded(BUILD, &compressed).program().is_some());
    assert!(Bytecode::encoded("another", &compressed).program().is_none());
}

/// Returns an image of a program of one file.
fn image_of(text: &str) -> Image {
    let files = [("a.toit".to_owned(), text.as_bytes().to_vec())].into();
    let manifest = Manifest { kind: Kind::Toit, entry: "a.toit".to_owned() };
    Image::new(manifest, &SourceTree { files }.compressed())
}

#[test]
fn sources_that_do_not_compile_are_errors_with_a_place() {
    let error = image_of("main:\n  gone\n").compile().map(drop).expect_err("it does not compile");
    assert!(error.to_string().contains("a.toit:2:3"), "{error}");
}

#[test]
fn link_errors_name_the_users_file() {
    let folder = folder();
    write_program(folder.path());
    // A lambda captures at most 255 variables.
    let variables: String = (0..300).map(|number| format!("  v{number} := name\n")).collect();
    let all = (0..300).map(|number| format!("v{number}")).collect::<Vec<_>>().join(", ");
    let large = format!("greet name:\n{variables}  (:: [{all}]).call\n");
    let other = folder.path().join("app/other.toit");
    fs::write(&other, large).expect("temporary files can be written");
    let analyzed = Image::of_program(&folder.path().join("app/app.toit")).expect("the front half accepts it");
    let error = analyzed.image.compile().map(drop).expect_err("it is too large").to_string();
    assert_eq!(error, "app/other.toit:1:1: 'greet' is too large to compile: split it up");
    let place = format!("{}:1:1: 'greet' is too large", other.display());
    assert!(analyzed.names.localize(&error).starts_with(&place), "{}", analyzed.names.localize(&error));
    assert_eq!(analyzed.names.localize("app/other: text"), "app/other: text");
}

#[test]
fn equal_images_are_loaded_once() {
    let image = compile_text("main: print 1\n");
    let images = Images::default();
    let fetched = AtomicUsize::new(0);
    let load = || {
        let load = || {
            fetched.fetch_add(1, Ordering::Relaxed);
            Ok::<_, ImageError>(lucarne_toit::load(image.compile()?)?)
        };
        images.load(image.digest(), load).expect("the image can be loaded")
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

/// Returns the bytes with some random changes.
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
            let _ = (read.sources(), read.compile().map(drop));
        }
    }
    assert!(matches!(Image::read(Vec::new()), Err(ImageError::NoImage)));
    assert!(matches!(Image::read(b"lucarne image \x07".to_vec()), Err(ImageError::NewerFormat(7))));
    let cut = Image::read(image.bytes()[..image.contents + 3].to_vec()).expect("its manifest is whole");
    assert!(matches!(cut.sources(), Err(ImageError::Damaged(_))));
    let cut = image.bytes()[..image.contents - 3].to_vec();
    assert!(matches!(Image::read(cut), Err(ImageError::Damaged(_))));
}

#[test]
fn damaged_bytecode_is_not_used() {
    let program = compile_text("main: print [1, 2].size\n").compile().expect("the program compiles");
    let plain = postcard::to_stdvec(&program).expect("it can be encoded");
    let whole = Bytecode::of(&program);
    let random = &mut fastrand::Rng::with_seed(2);
    let mut refused = 0;
    for _ in 0..300 {
        // Damages the program before its digest is made: then only the check of the program can find the damage.
        refused += usize::from(bytecode::decoded(&bytecode::compress(&damaged(&plain, random))).is_none());
        // Damages the bytecode with its digest: then the digest always shows the damage.
        let bytes = damaged(whole.bytes(), random);
        assert!(bytes == whole.bytes() || Bytecode::from_bytes(bytes).program().is_none());
    }
    assert!(refused > 150, "only {refused} were refused");
}

#[test]
fn bytecode_above_the_size_limit_is_refused() {
    let bytes = bytecode::compress(&vec![0; bytecode::PART_BYTES_MAX as usize + 1]);
    assert!(matches!(bytecode::decompress(&bytes), Err(ImageError::TooLarge(_))));
}

#[test]
fn executables_and_components_are_told_apart() {
    let own = fs::read("/proc/self/exe").expect("the file exists");
    let image = Image::executable("test", &own).expect("this test is an executable");
    assert_eq!(image.manifest().kind, Kind::Executable);
    assert_eq!(Image::received(image.bytes().to_vec()).expect("the contents are intact").contents(), own);

    let folder = folder();
    let (source, object) = (folder.path().join("c.c"), folder.path().join("c.so"));
    fs::write(&source, "int one(void) { return 1; }\n").expect("temporary files can be made");
    let compiled = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&object, &source])
        .status()
        .expect("there is a C compiler");
    assert!(compiled.success());
    let component = fs::read(object).expect("the compiler made the file");
    assert_eq!(
        Image::executable("c.so", &component).expect("the file is a component").manifest().kind,
        Kind::Component
    );

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
