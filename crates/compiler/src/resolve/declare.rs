//! Declarations: classes, then signatures, fields and globals. Bodies come later, when everything
//! that they may name is known.

use super::hierarchy;
use super::index::{Role, Symbol};
use super::job::{Job, Work};
use super::modules::Modules;
use super::syntax::{deprecated, is_comparison, returns_value};
use super::type_name::{old_type_name, resolve_type};
use super::world::World;
use crate::ast::{self, Declaration, FunctionName, Initial};
use crate::diagnostic::Diagnostic;
use crate::ir::{
    Class, ClassId, ClassKind, Code, Field, FieldRef, Function, FunctionId, FunctionKind, Global, GlobalId,
    ModuleId, Parameter, Type,
};
use crate::source::{LIBRARY_PREFIX, SourceId, Span};
use std::collections::HashMap;

/// The maximum number of fields that a class declares. With those of its superclasses, their places
/// must fit into 16 bits of an instruction, which the linker checks.
const FIELDS_MAX: usize = 20_000;

/// The maximum product of the numbers of fields and constructors of a class, which is the number of
/// assignments that are generated.
const FIRST_VALUES_MAX: usize = 1_000_000;

/// The state of declaring.
pub(super) struct Declare<'w, 'a> {
    pub(super) world: &'w mut World,
    pub(super) modules: &'a Modules,
    pub(super) problems: Vec<Diagnostic>,
    pub(super) jobs: Vec<Job<'a>>,
    /// The fields of the class whose members are being declared.
    fields: HashMap<&'a str, &'a ast::Variable>,
    first: usize,
}

/// Declares everything in the modules made from source. Returns the bodies to lower, and the problems.
pub(super) fn declare<'a>(
    world: &mut World,
    modules: &'a Modules,
    first: usize,
) -> (Vec<Job<'a>>, Vec<Diagnostic>) {
    let mut declare =
        Declare { world, modules, problems: Vec::new(), jobs: Vec::new(), fields: HashMap::new(), first };
    declare.classes();
    declare.world.index_from(first);
    declare.world.find_builtins();
    declare.hierarchy();
    hierarchy::check(&mut declare);
    declare.members();
    declare.world.index_from(first);
    declare.world.find_builtins();
    (declare.jobs, declare.problems)
}

impl<'a> Declare<'_, 'a> {
    fn report(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    // Classes.

    fn classes(&mut self) {
        let modules = self.modules;
        for source in &modules.sources {
            for declaration in &source.tree.file.declarations {
                if let Declaration::Class(class) = declaration {
                    let declared = new_class(class);
                    self.world.unit.module_mut(source.id).classes.push(declared);
                }
            }
        }
    }

    /// Returns the classes of source modules in the order of their ids, with their trees.
    pub(super) fn source_classes(&self) -> Vec<(ClassId, SourceId, &'a ast::Class)> {
        let modules = self.modules;
        let mut classes = Vec::new();
        for source in &modules.sources {
            let trees = source.tree.file.declarations.iter().filter_map(|declaration| match declaration {
                Declaration::Class(class) => Some(class),
                _ => None,
            });
            for (index, class) in trees.enumerate() {
                classes.push((ClassId { module: source.id, index: index as u32 }, source.source, class));
            }
        }
        classes
    }

    fn hierarchy(&mut self) {
        for (id, source, class) in self.source_classes() {
            self.problems.extend(super::check::name(source, &class.name, "a class"));
            self.world.notes.note(source, class.name.span, Symbol::Class(id), Role::Definition);
            let is_interface = class.kind == ast::ClassKind::Interface;
            let superclass = match &class.superclass {
                Some(name) if !is_interface => self.superclass(id, source, class, name),
                _ => self.default_superclass(id),
            };
            let extended = class.superclass.iter().filter(|_| is_interface);
            let interfaces = extended
                .chain(&class.interfaces)
                .filter_map(|name| self.supertype(id, source, name, ClassKind::Interface))
                .collect();
            self.check_clauses(source, class);
            let mixins = class
                .mixins
                .iter()
                .filter(|_| !is_interface)
                .filter_map(|name| self.supertype(id, source, name, ClassKind::Mixin))
                .collect();
            let declared = self.class_mut(id);
            declared.superclass = superclass;
            declared.interfaces = interfaces;
            declared.mixins = mixins;
        }
    }

    /// Reports clauses that a class of this kind cannot have.
    fn check_clauses(&mut self, source: SourceId, class: &ast::Class) {
        let Some(mixin) = class.mixins.first() else { return };
        if class.kind == ast::ClassKind::Interface {
            let problem = Diagnostic::error(source, mixin.span, "an interface cannot have mixins");
            self.report(problem.hint("interfaces follow `extends` or `implements`"));
        } else if class.superclass.is_none() {
            let problem = Diagnostic::error(source, mixin.span, "`with` needs an `extends` before it");
            self.report(problem.hint("a class without a superclass extends `Object`"));
        }
    }

    pub(super) fn class_mut(&mut self, id: ClassId) -> &mut Class {
        &mut self.world.unit.module_mut(id.module).classes[id.index as usize]
    }

    fn default_superclass(&self, id: ClassId) -> Option<ClassId> {
        let builtin = &self.world.builtin;
        match self.world.class_kind(id) {
            ClassKind::Class => builtin.object.filter(|object| *object != id),
            ClassKind::Monitor => builtin.monitor.or(builtin.object),
            ClassKind::Interface | ClassKind::Mixin => None,
        }
    }

    fn superclass(
        &mut self,
        id: ClassId,
        source: SourceId,
        class: &ast::Class,
        name: &ast::TypeName,
    ) -> Option<ClassId> {
        let Type::Class { class: found, .. } = self.resolve_type(id.module, source, name) else {
            self.world.incomplete.insert(id);
            return self.default_superclass(id);
        };
        let kind = self.world.class_kind(found);
        let fits = match class.kind {
            ast::ClassKind::Mixin => kind == ClassKind::Mixin,
            ast::ClassKind::Monitor => {
                let problem = Diagnostic::error(source, name.span, "a monitor cannot extend a class");
                self.report(problem.hint("keep the other object in a field"));
                return self.default_superclass(id);
            }
            ast::ClassKind::Class | ast::ClassKind::Interface => {
                kind == ClassKind::Class || kind == ClassKind::Monitor
            }
        };
        if !fits {
            let title =
                format!("a {} cannot extend {} `{}`", class.kind.keyword(), article(kind), name.name.name);
            let mut problem = Diagnostic::error(source, name.span, title);
            match kind {
                ClassKind::Interface => problem = problem.hint("interfaces follow `implements`"),
                ClassKind::Mixin => problem = problem.hint("mixins follow `with`"),
                _ => {}
            }
            self.report(problem);
            return self.default_superclass(id);
        }
        let is_core = self.world.module(id.module).path.starts_with(LIBRARY_PREFIX);
        if Some(found) == self.world.builtin.monitor && !is_core {
            let problem = Diagnostic::error(source, name.span, "this class is for monitors only");
            self.report(problem.hint("write `monitor` instead of `class`"));
            return self.default_superclass(id);
        }
        if kind == ClassKind::Monitor {
            let title = format!("`{}` is a monitor, which cannot be extended", name.name.name);
            self.report(Diagnostic::error(source, name.span, title));
            return self.default_superclass(id);
        }
        Some(found)
    }

    fn supertype(
        &mut self,
        id: ClassId,
        source: SourceId,
        name: &ast::TypeName,
        wanted: ClassKind,
    ) -> Option<ClassId> {
        let Type::Class { class, .. } = self.resolve_type(id.module, source, name) else {
            self.world.incomplete.insert(id);
            return None;
        };
        let kind = self.world.class_kind(class);
        // `implements` uses only the interface of a mixin.
        let fits = kind == wanted || (wanted == ClassKind::Interface && kind == ClassKind::Mixin);
        if !fits {
            let title = format!("`{}` is {}, not {}", name.name.name, article(kind), article(wanted));
            self.report(Diagnostic::error(source, name.span, title));
            return None;
        }
        Some(class)
    }

    // Types.

    /// Resolves a type's name. An unknown type is reported and becomes `any`.
    pub(super) fn resolve_type(&mut self, module: ModuleId, source: SourceId, name: &ast::TypeName) -> Type {
        match resolve_type(self.world, self.modules, module, source, name) {
            Ok(ty) => {
                self.problems.extend(old_type_name(self.world, source, name, ty));
                ty
            }
            Err(problem) => {
                self.report(*problem);
                Type::Any
            }
        }
    }

    // Members.

    fn members(&mut self) {
        let modules = self.modules;
        for source in &modules.sources {
            let mut class_index = 0;
            for declaration in &source.tree.file.declarations {
                match declaration {
                    Declaration::Class(class) => {
                        let id = ClassId { module: source.id, index: class_index };
                        class_index += 1;
                        self.class_members(id, source.source, class);
                    }
                    Declaration::Function(function) => {
                        self.function(source.id, source.source, None, function)
                    }
                    Declaration::Variable(variable) => self.global(source.id, source.source, None, variable),
                }
            }
        }
        debug_assert!(self.first <= self.world.unit.modules.len());
    }

    fn class_members(&mut self, id: ClassId, source: SourceId, class: &'a ast::Class) {
        let context = Some((id, class));
        let first = self.world.module(id.module).functions.len();
        let mut has_constructor = false;
        self.fields.clear();
        for member in &class.members {
            if let Declaration::Variable(variable) = member
                && variable.static_at.is_none()
            {
                self.fields.entry(&variable.name.name).or_insert(variable);
            }
        }
        for member in &class.members {
            match member {
                Declaration::Class(_) => {}
                Declaration::Function(function) => {
                    has_constructor |= matches!(
                        function.name,
                        FunctionName::Constructor(_) | FunctionName::NamedConstructor(_)
                    );
                    self.function(id.module, source, context, function);
                }
                Declaration::Variable(variable) if variable.static_at.is_some() => {
                    self.global(id.module, source, context, variable);
                }
                Declaration::Variable(variable) => self.field(id, source, class, variable),
            }
        }
        self.check_size(source, class);
        let kind = match class.kind {
            ast::ClassKind::Interface => return,
            ast::ClassKind::Mixin => FunctionKind::MixinConstructor,
            ast::ClassKind::Class | ast::ClassKind::Monitor => FunctionKind::Constructor,
        };
        if has_constructor {
            self.check_factories(id, first, source, class);
        } else {
            let constructor = Function {
                name: constructor_name(id, class, kind),
                holder: Some(id),
                kind,
                parameters: mixin_parameters(kind),
                return_type: Type::Any,
                deprecated: None,
                code: Code::None,
                at: class.name.span.start,
            };
            let function = self.push_function(id.module, constructor);
            if kind == FunctionKind::MixinConstructor {
                self.class_mut(id).methods.push(function.index);
            }
            let work = Work::DefaultConstructor(function);
            self.jobs.push(Job { module: id.module, source, class: Some(id), work });
        }
    }

    /// Checks the numbers of fields and constructors. Each constructor has the code of all first values.
    fn check_size(&mut self, source: SourceId, class: &ast::Class) {
        let constructors = class.members.iter().filter(|member| match member {
            Declaration::Function(function) => {
                matches!(function.name, FunctionName::Constructor(_) | FunctionName::NamedConstructor(_))
            }
            _ => false,
        });
        if self.fields.len() > FIELDS_MAX {
            let title = format!("`{}` has more than {FIELDS_MAX} fields", class.name.name);
            let problem = Diagnostic::error(source, class.name.span, title);
            self.report(problem.hint("keep some of them in objects of other classes"));
        } else if constructors.count() * self.fields.len() > FIRST_VALUES_MAX {
            let title = format!("`{}` has too many fields for so many constructors", class.name.name);
            let problem = Diagnostic::error(source, class.name.span, title);
            self.report(problem.note("each constructor sets each field"));
        }
    }

    /// Checks that the class has a constructor for the objects that its factories return. The
    /// class's functions begin at `first`.
    fn check_factories(&mut self, id: ClassId, first: usize, source: SourceId, class: &ast::Class) {
        let own = self.world.module(id.module).functions.get(first..).unwrap_or_default();
        let has_maker = own.iter().any(|function| {
            matches!(function.kind, FunctionKind::Constructor | FunctionKind::MixinConstructor)
        });
        if !has_maker {
            let title =
                format!("`{}` has factories but no constructor that makes its objects", class.name.name);
            let problem = Diagnostic::error(source, class.name.span, title);
            self.report(problem.note("a constructor that returns something is a factory"));
        }
    }

    fn push_function(&mut self, module: ModuleId, function: Function) -> FunctionId {
        let functions = &mut self.world.unit.module_mut(module).functions;
        functions.push(function);
        FunctionId { module, index: functions.len() as u32 - 1 }
    }

    fn function(
        &mut self,
        module: ModuleId,
        source: SourceId,
        context: Option<(ClassId, &'a ast::Class)>,
        function: &'a ast::Function,
    ) {
        let class = context.map(|(id, _)| id);
        let kind = function_kind(function, context.map(|(_, class)| class.kind));
        if kind == FunctionKind::Factory
            && !function.body.as_ref().is_some_and(|body| returns_value(&body.statements))
        {
            let problem =
                Diagnostic::error(source, function.name.span(), "an interface cannot have constructors");
            self.report(problem.note("it may have factories: constructors that return an object"));
            return;
        }
        super::check::function(&mut self.problems, source, context.map(|(_, class)| class), function, kind);
        let mut parameters: Vec<Parameter> = Vec::new();
        for parameter in &function.parameters {
            parameters.push(self.parameter(module, source, context.map(|(_, class)| class), parameter));
        }
        self.add_alternatives(module, source, function, &mut parameters);
        canonical_order(&mut parameters);
        if kind == FunctionKind::MixinConstructor {
            parameters = mixin_parameters(kind);
        }
        let return_type = match &function.return_type {
            Some(name) => {
                let ty = self.resolve_type(module, source, name);
                self.check_comparison_type(source, function, name, ty).unwrap_or(ty)
            }
            None if is_comparison(&function.name) => self.comparison_type(),
            None if kind == FunctionKind::Setter => Type::Any,
            // Only functions that cannot be overridden have a known result.
            None if kind == FunctionKind::Static && returns_nothing(function) => Type::None,
            None => Type::Any,
        };
        let name = match context {
            Some((id, class)) if kind == FunctionKind::MixinConstructor => constructor_name(id, class, kind),
            _ => declared_name(&function.name, kind),
        };
        let declared = Function {
            name,
            holder: class,
            kind,
            parameters,
            return_type,
            deprecated: deprecated(&function.doc),
            code: Code::None,
            at: function.name.span().start,
        };
        let id = self.push_function(module, declared);
        self.note_function(source, id, function);
        let is_member =
            matches!(kind, FunctionKind::Method | FunctionKind::Setter | FunctionKind::MixinConstructor);
        if let (Some(class), true) = (class, is_member) {
            self.class_mut(class).methods.push(id.index);
        }
        let work = match function.body {
            Some(_) => Work::Function(id, function),
            None => Work::Signature(id, function),
        };
        self.jobs.push(Job { module, source, class, work });
    }

    /// Notes the definitions of a function and its parameters.
    fn note_function(&self, source: SourceId, id: FunctionId, tree: &ast::Function) {
        let notes = &self.world.notes;
        if !notes.are_wanted() {
            return;
        }
        let span = match &tree.name {
            // The whole of `constructor.name` is the name's place.
            FunctionName::NamedConstructor(name) => {
                let start = name.span.end.saturating_sub(name.name.len() as u32).max(name.span.start);
                Span { start, ..name.span }
            }
            name => name.span(),
        };
        notes.note(source, span, Symbol::Function(id), Role::Definition);
        let declared = &self.world.function(id).parameters;
        for parameter in &tree.parameters {
            let is_it = |known: &Parameter| {
                known.is_named == parameter.is_named && *known.name == *parameter.name.name
            };
            if let Some(place) = declared.iter().position(is_it) {
                let symbol = Symbol::Parameter(id, place as u32);
                notes.note(source, parameter.name.span, symbol, Role::Definition);
            }
        }
    }

    /// Reports a comparison that declares another type than `bool`. Returns the correct type.
    fn check_comparison_type(
        &mut self,
        source: SourceId,
        function: &ast::Function,
        name: &ast::TypeName,
        ty: Type,
    ) -> Option<Type> {
        let fits = match ty {
            Type::Any => true,
            Type::Class { class, nullable } => {
                !nullable && self.world.builtin.bool.is_some_and(|bool| self.world.is_subclass(class, bool))
            }
            Type::None | Type::Block => false,
        };
        if !is_comparison(&function.name) || fits {
            return None;
        }
        self.report(Diagnostic::error(source, name.span, "a comparison gives a `bool`"));
        Some(self.comparison_type())
    }

    fn comparison_type(&self) -> Type {
        self.world.builtin.bool.map_or(Type::Any, |class| Type::Class { class, nullable: false })
    }

    fn parameter(
        &mut self,
        module: ModuleId,
        source: SourceId,
        class: Option<&ast::Class>,
        parameter: &ast::Parameter,
    ) -> Parameter {
        let ty = match (&parameter.ty, class) {
            _ if parameter.is_block => Type::Block,
            (Some(name), _) => self.resolve_type(module, source, name),
            (None, Some(_)) if parameter.is_field => self.field_parameter_type(module, source, parameter),
            _ => Type::Any,
        };
        // A parameter with a default value also accepts null, whatever its declared type.
        let ty = match ty {
            Type::Class { class, .. } if parameter.default.is_some() => Type::Class { class, nullable: true },
            ty => ty,
        };
        Parameter {
            name: parameter.name.name.to_string(),
            is_named: parameter.is_named,
            is_block: parameter.is_block,
            is_optional: parameter.default.is_some() && !parameter.is_block,
            ty,
            alternatives: Vec::new(),
        }
    }

    /// Returns the type of a `.field` parameter: the type of the field, which may be declared after
    /// the constructor.
    fn field_parameter_type(
        &mut self,
        module: ModuleId,
        source: SourceId,
        parameter: &ast::Parameter,
    ) -> Type {
        match self.fields.get(&*parameter.name.name).map(|field| &field.ty) {
            Some(Some(name)) => {
                // An unknown type is reported at the field's declaration.
                resolve_type(self.world, self.modules, module, source, name).unwrap_or(Type::Any)
            }
            _ => Type::Any,
        }
    }

    fn field(&mut self, id: ClassId, source: SourceId, class: &ast::Class, variable: &'a ast::Variable) {
        if class.kind == ast::ClassKind::Interface {
            let problem = Diagnostic::error(source, variable.name.span, "an interface cannot have fields");
            self.report(problem.hint("declare a method without a body, or make it `static`"));
        }
        super::check::variable(&mut self.problems, source, Some(class), variable);
        let ty = variable.ty.as_ref().map_or(Type::Any, |name| self.resolve_type(id.module, source, name));
        self.check_variable_type(source, variable, ty);
        let field = Field {
            name: variable.name.name.to_string(),
            ty,
            is_final: variable.is_final,
            deprecated: deprecated(&variable.doc),
            at: variable.name.span.start,
        };
        let fields = &mut self.class_mut(id).fields;
        fields.push(field);
        let field = FieldRef { class: id, index: fields.len() as u32 - 1 };
        self.world.notes.note(source, variable.name.span, Symbol::Field(field), Role::Definition);
    }

    fn check_variable_type(&mut self, source: SourceId, variable: &ast::Variable, ty: Type) {
        if let (Type::None, Some(name)) = (ty, &variable.ty) {
            let title = "a variable cannot have the type `none`";
            self.report(Diagnostic::error(source, name.span, title));
        }
    }

    fn global(
        &mut self,
        module: ModuleId,
        source: SourceId,
        context: Option<(ClassId, &'a ast::Class)>,
        variable: &'a ast::Variable,
    ) {
        let ty = variable.ty.as_ref().map_or(Type::Any, |name| self.resolve_type(module, source, name));
        self.check_variable_type(source, variable, ty);
        super::check::variable(&mut self.problems, source, context.map(|(_, class)| class), variable);
        if matches!(variable.value, Initial::None) {
            let title = format!("the variable `{}` has no value", variable.name.name);
            let problem = Diagnostic::error(source, variable.name.span, title);
            self.report(problem.hint("globals and static fields need a value, as in `:= null`"));
        }
        let name = match context {
            Some((_, class)) => format!("{}.{}", class.name.name, variable.name.name),
            None => variable.name.name.to_string(),
        };
        let global = Global {
            name,
            ty,
            first_type: Type::Any,
            is_final: variable.is_final,
            deprecated: deprecated(&variable.doc),
            initializer: Code::None,
            at: variable.name.span.start,
        };
        let globals = &mut self.world.unit.module_mut(module).globals;
        globals.push(global);
        let id = GlobalId { module, index: globals.len() as u32 - 1 };
        self.world.notes.note(source, variable.name.span, Symbol::Global(id), Role::Definition);
        let class = context.map(|(id, _)| id);
        self.jobs.push(Job { module, source, class, work: Work::Global(id, variable) });
    }
}

fn new_class(class: &ast::Class) -> Class {
    Class {
        name: class.name.name.to_string(),
        kind: match class.kind {
            ast::ClassKind::Class => ClassKind::Class,
            ast::ClassKind::Interface => ClassKind::Interface,
            ast::ClassKind::Mixin => ClassKind::Mixin,
            ast::ClassKind::Monitor => ClassKind::Monitor,
        },
        is_abstract: class.is_abstract,
        superclass: None,
        interfaces: Vec::new(),
        mixins: Vec::new(),
        fields: Vec::new(),
        methods: Vec::new(),
        deprecated: deprecated(&class.doc),
        at: class.name.span.start,
    }
}

/// Returns the name of a constructor. A mixin's constructor is a method of each class that the
/// mixin is applied to, and gets a unique name.
fn constructor_name(id: ClassId, class: &ast::Class, kind: FunctionKind) -> String {
    match kind {
        FunctionKind::MixinConstructor => format!("constructor of {} #{}", class.name.name, id.module.0),
        _ => "constructor".into(),
    }
}

/// Returns the name under which a function is stored.
fn declared_name(name: &FunctionName, kind: FunctionKind) -> String {
    match name {
        FunctionName::Plain(name) | FunctionName::Operator(name) => name.name.to_string(),
        FunctionName::Setter(name) if kind == FunctionKind::Setter => name.name.to_string(),
        FunctionName::Setter(name) => format!("{}=", name.name),
        FunctionName::Constructor(_) => "constructor".into(),
        FunctionName::NamedConstructor(name) => format!("constructor.{}", name.name),
    }
}

fn function_kind(function: &ast::Function, class: Option<ast::ClassKind>) -> FunctionKind {
    let Some(class) = class else { return FunctionKind::Static };
    match &function.name {
        FunctionName::Constructor(_) | FunctionName::NamedConstructor(_) => {
            let returns = function.body.as_ref().is_some_and(|body| returns_value(&body.statements));
            match class {
                ast::ClassKind::Interface => FunctionKind::Factory,
                _ if returns => FunctionKind::Factory,
                ast::ClassKind::Mixin => FunctionKind::MixinConstructor,
                _ => FunctionKind::Constructor,
            }
        }
        _ if function.static_at.is_some() => FunctionKind::Static,
        FunctionName::Setter(_) => FunctionKind::Setter,
        FunctionName::Plain(_) | FunctionName::Operator(_) => FunctionKind::Method,
    }
}

fn returns_nothing(function: &ast::Function) -> bool {
    function
        .body
        .as_ref()
        .is_some_and(|body| !has_primitive(&body.statements) && !returns_value(&body.statements))
}

fn has_primitive(statements: &[ast::Expression]) -> bool {
    statements.iter().any(|statement| matches!(statement.kind, ast::ExpressionKind::Primitive { .. }))
}

/// Returns the additional parameters of a mixin's constructor: the block with the rest of the
/// construction.
fn mixin_parameters(kind: FunctionKind) -> Vec<Parameter> {
    if kind != FunctionKind::MixinConstructor {
        return Vec::new();
    }
    vec![Parameter {
        name: "<rest>".into(),
        is_named: false,
        is_block: true,
        is_optional: false,
        ty: Type::Block,
        alternatives: Vec::new(),
    }]
}

/// Sorts parameters: unnamed ones as written, then named ones by name.
pub(super) fn canonical_order(parameters: &mut [Parameter]) {
    parameters.sort_by(|a, b| {
        let key =
            |parameter: &Parameter| (parameter.is_named, parameter.is_named.then(|| parameter.name.clone()));
        key(a).cmp(&key(b))
    });
}

fn article(kind: ClassKind) -> &'static str {
    match kind {
        ClassKind::Class => "a class",
        ClassKind::Interface => "an interface",
        ClassKind::Mixin => "a mixin",
        ClassKind::Monitor => "a monitor",
    }
}
