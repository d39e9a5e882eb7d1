//! `#[service]`: generates the client and the server side of a service from a trait.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, ItemTrait, LitStr, Path, Result, Token, Type};
use uuid::Uuid;

use crate::interface::{Method, Mistakes, Taken, Target, proxies_of, resources_of, take_methods};
use crate::root;

/// The names that every client has.
const TAKEN_NAMES: Taken = Taken {
    kind: "client",
    names: &[
        ("open", "opens the service"),
        ("close", "closes the service"),
        ("client", "returns the untyped client"),
    ],
};

/// The options: `uuid = "...", version = "..."`, `definition = path`, and `crate = path`.
pub(crate) struct Options {
    root: Path,
    uuid: LitStr,
    major: u32,
    minor: u32,
    /// The compressed definition, which the handler carries.
    definition: Option<Path>,
}

impl Default for Options {
    /// Returns the options that replace options with a mistake, so that this mistake is the only error.
    fn default() -> Options {
        let uuid = LitStr::new(&Uuid::nil().to_string(), Span::call_site());
        Options { root: root::default(), uuid, major: 0, minor: u32::MAX, definition: None }
    }
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Options> {
        let (mut uuid, mut version, mut definition, mut root) = (None, None, None, root::default());
        while !input.is_empty() {
            if root::is_next(input) {
                root = root::parse(input)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
                continue;
            }
            let name: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            if name == "definition" {
                definition = Some(input.parse::<Path>().map_err(|error| {
                    Error::new(
                        error.span(),
                        "write the constant that has the definition, as generated code does",
                    )
                })?);
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
                continue;
            }
            let value: LitStr = input.parse().map_err(|error| {
                Error::new(error.span(), format!("write it as a string, such as {name} = \"...\""))
            })?;
            match name.to_string().as_str() {
                "uuid" => uuid = Some(value),
                "version" => version = Some(value),
                _ => {
                    return Err(Error::new_spanned(
                        name,
                        "the options of a service are `uuid`, `version` and `definition`",
                    ));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let (Some(uuid), Some(version)) = (uuid, version) else {
            let message = "write #[service(uuid = \"...\", version = \"MAJOR.MINOR\")]";
            return Err(Error::new(Span::call_site(), message));
        };
        if Uuid::try_parse(&uuid.value()).is_err() {
            let message =
                "not a UUID: write one like 01234567-89ab-cdef-0123-456789abcdef; `uuidgen` makes one";
            return Err(Error::new_spanned(uuid, message));
        }
        let text = version.value();
        let numbers =
            text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        let Some((major, minor)) = numbers else {
            return Err(Error::new_spanned(version, "a version has the form MAJOR.MINOR, such as 1.0"));
        };
        Ok(Options { root, uuid, major, minor, definition })
    }
}

pub(crate) fn expand(options: Result<Options>, mut item: ItemTrait) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let options = mistakes.or_default(options);
    let resources = resources_of(&item);
    let is_bound = resources.is_ok();
    let resources = mistakes.or_default(resources);
    let methods = take_methods(&mut item, &TAKEN_NAMES, &mut mistakes);
    mistakes.or_default(require_not_later(options.minor, &methods));
    let generated = item.generics.params.is_empty().then(|| {
        // A resource without a trait bound has no proxy, so the methods that return it cannot be generated.
        let methods = if is_bound { methods } else { Vec::new() };
        let handler = handler(&item, &options, &methods, &resources);
        let client = client(&item, &options, &methods, &resources);
        let apart = require_apart(&item.ident, &options.root, &methods, &resources);
        quote!(#handler #client #apart)
    });
    let mistakes = mistakes.into_tokens();
    quote!(#item #generated #mistakes)
}

/// Checks that no method was added in a version later than the current one.
fn require_not_later(minor: u32, methods: &[Method]) -> Result<()> {
    let later = methods.iter().filter_map(|method| method.since).find(|(since, _)| *since > minor);
    let Some((since, place)) = later else { return Ok(()) };
    Err(Error::new(
        place,
        format!("the service has minor version {minor}, so no method can be from version {since}"),
    ))
}

/// Returns code that fails the build if a method of a resource has the same index as a method of the service or of
/// another resource. The error is at the name of the resource. The compiler checks this, because the macro does not
/// see the methods of the resources.
fn require_apart(
    interface: &Ident,
    root: &Path,
    methods: &[Method],
    resources: &[(Ident, Type)],
) -> TokenStream {
    let own = methods.iter().map(|method| method.description(interface));
    let mut taken = vec![quote!(&[#(#own),*])];
    let checks = resources.iter().map(|(name, proxy)| {
        let new = quote!(<#proxy>::METHODS);
        let root = root::at(root, name.span());
        let check =
            quote_spanned!(name.span()=> const _: () = #root::macros::assert_apart(&[#(#taken),*], #new););
        taken.push(new);
        check
    });
    checks.collect()
}

fn handler(
    item: &ItemTrait,
    options: &Options,
    methods: &[Method],
    resources: &[(Ident, Type)],
) -> TokenStream {
    let root = &options.root;
    let (visibility, interface) = (&item.vis, &item.ident);
    let name = format_ident!("{interface}Handler");
    let docs = format!("Answers calls with an implementation of [`{interface}`].");
    let arms = methods.iter().map(|method| method.arm(root, interface, &quote!(__Provider), Target::Service));
    let resource_arms = resources.iter().map(|(associated, proxy)| {
        quote! {
            __index if #root::macros::has_index(<#proxy>::METHODS, __index) => {
                <#proxy>::serve::<<__Provider as #interface>::#associated>(__call, __index, __arguments).await
            }
        }
    });
    let selector = selector(options);
    let definition = options.definition.as_ref().map(|definition| {
        quote! {
            fn definition(&self) -> ::std::option::Option<#root::Bytes> {
                ::std::option::Option::Some(#root::Bytes::from_static(#definition))
            }
        }
    });
    quote! {
        #[doc = #docs]
        #visibility struct #name<__Provider> {
            implementation: __Provider,
        }

        impl<__Provider: #interface> #name<__Provider> {
            /// Wraps an implementation.
            #visibility fn new(implementation: __Provider) -> Self {
                #name { implementation }
            }
        }

        impl<__Provider: #interface> #root::Serve for #name<__Provider> {
            async fn serve(
                &self,
                __call: &#root::Call,
                __index: u32,
                __arguments: #root::Arguments,
            ) -> ::std::result::Result<#root::Payload, #root::Thrown> {
                match __index {
                    #(#arms)*
                    #(#resource_arms)*
                    __other => ::std::result::Result::Err(__call.no_such_method(__other)),
                }
            }

            #definition
        }

        impl<__Provider: #interface> #root::Serves for #name<__Provider> {
            const SELECTOR: #root::Selector = #selector;
        }
    }
}

fn client(
    item: &ItemTrait,
    options: &Options,
    methods: &[Method],
    resources: &[(Ident, Type)],
) -> TokenStream {
    let root = &options.root;
    let (visibility, interface) = (&item.vis, &item.ident);
    let name = format_ident!("{interface}Client");
    let docs = format!("Uses a provider of [`{interface}`]. Clones are the same client.");
    let proxies = proxies_of(resources);
    let stubs =
        methods.iter().map(|method| method.stub(root, visibility, &proxies, &quote!(self.client), None));
    let constants = methods.iter().map(|method| method.constant(visibility));
    let selector = selector(options);
    quote! {
        #[doc = #docs]
        #[derive(::std::clone::Clone, ::std::fmt::Debug)]
        #visibility struct #name {
            client: #root::Client,
        }

        impl #name {
            /// Identifies the service.
            #visibility const SELECTOR: #root::Selector = #selector;
            #(#constants)*

            /// Opens the service for a container.
            #visibility fn open(container: &#root::Container) -> #root::Open<#name> {
                #root::Open::new(container, Self::SELECTOR)
            }

            /// Closes the service, and all resources of this client.
            #visibility fn close(&self) -> #root::Pending<(), #root::CallError> {
                self.client.close()
            }

            /// Returns the untyped client.
            #visibility fn client(&self) -> &#root::Client {
                &self.client
            }

            #(#stubs)*
        }

        impl ::std::convert::From<#root::Client> for #name {
            fn from(client: #root::Client) -> #name {
                #name { client }
            }
        }
    }
}

fn selector(options: &Options) -> TokenStream {
    let Options { root, uuid, major, minor, .. } = options;
    quote!(#root::Selector::new(#root::uuid!(#uuid), #major, #minor))
}
