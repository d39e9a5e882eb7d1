//! An analysis with its index, and the facts about its declarations: their places, signatures, documentation.

use lucarne_compiler::ast::File;
use lucarne_compiler::ir::{
    Class, ClassId, ClassKind, Field, FieldRef, Function, FunctionId, FunctionKind, Global, GlobalId, Module,
    ModuleId, Type,
};
use lucarne_compiler::resolve::index::{Role, Symbol, Use};
use lucarne_compiler::source::{SourceId, Span};
use lucarne_compiler::types::Ty;
use lucarne_toit::{Analysis, Index};

use crate::syntax::{self, Declared};
use crate::text::Text;

/// The beginning of the name of a named constructor.
const MAKER: &str = "constructor.";

/// A place in a document.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The key of the document.
    pub key: String,
    /// The place in its text.
    pub span: Span,
}

/// An analysis with its index.
pub struct Analyzed {
    /// The analysis.
    pub analysis: Analysis,
    /// The index.
    pub index: Index,
}

impl Analyzed {
    /// Joins an analysis and its index.
    pub fn new(analysis: Analysis, index: Index) -> Analyzed {
        Analyzed { analysis, index }
    }

    // Files.

    /// Returns the source with a key.
    pub fn source(&self, key: &str) -> Option<SourceId> {
        let place = self.analysis.sources.iter().position(|source| source.path == key)?;
        Some(SourceId(place as u32))
    }

    /// Returns the key of a source.
    pub fn key(&self, source: SourceId) -> &str {
        self.analysis.sources.get(source).map_or("", |source| &source.path)
    }

    /// Returns the text of a source, as it was read.
    pub fn text(&self, key: &str) -> Option<Text> {
        let source = self.analysis.sources.get(self.source(key)?)?;
        Some(Text::new(source.text.clone()))
    }

    /// Returns the names at a place of a document.
    pub fn names_at(&self, key: &str, offset: u32) -> &[Use] {
        self.source(key).map_or(&[], |source| self.index.at(source, offset))
    }

    /// Returns the place of a name.
    pub fn place_of(&self, name: &Use) -> Place {
        Place { key: self.key(name.source).to_owned(), span: name.span }
    }

    // Declarations.

    pub(crate) fn module(&self, id: ModuleId) -> Option<&Module> {
        self.analysis.unit.modules.get(id.0 as usize).map(|module| &**module)
    }

    pub(crate) fn class(&self, id: ClassId) -> Option<&Class> {
        self.module(id.module)?.classes.get(id.index as usize)
    }

    pub(crate) fn function(&self, id: FunctionId) -> Option<&Function> {
        self.module(id.module)?.functions.get(id.index as usize)
    }

    pub(crate) fn global(&self, id: GlobalId) -> Option<&Global> {
        self.module(id.module)?.globals.get(id.index as usize)
    }

    pub(crate) fn field(&self, id: FieldRef) -> Option<&Field> {
        self.class(id.class)?.fields.get(id.index as usize)
    }

    /// Returns the key and the text of a module.
    pub(crate) fn module_text(&self, id: ModuleId) -> Option<(&str, &str)> {
        match self.index.source_of(id).and_then(|source| self.analysis.sources.get(source)) {
            Some(source) => Some((&source.path, &source.text)),
            None => {
                let module = self.module(id)?;
                Some((&module.path, lucarne_library::text(&module.path)?))
            }
        }
    }

    /// Returns whether a declaration belongs to the library.
    pub fn is_of_library(&self, symbol: &Symbol) -> bool {
        module_of(symbol).is_some_and(|module| self.index.source_of(module).is_none())
    }

    /// Returns the place of the name of a declaration.
    pub fn definition(&self, symbol: &Symbol) -> Option<Place> {
        let place = |module: ModuleId, at: u32, name: &str| {
            let (key, text) = self.module_text(module)?;
            let mut span = syntax::identifier(text, at);
            if span.start == span.end {
                span.end = span.start + name.len() as u32;
            }
            Some(Place { key: key.to_owned(), span })
        };
        match symbol {
            Symbol::Class(id) => place(id.module, self.class(*id)?.at, ""),
            Symbol::Function(id) => {
                let function = self.function(*id)?;
                let mut at = function.at;
                if function.name.starts_with(MAKER) {
                    let (_, text) = self.module_text(id.module)?;
                    let whole = text.get(at as usize..).is_some_and(|rest| rest.starts_with(MAKER));
                    at += if whole { MAKER.len() as u32 } else { 0 };
                }
                place(id.module, at, &function.name)
            }
            Symbol::Global(id) => place(id.module, self.global(*id)?.at, ""),
            Symbol::Field(field) => place(field.class.module, self.field(*field)?.at, ""),
            Symbol::Parameter(id, index) => {
                let (key, text) = self.module_text(id.module)?;
                let file = syntax::parse(text);
                let Some(Declared::Function(_, function)) =
                    syntax::declaration_at(&file, self.function(*id)?.at)
                else {
                    return None;
                };
                let parameter = *syntax::canonical_parameters(function).get(*index as usize)?;
                Some(Place { key: key.to_owned(), span: parameter.name.span })
            }
            Symbol::Local(source, span) | Symbol::Prefix(source, span) => {
                Some(Place { key: self.key(*source).to_owned(), span: *span })
            }
            Symbol::Label(source, span) => {
                let span = Span { start: span.start, end: span.start + 1 };
                Some(Place { key: self.key(*source).to_owned(), span })
            }
            Symbol::Module(id) => {
                let (key, _) = self.module_text(*id)?;
                Some(Place { key: key.to_owned(), span: Span::default() })
            }
            Symbol::Member(_) => None,
        }
    }

    /// Returns the name of a declaration.
    pub fn name(&self, symbol: &Symbol) -> String {
        match symbol {
            Symbol::Class(id) => self.class(*id).map(|class| class.name.clone()),
            Symbol::Function(id) => self.function(*id).map(|function| {
                let name = function.name.strip_prefix("constructor.").unwrap_or(&function.name);
                let is_setter =
                    function.kind == FunctionKind::Static && name.ends_with('=') && name.len() > 1;
                name.strip_suffix('=').filter(|_| is_setter).unwrap_or(name).to_owned()
            }),
            Symbol::Global(id) => {
                let name = self.global(*id).map(|global| global.name.as_str());
                name.map(|name| name.rsplit('.').next().unwrap_or(name).to_owned())
            }
            Symbol::Field(field) => self.field(*field).map(|field| field.name.clone()),
            Symbol::Parameter(id, index) => {
                let parameters = self.function(*id).map(|function| &function.parameters);
                parameters.and_then(|all| all.get(*index as usize)).map(|parameter| parameter.name.clone())
            }
            Symbol::Local(source, span) | Symbol::Prefix(source, span) | Symbol::Label(source, span) => {
                let source = self.analysis.sources.get(*source);
                source.and_then(|source| source.text.get(span.range())).map(str::to_owned)
            }
            Symbol::Module(id) => self.module(*id).map(|module| module.path.clone()),
            Symbol::Member(name) => Some(name.to_string()),
        }
        .unwrap_or_default()
    }

    /// Returns the class that a declaration is a member of.
    pub fn holder(&self, symbol: &Symbol) -> Option<ClassId> {
        match symbol {
            Symbol::Function(id) => self.function(*id)?.holder,
            Symbol::Field(field) => Some(field.class),
            _ => None,
        }
    }

    /// Returns whether a declaration is a member of objects.
    pub fn is_member(&self, symbol: &Symbol) -> bool {
        match symbol {
            Symbol::Function(id) => self
                .function(*id)
                .is_some_and(|function| matches!(function.kind, FunctionKind::Method | FunctionKind::Setter)),
            Symbol::Field(_) => true,
            _ => false,
        }
    }

    /// Returns why a declaration is deprecated, if it is.
    pub fn deprecated(&self, symbol: &Symbol) -> Option<&str> {
        match symbol {
            Symbol::Class(id) => self.class(*id)?.deprecated.as_deref(),
            Symbol::Function(id) => self.function(*id)?.deprecated.as_deref(),
            Symbol::Global(id) => self.global(*id)?.deprecated.as_deref(),
            Symbol::Field(field) => self.field(*field)?.deprecated.as_deref(),
            Symbol::Module(id) => self.module(*id)?.deprecated.as_deref(),
            _ => None,
        }
    }

    /// Returns the class of the value that a declaration has or returns.
    pub fn class_of_value(&self, symbol: &Symbol) -> Option<ClassId> {
        let of_type = |ty: Type| match ty {
            Type::Class { class, .. } => Some(class),
            _ => None,
        };
        match symbol {
            Symbol::Class(id) => Some(*id),
            Symbol::Function(id) => {
                let function = self.function(*id)?;
                match function.kind {
                    FunctionKind::Constructor | FunctionKind::Factory => function.holder,
                    _ => of_type(function.return_type),
                }
            }
            Symbol::Global(id) => {
                let global = self.global(*id)?;
                of_type(global.ty).or_else(|| of_type(global.first_type))
            }
            Symbol::Field(field) => of_type(self.field(*field)?.ty),
            Symbol::Parameter(id, index) => of_type(self.function(*id)?.parameters.get(*index as usize)?.ty),
            Symbol::Local(source, span) => match self.index.local_at(*source, *span)?.ty {
                Ty::Class { class, .. } => Some(class),
                _ => None,
            },
            _ => None,
        }
    }

    // Texts.

    /// Renders a type.
    pub fn type_text(&self, ty: Type) -> Option<String> {
        match ty {
            Type::Any | Type::Block => None,
            Type::None => Some("none".into()),
            Type::Class { class, nullable } => {
                Some(format!("{}{}", self.class(class)?.name, if nullable { "?" } else { "" }))
            }
        }
    }

    /// Renders the type of a local variable.
    pub fn local_type_text(&self, ty: Ty) -> Option<String> {
        match ty {
            Ty::Class { .. } => self.type_text(ty.declared()),
            _ => None,
        }
    }

    /// Renders a parameter.
    pub fn parameter_text(&self, function: &Function, index: usize) -> String {
        let Some(parameter) = function.parameters.get(index) else { return String::new() };
        let dashes = if parameter.is_named { "--" } else { "" };
        // The type of an optional parameter includes null, whatever is written.
        let ty = match parameter.ty {
            Type::Class { class, .. } if parameter.is_optional => Type::Class { class, nullable: false },
            ty => ty,
        };
        let ty = self.type_text(ty).map(|ty| format!("/{ty}")).unwrap_or_default();
        let default = if parameter.is_optional { "=..." } else { "" };
        let written = format!("{dashes}{}{ty}{default}", parameter.name);
        if parameter.is_block { format!("[{written}]") } else { written }
    }

    /// Renders the parameters and the result of a function.
    pub fn signature(&self, function: &Function) -> String {
        let mut text = String::new();
        for index in 0..function.parameters.len() {
            text += " ";
            text += &self.parameter_text(function, index);
        }
        if let Some(ty) = self.type_text(function.return_type) {
            text += &format!(" -> {ty}");
        }
        text
    }

    /// Renders a declaration in one line.
    pub fn title(&self, symbol: &Symbol) -> Option<String> {
        Some(match symbol {
            Symbol::Class(id) => self.class_title(self.class(*id)?),
            Symbol::Function(id) => {
                let function = self.function(*id)?;
                let holder =
                    function.holder.and_then(|class| self.class(class)).map(|class| class.name.as_str());
                let name = self.name(symbol);
                let name = match (holder, function.name.as_str()) {
                    (Some(holder), "constructor") => holder.to_owned(),
                    (Some(holder), _) => format!("{holder}.{name}"),
                    (None, _) => name,
                };
                let setter = if function.kind == FunctionKind::Setter
                    || function.name.ends_with("=") && self.name(symbol) != function.name
                {
                    "="
                } else {
                    ""
                };
                format!("{name}{setter}{}", self.signature(function))
            }
            Symbol::Global(id) => {
                let global = self.global(*id)?;
                let ty = self.type_text(global.ty).or_else(|| self.type_text(global.first_type));
                variable_title(&global.name, ty, global.is_final)
            }
            Symbol::Field(field) => {
                let holder = &self.class(field.class)?.name;
                let field = self.field(*field)?;
                variable_title(&format!("{holder}.{}", field.name), self.type_text(field.ty), field.is_final)
            }
            Symbol::Parameter(id, index) => self.parameter_text(self.function(*id)?, *index as usize),
            Symbol::Local(source, span) => {
                let ty = self.index.local_at(*source, *span).and_then(|local| self.local_type_text(local.ty));
                let ty = ty.map(|ty| format!("/{ty}")).unwrap_or_default();
                format!("{}{ty}", self.name(symbol))
            }
            Symbol::Module(id) => format!("import {}", self.module(*id)?.path),
            Symbol::Prefix(..) | Symbol::Label(..) | Symbol::Member(_) => return None,
        })
    }

    fn class_title(&self, class: &Class) -> String {
        let names = |ids: &[ClassId]| -> String {
            ids.iter().filter_map(|id| self.class(*id)).map(|class| format!(" {}", class.name)).collect()
        };
        let is_abstract = if class.is_abstract { "abstract " } else { "" };
        let mut text = format!("{is_abstract}{} {}", keyword(class.kind), class.name);
        let above = class.superclass.and_then(|id| self.class(id)).map(|class| class.name.as_str());
        if let Some(name) = above.filter(|name| *name != "Object" && class.kind != ClassKind::Monitor) {
            text += &format!(" extends {name}");
        }
        if !class.mixins.is_empty() {
            text += &format!(" with{}", names(&class.mixins));
        }
        if !class.interfaces.is_empty() {
            let word = if class.kind == ClassKind::Interface { "extends" } else { "implements" };
            text += &format!(" {word}{}", names(&class.interfaces));
        }
        text
    }

    /// Returns the documentation of a declaration.
    pub fn documentation(&self, symbol: &Symbol) -> Option<String> {
        let at = match symbol {
            Symbol::Class(id) => self.class(*id)?.at,
            Symbol::Function(id) => self.function(*id)?.at,
            Symbol::Global(id) => self.global(*id)?.at,
            Symbol::Field(field) => self.field(*field)?.at,
            Symbol::Module(_) => u32::MAX,
            _ => return None,
        };
        let (_, text) = self.module_text(module_of(symbol)?)?;
        let file: File = syntax::parse(text);
        let doc = match symbol {
            Symbol::Module(_) => file.doc.as_ref(),
            _ => syntax::declaration_at(&file, at)?.doc(),
        };
        doc.map(|doc| doc.text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Returns the functions that have the name and the holder of a function: its overloads and itself.
    pub fn overloads(&self, id: FunctionId) -> Vec<FunctionId> {
        let (Some(function), Some(module)) = (self.function(id), self.module(id.module)) else {
            return Vec::new();
        };
        let is_one = |other: &Function| {
            other.name == function.name && other.holder == function.holder && other.kind == function.kind
        };
        let all = module.functions.iter().enumerate().filter(|(_, other)| is_one(other));
        all.map(|(index, _)| FunctionId { module: id.module, index: index as u32 }).collect()
    }

    /// Returns the symbols that are defined at a place of a document.
    pub fn defined_at(&self, place: &Place) -> Vec<Symbol> {
        let Some(source) = self.source(&place.key) else { return Vec::new() };
        let names = self.index.at(source, place.span.start).iter();
        let defined =
            names.filter(|name| name.role == Role::Definition && name.span.start == place.span.start);
        defined.map(|name| name.symbol.clone()).collect()
    }
}

/// Returns the module of a declaration.
pub fn module_of(symbol: &Symbol) -> Option<ModuleId> {
    match symbol {
        Symbol::Class(id) => Some(id.module),
        Symbol::Function(id) | Symbol::Parameter(id, _) => Some(id.module),
        Symbol::Global(id) => Some(id.module),
        Symbol::Field(field) => Some(field.class.module),
        Symbol::Module(id) => Some(*id),
        Symbol::Local(..) | Symbol::Prefix(..) | Symbol::Label(..) | Symbol::Member(_) => None,
    }
}

/// Returns the keyword that declares a kind of class.
pub fn keyword(kind: ClassKind) -> &'static str {
    match kind {
        ClassKind::Class => "class",
        ClassKind::Interface => "interface",
        ClassKind::Mixin => "mixin",
        ClassKind::Monitor => "monitor",
    }
}

fn variable_title(name: &str, ty: Option<String>, is_final: bool) -> String {
    let ty = ty.map(|ty| format!("/{ty}")).unwrap_or_default();
    format!("{name}{ty} {}", if is_final { "::=" } else { ":=" })
}
