//! Visits the parts of IR expressions, and encodes and decodes bodies.

use super::{Body, Code, Expr, Node, Part};

/// Visits the direct parts of an expression, by reference or by mutable reference; `$iter` is the
/// method that iterates.
macro_rules! visit_children {
    ($expr:expr, $visit:ident, $iter:ident) => {
        match $expr {
            Expr::Null
            | Expr::Bool(_)
            | Expr::Int(_)
            | Expr::Float(_)
            | Expr::String(_)
            | Expr::Bytes(_)
            | Expr::Absent
            | Expr::Local(_)
            | Expr::Global(_)
            | Expr::Allocate(_)
            | Expr::Lambda { .. } => {}
            Expr::Define(_, value)
            | Expr::SetLocal(_, value)
            | Expr::SetGlobal(_, value)
            | Expr::Field(value, _)
            | Expr::Not(value)
            | Expr::Labeled(_, value)
            | Expr::Exit(_, value)
            | Expr::Return(value)
            | Expr::Is(value, _)
            | Expr::As(value, _)
            | Expr::Inlined { body: value, .. }
            | Expr::Block { body: value, .. } => $visit(value),
            Expr::SetField(left, _, right) | Expr::And(left, right) | Expr::Or(left, right) => {
                $visit(left);
                $visit(right);
            }
            Expr::Sequence(nodes)
            | Expr::Scope(nodes)
            | Expr::CallStatic(_, nodes)
            | Expr::New(_, nodes)
            | Expr::CallSuper(_, nodes)
            | Expr::List(nodes)
            | Expr::Set(nodes)
            | Expr::ByteArray(nodes) => nodes.$iter().for_each($visit),
            Expr::If { condition, then, otherwise } => {
                $visit(condition);
                $visit(then);
                $visit(otherwise);
            }
            Expr::Loop { condition, body, update, .. } => {
                $visit(condition);
                $visit(body);
                if let Some(update) = update {
                    $visit(update);
                }
            }
            Expr::Try { body, handler, .. } => {
                $visit(body);
                $visit(handler);
            }
            Expr::CallDynamic { receiver, arguments, .. } | Expr::CallBlock(receiver, arguments) => {
                $visit(receiver);
                arguments.$iter().for_each($visit);
            }
            Expr::Interpolate(parts) => {
                for part in parts {
                    match part {
                        Part::Text(_) => {}
                        Part::Value(value) | Part::Formatted(_, value) => $visit(value),
                    }
                }
            }
            Expr::Map(entries) => {
                for (key, value) in entries {
                    $visit(key);
                    $visit(value);
                }
            }
            Expr::Primitive { failure, .. } => {
                if let Some((_, code)) = failure {
                    $visit(code);
                }
            }
        }
    };
}

impl Node {
    /// Calls `visit` on each direct part of this expression, in the order of evaluation. The bodies
    /// of lambdas are not parts: see [`Expr::Lambda`].
    pub fn for_each_child<'n>(&'n self, mut visit: impl FnMut(&'n Node)) {
        visit_children!(&self.expr, visit, iter);
    }

    /// Like [`Node::for_each_child`], for changing the parts.
    pub fn for_each_child_mut(&mut self, mut visit: impl FnMut(&mut Node)) {
        visit_children!(&mut self.expr, visit, iter_mut);
    }

    /// Returns whether `test` accepts this expression or a part of it (lambdas excepted).
    pub fn any(&self, test: &mut impl FnMut(&Expr) -> bool) -> bool {
        if test(&self.expr) {
            return true;
        }
        let mut found = false;
        self.for_each_child(|child| found = found || child.any(test));
        found
    }
}

impl Code {
    /// Returns the body, decoded if necessary.
    ///
    /// # Errors
    /// If an encoded body is damaged.
    pub fn body(&self) -> Result<Option<std::borrow::Cow<'_, Body>>, postcard::Error> {
        Ok(match self {
            Code::None => None,
            Code::Tree(body) => Some(std::borrow::Cow::Borrowed(body)),
            Code::Packed(bytes) => Some(std::borrow::Cow::Owned(postcard::from_bytes(bytes)?)),
        })
    }

    /// Encodes a tree, so that it is decoded only when it is needed.
    ///
    /// # Errors
    /// If the encoder runs out of memory.
    pub fn pack(&mut self) -> Result<(), postcard::Error> {
        if let Code::Tree(body) = self {
            *self = Code::Packed(postcard::to_allocvec(body)?);
        }
        Ok(())
    }
}
