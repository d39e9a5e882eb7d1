//! The crate that generated code refers to: `lucarne`, or the one that `crate = path` names.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
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

/// Returns the path at another place, to which the compiler's errors about its use then point.
pub(crate) fn at(root: &Path, place: Span) -> TokenStream {
    let moved = root.to_token_stream().into_iter().map(|mut token| {
        token.set_span(place.resolved_at(token.span()));
        token
    });
    moved.collect()
}
