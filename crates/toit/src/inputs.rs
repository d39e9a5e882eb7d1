//! The inputs of a session: from what is typed to programs that extend each other.
//!
//! Each input is a module of its own, which sees the declarations of earlier ones. Its statements become a function
//! (see `compiler::parser::parse_input`), which is the `main` of a program that extends the one that is running
//! ([`lucarne_compiler::link::Numbering`]). An input with errors leaves nothing behind.

use std::path::Path;
use std::sync::Arc;

use lucarne_compiler::ast::{Declaration, File, FunctionName, Import, Show};
use lucarne_compiler::ir::{FunctionId, Module, ModuleId, Type, Unit};
use lucarne_compiler::link;
use lucarne_compiler::names::{Name, canonical};
use lucarne_compiler::parser::{ENTRY, Input, Reading, parse_file_as_input, parse_input};
use lucarne_compiler::program::Program;
use lucarne_compiler::resolve::trees::Tree;
use lucarne_compiler::resolve::{self, NewInput};
use lucarne_compiler::source::{Loader, SourceId, Span};
use lucarne_vm::natives;

use crate::{Analysis, Diagnosed, ToitError, library, text};

/// The module with the function that shows values.
const SESSION_LIBRARY: &str = "<lib>/core/session_.toit";

/// The function that shows values.
const SHOW: &str = "show-value_";

/// The names that the library of sessions shows to inputs.
const SHOWN: &[&str] = &[SHOW];

/// The number of inputs of a session. Each adds code, which stays, since tasks and objects may refer to it.
const INPUTS_MAX: usize = 100_000;

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
    /// The texts of imports and declarations, with the names that they bring, for completion.
    texts: Vec<(Vec<Name>, Arc<str>)>,
}

/// An input that was compiled and linked.
pub struct Linked {
    /// The program that runs it. It extends the program of the input before.
    pub program: Program,
    /// The result of the analysis, which contains the warnings.
    pub analysis: Analysis,
    /// The names that it declares, and that earlier inputs have declared.
    pub replaced: Vec<String>,
    /// What the session becomes.
    pub next: Next,
}

/// What a session becomes after an input: see [`Inputs::accept`] and [`Inputs::reject`].
pub struct Next(Inputs);

/// Where the text of an input comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// It was typed: it can have statements, whose values are shown.
    Typed,
    /// It is a file, with declarations only.
    File,
}

/// The files of the session: what was typed, and all others.
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
    /// As for [`crate::link`].
    pub fn compile(
        &self,
        loader: &(dyn Loader + Sync),
        origin: Origin,
        path: &Path,
        input: &str,
    ) -> Result<Linked, ToitError> {
        if self.count >= INPUTS_MAX {
            return Err(ToitError::Session(format!("a session takes {INPUTS_MAX} inputs: begin a new one")));
        }
        let path = text(path)?;
        let input = &input.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
        let analysis = match origin {
            Origin::Typed => self.analyze(loader, path, input, true),
            Origin::File => self.analyze_file(loader, path, input),
        };
        if analysis.has_errors() {
            return Err(ToitError::Program(Diagnosed(Box::new(analysis))));
        }
        self.link(analysis, origin, input)
    }

    /// Returns the type of an expression, or the errors of the expression. Returns none if the text is no expression.
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
        let analysis = self.analyze(loader, &self.next_name(), &input, false);
        let shown = self.analyze(loader, &self.next_name(), expression, false);
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
        let Inputs { unit, numbers, last, count, .. } = next.0;
        (self.unit, self.numbers, self.last, self.count) = (unit, numbers, last, count);
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
        program += "completed-line_:\n";
        program.extend(before.lines().map(|line| format!("  {line}\n")));
        program += "  ";
        program += line;
        let place = program.len();
        (program + "\n", place)
    }

    fn analyze(&self, loader: &(dyn Loader + Sync), path: &str, input: &str, shows: bool) -> Analysis {
        let show = shows.then_some(SHOW);
        let typed = Typed { loader, path, text: input };
        let read = |has_definitions, hidden: &[Span]| {
            self.analyze_as(&typed, Reading { has_definitions, show, hidden })
        };
        // A function without a result cannot be asked for its value. Statements with errors are analyzed without.
        let analyze = |has_definitions| {
            let (analysis, is_ambiguous, shown) = read(has_definitions, &[]);
            let hidden: Vec<Span> = shown.into_iter().filter(|span| has_error_in(&analysis, *span)).collect();
            match hidden.is_empty() {
                true => (analysis, is_ambiguous),
                false => (read(has_definitions, &hidden).0, is_ambiguous),
            }
        };
        let (analysis, is_ambiguous) = analyze(false);
        if is_ambiguous && analysis.has_errors() { analyze(true).0 } else { analysis }
    }

    /// Analyzes an input. Returns also whether it could be read in another way, and which statements are shown.
    fn analyze_as(&self, typed: &Typed<'_>, reading: Reading<'_>) -> (Analysis, bool, Vec<Span>) {
        let parsed = resolve::with_large_stack(|| parse_input(SourceId(0), typed.text, reading));
        let parsed = parsed.unwrap_or_else(|| parse_file_as_input(SourceId(0), ""));
        let (is_ambiguous, shown) = (parsed.is_ambiguous, parsed.shown.clone());
        (self.analyze_parsed(typed, parsed), is_ambiguous, shown)
    }

    fn analyze_file(&self, loader: &(dyn Loader + Sync), path: &str, text: &str) -> Analysis {
        let parsed = resolve::with_large_stack(|| parse_file_as_input(SourceId(0), text));
        let parsed = parsed.unwrap_or_else(|| parse_file_as_input(SourceId(0), ""));
        // The imports of a session are not those of a file, whose folder may have other files.
        let session = Inputs { imports: Vec::new(), ..self.clone() };
        session.analyze_parsed(&Typed { loader, path, text }, parsed)
    }

    fn analyze_parsed(&self, typed: &Typed<'_>, mut parsed: Input) -> Analysis {
        let names = brought(&parsed.file);
        let is_hidden = |name: &Name| names.iter().any(|new| base(new) == base(name));
        let mut seen = self.seen.clone();
        seen.iter_mut().for_each(|(_, shown)| shown.retain(|name| !is_hidden(name)));
        parsed.file.imports.extend(self.imports.iter().filter_map(|import| without(import, &is_hidden)));
        let tree = Arc::new(Tree::new(parsed.file, parsed.problems));
        let input = NewInput { path: typed.path, tree, seen: &seen };
        resolve::extend(typed, self.unit.clone(), &natives::parameters, &input)
    }

    fn link(&self, mut analysis: Analysis, origin: Origin, input: &str) -> Result<Linked, ToitError> {
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
        let mut items = items(input);
        let mut imports = Vec::new();
        match origin {
            Origin::Typed => imports = imports_of(input),
            // The imports of a file are relative to its folder, and are its own.
            Origin::File => items.retain(|(_, text)| !is_import(text)),
        }
        let declared = declared(&module);
        let replaced = after.see(id, &declared, imports);
        after.unit = analysis.unit.clone();
        after.last = Some(id);
        after.count += 1;
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
        self.texts.retain(|(names, _)| !names.iter().any(is_new));
        replaced.retain(|name| names.contains(name));
        self.seen.retain(|(_, shown)| !shown.is_empty());
        self.imports = self.imports.iter().filter_map(|import| without(import, &is_new)).collect();
        self.imports.extend(imports.into_iter().map(|import| Import { span: Span::default(), ..import }));
        self.seen.push((module, names.to_vec()));
        replaced
    }
}

/// Returns whether an analysis has an error inside of a statement of the input.
fn has_error_in(analysis: &Analysis, statement: Span) -> bool {
    let is_inside = |span: Span| statement.start <= span.start && span.start <= statement.end;
    let errors = analysis.diagnostics.iter().filter(|problem| problem.is_error());
    errors.into_iter().any(|problem| problem.source == SourceId(0) && is_inside(problem.span))
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
    let declared = file.declarations.iter().filter_map(|declaration| match declaration {
        Declaration::Class(class) => Some(class.name.name.clone()),
        Declaration::Variable(variable) => Some(variable.name.name.clone()),
        Declaration::Function(function) => match &function.name {
            FunctionName::Plain(name) | FunctionName::Setter(name) => Some(name.name.clone()),
            _ => None,
        },
    });
    file.imports.iter().flat_map(names_of).chain(declared.filter(|name| **name != *ENTRY)).collect()
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

/// Returns whether a text is one expression, also one with errors.
fn is_expression(text: &str) -> bool {
    let reading = Reading { has_definitions: false, show: None, hidden: &[] };
    let parsed = resolve::with_large_stack(|| parse_input(SourceId(0), text, reading));
    let Some(Input { file, .. }) = parsed else { return false };
    let [Declaration::Function(entry)] = file.declarations.as_slice() else { return false };
    file.imports.is_empty() && entry.body.as_ref().is_some_and(|body| body.statements.len() == 1)
}

fn is_import(text: &str) -> bool {
    text.strip_prefix("import").is_some_and(|rest| rest.starts_with(' '))
}

fn imports_of(input: &str) -> Vec<Import> {
    let reading = Reading { has_definitions: true, show: None, hidden: &[] };
    let parsed = resolve::with_large_stack(|| parse_input(SourceId(0), input, reading));
    parsed.map(|parsed| parsed.file.imports).unwrap_or_default()
}

/// Returns the imports and declarations of an input, each with its names.
fn items(input: &str) -> Vec<(Vec<Name>, Arc<str>)> {
    let mut items: Vec<String> = Vec::new();
    for line in input.lines() {
        let continues = line.starts_with([' ', ')', ']', '}']) || line.trim().is_empty();
        match items.last_mut().filter(|_| continues) {
            Some(item) => *item += &format!("\n{line}"),
            None => items.push(line.to_owned()),
        }
    }
    let named = items.into_iter().map(|item| {
        let reading = Reading { has_definitions: true, show: None, hidden: &[] };
        let parsed = resolve::with_large_stack(|| parse_input(SourceId(0), &item, reading));
        let names = parsed.map(|parsed| brought(&parsed.file)).unwrap_or_default();
        (names, Arc::from(item))
    });
    let has_any = |(names, text): &(Vec<Name>, Arc<str>)| !names.is_empty() || is_import(text);
    named.filter(has_any).collect()
}
