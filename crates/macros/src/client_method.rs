//! The methods of clients and proxies, and `#[client(...)]`, which describes one that differs from the trait's.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Block, Error, Expr, FnArg, Ident, Pat, Path, Result, ReturnType, Signature, Stmt, Token, Type,
    token,
};

use crate::interface::{is_shared_self, kind};

/// A method of a client or proxy.
pub(crate) struct ClientMethod {
    signature: Signature,
    /// The statements that precede the call.
    statements: Vec<Stmt>,
    /// The arguments as they are sent.
    sent: Vec<TokenStream>,
    /// Whether a body computes the arguments.
    is_computed: bool,
    /// The types of the arguments, if they are those of the trait's method.
    types: Option<Vec<Type>>,
}

/// The content of the attribute: a signature, and a body if the arguments are not sent as they are.
struct Description {
    signature: Signature,
    body: Option<Block>,
}

impl Parse for Description {
    fn parse(input: ParseStream<'_>) -> Result<Description> {
        let signature = input.parse()?;
        let body = if input.peek(token::Brace) { Some(input.parse()?) } else { None };
        Ok(Description { signature, body })
    }
}

impl ClientMethod {
    /// Returns the method that takes the arguments of the trait's method.
    pub(crate) fn new(name: &Ident, names: &[Ident], types: &[Type]) -> ClientMethod {
        let signature = syn::parse_quote!(fn #name(&self, #(#names: #types),*));
        ClientMethod {
            signature,
            statements: Vec::new(),
            sent: references(names),
            is_computed: false,
            types: Some(types.to_vec()),
        }
    }

    /// Parses `#[client(...)]` of a method that has `count` arguments.
    pub(crate) fn parse(attribute: &Attribute, count: usize) -> Result<ClientMethod> {
        let Description { signature, body } = attribute.parse_args()?;
        if let Some(keyword) = signature.asyncness {
            let message = "the client's method returns a `Pending`: write `fn` without `async`";
            return Err(Error::new_spanned(keyword, message));
        }
        if !signature.inputs.first().is_some_and(is_shared_self) {
            return Err(Error::new_spanned(&signature.ident, "the client's method must take `&self` first"));
        }
        let is_computed = body.is_some();
        let (statements, sent) = match body {
            Some(body) => statements_and_sent(body),
            None => (Vec::new(), borrowed(&signature.inputs)?),
        };
        if sent.len() != count {
            let message = format!("the client sends {} of the method's {count} arguments", sent.len());
            return Err(Error::new_spanned(&signature.ident, message));
        }
        Ok(ClientMethod { signature, statements, sent, is_computed, types: None })
    }

    pub(crate) fn name(&self) -> &Ident {
        &self.signature.ident
    }

    /// Returns the type of the result, if it is not that of the trait's method.
    pub(crate) fn value(&self) -> Option<&Type> {
        match &self.signature.output {
            ReturnType::Default => None,
            ReturnType::Type(_, value) => Some(value),
        }
    }

    /// Returns whether the signature is that of the trait's method.
    pub(crate) fn is_plain(&self) -> bool {
        self.types.is_some()
    }

    /// Returns the value to send: nothing as `()`, one argument as itself, several as a tuple.
    pub(crate) fn arguments(&self, root: &Path, handle: Option<TokenStream>) -> TokenStream {
        let sent: Vec<TokenStream> = match &self.types {
            Some(types) => types
                .iter()
                .zip(&self.sent)
                .map(|(ty, sent)| {
                    let kind = kind(root, ty);
                    quote!(#root::macros::encoded(&#kind, #sent))
                })
                .collect(),
            None => {
                // A `match` keeps a computed argument until the call has been made.
                let sent = self.sent.iter().map(|sent| {
                    let placed = crate::root::at(root, sent.span());
                    let value = if self.is_computed { quote!(&(#sent)) } else { sent.clone() };
                    quote_spanned! {sent.span()=>
                        match #value { __value => (&#placed::macros::tag(__value)).sent(__value) }
                    }
                });
                sent.collect()
            }
        };
        let all: Vec<_> = handle.into_iter().chain(sent).collect();
        match &*all {
            [one] => quote!(&#one),
            _ => quote!(&(#(#all,)*)),
        }
    }

    /// Returns the whole method.
    pub(crate) fn method(&self, root: &Path, output: &TokenStream, call: &TokenStream) -> TokenStream {
        let traits = (!self.is_plain()).then(|| {
            quote! {
                #[allow(unused_imports, reason = "an argument needs one of the two")]
                use #root::macros::{IsArgument as _, IsNoArgument as _};
            }
        });
        let signature = Signature { output: syn::parse_quote!(-> #output), ..self.signature.clone() };
        let statements = &self.statements;
        quote!(#signature { #traits #(#statements)* #call })
    }
}

/// Splits a body, whose value is what is sent: a tuple of several arguments, or one argument.
fn statements_and_sent(mut body: Block) -> (Vec<Stmt>, Vec<TokenStream>) {
    let sent = match body.stmts.pop() {
        Some(Stmt::Expr(Expr::Tuple(tuple), None)) => {
            tuple.elems.iter().map(ToTokens::to_token_stream).collect()
        }
        Some(Stmt::Expr(one, None)) => vec![one.to_token_stream()],
        other => {
            body.stmts.extend(other);
            Vec::new()
        }
    };
    (body.stmts, sent)
}

fn names(inputs: &Punctuated<FnArg, Token![,]>) -> Result<Vec<Ident>> {
    let typed = inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some(&*input.pat),
        FnArg::Receiver(_) => None,
    });
    typed
        .map(|pattern| match pattern {
            Pat::Ident(name) => Ok(name.ident.clone()),
            pattern => Err(Error::new_spanned(pattern, "an argument must be a name, not a pattern")),
        })
        .collect()
}

fn references(names: &[Ident]) -> Vec<TokenStream> {
    names.iter().map(|name| quote!(&#name)).collect()
}

/// Returns a reference to each argument. An argument that is a reference is returned as it is.
fn borrowed(inputs: &Punctuated<FnArg, Token![,]>) -> Result<Vec<TokenStream>> {
    let types = inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some((&*input.ty, input.ty.span())),
        FnArg::Receiver(_) => None,
    });
    let names = names(inputs)?;
    let borrowed = names.iter().zip(types).map(|(name, (ty, place))| match ty {
        Type::Reference(_) => quote_spanned!(place=> #name),
        _ => quote_spanned!(place=> &#name),
    });
    Ok(borrowed.collect())
}
