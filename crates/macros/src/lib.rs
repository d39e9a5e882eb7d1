//! The macros of `lucarne`: from one trait they make both ends of a service.
//!
//! Use them through the crate `lucarne`, whose documentation has examples.

mod client_method;
mod fault;
mod interface;
mod resource;
mod root;
mod service;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;
use quote::quote;
use syn::{DeriveInput, ItemTrait, parse_macro_input};

/// Makes a trait a service.
///
/// `#[service(uuid = "...", version = "MAJOR.MINOR")]`: the UUID identifies the interface forever.
/// `crate = path` names the crate that the generated code refers to; `lucarne` by default. Crates
/// below `lucarne` write `crate = lucarne_services`.
///
/// `definition = NAME`, which generated code has, names a constant with the compressed definition of the service, of type
/// `&[u8]`. Handlers carry it, so that tools such as `lucarne call` know the methods of a running provider by name.
///
/// Each `async fn` of the trait is a method of the service and has these attributes:
///
/// - `#[index(n)]`: its number, unique in the service and its resources;
/// - `#[since(n)]`, if it was added in minor version `n`: with an older provider it is
///   unimplemented;
/// - `#[client(fn ...)]`, if the client's method has another signature: see below.
///
/// An `#[allow(...)]` of a method holds for the client's method, too.
///
/// The names `open`, `close` and `client` are those of methods that each client has. A method takes
/// `&self`, then, to identify the caller, an optional `&Call`, which is not sent, then owned
/// arguments. It returns a value, or `Result<value, error>`. The error is a `Fault`, or `Thrown`, an
/// error that has only a text: clients get it as `CallError::Thrown`. A method with a body need not
/// be implemented. An associated type that is bound by a resource trait, `type Die: Die;`, names a
/// resource; `Resource<Self::Die>` anywhere in the result of a method is a `DieProxy` for the client.
///
/// For a trait `Random` the macro generates
///
/// - the trait, whose methods return futures that are `Send`: an implementation writes `async fn`;
/// - `RandomHandler<T>`: wraps an implementation, for a provider;
/// - `RandomClient`: `open`, `close`, and a method for each of the trait, which returns a
///   `Pending`; `RandomClient::SELECTOR`, and the index of each method as
///   `RandomClient::INDEX_...`.
///
/// # Signatures of clients
///
/// `#[client(fn ...)]` gives the client's method its own signature. It can borrow arguments, be
/// generic, have another name, or use other types with the same encoding. Without a return type, it
/// returns what the trait's method returns; the error type is always that of the trait's method. With
/// a body, the client sends the body's value: a tuple of the arguments, or the only argument. The
/// handle of a resource is not part of it.
///
/// ```ignore
/// use std::time::Duration;
///
/// #[lucarne::service(uuid = "d5c3b8de-06a5-4d0e-9a4b-6f7a1c2e3b90", version = "1.0")]
/// pub trait Bell {
///     /// Announces a guest.
///     #[index(0)]
///     #[client(fn announce(&self, name: &str))]
///     async fn announce(&self, name: String);
///
///     /// Rings. Returns whether it was heard.
///     #[index(1)]
///     #[client(fn ring(&self, time: Duration) -> Option<bool> { (time.as_secs(), time.subsec_nanos()) })]
///     async fn ring(&self, seconds: u64, nanos: u32) -> bool;
/// }
/// ```
#[proc_macro_attribute]
pub fn service(attributes: TokenStream, item: TokenStream) -> TokenStream {
    let written = TokenStream2::from(item.clone());
    match syn::parse::<ItemTrait>(item) {
        Ok(item) => service::expand(syn::parse(attributes), item).into(),
        Err(error) => with_error(&written, error),
    }
}

/// Makes a trait a resource of a service.
///
/// `#[resource]`, or `#[resource(notifies = T)]` if it sends its client values of type `T`. Methods
/// are written like those of a service, and their indexes count with those of the service; the
/// names `close`, `proxy`, `notifications`, `serve` and `resource` are reserved. `crate = path` names
/// the crate that the generated code refers to, as for a service. Methods can return resources, as
/// those of a service do: the service also names the types of these resources, since it answers their
/// calls, and says that they are the same: `type Hall: Hall<Door = Self::Door>; type Door: Door;`.
///
/// For a trait `Die` the macro generates
///
/// - the trait, with one more function, `resource`: for an implementation `Six`, `Six::resource(...)`
///   makes a `Resource<Six>`. It takes the value, or, for a resource that notifies, a function that
///   gets a `Notifier<T>` and makes the value;
/// - `DieProxy`: a method for each of the trait, which returns a `Pending`; `close`; the index of each
///   method as `DieProxy::INDEX_...`; and, for a resource that notifies, `notifications`.
#[proc_macro_attribute]
pub fn resource(attributes: TokenStream, item: TokenStream) -> TokenStream {
    let written = TokenStream2::from(item.clone());
    match syn::parse::<ItemTrait>(item) {
        Ok(item) => resource::expand(syn::parse(attributes), item).into(),
        Err(error) => with_error(&written, error),
    }
}

/// Maps an enum of errors to the texts that are sent, and back.
///
/// The text of a variant is its name in capitals, for example `BAD_LIMIT` for `BadLimit`;
/// `#[fault("...")]` on the variant sets another text. Variants have no content, except one marked
/// `#[fault(other)]`, which has a `String` and stands for all other texts. `#[fault(crate = path)]` on the
/// enum names the crate that the generated code refers to.
#[proc_macro_derive(Fault, attributes(fault))]
pub fn fault(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    fault::expand(&item).into()
}

/// Returns an item as it is written, so that its names are known, with an error.
fn with_error(written: &TokenStream2, error: syn::Error) -> TokenStream {
    let error = error.into_compile_error();
    quote!(#written #error).into()
}
