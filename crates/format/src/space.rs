//! The space between two tokens of one line.

use crate::pieces::Piece;
use lucarne_compiler::scanner::Kind;

/// What a token is, where its kind alone does not tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Role {
    /// Its kind tells all.
    #[default]
    Plain,
    /// A word that names something, even if it is a keyword elsewhere.
    Name,
    /// An operator with space around it: operators with two operands, assignments, `? :`.
    Spaced,
    /// An operator right before its operand: `-`, `~`, `++`.
    Prefix,
    /// `++` or `--` after its operand.
    Postfix,
    /// `--` before the name of an argument or parameter.
    Dashes,
    /// `=` between the name and the value of an argument or parameter.
    NamedEqual,
    /// `=` after the name of a setter.
    SetterEqual,
    /// A part of the operator after the word `operator`.
    OperatorName,
    /// `/` before the type of a parameter.
    ParameterSlash,
    /// `/` before the type of a variable.
    VariableSlash,
    /// `:` or `::` right after what it belongs to.
    Colon,
    /// The first `|` of parameters.
    BarOpen,
    /// The last `|` of parameters.
    BarClose,
}

/// Returns whether the token is a word, after which no operand stands without space.
fn is_spaced_word(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::And
            | Kind::Or
            | Kind::Is
            | Kind::As
            | Kind::Not
            | Kind::If
            | Kind::While
            | Kind::For
            | Kind::Return
            | Kind::Else
    )
}

/// Returns the number of spaces between two tokens of one line, which stand `written` characters apart.
pub(crate) fn space(
    before: &Piece,
    before_role: Role,
    after: &Piece,
    after_role: Role,
    written: usize,
) -> u32 {
    let as_written = u32::from(written > 0);
    match (before_role, after_role) {
        (Role::OperatorName, Role::OperatorName) => return 0,
        (_, Role::OperatorName) => return 1,
        (Role::Spaced, _) | (_, Role::Spaced) => return 1,
        (Role::Dashes, _) => return 0,
        // `- 1` is an operator and a number, `-1` is a number, and `--x` would be something else.
        (Role::Prefix, _) => {
            let is_number = matches!(after.kind, Kind::Int | Kind::Float | Kind::Minus | Kind::Decrement);
            return if is_number { as_written } else { 0 };
        }
        (_, Role::Postfix | Role::NamedEqual | Role::SetterEqual | Role::ParameterSlash | Role::Colon) => {
            return 0;
        }
        (Role::NamedEqual | Role::ParameterSlash | Role::VariableSlash, _) => return 0,
        (Role::SetterEqual, _) => return 1,
        (_, Role::VariableSlash) => return as_written,
        (Role::BarOpen, Role::BarClose) => return as_written,
        (Role::BarOpen | Role::BarClose, _) | (_, Role::BarOpen | Role::BarClose) => return 1,
        _ => {}
    }
    let (left, right) = (word_kind(before, before_role), word_kind(after, after_role));
    match (left, right) {
        (_, Kind::Comma | Kind::RightParen | Kind::RightBracket)
        | (Kind::LeftParen | Kind::LeftBracket | Kind::HashBracket, _) => 0,
        (Kind::Semicolon | Kind::For, Kind::Semicolon) => as_written,
        (_, Kind::Semicolon) => 0,
        (Kind::LeftBrace, _) | (_, Kind::RightBrace) | (_, Kind::Dot) | (Kind::Dot, _) => as_written,
        (Kind::Comma | Kind::Semicolon | Kind::Colon | Kind::DoubleColon, _) => 1,
        (Kind::Arrow | Kind::Define | Kind::DefineFinal, _)
        | (_, Kind::Arrow | Kind::Define | Kind::DefineFinal) => 1,
        (_, Kind::Colon | Kind::DoubleColon) => as_written,
        (left, _) if is_spaced_word(left) => 1,
        (_, Kind::And | Kind::Or | Kind::Is | Kind::As | Kind::Else) => 1,
        _ => as_written,
    }
}

fn word_kind(piece: &Piece, role: Role) -> Kind {
    if role == Role::Name { Kind::Identifier } else { piece.kind }
}
