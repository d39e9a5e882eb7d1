//! Improves the messages of the command-line parser about mistakes.
//!
//! Hidden commands are never suggested. For a command of the existing tools, the message has a tip: the command of
//! lucarne that does the same, or why there is none. If the error about a value quotes the value, the message does not
//! quote it a second time.

use std::error::Error;
use std::num::{IntErrorKind, ParseIntError};

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use lucarne_compiler::names::Suggestions;

use crate::arguments::CommandLine;

/// The last lines of a message about a mistake.
const MORE: &str = "\nFor more information, try '--help'.\n";

/// Tips for several commands.
const NO_PROJECT: &str = "a program is one file and needs no project: 'lucarne run FILE' runs it; 'lucarne pkg init' prepares a folder for packages";
const UNINSTALL: &str = "'lucarne pkg uninstall PREFIX' removes a package from a program, 'lucarne container uninstall NAME' a program from the device";

/// The tip for what connects machines, in a binary that cannot do it.
const NO_FABRIC: &str = "this lucarne was built without the feature 'fabric', which connects machines: \
                         'cargo install --locked --path crates/cli --features fabric' installs one that has it";

/// Commands of the existing tools and of others that lucarne does not have, each with the tip that is printed for it.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "add",
        "'lucarne pkg install NAME' adds a package to a program, 'lucarne container install NAME FILE' a program to the device",
    ),
    ("analyze", "'lucarne check PATH...' reports the errors of programs and runs nothing"),
    (
        "build",
        "'lucarne compile FILE' makes an executable of a program; 'lucarne run FILE' compiles and runs it at once",
    ),
    (
        "clean",
        "nothing has to be removed before a program is compiled; 'lucarne pkg clean' removes packages that the lock file does not list",
    ),
    (
        "config",
        "there are no settings to keep; the variable LUCARNE_STATE names the state folder of the device",
    ),
    ("create", NO_PROJECT),
    (
        "debug",
        "'print' and the stack traces of exceptions show what a program does; 'lucarne repl' tries parts of it",
    ),
    ("deploy", "'lucarne container install NAME FILE' installs a program on the device"),
    ("docs", "'lucarne doc' makes documentation from comments; 'lucarne doc --help' lists its commands"),
    ("eval", "'lucarne run -e CODE' runs code of the command line, 'lucarne repl' lines that are typed"),
    ("exec", "'lucarne run FILE' compiles and runs a program"),
    (
        "firmware",
        "a host has no firmware: 'lucarne device start' makes this machine a device, and a newer version of lucarne is \
         installed like any program",
    ),
    (
        "flash",
        "a host has no firmware to flash: 'lucarne device start' makes this machine a device, and 'lucarne container \
         install NAME FILE' puts a program on it",
    ),
    ("fabric", NO_FABRIC),
    ("fmt", "'lucarne format PATH...' formats source files"),
    ("info", "'lucarne device status' describes the device, 'lucarne pkg list' the packages of a program"),
    ("init", NO_PROJECT),
    ("inspect", "'lucarne container inspect NAME' describes a container"),
    (
        "install",
        "'lucarne pkg install NAME' installs a package for a program, 'lucarne container install NAME FILE' a program on the device",
    ),
    ("kill", "'lucarne container stop NAME' stops a container"),
    ("lint", "'lucarne check PATH...' reports the errors and warnings of programs"),
    ("list", "'lucarne container list' lists the containers of the device"),
    ("logs", "'lucarne container logs NAME' prints the log of a container"),
    (
        "monitor",
        "the output of containers is in their logs: 'lucarne container logs -f NAME' follows one, 'lucarne top' shows \
         what runs",
    ),
    ("new", NO_PROJECT),
    ("package", "'lucarne pkg --help' lists the commands for packages"),
    ("packages", "'lucarne pkg --help' lists the commands for packages"),
    ("ping", "'lucarne device status' says whether the device of this machine runs"),
    ("port", "a host needs no port: the device is on this machine ('lucarne device status')"),
    ("profile", "'lucarne run --profile FILE.svg PROGRAM' shows where the time of a program goes"),
    ("ps", "'lucarne container list' lists the containers of the device, 'lucarne top' shows their load"),
    ("publish", "'lucarne pkg describe' shows what a registry would hold about a package"),
    ("remove", UNINSTALL),
    ("restart", "'lucarne container restart NAME' restarts a container"),
    (
        "scan",
        "searching the network for devices does not exist yet; 'lucarne device status' describes the device of this \
         machine",
    ),
    ("search", "'lucarne pkg search TEXT' searches for packages"),
    ("serve", "'lucarne device start' starts the device, which runs the providers of services"),
    ("setup", "there is nothing to set up: 'lucarne run FILE' works at once"),
    ("shell", "'lucarne repl' runs code line by line"),
    ("simulate", "'lucarne run --simulate SEED FILE' runs a program in virtual time"),
    ("snapshot", "'lucarne compile --snapshot FILE' makes a snapshot"),
    ("start", "'lucarne device start' starts the device, 'lucarne container start NAME' a container"),
    ("status", "'lucarne device status' describes the device of this machine"),
    ("stop", "'lucarne device stop' stops the device, 'lucarne container stop NAME' a container"),
    ("tool", "the tools are commands of their own here: 'lucarne --help' lists them"),
    ("uninstall", UNINSTALL),
    ("update", "'lucarne pkg update' updates the packages of a program"),
    ("upgrade", "'lucarne pkg update' updates the packages of a program"),
    ("version", "'lucarne --version' prints the version"),
    ("container ls", "'lucarne container list' lists the containers"),
    ("container rm", "'lucarne container uninstall NAME' uninstalls a container"),
    (
        "device logs",
        "'lucarne container logs NAME' prints the log of a container, with the reports of the device about it",
    ),
];

/// Improves an error of the parser as the top of this file says. `line` holds the arguments of the command line.
pub(crate) fn improved(error: clap::Error, line: &[String]) -> clap::Error {
    match error.kind() {
        ErrorKind::InvalidSubcommand => of_command(error, line),
        ErrorKind::ValueValidation => of_value(error),
        ErrorKind::UnknownArgument => of_option(error),
        _ => error,
    }
}

fn of_option(error: clap::Error) -> clap::Error {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(name)) if name.starts_with("--fabric") && !cfg!(feature = "fabric") => {
            clap::Error::raw(error.kind(), format!("unexpected argument '{name}'\n\n  tip: {NO_FABRIC}\n"))
        }
        _ => error,
    }
}

fn of_command(mut error: clap::Error, line: &[String]) -> clap::Error {
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidSubcommand).cloned() else {
        return error;
    };
    let (path, command) = command_before(line, &given);
    let full = format!("{path}{given}");
    if let Some((_, answer)) = ELSEWHERE.iter().find(|(name, _)| *name == full) {
        let message = format!("unknown command '{full}'\n\n  tip: {answer}\n");
        return clap::Error::raw(ErrorKind::InvalidSubcommand, message);
    }
    if path.is_empty() && std::path::Path::new(&given).is_file() {
        let message = format!("unknown command '{given}'\n\n  tip: 'lucarne run {given}' runs a program\n");
        return clap::Error::raw(ErrorKind::InvalidSubcommand, message);
    }
    let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
    let nearest =
        Suggestions::default().nearest(&given, visible.map(clap::Command::get_name)).map(str::to_owned);
    error.remove(ContextKind::SuggestedSubcommand);
    error.remove(ContextKind::Suggested);
    if let Some(nearest) = nearest {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![nearest]));
    }
    error
}

/// Returns the commands before the wrong word, each followed by a blank, and the parser of the last of them.
fn command_before(line: &[String], wrong: &str) -> (String, clap::Command) {
    let (mut path, mut command) = (String::new(), CommandLine::command());
    for word in line.iter().skip(1).take_while(|word| *word != wrong) {
        let Some(next) = command.find_subcommand(word).cloned() else { continue };
        path = format!("{path}{word} ");
        command = next;
    }
    (path, command)
}

fn of_value(error: clap::Error) -> clap::Error {
    let (Some(ContextValue::String(value)), Some(ContextValue::String(argument)), Some(source)) =
        (error.get(ContextKind::InvalidValue), error.get(ContextKind::InvalidArg), error.source())
    else {
        return error;
    };
    let reason = match source.downcast_ref::<ParseIntError>() {
        Some(number) => of_number(value, number),
        None => source.to_string(),
    };
    if value.is_empty() || !reason.contains(&format!("'{value}'")) {
        return error;
    }
    clap::Error::raw(ErrorKind::ValueValidation, format!("{argument}: {reason}\n{MORE}"))
}

/// Describes a text that is not a number, in the words of a user.
fn of_number(text: &str, error: &ParseIntError) -> String {
    match error.kind() {
        IntErrorKind::PosOverflow => format!("'{text}' is too large"),
        IntErrorKind::NegOverflow => format!("'{text}' is too small"),
        _ if text.starts_with('-') => format!("'{text}' is less than 0: the value is a whole number"),
        _ => format!("'{text}' is not a whole number, such as 42"),
    }
}
