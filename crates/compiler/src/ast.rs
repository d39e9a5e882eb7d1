//! The syntax tree of a file: the source text, before its names get a meaning.

mod flat;

pub use flat::flat;

use crate::names::Name;
use crate::source::Span;

/// Marks an assignment that is written as in another language, `x <- 1`. The parser has reported it.
pub const FOREIGN_ASSIGNMENT: &str = "<-";

/// A name with its place in the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identifier {
    /// The canonical name.
    pub name: Name,
    /// The place in the text.
    pub span: Span,
}

/// A documentation comment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Doc {
    /// The place in the text, including the marks.
    pub span: Span,
    /// The text, without the comment marks.
    pub text: String,
}

/// The syntax tree of a file.
#[derive(Default, Debug)]
pub struct File {
    /// The documentation of the file.
    pub doc: Option<Doc>,
    /// The imports.
    pub imports: Vec<Import>,
    /// The exports.
    pub exports: Vec<Export>,
    /// Everything else, in order.
    pub declarations: Vec<Declaration>,
}

/// `import a.b as c show d e`.
#[derive(Clone, Debug)]
pub struct Import {
    /// The number of dots before the path: 0 for a library or package, 1 for a path that begins in the folder of the
    /// file, and one more for each folder up.
    pub dots: u32,
    /// The path, as written.
    pub segments: Vec<Identifier>,
    /// `as prefix`.
    pub prefix: Option<Identifier>,
    /// The names that `show` lists.
    pub show: Show,
    /// The whole import.
    pub span: Span,
}

/// The names that `show` or `export` lists.
#[derive(Clone, Default, Debug)]
pub enum Show {
    /// There is no list.
    #[default]
    Nothing,
    /// `*`.
    Everything(Span),
    /// Names.
    Names(Vec<Identifier>),
}

/// `export a b` or `export *`.
#[derive(Debug)]
pub struct Export {
    /// The exported names.
    pub show: Show,
}

/// A declaration of a file or class.
#[derive(Debug)]
pub enum Declaration {
    /// A class, interface, mixin or monitor.
    Class(Class),
    /// A function, method or constructor.
    Function(Function),
    /// A global or field.
    Variable(Variable),
}

/// Which keyword declared a class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClassKind {
    /// `class`.
    Class,
    /// `interface`.
    Interface,
    /// `mixin`.
    Mixin,
    /// `monitor`.
    Monitor,
}

impl ClassKind {
    /// Returns the keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            ClassKind::Class => "class",
            ClassKind::Interface => "interface",
            ClassKind::Mixin => "mixin",
            ClassKind::Monitor => "monitor",
        }
    }
}

/// A class-like declaration.
#[derive(Debug)]
pub struct Class {
    /// The documentation.
    pub doc: Option<Doc>,
    /// Which keyword declared it.
    pub kind: ClassKind,
    /// Whether `abstract` stands before it.
    pub is_abstract: bool,
    /// The name of the class.
    pub name: Identifier,
    /// `extends`.
    pub superclass: Option<TypeName>,
    /// `with`.
    pub mixins: Vec<TypeName>,
    /// `implements`.
    pub interfaces: Vec<TypeName>,
    /// The members.
    pub members: Vec<Declaration>,
}

/// The name of a function.
#[derive(Debug)]
pub enum FunctionName {
    /// A function, method or getter.
    Plain(Identifier),
    /// `foo= value`.
    Setter(Identifier),
    /// `operator +`: the operator as text, `[]=` and `[..]` included.
    Operator(Identifier),
    /// `constructor`.
    Constructor(Span),
    /// `constructor.name`.
    NamedConstructor(Identifier),
}

impl FunctionName {
    /// Returns the place of the name in the text.
    pub fn span(&self) -> Span {
        match self {
            FunctionName::Plain(name)
            | FunctionName::Setter(name)
            | FunctionName::Operator(name)
            | FunctionName::NamedConstructor(name) => name.span,
            FunctionName::Constructor(span) => *span,
        }
    }
}

/// A function-like declaration.
#[derive(Debug)]
pub struct Function {
    /// The documentation.
    pub doc: Option<Doc>,
    /// The comments that say how the types of parameters change.
    pub migrations: Vec<Migration>,
    /// The name of the function.
    pub name: FunctionName,
    /// The place of `static` before it, if present.
    pub static_at: Option<Span>,
    /// The place of `abstract` before it, if present.
    pub abstract_at: Option<Span>,
    /// The parameters as written.
    pub parameters: Vec<Parameter>,
    /// `-> type`.
    pub return_type: Option<TypeName>,
    /// The body, if there is a `:`.
    pub body: Option<Body>,
}

/// A type that a parameter takes while its type changes: `// __TYPE-MIGRATION__ name: type`.
#[derive(Debug)]
pub struct Migration {
    /// The name of the parameter.
    pub parameter: Identifier,
    /// The type.
    pub ty: TypeName,
    /// The text after `Deprecated.`, if the type is deprecated.
    pub deprecated: Option<String>,
}

/// A parameter of a function, block or lambda.
#[derive(Debug)]
pub struct Parameter {
    /// The name of the parameter.
    pub name: Identifier,
    /// `--name`.
    pub is_named: bool,
    /// `[name]`.
    pub is_block: bool,
    /// `.name`: sets the field.
    pub is_field: bool,
    /// `/type`.
    pub ty: Option<TypeName>,
    /// `=value`.
    pub default: Option<Expression>,
}

impl Parameter {
    /// Returns whether the parameter is only a name.
    pub fn is_plain(&self) -> bool {
        let is_bare = self.ty.is_none() && self.default.is_none();
        is_bare && !self.is_named && !self.is_block && !self.is_field
    }
}

/// A global or field.
#[derive(Debug)]
pub struct Variable {
    /// The documentation.
    pub doc: Option<Doc>,
    /// The name of the variable.
    pub name: Identifier,
    /// The place of `static` before it, if present.
    pub static_at: Option<Span>,
    /// The place of `abstract` before it, if present.
    pub abstract_at: Option<Span>,
    /// `/type`.
    pub ty: Option<TypeName>,
    /// Whether it is defined with `::=` (or, as a field, without a value).
    pub is_final: bool,
    /// The first value of the variable.
    pub value: Initial,
}

/// The first value of a variable.
#[derive(Debug)]
pub enum Initial {
    /// No value: `x/int`.
    None,
    /// `?`.
    Later(Span),
    /// An expression.
    Value(Box<Expression>),
}

/// A type as written.
#[derive(Clone, Debug)]
pub struct TypeName {
    /// The import prefix before it.
    pub prefix: Option<Identifier>,
    /// The name of the type.
    pub name: Identifier,
    /// Whether `?` follows.
    pub nullable: bool,
    /// The whole type.
    pub span: Span,
}

/// A sequence of statements.
#[derive(Debug)]
pub struct Body {
    /// The statements.
    pub statements: Vec<Expression>,
    /// The colon, or the statements if there is no colon.
    pub span: Span,
}

/// An expression or statement.
#[derive(Debug)]
pub struct Expression {
    /// The kind of expression.
    pub kind: ExpressionKind,
    /// The whole expression; error messages point at it.
    pub span: Span,
    /// The height of this tree. The parser limits it, so that later passes can use recursion.
    pub height: u32,
}

/// An operator with one operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryOperator {
    /// `-`.
    Negate,
    /// `~`.
    Complement,
}

/// A piece of a string.
#[derive(Debug)]
pub enum StringPart {
    /// Text.
    Text(String),
    /// A value with its format.
    Value(Expression, Option<String>),
}

/// An argument of a call.
#[derive(Debug)]
pub struct Argument {
    /// `--name`.
    pub name: Option<Identifier>,
    /// The value, if there is one. A flag (`--name`, `--no-name`) has none.
    pub value: Option<Expression>,
}

/// The kinds of expressions.
#[derive(Debug)]
pub enum ExpressionKind {
    /// A mistake that has been reported.
    Error,
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// An integer or character.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string.
    String(Vec<StringPart>),
    /// A name, `this`, `super` and `it` included.
    Name(Name),
    /// `( )`.
    Parenthesized(Box<Expression>),
    /// `x.name`.
    Member(Box<Expression>, Identifier),
    /// `x[y]`.
    Index(Box<Expression>, Vec<Expression>),
    /// `x[y..z]`.
    Slice(Box<Expression>, Option<Box<Expression>>, Option<Box<Expression>>),
    /// A call with arguments.
    Call(Box<Expression>, Vec<Argument>),
    /// An operator with one operand, and the place of the operator.
    Unary(UnaryOperator, Span, Box<Expression>),
    /// An operator with two operands (`+`, `==`, `!=`, ...), and the place of the operator.
    Binary(&'static str, Span, Box<Expression>, Box<Expression>),
    /// `a < b <= c`: each operand is evaluated once.
    Comparison(Box<Expression>, Vec<(&'static str, Span, Expression)>),
    /// `and`.
    And(Box<Expression>, Box<Expression>),
    /// `or`.
    Or(Box<Expression>, Box<Expression>),
    /// `not`.
    Not(Box<Expression>),
    /// `is type`, `is not type`.
    Is {
        /// The value.
        value: Box<Expression>,
        /// The type.
        ty: TypeName,
        /// Whether it is `is not`.
        negated: bool,
    },
    /// `as type`.
    As(Box<Expression>, TypeName),
    /// `a ? b : c`.
    Conditional(Box<Expression>, Box<Expression>, Box<Expression>),
    /// `if`.
    If {
        /// The condition, which may define a variable.
        condition: Box<Expression>,
        /// The first branch.
        then: Body,
        /// The `else` branch.
        otherwise: Option<Body>,
    },
    /// `while`.
    While(Box<Expression>, Body),
    /// `for`.
    For {
        /// The initial clause.
        init: Option<Box<Expression>>,
        /// The condition.
        condition: Option<Box<Expression>>,
        /// The update clause, evaluated after each round.
        update: Option<Box<Expression>>,
        /// The loop body.
        body: Body,
    },
    /// `target = value`, or `target += value` with the operator (`+`).
    Assign {
        /// The target.
        target: Box<Expression>,
        /// The operator of a compound assignment.
        operator: Option<&'static str>,
        /// The place of the assignment operator.
        at: Span,
        /// The value.
        value: Box<Expression>,
    },
    /// `x++`, `x--`: the operator (`+`, `-`), and its place.
    Postfix(Box<Expression>, &'static str, Span),
    /// `name/type := value`.
    Define {
        /// The name.
        name: Identifier,
        /// The declared type.
        ty: Option<TypeName>,
        /// Whether it is `::=`.
        is_final: bool,
        /// The value.
        value: Initial,
    },
    /// `: | a b | ...`.
    Block(Vec<Parameter>, Body),
    /// `:: | a b | ...`.
    Lambda(Vec<Parameter>, Body),
    /// `[a, b]`.
    List(Vec<Expression>),
    /// `{a, b}`.
    Set(Vec<Expression>),
    /// `{a: b}`.
    Map(Vec<(Expression, Expression)>),
    /// `#[a, b]`.
    ByteArray(Vec<Expression>),
    /// `return value`.
    Return(Option<Box<Expression>>),
    /// `break`, `break.label value`.
    Break(Option<Identifier>, Option<Box<Expression>>),
    /// `continue`, `continue.label value`.
    Continue(Option<Identifier>, Option<Box<Expression>>),
    /// `try: body finally: handler`.
    Try {
        /// The protected part.
        body: Body,
        /// `| is-exception exception |`.
        parameters: Vec<Parameter>,
        /// The `finally` part.
        handler: Body,
    },
    /// `assert: condition`.
    Assert(Body),
    /// `#primitive.module.name: | error | ...`.
    Primitive {
        /// The module.
        module: Identifier,
        /// The name.
        name: Identifier,
        /// The failure block.
        failure: Option<(Vec<Parameter>, Body)>,
    },
}

impl ExpressionKind {
    /// Returns the height of the highest subtree.
    pub fn inner_height(&self) -> u32 {
        let mut highest = 0;
        self.each_child(&mut |child| highest = highest.max(child.height));
        highest
    }

    /// Calls a function for each direct subexpression, in source order.
    pub fn each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Expression)) {
        use ExpressionKind as E;
        match self {
            E::Error | E::Null | E::Bool(_) | E::Int(_) | E::Float(_) | E::Name(_) => {}
            E::String(parts) => {
                for part in parts {
                    if let StringPart::Value(value, _) = part {
                        visit(value);
                    }
                }
            }
            E::Parenthesized(inner)
            | E::Member(inner, _)
            | E::Unary(_, _, inner)
            | E::Not(inner)
            | E::Is { value: inner, .. }
            | E::As(inner, _)
            | E::Postfix(inner, _, _) => visit(inner),
            E::Index(receiver, arguments) => {
                visit(receiver);
                arguments.iter().for_each(visit);
            }
            E::Slice(receiver, from, to) => {
                visit(receiver);
                from.iter().chain(to).for_each(|bound| visit(bound));
            }
            E::Call(target, arguments) => {
                visit(target);
                arguments.iter().filter_map(|argument| argument.value.as_ref()).for_each(visit);
            }
            E::Binary(_, _, left, right) | E::And(left, right) | E::Or(left, right) => {
                visit(left);
                visit(right);
            }
            E::Comparison(first, rest) => {
                visit(first);
                rest.iter().for_each(|(_, _, operand)| visit(operand));
            }
            E::Conditional(condition, then, otherwise) => {
                visit(condition);
                visit(then);
                visit(otherwise);
            }
            E::If { condition, then, otherwise } => {
                visit(condition);
                then.statements.iter().for_each(&mut *visit);
                otherwise.iter().flat_map(|body| &body.statements).for_each(visit);
            }
            E::While(condition, body) => {
                visit(condition);
                body.statements.iter().for_each(visit);
            }
            E::For { init, condition, update, body } => {
                init.iter().chain(condition).chain(update).for_each(|part| visit(part));
                body.statements.iter().for_each(visit);
            }
            E::Assign { target, value, .. } => {
                visit(target);
                visit(value);
            }
            E::Define { value, .. } => {
                if let Initial::Value(value) = value {
                    visit(value);
                }
            }
            E::Block(parameters, body) | E::Lambda(parameters, body) => {
                parameters.iter().filter_map(|parameter| parameter.default.as_ref()).for_each(&mut *visit);
                body.statements.iter().for_each(visit);
            }
            E::List(elements) | E::Set(elements) | E::ByteArray(elements) => elements.iter().for_each(visit),
            E::Map(entries) => {
                for (key, value) in entries {
                    visit(key);
                    visit(value);
                }
            }
            E::Return(value) | E::Break(_, value) | E::Continue(_, value) => {
                value.iter().for_each(|value| visit(value));
            }
            E::Try { body, handler, .. } => {
                body.statements.iter().chain(&handler.statements).for_each(visit);
            }
            E::Assert(body) => body.statements.iter().for_each(visit),
            E::Primitive { failure, .. } => {
                failure.iter().flat_map(|(_, body)| &body.statements).for_each(visit);
            }
        }
    }
}
