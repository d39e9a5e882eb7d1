//! The common part of `#[service]` and `#[resource]`: reads the methods of a trait, and generates
//! the match arms, client methods and constants for them.

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Error, FnArg, GenericArgument, Ident, ItemTrait, LitInt, Pat, Path, PathArguments,
    ReceiverKind, Result, ReturnType, Signature, TraitItem, TraitItemFn, Type, TypeParamBound,
};

use crate::client_method::ClientMethod;

/// A method that can be called remotely.
pub(crate) struct Method {
    pub(crate) name: Ident,
    pub(crate) index: u32,
    /// The minor version that introduced the method, and the place where that number is written.
    pub(crate) since: Option<(u32, Span)>,
    docs: Vec<Attribute>,
    /// The `allow` attributes. They are copied to the client's method, whose arguments can violate the same lints.
    allowed: Vec<Attribute>,
    /// Whether the provider's method takes `&Call`, which is not sent.
    takes_call: bool,
    argument_names: Vec<Ident>,
    argument_types: Vec<Type>,
    /// The type of the result, without the error.
    value: Type,
    /// The type of the error, if the method returns a `Result`.
    error: Option<Type>,
    client: ClientMethod,
}

/// Reads the methods of a trait. Removes `#[index]`, `#[since]` and `#[client]`, and changes the trait into the form
/// that providers implement: methods that return futures. `taken_names` are the names that methods of the client or
/// proxy cannot have.
///
/// Mistakes are added to `mistakes`. A method with a mistake stays as written, without these attributes. To keep the
/// mistake the only error, `#[allow(async_fn_in_trait)]` is added, and its patterns are replaced by `_`.
pub(crate) fn take_methods(
    item: &mut ItemTrait,
    taken_names: &Taken,
    mistakes: &mut Mistakes,
) -> Vec<Method> {
    if !item.generics.params.is_empty() {
        let message = "the trait of a service or resource cannot be generic: use concrete types";
        mistakes.add(Error::new_spanned(&item.generics, message));
    }
    let mut methods = Vec::new();
    let mut taken: BTreeMap<u32, Ident> = BTreeMap::new();
    for member in &mut item.items {
        let TraitItem::Fn(function) = member else { continue };
        let mut changed = function.clone();
        match take_method(&mut changed).and_then(|taking| require_free(taking, taken_names, &mut taken)) {
            Ok(method) => {
                *function = changed;
                methods.extend(method);
            }
            Err(error) => {
                mistakes.add(error);
                function.attrs.retain(|attribute| !is_of_method(attribute));
                function.attrs.push(syn::parse_quote!(#[allow(async_fn_in_trait)]));
                remove_patterns(&mut function.sig);
            }
        }
    }
    item.supertraits.push(syn::parse_quote!(::std::marker::Send));
    item.supertraits.push(syn::parse_quote!(::std::marker::Sync));
    item.supertraits.push(syn::parse_quote!('static));
    methods
}

/// Replaces each pattern that is not a name by `_`: a function without a body cannot have patterns.
fn remove_patterns(signature: &mut Signature) {
    for input in &mut signature.inputs {
        if let FnArg::Typed(input) = input
            && !matches!(*input.pat, Pat::Ident(_))
        {
            *input.pat = syn::parse_quote!(_);
        }
    }
}

fn is_of_method(attribute: &Attribute) -> bool {
    ["index", "since", "client"].iter().any(|name| attribute.path().is_ident(name))
}

/// The names that a generated type has already.
pub(crate) struct Taken {
    /// The kind of generated type, for messages: `client` or `proxy`.
    pub(crate) kind: &'static str,
    /// The names, each with the purpose of its method.
    pub(crate) names: &'static [(&'static str, &'static str)],
}

/// The mistakes in a trait, which are reported together.
#[derive(Default)]
pub(crate) struct Mistakes(Option<Error>);

impl Mistakes {
    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Returns the value, or adds the error and returns the default.
    pub(crate) fn or_default<T: Default>(&mut self, result: Result<T>) -> T {
        result.unwrap_or_else(|error| {
            self.add(error);
            T::default()
        })
    }

    /// Returns the errors as code that the compiler reports.
    pub(crate) fn into_tokens(self) -> Option<TokenStream> {
        self.0.map(Error::into_compile_error)
    }
}

/// Checks that the name and the index of a method are free.
fn require_free(
    taking: Option<(Method, Span)>,
    taken_names: &Taken,
    taken: &mut BTreeMap<u32, Ident>,
) -> Result<Option<Method>> {
    let Some((method, place)) = taking else { return Ok(None) };
    let name = method.client.name();
    if let Some((reserved, purpose)) = taken_names.names.iter().find(|(reserved, _)| name.unraw() == reserved)
    {
        let article = if reserved.starts_with('o') { "an" } else { "a" };
        let message = format!(
            "the generated {} already has {article} `{reserved}`, which {purpose}: choose another name",
            taken_names.kind
        );
        return Err(Error::new_spanned(name, message));
    }
    if let Some(other) = taken.get(&method.index) {
        let (index, name) = (method.index, &method.name);
        let message = format!(
            "`{name}` has index {index}, which is taken by `{other}`: each method needs its own index"
        );
        return Err(Error::new(place, message));
    }
    taken.insert(method.index, method.name.clone());
    Ok(Some(method))
}

/// Reads a method, and removes `#[index]`, `#[since]` and `#[client]`. Returns it and the place of its index, or
/// `None` for a function that is not `async` and has none of these attributes.
fn take_method(function: &mut TraitItemFn) -> Result<Option<(Method, Span)>> {
    let index =
        take_number(&mut function.attrs, "index", "write #[index(n)], where n is the index of the method")?;
    let since = take_number(&mut function.attrs, "since", "write #[since(n)], where n is a minor version")?;
    let client = take_attribute(&mut function.attrs, "client")?;
    let signature = &mut function.sig;
    if signature.asyncness.take().is_none() {
        if index.or(since).is_none() && client.is_none() {
            return Ok(None);
        }
        let message = "a method of a service or resource must be an `async fn`";
        return Err(Error::new_spanned(signature.fn_token, message));
    }
    let Some((index, place)) = index else {
        return Err(Error::new_spanned(&signature.ident, "every method needs an index: write #[index(n)]"));
    };
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics,
            "a method of a service or resource cannot be generic",
        ));
    }
    let mut inputs = signature.inputs.iter();
    let receiver = inputs.next();
    if !receiver.is_some_and(is_shared_self) {
        let place = receiver.map_or_else(|| signature.ident.to_token_stream(), ToTokens::to_token_stream);
        let message = "a method must take `&self` first: several calls can run at the same time";
        return Err(Error::new_spanned(place, message));
    }
    let (mut takes_call, mut argument_names, mut argument_types) = (false, Vec::new(), Vec::new());
    for input in inputs {
        let FnArg::Typed(input) = input else { continue };
        if let Type::Reference(reference) = &*input.ty {
            let is_call = is_named(&reference.elem, "Call");
            if is_call && argument_names.is_empty() && !takes_call {
                takes_call = true;
                continue;
            }
            if is_call {
                return Err(Error::new_spanned(
                    &input.ty,
                    "`&Call` can appear only once, right after `&self`",
                ));
            }
            let message =
                "arguments are sent, so they must be owned: write String for &str, Vec or Bytes for a slice";
            return Err(Error::new_spanned(&input.ty, message));
        }
        require_no_byte_vector(&input.ty)?;
        let Pat::Ident(name) = &*input.pat else {
            return Err(Error::new_spanned(&input.pat, "an argument must be a name, not a pattern"));
        };
        argument_names.push(name.ident.clone());
        argument_types.push((*input.ty).clone());
    }
    let output: Type = match &signature.output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, output) => (**output).clone(),
    };
    require_no_byte_vector(&output)?;
    let (value, error) = value_and_error(&output);
    signature.output = syn::parse_quote! {
        -> impl ::std::future::Future<Output = #output> + ::std::marker::Send
    };
    if let Some(body) = &mut function.default {
        // The signature is not `async` now, so the body must return a future.
        *body = syn::parse_quote!({ async move #body });
    }
    let all =
        |name: &'static str| function.attrs.iter().filter(move |attribute| attribute.path().is_ident(name));
    let (docs, allowed) = (all("doc").cloned().collect(), all("allow").cloned().collect());
    let name = signature.ident.clone();
    let client = match client {
        Some(attribute) => ClientMethod::parse(&attribute, argument_names.len())?,
        None => ClientMethod::new(&name, &argument_names, &argument_types),
    };
    let method = Method {
        name,
        index,
        since,
        docs,
        allowed,
        takes_call,
        argument_names,
        argument_types,
        value,
        error,
        client,
    };
    Ok(Some((method, place)))
}

pub(crate) fn is_shared_self(input: &FnArg) -> bool {
    matches!(input, FnArg::Receiver(receiver) if matches!(receiver.kind, ReceiverKind::Reference(_, _, None)))
}

/// Removes an attribute. Returns the number in it, and its place. Fails with the hint if the attribute has no number.
fn take_number(attributes: &mut Vec<Attribute>, name: &str, hint: &str) -> Result<Option<(u32, Span)>> {
    let Some(attribute) = take_attribute(attributes, name)? else { return Ok(None) };
    let number =
        attribute.parse_args::<LitInt>().and_then(|literal| Ok((literal.base10_parse()?, literal.span())));
    number.map(Some).map_err(|_| Error::new_spanned(&attribute, hint))
}

/// Removes and returns an attribute. Fails if the attribute is written twice.
fn take_attribute(attributes: &mut Vec<Attribute>, name: &str) -> Result<Option<Attribute>> {
    let mut found = attributes.extract_if(.., |attribute| attribute.path().is_ident(name));
    let first = found.next();
    match found.next() {
        Some(second) => Err(Error::new_spanned(second, format!("#[{name}] must be written only once"))),
        None => Ok(first),
    }
}

fn require_no_byte_vector(ty: &Type) -> Result<()> {
    if ty.to_token_stream().to_string().replace(' ', "").contains("Vec<u8>") {
        return Err(Error::new_spanned(
            ty,
            "a Vec<u8> would be sent as a list of numbers: use lucarne::Bytes",
        ));
    }
    Ok(())
}

fn is_named(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

/// Returns whether an error type is `Thrown`, which is only a text. Clients get it as
/// `CallError::Thrown`.
fn is_thrown(error: &Type) -> bool {
    is_named(error, "Thrown")
}

/// Splits the type of a result into the types of the value and the error: `(T, Some(E))` for `Result<T, E>`, otherwise
/// `(output, None)`.
fn value_and_error(output: &Type) -> (Type, Option<Type>) {
    if let Type::Path(path) = output
        && let Some(last) = path.path.segments.last()
        && last.ident == "Result"
        && let PathArguments::AngleBracketed(arguments) = &last.arguments
    {
        let mut types = arguments.args.iter().filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty.clone()),
            _ => None,
        });
        if let (Some(value), Some(error)) = (types.next(), types.next()) {
            return (value, Some(error));
        }
    }
    (output.clone(), None)
}

impl Method {
    /// Returns the match arm that answers calls of the method. For a method of a resource, the
    /// first argument is the handle.
    pub(crate) fn arm(
        &self,
        root: &Path,
        interface: &Ident,
        implementor: &TokenStream,
        target: Target,
    ) -> TokenStream {
        let Method { name, index, argument_names, argument_types, .. } = self;
        let (handle, receiver) = match target {
            Target::Service => (None, quote!(&self.implementation)),
            Target::Resource => (Some((quote!(__handle), quote!(i64))), quote!(&*__resource)),
        };
        let types = argument_types.iter().map(ToTokens::to_token_stream);
        let own = argument_names.iter().map(ToTokens::to_token_stream).zip(types);
        let (all, all_types): (Vec<_>, Vec<_>) = handle.into_iter().chain(own).unzip();
        let count = all.len();
        let is_plain = self.client.is_plain();
        let all_types = if is_plain { all_types.iter().map(|_| quote!(_)).collect() } else { all_types };
        let read = match count {
            0 => quote!(),
            1 => quote!(#(let #all = __arguments.single::<#all_types>()?;)*),
            _ => quote!(let (#(#all),*) = __arguments.tuple::<(#(#all_types),*)>(#count)?;),
        };
        let decode = argument_names.iter().zip(argument_types).filter(|_| is_plain).map(|(name, ty)| {
            let kind = kind(root, ty);
            quote!(let #name = #root::macros::decoded(&#kind, #name);)
        });
        let find = match target {
            Target::Service => quote!(),
            Target::Resource => quote!(let __resource = __call.resource::<#implementor>(__handle)?;),
        };
        let call = self.takes_call.then(|| quote!(__call,));
        let invoke = quote! {
            <#implementor as #interface>::#name(#receiver, #call #(#argument_names),*).await
        };
        let answer = match &self.error {
            None => {
                let value = self.encoded(root, quote!(&#invoke));
                quote!(__call.answer(#value))
            }
            Some(error) if is_thrown(error) => {
                let value = self.encoded(root, quote!(&#invoke?));
                quote!(__call.answer(#value))
            }
            Some(fault) => {
                let value = self.encoded(root, quote!(&value));
                quote! {
                    match #invoke {
                        ::std::result::Result::Ok(value) => __call.answer(#value),
                        ::std::result::Result::Err(__fault) => {
                            #[allow(unused_imports, reason = "a type needs one of the two")]
                            use #root::macros::{IsFault as _, IsNoFault as _};
                            let __text = (&#root::macros::Tag::<#fault>::NEW).fault_text(&__fault);
                            ::std::result::Result::Err(#root::Thrown::new(__text))
                        }
                    }
                }
            }
        };
        quote!(#index => { #read #(#decode)* #find #answer })
    }

    /// Returns the method of a client or proxy. `caller` has the methods `call` and `call_since`;
    /// `handle`, if any, comes first among the arguments.
    pub(crate) fn stub(
        &self,
        root: &Path,
        visibility: &syn::Visibility,
        proxies: &BTreeMap<String, Type>,
        caller: &TokenStream,
        handle: Option<TokenStream>,
    ) -> TokenStream {
        let Method { index, docs, allowed, client, .. } = self;
        let value = client.value().cloned().unwrap_or_else(|| {
            let mut value = self.value.clone();
            ProxiesForResources { proxies }.visit_type_mut(&mut value);
            value
        });
        let fault = self.error.as_ref().filter(|error| !is_thrown(error));
        let error = fault.map_or_else(|| quote!(#root::CallError), |fault| quote!(#root::CallError<#fault>));
        let place = fault.map(Spanned::span).or_else(|| client.value().map(Spanned::span));
        let place = place.unwrap_or_else(Span::call_site);
        let arguments = client.arguments(root, handle);
        let call = match self.since {
            None => quote_spanned!(place=> call(#index, #arguments)),
            Some((since, _)) => quote_spanned!(place=> call_since(#since, #index, #arguments)),
        };
        let call = if self.has_same_value() {
            let kind = kind(root, &self.value);
            quote!(#root::macros::pending(&#kind, #caller.#call))
        } else {
            quote!(#caller.#call)
        };
        let default = format!("Calls `{}`.", self.name);
        let default = docs.is_empty().then(|| quote!(#[doc = #default]));
        let method = client.method(root, &quote!(#root::Pending<#value, #error>), &call);
        quote!(#(#docs)* #default #(#allowed)* #visibility #method)
    }

    /// Returns whether provider and client have the same type of result. They differ if the result has a resource, for
    /// which the client gets a proxy, or if the client method has its own signature.
    fn has_same_value(&self) -> bool {
        self.client.is_plain() && !mentions_self(&self.value)
    }

    /// Returns the expression that is sent as the answer. `value` is a reference to the result of the method.
    fn encoded(&self, root: &Path, value: TokenStream) -> TokenStream {
        if !self.has_same_value() {
            return value;
        }
        let kind = kind(root, &self.value);
        quote!(#root::macros::encoded(&#kind, #value))
    }

    /// Returns the index and the full name, as a pair.
    pub(crate) fn description(&self, interface: &Ident) -> TokenStream {
        let (index, name) = (self.index, format!("{}::{}", interface.unraw(), self.name.unraw()));
        quote!((#index, #name))
    }

    /// Returns the index as a constant.
    pub(crate) fn constant(&self, visibility: &syn::Visibility) -> TokenStream {
        let name = format_ident!("INDEX_{}", self.name.unraw().to_string().to_uppercase());
        let (index, docs) = (self.index, format!("The index of `{}`.", self.name));
        quote!(#[doc = #docs] #visibility const #name: u32 = #index;)
    }
}

/// Returns an expression that fails to compile unless the type can be sent. It has the span of the type, so that the
/// compiler reports the error only once.
pub(crate) fn kind(root: &Path, ty: &Type) -> TokenStream {
    let (place, placed) = (ty.span(), crate::root::at(root, ty.span()));
    quote_spanned! {place=> {
        #[allow(unused_imports, reason = "a type needs one of the two")]
        use #placed::macros::{IsMessage as _, IsNoMessage as _};
        (&#placed::macros::Tag::<#ty>::NEW).kind().require()
    }}
}

fn mentions_self(ty: &Type) -> bool {
    ty.to_token_stream()
        .to_string()
        .split(|character: char| !character.is_alphanumeric() && character != '_')
        .any(|word| word == "Self")
}

/// Whether a method belongs to a service or to a resource.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Service,
    Resource,
}

/// Returns the resources that the methods of a trait can return: the associated types, and their proxies. Fails if an
/// associated type has no trait as its bound.
pub(crate) fn resources_of(item: &ItemTrait) -> Result<Vec<(Ident, Type)>> {
    let types = item.items.iter().filter_map(|member| match member {
        TraitItem::Type(associated) => Some(associated),
        _ => None,
    });
    types
        .map(|associated| {
            let bound = associated.bounds.iter().find_map(|bound| match bound {
                TypeParamBound::Trait(bound) => Some(bound.path.clone()),
                _ => None,
            });
            let Some(mut path) = bound else {
                let message = "an associated type needs the trait of its resource as its bound, for example \
                               `type Die: Die;`";
                return Err(Error::new_spanned(associated, message));
            };
            if let Some(last) = path.segments.last_mut() {
                last.ident = format_ident!("{}Proxy", last.ident);
                // Proxies have no type arguments. In the bound `Hall<Door = Self::Door>`, the argument only says that
                // the provider uses the same type in both places.
                last.arguments = PathArguments::None;
            }
            Ok((associated.ident.clone(), syn::parse_quote!(#path)))
        })
        .collect()
}

/// Returns the proxies by the names of the associated types.
pub(crate) fn proxies_of(resources: &[(Ident, Type)]) -> BTreeMap<String, Type> {
    resources.iter().map(|(name, proxy)| (name.to_string(), proxy.clone())).collect()
}

/// Replaces each `Resource<Self::X>` in a type by the proxy of `X`, for example
/// `Resource<Self::Die>` by `DieProxy`.
struct ProxiesForResources<'p> {
    /// The proxies by the names of the associated types.
    proxies: &'p BTreeMap<String, Type>,
}

impl VisitMut for ProxiesForResources<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Some(proxy) = resource_of(ty).and_then(|name| self.proxies.get(&name)) {
            *ty = proxy.clone();
            return;
        }
        visit_mut::visit_type_mut(self, ty);
    }
}

/// Returns the name of the associated type `X` for the type `Resource<Self::X>`; none for other types.
fn resource_of(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Resource")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let GenericArgument::Type(Type::Path(inner)) = arguments.args.first()? else { return None };
    let mut segments = inner.path.segments.iter();
    let is_own = segments.next()?.ident == "Self";
    segments.next().filter(|_| is_own).map(|segment| segment.ident.to_string())
}
