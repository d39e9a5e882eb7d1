//! The arguments of `:wait`, the command of a session that waits for a time or for a resource.
//!
//! ```text
//! :wait 2s            for a time
//! :wait $1            until the resource has ended
//! :wait $1 3          until 3 of its notifications have arrived
//! :wait $1 10s        for its end, but at most 10 seconds; so with `:wait $1 3 10s`
//! ```

use std::time::Duration;

use super::json::shortened;
use crate::arguments::device::parse_duration;

/// The forms, for help and mistakes.
pub(crate) const FORMS: &str = "`:wait 2s` waits for a time, `:wait $1` for the end of a resource, `:wait $1 3` for 3 \
                                notifications; a time at the end limits a wait: `:wait $1 3 10s`";

/// Examples of time limits, for completion.
pub(crate) const LIMITS: &[&str] = &["10s", "1m", "10m"];

/// The longest wait.
const DAYS_MAX: u64 = 7;
const TIME_MAX: Duration = Duration::from_secs(DAYS_MAX * 24 * 3_600);

/// The largest number of notifications to wait for.
const COUNT_MAX: usize = 1_000_000_000;

/// A wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wait<'w> {
    /// For a time.
    Time(Duration),
    /// For a resource.
    Resource {
        /// Its variable.
        variable: &'w str,
        /// The number of notifications, or none if the wait is for the end.
        count: Option<usize>,
        /// The time limit.
        limit: Option<Duration>,
    },
}

impl Wait<'_> {
    /// Reads the arguments.
    ///
    /// # Errors
    /// A message that says which argument is wrong.
    pub(crate) fn read(arguments: &[String]) -> Result<Wait<'_>, String> {
        let forms = || format!("`:wait` has another form: {FORMS}");
        let Some((first, rest)) = arguments.split_first() else { return Err(forms()) };
        if !first.starts_with('$') {
            return if rest.is_empty() { time_of(first).map(Wait::Time) } else { Err(forms()) };
        }
        let variable = first.as_str();
        let (count, limit) = match rest {
            [] => (None, None),
            [only] if is_number(only) => (Some(count_of(only)?), None),
            [only] => (None, Some(limit_of(only)?)),
            [count, limit] => (Some(count_of(count)?), Some(time_of(limit)?)),
            _ => return Err(forms()),
        };
        Ok(Wait::Resource { variable, count, limit })
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|letter| letter.is_ascii_digit())
}

fn count_of(text: &str) -> Result<usize, String> {
    if !is_number(text) {
        return Err(format!("`{}` is not a number of notifications", shortened(text)));
    }
    let count = text.parse().ok().filter(|count| *count <= COUNT_MAX);
    count.ok_or_else(|| format!("a wait takes at most {COUNT_MAX} notifications, not {}", shortened(text)))
}

/// Reads a time. A number alone is one of seconds.
fn time_of(text: &str) -> Result<Duration, String> {
    let time = match text.parse() {
        Ok(seconds) => Ok(Duration::from_secs(seconds)),
        Err(_) => parse_duration(text).map_err(|reason| format!("`{}` is {reason}", shortened(text))),
    };
    time.and_then(bounded)
}

fn limit_of(text: &str) -> Result<Duration, String> {
    let time = parse_duration(text).map_err(|_| {
        let text = shortened(text);
        format!("`{text}` is neither a number of notifications nor a time limit, such as 10s")
    });
    time.and_then(bounded)
}

fn bounded(time: Duration) -> Result<Duration, String> {
    if time > TIME_MAX { Err(format!("a wait takes at most {DAYS_MAX} days")) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<String, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Wait::read(&words).map(|wait| match wait {
            Wait::Time(time) => format!("{time:?}"),
            Wait::Resource { variable, count, limit } => format!("{variable} {count:?} {limit:?}"),
        })
    }

    #[test]
    fn forms_are_told_apart() {
        for (line, expected) in [
            ("2s", "2s"),
            ("2", "2s"),
            ("0", "0ns"),
            ("1m 5s", ""),
            ("$1", "$1 None None"),
            ("$1 3", "$1 Some(3) None"),
            ("$1 0", "$1 Some(0) None"),
            ("$1 3s", "$1 None Some(3s)"),
            ("$1 3 4s", "$1 Some(3) Some(4s)"),
            ("$1 3 4", "$1 Some(3) Some(4s)"),
            ("$1 3 4s 5", ""),
            ("", ""),
        ] {
            match read(line) {
                Ok(read) => assert_eq!(read, expected, "{line}"),
                Err(text) => assert!(expected.is_empty() && text.ends_with(FORMS), "{line}: {text}"),
            }
        }
    }

    #[test]
    fn numbers_are_bounded() {
        assert_eq!(read("7days"), Ok("604800s".to_owned()));
        assert_eq!(read("1.5s"), Ok("1.5s".to_owned()));
        assert_eq!(read("$1 1000000000"), Ok("$1 Some(1000000000) None".to_owned()));
        for (line, expected) in [
            ("8days", "a wait takes at most 7 days"),
            ("604801", "a wait takes at most 7 days"),
            ("99999999999999999999", "`99999999999999999999` is not a duration"),
            ("99999999999999999999s", "`99999999999999999999s` is not a duration"),
            ("$1 10years", "a wait takes at most 7 days"),
            ("$1 1 604801", "a wait takes at most 7 days"),
            ("$1 1000000001", "a wait takes at most 1000000000 notifications, not 1000000001"),
            ("$1 18446744073709551615", "a wait takes at most 1000000000 notifications, not"),
            ("$1 99999999999999999999", "a wait takes at most 1000000000 notifications, not"),
            ("$1 -3", "`-3` is neither a number of notifications nor a time limit"),
            ("$1 -3 1s", "`-3` is not a number of notifications"),
            ("$1 3 -1s", "`-1s` is not a duration"),
            ("-1", "`-1` is not a duration"),
        ] {
            let error = read(line).expect_err(line);
            assert!(error.starts_with(expected), "{line}: {error}");
        }
    }
}
