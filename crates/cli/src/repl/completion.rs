//! Completion of the lines of a session, by the engine of the language server.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;

use lucarne_compiler::parser::UnfinishedInput;
use lucarne_language_server::line::LineCompleter;
use lucarne_toit::Inputs;

use super::COMMANDS;
use crate::call::editor::Candidates;

/// The name of the file that the line would be in.
const FILE: &str = "repl-line.toit";

/// What the session and the completion share.
#[derive(Clone, Default)]
pub(crate) struct Shared(Rc<RefCell<Known>>);

#[derive(Default)]
struct Known {
    inputs: Option<Inputs>,
    /// The lines of the input that come before the one that is typed.
    lines: UnfinishedInput,
}

impl Shared {
    pub(crate) fn set(&self, inputs: Inputs) {
        self.0.borrow_mut().inputs = Some(inputs);
    }

    /// Returns the lines of the input that come before the one that is typed.
    pub(crate) fn lines(&self) -> RefMut<'_, UnfinishedInput> {
        RefMut::map(self.0.borrow_mut(), |known| &mut known.lines)
    }
}

/// Completes names of the language, and commands.
pub(crate) struct Completion {
    shared: Shared,
    completer: LineCompleter,
}

impl Completion {
    pub(crate) fn new(shared: Shared) -> Completion {
        Completion { shared, completer: LineCompleter::default() }
    }
}

impl Candidates for Completion {
    fn candidates(&self, line: &str, _: usize) -> Vec<String> {
        let known = self.shared.0.borrow();
        if known.lines.text().is_empty() && line.starts_with(':') && !line.contains(' ') {
            let forms = COMMANDS.iter().flat_map(|(forms, _)| forms.split(", "));
            let names = forms.filter_map(|form| form.split(' ').next());
            return names.filter(|name| name.starts_with(line)).map(str::to_owned).collect();
        }
        let code = line.strip_prefix(":type ").unwrap_or(line);
        let Some(inputs) = &known.inputs else { return Vec::new() };
        let (program, offset) = inputs.as_program(known.lines.text(), code);
        let folder = std::env::current_dir().unwrap_or_default();
        let Some(path) = folder.join(FILE).to_str().map(str::to_owned) else { return Vec::new() };
        self.completer.complete(&path, program, offset)
    }

    fn word_start(&self, line: &str) -> usize {
        if line.starts_with(':') && !line.contains(' ') {
            return 0;
        }
        let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
        let start = line.rfind(|letter: char| !is_of_name(letter));
        let start = start.map_or(0, |place| place + line[place..].chars().next().map_or(1, char::len_utf8));
        // A name does not begin with a dash, but an argument does, whose name is completed.
        start + (line.len() - start - line[start..].trim_start_matches('-').len())
    }
}
