//! The facts about values: types by the flow of values through locals, results and fields, without regard to the order of
//! execution.
//!
//! All that is known here holds whenever the program runs: it comes from literals and from types that are checked at run
//! time. Where a class is only likely, [`Target::class`] says for which receivers the target holds.

use super::Optimizer;
use crate::ir::{Body, ClassId, Expr, FunctionId, FunctionKind, Local, LocalId, Node, Selector, Type};
use crate::link::codegen::ends_by_itself;
use crate::link::hierarchy::Member;
use crate::link::tables::Tables;
use crate::steps;

/// The facts about a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Known {
    /// There is no value yet: nothing was assigned.
    Unassigned,
    /// Null.
    Null,
    /// An instance of a class, interface or mixin.
    Class {
        /// The class.
        class: ClassId,
        /// Whether it is an instance of the class itself, not of a subclass.
        is_exact: bool,
        /// Whether it may be null.
        nullable: bool,
    },
    /// Any value.
    Any,
}

impl Known {
    pub(super) fn exactly(class: Option<ClassId>) -> Known {
        class.map_or(Known::Any, |class| Known::Class { class, is_exact: true, nullable: false })
    }

    pub(super) fn of(ty: Type) -> Known {
        match ty {
            Type::Class { class, nullable } => Known::Class { class, is_exact: false, nullable },
            Type::Any | Type::None | Type::Block => Known::Any,
        }
    }

    /// Returns the facts that hold for both of two values.
    pub(super) fn join(self, other: Known) -> Known {
        match (self, other) {
            (Known::Unassigned, known) | (known, Known::Unassigned) => known,
            (Known::Null, Known::Null) => Known::Null,
            (Known::Null, Known::Class { class, is_exact, .. })
            | (Known::Class { class, is_exact, .. }, Known::Null) => {
                Known::Class { class, is_exact, nullable: true }
            }
            (
                Known::Class { class, is_exact, nullable },
                Known::Class { class: other, is_exact: other_is_exact, nullable: other_nullable },
            ) if class == other => Known::Class {
                class,
                is_exact: is_exact && other_is_exact,
                nullable: nullable || other_nullable,
            },
            _ => Known::Any,
        }
    }

    fn or_null(self) -> Known {
        self.join(Known::Null)
    }

    /// Returns the facts about a receiver once a test has found that it is an instance of a class.
    pub(super) fn tested(self, class: ClassId) -> Known {
        match self {
            Known::Class { class, is_exact: true, .. } => Known::exactly(Some(class)),
            _ => Known::Class { class, is_exact: false, nullable: false },
        }
    }
}

/// The method that a call goes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) member: Member,
    /// If only some receivers lead to this method, their class: a test must tell them apart from others. None if all
    /// receivers do.
    pub(super) class: Option<ClassId>,
}

/// Finds types with the tables of the program.
pub(super) struct Types<'o, 't, 'u> {
    pub(super) optimizer: &'o mut Optimizer,
    pub(super) tables: &'t mut Tables<'u>,
    /// The number of expressions that may still be examined for the current question.
    fuel: u32,
}

/// The locals while their types are looked for.
struct Search<'l> {
    locals: &'l mut [Known],
    first: usize,
    /// For each local from `first` on, whether its type is looked for.
    open: Vec<bool>,
    has_changed: bool,
}

impl Search<'_> {
    /// Notes a value of a local.
    fn add(&mut self, local: LocalId, known: Known) {
        let place = local.0 as usize;
        let is_open = place.checked_sub(self.first).and_then(|index| self.open.get(index));
        if is_open == Some(&true) {
            let joined = self.locals[place].join(known);
            self.has_changed |= joined != self.locals[place];
            self.locals[place] = joined;
        }
    }
}

/// The most rounds in which the types of a routine's locals are looked for.
const ROUNDS_MAX: usize = 4;
/// The most expressions that are examined to find the type of one.
const FUEL: u32 = 40;

impl<'o, 't, 'u> Types<'o, 't, 'u> {
    pub(super) fn new(optimizer: &'o mut Optimizer, tables: &'t mut Tables<'u>) -> Self {
        Types { optimizer, tables, fuel: 0 }
    }

    /// Finds the types of the locals, from the first given one on, that some code defines or assigns. Those with
    /// another value than [`Known::Unassigned`] are known already.
    pub(super) fn find(&mut self, code: &[&Node], locals: &mut [Known], first: usize, declared: &[Local]) {
        let of_code = locals.iter().skip(first);
        let open = of_code.map(|known| *known == Known::Unassigned).collect();
        let mut search = Search { locals, first, open, has_changed: true };
        for _ in 0..ROUNDS_MAX {
            search.has_changed = false;
            code.iter().for_each(|node| self.assign(node, &mut search, declared));
            if !search.has_changed {
                break;
            }
        }
        // What has not settled is unknown, as is what gets its value elsewhere.
        let Search { locals, open, has_changed, .. } = search;
        for (local, _) in locals.iter_mut().skip(first).zip(open).filter(|(_, is_open)| *is_open) {
            if has_changed || *local == Known::Unassigned {
                *local = Known::Any;
            }
        }
    }

    fn assign(&mut self, node: &Node, search: &mut Search<'_>, declared: &[Local]) {
        steps::count(1);
        match &node.expr {
            Expr::Define(local, value) | Expr::SetLocal(local, value) => {
                // Lambdas assign shared locals, too.
                let is_shared = declared.get(local.0 as usize).is_none_or(|local| local.is_shared);
                let known = if is_shared { Known::Any } else { self.of(value, search.locals) };
                search.add(*local, known);
            }
            Expr::Block { parameters, .. } => {
                parameters.iter().for_each(|parameter| search.add(*parameter, Known::Any));
            }
            Expr::Try { is_exception, exception, .. } => {
                is_exception.iter().chain(exception).for_each(|local| search.add(*local, Known::Any));
            }
            Expr::Primitive { failure: Some((local, _)), .. } => search.add(*local, Known::Any),
            _ => {}
        }
        node.for_each_child(|child| self.assign(child, search, declared));
    }

    /// Returns the facts about the value of an expression.
    pub(super) fn of(&mut self, node: &Node, locals: &[Known]) -> Known {
        self.fuel = FUEL;
        self.of_part(node, locals)
    }

    fn of_part(&mut self, node: &Node, locals: &[Known]) -> Known {
        if self.fuel == 0 {
            return Known::Any;
        }
        self.fuel -= 1;
        steps::count(1);
        let literals = &self.optimizer.literals;
        match &node.expr {
            Expr::Null | Expr::Loop { .. } => Known::Null,
            Expr::Int(_) => Known::exactly(literals.int),
            Expr::Float(_) => Known::exactly(literals.float),
            Expr::String(_) => Known::exactly(literals.string),
            Expr::List(_) => Known::exactly(literals.list),
            Expr::Map(_) => Known::exactly(literals.map),
            Expr::Set(_) => Known::exactly(literals.set),
            Expr::Local(local) => match locals.get(local.0 as usize) {
                Some(known) => *known,
                None => Known::Any,
            },
            Expr::Define(_, value) | Expr::SetLocal(_, value) | Expr::SetGlobal(_, value) => {
                self.of_part(value, locals)
            }
            Expr::Inlined { body, .. } => self.of_part(body, locals),
            Expr::Sequence(nodes) | Expr::Scope(nodes) => {
                nodes.last().map_or(Known::Null, |last| self.of_part(last, locals))
            }
            Expr::If { then, otherwise, .. } => {
                self.of_part(then, locals).join(self.of_part(otherwise, locals))
            }
            // Control does not come here.
            Expr::Exit(..) | Expr::Return(_) => Known::Unassigned,
            Expr::As(value, ty) => match self.of_part(value, locals) {
                known @ Known::Class { .. } if self.is_instance(known, *ty) => known,
                _ => Known::of(*ty),
            },
            Expr::New(constructor, _) | Expr::Allocate(constructor) => {
                Known::exactly(self.tables.reached.function(*constructor).holder)
            }
            Expr::CallStatic(function, _) => self.result(*function),
            Expr::Global(global) => Known::of(self.tables.reached.global(*global).ty).or_null(),
            Expr::Field(_, field) => {
                let class = self.tables.hierarchy.declaration(field.class);
                let ty = class.fields.get(field.index as usize).map_or(Type::Any, |field| field.ty);
                // Fields of a type without null are set before their object can be seen.
                Known::of(ty)
            }
            Expr::CallDynamic { receiver, selector, arguments, receiver_type } => {
                self.of_call(receiver, selector, arguments, *receiver_type, locals)
            }
            _ => Known::Any,
        }
    }

    fn of_call(
        &mut self,
        receiver: &Node,
        selector: &Selector,
        arguments: &[Node],
        receiver_type: Type,
        locals: &[Known],
    ) -> Known {
        let receiver = self.of_part(receiver, locals);
        if let [argument] = arguments
            && matches!(selector.name.as_str(), "+" | "-" | "*" | "/" | "%")
        {
            let (int, float) =
                (Known::exactly(self.optimizer.literals.int), Known::exactly(self.optimizer.literals.float));
            let argument = self.of_part(argument, locals);
            let are_numbers = [receiver, argument].iter().all(|known| [int, float].contains(known));
            return match are_numbers {
                true if receiver == int && argument == int => int,
                true => float,
                false => Known::Any,
            };
        }
        match self.target(receiver, receiver_type, selector) {
            // A likely target is not enough.
            Some(Target { member, class: None }) => match member {
                Member::Method(function, _) => self.result(function),
                Member::Getter(class, place) => Known::of(self.tables.hierarchy.field_type(class, place)),
                Member::Setter(..) => Known::Any,
            },
            _ => Known::Any,
        }
    }

    /// Returns the facts about the results of a function.
    fn result(&mut self, function: FunctionId) -> Known {
        let declaration = self.tables.reached.function(function);
        match (declaration.kind, declaration.return_type) {
            (FunctionKind::Constructor | FunctionKind::MixinConstructor | FunctionKind::Setter, _) => {
                return Known::Any;
            }
            (_, ty @ Type::Class { .. }) => return Known::of(ty),
            _ => {}
        }
        if let Some(known) = self.optimizer.results.get(&function) {
            return *known;
        }
        // If the function returns the result of a call of itself, nothing is known about that result.
        self.optimizer.results.insert(function, Known::Any);
        let fuel = self.fuel;
        let known = match self.tables.reached.body(function) {
            Some(body) if !has_native(&body) => {
                let declaration = self.tables.reached.function(function);
                let mut locals = parameter_types(declaration);
                self.result_of(&body, &mut locals)
            }
            _ => Known::Any,
        };
        self.fuel = fuel;
        self.optimizer.results.insert(function, known);
        known
    }

    fn result_of(&mut self, body: &Body, locals: &mut Vec<Known>) -> Known {
        locals.resize(body.locals.len(), Known::Unassigned);
        // A default value changes a parameter, which is known by its declared type.
        self.find(&[&body.root], locals, 0, &body.locals);
        let end = if ends_by_itself(&body.root) { Known::Unassigned } else { Known::Null };
        end.join(self.returned(&body.root, locals))
    }

    /// Returns the facts about the values that some code returns.
    fn returned(&mut self, node: &Node, locals: &[Known]) -> Known {
        let mut known = match &node.expr {
            Expr::Return(value) => self.of(value, locals),
            _ => Known::Unassigned,
        };
        node.for_each_child(|child| known = known.join(self.returned(child, locals)));
        known
    }

    /// Returns whether every value to which `known` applies is an instance of a type.
    pub(super) fn is_instance(&mut self, known: Known, ty: Type) -> bool {
        match (known, ty) {
            (_, Type::Any | Type::None | Type::Block) => true,
            (Known::Null, Type::Class { nullable, .. }) => nullable,
            (Known::Class { class, nullable, .. }, Type::Class { class: of, nullable: admits_null }) => {
                (admits_null || !nullable) && self.tables.is_subtype(class, of)
            }
            _ => false,
        }
    }

    /// Returns the method that a call certainly or probably goes to. `receiver_type` is what the front half knows.
    pub(super) fn target(
        &mut self,
        receiver: Known,
        receiver_type: Type,
        selector: &Selector,
    ) -> Option<Target> {
        if let Some(member) = self.tables.only_target(receiver_type, selector) {
            return Some(Target { member, class: None });
        }
        let known = match (receiver, receiver_type) {
            (Known::Any, ty) => Known::of(ty),
            (known, _) => known,
        };
        let Known::Class { class, is_exact, nullable } = known else {
            let (member, class) = self.tables.single_target(selector)?;
            return (known != Known::Null).then_some(Target { member, class: Some(class) });
        };
        let of = |class| Type::Class { class, nullable: false };
        if let Some(member) = self.tables.only_target(of(class), selector) {
            return Some(Target { member, class: nullable.then_some(class) });
        }
        if is_exact {
            let exact = self.tables.hierarchy.find(class)?;
            let member = self.tables.hierarchy.look_up(exact, selector)?;
            return (!nullable).then_some(Target { member, class: None });
        }
        // Most lists are made by literals and constructors of lists, and so on.
        let candidates: Vec<ClassId> = self.optimizer.literals.all().collect();
        let mut likely = candidates.into_iter().filter(|literal| self.tables.is_subtype(*literal, class));
        let (Some(likely), None) = (likely.next(), likely.next()) else { return None };
        let member = self.tables.only_target(of(likely), selector)?;
        Some(Target { member, class: Some(likely) })
    }
}

/// Returns the facts about the parameters of a function, `this` included.
pub(super) fn parameter_types(function: &crate::ir::Function) -> Vec<Known> {
    let of_holder = |class| Known::Class { class, is_exact: false, nullable: false };
    let this = function.has_this().then_some(function.holder.map_or(Known::Any, of_holder));
    let parameters = function.parameters.iter().map(|parameter| match parameter.is_block {
        true => Known::Any,
        false => Known::of(parameter.ty),
    });
    this.into_iter().chain(parameters).collect()
}

fn has_native(body: &Body) -> bool {
    body.root.any(&mut |expr| matches!(expr, Expr::Primitive { .. }))
}
