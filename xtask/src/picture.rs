//! Draws the picture at the top of the README: a session with a device, from the real output of the commands.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use crate::Error;
use crate::build::{self, Built};

/// The commands of the session. The device has the room example and two visitors by then.
const SHOWN: &[&[&str]] =
    &[&["container", "list"], &["services", "--for", "2s"], &["container", "logs", "ada"]];

/// The commands before the session.
const BEFORE: &[&[&str]] = &[
    &["device", "start", "--name", "house"],
    &["container", "install", "hall", "examples/room/hall.toit"],
    &["container", "install", "ada", "examples/room/visitor.toit", "--", "Ada", "Is anyone here?"],
    &["container", "install", "bob", "examples/room/visitor.toit", "--", "Bob", "I am!"],
];

/// The size of a character, and the distance of lines, in pixels.
const CHARACTER: f64 = 7.8;
const LINE: usize = 18;
const MARGIN: usize = 16;

/// Runs the session on a device of its own, and writes the picture as an SVG file.
pub(crate) fn draw(output: &Path) -> Result<(), Error> {
    let built = build::build()?;
    let work = built.work()?;
    let run = |arguments: &[&str]| run(&built, &work, arguments);
    let session = BEFORE.iter().try_for_each(|arguments| run(arguments).map(drop)).and_then(|()| {
        let mut lines = Vec::new();
        for arguments in SHOWN {
            lines.push(format!("$ lucarne {}", arguments.join(" ")));
            lines.extend(run(arguments)?.lines().map(str::to_owned));
            lines.push(String::new());
        }
        Ok(lines)
    });
    let stopped = run(&["device", "stop"]);
    let text = svg(&session?);
    stopped?;
    std::fs::write(output, text).map_err(|reason| Error::File { path: output.to_owned(), reason })
}

fn run(built: &Built, state: &Path, arguments: &[&str]) -> Result<String, Error> {
    let failed =
        |reason: String| Error::Command { command: format!("lucarne {}", arguments.join(" ")), reason };
    let mut command = Command::new(&built.binary);
    command.args(arguments).current_dir(build::sources()).env("LUCARNE_STATE", state.join("state"));
    let output = command.output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Draws lines as on a terminal. The colors follow those of the page.
fn svg(lines: &[String]) -> String {
    let lines = lines.strip_suffix(&[String::new()]).unwrap_or(lines);
    let columns = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let width = (columns as f64 * CHARACTER).ceil() as usize + 2 * MARGIN;
    let height = lines.len() * LINE + 2 * MARGIN;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\">\n\
         <style>\n\
         rect {{ fill: #f6f8fa }} text {{ font: 13px ui-monospace, monospace; fill: #24292f; white-space: pre }}\n\
         .command {{ font-weight: bold }}\n\
         @media (prefers-color-scheme: dark) {{ rect {{ fill: #161b22 }} text {{ fill: #e6edf3 }} }}\n\
         </style>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n"
    );
    for (index, line) in lines.iter().enumerate() {
        let y = MARGIN + (index + 1) * LINE - 5;
        let class = if line.starts_with("$ ") { " class=\"command\"" } else { "" };
        let line = line.replace('&', "&amp;").replace('<', "&lt;");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "<text x=\"{MARGIN}\" y=\"{y}\" xml:space=\"preserve\"{class}>{line}</text>");
    }
    text + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_text_without_markup() {
        let text = svg(&["$ lucarne <x>".to_owned(), "a & b".to_owned(), String::new()]);
        assert!(text.contains("class=\"command\">$ lucarne &lt;x></text>"), "{text}");
        assert!(text.contains(">a &amp; b</text>"), "{text}");
        assert_eq!(text.matches("<text ").count(), 2, "the empty line at the end is left out");
    }
}
