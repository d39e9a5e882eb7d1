//! Checks the rings and their sleep words with loom, in all interleavings of small cases with at most three
//! preemptions.
//!
//! ```sh
//! RUSTFLAGS="--cfg loom" cargo test -p lucarne-link --lib --release --target-dir target/loom models
//! ```
//!
//! A side that sleeps waits for a `Notify` of loom as its bell. If no thread rings it, loom reports a deadlock.

use std::sync::Arc;

use loom::sync::Notify;
use loom::thread;

use super::ring::{RingReader, RingWriter, Side, words};
use super::shared::{SharedMemory, WORD};

const CAPACITY: usize = 4 * WORD;

fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

/// Returns the two sides of the same memory.
fn sides() -> (Arc<Side>, Arc<Side>) {
    let memory = SharedMemory::in_this_process(words(CAPACITY));
    (Side::new(memory.clone(), CAPACITY, 0), Side::new(memory, CAPACITY, 1))
}

fn write(writer: &mut RingWriter, word: u64) -> bool {
    let has_room = writer.room(WORD).expect("an honest reader") >= WORD;
    if has_room {
        writer.put(&word.to_le_bytes());
        writer.publish();
    }
    has_room
}

fn read(reader: &mut RingReader) -> Option<u64> {
    let is_there = reader.available(WORD).expect("an honest writer") >= WORD;
    let word = is_there.then(|| reader.word());
    reader.publish();
    word
}

fn flush(side: &Side, bell_of_other: &Notify) {
    if side.bell_to_ring().is_some() {
        bell_of_other.notify();
    }
}

fn sleep(side: &Side, bell: &Notify) {
    if !side.announce_sleep(0) {
        bell.wait();
    }
    side.announce_awake();
}

#[test]
fn words_are_read_as_they_were_written() {
    model(|| {
        let (a, b) = sides();
        let mut writer = a.writer();
        let writing = thread::spawn(move || (1..=6).take_while(|word| write(&mut writer, *word)).count());
        let mut reader = b.reader();
        let mut words: Vec<_> = std::iter::from_fn(|| read(&mut reader)).collect();
        let written = writing.join().unwrap();
        words.extend(std::iter::from_fn(|| read(&mut reader)));
        assert!(written >= CAPACITY / WORD);
        assert_eq!(words, (1..=written as u64).collect::<Vec<_>>());
    });
}

#[test]
fn a_reader_does_not_sleep_through_a_word() {
    model(|| {
        let (a, b) = sides();
        let bell = Arc::new(Notify::new());
        let rung = bell.clone();
        let writing = thread::spawn(move || {
            let mut writer = a.writer();
            for word in 1..=2 {
                assert!(write(&mut writer, word));
                flush(&a, &rung);
            }
        });
        let mut reader = b.reader();
        let mut words = Vec::new();
        while words.len() < 2 {
            match read(&mut reader) {
                Some(word) => words.push(word),
                None => sleep(&b, &bell),
            }
        }
        writing.join().unwrap();
        assert_eq!(words, [1, 2]);
    });
}

#[test]
fn a_writer_does_not_sleep_through_room() {
    model(|| {
        let (a, b) = sides();
        let mut writer = a.writer();
        assert!((1..=4).all(|word| write(&mut writer, word)));
        let bell = Arc::new(Notify::new());
        let rung = bell.clone();
        let reading = thread::spawn(move || {
            let mut reader = b.reader();
            for word in 1..=4 {
                assert_eq!(read(&mut reader), Some(word));
                flush(&b, &rung);
            }
        });
        while !write(&mut writer, 5) {
            sleep(&a, &bell);
        }
        reading.join().unwrap();
    });
}

#[test]
fn a_side_that_sleeps_already_is_woken_for_the_room_that_another_thread_of_it_wants() {
    model(|| {
        let (a, b) = sides();
        let mut writer = a.writer();
        assert!((1..=4).all(|word| write(&mut writer, word)));
        let bell = Arc::new(Notify::new());
        let (sleeper, slept, rung) = (a.clone(), bell.clone(), bell.clone());
        let sleeping = thread::spawn(move || sleep(&sleeper, &slept));
        let reading = thread::spawn(move || {
            let mut reader = b.reader();
            for word in 1..=4 {
                assert_eq!(read(&mut reader), Some(word));
            }
            flush(&b, &rung);
        });
        let is_written = write(&mut writer, 5) || (a.want_room() && write(&mut writer, 5));
        if is_written {
            // There was room at once, so the reader need not wake the writer.
            bell.notify();
        }
        sleeping.join().unwrap();
        reading.join().unwrap();
    });
}
