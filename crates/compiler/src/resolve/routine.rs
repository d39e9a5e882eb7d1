//! Routines: the functions and lambdas that own locals.
//!
//! A variable has a [`VariableId`], which is valid in the whole function. Each routine that uses the variable has a
//! local for it. A lambda's locals are numbered in the order of their first use, and put into the order of the IR
//! (captures, parameters, others) when the lambda is complete.

use crate::ir::{Body, Expr, LabelId, Local, LocalId, Node};
use crate::names::Name;
use crate::source::Span;
use crate::steps;
use crate::types::Ty;
use std::collections::{HashMap, HashSet};

/// Identifies a variable of the function that is being lowered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct VariableId(pub(super) usize);

/// The properties of a variable.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: Name,
    /// The type of its values: the declared type, or that of the first value.
    pub(super) ty: Ty,
    /// Whether the type is declared, so that uncertain values are checked at run time.
    pub(super) is_declared: bool,
    /// Whether each value of the variable surely has the type `ty`. A declared type is certain, because assignments
    /// check it. Exception: a variable of a non-nullable class that was defined without a value, which is null until its
    /// first assignment.
    pub(super) is_sure: bool,
    pub(super) is_final: bool,
    /// Whether the variable was defined without a value: with `?`, or as `x/int`.
    pub(super) is_later: bool,
    pub(super) span: Span,
    is_captured: bool,
}

/// A possible target of a jump.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Loop {
        exit: LabelId,
        next: LabelId,
    },
    /// A block or lambda. `name` is the name of the function that it is passed to, or of the variable that it is assigned
    /// to; `break.name` and `continue.name` use it.
    Code {
        name: Option<Name>,
        /// The place of the block or lambda.
        at: Span,
        end: LabelId,
        call: Option<LabelId>,
    },
}

/// A function or lambda that is being lowered.
#[derive(Default)]
pub(super) struct Routine {
    /// The position of the lambda; unused in the outermost routine.
    pub(super) span: Span,
    /// The position of the last statement of the lambda.
    pub(super) last: Option<Span>,
    /// The variable of each local.
    locals: Vec<VariableId>,
    by_variable: HashMap<VariableId, LocalId>,
    scopes: Scopes,
    /// The variables of enclosing routines that this one uses, in the order of their first use.
    captures: Vec<VariableId>,
    /// The variables of `captures`, as a set.
    captured: HashSet<VariableId>,
    parameters: Vec<VariableId>,
    pub(super) targets: Vec<Target>,
    labels: u32,
    /// The labels that are targets of exits.
    used_labels: HashSet<LabelId>,
}

/// The scopes of a routine, innermost last.
#[derive(Default)]
pub(super) struct Scopes {
    open: Vec<Vec<VariableId>>,
    /// For each name, the variables that have it, innermost last.
    visible: HashMap<Name, Vec<VariableId>>,
}

impl Scopes {
    /// Puts a variable into the innermost scope. Nothing can refer to a variable without a name.
    fn add(&mut self, name: Name, id: VariableId) {
        if name.is_empty() {
            return;
        }
        if self.open.is_empty() {
            self.open.push(Vec::new());
        }
        if let Some(scope) = self.open.last_mut() {
            scope.push(id);
        }
        self.visible.entry(name).or_default().push(id);
    }

    /// Removes a variable, so that its name does not refer to it any more.
    fn remove(&mut self, name: &str, id: VariableId) {
        if let Some(ids) = self.visible.get_mut(name)
            && let Some(place) = ids.iter().rposition(|known| *known == id)
        {
            steps::count(ids.len() - place);
            ids.remove(place);
        }
    }

    fn find(&self, name: &str) -> Option<VariableId> {
        steps::count(1);
        self.visible.get(name)?.last().copied()
    }
}

/// The routine that is being lowered and those around it, and their variables.
#[derive(Default)]
pub(super) struct Routines {
    pub(super) stack: Vec<Routine>,
    pub(super) variables: Vec<Variable>,
    /// The names that are assigned somewhere in the function. A local whose name is not among them keeps its first value.
    pub(super) assigned_names: HashSet<Name>,
}

impl Routines {
    pub(super) fn current(&mut self) -> &mut Routine {
        if self.stack.is_empty() {
            self.stack.push(Routine::default());
        }
        let last = self.stack.len() - 1;
        &mut self.stack[last]
    }

    pub(super) fn in_lambda(&self) -> bool {
        self.stack.len() > 1
    }

    // Scopes.

    pub(super) fn open_scope(&mut self) {
        self.current().scopes.open.push(Vec::new());
    }

    pub(super) fn close_scope(&mut self) {
        for id in self.current().scopes.open.pop().unwrap_or_default() {
            let name = self.variable(id).name.clone();
            self.current().scopes.remove(&name, id);
        }
    }

    /// Creates a variable and adds its name to the innermost scope.
    pub(super) fn declare(&mut self, name: Name, ty: Ty, span: Span) -> VariableId {
        let id = VariableId(self.variables.len());
        self.variables.push(Variable {
            name: name.clone(),
            ty,
            is_declared: true,
            is_sure: true,
            is_final: false,
            is_later: false,
            span,
            is_captured: false,
        });
        self.current().scopes.add(name, id);
        id
    }

    /// Declares a parameter of the current routine.
    pub(super) fn declare_parameter(&mut self, name: Name, ty: Ty, span: Span) -> VariableId {
        let id = self.declare(name, ty, span);
        self.current().parameters.push(id);
        self.local(id);
        id
    }

    /// Declares a variable without a name. Returns its local.
    pub(super) fn temporary(&mut self) -> LocalId {
        let id = self.declare("".into(), Ty::Any, Span::default());
        self.local(id)
    }

    /// Returns the variable that a name stands for.
    pub(super) fn find(&self, name: &str) -> Option<VariableId> {
        self.stack.iter().rev().find_map(|routine| routine.scopes.find(name))
    }

    /// Returns all names in scope, for suggestions.
    pub(super) fn names(&self) -> Vec<Name> {
        let visible = self.stack.iter().flat_map(|routine| &routine.scopes.visible);
        visible.filter(|(_, ids)| !ids.is_empty()).map(|(name, _)| name.clone()).collect()
    }

    /// Returns the names in scope and the places of their definitions, those of the innermost routine first. A name that
    /// several routines define occurs several times.
    pub(super) fn visible(&self) -> Vec<(Name, Span)> {
        let visible = self.stack.iter().rev().flat_map(|routine| &routine.scopes.visible);
        let nearest =
            visible.filter_map(|(name, ids)| Some((name.clone(), self.variable(*ids.last()?).span)));
        nearest.collect()
    }

    pub(super) fn variable(&self, id: VariableId) -> &Variable {
        &self.variables[id.0]
    }

    pub(super) fn variable_mut(&mut self, id: VariableId) -> &mut Variable {
        &mut self.variables[id.0]
    }

    /// Returns whether a variable belongs to a routine around the current one.
    pub(super) fn is_outer(&self, id: VariableId) -> bool {
        match self.stack.split_last() {
            Some((current, outer)) => {
                !current.owns(id)
                    && outer.iter().any(|routine| routine.owns(id) || routine.by_variable.contains_key(&id))
            }
            None => false,
        }
    }

    /// Returns the current routine's local for a variable. If the variable belongs to an outer routine, the current
    /// routine captures it, and so do all routines in between.
    pub(super) fn local(&mut self, id: VariableId) -> LocalId {
        let home =
            self.stack.iter().position(|routine| routine.owns(id) || routine.by_variable.contains_key(&id));
        let last = self.stack.len().saturating_sub(1);
        let Some(home) = home else { return self.current().local(id) };
        for depth in home + 1..=last {
            let routine = &mut self.stack[depth];
            if !routine.by_variable.contains_key(&id) {
                routine.captures.push(id);
                routine.captured.insert(id);
                self.variables[id.0].is_captured = true;
            }
            routine.local(id);
        }
        self.stack[last].local(id)
    }

    /// Puts a variable's name into the innermost scope.
    pub(super) fn remember(&mut self, id: VariableId) {
        let name = self.variable(id).name.clone();
        self.current().scopes.add(name, id);
    }

    /// Removes a variable's name from all scopes of the current routine.
    pub(super) fn forget(&mut self, id: VariableId) {
        let name = self.variable(id).name.clone();
        self.current().scopes.remove(&name, id);
    }

    /// Hides all names but `this`: a field's first value cannot use the constructor's parameters.
    pub(super) fn hide_scopes(&mut self) -> Scopes {
        let routine = self.current();
        let scopes = std::mem::take(&mut routine.scopes);
        if let Some(this) = scopes.find("this") {
            routine.scopes.add("this".into(), this);
        }
        scopes
    }

    pub(super) fn restore_scopes(&mut self, scopes: Scopes) {
        self.current().scopes = scopes;
    }

    // Labels.

    pub(super) fn label(&mut self) -> LabelId {
        let routine = self.current();
        routine.labels += 1;
        LabelId(routine.labels - 1)
    }

    pub(super) fn use_label(&mut self, label: LabelId) {
        self.current().used_labels.insert(label);
    }

    /// Wraps code in a label, if a jump in the code targets the label.
    pub(super) fn labeled(&mut self, label: LabelId, node: Node) -> Node {
        if self.current().used_labels.contains(&label) {
            return Node { at: node.at, expr: Expr::Labeled(label, Box::new(node)) };
        }
        node
    }

    /// Returns the current routine's own variables that were defined without a value, and whether they are final.
    pub(super) fn later_locals(&self) -> HashMap<LocalId, bool> {
        let Some(routine) = self.stack.last() else { return HashMap::new() };
        let own = routine.locals.iter().filter(|id| !routine.captured.contains(id));
        let later = own.filter(|id| self.variable(**id).is_later);
        later.filter_map(|id| Some((*routine.by_variable.get(id)?, self.variable(*id).is_final))).collect()
    }

    /// Returns the name of a local of the current routine.
    pub(super) fn local_name(&self, local: LocalId) -> Name {
        let id = self.stack.last().and_then(|routine| routine.locals.get(local.0 as usize));
        id.map_or("".into(), |id| self.variable(*id).name.clone())
    }

    // Completion.

    /// Ends the function. Returns the locals of its outermost routine.
    pub(super) fn finish_function(&mut self) -> Vec<Local> {
        let routine = self.stack.pop().unwrap_or_default();
        routine.locals.iter().map(|id| self.describe(*id)).collect()
    }

    /// Ends a lambda. Returns its body, the enclosing routine's locals that it captures, and the number of its
    /// parameters.
    pub(super) fn finish_lambda(
        &mut self,
        mut root: Node,
        this: Option<VariableId>,
    ) -> (Body, Vec<LocalId>, u32) {
        let mut routine = self.stack.pop().unwrap_or_default();
        // `this` is local 0 of every routine that has it.
        routine.captures.sort_by_key(|id| Some(*id) != this);
        let is_first = |id: &VariableId| routine.captured.contains(id) || routine.parameters.contains(id);
        let others = routine.locals.iter().filter(|id| !is_first(id));
        let order: Vec<VariableId> =
            routine.captures.iter().chain(&routine.parameters).chain(others).copied().collect();
        let mut places = vec![LocalId(0); routine.locals.len()];
        for (place, id) in order.iter().enumerate() {
            if let Some(old) = routine.by_variable.get(id) {
                places[old.0 as usize] = LocalId(place as u32);
            }
        }
        renumber(&mut root, &places);
        let captures = routine.captures.iter().map(|id| self.local(*id)).collect();
        let locals = order.iter().map(|id| self.describe(*id)).collect();
        (Body { locals, defaults: Vec::new(), root }, captures, routine.parameters.len() as u32)
    }

    /// Returns whether the variable that is defined at `span` lives in a cell, which lambdas share.
    pub(super) fn is_shared(&self, span: Span) -> bool {
        let place = self.variables.iter().position(|variable| variable.span == span);
        place.is_some_and(|place| self.describe(VariableId(place)).is_shared)
    }

    fn describe(&self, id: VariableId) -> Local {
        let variable = self.variable(id);
        let is_reassigned = variable.is_later || self.assigned_names.contains(&variable.name);
        Local { name: variable.name.to_string(), is_shared: variable.is_captured && is_reassigned }
    }
}

impl Routine {
    /// Creates the routine of the lambda at `span`, whose last statement is at `last`.
    pub(super) fn at(span: Span, last: Option<Span>) -> Routine {
        Routine { span, last, ..Routine::default() }
    }

    fn owns(&self, id: VariableId) -> bool {
        self.by_variable.contains_key(&id) && !self.captured.contains(&id)
    }

    fn local(&mut self, id: VariableId) -> LocalId {
        let next = LocalId(self.locals.len() as u32);
        *self.by_variable.entry(id).or_insert_with(|| {
            self.locals.push(id);
            next
        })
    }
}

/// Gives the locals of a lambda their final numbers.
fn renumber(node: &mut Node, places: &[LocalId]) {
    let new = |local: &mut LocalId| {
        if let Some(place) = places.get(local.0 as usize) {
            *local = *place;
        }
    };
    match &mut node.expr {
        Expr::Local(local) | Expr::Define(local, _) | Expr::SetLocal(local, _) => new(local),
        Expr::Loop { fresh, .. } => fresh.iter_mut().for_each(new),
        Expr::Try { is_exception, exception, .. } => is_exception.iter_mut().chain(exception).for_each(new),
        Expr::Block { parameters, .. } => parameters.iter_mut().for_each(new),
        Expr::Lambda { captures, .. } => captures.iter_mut().for_each(new),
        Expr::Primitive { failure: Some((local, _)), .. } => new(local),
        _ => {}
    }
    node.for_each_child_mut(|child| renumber(child, places));
}
