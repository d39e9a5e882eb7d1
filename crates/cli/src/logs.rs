//! `lucarne container logs`.

use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use lucarne_device::control::LogPart;
use lucarne_device::{Entry, Source};

use crate::Stop;
use crate::arguments::device::ContainerLogs;
use crate::output::{end_with_reader, json_line, print_error, print_error_to_reader, print_to_reader};
use crate::reach::{broken, reach, refused};

/// The names of the log levels, from level 0 on.
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

/// Prints lines, each to its own stream. Returns false if a reader has closed the pipe.
fn print(options: &ContainerLogs, part: &LogPart) -> Result<bool, Stop> {
    if part.missed > 0 {
        let missed = part.missed;
        print_error(&format!(
            "lucarne: {missed} lines came too fast to be printed here; they are in the log\n"
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
    if options.json { json_line(entry) } else { Ok(line(entry, options.timestamps)) }
}

/// Formats a log entry for people.
pub(crate) fn line(entry: &Entry, with_time: bool) -> String {
    let mut line = String::new();
    if with_time {
        let since = Duration::from_micros(u64::try_from(entry.time_us).unwrap_or(0));
        line = format!("{} ", humantime::format_rfc3339_millis(UNIX_EPOCH + since));
    }
    match entry.source {
        Source::Out | Source::Error => line.push_str(&entry.text),
        Source::System => line.push_str(&format!("[device] {}", entry.text)),
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
