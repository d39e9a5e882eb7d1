//! Helpers that the tests of the front half share.

#[allow(dead_code, reason = "not each test makes random texts")]
pub(crate) mod words;

use lucarne_compiler::diagnostic::Style;
use lucarne_compiler::ir::Unit;
use lucarne_compiler::resolve::{Analysis, analyze, analyze_library};
use lucarne_compiler::source::MemoryLoader;
use std::path::Path;
use std::sync::OnceLock;

/// Returns the library's sources, named as in the program.
pub(crate) fn library_sources() -> MemoryLoader {
    let mut loader = MemoryLoader::default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lib");
    add_files(&mut loader, &root, "<lib>/");
    loader
}

fn add_files(loader: &mut MemoryLoader, folder: &Path, prefix: &str) {
    for entry in std::fs::read_dir(folder).expect("lib/ can be read") {
        let path = entry.expect("lib/ can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("names in lib/ are UTF-8");
        if path.is_dir() {
            add_files(loader, &path, &format!("{prefix}{name}/"));
        } else if name.ends_with(".toit") {
            loader.add(format!("{prefix}{name}"), std::fs::read(&path).expect("lib/ can be read"));
        }
    }
}

/// Returns the prepared library.
pub(crate) fn library() -> &'static Unit {
    static LIBRARY: OnceLock<Unit> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let loader = library_sources();
        let paths: Vec<String> = loader.paths().map(str::to_owned).collect();
        let mut unit = analyze_library(&loader, None, &paths).unit;
        for module in &mut unit.modules {
            for function in std::sync::Arc::make_mut(module).functions.iter_mut() {
                function.code.pack().expect("a body can be encoded");
            }
        }
        unit
    })
}

/// Returns the number of parameters of a native. The tests have one native.
pub(crate) fn natives(module: &str, name: &str) -> Option<usize> {
    ((module, name) == ("core", "known")).then_some(1)
}

/// Analyzes files; the first one is the entry.
#[allow(dead_code, reason = "not every test has files")]
pub(crate) fn analyze_files(files: &[(&str, &str)]) -> Analysis {
    let mut loader = MemoryLoader::default();
    for (path, text) in files {
        loader.add(*path, *text);
    }
    analyze(&loader, Some(library().clone()), &natives, files.first().map_or("", |(path, _)| path))
}

/// Returns a program's text and its diagnostics as a user sees them.
#[allow(dead_code, reason = "not every test renders")]
pub(crate) fn rendered(text: &str) -> String {
    let analysis = analyze_files(&[("app.toit", text)]);
    format!("{text}\n----\n{}", analysis.shown(Style::default()))
}
