//! Folds constants, and leaves out code that has no effect.

use crate::ir::{Expr, LabelId, Node, Selector};

/// Simplifies an expression whose parts have been simplified.
pub(super) fn simplify(node: &mut Node) {
    if let Some(simpler) = simpler(node) {
        *node = simpler;
    }
}

/// Returns what an expression can be replaced by.
fn simpler(node: &mut Node) -> Option<Node> {
    let at = node.at;
    match &mut node.expr {
        Expr::Not(operand) => Some(Node { at, expr: Expr::Bool(!truth(operand)?) }),
        Expr::And(left, right) => Some(std::mem::take(if truth(left)? { right } else { left })),
        Expr::Or(left, right) => Some(std::mem::take(if truth(left)? { left } else { right })),
        Expr::If { condition, then, otherwise } => {
            Some(std::mem::take(if truth(condition)? { then } else { otherwise }))
        }
        Expr::CallDynamic { receiver, selector, arguments, .. } => match (&receiver.expr, &arguments[..]) {
            (Expr::Int(left), [Node { expr: Expr::Int(right), .. }]) => {
                Some(Node { at, expr: fold(selector, *left, *right)? })
            }
            _ => None,
        },
        _ => None,
    }
}

/// Returns how a condition treats a constant.
fn truth(node: &Node) -> Option<bool> {
    match &node.expr {
        Expr::Null => Some(false),
        Expr::Bool(value) => Some(*value),
        Expr::Int(_) | Expr::Float(_) | Expr::String(_) => Some(true),
        _ => None,
    }
}

/// Computes an operation on two integers. Additions and the like wrap around, as they do when the program runs. Returns
/// none for operations that are left to the running program.
fn fold(selector: &Selector, left: i64, right: i64) -> Option<Expr> {
    if !selector.named.is_empty() || selector.unnamed != [false] || selector.is_setter {
        return None;
    }
    Some(match selector.name.as_str() {
        "+" => Expr::Int(left.wrapping_add(right)),
        "-" => Expr::Int(left.wrapping_sub(right)),
        "*" => Expr::Int(left.wrapping_mul(right)),
        "<" => Expr::Bool(left < right),
        "<=" => Expr::Bool(left <= right),
        ">" => Expr::Bool(left > right),
        ">=" => Expr::Bool(left >= right),
        "==" => Expr::Bool(left == right),
        _ => return None,
    })
}

/// Makes the code of a function the code of an expression: its value is what the function returns. Returns whether exits to
/// the label are left.
pub(super) fn returns_to_value(root: &mut Node, label: LabelId) -> bool {
    tail(root, label);
    root.any(&mut |expr| matches!(expr, Expr::Exit(target, _) if *target == label))
}

fn tail(node: &mut Node, label: LabelId) {
    match &mut node.expr {
        Expr::Exit(target, value) if *target == label => *node = *std::mem::take(value),
        Expr::Exit(..) | Expr::Return(_) => {}
        Expr::Sequence(nodes) if !nodes.is_empty() => {
            if let Some(last) = nodes.last_mut() {
                tail(last, label);
            }
        }
        Expr::If { then, otherwise, .. } => {
            tail(then, label);
            tail(otherwise, label);
        }
        Expr::Null => {}
        _ => {
            let at = node.at;
            let effect = std::mem::take(node);
            *node = Node { at, expr: Expr::Sequence(vec![effect, Node { at, expr: Expr::Null }]) };
        }
    }
}
