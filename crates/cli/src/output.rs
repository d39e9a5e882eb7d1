//! Prints the output of commands: all of them print through this module.
//!
//! A command whose output cannot be written ends with a message. A closed pipe is not a failure: commands that print
//! for as long as they run end at once, and the others drop the text and do their work. `lucarne test` stops its tests, and fails.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::tcgetwinsize;

use crate::{FAILURE, Stop};

/// Writes to standard output. If the reader has closed the pipe, drops the text.
///
/// # Errors
/// If the text cannot be written for another reason.
pub(crate) fn print_out(bytes: &[u8]) -> Result<(), Stop> {
    print_to_reader(bytes).map(drop)
}

/// Writes to standard output. Returns false if the reader has closed the pipe.
///
/// # Errors
/// As [`print_out`].
pub(crate) fn print_to_reader(bytes: &[u8]) -> Result<bool, Stop> {
    written(io::stdout().lock(), bytes, "standard output")
}

/// Writes the output of a container to standard error. Returns false if the reader has closed the pipe.
///
/// # Errors
/// As [`print_out`].
pub(crate) fn print_error_to_reader(bytes: &[u8]) -> Result<bool, Stop> {
    written(io::stderr().lock(), bytes, "standard error")
}

/// Formats a value as one line of JSON. The fields keep their order.
pub(crate) fn json_line(value: &impl serde::Serialize) -> Result<String, Stop> {
    serde_json::to_string(value).map_err(|error| Stop::failure(format!("cannot write JSON: {error}")))
}

/// Escapes the characters by which a text from a container could move the cursor, or hide or reorder other text.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter == '\t' || !(letter.is_control() || is_invisible(letter));
    if text.chars().all(is_plain) {
        return text.into();
    }
    let escaped = |letter: char| match is_plain(letter) {
        true => letter.to_string(),
        false => letter.escape_default().to_string(),
    };
    text.chars().map(escaped).collect::<String>().into()
}

/// As [`visible`], for a text of several lines.
pub(crate) fn visible_lines(text: &str) -> String {
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(visible).collect();
    lines.join("\n")
}

/// Returns whether a character ends a line or changes the direction of others.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Writes a message to standard error. If that fails, nothing can show the failure.
pub(crate) fn print_error(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Ends this OS process because the output of its programs cannot be written: quietly if the reader has closed the
/// pipe.
pub(crate) fn end_after(error: &io::Error) {
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    print_error(&format!("lucarne: {}\n", cannot_write("standard output", error)));
    std::process::exit(FAILURE.into());
}

/// Ends this OS process when the reader of standard output closes the pipe, even if nothing is written.
pub(crate) fn end_with_reader() {
    on_end_of_reader(|| std::process::exit(0));
}

/// Calls `handle` on a thread of its own when the reader of standard output closes the pipe, even if nothing is written.
pub(crate) fn on_end_of_reader(handle: impl FnOnce() + Send + 'static) {
    thread::spawn(|| {
        if !is_read(None) {
            handle();
        }
    });
}

/// Waits until the reader of standard output closes the pipe, or for this time. Returns whether there is still a reader.
pub(crate) fn is_read(timeout: Option<&Timespec>) -> bool {
    // With no events asked for, only errors and a hang-up are reported. Files and terminals have neither.
    let mut out = [PollFd::from_borrowed_fd(rustix::stdio::stdout(), PollFlags::empty())];
    while poll(&mut out, timeout) == Err(Errno::INTR) {}
    !out[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Prints the output of the parser of the command line: help, the version, or an error.
pub(crate) fn print_of_parser(parsed: &clap::Error) -> Result<ExitCode, Stop> {
    if parsed.use_stderr() {
        let _ = parsed.print();
    } else {
        written_result(parsed.print(), "standard output")?;
    }
    Ok(ExitCode::from(u8::try_from(parsed.exit_code()).unwrap_or(FAILURE)))
}

/// Returns the lines and columns of the terminal of standard output: 24 and 80 if it does not report them.
pub(crate) fn terminal_size() -> (usize, usize) {
    match tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_row > 0 && size.ws_col > 0 => (size.ws_row.into(), size.ws_col.into()),
        _ => (24, 80),
    }
}

fn written(mut out: impl Write, bytes: &[u8], name: &str) -> Result<bool, Stop> {
    written_result(out.write_all(bytes).and_then(|()| out.flush()), name)
}

fn written_result(result: io::Result<()>, name: &str) -> Result<bool, Stop> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Stop::failure(cannot_write(name, &error))),
    }
}

fn cannot_write(name: &str, error: &io::Error) -> String {
    format!("cannot write to {name}: {}", reason(error))
}

/// Returns the reason of an error without the number that the standard library adds.
pub(crate) fn reason(error: &io::Error) -> String {
    match (error.kind(), error.get_ref(), error.raw_os_error()) {
        // The operating system's words are clearer than "entity not found".
        (ErrorKind::NotFound, None, None) => "no such file or directory".to_owned(),
        (ErrorKind::AlreadyExists, None, None) => "file exists".to_owned(),
        _ => without_numbers(&error.to_string()),
    }
}

/// Removes the numbers that the standard library adds to errors of the operating system, such as "(os error 2)", and
/// begins the reasons before them with a small letter.
pub(crate) fn without_numbers(text: &str) -> String {
    let mut parts = text.split(" (os error ");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let start = shown.rfind(": ").map_or(0, |colon| colon + 2);
        if let Some(letter) = shown.get_mut(start..start + 1) {
            letter.make_ascii_lowercase();
        }
        shown.push_str(part.split_once(')').map_or("", |(_number, rest)| rest));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_the_operating_system_are_shown_without_numbers() {
        let missing = io::Error::from_raw_os_error(2).to_string();
        assert_eq!(without_numbers(&missing), "no such file or directory");
        assert_eq!(
            without_numbers(&format!("cannot read /Tmp/X: {missing}: make it\n{missing}")),
            "cannot read /Tmp/X: no such file or directory: make it\nNo such file or directory"
        );
        assert_eq!(without_numbers("Plain: Text"), "Plain: Text");
        assert_eq!(reason(&io::Error::from(ErrorKind::NotFound)), "no such file or directory");
        assert_eq!(reason(&io::Error::from_raw_os_error(17)), "file exists");
    }

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(visible("a\tb é → 😀"), "a\tb é → 😀");
        assert_eq!(visible("x\r\u{1b}[2J\u{9b}1A\u{202e}y"), "x\\r\\u{1b}[2J\\u{9b}1A\\u{202e}y");
    }
}
