//! Runs the front half of the compiler over `lib/`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lucarne_compiler::diagnostic::{self, Diagnostic, Style};
use lucarne_compiler::ir::Unit;
use lucarne_compiler::resolve::analyze_library;
use lucarne_compiler::source::MemoryLoader;

/// How the modules of the library are named, for imports and in stack traces.
const PREFIX: &str = "<lib>/";

fn main() {
    let root = PathBuf::from(env("CARGO_MANIFEST_DIR")).join("../../lib");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut loader = MemoryLoader::default();
    add_files(&mut loader, &root, PREFIX);
    let roots: Vec<String> = loader.paths().map(str::to_string).collect();

    let mut analysis = analyze_library(&loader, None, &roots);
    let errors: Vec<Diagnostic> = analysis.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    if !errors.is_empty() {
        // Cargo shows what a failed build script has printed, so this is where to say it.
        panic!("lib/ has errors:\n{}", diagnostic::render(&analysis.sources, &errors, Style::default()));
    }
    pack(&mut analysis.unit);
    let bytes = postcard::to_stdvec(&analysis.unit).expect("a unit can be encoded");
    let target = Path::new(&env("OUT_DIR")).join("library.postcard");
    std::fs::write(target, bytes).expect("the build folder can be written");
    write_texts(&root, &roots);
}

/// Writes the list of the texts, which are embedded for editors.
fn write_texts(root: &Path, paths: &[String]) {
    let rows = paths.iter().map(|path| {
        let file = root.join(path.strip_prefix(PREFIX).expect("each path begins with the prefix"));
        let file = file.canonicalize().expect("the file exists");
        format!("    ({path:?}, include_str!({file:?})),\n")
    });
    let list = format!("&[\n{}]\n", rows.collect::<String>());
    let target = Path::new(&env("OUT_DIR")).join("texts.rs");
    std::fs::write(target, list).expect("the build folder can be written");
}

fn env(name: &str) -> String {
    std::env::var(name).expect("cargo sets the variables of build scripts")
}

fn add_files(loader: &mut MemoryLoader, folder: &Path, prefix: &str) {
    for entry in std::fs::read_dir(folder).expect("lib/ can be read") {
        let entry = entry.expect("lib/ can be read");
        let name = entry.file_name().into_string().expect("names in lib/ are UTF-8");
        let path = entry.path();
        if path.is_dir() {
            add_files(loader, &path, &format!("{prefix}{name}/"));
        } else if name.ends_with(".toit") {
            loader.add(format!("{prefix}{name}"), std::fs::read(&path).expect("lib/ can be read"));
        }
    }
}

/// Encodes each body by itself.
fn pack(unit: &mut Unit) {
    for module in &mut unit.modules {
        let module = Arc::make_mut(module);
        let functions = module.functions.iter_mut().map(|function| &mut function.code);
        let globals = module.globals.iter_mut().map(|global| &mut global.initializer);
        for code in functions.chain(globals) {
            code.pack().expect("a body can be encoded");
        }
    }
}
