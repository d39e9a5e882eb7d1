//! The binary `lucarne`: parses the command line, runs the command, and turns its result into an exit status.

mod arguments;
mod bundle;
mod c;
mod cache;
mod call;
mod check;
mod compile;
mod complete;
mod container;
mod device;
mod doc;
mod emit;
#[cfg(feature = "fabric")]
mod fabric;
mod files;
mod format;
mod front;
mod input;
mod interface;
mod logs;
mod lsp;
mod manual;
mod metrics;
mod mistakes;
mod output;
mod pkg;
mod profile;
mod progress;
mod reach;
mod repl;
mod run;
mod services;
mod signals;
mod table;
mod test;
mod top;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use arguments::{Command, CommandLine, Emit};
use output::print_error;

/// The exit status for a wrong command line or a file that cannot be read.
const USAGE: u8 = 2;
/// The exit status for all other failures, such as a program with errors or a device that refuses a command.
const FAILURE: u8 = 1;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|fault| {
        print_error(&format!(
            "lucarne: internal fault: {fault}\nThis is a mistake in lucarne, not in your program. Please \
             report it, with the program that caused it.\n"
        ));
    }));
    if let Some(program) = bundle::own_program() {
        return status(program.and_then(run::run_own));
    }
    complete::complete(CommandLine::command);
    let first = std::env::args_os().nth(1);
    let result = if Emit::is_meant(first.as_deref()) {
        parsed(Emit::try_parse(), |Emit { stage, file }| emit::emit(stage, &file))
    } else {
        let arguments = arguments::with_run(std::env::args_os());
        parsed(CommandLine::try_parse_from(arguments), |line| perform(line.command))
    };
    status(result)
}

/// Returns the exit status of a command, after printing the message if it has failed.
fn status(result: Result<ExitCode, Stop>) -> ExitCode {
    result.unwrap_or_else(|error| {
        print_error(&format!("lucarne: {}\n", error.message));
        ExitCode::from(error.status)
    })
}

/// Performs a command line. If there is nothing to perform, prints the output of the parser: help, version or error.
fn parsed<T>(
    line: Result<T, clap::Error>,
    perform: impl FnOnce(T) -> Result<ExitCode, Stop>,
) -> Result<ExitCode, Stop> {
    match line {
        Ok(line) => perform(line),
        Err(error) => {
            let line: Vec<String> =
                std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
            output::print_of_parser(&mistakes::improved(error, &line))
        }
    }
}

fn perform(command: Command) -> Result<ExitCode, Stop> {
    match command {
        Command::Run(options) => run::run(&options),
        Command::Repl(options) => repl::repl(&options),
        Command::Watch(options) => watch::watch(&options),
        Command::Check(options) => check::check(&options),
        Command::Format(options) => format::format(&options),
        Command::Lsp { .. } => lsp::lsp(),
        Command::Doc(command) => doc::doc(&command),
        Command::Test(options) => test::test(&options),
        Command::Compile(options) => compile::compile(&options),
        Command::Decode(options) => compile::decode(&options),
        Command::Pkg(command) => pkg::pkg(&command),
        Command::Interface(command) => interface::interface(&command),
        Command::C(command) => c::c(&command),
        Command::Device(command) => device::device(&command),
        #[cfg(feature = "fabric")]
        Command::Fabric(command) => fabric::fabric(&command),
        Command::Services(options) => services::services(&options),
        Command::Call(options) => call::call(&options),
        Command::Top(options) => top::top(&options),
        Command::Container(command) => container::container(&command),
        Command::Confine { name, bounds, program, arguments } => {
            let error = bounds.0.execute(&name, &program, &arguments);
            Err(Stop::failure(error.to_string()))
        }
        Command::ComponentHost { library, socket, trace_requests } => {
            run::serve_component(&library, &socket, trace_requests)
        }
        Command::Completions { shell } => complete::print_script(shell),
        Command::Manual { folder } => manual::write(&folder),
    }
}

/// The message and the exit status of a command that failed.
#[derive(Debug)]
struct Stop {
    message: String,
    status: u8,
    /// The name of the error for programs, where the command has such names.
    name: Option<&'static str>,
}

impl Stop {
    fn usage(message: impl Into<String>) -> Stop {
        Stop::with(message.into(), USAGE)
    }

    fn failure(message: impl Into<String>) -> Stop {
        Stop::with(message.into(), FAILURE)
    }

    fn with(message: String, status: u8) -> Stop {
        Stop { message: output::without_numbers(&message), status, name: None }
    }

    fn named(self, name: &'static str) -> Stop {
        Stop { name: Some(name), ..self }
    }
}
