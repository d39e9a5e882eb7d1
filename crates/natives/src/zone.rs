//! Time zones: POSIX rules like `CET-1CEST,M3.5.0,M10.5.0/3`, and zone files (RFC 9636).
//!
//! A zone is described by bytes: the rules as text, or the contents of a zone file.

use std::cell::RefCell;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lucarne_ports::Environment;

const UTC: &[u8] = b"UTC0";
/// The first bytes of a zone file. Then comes its version.
const MAGIC: &[u8] = b"TZif";
/// The first version of zone files with times of 64 bits.
const VERSION_MIN: u8 = b'2';
/// The rules of the United States, which apply to a zone with daylight saving but without rules.
const DEFAULT_RULES: &str = ",M3.2.0,M11.1.0";
/// The number of seconds in 400 years, after which the calendar repeats itself.
const CALENDAR_SECONDS: i64 = 146_097 * 24 * 60 * 60;

/// Returns the description of the zone that is given by rules or a name: UTC if there is no such zone.
pub(super) fn load(rules_or_name: &str, environment: &dyn Environment) -> Vec<u8> {
    if parse_rules(rules_or_name).is_some() {
        return rules_or_name.as_bytes().to_vec();
    }
    readable(environment.zone_file(rules_or_name.trim_start_matches(':')))
}

/// Returns the description of the machine's zone: the one in `TZ`, or that of its zone file.
pub(super) fn load_default(environment: &dyn Environment) -> Vec<u8> {
    match environment.time_zone() {
        Some(value) => load(&value, environment),
        None => readable(environment.local_zone_file()),
    }
}

/// Returns the contents of a zone file, or UTC if they cannot be read.
fn readable(file: Option<Vec<u8>>) -> Vec<u8> {
    file.filter(|contents| parse_file(contents).is_some()).unwrap_or_else(|| UTC.to_vec())
}

/// A parsed time zone.
enum Zone {
    Rules(TimeZone),
    File(TimeZone),
}

fn parse(description: &[u8]) -> Option<Zone> {
    if description.starts_with(MAGIC) {
        return parse_file(description).map(Zone::File);
    }
    std::str::from_utf8(description).ok().and_then(parse_rules).map(Zone::Rules)
}

fn parse_rules(rules: &str) -> Option<TimeZone> {
    if rules.starts_with(':') {
        return None;
    }
    let zone = TimeZone::posix(rules);
    zone.or_else(|_| TimeZone::posix(&format!("{rules}{DEFAULT_RULES}"))).ok()
}

fn parse_file(contents: &[u8]) -> Option<TimeZone> {
    let version = *contents.strip_prefix(MAGIC)?.first()?;
    if version < VERSION_MIN { None } else { TimeZone::tzif("", contents).ok() }
}

thread_local! {
    /// The zone of the latest query, with its description: programs query one zone again and again.
    static LATEST: RefCell<Option<(Vec<u8>, Zone)>> = const { RefCell::new(None) };
}

/// Returns the offset in a zone at a moment, in seconds east of Greenwich, and whether daylight saving is on. `utc` is in
/// seconds since 1970. A description that cannot be read counts as UTC.
pub(super) fn at(description: &[u8], utc: i64) -> (i64, bool) {
    LATEST.with_borrow_mut(|latest| {
        if latest.as_ref().is_none_or(|(known, _)| known != description) {
            *latest = parse(description).map(|zone| (description.to_vec(), zone));
        }
        latest.as_ref().map_or((0, false), |(_, zone)| zone.at(utc))
    })
}

impl Zone {
    fn at(&self, utc: i64) -> (i64, bool) {
        let (zone, moment) = match self {
            Zone::Rules(zone) => (zone, representable(utc)),
            // In a file, one offset applies to all times before the first change.
            Zone::File(zone) => (zone, representable(utc.max(Timestamp::MIN.as_second()))),
        };
        let Ok(moment) = Timestamp::from_second(moment) else { return (0, false) };
        let info = zone.to_offset_info(moment);
        (info.offset().seconds().into(), info.dst().is_dst())
    }
}

/// Returns a moment that `jiff` can represent (years -9999 to 9999) and that has the same offset by rules as `utc`.
fn representable(utc: i64) -> i64 {
    let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    if utc > last {
        last - CALENDAR_SECONDS + 1 + (utc - (last - CALENDAR_SECONDS + 1)).rem_euclid(CALENDAR_SECONDS)
    } else if utc < first {
        first + (utc.wrapping_sub(first)).rem_euclid(CALENDAR_SECONDS)
    } else {
        utc
    }
}

#[cfg(test)]
mod tests {
    use lucarne_ports::FixedEnvironment;

    use super::*;

    const HOUR: i64 = 60 * 60;

    #[test]
    fn changes_at_the_right_second() {
        let rules = b"CET-1CEST,M3.5.0,M10.5.0/3";
        // 2020-10-25 01:00:00 UTC, and 2020-03-29 01:00:00 UTC.
        assert_eq!(at(rules, 1_603_587_599), (2 * HOUR, true));
        assert_eq!(at(rules, 1_603_587_600), (HOUR, false));
        assert_eq!(at(rules, 1_585_443_599), (HOUR, false));
        assert_eq!(at(rules, 1_585_443_600), (2 * HOUR, true));
    }

    #[test]
    fn other_forms() {
        assert_eq!(at(b"UTC0", 0), (0, false));
        assert_eq!(at(b"<+0330>-3:30", 0), (3 * HOUR + HOUR / 2, false));
        assert_eq!(at(b"EST5EDT", 1_593_561_600), (-4 * HOUR, true));
        assert_eq!(at(b"AAA0BBB,J60,J300", 1_582_934_400 + 86_400 * 2), (HOUR, true));
        for rules in
            ["", "CET", "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST,M3.5.0", "Europe/Berlin", ":UTC0", "no rules"]
        {
            assert!(parse_rules(rules).is_none(), "{rules}");
            assert_eq!(load(rules, &FixedEnvironment::default()), UTC);
            assert_eq!(at(rules.as_bytes(), 0), (0, false));
        }
    }

    /// One period of the calendar, in seconds.
    const PERIOD: i64 = CALENDAR_SECONDS;
    /// July and January of 2024, the last second of year 9999 and the one after it, the same months in the years 12024,
    /// -11976 and about 2.8e11, a time a day before the first that `jiff` can represent, and two times in the years of
    /// about 7e10 and -7e10.
    const MOMENTS: [i64; 12] = [
        1_719_792_000,
        1_704_067_200,
        253_402_300_799,
        253_402_300_800,
        1_719_792_000 + 25 * PERIOD,
        1_704_067_200 + 25 * PERIOD,
        1_719_792_000 - 35 * PERIOD,
        1_704_067_200 - 35 * PERIOD,
        1_719_792_000 + 700_000_000 * PERIOD,
        -377_705_116_900,
        i64::MAX / 4,
        i64::MIN / 4,
    ];

    /// The expected results come from an earlier reader, which calculated with years of any size.
    #[test]
    fn rules_hold_in_all_years() {
        /// Whether a moment is in July, or has the same result as July.
        const SUMMER: [bool; 12] =
            [true, false, false, false, true, false, true, false, true, false, true, true];
        for (rules, summer, winter) in [
            ("UTC0", (0, false), (0, false)),
            ("<+0330>-3:30", (12600, false), (12600, false)),
            ("CET-1CEST,M3.5.0,M10.5.0/3", (7200, true), (3600, false)),
            ("NZST-12NZDT,M9.5.0,M4.1.0/3", (43200, false), (46800, true)),
            ("EST5EDT", (-14400, true), (-18000, false)),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", (3600, false), (0, true)),
            ("AAA0BBB,J60,J300", (3600, true), (0, false)),
            ("AAA3BBB,59/-1,300/25:30:15", (-7200, true), (-10800, false)),
        ] {
            for (moment, is_summer) in MOMENTS.into_iter().zip(SUMMER) {
                let expected = if is_summer { summer } else { winter };
                assert_eq!(at(rules.as_bytes(), moment), expected, "{rules} at {moment}");
            }
            for moment in [i64::MIN, i64::MAX] {
                let offset = at(rules.as_bytes(), moment);
                assert!(offset == summer || offset == winter);
            }
        }
    }

    /// Creates a file with changes at 0 and 100, and rules after that.
    fn file(version: u8) -> Vec<u8> {
        let head = |times: u32, kinds: u32, characters: u32| {
            let mut head = [MAGIC, &[version], &[0; 15]].concat();
            [0, 0, 0, times, kinds, characters].iter().for_each(|count| head.extend(count.to_be_bytes()));
            head
        };
        let mut file = head(0, 1, 4);
        file.extend([0, 0, 0, 0, 0, 0]);
        file.extend(b"LMT\0");
        file.extend(head(2, 3, 12));
        [0_i64, 100].iter().for_each(|time| file.extend(time.to_be_bytes()));
        file.extend([1, 2]);
        for (offset, saving, name) in [(60_i32, 0, 0), (-120, 1, 4), (3600, 0, 8)] {
            file.extend(offset.to_be_bytes());
            file.extend([saving, name]);
        }
        file.extend(b"LMT\0ABC\0CET\0\nCET-1\n");
        file
    }

    #[test]
    fn files_have_past_and_future() {
        let file = file(b'2');
        assert!(parse_file(&file).is_some());
        for (moment, expected) in [
            (i64::MIN, (60, false)),
            (-1, (60, false)),
            (0, (-120, true)),
            (99, (-120, true)),
            (100, (3600, false)),
            (253_402_300_800, (3600, false)),
            (i64::MAX, (3600, false)),
        ] {
            assert_eq!(at(&file, moment), expected, "at {moment}");
        }
    }

    #[test]
    fn damaged_and_old_files_do_no_harm() {
        let file = file(b'2');
        assert!(parse_file(&self::file(0)).is_none());
        for size in 0..file.len() {
            at(&file[..size], 50);
        }
        for position in 0..file.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = file.clone();
                damaged[position] = value;
                [-5, 50, 500].iter().for_each(|moment| _ = at(&damaged, *moment));
            }
        }
    }
}
