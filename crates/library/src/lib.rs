//! The Toit libraries, prepared at build time.
//!
//! The build script runs the front half of the compiler over `lib/` and embeds the result. Bodies
//! are encoded one by one, so that a program decodes only those that it reaches.

use std::sync::OnceLock;

use lucarne_compiler::ir::Unit;

static PREPARED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.postcard"));

/// Returns the modules of the library. They are decoded once; each call shares them.
///
/// # Errors
/// If the embedded result is damaged, which only a broken build can bring about.
pub fn unit() -> Result<Unit, postcard::Error> {
    static UNIT: OnceLock<Result<Unit, postcard::Error>> = OnceLock::new();
    UNIT.get_or_init(|| postcard::from_bytes(PREPARED)).clone()
}

/// The texts of the library by their paths, sorted.
static TEXTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// Returns the texts of the library by their paths, sorted. The paths begin with `<lib>/`.
pub fn texts() -> &'static [(&'static str, &'static str)] {
    TEXTS
}

/// Returns the text of a module, given its path. The places in [`unit()`] are places in these texts.
pub fn text(path: &str) -> Option<&'static str> {
    let place = TEXTS.binary_search_by_key(&path, |(path, _)| path).ok()?;
    TEXTS.get(place).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_module_has_its_text() {
        let unit = super::unit().expect("the build script has made it");
        for module in &unit.modules {
            let text = super::text(&module.path).expect("each module was made from a text");
            for class in &module.classes {
                assert!(text[class.at as usize..].starts_with(&class.name), "{} {}", module.path, class.name);
            }
        }
    }

    #[test]
    fn the_library_is_whole() {
        let unit = super::unit().expect("the build script has made it");
        let core = unit.modules.iter().find(|module| module.path == "<lib>/core/core.toit");
        assert!(core.is_some_and(|core| !core.exports.is_empty()));
        let functions: usize = unit.modules.iter().map(|module| module.functions.len()).sum();
        assert!(functions > 1_000, "{functions}");
        for module in &unit.modules {
            for function in module.functions.iter() {
                function.code.body().expect("each body can be decoded");
            }
        }
    }
}
