//! Properties that only these tests can check: readiness, cleanup, and arguments that no program
//! passes.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::children::Progress;
use crate::outside::Open;
use crate::watcher::Watcher;
use crate::{Answer, Argument, Error, Operation, Outside, Surroundings};

/// A time limit that no successful step reaches.
const LONG: Duration = Duration::from_secs(20);

fn outside() -> (Outside, Receiver<()>) {
    outside_in(&Arc::new(Surroundings::new(|| ())))
}

fn outside_in(surroundings: &Arc<Surroundings>) -> (Outside, Receiver<()>) {
    let (sender, receiver) = channel();
    // Sending fails if the test has ended and dropped the receiver.
    let wake = move || {
        let _ = sender.send(());
    };
    (Outside::new(surroundings.clone(), wake), receiver)
}

fn ints(answer: Result<Answer, Error>) -> Vec<i64> {
    match answer {
        Ok(Answer::Ints(ints)) => ints,
        Ok(Answer::Int(int)) => vec![int],
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("not numbers"),
    }
}

fn pipe(outside: &mut Outside, is_input: bool) -> (i64, i64) {
    let ends = ints(outside.perform(Operation::PipeCreate, &[Argument::Null, Argument::Bool(is_input)]));
    (ends[0], ends[1])
}

fn shell(outside: &mut Outside, script: &str, input: i64) -> i64 {
    let words = ["sh", "-c", script].map(Argument::Text).to_vec();
    let inherited = Argument::Int(-1);
    let arguments = [
        Argument::Null,
        Argument::Bool(true),
        Argument::Int(input),
        inherited.clone(),
        inherited.clone(),
        inherited.clone(),
        inherited,
        Argument::Text("sh"),
        Argument::List(words),
        Argument::Null,
    ];
    ints(outside.perform(Operation::ChildStart, &arguments))[0]
}

/// Performs an operation, and repeats it when it may succeed, until it is done.
fn perform(
    outside: &mut Outside,
    woken: &Receiver<()>,
    operation: Operation,
    arguments: &[Argument<'_>],
) -> Answer {
    loop {
        match outside.perform(operation, arguments) {
            Ok(Answer::Wait(wait)) => {
                let watch = outside.watch(wait).unwrap();
                while !outside.take_rung().contains(&watch) {
                    woken.recv_timeout(LONG).expect("the watch comes to an end");
                }
            }
            Ok(answer) => return answer,
            Err(error) => panic!("{error}"),
        }
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < LONG, "timed out while waiting until {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_watch_is_never_missed() {
    let watcher = Watcher::default();
    for round in 0..2_000 {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let (sender, receiver) = channel();
        let ring = Box::new(move |watch| {
            sender.send(watch).unwrap();
            true
        });
        // The data may become ready before the watch starts, while it starts, or later.
        let writing = std::thread::spawn(move || {
            for _ in 0..round % 50 {
                std::hint::spin_loop();
            }
            rustix::io::write(&writer, b"x").unwrap();
        });
        let watch = watcher.watch(Arc::new(reader), PollFlags::IN, ring).unwrap();
        assert_eq!(receiver.recv_timeout(LONG).expect("the watch is ready"), watch);
        writing.join().unwrap();
    }
}

#[test]
fn an_ended_watch_releases_its_descriptor() {
    let watcher = Watcher::default();
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).unwrap();
    let watch =
        watcher.watch(Arc::new(reader), PollFlags::IN, Box::new(|_| panic!("no data is written"))).unwrap();
    watcher.unwatch(watch);
    until("the other end is closed", || rustix::io::write(&writer, b"x") == Err(rustix::io::Errno::PIPE));
}

#[test]
fn a_spurious_action_is_called_again() {
    let watcher = Watcher::default();
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    rustix::io::write(&writer, b"x").unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let action = Box::new(move |_| counted.fetch_add(1, Ordering::Relaxed) == 2);
    watcher.watch(Arc::new(reader), PollFlags::IN, action).unwrap();
    until("it was called three times", || count.load(Ordering::Relaxed) == 3);
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(count.load(Ordering::Relaxed), 3);
}

#[test]
fn reading_waits_and_goes_on() {
    let (mut outside, woken) = outside();
    let (output, child_end) = pipe(&mut outside, true);
    let child = shell(&mut outside, "read line; test \"$line\" = hello", child_end);
    std::thread::sleep(Duration::from_millis(10));
    let data = [Argument::Int(output), Argument::Text("hello\n"), Argument::Int(0), Argument::Int(6)];
    assert_eq!(ints(outside.perform(Operation::PipeWrite, &data)), [6]);
    let end =
        perform(&mut outside, &woken, Operation::StateAwait, &[Argument::Int(child), Argument::Int(-1)]);
    assert!(matches!(end, Answer::Int(1)));
}

#[test]
fn closing_wakes_waiting_processes() {
    let (mut outside, woken) = outside();
    let (reader, _child_end) = pipe(&mut outside, false);
    let arguments = [Argument::Int(reader), Argument::Int(1)];
    let Ok(Answer::Wait(wait)) = outside.perform(Operation::StateAwait, &arguments) else {
        panic!("no data is available")
    };
    let watch = outside.watch(wait).unwrap();
    outside.close(reader).unwrap();
    woken.recv_timeout(LONG).unwrap();
    assert_eq!(outside.take_rung(), [watch]);
    let again = outside.perform(Operation::StateAwait, &arguments);
    assert_eq!(again.err(), Some(Error::ALREADY_CLOSED));
}

#[test]
fn children_are_reaped_without_a_wait() {
    let surroundings = Arc::new(Surroundings::new(|| ()));
    let (mut outside, _woken) = outside_in(&surroundings);
    let handle = shell(&mut outside, "exit 7", -1);
    let Some(Open::Child(child)) = outside.take(handle) else { panic!("a child") };
    drop(outside);
    let has_ended = || matches!(*child.progress.lock(), Progress::Ended(end) if end == 1 | 7 << 2);
    until("the watcher has taken notice", has_ended);
}

#[test]
fn dropping_the_outside_closes_everything() {
    let surroundings = Arc::new(Surroundings::new(|| ()));
    let (mut outside, _woken) = outside_in(&surroundings);
    let (reader, child_end) = pipe(&mut outside, false);
    let Some(Open::ChildEnd(writer)) = outside.take(child_end) else { panic!("an end") };
    let writer: OwnedFd = writer;
    for _ in 0..3 {
        let arguments = [Argument::Int(reader), Argument::Int(1)];
        let Ok(Answer::Wait(wait)) = outside.perform(Operation::StateAwait, &arguments) else {
            panic!("no data is available")
        };
        outside.watch(wait).unwrap();
    }
    drop(outside);
    until("its end of the pipe is closed", || {
        rustix::io::write(&writer, b"x") == Err(rustix::io::Errno::PIPE)
    });
}

#[test]
fn handles_are_invalid_in_other_processes() {
    let surroundings = Arc::new(Surroundings::new(|| ()));
    let (mut one, _woken) = outside_in(&surroundings);
    let (mut other, _woken) = outside_in(&surroundings);
    let (handle, _) = pipe(&mut one, false);
    let read = other.perform(Operation::PipeRead, &[Argument::Int(handle)]);
    assert_eq!(read.err(), Some(Error::ALREADY_CLOSED));
}

#[test]
fn open_things_are_limited() {
    let (mut outside, _woken) = outside();
    // Adds the standard error stream again and again, so that only this limit is reached.
    let error = loop {
        if let Err(error) = outside.perform(Operation::PipeFromNumber, &[Argument::Null, Argument::Int(2)]) {
            break error;
        }
    };
    assert_eq!(error.to_string(), "Too many open files");
}

/// Arguments of all kinds. No number is that of a standard stream, since these must stay open.
const GARBAGE: &[Argument<'_>] = &[
    Argument::Null,
    Argument::Bool(true),
    Argument::Int(-1),
    Argument::Int(i64::MIN),
    Argument::Int(i64::MAX),
    Argument::Int(4711),
    Argument::Text(""),
    Argument::Text("\0"),
    Argument::Text("/none/such"),
    Argument::Bytes(b"abc"),
    Argument::List(Vec::new()),
    Argument::Other,
];

#[test]
fn invalid_arguments_are_answered() {
    let (mut outside, _woken) = outside();
    for operation in Operation::ALL {
        let mut state = 1u32;
        for round in 0..500 {
            // Also tries fewer arguments than the operation has parameters.
            let count = operation.arity().saturating_sub(usize::from(round % 10 == 0));
            let arguments: Vec<Argument<'_>> = (0..count)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    GARBAGE[(state >> 16) as usize % GARBAGE.len()].clone()
                })
                .collect();
            // An empty prefix is valid, and would leave folders behind.
            if *operation != Operation::FolderMakeTemporary {
                let _ = outside.perform(*operation, &arguments);
            }
        }
    }
}
