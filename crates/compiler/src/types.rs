//! Static types: the front half's knowledge about values.
//!
//! Types are checked where a variable, field, parameter or result with a type receives a value. If the value cannot
//! fit, that is an error; if it may or may not fit, the program checks at run time; if it always fits, nothing is done.

use crate::ir::{ClassId, Type};

/// The static type of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ty {
    /// Unknown.
    Any,
    /// No value: the call of a function that returns `none`.
    None,
    /// The value is null.
    Null,
    /// Control never gets here.
    Never,
    /// A block.
    Block,
    /// An instance of a class, interface or mixin.
    Class {
        /// The class.
        class: ClassId,
        /// Whether it may be null.
        nullable: bool,
    },
}

impl Ty {
    /// Returns the type of the instances of a class, without null.
    pub fn of(class: ClassId) -> Ty {
        Ty::Class { class, nullable: false }
    }

    /// Returns the class, if one is known.
    pub fn class(self) -> Option<ClassId> {
        match self {
            Ty::Class { class, .. } => Some(class),
            _ => None,
        }
    }

    /// Returns the declared type that the linker may rely on.
    pub fn declared(self) -> Type {
        match self {
            Ty::Class { class, nullable } => Type::Class { class, nullable },
            Ty::Block => Type::Block,
            Ty::None => Type::None,
            Ty::Any | Ty::Null | Ty::Never => Type::Any,
        }
    }
}

impl From<Type> for Ty {
    fn from(ty: Type) -> Ty {
        match ty {
            Type::Any => Ty::Any,
            Type::None => Ty::None,
            Type::Block => Ty::Block,
            Type::Class { class, nullable } => Ty::Class { class, nullable },
        }
    }
}

/// Whether a value fits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fit {
    /// Always.
    Yes,
    /// The value may or may not fit: the program must check it at run time.
    Check,
    /// Never.
    No,
}

/// Returns whether a value of one type fits where another is required. A value of a superclass does not fit:
/// `as` makes it one of the subclass. A value that could only fit by being null is a mistake, even though both
/// sides allow null.
pub fn fit(from: Ty, to: Ty, is_subclass: impl Fn(ClassId, ClassId) -> bool) -> Fit {
    match (from, to) {
        (_, Ty::Any | Ty::None | Ty::Never) | (Ty::Never, _) | (Ty::Null, Ty::Null) => Fit::Yes,
        (Ty::Block, Ty::Block) => Fit::Yes,
        (Ty::Any, _) => Fit::Check,
        (Ty::Null, Ty::Class { nullable, .. }) => {
            if nullable {
                Fit::Yes
            } else {
                Fit::No
            }
        }
        (Ty::Class { class: a, nullable: from_null }, Ty::Class { class: b, nullable: to_null }) => {
            if !is_subclass(a, b) {
                Fit::No
            } else if from_null && !to_null {
                Fit::Check
            } else {
                Fit::Yes
            }
        }
        _ => Fit::No,
    }
}
