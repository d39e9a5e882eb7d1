//! `#[resource]`.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, ItemTrait, Result, Token, Type};

use crate::interface::{Method, Target, take_methods};

/// What every proxy or resource has.
const TAKEN_NAMES: &[&str] = &["close", "proxy", "notifications", "serve", "resource"];

/// Nothing, or `notifies = T`.
pub(crate) struct Options {
    notifies: Option<Type>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Options> {
        if input.is_empty() {
            return Ok(Options { notifies: None });
        }
        let name: Ident = input.parse()?;
        if name != "notifies" {
            return Err(Error::new_spanned(name, "write #[resource] or #[resource(notifies = T)]"));
        }
        let value = input.parse::<Token![=]>().and_then(|_| input.parse());
        let hint = "say of which type the notifications are: #[resource(notifies = T)]";
        value.map(|value| Options { notifies: Some(value) }).map_err(|_| Error::new_spanned(name, hint))
    }
}

pub(crate) fn expand(options: &Options, mut item: ItemTrait) -> Result<TokenStream> {
    let methods = take_methods(&mut item, TAKEN_NAMES)?;
    item.items.push(maker(options));
    let proxy = proxy(&item, options, &methods);
    Ok(quote!(#item #proxy))
}

/// The function that makes a resource of an implementation.
fn maker(options: &Options) -> syn::TraitItem {
    match &options.notifies {
        None => syn::parse_quote! {
            /// Makes it a resource, to be returned from a method.
            fn resource(self) -> ::lucarne::Resource<Self> where Self: Sized {
                ::lucarne::Resource::new(self)
            }
        },
        Some(value) => syn::parse_quote! {
            /// Makes a resource, to be returned from a method. `make` gets what it needs to notify its client.
            fn resource(
                make: impl ::std::ops::FnOnce(::lucarne::Notifier<#value>) -> Self,
            ) -> ::lucarne::Resource<Self> where Self: Sized {
                ::lucarne::Resource::notifying(make)
            }
        },
    }
}

fn proxy(item: &ItemTrait, options: &Options, methods: &[Method]) -> TokenStream {
    let (visibility, interface) = (&item.vis, &item.ident);
    let name = format_ident!("{interface}Proxy");
    let docs =
        format!("Stands for a resource that implements [`{interface}`]. Clones stand for the same one.");
    let indexes = methods.iter().map(|method| method.index);
    let arms = methods.iter().map(|method| method.arm(interface, &quote!(T), Target::Resource));
    let no_proxies = BTreeMap::new();
    let stubs = methods.iter().map(|method| {
        method.stub(visibility, &no_proxies, &quote!(self.proxy), Some(quote!(self.proxy.handle())))
    });
    let notifications = options.notifies.iter().map(|value| {
        quote! {
            /// What the resource sends: see `lucarne::Proxy::notifications`.
            #visibility fn notifications(&self) -> ::lucarne::Notifications<#value> {
                self.proxy.notifications()
            }
        }
    });
    quote! {
        #[doc = #docs]
        #[derive(Clone, Debug)]
        #visibility struct #name {
            proxy: ::lucarne::Proxy,
        }

        impl #name {
            #[doc(hidden)]
            #visibility const INDEXES: &'static [u32] = &[#(#indexes),*];

            /// Closes the resource.
            #visibility fn close(&self) -> ::lucarne::Pending<(), ::lucarne::CallError> {
                self.proxy.close()
            }

            /// The proxy without its types.
            #visibility fn proxy(&self) -> &::lucarne::Proxy {
                &self.proxy
            }

            #(#notifications)*
            #(#stubs)*

            #[doc(hidden)]
            #visibility async fn serve<T: #interface>(
                __call: &::lucarne::Call,
                __index: u32,
                __arguments: ::lucarne::Arguments,
            ) -> ::std::result::Result<::lucarne::Payload, ::lucarne::Thrown> {
                match __index {
                    #(#arms)*
                    index => ::std::result::Result::Err(__call.no_such_method(index)),
                }
            }
        }

        impl<'de> ::lucarne::macros::Deserialize<'de> for #name {
            fn deserialize<D: ::lucarne::macros::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<#name, D::Error> {
                let proxy = <::lucarne::Proxy as ::lucarne::macros::Deserialize>::deserialize(deserializer)?;
                ::std::result::Result::Ok(#name { proxy })
            }
        }
    }
}
