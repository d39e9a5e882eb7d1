//! A tree as bytes, without positions, so that the trees of two texts can be compared.
//!
//! Every struct is taken apart by a pattern without `..`, so that a new field is not forgotten here.

use super::{
    Argument, Body, Class, Declaration, Doc, Export, Expression, ExpressionKind, File, Function,
    FunctionName, Identifier, Import, Initial, Migration, Parameter, Show, StringPart, TypeName, Variable,
};

/// Returns a tree as bytes. Two texts have the same bytes if they mean the same: if only positions, comments
/// that document nothing, and white space differ. White space at the beginning of the lines of a documentation
/// comment is left out too.
pub fn flat(file: &File) -> Vec<u8> {
    let File { doc, imports, exports, declarations } = file;
    let mut out = Flat { bytes: Vec::new() };
    out.doc(doc.as_ref());
    out.list(imports, Flat::import);
    out.list(exports, |out, Export { show }| out.show(show));
    out.list(declarations, Flat::declaration);
    out.bytes
}

struct Flat {
    bytes: Vec<u8>,
}

impl Flat {
    fn tag(&mut self, tag: u8) {
        self.bytes.push(tag);
    }

    fn flag(&mut self, flag: bool) {
        self.tag(u8::from(flag));
    }

    fn number(&mut self, number: u64) {
        self.bytes.extend(number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend(text.as_bytes());
    }

    fn list<T>(&mut self, list: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.number(list.len() as u64);
        for element in list {
            each(self, element);
        }
    }

    fn option<T>(&mut self, option: Option<&T>, each: impl FnOnce(&mut Self, &T)) {
        self.flag(option.is_some());
        if let Some(value) = option {
            each(self, value);
        }
    }

    fn name(&mut self, identifier: &Identifier) {
        let Identifier { name, span: _ } = identifier;
        self.text(name);
    }

    fn doc(&mut self, doc: Option<&Doc>) {
        self.option(doc, |out, Doc { span: _, text }| {
            let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
            out.list(&lines, |out, line| out.text(line));
        });
    }

    fn import(&mut self, import: &Import) {
        let Import { dots, segments, prefix, show, span: _ } = import;
        self.number(u64::from(*dots));
        self.list(segments, Self::name);
        self.option(prefix.as_ref(), Self::name);
        self.show(show);
    }

    fn show(&mut self, show: &Show) {
        match show {
            Show::Nothing => self.tag(0),
            Show::Everything(_) => self.tag(1),
            Show::Names(names) => {
                self.tag(2);
                self.list(names, Self::name);
            }
        }
    }

    fn declaration(&mut self, declaration: &Declaration) {
        match declaration {
            Declaration::Class(class) => {
                self.tag(0);
                self.class(class);
            }
            Declaration::Function(function) => {
                self.tag(1);
                self.function(function);
            }
            Declaration::Variable(variable) => {
                self.tag(2);
                self.variable(variable);
            }
        }
    }

    fn class(&mut self, class: &Class) {
        let Class { doc, kind, is_abstract, name, superclass, mixins, interfaces, members } = class;
        self.doc(doc.as_ref());
        self.text(kind.keyword());
        self.flag(*is_abstract);
        self.name(name);
        self.option(superclass.as_ref(), Self::type_name);
        self.list(mixins, Self::type_name);
        self.list(interfaces, Self::type_name);
        self.list(members, Self::declaration);
    }

    fn function(&mut self, function: &Function) {
        let Function { doc, migrations, name, static_at, abstract_at, parameters, return_type, body } =
            function;
        self.doc(doc.as_ref());
        self.list(migrations, |out, Migration { parameter, ty, deprecated }| {
            out.name(parameter);
            out.type_name(ty);
            out.option(deprecated.as_ref(), |out, text| out.text(text));
        });
        match name {
            FunctionName::Plain(name) => self.tagged_name(0, name),
            FunctionName::Setter(name) => self.tagged_name(1, name),
            FunctionName::Operator(name) => self.tagged_name(2, name),
            FunctionName::NamedConstructor(name) => self.tagged_name(3, name),
            FunctionName::Constructor(_) => self.tag(4),
        }
        self.flag(static_at.is_some());
        self.flag(abstract_at.is_some());
        self.list(parameters, Self::parameter);
        self.option(return_type.as_ref(), Self::type_name);
        self.option(body.as_ref(), Self::body);
    }

    fn tagged_name(&mut self, tag: u8, name: &Identifier) {
        self.tag(tag);
        self.name(name);
    }

    fn parameter(&mut self, parameter: &Parameter) {
        let Parameter { name, is_named, is_block, is_field, ty, default } = parameter;
        self.name(name);
        self.flag(*is_named);
        self.flag(*is_block);
        self.flag(*is_field);
        self.option(ty.as_ref(), Self::type_name);
        self.option(default.as_ref(), Self::expression);
    }

    fn variable(&mut self, variable: &Variable) {
        let Variable { doc, name, static_at, abstract_at, ty, is_final, value } = variable;
        self.doc(doc.as_ref());
        self.name(name);
        self.flag(static_at.is_some());
        self.flag(abstract_at.is_some());
        self.option(ty.as_ref(), Self::type_name);
        self.flag(*is_final);
        self.initial(value);
    }

    fn initial(&mut self, value: &Initial) {
        match value {
            Initial::None => self.tag(0),
            Initial::Later(_) => self.tag(1),
            Initial::Value(value) => {
                self.tag(2);
                self.expression(value);
            }
        }
    }

    fn type_name(&mut self, ty: &TypeName) {
        let TypeName { prefix, name, nullable, span: _ } = ty;
        self.option(prefix.as_ref(), Self::name);
        self.name(name);
        self.flag(*nullable);
    }

    fn body(&mut self, body: &Body) {
        let Body { statements, span: _ } = body;
        self.list(statements, Self::expression);
    }

    fn child(&mut self, expression: Option<&Expression>) {
        self.option(expression, Self::expression);
    }

    fn expression(&mut self, expression: &Expression) {
        use ExpressionKind as E;
        let Expression { kind, span: _, height: _ } = expression;
        match kind {
            E::Error => self.tag(0),
            E::Null => self.tag(1),
            E::Bool(value) => self.tag(2 + u8::from(*value)),
            E::Int(value) => {
                self.tag(4);
                self.number(*value as u64);
            }
            E::Float(value) => {
                self.tag(5);
                self.number(value.to_bits());
            }
            E::String(parts) => {
                self.tag(6);
                self.list(parts, |out, part| match part {
                    StringPart::Text(text) => {
                        out.tag(0);
                        out.text(text);
                    }
                    StringPart::Value(value, format) => {
                        out.tag(1);
                        out.expression(value);
                        out.option(format.as_ref(), |out, format| out.text(format));
                    }
                });
            }
            E::Name(name) => {
                self.tag(7);
                self.text(name);
            }
            E::Parenthesized(inner) => self.tree(8, &[inner]),
            E::Member(receiver, name) => {
                self.tree(9, &[receiver]);
                self.name(name);
            }
            E::Index(receiver, arguments) => {
                self.tree(10, &[receiver]);
                self.list(arguments, Self::expression);
            }
            E::Slice(receiver, from, to) => {
                self.tree(11, &[receiver]);
                self.child(from.as_deref());
                self.child(to.as_deref());
            }
            E::Call(target, arguments) => {
                self.tree(12, &[target]);
                self.list(arguments, |out, Argument { name, value }| {
                    out.option(name.as_ref(), Self::name);
                    out.child(value.as_ref());
                });
            }
            E::Unary(operator, _, operand) => {
                self.tree(13, &[operand]);
                self.tag(*operator as u8);
            }
            E::Binary(operator, _, left, right) => {
                self.tree(14, &[left, right]);
                self.text(operator);
            }
            E::Comparison(first, rest) => {
                self.tree(15, &[first]);
                self.list(rest, |out, (operator, _, operand)| {
                    out.text(operator);
                    out.expression(operand);
                });
            }
            E::And(left, right) => self.tree(16, &[left, right]),
            E::Or(left, right) => self.tree(17, &[left, right]),
            E::Not(operand) => self.tree(18, &[operand]),
            E::Is { value, ty, negated } => {
                self.tree(19, &[value]);
                self.type_name(ty);
                self.flag(*negated);
            }
            E::As(value, ty) => {
                self.tree(20, &[value]);
                self.type_name(ty);
            }
            E::Conditional(condition, then, otherwise) => self.tree(21, &[condition, then, otherwise]),
            E::If { condition, then, otherwise } => {
                self.tree(22, &[condition]);
                self.body(then);
                self.option(otherwise.as_ref(), Self::body);
            }
            E::While(condition, body) => {
                self.tree(23, &[condition]);
                self.body(body);
            }
            E::For { init, condition, update, body } => {
                self.tag(24);
                self.child(init.as_deref());
                self.child(condition.as_deref());
                self.child(update.as_deref());
                self.body(body);
            }
            E::Assign { target, operator, at: _, value } => {
                self.tree(25, &[target, value]);
                self.option(operator.as_ref(), |out, operator| out.text(operator));
            }
            E::Postfix(inner, operator, _) => {
                self.tree(26, &[inner]);
                self.text(operator);
            }
            E::Define { name, ty, is_final, value } => {
                self.tagged_name(27, name);
                self.option(ty.as_ref(), Self::type_name);
                self.flag(*is_final);
                self.initial(value);
            }
            E::Block(parameters, body) => self.block(28, parameters, body),
            E::Lambda(parameters, body) => self.block(29, parameters, body),
            E::List(elements) => self.elements(30, elements),
            E::Set(elements) => self.elements(31, elements),
            E::ByteArray(elements) => self.elements(32, elements),
            E::Map(entries) => {
                self.tag(33);
                self.list(entries, |out, (key, value)| {
                    out.expression(key);
                    out.expression(value);
                });
            }
            E::Return(value) => {
                self.tag(34);
                self.child(value.as_deref());
            }
            E::Break(label, value) => self.jump(35, label.as_ref(), value.as_deref()),
            E::Continue(label, value) => self.jump(36, label.as_ref(), value.as_deref()),
            E::Try { body, parameters, handler } => {
                self.block(37, parameters, body);
                self.body(handler);
            }
            E::Assert(body) => {
                self.tag(38);
                self.body(body);
            }
            E::Primitive { module, name, failure } => {
                self.tagged_name(39, module);
                self.name(name);
                self.option(failure.as_ref(), |out, (parameters, body)| out.block(0, parameters, body));
            }
        }
    }

    fn tree(&mut self, tag: u8, children: &[&Expression]) {
        self.tag(tag);
        for child in children {
            self.expression(child);
        }
    }

    fn block(&mut self, tag: u8, parameters: &[Parameter], body: &Body) {
        self.tag(tag);
        self.list(parameters, Self::parameter);
        self.body(body);
    }

    fn elements(&mut self, tag: u8, elements: &[Expression]) {
        self.tag(tag);
        self.list(elements, Self::expression);
    }

    fn jump(&mut self, tag: u8, label: Option<&Identifier>, value: Option<&Expression>) {
        self.tag(tag);
        self.option(label, Self::name);
        self.child(value);
    }
}
