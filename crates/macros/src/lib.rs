//! The macros of `lucarne`: what is written once as a trait becomes both ends of a service.
//!
//! They are used through the crate `lucarne`, whose documentation shows them at work.

mod fault;
mod interface;
mod resource;
mod service;

use proc_macro::TokenStream;
use syn::{DeriveInput, ItemTrait, parse_macro_input};

/// Makes a trait a service.
///
/// `#[service(uuid = "...", version = "MAJOR.MINOR")]`: the UUID names the interface for all time.
///
/// Each `async fn` of the trait is a method of the service and bears
///
/// - `#[index(n)]`: its number, unique in the service and its resources;
/// - `#[since(n)]`, if it came with minor version `n`: from an older provider it is unimplemented.
///
/// It is not called `open`, `close` or `client`, which the client has anyway. It takes `&self`, then, if it wants to know who calls, `&Call`, which does not travel, then
/// arguments that it owns. It gives a value, or `Result<value, error>` where the error is a `Fault`. An
/// associated type that is bound by a resource trait, `type Die: Die;`, names a resource; `Resource<Self::Die>`
/// anywhere in what a method gives is a `DieProxy` for the client.
///
/// Of a trait `Random` this makes
///
/// - the trait, whose methods return futures that are `Send`: an implementation writes `async fn`;
/// - `RandomHandler<T>`: wraps an implementation, for a provider;
/// - `RandomClient`: `open`, `close`, and a method for each of the trait, which returns a `Pending`;
///   `RandomClient::SELECTOR`, and the index of each method as `RandomClient::INDEX_...`.
#[proc_macro_attribute]
pub fn service(attributes: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(attributes as service::Options);
    let item = parse_macro_input!(item as ItemTrait);
    service::expand(&options, item).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a trait a resource of a service.
///
/// `#[resource]`, or `#[resource(notifies = T)]` if it sends its client values of type `T`. Methods are
/// written as those of a service are, and their indexes count with those of the service; `close`, `proxy`,
/// `notifications`, `serve` and `resource` are taken.
///
/// Of a trait `Die` this makes
///
/// - the trait, with one more function: `Six::resource(...)` makes a `Resource<Six>`. It takes the value, or,
///   for one that notifies, a function that gets a `Notifier<T>` and makes the value;
/// - `DieProxy`: a method for each of the trait, which returns a `Pending`; `close`; and, for one that
///   notifies, `notifications`.
#[proc_macro_attribute]
pub fn resource(attributes: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(attributes as resource::Options);
    let item = parse_macro_input!(item as ItemTrait);
    resource::expand(&options, item).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Maps an enum of errors to the texts that travel, and back.
///
/// The text of a variant is its name in capitals, `BadLimit` is `BAD_LIMIT`; `#[fault("...")]` on the
/// variant says another. Variants have no content, but for one marked `#[fault(other)]`, which has a
/// `String` and stands for all other texts.
#[proc_macro_derive(Fault, attributes(fault))]
pub fn fault(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    fault::expand(&item).unwrap_or_else(syn::Error::into_compile_error).into()
}
