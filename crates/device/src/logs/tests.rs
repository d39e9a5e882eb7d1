//! Tests of logs: lines, limits, restarts and followers.

use std::fs;
use std::time::Duration;

use lucarne_kernel::sync::mpsc::RecvTimeoutError;
use lucarne_ports::{Output, Stream};

use super::entry::LINE_BYTES_MAX;
use super::*;

fn name(text: &str) -> ContainerName {
    text.parse().expect("the name is valid")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("temporary files can be made")
}

fn open(folder: &Path, limits: LogLimits) -> Logs {
    Logs::open(folder, limits).expect("a folder of our own")
}

fn log(logs: &Logs, text: &str) -> Arc<Log> {
    logs.container(&name(text)).expect("a folder of our own")
}

fn all(log: &Log) -> Vec<Entry> {
    log.since(0, usize::MAX).expect("a folder of our own")
}

fn print(log: &Log, line: impl std::fmt::Display) {
    log.write(Stream::Out, format!("{line}\n").as_bytes());
}

fn texts(log: &Log) -> Vec<String> {
    all(log).into_iter().map(|entry| entry.text).collect()
}

#[test]
fn lines_of_all_sources() {
    let folder = folder();
    let logs = open(folder.path(), LogLimits::default());
    let log = log(&logs, "a");
    log.write(Stream::Out, b"one\ntw");
    log.write(Stream::Error, b"odd\r\n");
    log.write(Stream::Out, b"o\n\xff\npart");
    log.system("it was stopped");
    log.message(3, "lost", &["net".to_owned()], &[("peer".to_owned(), "x".to_owned())]);
    assert_eq!(texts(&log), ["one", "odd", "two", "\u{fffd}", "it was stopped", "lost"]);
    log.end_lines();
    log.end_lines();
    let entries = all(&log);
    let sources: Vec<Source> = entries.iter().map(|entry| entry.source).collect();
    use Source::{Error, Out, System};
    assert_eq!(sources, [Out, Error, Out, Out, System, Source::Log, Out]);
    assert_eq!((entries[5].level, entries[5].names[0].as_str()), (Some(3), "net"));
    assert_eq!(entries[5].tags, [("peer".to_owned(), "x".to_owned())]);
    assert!(entries.is_sorted_by_key(|entry| entry.time_us) && entries[0].time_us > 1_600_000_000_000_000);
    assert!(entries.iter().enumerate().all(|(number, entry)| entry.number == number as u64));
    assert_eq!(log.last(2).expect("a folder of our own"), entries[5..]);
    assert_eq!(log.since(1, 2).expect("a folder of our own"), entries[1..3]);
    assert_eq!(log.since(99, 2).expect("a folder of our own"), []);
    assert_eq!(log.last(0).expect("a folder of our own"), []);
}

#[test]
fn long_lines_are_cut() {
    let folder = folder();
    let logs = open(folder.path(), LogLimits::default());
    let log = log(&logs, "a");
    for _ in 0..3 {
        log.write(Stream::Out, &[b'x'; LINE_BYTES_MAX / 2]);
    }
    log.write(Stream::Out, b"\nshort\n");
    let euros = "€".repeat(LINE_BYTES_MAX);
    log.system(&euros);
    log.write(Stream::Out, format!("{euros}\n").as_bytes());
    let texts = texts(&log);
    assert_eq!(texts[0], format!("{} [{} bytes cut]", "x".repeat(LINE_BYTES_MAX), LINE_BYTES_MAX / 2));
    assert_eq!(texts[1], "short");
    let kept = LINE_BYTES_MAX / 3;
    let cut = format!("{} [{} bytes cut]", "€".repeat(kept), 3 * (LINE_BYTES_MAX - kept));
    assert_eq!(texts[2..], [cut.as_str(), cut.as_str()]);
}

#[test]
fn the_oldest_lines_go() {
    let folder = folder();
    let limits = LogLimits { container_bytes: 8_000, ..LogLimits::default() };
    let logs = open(folder.path(), limits);
    let log = log(&logs, "a");
    for number in 0..1_000 {
        print(&log, format_args!("line {number}"));
        assert!(number % 50 != 0 || texts(&log).len() <= number + 1);
    }
    let entries = all(&log);
    assert_eq!(entries.last().map(|entry| entry.text.as_str()), Some("line 999"));
    assert!(entries.windows(2).all(|pair| pair[0].number + 1 == pair[1].number));
    assert!((50..200).contains(&entries.len()), "{}", entries.len());
    assert!(logs.bytes() <= 8_000);
    assert_eq!(log.since(0, 1).expect("a folder of our own"), entries[..1]);
}

#[test]
fn all_logs_together_are_bounded() {
    let folder = folder();
    let limits = LogLimits { container_bytes: 8_000, device_bytes: 40_000, ..LogLimits::default() };
    let logs = open(folder.path(), limits);
    let write = |text: &str| {
        let log = log(&logs, text);
        (0..200).for_each(|number| print(&log, format_args!("line {number}")));
        logs.flush();
        // Files of the same age are removed in any order.
        std::thread::sleep(Duration::from_millis(2));
        log
    };
    let first = write("first");
    let others: Vec<_> = (0..9).map(|number| write(&format!("c{number}"))).collect();
    assert!(logs.bytes() <= 40_000);
    assert!(all(&first).is_empty() && all(&others[0]).is_empty());
    assert!(all(&others[8]).len() > 50);
    first.system("again");
    assert_eq!(texts(&first), ["again"]);
}

#[test]
fn a_flood_is_dropped_and_counted() {
    let folder = folder();
    let limits = LogLimits { waiting_bytes: 10_000, ..LogLimits::default() };
    let logs = open(folder.path(), limits);
    let log = log(&logs, "a");
    let count = 200_000;
    let lines = (0..count).fold(String::new(), |text, number| text + &format!("{number}\n"));
    log.write(Stream::Out, lines.as_bytes());
    log.system("after");
    let entries = all(&log);
    let dropped: usize = entries
        .iter()
        .filter_map(|entry| entry.text.strip_suffix(" lines dropped"))
        .map(|count| count.parse::<usize>().expect("a number"))
        .sum();
    let kept = entries.iter().filter(|entry| entry.source == Source::Out).count();
    assert_eq!(kept + dropped, count);
    assert!(kept < 1_000, "{kept}");
    let texts = texts(&log);
    assert_eq!((texts[0].as_str(), texts[texts.len() - 2].as_str()), ("0", "199999"));
    assert_eq!(texts.last().map(String::as_str), Some("after"));
}

/// The end of a container stays in its log, however much the container prints before and after it.
#[test]
fn a_flood_does_not_hide_an_end() {
    let folder = folder();
    let limits = LogLimits { container_bytes: 20_000, waiting_bytes: 10_000, ..LogLimits::default() };
    let logs = open(folder.path(), limits);
    let log = log(&logs, "a");
    let flood = (0..20_000).fold(String::new(), |text, number| text + &format!("{number}\n"));
    for run in 0..5 {
        log.write(Stream::Out, flood.as_bytes());
        log.write(Stream::Error, b"EXCEPTION error.\nwhy it died\n");
        log.system(&format!("ended with code {run}"));
        let texts = texts(&log);
        assert_eq!(
            texts[texts.len() - 3..],
            ["EXCEPTION error.", "why it died", &format!("ended with code {run}")]
        );
        let ends = texts.iter().filter(|text| text.starts_with("ended")).count();
        assert_eq!(ends, run + 1);
        assert!(logs.bytes() < 20_000);
    }
    drop((log, logs));
    let logs = open(folder.path(), limits);
    let log = super::tests::log(&logs, "a");
    print(&log, "the next run");
    let entries = all(&log);
    assert!(entries.is_sorted_by_key(|entry| entry.number));
    assert_eq!(entries.iter().filter(|entry| entry.text.starts_with("ended")).count(), 5);
    assert_eq!(entries.last().map(|entry| entry.text.as_str()), Some("the next run"));
}

#[test]
fn a_flood_of_one_container_does_not_hide_the_end_of_another() {
    let folder = folder();
    let limits = LogLimits { container_bytes: 8_000, device_bytes: 16_000, ..LogLimits::default() };
    let logs = open(folder.path(), limits);
    let dead = log(&logs, "dead");
    dead.system("ended with code 1");
    logs.flush();
    for name in ["b", "c", "d", "e"] {
        (0..500).for_each(|number| print(&log(&logs, name), number));
        logs.flush();
    }
    assert!(logs.bytes() <= 16_000);
    assert_eq!(texts(&dead), ["ended with code 1"]);
}

/// Reports have room of their own, which is limited as well.
#[test]
fn reports_are_bounded_too() {
    let folder = folder();
    let logs = open(folder.path(), LogLimits { waiting_bytes: 10_000, ..LogLimits::default() });
    let log = log(&logs, "a");
    (0..10_000).for_each(|number| log.system(&format!("report {number}")));
    let entries = all(&log);
    assert!(entries.len() < 5_000, "{}", entries.len());
    assert_eq!(entries.last().map(|entry| entry.text.as_str()), Some("report 9999"));
}

#[test]
fn logs_survive_a_restart_and_a_torn_line() {
    let folder = folder();
    let logs = open(folder.path(), LogLimits::default());
    (0..3).for_each(|number| print(&log(&logs, "a"), format_args!("line {number}")));
    drop(logs);
    let file = folder.path().join("a/00000000000000000000.log");
    let whole = fs::read(&file).expect("the file was written");
    for torn in [&b"{\"n\":3,\"time_us\":17"[..], b"\0\0\0\0\n", b"\xff"] {
        fs::write(&file, [&whole, torn].concat()).expect("the file can be written");
        let logs = open(folder.path(), LogLimits::default());
        assert_eq!(logs.names(), [name("a")]);
        print(&log(&logs, "a"), "line 3");
        assert_eq!(texts(&log(&logs, "a")), ["line 0", "line 1", "line 2", "line 3"]);
        assert_eq!(log(&logs, "a").last(1).expect("a folder of our own")[0].number, 3);
        drop(logs);
        assert!(fs::read(&file).expect("the file was written").ends_with(b"\"line 3\"}\n"));
    }
}

#[test]
fn logs_of_uninstalled_containers_go() {
    let folder = folder();
    let logs = open(folder.path(), LogLimits::default());
    let log = log(&logs, "a");
    log.system("one");
    logs.flush();
    let (_, mut follower) = log.follow(0).expect("a folder of our own");
    logs.remove(&name("a")).expect("a folder of our own");
    log.system("two");
    logs.flush();
    assert_eq!((follower.next(), logs.bytes(), all(&log).len()), (None, 0, 0));
    assert!(!folder.path().join("a").exists());
    let again = super::tests::log(&logs, "a");
    again.system("three");
    assert_eq!(texts(&again), ["three"]);
    logs.remove(&name("never")).expect("there is nothing to do");
}

#[test]
fn followers_get_everything_once() {
    let folder = folder();
    let logs = open(folder.path(), LogLimits::default());
    let log = log(&logs, "a");
    (0..10).for_each(|number| log.system(&number.to_string()));
    let writer = log.clone();
    let thread = std::thread::spawn(move || {
        (10..500).for_each(|number| writer.system(&number.to_string()));
    });
    let (before, mut follower) = log.follow(usize::MAX).expect("a folder of our own");
    thread.join().expect("no panic");
    let mut texts: Vec<String> = before.into_iter().map(|entry| entry.text).collect();
    while let Ok(followed) = follower.next_within(Duration::ZERO) {
        match followed {
            Followed::Entry(entry) => texts.push(entry.text.clone()),
            Followed::Missed(count) => panic!("{count} missed"),
        }
    }
    let expected: Vec<String> = (0..500).map(|number| number.to_string()).collect();
    assert_eq!(texts, expected);
}

#[test]
fn slow_followers_read_the_files() {
    let folder = folder();
    let logs = open(folder.path(), LogLimits { waiting_bytes: usize::MAX, ..LogLimits::default() });
    let log = log(&logs, "a");
    let (_, mut follower) = log.follow(0).expect("a folder of our own");
    (0..5_000).for_each(|number| print(&log, number));
    for number in 0..5_000 {
        let followed = follower.next_within(Duration::ZERO);
        assert!(matches!(&followed, Ok(Followed::Entry(entry)) if entry.number == number), "{followed:?}");
    }
    assert_eq!(follower.next_within(Duration::ZERO), Err(RecvTimeoutError::Timeout));
    print(&log, "after");
    let after = follower.next();
    assert!(matches!(&after, Some(Followed::Entry(entry)) if entry.text == "after"), "{after:?}");
}

#[test]
fn slow_followers_are_told_what_they_missed() {
    let folder = folder();
    let limits = LogLimits { container_bytes: 20_000, waiting_bytes: usize::MAX, ..LogLimits::default() };
    let logs = open(folder.path(), limits);
    let log = log(&logs, "a");
    let (_, mut follower) = log.follow(0).expect("a folder of our own");
    (0..5_000).for_each(|number| print(&log, number));
    log.system("ended");
    let (mut seen, mut missed) = (0, 0);
    let mut last = None;
    while let Ok(followed) = follower.next_within(Duration::ZERO) {
        match followed {
            Followed::Entry(entry) => (seen, last) = (seen + 1, Some(entry.text.clone())),
            Followed::Missed(count) => missed += count,
        }
    }
    assert_eq!((seen + missed, last.as_deref()), (5_001, Some("ended")));
    assert!(missed > 3_000, "{missed}");
}

/// Reading a log writes waiting lines to the disk. The writer thread does so, too, without a reader.
#[test]
fn lines_reach_the_disk_by_themselves() {
    let folder = folder();
    let logs = open(folder.path(), LogLimits::default());
    print(&log(&logs, "a"), "one");
    let file = folder.path().join("a/00000000000000000000.log");
    while !fs::read(&file).is_ok_and(|text| text.ends_with(b"\n")) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Logs in memory, without a thread.
fn in_memory(limits: LogLimits) -> (Logs, MemoryFiles) {
    let files = MemoryFiles::new(Clock::real());
    (Logs::on(Arc::new(files.clone()), limits, Clock::real()).expect("no log is damaged"), files)
}

#[test]
fn lines_that_a_full_disk_does_not_take_can_be_read_and_are_written_later() {
    let (logs, files) = in_memory(LogLimits::default());
    let log = log(&logs, "a");
    let mut expected = Vec::new();
    let mut say = |number: u32| {
        print(&log, number);
        log.system(&format!("report {number}"));
        expected.extend([number.to_string(), format!("report {number}")]);
        expected.clone()
    };
    // Room for no file, for half a line in a file, and for a part of some lines.
    for (number, room) in [Some(0), Some(20), None, Some(30), Some(0), Some(150)].into_iter().enumerate() {
        files.limit_room(room);
        let expected = say(number as u32);
        logs.write_waiting();
        assert_eq!(texts(&log), expected, "with room for {room:?}");
        let last: Vec<_> =
            log.last(3).expect("no log is damaged").into_iter().map(|entry| entry.text).collect();
        assert_eq!(last, expected[expected.len().saturating_sub(3)..]);
    }
    let (begin, mut follower) = log.follow(usize::MAX).expect("no log is damaged");
    assert_eq!(begin.len(), 12);
    let expected = say(6);
    let Some(Followed::Entry(next)) = follower.next() else { panic!("a line was printed") };
    assert_eq!((next.number, next.text.as_str()), (12, "6"));
    files.limit_room(None);
    logs.flush();
    let again = Logs::on(Arc::new(files), LogLimits::default(), Clock::real()).expect("no log is damaged");
    assert_eq!(texts(&self::log(&again, "a")), expected);
}

#[test]
fn a_flood_on_a_full_disk_is_bounded() {
    let limits = LogLimits { waiting_bytes: 4_096, ..LogLimits::default() };
    let (logs, files) = in_memory(limits);
    let log = log(&logs, "a");
    files.limit_room(Some(0));
    log.system("a report");
    for number in 0..2_000 {
        print(&log, number);
        if number % 7 == 0 {
            logs.write_waiting();
        }
    }
    logs.write_waiting();
    let texts = texts(&log);
    assert!(texts.len() < 200, "{} lines in 4 KiB", texts.len());
    let printed: Vec<_> = texts.iter().filter(|text| !text.contains(' ')).collect();
    assert_eq!((texts[0].as_str(), printed.last().map(|text| text.as_str())), ("a report", Some("1999")));
    assert!(log.counts().dropped >= 2_000 - printed.len() as u64, "{} dropped", log.counts().dropped);
    assert!(texts.iter().any(|text| text.ends_with("dropped")), "{texts:?}");
}
