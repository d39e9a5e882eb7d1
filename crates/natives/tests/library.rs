//! Tests that each primitive that the library names exists, and gets as many arguments as it takes.

use std::fs;
use std::path::Path;

use lucarne_compiler::resolve::analyze_library;
use lucarne_compiler::source::MemoryLoader;

fn add_sources(folder: &Path, prefix: &str, loader: &mut MemoryLoader) {
    for entry in fs::read_dir(folder).expect("the library can be read") {
        let path = entry.expect("the library can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("names of the library are text");
        if path.is_dir() {
            add_sources(&path, &format!("{prefix}{name}/"), loader);
        } else if name.ends_with(".toit") {
            loader.add(format!("{prefix}{name}"), fs::read(&path).expect("sources can be read"));
        }
    }
}

/// Returns the errors of the library with these natives, and the number of them.
fn errors_with(natives: &(dyn Fn(&str, &str) -> Option<usize> + Sync)) -> (String, usize) {
    let mut loader = MemoryLoader::default();
    add_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lib"), "<lib>/", &mut loader);
    let paths: Vec<String> = loader.paths().map(str::to_owned).collect();
    let analysis = analyze_library(&loader, Some(natives), &paths);
    let count = analysis.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    (analysis.shown(Default::default()), count)
}

#[test]
fn primitives_of_the_library_exist_and_fit() {
    let (shown, count) = errors_with(&lucarne_natives::parameters);
    assert_eq!(count, 0, "\n{shown}");
}

#[test]
fn each_primitive_of_the_library_is_checked() {
    let (_, without) = errors_with(&|_, _| None);
    let (_, with_one_more) =
        errors_with(&|module, name| lucarne_natives::parameters(module, name).map(|count| count + 1));
    assert!(without > 200, "only {without} primitives were checked");
    assert_eq!(without, with_one_more);
}
