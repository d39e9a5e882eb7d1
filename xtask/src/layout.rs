//! The list of all installed files, for folders and packages.

use std::path::{Path, PathBuf};

use crate::Error;
use crate::build::{Built, native_libraries, sources};
use crate::generated::{self, files};
use crate::header::functions;
use crate::licenses::third_party;

/// A file, by its path below the prefix.
pub(crate) struct Item {
    pub(crate) path: String,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    /// A copy of a file.
    File(PathBuf),
    /// A copy of an executable file.
    Program(PathBuf),
    /// A copy of a library, with the option of `strip` that keeps the symbols that linking needs.
    Library(PathBuf, &'static str),
    /// A generated text.
    Text(String),
    /// A script.
    Script(&'static str),
    /// A link to a file in the same folder.
    Link(String),
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The soname of the shared library, which changes when hosts must be rebuilt. `liblucarne/build.rs` has it, too.
const SONAME: &str = "liblucarne.so.0";

const CMAKE: &str = "lib/cmake/lucarne";

/// Returns all files to install, in the order of their paths. `binary` is the path where the binary will be,
/// `work` a folder for intermediate files.
pub(crate) fn items(built: &Built, binary: &Path, work: &Path) -> Result<Vec<Item>, Error> {
    let mut items = vec![
        item("bin/lucarne", Content::Program(built.binary.clone())),
        item("include/toit/service.h", source("crates/c/include/toit/service.h")),
        item("include/toit/toit.h", source("crates/c/include/toit/toit.h")),
        item("include/lucarne/lucarne.h", source("liblucarne/include/lucarne/lucarne.h")),
        item(&format!("{CMAKE}/lucarne.cmake"), source("crates/c/cmake/lucarne.cmake")),
    ];
    items.extend(libraries(built));
    items.extend(descriptions(work)?);
    items.extend(generated::items(&built.binary, binary, work)?);
    items.extend(documents()?);
    items.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(items)
}

/// Returns the command `toit`, which runs scripts that are written for the existing tool.
pub(crate) fn toit() -> Vec<Item> {
    let links = ["run", "analyze", "compile", "pkg"];
    let links = links.map(|command| item(&format!("bin/toit.{command}"), Content::Link("toit".into())));
    let script = item("bin/toit", Content::Script(include_str!("../templates/toit")));
    std::iter::once(script).chain(links).collect()
}

/// Returns the libraries. The loader looks for the soname, a linker for the name without numbers.
fn libraries(built: &Built) -> [Item; 4] {
    let full = format!("liblucarne.so.{VERSION}");
    [
        item("lib/liblucarne.a", Content::Library(built.static_library.clone(), "--strip-debug")),
        item(&format!("lib/{full}"), Content::Library(built.shared_library.clone(), "--strip-unneeded")),
        item(&format!("lib/{SONAME}"), Content::Link(full)),
        item("lib/liblucarne.so", Content::Link(SONAME.to_owned())),
    ]
}

/// Returns the descriptions for build systems.
fn descriptions(work: &Path) -> Result<[Item; 3], Error> {
    let mut header = String::new();
    for name in ["toit.h", "service.h"] {
        let path = sources().join("crates/c/include/toit").join(name);
        header += &std::fs::read_to_string(&path).map_err(|reason| Error::File { path, reason })?;
    }
    // A component finds the functions of both headers in the program that loads it.
    let exported = functions(&header);
    let exports = |option: &str, between: &str| -> String {
        let flags: Vec<String> =
            exported.iter().map(|name| format!("{option}--export-dynamic-symbol={name}")).collect();
        flags.join(between)
    };
    let native = native_libraries(work)?;
    let fill = |template: &str| {
        let names: Vec<&str> = native.iter().map(|flag| flag.trim_start_matches("-l")).collect();
        Content::Text(
            template
                .replace("@VERSION@", VERSION)
                .replace("@SONAME@", SONAME)
                .replace("@EXPORT_FLAGS@", &exports("-Wl,", " "))
                .replace("@EXPORT_OPTIONS@", &exports("LINKER:", ";"))
                .replace("@NATIVE_FLAGS@", &native.join(" "))
                .replace("@NATIVE_NAMES@", &names.join(";")),
        )
    };
    Ok([
        item("lib/pkgconfig/lucarne.pc", fill(include_str!("../templates/lucarne.pc"))),
        item(&format!("{CMAKE}/lucarneConfig.cmake"), fill(include_str!("../templates/lucarneConfig.cmake"))),
        item(
            &format!("{CMAKE}/lucarneConfigVersion.cmake"),
            fill(include_str!("../templates/lucarneConfigVersion.cmake")),
        ),
    ])
}

/// Returns the guides and the licenses.
fn documents() -> Result<Vec<Item>, Error> {
    const FOLDER: &str = "share/doc/lucarne";
    let mut documents: Vec<Item> = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"]
        .iter()
        .map(|name| item(&format!("{FOLDER}/{name}"), source(name)))
        .collect();
    documents.push(item(&format!("{FOLDER}/LICENSES-OF-OTHERS"), Content::Text(third_party()?)));
    for file in files(&sources().join("docs"))? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        documents.push(item(&format!("{FOLDER}/docs/{name}"), Content::File(file)));
    }
    Ok(documents)
}

fn item(path: &str, content: Content) -> Item {
    Item { path: path.to_owned(), content }
}

fn source(path: &str) -> Content {
    Content::File(sources().join(path))
}
