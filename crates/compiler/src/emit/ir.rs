//! Prints the IR: each function with its code, expressions in parentheses.

use crate::ir::{Body, ClassId, Code, Expr, FunctionId, GlobalId, LocalId, Node, Part, Selector, Type, Unit};
use crate::link::Origin;
use crate::source::LIBRARY_PREFIX;

/// Prints the modules that do not belong to the library.
pub(super) fn print(unit: &Unit) -> String {
    let printer = Printer { unit };
    let mut lines = Vec::new();
    for module in unit.modules.iter().filter(|module| !module.path.starts_with(LIBRARY_PREFIX)) {
        lines.push(format!("module {}", module.path));
        for class in &module.classes {
            let above =
                class.superclass.map_or(String::new(), |above| format!(" extends {}", printer.class(above)));
            lines.push(format!("  class {}{above}", class.name));
            for field in &class.fields {
                lines.push(format!("    field {}/{}", field.name, printer.ty(field.ty)));
            }
        }
        for global in &module.globals {
            lines.push(format!("  global {}/{}", global.name, printer.ty(global.ty)));
            lines.extend(printer.code(&global.initializer));
        }
        for function in module.functions.iter() {
            let holder =
                function.holder.map_or(String::new(), |holder| format!("{}.", printer.class(holder)));
            let parameters: String = function
                .parameters
                .iter()
                .map(|parameter| {
                    let dashes = if parameter.is_named { "--" } else { "" };
                    format!(" {dashes}{}/{}", parameter.name, printer.ty(parameter.ty))
                })
                .collect();
            let result = printer.ty(function.return_type);
            lines.push(format!("  {:?} {holder}{}{parameters} -> {result}", function.kind, function.name));
            lines.extend(printer.code(&function.code));
        }
    }
    lines.join("\n") + "\n"
}

/// Prints the code of a function or initializer that does not belong to the library.
pub(super) fn print_body(unit: &Unit, origin: &Origin, body: &Body) -> String {
    let module = unit.modules.get(origin.source as usize);
    if module.is_none_or(|module| module.path.starts_with(LIBRARY_PREFIX)) {
        return String::new();
    }
    format!("{}\n  {}\n", origin.name, Printer { unit }.body(body))
}

struct Printer<'a> {
    unit: &'a Unit,
}

impl Printer<'_> {
    fn class(&self, id: ClassId) -> String {
        let module = self.unit.modules.get(id.module.0 as usize);
        module
            .and_then(|module| module.classes.get(id.index as usize))
            .map_or("?".into(), |class| class.name.clone())
    }

    fn function(&self, id: FunctionId) -> String {
        let module = self.unit.modules.get(id.module.0 as usize);
        let function = module.and_then(|module| module.functions.get(id.index as usize));
        function.map_or("?".into(), |function| {
            let holder = function.holder.map_or(String::new(), |holder| format!("{}.", self.class(holder)));
            format!("{holder}{}", function.name)
        })
    }

    fn global(&self, id: GlobalId) -> String {
        let module = self.unit.modules.get(id.module.0 as usize);
        module
            .and_then(|module| module.globals.get(id.index as usize))
            .map_or("?".into(), |global| global.name.clone())
    }

    fn ty(&self, ty: Type) -> String {
        match ty {
            Type::Any => "any".into(),
            Type::None => "none".into(),
            Type::Block => "block".into(),
            Type::Class { class, nullable } => {
                format!("{}{}", self.class(class), if nullable { "?" } else { "" })
            }
        }
    }

    fn code(&self, code: &Code) -> Option<String> {
        match code {
            Code::None => None,
            Code::Packed(bytes) => Some(format!("    ({} bytes)", bytes.len())),
            Code::Tree(body) => Some(format!("    {}", self.body(body))),
        }
    }

    fn body(&self, body: &Body) -> String {
        let defaults: String = body
            .defaults
            .iter()
            .map(|(local, value)| format!("default {} {}; ", name(*local), self.node(value)))
            .collect();
        let shared: Vec<String> = (0u32..)
            .zip(&body.locals)
            .filter(|(_, local)| local.is_shared)
            .map(|(index, _)| name(LocalId(index)))
            .collect();
        let shared = if shared.is_empty() { String::new() } else { format!("shared {}; ", shared.join(" ")) };
        format!("{shared}{defaults}{}", self.node(&body.root))
    }

    fn nodes(&self, nodes: &[Node]) -> String {
        nodes.iter().map(|node| format!(" {}", self.node(node))).collect()
    }

    fn node(&self, node: &Node) -> String {
        match &node.expr {
            Expr::Null => "null".into(),
            Expr::Bool(value) => value.to_string(),
            Expr::Int(value) => value.to_string(),
            Expr::Float(value) => format!("{value:?}"),
            Expr::String(text) => format!("{text:?}"),
            Expr::Bytes(bytes) => format!("#{bytes:?}"),
            Expr::Absent => "absent".into(),
            Expr::Local(local) => name(*local),
            Expr::Define(local, value) => format!("(define {} {})", name(*local), self.node(value)),
            Expr::SetLocal(local, value) => format!("(set {} {})", name(*local), self.node(value)),
            Expr::Global(global) => format!("(global {})", self.global(*global)),
            Expr::SetGlobal(global, value) => {
                format!("(set-global {} {})", self.global(*global), self.node(value))
            }
            Expr::Field(object, field) => {
                format!("(field {} {}.{})", self.node(object), self.class(field.class), field.index)
            }
            Expr::SetField(object, field, value) => {
                let class = self.class(field.class);
                format!("(set-field {} {class}.{} {})", self.node(object), field.index, self.node(value))
            }
            Expr::Sequence(nodes) => format!("(do{})", self.nodes(nodes)),
            Expr::Scope(nodes) => format!("(scope{})", self.nodes(nodes)),
            Expr::Inlined { body, .. } => format!("(inlined {})", self.node(body)),
            Expr::And(left, right) => format!("(and {} {})", self.node(left), self.node(right)),
            Expr::Or(left, right) => format!("(or {} {})", self.node(left), self.node(right)),
            Expr::Not(operand) => format!("(not {})", self.node(operand)),
            Expr::Is(value, ty) => format!("(is {} {})", self.node(value), self.ty(*ty)),
            Expr::As(value, ty) => format!("(as {} {})", self.node(value), self.ty(*ty)),
            Expr::List(nodes) => format!("(list{})", self.nodes(nodes)),
            Expr::Set(nodes) => format!("(set-of{})", self.nodes(nodes)),
            Expr::ByteArray(nodes) => format!("(bytes{})", self.nodes(nodes)),
            Expr::Map(entries) => {
                let entries: String = entries
                    .iter()
                    .map(|(key, value)| format!(" {}: {}", self.node(key), self.node(value)))
                    .collect();
                format!("(map{entries})")
            }
            Expr::Interpolate(parts) => {
                let parts: String = parts.iter().map(|part| format!(" {}", self.part(part))).collect();
                format!("(interpolate{parts})")
            }
            _ => self.control(node),
        }
    }

    fn part(&self, part: &Part) -> String {
        match part {
            Part::Text(text) => format!("{text:?}"),
            Part::Value(value) => self.node(value),
            Part::Formatted(format, value) => format!("%{format} {}", self.node(value)),
        }
    }

    fn control(&self, node: &Node) -> String {
        match &node.expr {
            Expr::If { condition, then, otherwise } => {
                format!("(if {} {} {})", self.node(condition), self.node(then), self.node(otherwise))
            }
            Expr::Loop { condition, body, update, fresh } => {
                let update =
                    update.as_ref().map_or(String::new(), |update| format!(" update {}", self.node(update)));
                let fresh: String = fresh.iter().map(|local| format!(" fresh {}", name(*local))).collect();
                format!("(loop {} {}{update}{fresh})", self.node(condition), self.node(body))
            }
            Expr::Labeled(label, body) => format!("(label L{} {})", label.0, self.node(body)),
            Expr::Exit(label, value) => format!("(exit L{} {})", label.0, self.node(value)),
            Expr::Return(value) => format!("(return {})", self.node(value)),
            Expr::Try { body, handler, .. } => {
                format!("(try {} finally {})", self.node(body), self.node(handler))
            }
            Expr::CallStatic(function, arguments) => {
                format!("(call {}{})", self.function(*function), self.nodes(arguments))
            }
            Expr::New(constructor, arguments) => {
                format!("(new {}{})", self.function(*constructor), self.nodes(arguments))
            }
            Expr::Allocate(constructor) => format!("(allocate {})", self.function(*constructor)),
            Expr::CallDynamic { receiver, selector, arguments, receiver_type } => {
                let known = match receiver_type {
                    Type::Any => String::new(),
                    ty => format!("/{}", self.ty(*ty)),
                };
                format!(
                    "({} {}{known}{})",
                    print_selector(selector),
                    self.node(receiver),
                    self.nodes(arguments)
                )
            }
            Expr::CallSuper(selector, arguments) => {
                format!("(super {}{})", print_selector(selector), self.nodes(arguments))
            }
            Expr::CallBlock(block, arguments) => {
                format!("(call-block {}{})", self.node(block), self.nodes(arguments))
            }
            Expr::Block { parameters, body } => {
                let parameters: String =
                    parameters.iter().map(|local| format!(" {}", name(*local))).collect();
                format!("(block{parameters}: {})", self.node(body))
            }
            Expr::Lambda { parameters, captures, body } => {
                let captures: String = captures.iter().map(|local| format!(" {}", name(*local))).collect();
                format!("(lambda {parameters} captures{captures}: {})", self.body(body))
            }
            Expr::Primitive { module, name, failure } => {
                let failure =
                    failure.as_ref().map_or(String::new(), |(_, code)| format!(" {}", self.node(code)));
                format!("(primitive {module}.{name}{failure})")
            }
            _ => String::new(),
        }
    }
}

fn name(local: LocalId) -> String {
    format!("%{}", local.0)
}

fn print_selector(selector: &Selector) -> String {
    let named: String = selector.named.iter().map(|(name, _)| format!(" --{name}")).collect();
    format!(".{}{}{named}", selector.name, if selector.is_setter { "=" } else { "" })
}
