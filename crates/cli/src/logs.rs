//! Implements `lucarne container logs`: prints a container's log, and follows it.

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use lucarne_device::control::LogPart;
use lucarne_device::{Entry, Source};

use crate::Stop;
use crate::arguments::device::ContainerLogs;
use crate::output::{
    end_with_reader, json_line, print_error, print_error_to_reader, print_to_reader, visible,
};
use crate::reach::{broken, reach, refused};

/// The beginning of a line that the device has written.
const DEVICE_MARK: &str = "[device]";

/// The names of the log levels; the index is the level.
const LEVELS: &[&str] = &["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

pub(crate) fn logs(options: &ContainerLogs) -> Result<ExitCode, Stop> {
    let (reached, _) = reach(&options.at)?;
    let name = options.name.clone();
    if !options.follow {
        let entries = reached.device.logs(name, options.lines).wait().map_err(refused)?;
        print(options, &LogPart { entries, missed: 0 })?;
        return Ok(ExitCode::SUCCESS);
    }
    end_with_reader();
    let follower = reached.device.follow(name, options.lines).wait().map_err(refused)?;
    let mut parts = follower.notifications();
    while let Some(part) = parts.next().wait() {
        if !print(options, &part.map_err(broken)?)? {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints lines, each to its own stream; JSON goes to standard output only. Returns false if a reader has closed
/// the pipe.
fn print(options: &ContainerLogs, part: &LogPart) -> Result<bool, Stop> {
    if part.missed > 0 {
        let missed = part.missed;
        print_error(&format!(
            "lucarne: {missed} lines arrived faster than they could be printed, and are no longer in the log\n"
        ));
    }
    // Lines of one stream that follow each other are written at once.
    let is_error = |entry: &Entry| entry.source == Source::Error && !options.json;
    for run in part.entries.chunk_by(|one, other| is_error(one) == is_error(other)) {
        let lines = run.iter().map(|entry| text(options, entry)).collect::<Result<Vec<_>, _>>()?;
        let text = lines.join("\n") + "\n";
        let is_read = match run.first().is_some_and(is_error) {
            true => print_error_to_reader(text.as_bytes())?,
            false => print_to_reader(text.as_bytes())?,
        };
        if !is_read {
            return Ok(false);
        }
    }
    Ok(true)
}

fn text(options: &ContainerLogs, entry: &Entry) -> Result<String, Stop> {
    if options.json {
        return json_line(entry);
    }
    let line = line(entry, options.timestamps);
    let is_on_terminal =
        if entry.source == Source::Error { io::stderr().is_terminal() } else { io::stdout().is_terminal() };
    Ok(if is_on_terminal { for_terminal(entry, &line) } else { line })
}

/// Makes a line harmless: a container must not move the cursor, or pass a line off as one of the device.
fn for_terminal(entry: &Entry, line: &str) -> String {
    let line = visible(line);
    let is_forged = entry.source != Source::System && line.contains(DEVICE_MARK);
    if is_forged { line.replace(DEVICE_MARK, "\\[device]") } else { line.into_owned() }
}

/// Formats a log entry for display.
pub(crate) fn line(entry: &Entry, with_time: bool) -> String {
    let mut line = String::new();
    if with_time {
        let since = Duration::from_micros(u64::try_from(entry.time_us).unwrap_or(0));
        line = format!("{} ", humantime::format_rfc3339_millis(UNIX_EPOCH + since));
    }
    match entry.source {
        Source::Out | Source::Error => line.push_str(&entry.text),
        Source::System => line.push_str(&format!("{DEVICE_MARK} {}", entry.text)),
        Source::Log => {
            let names: String = entry.names.iter().map(|name| format!("[{name}] ")).collect();
            let level = entry.level.and_then(|level| LEVELS.get(usize::from(level))).unwrap_or(&"LOG");
            line.push_str(&format!("{names}{level}: {}", entry.text));
            if !entry.tags.is_empty() {
                let tags: Vec<_> = entry.tags.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                line.push_str(&format!(" {{{}}}", tags.join(", ")));
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(source: Source, text: &str) -> Entry {
        let (names, tags) = (Vec::new(), Vec::new());
        Entry { number: 0, time_us: 0, source, level: None, names, tags, text: text.to_owned() }
    }

    #[test]
    fn a_container_cannot_write_lines_of_the_device() {
        let shown = |source, text: &str| {
            let entry = entry(source, text);
            for_terminal(&entry, &line(&entry, false))
        };
        assert_eq!(shown(Source::System, "ended with code 1"), "[device] ended with code 1");
        assert_eq!(shown(Source::Out, "[device] ended"), "\\[device] ended");
        assert_eq!(shown(Source::Error, "x\r\u{1b}[K[device] ended"), "x\\r\\u{1b}[K\\[device] ended");
        let logged = Entry { names: vec!["device".to_owned()], ..entry(Source::Log, "ended") };
        assert_eq!(for_terminal(&logged, &line(&logged, false)), "\\[device] LOG: ended");
        assert_eq!(shown(Source::Out, "plain"), "plain");
    }
}
