//! From trees to IR: modules and names, declarations, bodies.
//!
//! 1. `modules` loads the entry and everything that it imports.
//! 2. `declare` makes classes, then signatures, fields and globals, for all modules.
//! 3. `lower` makes the code of each body, now that everything that it may name is known.

mod arguments;
mod assign;
mod call;
mod check;
mod conflict;
mod construct;
mod control;
mod declare;
mod documentation;
mod flow;
mod globals;
mod habits;
mod hierarchy;
mod imports;
pub mod index;
mod job;
mod look_up;
mod lower;
mod migrations;
mod misread;
mod modules;
mod notes;
mod operator;
mod primitive;
mod probe;
mod routine;
mod session;
mod shape;
mod shown;
mod static_member;
mod syntax;
pub mod trees;
mod type_name;
mod world;

use crate::ast::Identifier;
use crate::diagnostic::{self, Diagnostic, Style};
use crate::ir::{Code, FunctionKind, ModuleId, Unit};
use crate::source::{LIBRARY_PREFIX, Loader, SourceId, Sources, Span};
use crate::steps;
use globals::Globals;
use index::Index;
use job::Job;
use lower::Place;
use modules::{Load, Modules};
use notes::Notes;
pub use session::{NewInput, extend};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use trees::Trees;
use world::World;

/// The result of the front half.
#[derive(Default, Debug)]
pub struct Analysis {
    /// The library's modules, followed by the program's.
    pub unit: Unit,
    /// The errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that were read, for rendering diagnostics.
    pub sources: Sources,
    /// The names that an input of a session declares although the library or an import already has them.
    pub hidden: Vec<Identifier>,
}

impl Analysis {
    /// Returns whether the program has errors and must not run.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Renders the diagnostics as text: see [`diagnostic::render`].
    pub fn shown(&self, style: Style) -> String {
        diagnostic::render(&self.sources, &self.diagnostics, style)
    }
}

/// Returns the number of parameters of a native, by its module and name: `#primitive.module.name` is bound to it.
/// Returns none if the native does not exist.
pub type Natives<'n> = &'n (dyn Fn(&str, &str) -> Option<usize> + Sync);

/// The stack size of the analyzing thread, in bytes. Trees are at most `parser::HEIGHT_MAX` high,
/// and a level takes some kilobytes in an unoptimized build.
const STACK_BYTES: usize = 256 << 20;

/// Analyzes a program: its entry file and everything that it imports. `library` holds the prepared library modules; if
/// there are none, library imports are read through the loader, below `<lib>/`. The only result is an error if the thread
/// for the analysis cannot be created.
pub fn analyze(
    loader: &(dyn Loader + Sync),
    library: Option<Unit>,
    natives: Natives<'_>,
    entry: &str,
) -> Analysis {
    let analysis = with_large_stack(|| {
        let library = library.unwrap_or_default();
        let roots = [entry.to_owned()];
        let mut analysis = analyze_roots(loader, library, Some(natives), &roots, Comments::Skipped);
        analysis.diagnostics.retain(|diagnostic| diagnostic.is_error() || !diagnostic.is_for_check);
        check_main(&mut analysis, true);
        analysis
    });
    analysis.unwrap_or_else(without_thread)
}

/// Analyzes a file like [`analyze`], but as one that may be a library: it needs no `main`. The references of its
/// comments are checked, too.
pub fn check(
    loader: &(dyn Loader + Sync),
    library: Option<Unit>,
    natives: Natives<'_>,
    file: &str,
) -> Analysis {
    let library = library.unwrap_or_default();
    let analysis = with_large_stack(|| {
        let roots = [file.to_owned()];
        let mut analysis = analyze_roots(loader, library, Some(natives), &roots, Comments::Checked);
        check_main(&mut analysis, false);
        analysis
    });
    analysis.unwrap_or_else(without_thread)
}

/// The options of [`index()`].
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// A place in the first file. The index tells which names could stand there, and only the declaration around the
    /// place is analyzed.
    pub probe: Option<u32>,
    /// Whether only the first file is analyzed: the declarations of others are known, but mistakes are not looked for in them,
    /// and the index has none of the names in their bodies.
    pub is_first_only: bool,
    /// Returns whether the analysis is canceled. It is called often, and the analysis ends soon after it returns
    /// true.
    pub is_canceled: &'r (dyn Fn() -> bool + Sync),
    /// The trees of texts that were parsed before, if they are kept.
    pub trees: Option<&'r dyn Trees>,
}

/// Analyzes files as [`check`] does, all of them at once, and makes an index of their names. Files after the first one
/// must belong to the same program. Returns none if the analysis was canceled, or its thread cannot be created.
///
/// The modules of the result have no code.
///
/// ```
/// use lucarne_compiler::ir::Unit;
/// use lucarne_compiler::resolve::{self, Request, index::Symbol};
/// use lucarne_compiler::source::{MemoryLoader, SourceId};
///
/// let mut loader = MemoryLoader::default();
/// loader.add("<lib>/core/core.toit", "class Object:\n");
/// loader.add("a.toit", "foo: return null\nmain: foo\n");
/// let request = Request { probe: None, is_first_only: false, is_canceled: &|| false, trees: None };
/// let natives = |_: &str, _: &str| None;
/// let files = ["a.toit".to_string()];
/// let (_, index) = resolve::index(&loader, Unit::default(), &natives, &files, request).unwrap();
/// let found = index.at(SourceId(0), 24);
/// assert!(matches!(found[0].symbol, Symbol::Function(_)));
/// ```
pub fn index(
    loader: &(dyn Loader + Sync),
    library: Unit,
    natives: Natives<'_>,
    files: &[String],
    request: Request<'_>,
) -> Option<(Analysis, Index)> {
    let done = with_large_stack(|| {
        let (mut analysis, index) =
            analyze_with(loader, library, Some(natives), files, Comments::Checked, Some(request), None)?;
        check_main(&mut analysis, false);
        Some((analysis, index))
    });
    done.flatten()
}

/// Analyzes libraries, all of them at once. `paths` are their files, below `<lib>/`. Checks their natives if `natives` is given.
pub fn analyze_library(
    loader: &(dyn Loader + Sync),
    natives: Option<Natives<'_>>,
    paths: &[String],
) -> Analysis {
    let analysis = with_large_stack(|| {
        let mut analysis = analyze_roots(loader, Unit::default(), natives, paths, Comments::Skipped);
        analysis.unit.entry = None;
        analysis
    });
    analysis.unwrap_or_else(without_thread)
}

/// Returns the result if the thread for an analysis cannot be created.
fn without_thread() -> Analysis {
    let title =
        format!("not enough memory for the analysis, which needs a stack of {} MiB", STACK_BYTES >> 20);
    let error = Diagnostic::error(SourceId(0), Span::default(), title);
    Analysis { diagnostics: vec![error], ..Analysis::default() }
}

/// Runs work that recurses over trees on a thread with a large stack, since the calling thread's
/// stack may be small. Returns none if the thread cannot be created.
pub fn with_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("compiler".into()).stack_size(STACK_BYTES);
        let thread = builder.spawn_scoped(scope, || (work(), steps::take())).ok()?;
        let (result, taken) = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        steps::count(taken);
        Some(result)
    })
}

/// Whether the references of comments are checked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comments {
    Checked,
    Skipped,
}

fn analyze_roots(
    loader: &dyn Loader,
    library: Unit,
    natives: Option<Natives<'_>>,
    roots: &[String],
    comments: Comments,
) -> Analysis {
    analyze_with(loader, library, natives, roots, comments, None, None)
        .map(|(analysis, _)| analysis)
        .unwrap_or_default()
}

/// Analyzes files, or one input of a session. Makes an index if there is a request for one. Returns none if the request
/// was canceled.
fn analyze_with(
    loader: &dyn Loader,
    library: Unit,
    natives: Option<Natives<'_>>,
    roots: &[String],
    comments: Comments,
    request: Option<Request<'_>>,
    input: Option<&NewInput<'_>>,
) -> Option<(Analysis, Index)> {
    let mut world = World::default();
    let is_canceled = || request.is_some_and(|request| (request.is_canceled)());
    if let Some(request) = request {
        world.notes = Notes::wanted(request.probe);
    }
    world.unit = library;
    let first = world.unit.modules.len();
    let mut modules = Modules::new(&world);
    let is_library = roots.iter().all(|root| root.starts_with(LIBRARY_PREFIX));
    modules.are_libraries_own = is_library && comments == Comments::Checked;
    world.index_prepared();
    let mut sources = Sources::default();
    let mut load = Load {
        loader,
        sources: &mut sources,
        problems: Vec::new(),
        missing_packages: BTreeSet::new(),
        is_canceled: &is_canceled,
        trees: request.and_then(|request| request.trees),
        input,
    };
    let ids = modules.load(&mut load, &mut world, roots);
    let mut diagnostics = load.problems;
    if is_canceled() {
        return None;
    }
    for (root, id) in roots.iter().zip(&ids) {
        if id.is_none() {
            let (source, _) = sources.add(root.clone(), Vec::new());
            diagnostics.push(Diagnostic::error(source, Span::default(), format!("cannot read `{root}`")));
        }
    }
    world.unit.entry = ids.first().copied().flatten();
    let (jobs, problems) = declare::declare(&mut world, &modules, first);
    diagnostics.extend(problems);
    let mut hidden = Vec::new();
    if let Some(input) = input {
        let found = modules.hidden(&world, input.replaced);
        diagnostics.extend(found.iter().map(session::warning));
        hidden.extend(found.into_iter().map(|found| found.name));
    }
    diagnostics.extend(modules.check_imports(&world));
    modules.note_imports(&world);
    let is_first_only = request.is_some_and(|request| request.is_first_only || request.probe.is_some());
    let is_wanted = |source: SourceId| !is_first_only || source == SourceId(0);
    let with_body = jobs.iter().filter_map(Job::function).collect();
    for module in modules.sources.iter().filter(|module| is_wanted(module.source)) {
        diagnostics.extend(conflict::check(&world, &with_body, module.id, module.source, &module.tree.file));
    }
    let mut finished = Vec::new();
    let mut missing_natives = BTreeMap::<_, BTreeSet<_>>::new();
    let globals = Globals::new(&jobs);
    for job in &jobs {
        if is_canceled() {
            return None;
        }
        let is_probed = world.notes.probe().is_none_or(|at| is_around(&world, &jobs, job, at));
        if !is_wanted(job.source) || !is_probed {
            continue;
        }
        // The natives of the library are checked when it is analyzed by itself.
        let natives = natives.filter(|_| is_library || !modules.is_library(job.module));
        let lowered = globals.lower(&world, &modules, natives, job);
        diagnostics.extend(lowered.problems);
        for native in lowered.missing_natives {
            missing_natives.entry(job.module).or_default().insert(native);
        }
        finished.push((lowered.place, lowered.code, lowered.ty));
    }
    diagnostics.extend(globals.circular());
    let mut silent_lines = HashMap::new();
    diagnostics.retain(|problem| problem.is_error() || !is_silenced(&sources, problem, &mut silent_lines));
    diagnostics.extend(modules.imports_without_natives(&missing_natives));
    modules.show_lost_uses(&mut diagnostics);
    misread::keep_first(&mut diagnostics);
    misread::drop_follow_ups(&mut diagnostics, &sources);
    if comments == Comments::Checked {
        diagnostics.extend(documentation::check(&world, &modules, &sources, &is_wanted));
    }
    for module in &modules.sources {
        let imports = module.imports.iter().map(|import| import.module).collect();
        world.unit.module_mut(module.id).imports = imports;
    }
    // Only modules that later analyses get as prepared modules (libraries, inputs of a session) need their exports.
    // Names of other modules are found through their imports.
    for number in if first == 0 || input.is_some() { first..world.unit.modules.len() } else { 0..0 } {
        let exports = modules.exported(&world, ModuleId(number as u32));
        world.unit.module_mut(ModuleId(number as u32)).exports = exports.into();
    }
    let index = world.notes.finish(&modules);
    let mut unit = world.unit;
    for (place, code, ty) in finished {
        let code = if request.is_some() { Code::None } else { code };
        match place {
            Place::Function(id) => unit.module_mut(id.module).functions[id.index as usize].code = code,
            Place::Nowhere => {}
            Place::Global(id) => {
                let global = &mut unit.module_mut(id.module).globals[id.index as usize];
                global.first_type = ty.declared();
                global.initializer = code;
            }
        }
    }
    diagnostics.retain(|diagnostic| diagnostic.is_error() || modules.is_own(diagnostic.source));
    drop_repeated(&mut diagnostics);
    drop_warnings_beside_errors(&sources, &mut diagnostics);
    for diagnostic in &mut diagnostics {
        diagnostic.is_for_check |= modules.is_in_package(diagnostic.source);
    }
    Some((Analysis { unit, diagnostics, sources, hidden }, index))
}

/// Returns whether a place in the first file may be in the body of a job: no other declaration begins between them. The
/// first values of fields are in the bodies of all constructors.
fn is_around(world: &World, jobs: &[Job<'_>], job: &Job<'_>, place: u32) -> bool {
    if job.source != SourceId(0) {
        return false;
    }
    let start = |job: &Job<'_>| job.start(world);
    let nearest = jobs.iter().filter(|other| other.source == SourceId(0)).map(start);
    let nearest = nearest.filter(|start| *start <= place).max();
    let makes_objects = job.function().is_some_and(|id| {
        matches!(world.function(id).kind, FunctionKind::Constructor | FunctionKind::MixinConstructor)
    });
    let class =
        || world.module(job.module).classes.iter().map(|class| class.at).filter(|at| *at <= place).max();
    nearest == Some(start(job))
        || makes_objects && job.class.is_some_and(|id| Some(world.class(id).at) == class())
}

/// Drops diagnostics that repeat an earlier one: the first values of fields are lowered for each constructor.
fn drop_repeated(diagnostics: &mut Vec<Diagnostic>) {
    let mut known = HashSet::new();
    diagnostics.retain(|problem| known.insert((problem.source, problem.span, problem.title.clone())));
}

/// Drops the warnings about lines that have an error: most of them are about the same mistake, and the others are still
/// there when the error has been corrected.
fn drop_warnings_beside_errors(sources: &Sources, diagnostics: &mut Vec<Diagnostic>) {
    let line = |problem: &Diagnostic| {
        let source = sources.get(problem.source)?;
        Some((problem.source, source.line(problem.span.start)))
    };
    let errors = diagnostics.iter().filter(|problem| problem.is_error());
    let wrong: HashSet<_> = errors.filter_map(line).collect();
    diagnostics
        .retain(|problem| problem.is_error() || !line(problem).is_some_and(|line| wrong.contains(&line)));
}

/// Returns whether a comment at the end of its line silences a warning. `known` holds, for each line that
/// was looked at, where such a comment begins.
fn is_silenced(
    sources: &Sources,
    warning: &Diagnostic,
    known: &mut HashMap<(SourceId, usize), Option<u32>>,
) -> bool {
    let Some(source) = sources.get(warning.source) else { return false };
    let at = warning.span.start;
    let line = source.line(at);
    let comment = known.entry((warning.source, line)).or_insert_with(|| {
        let start = line.checked_sub(1).and_then(|line| source.line_starts.get(line)).copied()?;
        let text = source.text.get(start as usize..)?.lines().next()?;
        steps::count(text.len());
        let (before, comment) = text.rsplit_once("//")?;
        comment.trim_start().starts_with("@no-warn").then_some(start + before.len() as u32)
    });
    comment.is_some_and(|comment| comment >= at)
}

/// Checks `main`: it takes no arguments or a list of strings. A library need not have one.
fn check_main(analysis: &mut Analysis, is_program: bool) {
    let Some(entry) = analysis.unit.entry else { return };
    let Some(module) = analysis.unit.modules.get(entry.0 as usize) else { return };
    let is_main = |function: &&crate::ir::Function| function.name == "main" && function.holder.is_none();
    let takes_arguments = |function: &crate::ir::Function| {
        let unnamed = function.parameters.iter().all(|parameter| !parameter.is_named && !parameter.is_block);
        function.parameters.len() <= 1 && unnamed
    };
    if module.functions.iter().filter(is_main).any(takes_arguments)
        || analysis.has_errors() && module.functions.is_empty()
    {
        return;
    }
    let problem = match module.functions.iter().find(is_main).map(|function| function.at) {
        // The line has an error already, such as one about the way in which another language declares `main`.
        Some(at) if has_error_on_line(analysis, at) => return,
        Some(at) => {
            let span = Span { start: at, end: at + 4 };
            Diagnostic::error(SourceId(0), span, "`main` must take no arguments, or one")
        }
        None if !is_program => return,
        None => Diagnostic::general(format!("`{}` has no `main`", module.path)),
    };
    analysis.diagnostics.push(problem.hint("a program begins with a function `main:` or `main args:`"));
}

/// Returns whether an error is on the same line as a place in the entry.
fn has_error_on_line(analysis: &Analysis, place: u32) -> bool {
    let Some(source) = analysis.sources.get(SourceId(0)) else { return false };
    let errors =
        analysis.diagnostics.iter().filter(|problem| problem.is_error() && problem.source == SourceId(0));
    errors.into_iter().any(|problem| source.line(problem.span.start) == source.line(place))
}
