//! Time zones: POSIX rules like `CET-1CEST,M3.5.0,M10.5.0/3`, and the zone files of the machine.
//!
//! What describes a zone is bytes: the rules as text, or the contents of a zone file.

use std::path::{Component, Path};

use file::ZoneFile;

mod file;

const ZONE_FILES: &str = "/usr/share/zoneinfo";
const UTC: &[u8] = b"UTC0";
/// No zone file is larger; the largest has a few kilobytes.
const FILE_SIZE_MAX: usize = 64 << 10;

/// What describes the zone that is given by rules or a name. UTC if there is no such zone.
pub(super) fn load(rules_or_name: &str) -> Vec<u8> {
    if Zone::parse(rules_or_name).is_some() {
        return rules_or_name.as_bytes().to_vec();
    }
    let name = Path::new(rules_or_name.trim_start_matches(':'));
    // Names lead to nowhere else.
    let is_inside = name.components().all(|part| matches!(part, Component::Normal(_)));
    let contents = is_inside.then(|| read_file(&Path::new(ZONE_FILES).join(name)));
    contents.flatten().unwrap_or_else(|| UTC.to_vec())
}

/// What describes the machine's zone: the one in `TZ`, or that of `/etc/localtime`.
pub(super) fn load_default() -> Vec<u8> {
    match std::env::var("TZ") {
        Ok(value) => load(&value),
        Err(_) => read_file(Path::new("/etc/localtime")).unwrap_or_else(|| UTC.to_vec()),
    }
}

fn read_file(path: &Path) -> Option<Vec<u8>> {
    let contents = std::fs::read(path).ok()?;
    (contents.len() <= FILE_SIZE_MAX && ZoneFile::read(&contents).is_some()).then_some(contents)
}

/// The offset in a zone at a moment, and whether daylight saving is on.
pub(super) fn at(zone: &[u8], utc: i64) -> (i64, bool) {
    if ZoneFile::is_one(zone) {
        return ZoneFile::read(zone).and_then(|file| file.at(utc)).unwrap_or_default();
    }
    let rules = std::str::from_utf8(zone).ok().and_then(Zone::parse);
    rules.unwrap_or_default().at(utc)
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A time zone. Offsets are seconds east of Greenwich (POSIX writes them the other way round).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Zone {
    standard: i64,
    saving: Option<Saving>,
}

/// Daylight saving: its offset, and when it starts and ends.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Saving {
    offset: i64,
    start: Change,
    end: Change,
}

/// When clocks change: a day of the year, and the seconds after its midnight.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Change {
    day: ChangeDay,
    seconds: i64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum ChangeDay {
    /// `Jn`: day n of a year without leap day, from 1.
    WithoutLeap(i64),
    /// `n`: day n of a year, from 0.
    WithLeap(i64),
    /// `Mm.w.d`: the w-th (5: the last) weekday d (0: Sunday) of month m.
    Weekday { month: i64, week: i64, weekday: i64 },
}

impl Zone {
    /// Reads the rules. None if they are not in POSIX form.
    fn parse(rules: &str) -> Option<Zone> {
        let mut reader = Reader(rules);
        reader.name()?;
        let standard = -reader.offset()?;
        if reader.0.is_empty() {
            return Some(Zone { standard, saving: None });
        }
        reader.name()?;
        let offset = match reader.0.chars().next() {
            None | Some(',') => standard + HOUR,
            Some(_) => -reader.offset()?,
        };
        // Without rules, those of the United States apply.
        if reader.0.is_empty() {
            reader = Reader(",M3.2.0,M11.1.0");
        }
        let (start, end) = (reader.change()?, reader.change()?);
        let saving = Saving { offset, start, end };
        reader.0.is_empty().then_some(Zone { standard, saving: Some(saving) })
    }

    /// The offset at a moment, and whether daylight saving is on.
    fn at(&self, utc: i64) -> (i64, bool) {
        let Some(saving) = &self.saving else { return (self.standard, false) };
        let year = year_of((utc + self.standard).div_euclid(DAY));
        let start = saving.start.at(year) - self.standard;
        let end = saving.end.at(year) - saving.offset;
        let is_on = if start < end { (start..end).contains(&utc) } else { !(end..start).contains(&utc) };
        if is_on { (saving.offset, true) } else { (self.standard, false) }
    }
}

impl Change {
    /// When the change comes in a year, in seconds as the clock before it shows them.
    fn at(&self, year: i64) -> i64 {
        let new_year = days_before_year(year);
        let day = match self.day {
            ChangeDay::WithoutLeap(day) => new_year + day - 1 + i64::from(is_leap(year) && day >= 60),
            ChangeDay::WithLeap(day) => new_year + day,
            ChangeDay::Weekday { month, week, weekday } => weekday_of_month(year, month, week, weekday),
        };
        day * DAY + self.seconds
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The days from 1970-01-01 to the first of January of a year.
fn days_before_year(year: i64) -> i64 {
    let before = year - 1;
    before * 365 + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 719_162
}

/// The year that a day, counted from 1970-01-01, lies in.
fn year_of(day: i64) -> i64 {
    // The mean length of a year gives the right one or a neighbour.
    let mut year = 1970 + (day * 400).div_euclid(146_097);
    while days_before_year(year) > day {
        year -= 1;
    }
    while days_before_year(year + 1) <= day {
        year += 1;
    }
    year
}

fn days_before_month(year: i64, month: i64) -> i64 {
    const BEFORE: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    let index = month.clamp(1, 13) as usize - 1;
    days_before_year(year) + BEFORE[index] + i64::from(is_leap(year) && month > 2)
}

fn weekday_of_month(year: i64, month: i64, week: i64, weekday: i64) -> i64 {
    let first = days_before_month(year, month);
    // 1970-01-01 was a Thursday, which is 4.
    let first_weekday = (first + 4).rem_euclid(7);
    let mut day = first + (weekday - first_weekday).rem_euclid(7) + (week - 1) * 7;
    if day >= days_before_month(year, month + 1) {
        day -= 7;
    }
    day
}

/// What is left of the rules.
struct Reader<'t>(&'t str);

impl<'t> Reader<'t> {
    fn take_while(&mut self, accepts: impl Fn(char) -> bool) -> &'t str {
        let end = self.0.find(|char| !accepts(char)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn skip(&mut self, char: char) -> bool {
        let rest = self.0.strip_prefix(char);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// `CET` or `<+03>`.
    fn name(&mut self) -> Option<()> {
        let name = if self.skip('<') {
            let name = self.take_while(|char| char != '>');
            if !self.skip('>') {
                return None;
            }
            name
        } else {
            self.take_while(|char| char.is_ascii_alphabetic())
        };
        (name.len() >= 3).then_some(())
    }

    fn number(&mut self) -> Option<i64> {
        self.take_while(|char| char.is_ascii_digit()).parse().ok()
    }

    /// `[+-]hours[:minutes[:seconds]]` in seconds.
    fn offset(&mut self) -> Option<i64> {
        let negative = self.skip('-');
        if !negative {
            self.skip('+');
        }
        let mut seconds = self.number()?.checked_mul(HOUR)?;
        for unit in [MINUTE, 1] {
            if self.skip(':') {
                seconds = seconds.checked_add(self.number()?.checked_mul(unit)?)?;
            }
        }
        // No clock is a week off; this keeps all sums in range.
        (seconds <= 7 * DAY).then_some(if negative { -seconds } else { seconds })
    }

    /// `,day[/time]`.
    fn change(&mut self) -> Option<Change> {
        if !self.skip(',') {
            return None;
        }
        let day = if self.skip('M') {
            self.weekday()?
        } else if self.skip('J') {
            ChangeDay::WithoutLeap(self.number().filter(|day| (1..=365).contains(day))?)
        } else {
            ChangeDay::WithLeap(self.number().filter(|day| (0..=365).contains(day))?)
        };
        let seconds = if self.skip('/') { self.offset()? } else { 2 * HOUR };
        Some(Change { day, seconds })
    }

    fn weekday(&mut self) -> Option<ChangeDay> {
        let month = self.number().filter(|month| (1..=12).contains(month))?;
        let week = self.skip('.').then(|| self.number())?.filter(|week| (1..=5).contains(week))?;
        let weekday = self.skip('.').then(|| self.number())?.filter(|day| (0..=6).contains(day))?;
        Some(ChangeDay::Weekday { month, week, weekday })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(rules: &str, utc: i64) -> (i64, bool) {
        Zone::parse(rules).unwrap_or_default().at(utc)
    }

    #[test]
    fn changes_at_the_right_second() {
        let rules = "CET-1CEST,M3.5.0,M10.5.0/3";
        // 2020-10-25 01:00:00 UTC, and 2020-03-29 01:00:00 UTC.
        assert_eq!(at(rules, 1_603_587_599), (2 * HOUR, true));
        assert_eq!(at(rules, 1_603_587_600), (HOUR, false));
        assert_eq!(at(rules, 1_585_443_599), (HOUR, false));
        assert_eq!(at(rules, 1_585_443_600), (2 * HOUR, true));
    }

    #[test]
    fn the_south_has_summer_in_january() {
        let rules = "NZST-12NZDT,M9.5.0,M4.1.0/3";
        assert_eq!(at(rules, 1_577_836_800), (13 * HOUR, true)); // 2020-01-01.
        assert_eq!(at(rules, 1_593_561_600), (12 * HOUR, false)); // 2020-07-01.
    }

    #[test]
    fn names_lead_to_zone_files_only() {
        for name in ["", "Atlantis/Poseidonis", "../../../etc/passwd", "/etc/localtime", "tzdata.zi", "."] {
            assert_eq!(load(name), UTC);
        }
    }

    #[test]
    fn other_forms() {
        assert_eq!(at("UTC0", 0), (0, false));
        assert_eq!(at("<+0330>-3:30", 0), (3 * HOUR + 30 * MINUTE, false));
        assert_eq!(at("EST5EDT", 1_593_561_600), (-4 * HOUR, true));
        assert_eq!(at("AAA0BBB,J60,J300", 1_582_934_400 + 86_400 * 2), (HOUR, true));
        for rules in ["", "CET", "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST,M3.5.0", "Europe/Berlin"] {
            assert_eq!(Zone::parse(rules), None);
        }
    }
}
