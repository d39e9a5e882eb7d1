//! Reads the lines of a session: from a terminal with completion and history, or from a pipe.

use std::io::{self, BufRead, IsTerminal, Read};
use std::path::PathBuf;

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, ExternalPrinter, Helper};

use crate::Stop;
use crate::output::{print_error, print_to_reader, reason};

/// The maximum length of a line from a pipe, in bytes.
const LINE_MAX: u64 = 16 << 20;

/// The number of inputs that the history keeps.
const HISTORY_MAX: usize = 1_000;

/// The maximum number of candidates that are shown. For more, the editor would ask first, and a question of the editor
/// cannot be left by Ctrl-C.
const CANDIDATES_MAX: usize = 60;

/// The line for one that was dropped by Ctrl-C. No other line ends like that.
pub(crate) const DROPPED: &str = "\r";

/// Prints a line of output beside the line that is being typed.
pub(crate) type Print = Box<dyn FnMut(&str) + Send>;

/// Returns the words that can stand at a place: that of the last word of the text before the cursor.
pub(crate) trait Candidates {
    /// Returns the words that the last word of `line`, which begins at `start`, may be the beginning of.
    fn candidates(&self, line: &str, start: usize) -> Vec<String>;

    /// Returns where the last word of a line begins: by default after the last blank.
    fn word_start(&self, line: &str) -> usize {
        line.rfind(char::is_whitespace).map_or(0, |blank| blank + 1)
    }
}

/// The source of lines.
pub(crate) enum Lines<C: Candidates> {
    /// A terminal, and the file of its history, if it can be used.
    Terminal(Box<Editor<Completing<C>, FileHistory>>, Option<PathBuf>),
    Pipe,
}

impl<C: Candidates> Lines<C> {
    /// Reads standard input: with a prompt if it and standard output are a terminal. `history` is the name of the file with
    /// the lines of earlier sessions.
    pub(crate) fn open(candidates: C, history: &'static str) -> Result<Lines<C>, Stop> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Ok(Lines::Pipe);
        }
        let failed = |error: ReadlineError| Stop::failure(format!("cannot use the terminal: {error}"));
        let config = Config::builder().max_history_size(HISTORY_MAX).map_err(failed)?;
        // A second Tab lists the candidates, as in a shell.
        let config = config.history_ignore_space(true).completion_type(CompletionType::List).build();
        let mut editor = Editor::with_config(config).map_err(failed)?;
        editor.set_helper(Some(Completing(candidates)));
        let path = history_path(history);
        if let Some(path) = &path {
            // Without a history, the session works all the same.
            let _ = editor.load_history(path);
        }
        Ok(Lines::Terminal(Box::new(editor), path))
    }

    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self, Lines::Terminal(..))
    }

    /// Returns a function that prints a line from another thread.
    pub(crate) fn printer(&mut self) -> Print {
        if let Lines::Terminal(editor, _) = self
            && let Ok(mut printer) = editor.create_external_printer()
        {
            return Box::new(move |line| {
                if printer.print(line.to_owned()).is_err() {
                    let _ = print_to_reader(line.as_bytes());
                }
            });
        }
        Box::new(|line| match print_to_reader(line.as_bytes()) {
            Ok(true) => {}
            // There is no reader any more.
            Ok(false) => std::process::exit(0),
            Err(stop) => {
                print_error(&format!("lucarne: {}\n", stop.message));
                std::process::exit(stop.status.into());
            }
        })
    }

    /// Returns the next line, or the reason why it cannot be used; none at the end.
    pub(crate) fn next(&mut self, prompt: &str) -> Result<Option<Result<String, String>>, Stop> {
        match self {
            Lines::Terminal(editor, _) => match editor.readline(prompt) {
                Ok(line) => Ok(Some(Ok(line))),
                // Ctrl-C drops the line, as in a shell.
                Err(ReadlineError::Interrupted) => Ok(Some(Ok(DROPPED.to_owned()))),
                Err(ReadlineError::Eof) => Ok(None),
                Err(error) => Err(Stop::failure(format!("cannot read the terminal: {error}"))),
            },
            Lines::Pipe => {
                let mut line = Vec::new();
                let read = io::stdin().lock().take(LINE_MAX + 1).read_until(b'\n', &mut line);
                let count = read.map_err(|error| {
                    Stop::failure(format!("cannot read standard input: {}", reason(&error)))
                })?;
                if count as u64 > LINE_MAX {
                    return Err(Stop::usage(format!("a line has more than {} MiB", LINE_MAX >> 20)));
                }
                let line = String::from_utf8(line).map_err(|_| "the line is not UTF-8".to_owned());
                Ok((count > 0).then_some(line))
            }
        }
    }

    /// Adds an input, which can have several lines, to the history and its file: another session can write there at the same
    /// time, and this one can be killed.
    pub(crate) fn remember(&mut self, input: &str) {
        let Lines::Terminal(editor, path) = self else { return };
        // An input that the history cannot keep is valid all the same.
        let _ = editor.add_history_entry(input.trim_end());
        if let Some(file) = path
            && let Err(error) = editor.append_history(file)
        {
            let shown = file.display();
            print_error(&format!(
                "lucarne: the history is not kept, since {shown} cannot be written: {error}\n"
            ));
            *path = None;
        }
    }
}

/// Returns the file of the history, which is beside the state folder of the user's device. Returns none if it cannot be a
/// file: to open a pipe would wait for another program.
fn history_path(name: &str) -> Option<PathBuf> {
    let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = named.or_else(|| std::env::home_dir().map(|home| home.join(".local").join("state")))?;
    std::fs::create_dir_all(&state).ok()?;
    let path = state.join(name);
    let is_other = std::fs::metadata(&path).is_ok_and(|found| !found.is_file());
    (!is_other).then_some(path)
}

/// Completes words for the editor.
pub(crate) struct Completing<C>(C);

impl<C: Candidates> Completer for Completing<C> {
    type Candidate = Pair;

    fn complete(&self, line: &str, place: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = line.get(..place).unwrap_or_default();
        let start = self.0.word_start(before);
        Ok((start, shown(self.0.candidates(before, start))))
    }
}

/// Returns the candidates that the editor shows, in order. For many of them, the last one says how many more there are.
fn shown(mut words: Vec<String>) -> Vec<Pair> {
    words.sort_unstable();
    let last = words.last().cloned();
    let hidden = words.len().saturating_sub(CANDIDATES_MAX);
    words.truncate(CANDIDATES_MAX);
    let mut shown: Vec<Pair> =
        words.into_iter().map(|word| Pair { display: word.clone(), replacement: word }).collect();
    if let Some(last) = last.filter(|_| hidden > 0) {
        // The editor inserts what all have in common: in a sorted list, what the first and the last one have.
        shown.push(Pair { display: format!("... and {hidden} more"), replacement: last });
    }
    shown
}

impl<C> Hinter for Completing<C> {
    type Hint = String;
}

impl<C> Highlighter for Completing<C> {}
impl<C> Validator for Completing<C> {}
impl<C: Candidates> Helper for Completing<C> {}
