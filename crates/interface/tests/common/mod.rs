//! Helpers that the tests share.

#![allow(dead_code, reason = "each test uses some of it")]

use lucarne_compiler::source::MemoryLoader;
use lucarne_interface::Definition;
use lucarne_interface::model::Interface;

/// The first lines of a service, for tests that need no more.
pub(crate) const SERVICE: &str =
    "/** @service 11111111-2222-3333-4444-555555555555 1.2 */\ninterface Example:\n";

/// Reads a definition.
pub(crate) fn load(text: &str) -> Definition {
    load_files(&[("app.toit", text)])
}

/// Reads the definition `app.toit` of some files.
pub(crate) fn load_files(files: &[(&str, &str)]) -> Definition {
    let mut loader = MemoryLoader::default();
    for (path, text) in files {
        loader.add(*path, *text);
    }
    lucarne_interface::load(&loader, "app.toit").expect("the library is sound")
}

/// Reads a definition without mistakes.
pub(crate) fn interface(text: &str) -> Interface {
    let definition = load(text);
    let shown = definition.shown(Default::default());
    definition.interface.unwrap_or_else(|| panic!("{text}\n{shown}"))
}
