//! `#[derive(Fault)]`: converts an error type to and from the texts that providers send.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Fields, Ident, LitStr, Path, Result, Variant};

use crate::interface::Mistakes;
use crate::root;

enum Text {
    Fixed(String),
    Other,
}

/// The match arms of `to_text` and `from_text`.
struct Arms {
    to_text: TokenStream,
    from_text: TokenStream,
}

/// Returns the implementation, also after a mistake, so that the mistake is the only error.
pub(crate) fn expand(item: &DeriveInput) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let root = root_of(item).unwrap_or_else(|error| {
        mistakes.add(error);
        root::default()
    });
    let Arms { to_text, from_text } = arms(item).unwrap_or_else(|error| {
        mistakes.add(error);
        let nothing = quote!(_ => ::std::unreachable!(),);
        Arms { to_text: nothing.clone(), from_text: nothing }
    });
    let (name, mistakes) = (&item.ident, mistakes.into_tokens());
    let (generics, arguments, bounds) = item.generics.split_for_impl();
    quote! {
        impl #generics #root::Fault for #name #arguments #bounds {
            fn to_text(&self) -> ::std::string::String {
                match self { #to_text }
            }

            fn from_text(__text: &str) -> ::std::option::Option<Self> {
                match __text { #from_text }
            }
        }

        #mistakes
    }
}

fn arms(item: &DeriveInput) -> Result<Arms> {
    let Data::Enum(data) = &item.data else {
        let message = "Fault can be derived only for an enum: each variant is an error with a text";
        return Err(Error::new_spanned(&item.ident, message));
    };
    let (mut to_text, mut from_text, mut rest) =
        (Vec::new(), Vec::new(), quote!(_ => ::std::option::Option::None,));
    let mut taken: BTreeMap<Option<String>, &Ident> = BTreeMap::new();
    for variant in &data.variants {
        let name = &variant.ident;
        let text = text_of(variant)?;
        let fixed = if let Text::Fixed(text) = &text { Some(text.clone()) } else { None };
        if let Some(other) = taken.insert(fixed, name) {
            let message = match &text {
                Text::Fixed(_) => {
                    format!("`{other}` has the same text: write another text with #[fault(\"...\")]")
                }
                Text::Other => {
                    format!("`{other}` already stands for all other texts: write #[fault(other)] only once")
                }
            };
            return Err(Error::new_spanned(variant, message));
        }
        match text {
            Text::Fixed(text) => {
                to_text.push(quote!(Self::#name => ::std::string::String::from(#text),));
                from_text.push(quote!(#text => ::std::option::Option::Some(Self::#name),));
            }
            Text::Other => {
                to_text.push(quote!(Self::#name(__text) => ::std::clone::Clone::clone(__text),));
                rest = quote!(__text => ::std::option::Option::Some(Self::#name(::std::string::String::from(__text))),);
            }
        }
    }
    Ok(Arms { to_text: quote!(#(#to_text)*), from_text: quote!(#(#from_text)* #rest) })
}

/// Returns the crate that `#[fault(crate = path)]` on the enum names, or the default.
fn root_of(item: &DeriveInput) -> Result<Path> {
    let mut named = item.attrs.iter().filter(|attribute| attribute.path().is_ident("fault"));
    let Some(attribute) = named.next() else { return Ok(root::default()) };
    let hint = "write #[fault(crate = path)], or put #[fault(...)] on a variant";
    attribute.parse_args_with(root::parse).map_err(|_| Error::new_spanned(attribute, hint))
}

fn text_of(variant: &Variant) -> Result<Text> {
    let mut text = Text::Fixed(in_capitals(&variant.ident));
    for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("fault")) {
        text = match attribute.parse_args::<LitStr>() {
            Ok(literal) => Text::Fixed(literal.value()),
            Err(_) if attribute.parse_args::<Ident>().is_ok_and(|word| word == "other") => Text::Other,
            Err(_) => {
                return Err(Error::new_spanned(attribute, "write #[fault(\"TEXT\")] or #[fault(other)]"));
            }
        };
    }
    match (&text, &variant.fields) {
        (Text::Fixed(_), Fields::Unit) => Ok(text),
        (Text::Other, Fields::Unnamed(fields)) if fields.unnamed.len() == 1 => Ok(text),
        (Text::Other, _) => {
            Err(Error::new_spanned(variant, "the variant for other texts must hold a String"))
        }
        (Text::Fixed(_), _) => {
            Err(Error::new_spanned(variant, "only the text is sent: this variant cannot have content"))
        }
    }
}

fn in_capitals(name: &Ident) -> String {
    let mut text = String::new();
    for character in name.unraw().to_string().chars() {
        if character.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(character.to_uppercase());
    }
    text
}
