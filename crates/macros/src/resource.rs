//! `#[resource]`: generates the proxy and the server side of a resource from a trait.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, ItemTrait, Path, Result, Token, TraitItem, Type};

use crate::interface::{Method, Mistakes, Taken, Target, kind, proxies_of, resources_of, take_methods};
use crate::root;

/// The names that every proxy or resource has.
const TAKEN_NAMES: Taken = Taken {
    kind: "proxy",
    names: &[
        ("close", "closes the resource"),
        ("proxy", "returns the untyped proxy"),
        ("notifications", "returns what the resource sends"),
        ("serve", "answers calls"),
    ],
};

/// The options: `notifies = T`, and `crate = path`.
pub(crate) struct Options {
    root: Path,
    notifies: Option<Type>,
}

impl Default for Options {
    fn default() -> Options {
        Options { root: root::default(), notifies: None }
    }
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Options> {
        let (mut root, mut notifies) = (root::default(), None);
        while !input.is_empty() {
            if root::is_next(input) {
                root = root::parse(input)?;
            } else {
                notifies = Some(parse_notifies(input)?);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(Options { root, notifies })
    }
}

fn parse_notifies(input: ParseStream<'_>) -> Result<Type> {
    let name: Ident = input.parse()?;
    if name != "notifies" {
        return Err(Error::new_spanned(name, "write #[resource] or #[resource(notifies = T)]"));
    }
    let value = input.parse::<Token![=]>().and_then(|_| input.parse());
    let hint = "name the type of the notifications: #[resource(notifies = T)]";
    value.map_err(|_| Error::new_spanned(name, hint))
}

pub(crate) fn expand(options: Result<Options>, mut item: ItemTrait) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let options = mistakes.or_default(options);
    let resources = resources_of(&item);
    let is_bound = resources.is_ok();
    let proxies = proxies_of(&mistakes.or_default(resources));
    let methods = take_methods(&mut item, &TAKEN_NAMES, &mut mistakes);
    match own_maker(&item) {
        None => item.items.push(maker(&options)),
        Some(name) => {
            let message =
                "the generated trait already has a `resource`, which makes a resource: choose another name";
            mistakes.add(Error::new_spanned(name, message));
        }
    }
    let proxy = item.generics.params.is_empty().then(|| {
        // Without its bound, a resource cannot be answered.
        let methods = if is_bound { methods } else { Vec::new() };
        proxy(&item, &options, &methods, &proxies)
    });
    let mistakes = mistakes.into_tokens();
    quote!(#item #proxy #mistakes)
}

/// Returns the name of a function of the trait that is called like the generated one.
fn own_maker(item: &ItemTrait) -> Option<Ident> {
    let mut functions = item.items.iter().filter_map(|member| match member {
        TraitItem::Fn(function) => Some(&function.sig.ident),
        _ => None,
    });
    functions.find(|name| name.unraw() == "resource").cloned()
}

/// Returns the function `resource` of the trait, which makes a resource from an implementation.
fn maker(options: &Options) -> syn::TraitItem {
    let root = &options.root;
    match &options.notifies {
        None => syn::parse_quote! {
            /// Makes a resource from this value, to be returned from a method.
            fn resource(self) -> #root::Resource<Self> where Self: ::std::marker::Sized {
                #root::Resource::new(self)
            }
        },
        Some(value) => {
            let kind = kind(root, value);
            syn::parse_quote! {
            /// Makes a resource, to be returned from a method. `make` gets the `Notifier` of the
            /// resource's client, and returns the implementation.
            fn resource(
                make: impl ::std::ops::FnOnce(#root::Notifier<#value>) -> Self,
            ) -> #root::Resource<Self> where Self: ::std::marker::Sized {
                #root::macros::notifying(&#kind, make)
            }
            }
        }
    }
}

fn proxy(
    item: &ItemTrait,
    options: &Options,
    methods: &[Method],
    proxies: &BTreeMap<String, Type>,
) -> TokenStream {
    let root = &options.root;
    let (visibility, interface) = (&item.vis, &item.ident);
    let name = format_ident!("{interface}Proxy");
    let docs =
        format!("Represents a resource that implements [`{interface}`]. Clones represent the same resource.");
    let indexes = methods.iter().map(|method| method.description(interface));
    let arms =
        methods.iter().map(|method| method.arm(root, interface, &quote!(__Provider), Target::Resource));
    let stubs = methods.iter().map(|method| {
        method.stub(root, visibility, proxies, &quote!(self.proxy), Some(quote!(self.proxy.handle())))
    });
    let constants = methods.iter().map(|method| method.constant(visibility));
    let documentation = format!(
        "Returns the notifications of the resource: see [`Proxy::notifications`]({}::Proxy::notifications).",
        root.to_token_stream().to_string().replace(' ', "")
    );
    let notifications = match &options.notifies {
        Some(value) => {
            let kind = kind(root, value);
            quote! {
                #[doc = #documentation]
                #visibility fn notifications(&self) -> #root::Notifications<#value> {
                    #root::macros::notifications(&#kind, &self.proxy)
                }
            }
        }
        // Nothing implements the bound: its message says what the trait needs.
        None => quote! {
            #[doc(hidden)]
            #visibility fn notifications<__Value>(&self) -> #root::Notifications<__Value>
            where
                Self: #root::macros::Notifies<__Value>,
            {
                ::std::unreachable!()
            }
        },
    };
    quote! {
        #[doc = #docs]
        #[derive(::std::clone::Clone, ::std::fmt::Debug)]
        #visibility struct #name {
            proxy: #root::Proxy,
        }

        impl #name {
            #[doc(hidden)]
            #visibility const METHODS: &'static [(u32, &'static str)] = &[#(#indexes),*];
            #(#constants)*

            /// Closes the resource.
            #visibility fn close(&self) -> #root::Pending<(), #root::CallError> {
                self.proxy.close()
            }

            /// Returns the untyped proxy.
            #visibility fn proxy(&self) -> &#root::Proxy {
                &self.proxy
            }

            #notifications
            #(#stubs)*

            #[doc(hidden)]
            #visibility async fn serve<__Provider: #interface>(
                __call: &#root::Call,
                __index: u32,
                __arguments: #root::Arguments,
            ) -> ::std::result::Result<#root::Payload, #root::Thrown> {
                match __index {
                    #(#arms)*
                    __other => ::std::result::Result::Err(__call.no_such_method(__other)),
                }
            }
        }

        impl<'__de> #root::macros::Deserialize<'__de> for #name {
            fn deserialize<__Deserializer: #root::macros::Deserializer<'__de>>(
                __deserializer: __Deserializer,
            ) -> ::std::result::Result<#name, __Deserializer::Error> {
                let __proxy = <#root::Proxy as #root::macros::Deserialize>::deserialize(__deserializer)?;
                ::std::result::Result::Ok(#name { proxy: __proxy })
            }
        }
    }
}
