//! The index of an analysis, for editors: what each name in the text refers to, and which names could stand at one
//! place.
//!
//! The index is a by-product of the same analysis that compiles programs, so that an editor and the compiler always
//! agree. It is made only on request: see [`super::index()`].

use crate::ir::{ClassId, FieldRef, FunctionId, GlobalId, Item, ModuleId};
use crate::source::{SourceId, Span};
use crate::types::Ty;

/// A declaration that a name can refer to. Several meanings of one name are listed in the order of these variants.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Symbol {
    /// A class, interface, mixin or monitor.
    Class(ClassId),
    /// An instance field.
    Field(FieldRef),
    /// A function, method, constructor, getter or setter.
    Function(FunctionId),
    /// A global or a static field.
    Global(GlobalId),
    /// A block or lambda that `continue.name` or `break.name` leaves, by its place.
    Label(SourceId, Span),
    /// A local variable, or a parameter of a block or lambda, by the place of its definition.
    Local(SourceId, Span),
    /// A member of an object of unknown class, by its name.
    Member(Box<str>),
    /// A file.
    Module(ModuleId),
    /// A parameter of a function, by its place in the canonical order.
    Parameter(FunctionId, u32),
    /// The prefix of an import, by its place in the import.
    Prefix(SourceId, Span),
}

impl From<Item> for Symbol {
    fn from(item: Item) -> Symbol {
        match item {
            Item::Class(id) => Symbol::Class(id),
            Item::Function(id) => Symbol::Function(id),
            Item::Global(id) => Symbol::Global(id),
        }
    }
}

/// How a name refers to its symbol.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Role {
    /// The name declares the symbol.
    Definition,
    /// The name reads, calls or mentions the symbol in code.
    Read,
    /// The name assigns a value to the symbol.
    Write,
    /// A documentation comment refers to the symbol.
    Mention,
    /// The text is a keyword that refers to the symbol: `this` or `super`.
    Keyword,
    /// The name would refer to the symbol if the code were correct. For example, the arguments of a call do not fit.
    Candidate,
}

/// A name in a text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Use {
    /// The file.
    pub source: SourceId,
    /// The place of the name.
    pub span: Span,
    /// How the name refers to the symbol.
    pub role: Role,
    /// The declaration that the name refers to.
    pub symbol: Symbol,
}

/// A local variable with its type.
#[derive(Clone, Copy, Debug)]
pub struct LocalType {
    /// The file.
    pub source: SourceId,
    /// The place of the name in the definition.
    pub span: Span,
    /// The type, declared or inferred.
    pub ty: Ty,
    /// Whether the type is written in the definition.
    pub is_declared: bool,
}

/// The names that could stand at the requested place.
#[derive(Clone, Debug)]
pub struct Site {
    /// The kind of name that is expected there.
    pub kind: SiteKind,
    /// The place of the name that stands there now.
    pub span: Span,
    /// The possible names, each once for each declaration.
    pub names: Vec<(Box<str>, Symbol)>,
    /// The type of the receiver, if it is a value.
    pub receiver: Option<Ty>,
}

/// The kind of name that is expected at a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SiteKind {
    /// An expression or statement.
    Expression,
    /// A member of a value.
    Member,
    /// A static member or constructor of a class.
    Static,
    /// A declaration behind the prefix of an import.
    Prefixed,
    /// A type.
    Type,
    /// A type behind the prefix of an import.
    PrefixedType,
    /// The name after `continue.` or `break.`.
    Label,
    /// A name that an import shows.
    Shown,
    /// A name that the module exports.
    Exported,
    /// A reference in a documentation comment.
    Mention,
}

/// The index of an analysis.
#[derive(Default, Debug)]
pub struct Index {
    /// All names, sorted by file and place. Several entries have the same place if the name has several meanings, such
    /// as a class and its constructor.
    pub uses: Vec<Use>,
    /// The types of local variables, sorted by file and place.
    pub locals: Vec<LocalType>,
    /// The source of each module that was made from source.
    pub modules: Vec<(ModuleId, SourceId)>,
    /// The methods that classes have to have and lack.
    pub missing: Vec<(ClassId, FunctionId)>,
    /// The names that could stand at the requested place.
    pub site: Option<Site>,
}

impl Index {
    /// Returns the entries for the innermost name at a place of a file.
    pub fn at(&self, source: SourceId, offset: u32) -> &[Use] {
        let of_source = self.of_source(source);
        // Names do not overlap, except for operators and the like: the last one that begins before the place is the innermost.
        let end = of_source.partition_point(|known| known.span.start <= offset);
        let found = of_source.get(..end).unwrap_or_default().iter().rev();
        let nearest = found.take(8).filter(|known| known.span.end >= offset);
        let Some(span) = nearest
            .min_by_key(|known| (known.span.end == offset, length(known.span)))
            .map(|known| known.span)
        else {
            return &[];
        };
        let start = of_source.partition_point(|known| known.span < span);
        let end = of_source.partition_point(|known| known.span <= span);
        of_source.get(start..end).unwrap_or_default()
    }

    /// Returns the entries of a file.
    pub fn of_source(&self, source: SourceId) -> &[Use] {
        let start = self.uses.partition_point(|known| known.source < source);
        let end = self.uses.partition_point(|known| known.source <= source);
        self.uses.get(start..end).unwrap_or_default()
    }

    /// Returns the source of a module, if it was made from source.
    pub fn source_of(&self, module: ModuleId) -> Option<SourceId> {
        let place = self.modules.binary_search_by_key(&module, |(module, _)| *module).ok()?;
        self.modules.get(place).map(|(_, source)| *source)
    }

    /// Returns the type of the local variable that is defined at a place.
    pub fn local_at(&self, source: SourceId, span: Span) -> Option<&LocalType> {
        let key = |local: &LocalType| (local.source, local.span);
        let place = self.locals.binary_search_by_key(&(source, span), key).ok()?;
        self.locals.get(place)
    }
}

fn length(span: Span) -> u32 {
    span.end.saturating_sub(span.start)
}
