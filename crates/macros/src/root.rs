//! The crate that generated code refers to: `lucarne`, or the one that `crate = path` names.

use syn::parse::ParseStream;
use syn::{Path, Result, Token};

/// Returns the path that is used by default.
pub(crate) fn default() -> Path {
    syn::parse_quote!(::lucarne)
}

/// Returns whether the next option is `crate = path`.
pub(crate) fn is_next(input: ParseStream<'_>) -> bool {
    input.peek(Token![crate])
}

/// Parses `crate = path`.
pub(crate) fn parse(input: ParseStream<'_>) -> Result<Path> {
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    Path::parse_mod_style(input)
}
