//! `cargo xtask`: tasks besides building and testing.
//!
//! `layout` is the list of the installed files. `build` builds the binary and the libraries with
//! Cargo, `generated` runs the binary to write its manual and completions, and `licenses` collects
//! the licenses of third parties. `install` puts everything into a folder, `dist` into packages: `deb`
//! makes the one for Debian, and `vsix` the extension for VS Code. `picture` draws the picture of the README. `doc_site`
//! makes the documentation of the libraries. `font` makes the data of a built-in font.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

mod archive;
mod build;
mod deb;
mod dist;
mod doc_site;
mod font;
mod generated;
mod header;
mod install;
mod layout;
mod licenses;
mod picture;
mod vsix;

use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;
use thiserror::Error;

const HELP: &str = "\
Usage: cargo xtask install --prefix DIR [--destdir DIR] [--with-toit]
       cargo xtask dist [--output DIR]
       cargo xtask picture [--output FILE]
       cargo xtask doc-site [--output DIR]
       cargo xtask font --bdf FILE --output FILE

Commands:
  install  Build the release, and install it
  dist     Build the release, and pack it: a .tar.gz for any folder, and a .deb; and the extension for VS Code, if
           node and npm are there
  picture  Build the release, and draw the picture of the README from the output of its commands
  doc-site Build the binary, and make the documentation of the libraries
  font     Make the data of a built-in font from a font in BDF

Options:
  --prefix DIR   Where Lucarne will be used, such as /usr/local
  --destdir DIR  A folder that stands for the root of the machine on which Lucarne will be used
  --with-toit    Also install a command `toit`, for scripts that call the existing tool
  --output DIR   Where packages are written [default: target/dist], or the site [default: target/doc-site]
  --output FILE  Where the picture is written [default: docs/session.svg], or the data of the font
  --bdf FILE     The font in BDF";

/// Why a task failed.
#[derive(Debug, Error)]
enum Error {
    #[error("{0}")]
    Usage(#[from] lexopt::Error),
    #[error("{0}; see cargo xtask --help")]
    Incomplete(&'static str),
    #[error("{0}")]
    Unsuitable(&'static str),
    #[error("{command}: {reason}")]
    Command { command: String, reason: String },
    #[error("{}: {reason}", path.display())]
    File { path: PathBuf, reason: std::io::Error },
}

enum Command {
    Help,
    Install { prefix: PathBuf, destdir: Option<PathBuf>, with_toit: bool },
    Dist { output: PathBuf },
    Picture { output: PathBuf },
    DocSite { output: PathBuf },
    Font { bdf: PathBuf, output: PathBuf },
}

fn main() -> ExitCode {
    match read_arguments().and_then(|command| perform(&command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn perform(command: &Command) -> Result<(), Error> {
    match command {
        Command::Help => println!("{HELP}"),
        Command::Install { prefix, destdir, with_toit } => {
            let built = build::build()?;
            let binary = std::path::absolute(prefix).unwrap_or_else(|_| prefix.clone()).join("bin/lucarne");
            let work = built.work()?;
            let mut items = layout::items(&built, &binary, &work)?;
            if *with_toit {
                items.extend(layout::toit());
            }
            install::install(prefix, destdir.as_deref(), &items)?;
        }
        Command::Picture { output } => picture::draw(output)?,
        Command::DocSite { output } => doc_site::make(output)?,
        Command::Font { bdf, output } => font::convert(bdf, output)?,
        Command::Dist { output } => {
            let built = build::build()?;
            let work = built.work()?;
            for package in dist::dist(
                &built,
                &layout::items(&built, generated::ANYWHERE.as_ref(), &work)?,
                output,
                &work,
            )? {
                println!("{}", package.display());
            }
            match vsix::missing_tool() {
                // The packages above need no Node.
                Some(tool) => {
                    eprintln!("xtask: the extension for VS Code is not packed: {tool} is not installed");
                }
                None => println!("{}", vsix::pack(output)?),
            }
        }
    }
    Ok(())
}

fn read_arguments() -> Result<Command, Error> {
    let mut arguments = lexopt::Parser::from_env();
    let (mut command, mut prefix, mut destdir, mut output, mut bdf) = (None, None, None, None, None);
    let mut with_toit = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("prefix") => prefix = Some(PathBuf::from(arguments.value()?)),
            Long("destdir") => destdir = Some(PathBuf::from(arguments.value()?)),
            Long("with-toit") => with_toit = true,
            Long("bdf") => bdf = Some(PathBuf::from(arguments.value()?)),
            Long("output") => output = Some(PathBuf::from(arguments.value()?)),
            Value(name) if command.is_none() => command = Some(name.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    match command.as_deref() {
        Some("install") => {
            let prefix = prefix.ok_or(Error::Incomplete("--prefix is missing"))?;
            Ok(Command::Install { prefix, destdir, with_toit })
        }
        Some("dist") => {
            Ok(Command::Dist { output: output.unwrap_or_else(|| build::sources().join("target/dist")) })
        }
        Some("picture") => Ok(Command::Picture {
            output: output.unwrap_or_else(|| build::sources().join("docs/session.svg")),
        }),
        Some("doc-site") => Ok(Command::DocSite {
            output: output.unwrap_or_else(|| build::sources().join("target/doc-site")),
        }),
        Some("font") => Ok(Command::Font {
            bdf: bdf.ok_or(Error::Incomplete("--bdf is missing"))?,
            output: output.ok_or(Error::Incomplete("--output is missing"))?,
        }),
        Some(_) => Err(Error::Incomplete("unknown command")),
        None => Ok(Command::Help),
    }
}
