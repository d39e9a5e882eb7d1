//! Functions that examine syntax trees, for the resolution of declarations as well as of bodies.

use crate::ast::{self, Expression, ExpressionKind};
use crate::names::Name;
use crate::parser::deprecation;
use crate::source::Span;
use std::collections::HashSet;

/// Returns the reason why the documented item is deprecated, or none if it is not deprecated.
pub(super) fn deprecated(doc: &Option<ast::Doc>) -> Option<String> {
    deprecation(&doc.as_ref()?.text)
}

/// Returns whether these statements contain a `return` with a value. Does not search lambdas: a `return` in a lambda is
/// an error.
pub(super) fn returns_value(statements: &[Expression]) -> bool {
    fn has(expression: &Expression) -> bool {
        match &expression.kind {
            ExpressionKind::Return(value) => value.is_some(),
            ExpressionKind::Lambda(..) => false,
            kind => {
                let mut found = false;
                kind.each_child(&mut |child| found = found || has(child));
                found
            }
        }
    }
    statements.iter().any(has)
}

/// Returns the first `return` without a value in these statements.
pub(super) fn bare_return(statements: &[Expression]) -> Option<Span> {
    fn find(expression: &Expression) -> Option<Span> {
        match &expression.kind {
            ExpressionKind::Return(None) => Some(expression.span),
            ExpressionKind::Lambda(..) => None,
            kind => {
                let mut found = None;
                kind.each_child(&mut |child| found = found.or_else(|| find(child)));
                found
            }
        }
    }
    statements.iter().find_map(find)
}

/// Returns the first `return` with a value that ends a block.
pub(super) fn return_in_block(statements: &[Expression]) -> Option<Span> {
    fn find(expression: &Expression) -> Option<Span> {
        let last = match &expression.kind {
            ExpressionKind::Lambda(..) => return None,
            ExpressionKind::Block(_, body) => body.statements.last(),
            _ => None,
        };
        if let Some(Expression { kind: ExpressionKind::Return(Some(_)), span, .. }) = last {
            return Some(*span);
        }
        let mut found = None;
        expression.kind.each_child(&mut |child| found = found.or_else(|| find(child)));
        found
    }
    statements.iter().find_map(find)
}

/// Returns whether a function is a comparison operator. The result of a comparison is always a boolean.
pub(super) fn is_comparison(name: &ast::FunctionName) -> bool {
    matches!(name, ast::FunctionName::Operator(name) if matches!(&*name.name, "==" | "<" | "<=" | ">" | ">="))
}

/// Collects the names that are assigned anywhere in some statements.
pub(super) fn collect_assigned(statements: &[Expression], names: &mut HashSet<Name>) {
    for statement in statements {
        if let ExpressionKind::Assign { target, .. } | ExpressionKind::Postfix(target, _, _) = &statement.kind
            && let ExpressionKind::Name(name) = &target.kind
        {
            names.insert(name.clone());
        }
        statement.kind.each_child(&mut |child| collect_assigned(std::slice::from_ref(child), names));
    }
}
