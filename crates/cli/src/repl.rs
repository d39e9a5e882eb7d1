//! `lucarne repl`: a session in which code is typed and run.
//!
//! `lucarne_toit::Inputs` compiles what was typed to programs that extend each other, and one process runs them. This module
//! reads the lines, and connects the two.

mod completion;
mod output;
mod process;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use lucarne_compiler::parser::{Lack, UnfinishedInput};
use lucarne_compiler::source::FileLoader;
use lucarne_ports::Output;
use lucarne_toit::{Inputs, Linked, LoadedProgram, Origin, Outcome, ToitError};

use crate::arguments::repl::Repl;
use crate::call::editor::{DROPPED, Lines};
use crate::output::{print_error, print_out};
use crate::{FAILURE, Stop, front, input};
use completion::{Completion, Shared};
use output::SessionOutput;
use process::{Ended, Interrupts, Running};

/// The file with the lines of earlier sessions.
const HISTORY: &str = "lucarne-repl-history";

/// The maximum number of bytes of an input.
const INPUT_MAX: usize = 256 << 10;

/// The commands, with their forms.
const COMMANDS: &[(&str, &str)] = &[
    (":help", "lists the commands"),
    (":type EXPRESSION", "shows the static type of an expression, which is not run"),
    (":load FILE", "makes the declarations of a file known; once more after the file has changed"),
    (":reset", "begins again: forgets everything, and ends all tasks"),
    (":exit, :quit", "end the session; so does Ctrl-D, while Ctrl-C interrupts what runs"),
];

/// Words that users of other sessions type, with the commands that they mean.
const HABITS: &[(&str, &str)] =
    &[("help", ":help"), ("exit", ":exit"), ("quit", ":exit"), ("reset", ":reset")];

/// Holds a session until its last line.
pub(crate) fn repl(options: &Repl) -> Result<ExitCode, Stop> {
    for file in &options.files {
        front::require_readable(file)?;
    }
    let shared = Shared::default();
    let mut lines = Lines::open(Completion::new(shared.clone()), HISTORY)?;
    let is_terminal = lines.is_terminal();
    let output = Arc::new(SessionOutput::new(is_terminal.then(|| lines.printer())));
    let interrupts = Interrupts::watch(is_terminal, output.clone())?;
    let mut session = ReplSession::begin(options, output, interrupts, shared)?;
    for file in &options.files {
        session.load(file)?;
    }
    if is_terminal && !options.quiet {
        print_out(format!("Lucarne {}; :help lists the commands\n", env!("CARGO_PKG_VERSION")).as_bytes())?;
    }
    let code = session.read(&mut lines);
    session.running.end();
    let code = code?;
    if let Some(code) = code {
        // The operating system cuts an exit status to a byte. A failure must not become a success that way.
        return Ok(ExitCode::from(if code != 0 && code & 0xff == 0 { FAILURE } else { code as u8 }));
    }
    // In a terminal the user has seen what failed.
    Ok(if session.has_failed && !is_terminal { ExitCode::from(FAILURE) } else { ExitCode::SUCCESS })
}

struct ReplSession<'s> {
    options: &'s Repl,
    output: Arc<SessionOutput>,
    interrupts: Interrupts,
    /// The lines of the current input, and what the completion knows of the session.
    shared: Shared,
    inputs: Inputs,
    /// The program that the process runs.
    image: Arc<LoadedProgram>,
    running: Running,
    has_failed: bool,
}

/// Whether the session goes on.
enum After {
    Next,
    /// It ends, with the code that the program has given.
    End(Option<i32>),
}

impl ReplSession<'_> {
    fn begin<'s>(
        options: &'s Repl,
        output: Arc<SessionOutput>,
        interrupts: Interrupts,
        shared: Shared,
    ) -> Result<ReplSession<'s>, Stop> {
        let (inputs, image) = fresh()?;
        shared.set(inputs.clone());
        let running = Running::start(options, image.clone(), output.clone())?;
        let session =
            ReplSession { options, output, interrupts, shared, inputs, image, running, has_failed: false };
        session.running.await_start()?;
        Ok(session)
    }

    /// Reads inputs and runs them. Returns the code that a program has ended the session with.
    fn read(&mut self, lines: &mut Lines<Completion>) -> Result<Option<i32>, Stop> {
        loop {
            self.output.begin_line();
            let prompt = if self.shared.lines().text().is_empty() { "> " } else { "| " };
            let line = lines.next(prompt);
            self.interrupts.forget();
            self.output.end_line();
            let Some(line) = line? else { break };
            let line = match line {
                Ok(line) if line == DROPPED => {
                    self.shared.lines().take();
                    continue;
                }
                Ok(line) => line,
                Err(text) => {
                    self.shared.lines().take();
                    self.report(&format!("error: {text}\n"));
                    continue;
                }
            };
            if let After::End(code) = self.take_all(line.trim_end_matches(['\n', '\r']), lines)? {
                return Ok(code);
            }
        }
        // In a terminal, Ctrl-D ends the session, and does not run what was typed so far.
        if !lines.is_terminal()
            && let After::End(code) = self.run_lines(lines)?
        {
            return Ok(code);
        }
        Ok(self.running.exit_code())
    }

    /// Takes what the user has entered: a line, or several that were pasted into a terminal or come from its history.
    fn take_all(&mut self, entered: &str, lines: &mut Lines<Completion>) -> Result<After, Stop> {
        let mut rest = entered.split('\n').map(|line| line.trim_end_matches('\r')).peekable();
        while let Some(line) = rest.next() {
            let is_complete = ends_before(&self.shared.lines(), line);
            if is_complete && let After::End(code) = self.run_lines(lines)? {
                return Ok(After::End(code));
            }
            // The line after an empty one tells whether the body goes on, as it does in a file.
            if line.trim().is_empty() && rest.peek().is_some() && !self.shared.lines().text().is_empty() {
                self.shared.lines().push(line);
            } else if let After::End(code) = self.take(line, lines)? {
                return Ok(After::End(code));
            }
        }
        // Such a text has its last body whole: no empty line needs to end it.
        let has_body = |last: &str| !last.trim_end().ends_with(':');
        let is_whole = entered.rsplit_once('\n').is_some_and(|(_, last)| has_body(last));
        let lack = self.shared.lines().lack();
        if is_whole && lack == Lack::EndOfBody { self.run_lines(lines) } else { Ok(After::Next) }
    }

    /// Takes a line: a command, or a part of an input, which is run if it is complete.
    fn take(&mut self, line: &str, lines: &mut Lines<Completion>) -> Result<After, Stop> {
        if self.shared.lines().text().is_empty() {
            if let Some(command) = line.strip_prefix(':').filter(|rest| !rest.starts_with(':')) {
                lines.remember(line);
                return self.command(command.trim());
            }
            if line.trim().is_empty() {
                return Ok(After::Next);
            }
        }
        let mut input = self.shared.lines();
        input.push(line);
        let excess = excess_of(&input);
        let lack = input.lack();
        if excess.is_some() {
            input.take();
        }
        drop(input);
        if let Some(excess) = excess {
            self.report(&format!("error: {excess}: use ':load' for files\n"));
            return Ok(After::Next);
        }
        match lack {
            Lack::Closing => Ok(After::Next),
            Lack::Line | Lack::EndOfBody if !line.trim().is_empty() => Ok(After::Next),
            _ => self.run_lines(lines),
        }
    }

    /// Runs the lines of the current input.
    fn run_lines(&mut self, lines: &mut Lines<Completion>) -> Result<After, Stop> {
        let text = self.shared.lines().take();
        lines.remember(&text);
        self.run(&text)
    }

    fn command(&mut self, command: &str) -> Result<After, Stop> {
        let (name, argument) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        match (name, argument.trim()) {
            ("exit" | "quit", "") => return Ok(After::End(None)),
            ("help", "") => print_out(help().as_bytes())?,
            ("reset", "") => {
                self.begin_again()?;
                self.note("everything is forgotten");
            }
            ("type", "") => self.report("error: write ':type EXPRESSION'\n"),
            ("type", expression) => match self.inputs.type_of(&FileLoader, expression) {
                Ok(Some(ty)) => print_out(format!("{ty}\n").as_bytes())?,
                Ok(None) => self.report("error: only an expression has a type\n"),
                Err(error) => self.refuse(&error),
            },
            ("load", "") => self.report("error: write ':load FILE'\n"),
            ("load", file) => match self.load(Path::new(file)) {
                Ok(after) => return Ok(after),
                Err(stop) => self.report(&format!("error: {}\n", stop.message)),
            },
            _ => self.report(&format!("error: unknown command ':{command}': ':help' lists them\n")),
        }
        Ok(After::Next)
    }

    fn load(&mut self, file: &Path) -> Result<After, Stop> {
        front::require_readable(file)?;
        let bytes = input::read(file)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Stop::usage(format!("{} is not UTF-8 text", file.display())))?;
        self.run_from(Origin::File, file, &text)
    }

    fn run(&mut self, text: &str) -> Result<After, Stop> {
        if text.trim().is_empty() {
            return Ok(After::Next);
        }
        self.run_from(Origin::Typed, Path::new(&self.inputs.next_name()), text)
    }

    /// Compiles an input and runs it to its end.
    fn run_from(&mut self, origin: Origin, path: &Path, text: &str) -> Result<After, Stop> {
        let linked = match self.inputs.compile(&FileLoader, origin, path, text) {
            Ok(linked) => linked,
            Err(error) => {
                self.refuse(&error);
                if let Some((word, command)) = HABITS.iter().find(|(word, _)| *word == text.trim()) {
                    self.note(&format!("`{word}` is written '{command}' here"));
                }
                return Ok(After::Next);
            }
        };
        let Linked { program, analysis, replaced, next } = linked;
        front::print(&analysis);
        let image = self.image.extended(program);
        let image = image.map_err(|_| Stop::failure("the system has no memory left for the program"))?;
        self.image = Arc::new(image);
        let outcome = self.interrupts.run(&self.running, self.image.clone());
        self.output.flush();
        match outcome {
            Ok(Outcome::Finished) => {
                self.inputs.accept(next);
                for name in replaced {
                    self.note(&format!("`{name}` replaces the earlier declaration"));
                }
            }
            Ok(Outcome::Failed) => {
                self.has_failed = true;
                self.inputs.reject(next);
            }
            Ok(Outcome::Interrupted) => {
                self.report("interrupted\n");
                self.inputs.reject(next);
            }
            Err(Ended::Itself(code)) => return Ok(After::End(Some(code))),
            Err(Ended::Lost(stop)) => return Err(stop),
            Err(Ended::Failed) => {
                self.report("the process of the session has ended, and everything is forgotten\n");
                self.begin_again()?;
            }
        }
        self.shared.set(self.inputs.clone());
        Ok(After::Next)
    }

    /// Ends the process, and begins with another one.
    fn begin_again(&mut self) -> Result<(), Stop> {
        self.running.end();
        let (inputs, image) = fresh()?;
        self.shared.set(inputs.clone());
        (self.inputs, self.image) = (inputs, image);
        self.running = Running::start(self.options, self.image.clone(), self.output.clone())?;
        self.running.await_start()
    }

    /// Shows why an input cannot run.
    fn refuse(&mut self, error: &ToitError) {
        self.has_failed = true;
        match error {
            ToitError::Program(diagnosed) => front::print(&diagnosed.0),
            error => print_error(&format!("error: {error}\n")),
        }
    }

    fn report(&mut self, text: &str) {
        self.has_failed = true;
        print_error(text);
    }

    fn note(&self, text: &str) {
        if !self.options.quiet {
            print_error(&format!("note: {text}\n"));
        }
    }
}

/// Returns a session without inputs, and its program.
fn fresh() -> Result<(Inputs, Arc<LoadedProgram>), Stop> {
    let failure = |error: ToitError| Stop::failure(error.to_string());
    let (inputs, program) = Inputs::begin(&FileLoader).map_err(failure)?;
    Ok((inputs, lucarne_toit::load(program).map_err(failure)?))
}

/// Returns what an input has too much of.
fn excess_of(input: &UnfinishedInput) -> Option<String> {
    if input.text().len() > INPUT_MAX {
        return Some(format!("an input has more than {} KiB", INPUT_MAX >> 10));
    }
    input.is_costly().then(|| "too many lines could end the string or comment that is open".to_owned())
}

/// Returns whether the lines of an input are complete, since this line, at the left margin, does not continue them.
fn ends_before(input: &UnfinishedInput, line: &str) -> bool {
    let word = line.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').next();
    let is_continued = line.starts_with([' ', '\t', ')', ']', '}'])
        || matches!(word, Some("else" | "finally"))
        || line.trim().is_empty();
    !input.text().is_empty() && !is_continued && matches!(input.lack(), Lack::EndOfBody | Lack::Line)
}

fn help() -> String {
    let width = COMMANDS.iter().map(|(form, _)| form.len()).max().unwrap_or(0);
    let mut text = "Expressions show their values; variables, functions, classes and imports are kept.\n\
                    An empty line ends a body.\n\n"
        .to_owned();
    for (form, effect) in COMMANDS {
        text += &format!("{form:width$}  {effect}\n");
    }
    text
}
