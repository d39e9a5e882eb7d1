//! The inputs of a session: from what is typed to programs that extend each other.
//!
//! Each input is a module of its own, which sees the declarations of earlier ones. Its statements become a function
//! (see `compiler::parser::parse_input`), which is the `main` of a program that extends the one that is running
//! ([`lucarne_compiler::link::Numbering`]). An input with errors leaves nothing behind.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lucarne_compiler::ast::{Declaration, File, FunctionName, Identifier, Import, Show};
use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::ir::{FunctionId, Module, ModuleId, Type, Unit};
use lucarne_compiler::link;
use lucarne_compiler::names::{Name, canonical};
use lucarne_compiler::parser::{ENTRY, Head, Input, Reading, parse_file_as_input, parse_input};
use lucarne_compiler::program::Program;
use lucarne_compiler::resolve::trees::Tree;
use lucarne_compiler::resolve::{self, NewInput};
use lucarne_compiler::scanner::{Kind, scan};
use lucarne_compiler::source::{Loader, SourceId, Span};
use lucarne_vm::natives;

use crate::{Analysis, Diagnosed, ToitError, library, text};

/// The module with the function that shows values.
const SESSION_LIBRARY: &str = "<lib>/core/session_.toit";

/// The function that shows values.
const SHOW: &str = "show-value_";

/// The names that the library of sessions shows to inputs.
const SHOWN: &[&str] = &[SHOW];

/// The maximum number of inputs of a session. Each adds code, which stays, since tasks and objects may refer to it.
const INPUTS_MAX: usize = 100_000;

/// The maximum size of the texts of a session, in bytes. Texts of imported files do not count: each is read once.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// The maximum number of instructions of a session. Each input is linked together with all code before it, which takes time
/// in proportion.
const INSTRUCTIONS_MAX: usize = 1 << 20;

/// The inputs of a session that have been compiled.
#[derive(Clone)]
pub struct Inputs {
    unit: Unit,
    numbers: link::Numbering,
    /// The names that the next input sees, by the modules that declare them.
    seen: Vec<(ModuleId, Vec<Name>)>,
    /// The imports of earlier inputs.
    imports: Vec<Import>,
    last: Option<ModuleId>,
    count: usize,
    /// The size of the texts of all inputs, in bytes.
    text_bytes: usize,
    /// The texts of imports and declarations, with the names that they bring, for completion.
    texts: Vec<(Vec<Name>, Arc<str>)>,
}

/// An input that was compiled and linked.
pub struct Linked {
    /// The program that runs the input. It extends the program of the input before.
    pub program: Program,
    /// The result of the analysis, which contains the warnings.
    pub analysis: Analysis,
    /// The names that the input declares although earlier inputs have declared or imported them.
    pub replaced: Vec<String>,
    /// The session after the input, to be accepted or rejected.
    pub next: Next,
}

/// The state of a session after an input: see [`Inputs::accept`] and [`Inputs::reject`].
pub struct Next(Inputs);

/// Where the text of an input comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The input was typed: it can have statements, whose values are shown.
    Typed,
    /// The input is a file, with declarations only.
    File,
}

/// An input that was read in one of the possible ways.
struct Read {
    analysis: Analysis,
    /// Whether heads of lines that could also be calls are those of functions.
    has_definitions: bool,
}

/// The files of the session: the input as the file `path`, and all others through the loader.
struct Typed<'l> {
    loader: &'l (dyn Loader + Sync),
    path: &'l str,
    text: &'l str,
}

impl Loader for Typed<'_> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        if path == self.path { Some(self.text.as_bytes().to_vec()) } else { self.loader.read(path) }
    }

    fn is_file(&self, path: &str) -> bool {
        path == self.path || self.loader.is_file(path)
    }

    fn is_folder(&self, path: &str) -> bool {
        self.loader.is_folder(path)
    }

    fn full(&self, path: &str) -> String {
        self.loader.full(path)
    }

    fn folders_above(&self, file: &str) -> Vec<String> {
        self.loader.folders_above(file)
    }
}

impl Inputs {
    /// Begins a session. The result has a program that does nothing, which the process of the session starts with.
    ///
    /// # Errors
    /// [`ToitError::Library`].
    pub fn begin(loader: &(dyn Loader + Sync)) -> Result<(Inputs, Program), ToitError> {
        let unit = library()?;
        let session = unit.modules.iter().position(|module| module.path == SESSION_LIBRARY);
        let session = session.ok_or_else(|| ToitError::Library(format!("{SESSION_LIBRARY} is missing")))?;
        let shown = SHOWN.iter().map(|name| Name::from(*name)).collect();
        let inputs = Inputs {
            unit,
            numbers: link::Numbering::default(),
            seen: vec![(ModuleId(session as u32), shown)],
            imports: Vec::new(),
            last: None,
            count: 0,
            text_bytes: 0,
            texts: Vec::new(),
        };
        let linked = inputs.compile(loader, Origin::Typed, Path::new("<start>"), "")?;
        let Next(mut inputs) = linked.next;
        inputs.count = 0;
        Ok((inputs, linked.program))
    }

    /// Returns the name of the next input, as messages show it.
    pub fn next_name(&self) -> String {
        format!("<input {}>", self.count + 1)
    }

    /// Compiles an input, and links it. The session stays as it is: see [`Inputs::accept`] and [`Inputs::reject`].
    ///
    /// # Errors
    /// As for [`crate::link`]; [`ToitError::Session`] if the session has no room for the input, and
    /// [`ToitError::Path`].
    pub fn compile(
        &self,
        loader: &(dyn Loader + Sync),
        origin: Origin,
        path: &Path,
        input: &str,
    ) -> Result<Linked, ToitError> {
        if self.count >= INPUTS_MAX {
            return Err(full(&format!("{INPUTS_MAX} inputs")));
        }
        if self.text_bytes + input.len() > TEXT_BYTES_MAX {
            return Err(full(&format!("{} MiB of text", TEXT_BYTES_MAX >> 20)));
        }
        let path = text(path)?;
        let input = &input.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
        let read = match origin {
            Origin::Typed => self.analyze(loader, path, input, true),
            Origin::File => Read { analysis: self.analyze_file(loader, path, input), has_definitions: true },
        };
        if read.analysis.has_errors() {
            return Err(ToitError::Program(Diagnosed(Box::new(read.analysis))));
        }
        self.link(read, origin, input)
    }

    /// Returns the type of an expression, or the errors of the expression. Returns none if the text is not an expression.
    ///
    /// # Errors
    /// As for [`Inputs::compile`].
    pub fn type_of(
        &self,
        loader: &(dyn Loader + Sync),
        expression: &str,
    ) -> Result<Option<String>, ToitError> {
        if !is_expression(expression) {
            return Ok(None);
        }
        let variable = "type-of_";
        let input = format!("{variable} := ({expression}\n)");
        let analysis = self.analyze(loader, &self.next_name(), &input, false).analysis;
        let shown = self.analyze(loader, &self.next_name(), expression, false).analysis;
        if shown.has_errors() {
            return Err(ToitError::Program(Diagnosed(Box::new(shown))));
        }
        let entry = analysis.unit.entry.filter(|_| !analysis.has_errors());
        let module = entry.and_then(|id| analysis.unit.modules.get(id.0 as usize));
        let global = module.and_then(|module| module.globals.iter().find(|global| global.name == variable));
        Ok(Some(match global.map(|global| global.first_type) {
            None => "none".to_owned(),
            Some(Type::Class { class, nullable }) => {
                let module = &analysis.unit.modules[class.module.0 as usize];
                let name = &module.classes[class.index as usize].name;
                format!("{name}{}", if nullable { "?" } else { "" })
            }
            Some(_) => "any".to_owned(),
        }))
    }

    /// Goes on after an input that has run to its end: later ones see its declarations.
    pub fn accept(&mut self, next: Next) {
        *self = next.0;
    }

    /// Goes on after an input that has failed while it ran: its code stays, since tasks may run it, but later inputs do not
    /// see its declarations.
    pub fn reject(&mut self, next: Next) {
        let Inputs { unit, numbers, last, count, text_bytes, .. } = next.0;
        (self.unit, self.numbers, self.last) = (unit, numbers, last);
        (self.count, self.text_bytes) = (count, text_bytes);
    }

    /// Returns a program with the declarations of the session that ends in lines which are being typed, and the place where
    /// they end: for questions about what can be written there. `before` has complete lines.
    pub fn as_program(&self, before: &str, line: &str) -> (String, usize) {
        let (imports, declarations): (Vec<_>, Vec<_>) =
            self.texts.iter().map(|(_, text)| &**text).partition(|text| is_import(text));
        let mut program: String = imports.into_iter().map(|text| format!("{text}\n")).collect();
        if is_import(line) {
            // Declarations after it are of no use, and would come too late.
            program += line;
            let place = program.len();
            return (program + "\n", place);
        }
        program.extend(declarations.into_iter().map(|text| format!("{text}\n")));
        if is_declaration(&format!("{before}{line}")) {
            program += before;
            program += line;
            let place = program.len();
            return (program + "\n", place);
        }
        program += "completed-line_:\n";
        program.extend(before.lines().map(|line| format!("  {line}\n")));
        program += "  ";
        program += line;
        let place = program.len();
        (program + "\n", place)
    }

    fn analyze(&self, loader: &(dyn Loader + Sync), path: &str, input: &str, shows: bool) -> Read {
        let show = shows.then_some(SHOW);
        let typed = Typed { loader, path, text: input };
        let read = |has_definitions, hidden: &[Span]| {
            self.analyze_as(&typed, Reading { has_definitions, show, hidden })
        };
        // Showing the value of a call is an error if the function has no result. So statements with errors are analyzed
        // again without showing their values.
        let analyze = |has_definitions| {
            let (analysis, heads, shown) = read(has_definitions, &[]);
            let hidden: Vec<Span> = shown.into_iter().filter(|span| has_error_in(&analysis, *span)).collect();
            let analysis = if hidden.is_empty() { analysis } else { read(has_definitions, &hidden).0 };
            (analysis, heads)
        };
        let (mut calls, heads) = analyze(false);
        if heads.is_empty() || !calls.has_errors() {
            return Read { analysis: calls, has_definitions: false };
        }
        let definitions = analyze(true).0;
        let Some(head) = heads.iter().find(|head| self.is_call(head, &calls, &definitions)) else {
            return Read { analysis: definitions, has_definitions: true };
        };
        let name = &head.name.name;
        let hint =
            format!("to declare a function `{name}` of your own, write what it returns: `{name} -> any:`");
        if let Some(error) = calls.diagnostics.iter_mut().find(|problem| problem.is_error()) {
            error.hints.push(hint);
        }
        Read { analysis: calls, has_definitions: false }
    }

    /// Returns whether the head of a line is meant as a call with a block, although the call has errors: the library or an import
    /// gives the function, and the arguments have values.
    fn is_call(&self, head: &Head, calls: &Analysis, definitions: &Analysis) -> bool {
        let name = &head.name.name;
        let is_given = definitions.hidden.iter().any(|hidden| hidden.name == *name)
            || self.imports.iter().any(|import| names_of(import).contains(name));
        let arguments = head.parameters;
        is_given && !has_error(calls, |span| (arguments.start..arguments.end).contains(&span.start))
    }

    /// Analyzes an input. Also returns the heads of lines that could be read in another way, and the places of the
    /// statements whose values are shown.
    fn analyze_as(&self, typed: &Typed<'_>, reading: Reading<'_>) -> (Analysis, Vec<Head>, Vec<Span>) {
        let Input { file, heads, shown, problems } = parsed(typed.text, reading);
        (self.analyze_parsed(typed, file, problems), heads, shown)
    }

    fn analyze_file(&self, loader: &(dyn Loader + Sync), path: &str, text: &str) -> Analysis {
        let parsed = parsed_file(text);
        // The imports of a session are not those of a file, whose folder may have other files.
        let session = Inputs { imports: Vec::new(), ..self.clone() };
        session.analyze_parsed(&Typed { loader, path, text }, parsed.file, parsed.problems)
    }

    fn analyze_parsed(&self, typed: &Typed<'_>, mut file: File, problems: Vec<Diagnostic>) -> Analysis {
        let names = brought(&file);
        let is_hidden = |name: &Name| names.iter().any(|new| base(new) == base(name));
        let mut seen = self.seen.clone();
        let mut replaced = Vec::new();
        seen.iter_mut().for_each(|(_, shown)| replaced.extend(shown.extract_if(.., |name| is_hidden(name))));
        file.imports.extend(self.imports.iter().filter_map(|import| without(import, &is_hidden)));
        let tree = Arc::new(Tree::new(file, problems));
        let input = NewInput { path: typed.path, tree, seen: &seen, replaced: &replaced };
        resolve::extend(typed, self.unit.clone(), &natives::parameters, &input)
    }

    fn link(&self, read: Read, origin: Origin, input: &str) -> Result<Linked, ToitError> {
        let Read { mut analysis, has_definitions } = read;
        let damaged = || ToitError::Library("an input has no entry".to_owned());
        let id = analysis.unit.entry.ok_or_else(damaged)?;
        // Modules of earlier inputs stay in the program.
        analysis.unit.module_mut(id).imports.extend(self.last);
        let module = analysis.unit.modules.get(id.0 as usize).cloned().ok_or_else(damaged)?;
        let entry = module.functions.iter().position(|function| function.name == ENTRY);
        let entry = FunctionId { module: id, index: entry.ok_or_else(damaged)? as u32 };
        let mut after = self.clone();
        let program = after
            .numbers
            .link(&analysis.unit, entry)
            .map_err(|error| ToitError::Link { place: error.place(&analysis.unit), error })?;
        if program.code.len() > INSTRUCTIONS_MAX {
            return Err(full(&format!("{INSTRUCTIONS_MAX} instructions")));
        }
        let parts = match origin {
            Origin::Typed => parsed(input, Reading { has_definitions, show: None, hidden: &[] }).file,
            // The imports of a file are relative to its folder, and are its own.
            Origin::File => File { imports: Vec::new(), ..parsed_file(input).file },
        };
        let (items, imports) = (items(input, &parts), parts.imports);
        let declared = declared(&module);
        let replaced = after.see(id, &declared, imports);
        after.unit = analysis.unit.clone();
        after.last = Some(id);
        after.count += 1;
        after.text_bytes += input.len();
        after.texts.extend(items);
        let replaced = replaced.iter().map(|name| name.to_string()).collect();
        Ok(Linked { program, analysis, replaced, next: Next(after) })
    }

    /// Makes the declarations and imports of a module visible. Returns the names that were visible before.
    fn see(&mut self, module: ModuleId, names: &[Name], imports: Vec<Import>) -> Vec<Name> {
        let brought: Vec<Name> = names.iter().cloned().chain(imports.iter().flat_map(names_of)).collect();
        let is_new = |name: &Name| brought.iter().any(|new| base(new) == base(name));
        let mut replaced = Vec::new();
        for (_, shown) in &mut self.seen {
            replaced.extend(shown.iter().filter(|name| is_new(name)).cloned());
            shown.retain(|name| !is_new(name));
        }
        replaced.extend(self.imports.iter().flat_map(names_of).filter(|name| is_new(name)));
        self.texts.retain(|(names, _)| !names.iter().any(is_new));
        replaced.retain(|name| names.contains(name));
        self.seen.retain(|(_, shown)| !shown.is_empty());
        self.imports = self.imports.iter().filter_map(|import| without(import, &is_new)).collect();
        self.imports.extend(imports.into_iter().map(|import| Import { span: Span::default(), ..import }));
        self.seen.push((module, names.to_vec()));
        replaced
    }
}

/// Returns the error of a session that has no room for an input.
fn full(limit: &str) -> ToitError {
    ToitError::Session(format!(
        "the session is full, since its code stays and it takes {limit}: ':reset' forgets all of it"
    ))
}

/// Returns whether an analysis has an error inside of a statement of the input.
fn has_error_in(analysis: &Analysis, statement: Span) -> bool {
    has_error(analysis, |span| statement.start <= span.start && span.start <= statement.end)
}

/// Returns whether an analysis has an error at a place of the input that `is_meant` accepts.
fn has_error(analysis: &Analysis, is_meant: impl Fn(Span) -> bool) -> bool {
    let errors = analysis.diagnostics.iter().filter(|problem| problem.is_error());
    errors.into_iter().any(|problem| problem.source == SourceId(0) && is_meant(problem.span))
}

/// Returns the name without the mark of a setter.
fn base(name: &str) -> &str {
    name.strip_suffix('=').unwrap_or(name)
}

/// Returns the names that a module declares for others.
fn declared(module: &Module) -> Vec<Name> {
    let functions = module.functions.iter().filter(|function| function.holder.is_none());
    let functions = functions.map(|function| function.name.as_str()).filter(|name| *name != ENTRY);
    let globals = module.globals.iter().map(|global| global.name.as_str()).filter(|name| !name.contains('.'));
    let classes = module.classes.iter().map(|class| class.name.as_str());
    let mut names: Vec<Name> = classes.chain(functions).chain(globals).map(Name::from).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Returns the names that a file brings, as far as it lists them itself.
fn brought(file: &File) -> Vec<Name> {
    let declared = declared_in(file).map(|name| name.name.clone());
    file.imports.iter().flat_map(names_of).chain(declared).collect()
}

/// Returns the names that a file declares.
fn declared_in(file: &File) -> impl Iterator<Item = &Identifier> {
    let names = file.declarations.iter().filter_map(|declaration| match declaration {
        Declaration::Class(class) => Some(&class.name),
        Declaration::Variable(variable) => Some(&variable.name),
        Declaration::Function(function) => match &function.name {
            FunctionName::Plain(name) | FunctionName::Setter(name) => Some(name),
            _ => None,
        },
    });
    names.filter(|name| *name.name != *ENTRY)
}

/// Returns the names that an import lists, or its prefix.
fn names_of(import: &Import) -> Vec<Name> {
    match &import.show {
        Show::Names(names) => names.iter().map(|name| name.name.clone()).collect(),
        Show::Everything(_) => Vec::new(),
        Show::Nothing if import.dots > 0 && import.prefix.is_none() => Vec::new(),
        Show::Nothing => {
            let last = || import.segments.last().map(|segment| canonical(&segment.name));
            import.prefix.as_ref().map(|prefix| prefix.name.clone()).or_else(last).into_iter().collect()
        }
    }
}

/// Returns an import without some of its names, or none if nothing is left of it.
fn without(import: &Import, is_hidden: &dyn Fn(&Name) -> bool) -> Option<Import> {
    let mut import = import.clone();
    if let Show::Names(names) = &mut import.show {
        names.retain(|name| !is_hidden(&name.name));
        return (!names.is_empty()).then_some(import);
    }
    (!names_of(&import).iter().any(is_hidden)).then_some(import)
}

/// Parses an input. The result is empty if the operating system gives no thread for it.
fn parsed(text: &str, reading: Reading<'_>) -> Input {
    let parsed = resolve::with_large_stack(|| parse_input(SourceId(0), text, reading));
    parsed.unwrap_or_else(|| parse_file_as_input(SourceId(0), ""))
}

fn parsed_file(text: &str) -> Input {
    let parsed = resolve::with_large_stack(|| parse_file_as_input(SourceId(0), text));
    parsed.unwrap_or_else(|| parse_file_as_input(SourceId(0), ""))
}

/// Returns whether a text is a single expression, which may have errors.
fn is_expression(text: &str) -> bool {
    let Input { file, .. } = parsed(text, Reading { has_definitions: false, show: None, hidden: &[] });
    let [Declaration::Function(entry)] = file.declarations.as_slice() else { return false };
    file.imports.is_empty() && entry.body.as_ref().is_some_and(|body| body.statements.len() == 1)
}

/// Returns whether the last lines of an input declare a class or a function.
fn is_declaration(text: &str) -> bool {
    let Some(last) = starts(text).last().copied() else { return false };
    let input = parsed(text, Reading { has_definitions: false, show: None, hidden: &[] });
    input.file.declarations.iter().any(|declaration| match declaration {
        Declaration::Class(class) => class.name.span.start as usize >= last,
        Declaration::Function(function) => match &function.name {
            FunctionName::Plain(name) | FunctionName::Setter(name) => {
                *name.name != *ENTRY && name.span.start as usize >= last
            }
            _ => false,
        },
        Declaration::Variable(_) => false,
    })
}

fn is_import(text: &str) -> bool {
    text.strip_prefix("import").is_some_and(|rest| rest.starts_with(' '))
}

/// Returns the lines of imports and declarations of an input, each with its names.
fn items(input: &str, file: &File) -> Vec<(Vec<Name>, Arc<str>)> {
    let starts = starts(input);
    let mut names: BTreeMap<usize, Vec<Name>> = BTreeMap::new();
    let mut note = |place: Span, new: Vec<Name>| {
        let item = starts.partition_point(|start| *start <= place.start as usize);
        names.entry(item.saturating_sub(1)).or_default().extend(new);
    };
    file.imports.iter().for_each(|import| note(import.span, names_of(import)));
    declared_in(file).for_each(|name| note(name.span, vec![name.name.clone()]));
    let items = names.into_iter().filter_map(|(item, names)| {
        let end = starts.get(item + 1).copied().unwrap_or(input.len());
        let text = input.get(*starts.get(item)?..end)?;
        Some((names, Arc::from(text.trim_end())))
    });
    items.collect()
}

/// Returns the places of the lines that continue no other one.
fn starts(input: &str) -> Vec<usize> {
    let mut strings = 0u32;
    let mut starts = Vec::new();
    for token in scan(SourceId(0), input).tokens {
        let is_closer = matches!(token.kind, Kind::RightParen | Kind::RightBracket | Kind::RightBrace);
        let continues = is_closer || matches!(token.kind, Kind::Else | Kind::Finally | Kind::Eof);
        if token.line_start && token.line_indent == 0 && strings == 0 && !continues {
            starts.push(token.span.start as usize);
        }
        match token.kind {
            Kind::StringBegin => strings += 1,
            Kind::StringEnd => strings = strings.saturating_sub(1),
            _ => {}
        }
    }
    starts
}
