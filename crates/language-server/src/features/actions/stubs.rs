//! Methods that a class has to have: of its interfaces and abstract superclasses, and the `handle` of a provider.
//!
//! A proposal is tried before it is made: the text with it is analyzed, and where a type of the declaration is not known in
//! this file, the method is declared without types.

use lucarne_compiler::ast::{Class, ClassKind, FunctionName, Parameter};
use lucarne_compiler::ir::{ClassId, FunctionId};
use lucarne_compiler::resolve::index::Symbol;
use lucarne_compiler::scanner::Kind;
use lucarne_compiler::source::Span;

use crate::analyzed::{Analyzed, Place};
use crate::syntax::{self, Declared};
use crate::text::Text;
use crate::wire::Fault;
use crate::workspace::Snapshot;

/// The maximum number of methods that one action adds.
const METHODS_MAX: usize = 200;

/// How many times a text is tried: with types, without those that are not known, and once more to see that it is correct.
const TRIES: usize = 3;

/// The end of the name of the constant with the index of a method of a service.
const INDEX: &str = "-INDEX";

/// The names that `handle` has for itself.
const HANDLE_NAMES: [&str; 4] = ["index", "arguments", "gid", "client"];

/// The import that a provider needs.
const SERVICES: &str = "import system.services show ServiceHandler ServiceProvider";

/// Changes of the text, with a title.
pub(super) struct Proposal {
    /// The title.
    pub(super) title: String,
    /// Whether it mends a mistake.
    pub(super) is_fix: bool,
    /// The changes.
    pub(super) edits: Vec<(Span, String)>,
}

/// Returns the proposals for the classes and interfaces whose heads a span touches.
///
/// # Errors
/// If the request is canceled.
pub(super) fn proposals(
    snapshot: &Snapshot,
    key: &str,
    text: &Text,
    analyzed: &Analyzed,
    within: Span,
) -> Result<Vec<Proposal>, Fault> {
    let file = syntax::parse(text.as_str());
    let work = Work { snapshot, key, text, newline: newline(text.as_str()) };
    let mut proposals = Vec::new();
    for declared in syntax::declarations(&file) {
        let Declared::Class(class) = declared else { continue };
        let head = head(class);
        if within.end < head.start || head.end < within.start {
            continue;
        }
        let place = Place { key: key.to_owned(), span: class.name.span };
        let found = analyzed.defined_at(&place).into_iter().find_map(|symbol| match symbol {
            Symbol::Class(id) => Some(id),
            _ => None,
        });
        let Some(id) = found else { continue };
        if class.kind == ClassKind::Interface {
            proposals.extend(work.provider(analyzed, class, id)?);
        } else {
            proposals.extend(work.missing(analyzed, class, id)?);
        }
    }
    Ok(proposals)
}

fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Returns the place of the name of a class and of the names above it.
fn head(class: &Class) -> Span {
    let above = class.superclass.iter().chain(&class.mixins).chain(&class.interfaces);
    above.fold(class.name.span, |head, name| head.to(name.span))
}

struct Work<'a> {
    snapshot: &'a Snapshot,
    key: &'a str,
    text: &'a Text,
    newline: &'static str,
}

impl Work<'_> {
    /// Proposes the methods that a class lacks.
    fn missing(&self, analyzed: &Analyzed, class: &Class, id: ClassId) -> Result<Vec<Proposal>, Fault> {
        let missing: Vec<FunctionId> = missing_of(analyzed, id);
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let tokens = syntax::tokens(self.text.as_str());
        let extent = syntax::extent(&tokens, class.name.span.start);
        let at = self.text.line(self.text.line_of(extent.end.max(1) - 1)).end;
        let indent = self.member_indent(class);
        let branches = self.branches(analyzed, class);
        let all = stubs(analyzed, &missing, &branches);
        let is_open = class.members.is_empty()
            && !tokens.iter().any(|token| token.kind == Kind::Colon && token.span.end == extent.end);
        let mut proposals = Vec::new();
        let mut propose = |title: String, stubs: Vec<Stub>| -> Result<(), Fault> {
            let mut addition = Addition {
                // A comment can follow on the line.
                extra: is_open.then(|| (extent.end, ":".to_owned())),
                at,
                before: String::new(),
                is_first: class.members.is_empty(),
                indent,
                stubs,
            };
            if self.settle(&mut addition)? {
                proposals.push(Proposal { title, is_fix: true, edits: addition.render(self.newline).0 });
            }
            Ok(())
        };
        let handle = all.iter().find(|stub| stub.is_handle && !branches.is_empty()).cloned();
        match all.as_slice() {
            [only] => propose(format!("Implement `{}`", only.name), all)?,
            _ => propose(format!("Implement the {} missing methods", all.len()), all)?,
        }
        if let Some(handle) = handle.filter(|_| missing.len() > 1) {
            propose("Implement `handle`".to_owned(), vec![handle])?;
        }
        Ok(proposals)
    }

    /// Proposes a provider of the service that an interface describes.
    fn provider(&self, analyzed: &Analyzed, class: &Class, id: ClassId) -> Result<Option<Proposal>, Fault> {
        let name = &class.name.name;
        let branches = branches_of(analyzed, id, name);
        if branches.is_empty() || !has_static(analyzed, id, "SELECTOR") {
            return Ok(None);
        }
        let tokens = syntax::tokens(self.text.as_str());
        let extent = syntax::extent(&tokens, class.name.span.start);
        let at = self.text.line(self.text.line_of(extent.end.max(1) - 1)).end;
        let service = service_name(name);
        let lines = [
            String::new(),
            String::new(),
            format!("class {name}Provider extends ServiceProvider implements ServiceHandler {name}:"),
            "  constructor:".to_owned(),
            format!("    super \"{service}\" --major=1 --minor=0"),
            format!("    provides {name}.SELECTOR --handler=this"),
        ];
        let before = lines.join(self.newline);
        let import = super::import_place(self.text);
        let ending = if import.1 { self.newline.to_owned() } else { self.newline.repeat(2) };
        let import = (import.0, format!("{SERVICES}{ending}"));
        for extra in [None, Some(import)] {
            let mut addition =
                Addition { extra, at, before: before.clone(), is_first: false, indent: 2, stubs: Vec::new() };
            let tried = self.tried(&addition)?;
            // What the new class lacks is what it has to have. If its names are not known, it lacks nothing.
            let made = tried.analysis.unit.modules.iter().rposition(|module| {
                module.classes.iter().any(|class| class.name == format!("{name}Provider"))
            });
            let made = made.map(|module| lucarne_compiler::ir::ModuleId(module as u32));
            let class = made.and_then(|module| {
                let classes = &tried.module(module)?.classes;
                let index = classes.iter().position(|class| class.name == format!("{name}Provider"))?;
                Some(ClassId { module, index: index as u32 })
            });
            let missing = class.map(|class| missing_of(&tried, class)).unwrap_or_default();
            if missing.is_empty() {
                continue;
            }
            addition.stubs = stubs(&tried, &missing, &branches);
            if self.settle(&mut addition)? {
                let title = format!("Make a provider of `{name}`");
                return Ok(Some(Proposal { title, is_fix: false, edits: addition.render(self.newline).0 }));
            }
        }
        Ok(None)
    }

    /// Returns the calls of the methods of all services that a class implements.
    fn branches(&self, analyzed: &Analyzed, class: &Class) -> Vec<Branch> {
        let mut branches = Vec::new();
        for name in &class.interfaces {
            let names = analyzed.names_at(self.key, name.span.end);
            let found = names.iter().find_map(|name| match name.symbol {
                Symbol::Class(id) => Some(id),
                _ => None,
            });
            if let Some(id) = found {
                branches.extend(branches_of(analyzed, id, self.text.slice(name.span)));
            }
        }
        branches
    }

    fn member_indent(&self, class: &Class) -> usize {
        let column = |at: u32| (at - self.text.line(self.text.line_of(at)).start) as usize;
        let line_start = |at: u32| {
            let line = self.text.slice(self.text.line(self.text.line_of(at)));
            line.len() - line.trim_start().len()
        };
        let first = class.members.first().map(|member| match member {
            lucarne_compiler::ast::Declaration::Class(class) => class.name.span.start,
            lucarne_compiler::ast::Declaration::Function(function) => function.name.span().start,
            lucarne_compiler::ast::Declaration::Variable(variable) => variable.name.span.start,
        });
        match first {
            Some(first) if column(first) > 0 && line_start(first) > 0 => line_start(first),
            _ => 2,
        }
    }

    /// Tries an addition until it has no mistakes. Returns false if it keeps some.
    fn settle(&self, addition: &mut Addition) -> Result<bool, Fault> {
        for _ in 0..TRIES {
            let (_, regions) = addition.render(self.newline);
            let tried = self.tried(addition)?;
            let source = tried.source(self.key);
            let mistakes: Vec<Span> = tried
                .analysis
                .diagnostics
                .iter()
                .filter(|problem| problem.is_error() && Some(problem.source) == source)
                .map(|problem| problem.span)
                .collect();
            let is_in = |region: &Span| {
                mistakes.iter().any(|span| region.start <= span.start && span.start < region.end)
            };
            let mut is_correct = true;
            for (stub, region) in addition.stubs.iter_mut().zip(&regions) {
                if is_in(region) {
                    is_correct = false;
                    stub.is_plain = true;
                }
            }
            if is_correct {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn tried(&self, addition: &Addition) -> Result<Analyzed, Fault> {
        let mut changed = self.text.as_str().to_owned();
        for (span, new) in addition.render(self.newline).0.into_iter().rev() {
            changed.replace_range(span.range(), &new);
        }
        self.snapshot.changed_alone(self.key, changed)
    }
}

/// Text that is added to a class, or behind it.
struct Addition {
    /// An import, or the colon of the class, with its place, which is before the rest.
    extra: Option<(u32, String)>,
    at: u32,
    /// What stands before the methods.
    before: String,
    /// Whether the first method is the first member of its class.
    is_first: bool,
    indent: usize,
    stubs: Vec<Stub>,
}

impl Addition {
    /// Returns the edits, in their order, and the places of the methods in the changed text.
    fn render(&self, newline: &str) -> (Vec<(Span, String)>, Vec<Span>) {
        let shift = self.extra.as_ref().map_or(0, |(_, extra)| extra.len());
        let mut text = self.before.clone();
        let mut regions = Vec::new();
        for (index, stub) in self.stubs.iter().enumerate() {
            text += if index == 0 && self.is_first { "" } else { newline };
            let start = text.len();
            for line in stub.lines() {
                text += newline;
                text += &" ".repeat(self.indent);
                text += &line;
            }
            let place = |offset: usize| self.at as usize + shift + offset;
            regions.push(Span::new(place(start), place(text.len())));
        }
        let mut edits: Vec<(Span, String)> = Vec::new();
        edits.extend(self.extra.iter().map(|(at, extra)| (Span { start: *at, end: *at }, extra.clone())));
        edits.push((Span { start: self.at, end: self.at }, text));
        (edits, regions)
    }
}

/// A method that is added.
#[derive(Clone)]
struct Stub {
    name: String,
    /// The head with types and default values.
    typed: String,
    /// The head without.
    plain: String,
    is_plain: bool,
    is_handle: bool,
    body: Vec<String>,
}

impl Stub {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![if self.is_plain { self.plain.clone() } else { self.typed.clone() }];
        lines.extend(self.body.iter().map(|line| format!("  {line}")));
        lines
    }
}

/// The branch of `handle` for a method.
struct Branch {
    lines: Vec<String>,
}

fn missing_of(analyzed: &Analyzed, class: ClassId) -> Vec<FunctionId> {
    let of_class = analyzed.index.missing.iter().filter(|(known, _)| *known == class);
    of_class.map(|(_, method)| *method).take(METHODS_MAX).collect()
}

/// Makes methods. What several interfaces declare in the same way is one method.
fn stubs(analyzed: &Analyzed, missing: &[FunctionId], branches: &[Branch]) -> Vec<Stub> {
    let mut stubs: Vec<Stub> = Vec::new();
    for id in missing {
        let Some(stub) = stub(analyzed, *id, branches) else { continue };
        if !stubs.iter().any(|known| known.plain == stub.plain) {
            stubs.push(stub);
        }
    }
    stubs
}

fn stub(analyzed: &Analyzed, id: FunctionId, branches: &[Branch]) -> Option<Stub> {
    let (_, text) = analyzed.module_text(id.module)?;
    let file = syntax::parse(text);
    let at = analyzed.function(id)?.at;
    let Declared::Function(holder, function) = syntax::declaration_at(&file, at)? else { return None };
    let name = match &function.name {
        FunctionName::Plain(name) => name.name.to_string(),
        FunctionName::Setter(name) => format!("{}=", name.name),
        FunctionName::Operator(name) => format!("operator {}", name.name),
        FunctionName::Constructor(_) | FunctionName::NamedConstructor(_) => return None,
    };
    let slice = |span: Span| text.get(span.range()).unwrap_or("");
    let parameter = |parameter: &Parameter, is_typed: bool| {
        let dashes = if parameter.is_named { "--" } else { "" };
        let ty = parameter.ty.as_ref().filter(|_| is_typed);
        let ty = ty.map(|ty| format!("/{}", slice(ty.span))).unwrap_or_default();
        let default = parameter.default.as_ref().map(|default| match is_typed {
            true => format!("={}", slice(default.span)),
            false => "=null".to_owned(),
        });
        let written = format!("{dashes}{}{ty}{}", parameter.name.name, default.unwrap_or_default());
        if parameter.is_block { format!("[{written}]") } else { written }
    };
    let head = |is_typed: bool| {
        let mut head = name.clone();
        for declared in &function.parameters {
            head += " ";
            head += &parameter(declared, is_typed);
        }
        if let Some(ty) = function.return_type.as_ref().filter(|_| is_typed) {
            head += &format!(" -> {}", slice(ty.span));
        }
        head + ":"
    };
    let is_handle = name == "handle"
        && holder.is_some_and(|class| *class.name.name == *"ServiceHandler")
        && analyzed.is_of_library(&Symbol::Function(id));
    let body = if is_handle && !branches.is_empty() {
        let lines = branches.iter().flat_map(|branch| branch.lines.iter().cloned());
        lines.chain(["unreachable".to_owned()]).collect()
    } else {
        vec!["throw \"UNIMPLEMENTED\"".to_owned()]
    };
    Some(Stub { name: name.clone(), typed: head(true), plain: head(false), is_plain: false, is_handle, body })
}

/// Returns whether a class has a static field of a name.
fn has_static(analyzed: &Analyzed, class: ClassId, name: &str) -> bool {
    let Some((declared, module)) = analyzed.class(class).zip(analyzed.module(class.module)) else {
        return false;
    };
    let whole = format!("{}.{name}", declared.name);
    module.globals.iter().any(|global| global.name == whole)
}

/// Returns the branches for the methods of a service: those for which the interface has a constant with the index.
/// `qualifier` is the name of the interface as the file writes it.
fn branches_of(analyzed: &Analyzed, service: ClassId, qualifier: &str) -> Vec<Branch> {
    let Some((class, module)) = analyzed.class(service).zip(analyzed.module(service.module)) else {
        return Vec::new();
    };
    let mut branches = Vec::new();
    for method in &class.methods {
        let Some(function) = module.functions.get(*method as usize) else { continue };
        let constant = format!("{}{INDEX}", function.name.to_uppercase());
        let takes_block = function.parameters.iter().any(|parameter| parameter.is_block);
        if takes_block || !has_static(analyzed, service, &constant) {
            continue;
        }
        // A single argument is sent as it is, several as a list, in the order of the declaration.
        let id = FunctionId { module: service.module, index: *method };
        let Some(parameters) = declared_parameters(analyzed, id) else { continue };
        let is_one = parameters.len() == 1;
        let arguments = parameters.iter().enumerate().map(|(index, (name, is_named))| {
            let value = if is_one { "arguments".to_owned() } else { format!("arguments[{index}]") };
            if *is_named { format!(" --{name}={value}") } else { format!(" {value}") }
        });
        let arguments: String = arguments.collect();
        let this = if HANDLE_NAMES.contains(&function.name.as_str()) { "this." } else { "" };
        let call = format!("{this}{}{arguments}", function.name);
        let condition = format!("if index == {qualifier}.{constant}:");
        let is_none = function.return_type == lucarne_compiler::ir::Type::None;
        let lines = match is_none {
            true => vec![condition, format!("  {call}"), "  return null".to_owned()],
            false => vec![format!("{condition} return {call}")],
        };
        branches.push(Branch { lines });
    }
    branches
}

/// Returns the names of the parameters of a method in the order in which they are written, and whether they are named.
fn declared_parameters(analyzed: &Analyzed, id: FunctionId) -> Option<Vec<(String, bool)>> {
    let (_, text) = analyzed.module_text(id.module)?;
    let file = syntax::parse(text);
    let Declared::Function(_, function) = syntax::declaration_at(&file, analyzed.function(id)?.at)? else {
        return None;
    };
    let parameters = function.parameters.iter();
    Some(parameters.map(|parameter| (parameter.name.name.to_string(), parameter.is_named)).collect())
}

/// Returns a name for a service: `temperature-log` for `TemperatureLogService`.
fn service_name(interface: &str) -> String {
    let short = interface.strip_suffix("Service").filter(|short| !short.is_empty()).unwrap_or(interface);
    let mut name = String::new();
    for letter in short.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_named_by_their_interfaces() {
        assert_eq!(service_name("TemperatureLogService"), "temperature-log");
        assert_eq!(service_name("Service"), "service");
        assert_eq!(service_name("Lamp"), "lamp");
    }
}
