//! Parses files: imports, exports, classes, functions, variables, parameters and types.

use super::habits::{LOOK_AHEAD_MAX, NULL_TYPE};
use super::{Blocks, Parser};
use crate::ast::{
    Class, ClassKind, Declaration, Doc, File, Function, FunctionName, Identifier, Initial, Parameter,
    TypeName, Variable,
};
use crate::diagnostic::Diagnostic;
use crate::scanner::{Kind, Token};
use crate::source::Span;

/// The minimum indentation, relative to a declaration, of a further line of its head, such as one with parameters.
const PARAMETER_INDENT: u32 = 4;

/// The modifiers before a declaration.
#[derive(Default)]
struct Modifiers {
    doc: Option<Doc>,
    /// The comments right above.
    comments: Span,
    static_at: Option<Span>,
    abstract_at: Option<Span>,
}

impl Parser<'_> {
    pub(super) fn file(&mut self) -> File {
        let mut file = File { doc: self.file_doc(), ..File::default() };
        loop {
            self.skip_braces();
            if self.token().kind == Kind::Eof {
                break;
            }
            self.begin_declaration(0);
            let is_foreign = self.foreign_export();
            match self.token().kind {
                Kind::Import => {
                    let late = !file.declarations.is_empty();
                    let import = self.import();
                    if late {
                        self.error_and_go_on(
                            import.span,
                            "an import after a declaration",
                            "imports come first in a file",
                        );
                    }
                    file.imports.push(import);
                    file.imports.extend(self.foreign_import.take());
                }
                Kind::Export => {
                    let keyword = self.token().span;
                    if !file.declarations.is_empty() {
                        let hint = "exports come before the declarations of a file";
                        self.error_and_go_on(keyword, "an export after a declaration", hint);
                    }
                    let export = self.export();
                    file.exports.push(export);
                }
                _ if !is_foreign && self.foreign_line() => file.imports.extend(self.foreign_import.take()),
                _ => {
                    if file.doc.is_none() && file.declarations.is_empty() {
                        file.doc = self.doc_after_imports();
                    }
                    if let Some(declaration) = self.declaration(None) {
                        file.declarations.push(declaration);
                    }
                }
            }
            self.end_declaration();
        }
        self.report_other_migrations();
        file
    }

    pub(super) fn begin_declaration(&mut self, indent: u32) {
        self.limit = i64::from(self.token().line_indent);
        self.outer = i64::from(indent) - 1;
        self.statement = self.limit;
        self.anchor = self.at;
        self.level = 0;
        self.open = 0;
        self.recovering = false;
        self.aborted = false;
        let token = self.token();
        if token.line_start && token.line_indent != indent && token.kind != Kind::Illegal {
            let (title, hint) = match indent {
                0 => (
                    "this declaration is indented",
                    "declarations outside of classes begin at the left margin",
                ),
                _ => (
                    "this declaration is not indented like the ones before it",
                    "declarations of one level have the same indentation",
                ),
            };
            self.error_and_go_on(token.span, title, hint);
        }
    }

    /// Skips the rest of a declaration, if there is one. Reports it, unless the declaration has an error already.
    pub(super) fn end_declaration(&mut self) {
        let aborted = std::mem::replace(&mut self.aborted, false);
        self.foreign_semicolon();
        if !self.ended() {
            if !self.recovering && !aborted {
                self.expected("the end of the declaration");
            }
            self.skip_rest();
        }
        self.recovering = false;
    }

    // Declarations.

    /// Parses one declaration. `class` is the kind of the class around it, if there is one.
    pub(super) fn declaration(&mut self, class: Option<ClassKind>) -> Option<Declaration> {
        let modifiers = self.modifiers();
        if let Some(kind) = self.class_keyword() {
            if let (Some(_), Some(span)) = (class, Some(self.token().span)) {
                self.error_hint(span, "a class within a class", "classes are declared at the top level");
            }
            return self.class(kind, modifiers).map(Declaration::Class);
        }
        if self.ended() {
            self.expected("a declaration");
            return None;
        }
        if self.foreign_class() {
            if self.recovering {
                return None;
            }
            return self.class(ClassKind::Class, modifiers).map(Declaration::Class);
        }
        let is_name = self.token().kind == Kind::Identifier;
        let next = self.token_at(1);
        let is_variable = matches!(next.kind, Kind::Slash | Kind::Define | Kind::DefineFinal)
            && self.written(self.token().span) != "operator";
        if is_name && is_variable {
            return Some(Declaration::Variable(self.variable(modifiers)));
        }
        // A method without a body can look like a variable of another language: in an interface, `val x=5` declares a
        // method `val` with a parameter `x`.
        let may_lack_body = modifiers.abstract_at.is_some() || class == Some(ClassKind::Interface);
        let foreign = match self.definition_with_colon() {
            None if !may_lack_body => self.foreign_global(),
            found => found,
        };
        if let Some((name, value)) = foreign {
            let Modifiers { doc, static_at, abstract_at, .. } = modifiers;
            let variable = Variable { doc, name, static_at, abstract_at, ty: None, is_final: false, value };
            return Some(Declaration::Variable(variable));
        }
        let is_assignment = next.kind == Kind::Assign && next.space_before;
        if is_name && is_assignment {
            return Some(Declaration::Variable(self.variable(modifiers)));
        }
        self.function(modifiers, class).map(Declaration::Function)
    }

    fn modifiers(&mut self) -> Modifiers {
        let mut modifiers =
            Modifiers { doc: self.doc(), comments: self.comments_above(), ..Modifiers::default() };
        loop {
            self.skip_foreign_modifiers();
            let token = self.token();
            let followed = matches!(self.token_at(1).kind, Kind::Identifier | Kind::Class | Kind::Static);
            match self.peek() {
                Kind::Static => modifiers.static_at = Some(token.span),
                Kind::Identifier if followed && self.written(token.span) == "abstract" => {
                    modifiers.abstract_at = Some(token.span);
                }
                _ => return modifiers,
            }
            self.advance();
        }
    }

    /// Returns the kind of class that is declared here, without taking a token.
    pub(super) fn class_keyword(&self) -> Option<ClassKind> {
        if self.peek() == Kind::Class {
            return Some(ClassKind::Class);
        }
        // `monitor`, for example, is a keyword only before a name.
        if self.peek() != Kind::Identifier || self.token_at(1).kind != Kind::Identifier {
            return None;
        }
        match self.written(self.token().span) {
            "interface" => Some(ClassKind::Interface),
            "monitor" => Some(ClassKind::Monitor),
            "mixin" => Some(ClassKind::Mixin),
            _ => None,
        }
    }

    fn class(&mut self, kind: ClassKind, modifiers: Modifiers) -> Option<Class> {
        let keyword = self.advance();
        if let Some(span) = modifiers.static_at {
            self.error_and_go_on(span, "a class cannot be static", "remove `static`");
        }
        let name = self.take_identifier().unwrap_or_else(|| {
            self.expected("the name of the class");
            self.skip_class_header(keyword.line_indent);
            self.no_name()
        });
        let mut class = Class {
            doc: modifiers.doc,
            kind,
            is_abstract: modifiers.abstract_at.is_some(),
            name,
            superclass: None,
            mixins: Vec::new(),
            interfaces: Vec::new(),
            members: Vec::new(),
        };
        if self.foreign_superclass() {
            class.superclass = Some(self.type_name());
            self.take(Kind::RightParen);
        }
        self.class_header(&mut class, keyword.line_indent);
        let has_name = !class.name.name.is_empty();
        let has_members = if has_name || self.peek() == Kind::Colon {
            self.construct_colon(kind.keyword(), keyword).is_some()
        } else {
            self.on_new_line()
        };
        if has_members {
            class.members = self.members(kind);
        }
        Some(class)
    }

    /// Recovers from a missing name of a class: skips to the `:` before its members, or to the first of
    /// them.
    fn skip_class_header(&mut self, indent: u32) {
        while !matches!(self.peek(), Kind::Colon | Kind::Eof) && !self.is_at_member(indent) {
            self.advance();
        }
        self.recovering = false;
    }

    /// Returns whether the current token begins a line that is indented too little to be part of the head of a class.
    fn is_at_member(&self, indent: u32) -> bool {
        self.token().line_start && self.token().line_indent < indent + PARAMETER_INDENT
    }

    /// Returns an empty name in place of a missing one, which has been reported. Nothing in the program can refer to the
    /// empty name.
    fn no_name(&self) -> Identifier {
        let end = self.last_end();
        Identifier { name: "".into(), span: Span { start: end, end } }
    }

    /// Recovers from a mistake in the head of a declaration: skips to the `:` before its body, if
    /// there is one on the line, or to the end of the line.
    fn skip_to_colon(&mut self) {
        while !matches!(self.peek_on_line(), Kind::Colon | Kind::Eof) {
            self.advance();
        }
        self.recovering = false;
    }

    /// Parses `extends`, `with` and `implements`, in any order.
    fn class_header(&mut self, class: &mut Class, indent: u32) {
        while self.peek() == Kind::Identifier && !self.recovering {
            let token = self.token();
            match self.written(token.span) {
                "extends" => {
                    self.advance();
                    let names = self.type_list(indent);
                    if class.superclass.is_some() || names.len() > 1 {
                        self.error_and_go_on(
                            token.span,
                            "a class extends one class",
                            "use mixins or interfaces",
                        );
                    }
                    class.superclass = names.into_iter().next();
                }
                "with" => {
                    self.advance();
                    let mut names = self.type_list(indent);
                    class.mixins.append(&mut names);
                }
                "implements" => {
                    self.advance();
                    let mut names = self.type_list(indent);
                    class.interfaces.append(&mut names);
                }
                _ if token.line_start => return,
                // In older versions the interface that an interface extends stood right after its
                // name.
                _ if class.kind == ClassKind::Interface
                    && class.superclass.is_none()
                    && class.interfaces.is_empty() =>
                {
                    class.superclass = Some(self.type_name());
                }
                _ => return self.expected("`extends`, `with`, `implements` or `:`"),
            }
        }
    }

    fn type_list(&mut self, indent: u32) -> Vec<TypeName> {
        let mut names = Vec::new();
        while self.peek() == Kind::Identifier && !self.is_at_member(indent) {
            let word = self.written(self.token().span);
            if matches!(word, "extends" | "with" | "implements") {
                break;
            }
            names.push(self.type_name());
        }
        if names.is_empty() {
            self.expected("the name of a class");
            self.recovering = false;
        }
        names
    }

    fn members(&mut self, kind: ClassKind) -> Vec<Declaration> {
        let frame = self.frame();
        let mut members = Vec::new();
        if !self.ended() && !self.token().line_start {
            self.expected("the end of the line");
            return members;
        }
        let indent = self.token().line_indent;
        let class_limit = frame.limit;
        loop {
            self.skip_braces();
            let token = self.token();
            if token.kind == Kind::Eof || i64::from(token.line_indent) <= class_limit {
                break;
            }
            let before = self.at;
            self.begin_declaration(indent);
            if let Some(member) = self.declaration(Some(kind)) {
                members.push(member);
            }
            self.end_declaration();
            if self.at == before {
                self.advance();
            }
        }
        self.restore(frame);
        members
    }

    fn variable(&mut self, modifiers: Modifiers) -> Variable {
        let name = self.advance_name();
        let ty = self.take(Kind::Slash).map(|_| self.type_name());
        let mut is_final = true;
        let mut value = Initial::None;
        match self.peek() {
            Kind::Define | Kind::DefineFinal => {
                is_final = self.advance().kind == Kind::DefineFinal;
                value = self.initial_value(Blocks::Allowed);
            }
            Kind::Assign => {
                let span = self.advance().span;
                self.error_and_go_on(span, "unexpected `=`", "a variable is declared with `:=` or `::=`");
                is_final = false;
                value = self.initial_value(Blocks::Allowed);
            }
            _ => {}
        }
        Variable {
            doc: modifiers.doc,
            name,
            static_at: modifiers.static_at,
            abstract_at: modifiers.abstract_at,
            ty,
            is_final,
            value,
        }
    }

    fn function(&mut self, modifiers: Modifiers, class: Option<ClassKind>) -> Option<Function> {
        let indent = self.token().line_indent;
        let migrations = self.migrations_in(modifiers.comments);
        let is_foreign = self.skip_function_word();
        let name = self.function_name(class.is_some());
        let (parameters, return_type) = self.signature(indent);
        let return_type = return_type.filter(|_| !is_foreign);
        self.skip_type_after_colon(&parameters);
        let mut body = None;
        if let Some(brace) = self.foreign_brace() {
            body = Some(self.function_body(brace));
        } else if self.at_outer(Kind::Colon, i64::from(indent) - 1) {
            let colon = self.advance().span;
            body = Some(self.body_below(colon, class).unwrap_or_else(|| self.function_body(colon)));
        } else if self.on_new_line() && class == Some(ClassKind::Interface) {
            let hint = "remove it; a mixin can have methods with bodies";
            self.error_hint(self.token().span, "a method of an interface cannot have a body", hint);
        } else if self.on_new_line() && !name.span().range().is_empty() {
            let end = Span { start: self.last_end(), end: self.last_end() + 1 };
            let first = self.token().span;
            self.report(|source| {
                let problem = Diagnostic::error(source, end, "this function has no `:`");
                let problem = problem.also(source, first, "the body begins here");
                problem.hint("a `:` stands between the parameters and the body")
            });
            self.recovering = false;
            body = Some(self.function_body(end));
        }
        Some(Function {
            doc: modifiers.doc,
            migrations,
            name,
            static_at: modifiers.static_at,
            abstract_at: modifiers.abstract_at,
            parameters,
            return_type,
            body,
        })
    }

    fn function_name(&mut self, is_member: bool) -> FunctionName {
        let token = self.token();
        if is_member && starts_operator(self.peek()) {
            let operator = self.describe(token);
            let title = format!("{operator} is declared without the word `operator`");
            self.error_and_go_on(token.span, title, "write `operator` before it");
            return FunctionName::Operator(self.operator_name(token.span));
        }
        let Some(name) = self.take_identifier() else { return FunctionName::Plain(self.bad_name()) };
        let next = self.token();
        if &*name.name == "operator" && (starts_operator(next.kind) || is_member && next.kind != Kind::Colon)
        {
            return FunctionName::Operator(self.operator_name(name.span));
        }
        let attached = !next.space_before && !self.ended();
        if attached && next.kind == Kind::Dot {
            self.advance();
            let member = self.take_identifier();
            let Some(member) = member else {
                self.expected("a name");
                return FunctionName::Plain(self.no_name());
            };
            let span = name.span.to(member.span);
            if &*name.name == "constructor" && is_member {
                return FunctionName::NamedConstructor(Identifier { name: member.name, span });
            }
            let hint = "only constructors are named `constructor.name`";
            self.error_and_go_on(span, "a declaration's name cannot contain a `.`", hint);
            return FunctionName::Plain(self.no_name());
        }
        if attached && next.kind == Kind::Assign {
            self.advance();
            return FunctionName::Setter(name);
        }
        if &*name.name == "constructor" && is_member {
            return FunctionName::Constructor(name.span);
        }
        FunctionName::Plain(name)
    }

    /// Reports a token that cannot be a declaration's name. A keyword becomes the name; otherwise returns an empty name.
    /// Skips the rest of the declaration, unless the token is a keyword, a `:` or illegal.
    fn bad_name(&mut self) -> Identifier {
        let token = self.token();
        self.expected("the name of a declaration");
        self.recovering = false;
        match token.kind {
            Kind::Colon | Kind::Illegal => self.no_name(),
            kind if kind.is_keyword() => self.advance_name(),
            _ => {
                self.skip_rest();
                if self.at_outer(Kind::Colon, i64::from(token.line_indent) - 1) {
                    self.advance();
                    self.skip_rest();
                }
                self.no_name()
            }
        }
    }

    /// Parses the operator after `operator`.
    fn operator_name(&mut self, keyword: Span) -> Identifier {
        let token = self.token();
        let kinds = [self.token().kind, self.token_at(1).kind, self.token_at(2).kind];
        let (length, name) = match kinds {
            [Kind::LeftBracket, Kind::DotDot, Kind::RightBracket] => (3, "[..]"),
            [Kind::LeftBracket, Kind::RightBracket, Kind::Assign] => (3, "[]="),
            [Kind::LeftBracket, Kind::RightBracket, _] => (2, "[]"),
            [Kind::Equal, ..] => (1, "=="),
            [Kind::Less, ..] => (1, "<"),
            [Kind::LessEqual, ..] => (1, "<="),
            [Kind::Greater, ..] => (1, ">"),
            [Kind::GreaterEqual, ..] => (1, ">="),
            [Kind::Plus, ..] => (1, "+"),
            [Kind::Minus, ..] => (1, "-"),
            [Kind::Star, ..] => (1, "*"),
            [Kind::Slash, ..] => (1, "/"),
            [Kind::Percent, ..] => (1, "%"),
            [Kind::Ampersand, ..] => (1, "&"),
            [Kind::Bar, ..] => (1, "|"),
            [Kind::Caret, ..] => (1, "^"),
            [Kind::Tilde, ..] => (1, "~"),
            [Kind::ShiftLeft, ..] => (1, "<<"),
            [Kind::ShiftRight, ..] => (1, ">>"),
            [Kind::UnsignedShiftRight, ..] => (1, ">>>"),
            [Kind::LeftBracket, ..] => {
                self.error_and_go_on(token.span, "this `[` is not closed", "write `[]`, `[]=` or `[..]`");
                (if kinds[1] == Kind::Assign { 2 } else { 1 }, "[]")
            }
            _ => {
                self.expected("an operator that can be declared");
                self.skip_to_colon();
                return Identifier { name: "".into(), span: keyword };
            }
        };
        for place in 0..length {
            let part = self.advance();
            if place > 0 && part.space_before && kinds[1] != Kind::Identifier {
                let title = format!("no space may stand within `{name}`");
                self.error_and_go_on(part.span, title, "write it in one piece");
            }
        }
        Identifier { name: name.into(), span: self.span_from(token.span.start) }
    }

    // Parameters and types.

    /// Parses parameters and `-> type`, up to the `:`. The function begins on a line with the given indentation.
    fn signature(&mut self, indent: u32) -> (Vec<Parameter>, Option<TypeName>) {
        let mut parameters = Vec::new();
        let mut return_type = None;
        loop {
            let token = self.token();
            match self.peek() {
                Kind::Arrow => {
                    self.advance();
                    return_type = Some(self.type_name());
                }
                Kind::Eof if self.is_parameter_below(indent) => parameters.extend(self.parameter()),
                Kind::Eof | Kind::Colon => return (parameters, return_type),
                Kind::LeftBrace if self.token_at(1).line_start => return (parameters, return_type),
                Kind::LeftParen => parameters.append(&mut self.foreign_parameters()),
                // The `:` of the body is missing.
                _ if token.line_start && !self.starts_parameter_line(indent) => {
                    return (parameters, return_type);
                }
                _ => {
                    if token.line_start && token.line_indent < indent + PARAMETER_INDENT {
                        let hint = format!("indent it by {PARAMETER_INDENT} spaces, and the body by 2");
                        self.warning(token.span, "this parameter is indented like a body", &hint);
                    }
                    parameters.extend(self.parameter());
                }
            }
            if self.recovering {
                self.skip_to_parameter();
            }
        }
    }

    /// Recovers from a mistake among parameters: skips to a token that may begin the next parameter.
    fn skip_to_parameter(&mut self) {
        while !matches!(self.peek_on_line(), Kind::Colon | Kind::Eof | Kind::Arrow) {
            if self.starts_parameter() && self.token().space_before {
                break;
            }
            self.advance();
        }
        self.recovering = false;
    }

    /// Returns whether the line that begins here may hold parameters. If it is indented like a body, a `:` must follow the
    /// tokens of parameters. If it is indented further, it only has to begin like a parameter.
    fn starts_parameter_line(&self, indent: u32) -> bool {
        let is_part = |kind: Kind| {
            matches!(
                kind,
                Kind::Identifier
                    | Kind::Decrement
                    | Kind::LeftBracket
                    | Kind::RightBracket
                    | Kind::Dot
                    | Kind::Slash
                    | Kind::Question
                    | Kind::Assign
                    | Kind::Arrow
            )
        };
        // The search is limited, since each line of parameters makes one.
        let is_outside = |token: Token| token.line_start && i64::from(token.line_indent) <= self.limit;
        let kind = |token: Token| if is_outside(token) { Kind::Eof } else { token.kind };
        let mut kinds = (0..LOOK_AHEAD_MAX).map(|ahead| kind(self.token_at(ahead)));
        let end = kinds.find(|kind| !is_part(*kind));
        let is_far = self.token().line_indent >= indent + PARAMETER_INDENT;
        self.starts_parameter() && (is_far || matches!(end, Some(Kind::Colon) | None))
    }

    fn starts_parameter(&self) -> bool {
        matches!(self.token().kind, Kind::Identifier | Kind::Decrement | Kind::LeftBracket | Kind::Dot)
    }

    /// Parses `name`, `.name`, `--name`, `--.name`, `[name]`, `[--name]`, with type and default
    /// value.
    fn parameter(&mut self) -> Option<Parameter> {
        let bracket = self.take(Kind::LeftBracket);
        let is_named = self.take(Kind::Decrement).is_some();
        let mut is_field = self.take(Kind::Dot).is_some();
        if self.peek() == Kind::Identifier
            && self.written(self.token().span) == "this"
            && self.token_at(1).kind == Kind::Dot
        {
            self.advance();
            self.advance();
            is_field = true;
        }
        let name = match self.peek() {
            Kind::Identifier => self.advance_name(),
            kind if is_named && kind.is_keyword() => self.advance_name(),
            _ => {
                let at = self.at;
                self.expected("a parameter's name");
                // Takes a token, so that the loop makes progress.
                if at == self.at && !is_named && !is_field && bracket.is_none() {
                    self.take_other();
                }
                return None;
            }
        };
        let ty = self.take(Kind::Slash).map(|_| self.type_name());
        let mut default = None;
        if self.peek() == Kind::Assign {
            self.advance();
            default = Some(self.default_value());
        }
        if bracket.is_some() {
            if self.take(Kind::RightBracket).is_none() {
                self.expected("the `]` of this block parameter");
            } else if self.peek() == Kind::Assign {
                self.advance();
                default = Some(self.default_value());
            }
        }
        Some(Parameter { name, is_named, is_block: bracket.is_some(), is_field, ty, default })
    }

    /// Takes an unexpected token, unless it begins the body.
    fn take_other(&mut self) {
        if !matches!(self.peek(), Kind::Colon | Kind::Arrow) {
            self.advance();
        }
    }

    /// Parses `| a b/int |` after a `:` or `::`, if it is there.
    pub(super) fn block_parameters(&mut self) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        if self.peek() != Kind::Bar {
            return parameters;
        }
        self.advance();
        while self.take(Kind::Bar).is_none() {
            match self.parameter() {
                Some(parameter) => parameters.push(parameter),
                None => break,
            }
            if self.recovering {
                break;
            }
        }
        parameters
    }

    /// Parses `int`, `int?`, `prefix.Type`.
    pub(super) fn type_name(&mut self) -> TypeName {
        let Some(mut name) = self.take_identifier() else {
            match self.peek() {
                Kind::Null => self.error_hint(self.token().span, "`null` is not a type", NULL_TYPE),
                Kind::Int | Kind::Float | Kind::StringBegin | Kind::True | Kind::False | Kind::Char => {
                    let hint = "to compare values, write `==` or `!=`";
                    self.error_hint(self.token().span, "a type stands here, not a value", hint);
                }
                _ => self.expected("a type"),
            }
            let span = self.span_from(self.last_end());
            let name = Identifier { name: "any".into(), span };
            return TypeName { prefix: None, name, nullable: false, span };
        };
        let start = name.span.start;
        let mut prefix = None;
        let mut second_dot = None;
        while self.peek_on_line() == Kind::Dot && !self.token().space_before {
            let dot = self.advance().span;
            if prefix.is_some() && second_dot.is_none() {
                self.error(dot, "a type's name has at most one `.`");
                second_dot = Some(dot);
            }
            match self.take_identifier() {
                Some(inner) => prefix = Some(std::mem::replace(&mut name, inner)),
                None => self.expected("the name of a type"),
            }
            if self.recovering {
                break;
            }
        }
        if self.skip_type_parameters() || second_dot.is_some() {
            prefix = None;
            // The type is replaced by `any`. If the name has too many parts, its span becomes that of the second dot, so that
            // an editor completes none of the parts as a type.
            name = Identifier { name: "any".into(), span: second_dot.unwrap_or(name.span) };
        }
        let nullable = self.peek_on_line() == Kind::Question && !self.token().space_before;
        if nullable {
            self.advance();
        }
        TypeName { prefix, name, nullable, span: self.span_from(start) }
    }
}

/// Returns whether an operator that can be declared begins with a token of this kind.
fn starts_operator(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::LeftBracket
            | Kind::Equal
            | Kind::Less
            | Kind::LessEqual
            | Kind::Greater
            | Kind::GreaterEqual
            | Kind::Plus
            | Kind::Minus
            | Kind::Star
            | Kind::Slash
            | Kind::Percent
            | Kind::Ampersand
            | Kind::Bar
            | Kind::Caret
            | Kind::Tilde
            | Kind::ShiftLeft
            | Kind::ShiftRight
            | Kind::UnsignedShiftRight
    )
}
