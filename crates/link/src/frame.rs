//! The frames that the two ends of a connection exchange.
//!
//! A frame is a head of fixed size, with little-endian numbers, a text if the kind has one, and an encoded payload:
//!
//! ```text
//!  0    1      2       4       8     16    24    32    40
//!  kind detail buffers length  pid   gid   first second text... payload...
//! ```
//!
//! *pid* is always the process of the listening system that the frame comes from, goes to or is about: at the other end
//! is always the remote container. *buffers* is the number of buffers beside the frame. *length* is the number of bytes
//! in the text, a count, or a time. Other fields than *pid* and *gid* that a kind does not use are zero, and any other
//! value is an error. Parsing accepts any bytes without a panic, and borrows: the numbers in a frame never cause an
//! allocation.

use lucarne_kernel::{About, Failure, Gid, Pid, RequestId, USER_KIND_MIN};
use lucarne_message::{Buffer, Payload};

use crate::wire::WireError;

/// The protocol version. It changes when frames change, and both ends must have the same.
pub const VERSION: u32 = 3;

/// The number of bytes before text and payload.
pub(crate) const HEAD: usize = 40;

/// The body of a parsed frame: see the module documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body<'f> {
    /// A request to or from the process, with the `id` that its caller gave it.
    /// `left_us` is the time that the caller still waits, in microseconds; 0 if unknown.
    Request { id: RequestId, procedure: i64, is_close: bool, left_us: u32, payload: &'f [u8] },
    /// The result of a request, with the id that its caller gave it.
    Reply { id: RequestId, payload: &'f [u8] },
    /// The reason why a request has no result.
    Failure { id: RequestId, text: &'f str, trace: Option<&'f [u8]> },
    /// The caller cancels the request. An answer that is already on its way is ignored.
    Cancel { id: RequestId },
    /// A value from a resource to its proxy.
    Notification { client: i64, handle: i64, payload: &'f [u8] },
    /// Acknowledges notifications that the receiver of this frame has sent: the next `count` with the subject `about`
    /// were handled.
    Credit { about: About, count: u32 },
    /// A resource is cut off, because its notifications were not taken in time, or cannot be sent.
    SlowConsumer { client: i64, handle: i64 },
    /// To the listener: asks for a report of the end of the process.
    Watch,
    /// From the listener: the process has ended.
    Terminated {
        /// Whether the process was on another machine, and contact with that machine was lost.
        is_lost: bool,
    },
    /// A message between programs.
    User { kind: u8, payload: &'f [u8] },
    /// A value to or from a component.
    External { payload: &'f [u8] },
    /// To the listener: the container has ended, with this code.
    Exit { code: i32 },
    /// The first frame to the listener: the version of the protocol, and the name of the container.
    Hello { version: u32, name: &'f str },
    /// The first frame from the listener: the pid and the group of the container, and the pid of the service manager.
    Welcome { pid: Pid, gid: Gid, manager: Pid },
}

/// A received frame: the process concerned, and the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Incoming<'f> {
    /// The process of the listening system.
    pub(crate) pid: Pid,
    /// The group of the process, in frames from the listener.
    pub(crate) gid: Gid,
    /// The body.
    pub(crate) body: Body<'f>,
}

/// A frame to send.
#[derive(Debug)]
pub(crate) struct Outgoing {
    head: [u8; HEAD],
    text: String,
    payload: Payload,
    buffers: Vec<Buffer>,
}

mod kind {
    pub(super) const REQUEST: u8 = 1;
    pub(super) const REPLY: u8 = 2;
    pub(super) const FAILURE: u8 = 3;
    pub(super) const CANCEL: u8 = 4;
    pub(super) const NOTIFICATION: u8 = 5;
    pub(super) const CREDIT: u8 = 6;
    pub(super) const SLOW_CONSUMER: u8 = 7;
    pub(super) const WATCH: u8 = 8;
    pub(super) const TERMINATED: u8 = 9;
    pub(super) const USER: u8 = 10;
    pub(super) const EXTERNAL: u8 = 11;
    pub(super) const EXIT: u8 = 12;
    pub(super) const HELLO: u8 = 13;
    pub(super) const WELCOME: u8 = 14;
}

/// The fields of the head, except the number of buffers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Head {
    kind: u8,
    detail: u8,
    length: u32,
    pid: i64,
    gid: i64,
    first: i64,
    second: i64,
}

impl Outgoing {
    /// Creates a request. `party` is the process of the listening system and its group, here and in the functions
    /// below.
    pub(crate) fn request(
        party: (Pid, Gid),
        id: RequestId,
        procedure: i64,
        is_close: bool,
        left_us: u32,
        payload: Payload,
    ) -> Outgoing {
        let (kind, detail, length) = (kind::REQUEST, u8::from(is_close), left_us);
        let (first, second) = (id.as_i64(), procedure);
        Outgoing::new(party, Head { kind, detail, length, first, second, ..Head::default() }, payload)
    }

    /// Creates the answer to a request.
    pub(crate) fn answer(pid: Pid, id: RequestId, result: Result<Payload, Failure>) -> Outgoing {
        let (party, first) = ((pid, Gid::SYSTEM), id.as_i64());
        match result {
            Ok(payload) => {
                Outgoing::new(party, Head { kind: kind::REPLY, first, ..Head::default() }, payload)
            }
            Err(Failure { text, trace }) => {
                let detail = u8::from(trace.is_some());
                let head = Head { kind: kind::FAILURE, detail, first, ..Head::default() };
                Outgoing::with_text(party, head, text, trace.unwrap_or_default())
            }
        }
    }

    /// Creates the cancel of a request.
    pub(crate) fn cancel(pid: Pid, id: RequestId) -> Outgoing {
        Outgoing::plain(pid, Head { kind: kind::CANCEL, first: id.as_i64(), ..Head::default() })
    }

    /// Creates a notification.
    pub(crate) fn notification(party: (Pid, Gid), client: i64, handle: i64, payload: Payload) -> Outgoing {
        let head = Head { kind: kind::NOTIFICATION, first: client, second: handle, ..Head::default() };
        Outgoing::new(party, head, payload)
    }

    /// Creates the acknowledgment of handled notifications.
    pub(crate) fn credit(pid: Pid, about: About, count: u32) -> Outgoing {
        let head = Head { kind: kind::CREDIT, length: count, ..Head::default() };
        Outgoing::plain(
            pid,
            match about {
                About::Resource { client, handle } => Head { first: client, second: handle, ..head },
                About::External => Head { detail: 1, ..head },
            },
        )
    }

    /// Creates the report that a resource is cut off.
    pub(crate) fn slow_consumer(pid: Pid, client: i64, handle: i64) -> Outgoing {
        let kind = kind::SLOW_CONSUMER;
        Outgoing::plain(pid, Head { kind, first: client, second: handle, ..Head::default() })
    }

    /// Creates the request for a report of the end of the process.
    pub(crate) fn watch(pid: Pid) -> Outgoing {
        Outgoing::plain(pid, Head { kind: kind::WATCH, ..Head::default() })
    }

    /// Creates the report that a process has ended.
    pub(crate) fn terminated(pid: Pid, is_lost: bool) -> Outgoing {
        Outgoing::plain(pid, Head { kind: kind::TERMINATED, detail: is_lost.into(), ..Head::default() })
    }

    /// Creates a message between programs.
    pub(crate) fn user(party: (Pid, Gid), kind: u8, payload: Payload) -> Outgoing {
        Outgoing::new(party, Head { kind: kind::USER, detail: kind, ..Head::default() }, payload)
    }

    /// Creates a message with a value to or from a component.
    pub(crate) fn external(party: (Pid, Gid), payload: Payload) -> Outgoing {
        Outgoing::new(party, Head { kind: kind::EXTERNAL, ..Head::default() }, payload)
    }

    /// Creates the report that the container has ended.
    pub(crate) fn exit(code: i32) -> Outgoing {
        let head = Head { kind: kind::EXIT, first: i64::from(code), ..Head::default() };
        Outgoing::plain(Pid::from_i64(0), head)
    }

    /// Creates the hello of the container.
    pub(crate) fn hello(name: &str) -> Outgoing {
        let head = Head { kind: kind::HELLO, first: i64::from(VERSION), ..Head::default() };
        Outgoing::with_text((Pid::from_i64(0), Gid::SYSTEM), head, name.to_owned(), Payload::default())
    }

    /// Creates the welcome of the listener.
    pub(crate) fn welcome(pid: Pid, gid: Gid, manager: Pid) -> Outgoing {
        let head = Head { kind: kind::WELCOME, first: manager.as_i64(), ..Head::default() };
        Outgoing::new((pid, gid), head, Payload::default())
    }

    fn plain(pid: Pid, head: Head) -> Outgoing {
        Outgoing::new((pid, Gid::SYSTEM), head, Payload::default())
    }

    fn new(party: (Pid, Gid), head: Head, payload: Payload) -> Outgoing {
        Outgoing::with_text(party, head, String::new(), payload)
    }

    fn with_text(party: (Pid, Gid), mut head: Head, text: String, mut payload: Payload) -> Outgoing {
        (head.pid, head.gid) = (party.0.as_i64(), party.1.as_i64());
        if matches!(head.kind, kind::FAILURE | kind::HELLO) {
            // A text of 4 GiB or more does not fit into a frame: the wire rejects it.
            head.length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        }
        let buffers = payload.take_buffers();
        let head = head.write(u16::try_from(buffers.len()).unwrap_or(u16::MAX));
        Outgoing { head, text, payload, buffers }
    }

    /// Returns the process and the id of a request. Returns none for frames of other kinds.
    pub(crate) fn request_key(&self) -> Option<(Pid, RequestId)> {
        let (head, ..) = Head::read(&self.head)?;
        let key = (Pid::from_i64(head.pid), RequestId::from_i64(head.first));
        (head.kind == kind::REQUEST).then_some(key)
    }

    /// Returns the bytes of the frame, in parts, and its buffers.
    pub(crate) fn parts(&mut self) -> ([&[u8]; 3], &mut Vec<Buffer>) {
        ([&self.head, self.text.as_bytes(), self.payload.bytes()], &mut self.buffers)
    }
}

/// Replaces the process and the group in the head of a frame.
pub(crate) fn readdress(bytes: &mut [u8], pid: Pid, gid: Gid) {
    if let Some(head) = bytes.first_chunk_mut::<HEAD>() {
        head[8..16].copy_from_slice(&pid.as_i64().to_le_bytes());
        head[16..24].copy_from_slice(&gid.as_i64().to_le_bytes());
    }
}

impl Head {
    fn write(self, buffers: u16) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[0] = self.kind;
        bytes[1] = self.detail;
        bytes[2..4].copy_from_slice(&buffers.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.pid.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.gid.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.second.to_le_bytes());
        bytes
    }

    /// Returns the head, the number of buffers that it announces, and the rest.
    fn read(bytes: &[u8]) -> Option<(Head, u16, &[u8])> {
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let i64_at = |at: usize| -> i64 {
            let mut field = [0; 8];
            field.copy_from_slice(&head[at..at + 8]);
            i64::from_le_bytes(field)
        };
        let buffers = u16::from_le_bytes([head[2], head[3]]);
        let read = Head {
            kind: head[0],
            detail: head[1],
            length: u32::from_le_bytes([head[4], head[5], head[6], head[7]]),
            pid: i64_at(8),
            gid: i64_at(16),
            first: i64_at(24),
            second: i64_at(32),
        };
        Some((read, buffers, rest))
    }
}

/// Reads a frame from these bytes, with the given number of buffers beside them.
///
/// # Errors
/// Returns [`WireError::Violation`] for a frame that no honest peer sends.
pub(crate) fn read(bytes: &[u8], buffer_count: usize) -> Result<Incoming<'_>, WireError> {
    let violation = |rule| WireError::Violation(rule);
    let (head, buffers, rest) = Head::read(bytes).ok_or(violation("frame without a head"))?;
    if usize::from(buffers) != buffer_count {
        return Err(violation("wrong number of buffers"));
    }
    let body = body(head, rest).ok_or(violation("invalid frame"))?;
    let may_have_buffers = matches!(
        body,
        Body::Request { .. }
            | Body::Reply { .. }
            | Body::Failure { trace: Some(_), .. }
            | Body::Notification { .. }
            | Body::User { .. }
            | Body::External { .. }
    );
    if buffers > 0 && !may_have_buffers {
        return Err(violation("buffers without a payload"));
    }
    Ok(Incoming { pid: Pid::from_i64(head.pid), gid: Gid::from_i64(head.gid), body })
}

fn body(head: Head, rest: &[u8]) -> Option<Body<'_>> {
    let Head { kind, detail, length, first, second, .. } = head;
    let id = RequestId::from_i64(first);
    let text = || {
        let (text, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        Some((std::str::from_utf8(text).ok()?, rest))
    };
    let body = match kind {
        kind::REQUEST => {
            let is_close = flag(detail)?;
            Body::Request { id, procedure: second, is_close, left_us: length, payload: rest }
        }
        kind::REPLY => Body::Reply { id, payload: rest },
        kind::FAILURE => {
            let (text, trace) = text()?;
            Body::Failure { id, text, trace: flag(detail)?.then_some(trace) }
        }
        kind::CANCEL => Body::Cancel { id },
        kind::NOTIFICATION => Body::Notification { client: first, handle: second, payload: rest },
        kind::CREDIT => {
            let about = match flag(detail)? {
                false => About::Resource { client: first, handle: second },
                true => About::External,
            };
            Body::Credit { about, count: length }
        }
        kind::SLOW_CONSUMER => Body::SlowConsumer { client: first, handle: second },
        kind::WATCH => Body::Watch,
        kind::TERMINATED => Body::Terminated { is_lost: flag(detail)? },
        kind::USER if detail >= USER_KIND_MIN => Body::User { kind: detail, payload: rest },
        kind::EXTERNAL => Body::External { payload: rest },
        kind::EXIT => Body::Exit { code: i32::try_from(first).ok()? },
        kind::HELLO => Body::Hello { version: u32::try_from(first).ok()?, name: text()?.0 },
        kind::WELCOME => Body::Welcome {
            pid: Pid::from_i64(head.pid),
            gid: Gid::from_i64(head.gid),
            manager: Pid::from_i64(first),
        },
        _ => return None,
    };
    // Fields that the kind does not use must be zero, except pid and gid, and no bytes may follow.
    let again = written(&body, head);
    let expected_rest = match body {
        Body::Request { payload, .. }
        | Body::Reply { payload, .. }
        | Body::Notification { payload, .. }
        | Body::User { payload, .. }
        | Body::External { payload } => payload.len(),
        Body::Failure { text, trace, .. } => text.len() + trace.map_or(0, <[u8]>::len),
        Body::Hello { name, .. } => name.len(),
        _ => 0,
    };
    (again == head && rest.len() == expected_rest).then_some(body)
}

/// Returns a head with only the fields of the body set.
fn written(body: &Body<'_>, head: Head) -> Head {
    let blank = Head { kind: head.kind, pid: head.pid, gid: head.gid, ..Head::default() };
    let Head { detail, length, first, second, .. } = head;
    match body {
        Body::Request { .. } => Head { detail, length, first, second, ..blank },
        Body::Reply { .. } | Body::Cancel { .. } | Body::Exit { .. } | Body::Welcome { .. } => {
            Head { first, ..blank }
        }
        Body::Failure { .. } => Head { detail, length, first, ..blank },
        Body::Notification { .. } | Body::SlowConsumer { .. } => Head { first, second, ..blank },
        Body::Credit { about: About::Resource { .. }, .. } => Head { length, first, second, ..blank },
        Body::Credit { about: About::External, .. } => Head { detail: 1, length, ..blank },
        Body::Watch | Body::External { .. } => blank,
        Body::Terminated { .. } | Body::User { .. } => Head { detail, ..blank },
        Body::Hello { .. } => Head { length, first, ..blank },
    }
}

fn flag(byte: u8) -> Option<bool> {
    match byte {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Frame;
    use proptest::prelude::*;

    /// Returns the frame that comes out at the other end of a wire.
    fn arrived(outgoing: Outgoing) -> Frame {
        let mut outgoing = outgoing;
        let (parts, buffers) = outgoing.parts();
        Frame { bytes: parts.concat(), buffers: std::mem::take(buffers) }
    }

    fn party() -> (Pid, Gid) {
        (Pid::from_i64(7), Gid::from_i64(3))
    }

    fn payload() -> Payload {
        Payload::from_parts(&[1, 2, 3], vec![Buffer::copy_of(b"beside").unwrap()])
    }

    #[test]
    fn every_kind_arrives_as_it_was_sent() {
        let id = RequestId::from_i64(1 << 32 | 5);
        let party = party();
        let bytes: &[u8] = &[1, 2, 3];
        let resource = About::Resource { client: 4, handle: 5 };
        let failure = || Failure { text: "WHY".to_owned(), trace: Some(payload()) };
        let cases = [
            (
                Outgoing::request(party, id, 302, true, 77, payload()),
                Body::Request { id, procedure: 302, is_close: true, left_us: 77, payload: bytes },
            ),
            (Outgoing::answer(party.0, id, Ok(payload())), Body::Reply { id, payload: bytes }),
            (
                Outgoing::answer(party.0, id, Err(failure())),
                Body::Failure { id, text: "WHY", trace: Some(bytes) },
            ),
            (
                Outgoing::answer(party.0, id, Err(Failure::new("NO"))),
                Body::Failure { id, text: "NO", trace: None },
            ),
            (Outgoing::cancel(party.0, id), Body::Cancel { id }),
            (
                Outgoing::notification(party, 4, 5, payload()),
                Body::Notification { client: 4, handle: 5, payload: bytes },
            ),
            (Outgoing::credit(party.0, resource, 9), Body::Credit { about: resource, count: 9 }),
            (
                Outgoing::credit(party.0, About::External, 9),
                Body::Credit { about: About::External, count: 9 },
            ),
            (Outgoing::slow_consumer(party.0, 4, 5), Body::SlowConsumer { client: 4, handle: 5 }),
            (Outgoing::watch(party.0), Body::Watch),
            (Outgoing::terminated(party.0, false), Body::Terminated { is_lost: false }),
            (Outgoing::terminated(party.0, true), Body::Terminated { is_lost: true }),
            (Outgoing::user(party, 64, payload()), Body::User { kind: 64, payload: bytes }),
            (Outgoing::external(party, payload()), Body::External { payload: bytes }),
            (Outgoing::exit(-3), Body::Exit { code: -3 }),
            (Outgoing::hello("ann"), Body::Hello { version: VERSION, name: "ann" }),
            (
                Outgoing::welcome(party.0, party.1, Pid::from_i64(1)),
                Body::Welcome { pid: party.0, gid: party.1, manager: Pid::from_i64(1) },
            ),
        ];
        for (outgoing, body) in cases {
            let frame = arrived(outgoing);
            let incoming = read(&frame.bytes, frame.buffers.len()).expect("an honest frame");
            assert_eq!(incoming.body, body);
        }
    }

    #[test]
    fn a_frame_that_lies_about_its_buffers_is_a_violation() {
        let mut frame = arrived(Outgoing::notification(party(), 4, 5, payload()));
        frame.buffers.clear();
        assert!(matches!(read(&frame.bytes, frame.buffers.len()), Err(WireError::Violation(_))));
        let mut frame = arrived(Outgoing::watch(party().0));
        frame.buffers.push(Buffer::copy_of(b"stowaway").unwrap());
        frame.bytes[2] = 1;
        assert!(matches!(read(&frame.bytes, frame.buffers.len()), Err(WireError::Violation(_))));
    }

    proptest! {
        #[test]
        fn reading_is_total(bytes in proptest::collection::vec(any::<u8>(), 0..120), kind in 0_u8..20) {
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() {
                *first = kind;
            }
            let _ = read(&bytes, 0);
        }

        #[test]
        fn what_can_be_read_is_written_the_same_way(
            kind in 0_u8..16,
            fields in proptest::array::uniform6(prop_oneof![Just(0_u8), Just(1_u8), any::<u8>()]),
            rest in proptest::collection::vec(any::<u8>(), 0..8),
        ) {
            let [detail, length, pid, gid, first, second] = fields;
            let wide = i64::from;
            let head = Head {
                kind,
                detail,
                length: u32::from(length),
                pid: wide(pid),
                gid: wide(gid),
                first: wide(first),
                second: wide(second),
            };
            let mut bytes = head.write(0).to_vec();
            bytes.extend(&rest);
            let frame = Frame { bytes, buffers: Vec::new() };
            if let Ok(incoming) = read(&frame.bytes, frame.buffers.len()) {
                prop_assert_eq!(written(&incoming.body, head), head);
            }
        }
    }
}
