//! What a site says, apart from how it looks: packages, libraries, classes and members.

use std::collections::BTreeMap;

use lucarne_compiler::source::Span;
use lucarne_compiler::toitdoc::Comment;

pub use crate::address::Url;
pub use crate::project::PackageKind;

/// All of a site.
#[derive(Debug, Default)]
pub struct Documentation {
    /// The title.
    pub title: String,
    /// The packages.
    pub packages: Vec<Package>,
    /// The sources that pages link to.
    pub sources: Vec<SourcePage>,
}

/// A package.
#[derive(Debug)]
pub struct Package {
    /// The name.
    pub name: String,
    /// How the package belongs to the subject.
    pub kind: PackageKind,
    /// The purpose.
    pub description: Option<String>,
    /// The version, if it is from a registry.
    pub version: Option<String>,
    /// The page.
    pub url: Url,
    /// The libraries, by name.
    pub libraries: Vec<Library>,
}

/// A library: a file that others can import.
#[derive(Debug)]
pub struct Library {
    /// The name, as imports write it.
    pub name: String,
    /// The page.
    pub url: Url,
    /// The source.
    pub source: Url,
    /// The documentation.
    pub doc: Doc,
    /// Why the library is deprecated, if it is.
    pub deprecated: Option<String>,
    /// The classes, interfaces, mixins and monitors.
    pub classes: Vec<Class>,
    /// The global variables.
    pub globals: Vec<Member>,
    /// The functions.
    pub functions: Vec<Member>,
    /// The declarations of other libraries that this one exports.
    pub exports: Vec<Export>,
}

/// A declaration of another library.
#[derive(Debug)]
pub struct Export {
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: Kind,
    /// The page of the declaration.
    pub url: Url,
    /// The first paragraph of its documentation.
    pub summary: Doc,
}

/// A class, interface, mixin or monitor.
#[derive(Debug)]
pub struct Class {
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: Kind,
    /// The declaration up to its colon.
    pub signature: Vec<Token>,
    /// The page.
    pub url: Url,
    /// The source.
    pub source: Url,
    /// The documentation.
    pub doc: Doc,
    /// Why the class is deprecated, if it is.
    pub deprecated: Option<String>,
    /// The documented classes that extend, implement or mix in this one directly.
    pub subclasses: Vec<Named>,
    /// The constructors.
    pub constructors: Vec<Member>,
    /// The static fields and functions.
    pub statics: Vec<Member>,
    /// The fields.
    pub fields: Vec<Member>,
    /// The methods.
    pub methods: Vec<Member>,
    /// The members of other classes, by class.
    pub inherited: Vec<Inherited>,
}

/// The members that a class has from another one.
#[derive(Debug)]
pub struct Inherited {
    /// The class that declares them.
    pub from: Named,
    /// The members.
    pub members: Vec<Named>,
}

/// A name with a link, if the declaration is documented.
#[derive(Clone, Debug)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The place of the declaration.
    pub url: Option<Url>,
}

/// A function, a global, or a member of a class.
#[derive(Debug)]
pub struct Member {
    /// The name, with the `=` of a setter.
    pub name: String,
    /// The kind.
    pub kind: Kind,
    /// The declaration without its body.
    pub signature: Vec<Token>,
    /// The place in the page.
    pub url: Url,
    /// The source.
    pub source: Url,
    /// The documentation.
    pub doc: Doc,
    /// The member that the documentation is from, if this one has none itself.
    pub doc_from: Option<Named>,
    /// Why the member is deprecated, if it is.
    pub deprecated: Option<String>,
}

/// The kind of a declaration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// A class.
    Class,
    /// An interface.
    Interface,
    /// A mixin.
    Mixin,
    /// A monitor.
    Monitor,
    /// A function.
    Function,
    /// A global variable.
    Global,
    /// A constructor.
    Constructor,
    /// A static function or field.
    Static,
    /// A field.
    Field,
    /// A method.
    Method,
}

impl Kind {
    /// Returns the word for one declaration of the kind.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Class => "class",
            Kind::Interface => "interface",
            Kind::Mixin => "mixin",
            Kind::Monitor => "monitor",
            Kind::Function => "function",
            Kind::Global => "global",
            Kind::Constructor => "constructor",
            Kind::Static => "static",
            Kind::Field => "field",
            Kind::Method => "method",
        }
    }
}

/// A part of a signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// The text.
    pub text: String,
    /// The kind.
    pub kind: TokenKind,
    /// The place of the declaration of a type.
    pub url: Option<Url>,
}

/// The kind of a part of a signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenKind {
    /// White space and punctuation.
    Plain,
    /// A keyword.
    Keyword,
    /// The declared name.
    Name,
    /// A parameter.
    Parameter,
    /// A type.
    Type,
    /// A default or first value.
    Value,
}

/// The documentation of a declaration.
#[derive(Clone, Debug, Default)]
pub struct Doc {
    /// The comment.
    pub comment: Comment,
    /// The meanings of the references of the comment, by the beginnings of their places.
    pub references: BTreeMap<u32, Reference>,
}

/// The meaning of a reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reference {
    /// A declaration with a place in the site.
    Declaration(Url),
    /// A parameter.
    Parameter,
}

/// The source of a library.
#[derive(Debug)]
pub struct SourcePage {
    /// The page.
    pub url: Url,
    /// The library.
    pub library: Named,
    /// The path of the file in its package.
    pub path: String,
    /// The text.
    pub text: String,
    /// The places of names with the addresses of their declarations, in order.
    pub names: Vec<(Span, Url)>,
}
