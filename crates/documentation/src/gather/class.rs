//! The model of classes: their members, and those that they inherit.

use std::collections::{HashMap, HashSet};

use lucarne_compiler::ast::{self, ClassKind, Declaration, Doc as Comment, FunctionName};
use lucarne_compiler::ir::{ClassId, Item};
use lucarne_compiler::resolve::index::Symbol;

use super::Gather;
use super::tables::{Declared, File, name_of};
use crate::model::{Class, Inherited, Kind, Member, Named};

/// The class that all others extend; its members come last.
const ROOT: &str = "Object";

/// The comment of a member that has the documentation of the member that it overrides.
const SEE_SUPER: &str = "See $super.";

/// What makes two members of related classes one: the name, whether it is a setter, and for each parameter its name, if
/// it is given by name, and whether it is a block.
type Key = (String, bool, Vec<(String, bool)>);

/// A member that objects of a class have.
struct Instance<'a> {
    owner: &'a File,
    declaration: &'a Declaration,
    symbol: Symbol,
    keys: Vec<Key>,
}

impl<'a> Gather<'a> {
    pub(super) fn class(self, owner: &'a File, class: &'a ast::Class, id: ClassId) -> Class {
        let symbol = Symbol::Class(id);
        let url = self.addresses.of(&symbol).cloned().unwrap_or_else(|| self.addresses.library(owner));
        let mut made = Class {
            name: class.name.name.to_string(),
            kind: kind(class.kind),
            signature: self.class_signature(owner, class),
            url,
            source: self.addresses.source(owner, self.tables.line(owner.source, class.name.span.start)),
            doc: self.doc(owner.source, class.doc.as_ref()),
            deprecated: self.tables.deprecated(&symbol),
            subclasses: self.subclasses(id),
            constructors: Vec::new(),
            statics: Vec::new(),
            fields: Vec::new(),
            methods: Vec::new(),
            inherited: Vec::new(),
        };
        let ancestors = self.ancestors(id);
        let mut instances: HashMap<ClassId, Vec<Instance<'a>>> = HashMap::new();
        for ancestor in ancestors.iter().chain([&id]) {
            instances.insert(*ancestor, self.instances(*ancestor));
        }
        for declaration in &class.members {
            self.add_member(&mut made, owner, declaration, &ancestors, &instances);
        }
        made.inherited = self.inherited(id, &ancestors, &instances);
        made
    }

    fn add_member(
        self,
        class: &mut Class,
        owner: &File,
        declaration: &Declaration,
        ancestors: &[ClassId],
        instances: &HashMap<ClassId, Vec<Instance<'_>>>,
    ) {
        let Some(symbol) = self.tables.symbol_of(owner.source, declaration) else { return };
        if !self.tables.is_documented(&name_of(declaration)) {
            return;
        }
        let made = match declaration {
            Declaration::Class(_) => None,
            Declaration::Function(function) => {
                let kind = match (&function.name, function.static_at) {
                    (FunctionName::Constructor(_) | FunctionName::NamedConstructor(_), _) => {
                        Kind::Constructor
                    }
                    (_, Some(_)) => Kind::Static,
                    (_, None) => Kind::Method,
                };
                self.function(owner, function, &symbol, kind)
            }
            Declaration::Variable(variable) => {
                let kind = if variable.static_at.is_some() { Kind::Static } else { Kind::Field };
                self.variable(owner, variable, &symbol, kind)
            }
        };
        let Some(mut member) = made else { return };
        // A comment may also ask for the documentation of the overridden member.
        let asks = doc_of(declaration).is_none_or(|comment| comment.text.trim() == SEE_SUPER);
        if asks && matches!(member.kind, Kind::Method | Kind::Field) {
            self.inherit_doc(&mut member, declaration, ancestors, instances);
        }
        match member.kind {
            Kind::Constructor => class.constructors.push(member),
            Kind::Static => class.statics.push(member),
            Kind::Field => class.fields.push(member),
            _ => class.methods.push(member),
        }
    }

    /// Gives a member the documentation of the member that it overrides.
    fn inherit_doc(
        self,
        member: &mut Member,
        declaration: &Declaration,
        ancestors: &[ClassId],
        instances: &HashMap<ClassId, Vec<Instance<'_>>>,
    ) {
        let keys = keys(declaration);
        for ancestor in ancestors {
            let above = instances.get(ancestor).into_iter().flatten();
            let overridden = above.filter(|instance| instance.keys.iter().any(|key| keys.contains(key)));
            for instance in overridden {
                let written = doc_of(instance.declaration).filter(|comment| comment.text.trim() != SEE_SUPER);
                let Some(comment) = written else { continue };
                member.doc = self.doc(instance.owner.source, Some(comment));
                let class = self.tables.class(*ancestor).map_or("", |class| class.name.as_str());
                let name = format!("{class}.{}", name_of(instance.declaration));
                member.doc_from = Some(self.named(name, &instance.symbol));
                return;
            }
        }
    }

    /// Returns the classes whose members a class has: the nearest first, interfaces after classes, and the class that all
    /// others extend last.
    fn ancestors(self, id: ClassId) -> Vec<ClassId> {
        let mut found = Vec::new();
        let mut seen = HashSet::from([id]);
        let mut later = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next {
            let Some(class) = self.tables.class(id) else { break };
            for mixin in class.mixins.iter().rev() {
                if seen.insert(*mixin) {
                    found.push(*mixin);
                }
            }
            later.extend(class.interfaces.iter().copied());
            next = class.superclass.filter(|above| seen.insert(*above));
            found.extend(next);
        }
        // Mixins and interfaces have interfaces of their own.
        let mut work: Vec<ClassId> = found
            .iter()
            .filter_map(|id| self.tables.class(*id))
            .flat_map(|class| class.interfaces.clone())
            .collect();
        later.append(&mut work);
        let mut at = 0;
        while let Some(interface) = later.get(at).copied() {
            at += 1;
            if seen.insert(interface) {
                found.push(interface);
                later.extend(
                    self.tables.class(interface).into_iter().flat_map(|class| class.interfaces.clone()),
                );
            }
        }
        let is_root = |id: &ClassId| {
            self.tables.class(*id).is_some_and(|class| class.superclass.is_none() && class.name == ROOT)
        };
        found.sort_by_key(is_root);
        found
    }

    /// Returns the documented members of the objects of a class.
    fn instances(self, id: ClassId) -> Vec<Instance<'a>> {
        let Some((owner, Declared::Class(class, _))) = self.tables.declared(Item::Class(id)) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for declaration in &class.members {
            let is_static = match declaration {
                Declaration::Class(_) => true,
                Declaration::Variable(variable) => variable.static_at.is_some(),
                Declaration::Function(function) => {
                    let name = &function.name;
                    let is_maker =
                        matches!(name, FunctionName::Constructor(_) | FunctionName::NamedConstructor(_));
                    function.static_at.is_some() || is_maker
                }
            };
            let symbol = self.tables.symbol_of(owner.source, declaration);
            let is_documented = self.tables.is_documented(&name_of(declaration));
            if let (false, true, Some(symbol)) = (is_static, is_documented, symbol) {
                found.push(Instance { owner, declaration, symbol, keys: keys(declaration) });
            }
        }
        found
    }

    fn inherited(
        self,
        id: ClassId,
        ancestors: &[ClassId],
        instances: &HashMap<ClassId, Vec<Instance<'_>>>,
    ) -> Vec<Inherited> {
        let own = instances.get(&id).into_iter().flatten();
        let mut known: HashSet<Key> = own.flat_map(|instance| instance.keys.clone()).collect();
        let mut groups = Vec::new();
        for ancestor in ancestors {
            let name = self.tables.class(*ancestor).map_or("", |class| class.name.as_str());
            let mut members: Vec<Named> = Vec::new();
            for instance in instances.get(ancestor).into_iter().flatten() {
                let mut is_new = false;
                for key in &instance.keys {
                    is_new |= known.insert(key.clone());
                }
                if is_new {
                    members.push(self.named(shown_name(instance.declaration), &instance.symbol));
                }
            }
            members.sort_by(|a, b| (&a.name, &a.url).cmp(&(&b.name, &b.url)));
            // One link for all overloads.
            members.dedup_by(|a, b| a.name == b.name);
            if !members.is_empty() {
                groups.push(Inherited { from: self.named(name, &Symbol::Class(*ancestor)), members });
            }
        }
        groups
    }

    /// Returns the documented classes that extend, implement or mix in a class directly.
    fn subclasses(self, id: ClassId) -> Vec<Named> {
        let is_root =
            self.tables.class(id).is_some_and(|class| class.superclass.is_none() && class.name == ROOT);
        if is_root {
            return Vec::new();
        }
        let named = self.tables.subclasses(id).iter().map(|other| {
            let name = self.tables.class(*other).map_or("", |class| class.name.as_str());
            self.named(name, &Symbol::Class(*other))
        });
        let mut named: Vec<Named> = named.filter(|named| named.url.is_some()).collect();
        named.sort_by(|a, b| (&a.name, &a.url).cmp(&(&b.name, &b.url)));
        named
    }
}

/// Returns the kind of a class.
pub(super) fn kind(kind: ClassKind) -> Kind {
    match kind {
        ClassKind::Class => Kind::Class,
        ClassKind::Interface => Kind::Interface,
        ClassKind::Mixin => Kind::Mixin,
        ClassKind::Monitor => Kind::Monitor,
    }
}

fn doc_of(declaration: &Declaration) -> Option<&Comment> {
    match declaration {
        Declaration::Class(class) => class.doc.as_ref(),
        Declaration::Function(function) => function.doc.as_ref(),
        Declaration::Variable(variable) => variable.doc.as_ref(),
    }
}

/// Returns the name of a member as lists show it.
fn shown_name(declaration: &Declaration) -> String {
    let is_setter = matches!(
        declaration,
        Declaration::Function(function) if matches!(function.name, FunctionName::Setter(_))
    );
    let name = name_of(declaration);
    if is_setter { format!("{name}=") } else { name }
}

fn keys(declaration: &Declaration) -> Vec<Key> {
    let name = name_of(declaration);
    match declaration {
        Declaration::Class(_) => Vec::new(),
        Declaration::Variable(variable) => {
            let mut keys = vec![(name.clone(), false, Vec::new())];
            if !variable.is_final {
                keys.push((name, true, vec![(String::new(), false)]));
            }
            keys
        }
        Declaration::Function(function) => {
            let shape = function.parameters.iter().map(|parameter| {
                let name = if parameter.is_named { parameter.name.name.to_string() } else { String::new() };
                (name, parameter.is_block)
            });
            let mut shape: Vec<_> = shape.collect();
            shape.sort();
            vec![(name, matches!(function.name, FunctionName::Setter(_)), shape)]
        }
    }
}
