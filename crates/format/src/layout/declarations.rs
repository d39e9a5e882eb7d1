//! Places imports, classes, functions and variables.

use super::{BODY, CONTINUATION, Frame, Walk};
use crate::space::Role;
use lucarne_compiler::ast::{Class, Declaration, File, Function, FunctionName, Initial, Parameter, Variable};
use lucarne_compiler::scanner::Kind;

impl Walk<'_> {
    pub(super) fn file(&mut self, file: &File) {
        let mut declarations = file.declarations.iter();
        while self.at < self.end {
            if matches!(self.kind(), Kind::Import | Kind::Export) {
                self.import();
                continue;
            }
            match declarations.next() {
                Some(declaration) => self.declaration(declaration, 0),
                None => self.place(0, Role::Plain),
            }
        }
    }

    /// Places an import or export.
    fn import(&mut self) {
        let end = self.declaration_end();
        let frame = self.begin(0);
        self.place(0, Role::Plain);
        while self.at < end {
            let role = if self.kind().is_keyword() { Role::Name } else { Role::Plain };
            self.place(frame.continued(), role);
        }
    }

    /// Returns the index of the piece after the declaration that begins here: the next line that is not indented
    /// more, and does not begin with something that belongs to the declaration.
    fn declaration_end(&self) -> usize {
        let indent = self.pieces.get(self.at).map_or(0, |piece| piece.indent);
        let belongs =
            |kind| matches!(kind, Kind::RightParen | Kind::RightBracket | Kind::RightBrace | Kind::Colon);
        let rest = self.pieces.get(self.at + 1..self.end).unwrap_or(&[]);
        let next =
            rest.iter().position(|piece| piece.line_start && piece.indent <= indent && !belongs(piece.kind));
        next.map_or(self.end, |next| self.at + 1 + next)
    }

    fn declaration(&mut self, declaration: &Declaration, indent: u32) {
        let end = self.declaration_end();
        let frame = if self.begins_line() { self.begin(indent) } else { Frame::new(indent) };
        match declaration {
            Declaration::Class(class) => self.class(class, frame),
            Declaration::Function(function) => self.function(function, frame, end),
            Declaration::Variable(variable) => self.variable(variable, frame, end),
        }
        while self.at < end {
            self.place(frame.continued(), Role::Plain);
        }
    }

    fn class(&mut self, class: &Class, frame: Frame) {
        let name = class.name.span.end as usize;
        self.fill_to(name, frame.continued());
        let end = class.members.first().map_or(0, place_of);
        let has_colon = |walk: &Self| walk.kind() == Kind::Colon;
        while self.start() < end && !has_colon(self) {
            self.place(frame.continued(), Role::Plain);
        }
        if has_colon(self) {
            self.place(frame.at, Role::Colon);
        }
        for member in &class.members {
            self.declaration(member, frame.at + BODY);
        }
    }

    fn function(&mut self, function: &Function, frame: Frame, end: usize) {
        let name = function.name.span();
        self.fill_to(name.start as usize, frame.continued());
        // If modifiers stand on a line of their own, the rest of the head is relative to the line of the name.
        let begins_line = self.begins_line() && self.pinned.is_none();
        let head = if begins_line { Frame::new(frame.continued()) } else { frame };
        match &function.name {
            FunctionName::Operator(_) => {
                while self.start() < name.end as usize && self.at < end {
                    self.place(frame.continued(), Role::OperatorName);
                }
            }
            _ => self.fill_to(name.end as usize, frame.continued()),
        }
        if matches!(function.name, FunctionName::Setter(_)) {
            self.place(head.continued(), Role::SetterEqual);
        }
        for parameter in &function.parameters {
            self.parameter(parameter, head);
        }
        let Some(body) = &function.body else { return };
        let colon = body.span.start as usize;
        while self.start() < colon && self.at < end {
            self.place(head.continued(), Role::Plain);
        }
        self.place(head.at, Role::Colon);
        self.body(body, frame);
    }

    /// Places a parameter, and what stands before it.
    pub(super) fn parameter(&mut self, parameter: &Parameter, frame: Frame) {
        let name = parameter.name.span.start as usize;
        while self.start() < name && self.at < self.end {
            let role = if self.kind() == Kind::Decrement { Role::Dashes } else { Role::Plain };
            self.place(frame.continued(), role);
        }
        self.place(frame.continued(), Role::Name);
        if let Some(ty) = &parameter.ty {
            while self.start() < ty.span.end as usize && self.at < self.end {
                let role = if self.kind() == Kind::Slash { Role::ParameterSlash } else { Role::Plain };
                self.place(frame.continued(), role);
            }
        }
        if let Some(default) = &parameter.default {
            let start = default.span.start as usize;
            while self.start() < start && self.at < self.end {
                let role = if self.kind() == Kind::Assign { Role::NamedEqual } else { Role::Plain };
                self.place(frame.continued(), role);
            }
            self.inner(default, Frame::new(self.line), CONTINUATION);
        }
    }

    fn variable(&mut self, variable: &Variable, frame: Frame, end: usize) {
        self.fill_to(variable.name.span.end as usize, frame.continued());
        self.definition(&variable.value, frame, end);
    }

    /// Places the type of a variable, `:=`, and the value.
    pub(super) fn definition(&mut self, value: &Initial, frame: Frame, end: usize) {
        while self.at < end && !matches!(self.kind(), Kind::Define | Kind::DefineFinal) {
            let role = if self.kind() == Kind::Slash { Role::VariableSlash } else { Role::Plain };
            self.place(frame.continued(), role);
        }
        if self.at < end {
            self.place(frame.continued(), Role::Plain);
        }
        match value {
            Initial::None => {}
            Initial::Later(place) => self.fill_to(place.end as usize, frame.continued()),
            Initial::Value(value) => self.inner(value, frame, CONTINUATION),
        }
    }
}

/// Returns the place of the name of a declaration.
fn place_of(declaration: &Declaration) -> usize {
    let span = match declaration {
        Declaration::Class(class) => class.name.span,
        Declaration::Function(function) => function.name.span(),
        Declaration::Variable(variable) => variable.name.span,
    };
    span.start as usize
}
