//! Pipes, the standard streams, and waiting for them.

use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::event::PollFlags;
use rustix::fs::OFlags;
use rustix::pipe::PipeFlags;

use crate::Error;
use crate::children::Progress;
use crate::outside::{Answer, Arguments, Open, Outside, Wait};
use crate::source::Source;

// The bits of a pipe's state, as programs encode them.
const READABLE: i64 = 1;
const WRITABLE: i64 = 2;
const CLOSED: i64 = 4;
const BROKEN: i64 = 8;

/// The result of `read` if no data is available now.
const NOTHING_NOW: i64 = -1;

/// `group is-input` -> the handles of both ends, the child's end second.
/// `is-input`: whether the child reads from the pipe.
pub(crate) fn create(outside: &mut Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let is_input = arguments.bool(1)?;
    let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    let (own, childs) = if is_input { (writer, reader) } else { (reader, writer) };
    // Children expect blocking pipes, so only the end of this process is non-blocking.
    rustix::fs::fcntl_setfl(&own, rustix::fs::fcntl_getfl(&own)? | OFlags::NONBLOCK)?;
    let own = outside.add(Open::Source(Arc::new(Source::new(own))))?;
    match outside.add(Open::ChildEnd(childs)) {
        Ok(childs) => Ok(Answer::Ints(vec![own, childs])),
        Err(error) => {
            outside.close(own)?;
            Err(error)
        }
    }
}

/// `group number` -> a handle.
pub(crate) fn from_number(outside: &mut Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let source = outside.source(arguments.handle(1)?)?.clone();
    outside.add(Open::Source(source)).map(Answer::Int)
}

/// `handle` -> its number.
pub(crate) fn number(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let handle = arguments.handle(0)?;
    outside.source(handle).map(|_| Answer::Int(handle))
}

/// `handle` -> bytes; null at the end, -1 if no data is available now.
pub(crate) fn read(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    Ok(match outside.source(arguments.handle(0)?)?.read()? {
        None => Answer::Int(NOTHING_NOW),
        Some(bytes) if bytes.is_empty() => Answer::Null,
        Some(bytes) => Answer::Bytes(bytes),
    })
}

/// `handle data from to` -> the number of bytes written; 0 if there is no room now.
pub(crate) fn write(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let source = outside.source(arguments.handle(0)?)?;
    let count = source.write(arguments.data(1)?, &outside.surroundings)?;
    Ok(Answer::Int(count.unwrap_or(0) as i64))
}

/// `handle` -> whether it is a terminal.
pub(crate) fn is_terminal(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    Ok(Answer::Bool(outside.source(arguments.handle(0)?)?.as_fd().is_terminal()))
}

/// `handle bits` -> the state of a pipe, once it has one of the bits, or the pipe is closed or broken. For a child: the
/// number that says how it ended, once it has ended.
pub(crate) fn await_state(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let (handle, bits) = (arguments.handle(0)?, arguments.int(1)?);
    match outside.get(handle)? {
        Open::Child(child) => Ok(match child.progress()? {
            Progress::Ended(end) => Answer::Int(end),
            Progress::Running(descriptor) => Answer::Wait(Wait::new(handle, descriptor, PollFlags::IN)),
        }),
        Open::Source(source) => {
            let interest = interest(bits);
            let state = state(source.readiness(interest)?);
            let is_ready = state & (bits | CLOSED | BROKEN) != 0;
            let wait = || Answer::Wait(Wait::new(handle, source.clone(), interest));
            Ok(if is_ready { Answer::Int(state) } else { wait() })
        }
        Open::ChildEnd(_) | Open::Folder(_) => Err(Error::INVALID_ARGUMENT),
    }
}

/// `handle`: closes a pipe that the program does not refer to any more.
pub(crate) fn abandon(outside: &mut Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let handle = arguments.handle(0)?;
    // The program did not open the standard streams, so they are closed only on request.
    if outside.source(handle).is_ok_and(|source| source.stream().is_none()) {
        outside.take(handle);
    }
    Ok(Answer::Null)
}

fn interest(bits: i64) -> PollFlags {
    let mut interest = PollFlags::empty();
    interest.set(PollFlags::IN, bits & READABLE != 0);
    interest.set(PollFlags::OUT, bits & WRITABLE != 0);
    interest
}

fn state(ready: PollFlags) -> i64 {
    let bit = |flags: PollFlags, bit| if ready.intersects(flags) { bit } else { 0 };
    bit(PollFlags::IN, READABLE)
        | bit(PollFlags::OUT, WRITABLE)
        | bit(PollFlags::HUP, CLOSED)
        | bit(PollFlags::ERR | PollFlags::NVAL, BROKEN)
}
