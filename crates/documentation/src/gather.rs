//! From an analysis to the model: which declarations are documented, where, and what they say.
//!
//! 1. `tables` parses each file again, since the analysis keeps no trees, and finds the symbol of each declaration
//!    by the place of its name in the index.
//! 2. Each declaration gets a home: its own library, or, if that is private, the first library that exports it.
//! 3. `addresses` gives every declaration with a home its page and its id.
//! 4. The model is made, in which every reference and type is a link if its target has an address.

mod addresses;
mod class;
mod signature;
mod tables;

use std::collections::{BTreeMap, HashSet};

use lucarne_compiler::ast::Doc as Comment;
use lucarne_compiler::ir::{FunctionKind, Item};
use lucarne_compiler::resolve::index::{Role, Symbol, Use};
use lucarne_compiler::source::{SourceId, Span};
use lucarne_compiler::toitdoc::{self, Block, Inline};
use lucarne_toit::{Analysis, Index};

use crate::Options;
use crate::model::{Doc, Documentation, Export, Kind, Library, Named, Package, Reference, SourcePage, Url};
use crate::project::Project;
use addresses::Addresses;
use tables::{Declared, File, Tables};

/// Makes the model. Recurses over trees, so it needs a large stack:
/// [`lucarne_compiler::resolve::with_large_stack`].
pub fn gather(analysis: &Analysis, index: &Index, project: &Project, options: &Options) -> Documentation {
    let tables = Tables::new(analysis, index, project, options);
    let addresses = Addresses::new(&tables, project);
    let gather = Gather { tables: &tables, addresses: &addresses };
    let mut packages = Vec::new();
    for (place, files) in project.packages.iter().enumerate() {
        let libraries = tables.libraries_of(place).map(|file| gather.library(file)).collect();
        packages.push(Package {
            name: files.name.clone(),
            kind: files.kind,
            description: files.description.clone(),
            version: files.version.clone(),
            url: addresses.package(place),
            libraries,
        });
    }
    Documentation { title: project.title.clone(), packages, sources: gather.sources() }
}

/// The tables of an analysis, and the addresses that are made of them.
#[derive(Clone, Copy)]
struct Gather<'a> {
    tables: &'a Tables<'a>,
    addresses: &'a Addresses,
}

impl<'a> Gather<'a> {
    fn library(self, file: &'a File) -> Library {
        let url = self.addresses.library(file);
        let mut library = Library {
            name: file.name.clone(),
            source: self.addresses.source(file, 0),
            doc: self.doc(file.source, file.tree.doc.as_ref()),
            deprecated: self.tables.module(file.module).and_then(|module| module.deprecated.clone()),
            classes: Vec::new(),
            globals: Vec::new(),
            functions: Vec::new(),
            exports: self.exports(file),
            url,
        };
        for (owner, declared) in self.tables.declared_in(file) {
            match declared {
                Declared::Class(class, id) => library.classes.push(self.class(owner, class, id)),
                Declared::Function(function, symbol) => {
                    let kind = Kind::Function;
                    library.functions.extend(self.function(owner, function, &symbol, kind));
                }
                Declared::Variable(variable, symbol) => {
                    library.globals.extend(self.variable(owner, variable, &symbol, Kind::Global));
                }
            }
        }
        library.classes.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        library.globals.sort_by(|a, b| a.name.cmp(&b.name));
        // Overloads keep their order.
        library.functions.sort_by(|a, b| a.name.cmp(&b.name));
        library
    }

    /// Returns the exported declarations of other libraries.
    fn exports(self, file: &File) -> Vec<Export> {
        let mut exports = Vec::new();
        let mut known = HashSet::new();
        let Some(module) = self.tables.module(file.module) else { return exports };
        for (name, item) in module.exports.iter() {
            let symbol = Symbol::from(*item);
            let Some(url) = self.addresses.of(&symbol) else { continue };
            let is_own = self.tables.home(*item) == Some(file.place_in_list);
            if is_own || known.contains(url) {
                continue;
            }
            let Some((owner, declared)) = self.tables.declared(*item) else { continue };
            known.insert(url);
            let kind = match (item, &declared) {
                (Item::Class(_), Declared::Class(class, _)) => class::kind(class.kind),
                (Item::Function(_), _) => Kind::Function,
                _ => Kind::Global,
            };
            let doc = self.doc(owner.source, declared.doc());
            exports.push(Export { name: name.clone(), kind, url: url.clone(), summary: summary(&doc) });
        }
        exports.sort_by(|a, b| (a.kind, &a.name, &a.url).cmp(&(b.kind, &b.name, &b.url)));
        exports.dedup_by(|a, b| (a.kind, &a.name) == (b.kind, &b.name));
        exports
    }

    /// Reads a comment and resolves its references.
    fn doc(self, source: SourceId, comment: Option<&Comment>) -> Doc {
        let text = self.tables.text(source);
        let Some(comment) = comment else { return Doc::default() };
        let comment = toitdoc::read(text, comment.span);
        let mut references = BTreeMap::new();
        each_reference(&comment, &mut |start, last| {
            if let Some(found) = self.reference(source, last) {
                references.insert(start, found);
            }
        });
        Doc { comment, references }
    }

    /// Returns the meaning of the reference whose last name begins at a place.
    fn reference(self, source: SourceId, last: u32) -> Option<Reference> {
        let names = self.tables.names_at(source, last);
        let meant = names.iter().filter(|name| matches!(name.role, Role::Mention | Role::Keyword));
        let is_setter = |name: &&Use| {
            self.tables.resolved(&name.symbol).is_some_and(|function| function.kind == FunctionKind::Setter)
        };
        // A name without `=` means the getter, if there is one.
        let (setters, others): (Vec<&Use>, Vec<&Use>) = meant.partition(is_setter);
        let mut is_parameter = false;
        for name in others.into_iter().chain(setters) {
            if let Some(url) = self.addresses.of(&name.symbol) {
                return Some(Reference::Declaration(url.clone()));
            }
            is_parameter |= matches!(name.symbol, Symbol::Local(..) | Symbol::Parameter(..));
        }
        is_parameter.then_some(Reference::Parameter)
    }

    /// Returns the sources of all libraries that have a page, and of the files whose declarations are on such a page.
    fn sources(self) -> Vec<SourcePage> {
        let mut pages = Vec::new();
        for file in self.tables.files() {
            let Some(url) = self.addresses.source_page(file) else { continue };
            let library = match self.tables.is_library(file) {
                true => Named { name: file.name.clone(), url: Some(self.addresses.library(file)) },
                false => Named { name: file.name.clone(), url: None },
            };
            let path = file.inside.clone();
            let text = self.tables.text(file.source).to_owned();
            pages.push(SourcePage { url, library, path, text, names: self.names(file) });
        }
        pages
    }
}

impl Gather<'_> {
    /// Returns the names in the code of a file whose declarations are documented.
    fn names(self, file: &File) -> Vec<(Span, Url)> {
        let mut found: Vec<(Span, Url)> = Vec::new();
        for name in self.tables.names_of(file.source) {
            let is_code = matches!(name.role, Role::Definition | Role::Read | Role::Write);
            let is_next = found.last().is_none_or(|(before, _)| before.end <= name.span.start);
            let url = self.addresses.of(&name.symbol).filter(|_| is_code && is_next);
            found.extend(url.map(|url| (name.span, url.clone())));
        }
        found
    }

    fn named(self, name: impl Into<String>, symbol: &Symbol) -> Named {
        Named { name: name.into(), url: self.addresses.of(symbol).cloned() }
    }
}

/// Returns the first paragraph of a documentation.
pub(crate) fn summary(doc: &Doc) -> Doc {
    let Some(first) = doc.comment.summary() else { return Doc::default() };
    let blocks = vec![Block::Paragraph(first.to_vec())];
    let section = toitdoc::Section { blocks, ..toitdoc::Section::default() };
    Doc { comment: toitdoc::Comment { sections: vec![section] }, references: doc.references.clone() }
}

/// Calls a function for each reference: with the beginning of its place, and that of its last name.
fn each_reference(comment: &toitdoc::Comment, visit: &mut dyn FnMut(u32, u32)) {
    for section in &comment.sections {
        each_of(&section.title, visit);
        section.blocks.iter().for_each(|block| each_in_block(block, visit));
    }
}

fn each_in_block(block: &Block, visit: &mut dyn FnMut(u32, u32)) {
    match block {
        Block::Paragraph(parts) => each_of(parts, visit),
        Block::Code { .. } => {}
        Block::List { items, .. } => {
            items.iter().flatten().for_each(|block| each_in_block(block, visit));
        }
    }
}

fn each_of(parts: &[Inline], visit: &mut dyn FnMut(u32, u32)) {
    for part in parts {
        if let Inline::Reference { span, last, .. } = part {
            visit(span.start, last.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use lucarne_compiler::source::MemoryLoader;
    use lucarne_toit::Request;

    use super::*;
    use crate::model::{Class, Member};
    use crate::project::{Project, Subject};

    /// Documents one file of a program.
    fn gathered(text: &str) -> Library {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("app.toit");
        std::fs::write(&file, text).expect("it can be written");
        let options = Options { with_library: false, ..Options::default() };
        let project = Project::find(&Subject::Path(file), &options).expect("it can be read");
        let mut loader = MemoryLoader::default();
        for (path, text) in lucarne_library::texts() {
            loader.add(*path, *text);
        }
        let roots = project.roots();
        loader.add(roots[0].as_str(), text);
        let request = Request { probe: None, is_first_only: false, is_canceled: &|| false, trees: None };
        let (analysis, index) =
            lucarne_toit::index_library(&loader, &roots, request).expect("nothing cancels it");
        assert!(!analysis.has_errors(), "{}", analysis.shown(Default::default()));
        let made =
            lucarne_compiler::resolve::with_large_stack(|| gather(&analysis, &index, &project, &options));
        made.expect("there is memory").packages.remove(0).libraries.remove(0)
    }

    fn class<'l>(library: &'l Library, name: &str) -> &'l Class {
        library.classes.iter().find(|class| class.name == name).expect("there is such a class")
    }

    fn inherited(class: &Class) -> Vec<(&str, Vec<&str>)> {
        let groups = class.inherited.iter().filter(|group| group.from.name != "Object");
        let named = groups.map(|group| {
            let names = group.members.iter().map(|member| &*member.name);
            (&*group.from.name, names.collect())
        });
        named.collect()
    }

    #[test]
    fn members_are_inherited_once() {
        let library = gathered(
            "interface I:\n  a\n  b x\n  c\nabstract mixin M implements I:\n  a: return 1\n  b x: return 2\n\
             abstract class A extends Object with M:\n  b x: return 3\n  d := 4\n  private_: return 5\n\
             abstract class B extends A:\n  d= x: return 6\n  b x y: return 7\n",
        );
        assert_eq!(inherited(class(&library, "A")), [("M", vec!["a"]), ("I", vec!["c"])]);
        // Another shape is another member.
        let expected = [("A", vec!["b", "d"]), ("M", vec!["a"]), ("I", vec!["c"])];
        assert_eq!(inherited(class(&library, "B")), expected);
        let below: Vec<&str> = class(&library, "A").subclasses.iter().map(|named| &*named.name).collect();
        assert_eq!(below, ["B"]);
    }

    #[test]
    fn documentation_is_inherited() {
        let library = gathered(
            "interface I:\n  /** Of $x. */\n  a x\nclass A implements I:\n  a x: return 1\nclass B extends A:\n  \
             /** See $super. */\n  a x: return 2\nclass C extends A:\n  /** Own. */\n  a x: return 3\n",
        );
        let from = |name: &str| class(&library, name).methods[0].doc_from.as_ref().map(|from| &*from.name);
        assert_eq!([from("A"), from("B"), from("C")], [Some("I.a"), Some("I.a"), None]);
        assert_eq!(class(&library, "B").methods[0].doc.references.len(), 1);
    }

    #[test]
    fn a_name_means_the_getter() {
        let library = gathered(
            "class A:\n  /** See $foo and $foo=. */\n  f: return 1\n  foo= x: return x\n  foo: return 2\n",
        );
        let f = class(&library, "A").methods.iter().find(|member| member.name == "f").expect("it is there");
        let references = &f.doc.references;
        let urls: Vec<String> = references.values().map(|reference| format!("{reference:?}")).collect();
        assert!(urls.len() == 2 && !urls[0].contains("foo=") && urls[1].contains("foo="), "{urls:?}");
    }

    #[test]
    fn signatures_are_as_they_are_written() {
        let library = gathered(
            "X ::= 5\ny/int? := null\nlong := [\n  1]\nf a --b/string=\"x\" [--c] -> int?: return 1\n\
             class A:\n  z/int\n  constructor .z --w=(\"a\" +\n      \"b\"):\n",
        );
        let shown = |member: &Member| member.signature.iter().map(|token| &*token.text).collect::<String>();
        assert_eq!(shown(&library.functions[0]), "f a --b/string=\"x\" [--c] -> int?");
        let globals: Vec<String> = library.globals.iter().map(shown).collect();
        assert_eq!(globals, ["X/int ::= 5", "long/List :=", "y/int? :="]);
        assert_eq!(shown(&class(&library, "A").constructors[0]), "constructor z/int --w=...");
    }
}
