//! `lucarne container logs`.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use lucarne_device::control::LogPart;
use lucarne_device::{Entry, Source};

use crate::Stop;
use crate::arguments::device::ContainerLogs;
use crate::reach::{broken, reach, refused};

/// The names of the log levels, from level 0 on.
const LEVELS: &[&str] = &["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

pub(crate) fn logs(options: &ContainerLogs) -> Result<ExitCode, Stop> {
    let (reached, _) = reach(&options.at)?;
    let name = options.name.clone();
    if !options.follow {
        let entries = reached.device.logs(name, options.lines).wait().map_err(refused)?;
        // The reader has closed the pipe and does not need the rest.
        let _ = print(options, &LogPart { entries, missed: 0 });
        return Ok(ExitCode::SUCCESS);
    }
    let follower = reached.device.follow(name, options.lines).wait().map_err(refused)?;
    let mut parts = follower.notifications();
    while let Some(part) = parts.next().wait() {
        if print(options, &part.map_err(broken)?).is_err() {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(options: &ContainerLogs, part: &LogPart) -> io::Result<()> {
    let (mut out, mut error) = (io::stdout().lock(), io::stderr().lock());
    if part.missed > 0 {
        writeln!(
            error,
            "lucarne: {} lines came too fast to be printed here; they are in the log",
            part.missed
        )?;
    }
    for entry in &part.entries {
        if options.json {
            writeln!(out, "{}", serde_json::to_string(entry)?)?;
        } else if entry.source == Source::Error {
            writeln!(error, "{}", line(entry, options.timestamps))?;
        } else {
            writeln!(out, "{}", line(entry, options.timestamps))?;
        }
    }
    out.flush()
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
