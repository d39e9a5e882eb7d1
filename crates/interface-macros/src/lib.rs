//! The macro `interface!` of `lucarne`: the traits of a service, from its definition in Toit.
//!
//! It is a crate of its own, since it contains the front half of the compiler, and a macro's crate cannot have
//! features of its own for one of its macros alone.

use std::path::{Path, PathBuf};

use lucarne_compiler::source::{FileLoader, Loader};
use lucarne_interface::generate::rust_code;
use lucarne_interface::lock;
use proc_macro::TokenStream;
use quote::quote;
use syn::{Error, LitStr, parse_macro_input};

/// Makes the traits, records and errors of a service from its definition, as `lucarne interface generate --rust` does.
///
/// The path is relative to the folder of `Cargo.toml`. The code has imports, so give it a module:
///
/// ```ignore
/// mod thermometer {
///     lucarne::interface!("thermometer.toit");
/// }
/// ```
///
/// The index file beside the definition must be up to date: `lucarne interface generate thermometer.toit` writes it.
/// Mistakes in the definition are errors of the compiler, with their places in the definition.
#[proc_macro]
pub fn interface(input: TokenStream) -> TokenStream {
    let path = parse_macro_input!(input as LitStr);
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    expand(&root, &path).unwrap_or_else(Error::into_compile_error).into()
}

fn expand(root: &Path, path: &LitStr) -> syn::Result<proc_macro2::TokenStream> {
    let text = path.value();
    let error = |message: String| Error::new(path.span(), message);
    let code = rust_code(&Below(root), &text).map_err(|problem| error(problem.to_string()))?;
    let code: proc_macro2::TokenStream =
        code.parse().map_err(|problem| error(format!("{text}: {problem}")))?;
    // So the compiler knows on which files the code depends.
    let files = [text.clone(), lock::path(&text)]
        .into_iter()
        .map(|file| root.join(file))
        .filter(|file| file.is_file());
    let files = files.filter_map(|file| file.to_str().map(str::to_owned));
    Ok(quote! {
        #code
        #(const _: &[u8] = include_bytes!(#files);)*
    })
}

/// The files below a folder, by paths relative to it.
struct Below<'p>(&'p Path);

impl Below<'_> {
    fn full_path(&self, path: &str) -> String {
        // The library is not a folder.
        if path.starts_with('<') { path.to_owned() } else { self.0.join(path).display().to_string() }
    }
}

impl Loader for Below<'_> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        FileLoader.read(&self.full_path(path))
    }

    fn is_file(&self, path: &str) -> bool {
        FileLoader.is_file(&self.full_path(path))
    }

    fn is_folder(&self, path: &str) -> bool {
        FileLoader.is_folder(&self.full_path(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECHO: &str = "/** @service 5a1c4a2e-7a38-4f1b-9a5e-8a7a2b4d3c02 1.0 */\ninterface Echo:\n";

    fn expanded(text: &str) -> syn::Result<String> {
        let folder = tempfile::tempdir().expect("room on the disk");
        std::fs::create_dir(folder.path().join("api")).expect("room on the disk");
        std::fs::write(folder.path().join("api/echo.toit"), text).expect("room on the disk");
        let path = LitStr::new("api/echo.toit", proc_macro2::Span::call_site());
        expand(folder.path(), &path).map(|tokens| tokens.to_string())
    }

    #[test]
    fn definitions_become_traits() {
        let code = expanded(&format!("{ECHO}  /** @index 3 */\n  say text/string -> string\n"))
            .expect("it is correct");
        assert!(code.contains("pub trait Echo"), "{code}");
        assert!(code.contains("include_bytes") && code.contains("echo.toit"), "{code}");
    }

    #[test]
    fn mistakes_have_their_places_in_the_definition() {
        let error =
            expanded(&format!("{ECHO}  say text -> string\n")).expect_err("a type is missing").to_string();
        assert!(error.contains("api/echo.toit:3:7"), "{error}");
        assert!(error.contains("write `text/TYPE`"), "{error}");
    }

    #[test]
    fn indexes_must_be_kept() {
        let error =
            expanded(&format!("{ECHO}  say text/string -> string\n")).expect_err("no index file").to_string();
        let expected =
            "api/echo.index is missing or not up to date: run `lucarne interface generate api/echo.toit`";
        assert_eq!(error, expected);
    }
}
