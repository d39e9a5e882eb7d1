//! A peer that breaks the rules: it has the descriptors of the joining side, and writes arbitrary bytes.
//!
//! Shared with the fuzz target `wire`.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use lucarne_link::wire::rings::{DESCRIPTORS, RingWire};
use lucarne_link::wire::{Frame, Limits, LocalWire, Wire, WireError, socket};
use lucarne_message::{Buffer, Sealed, memory_file};
use rustix::fs::{SealFlags, fcntl_add_seals};

/// The words that hold the positions.
pub(crate) const TAIL: u64 = 64;
pub(crate) const HEAD: u64 = 16;
pub(crate) const SLEEP: u64 = 96;
pub(crate) const SLEEP_OF_HOST: u64 = 32;
/// The bytes of each ring, and the offset of the attacker's ring.
pub(crate) const CAPACITY: u64 = 2 << 20;
const DATA: u64 = 4096 + CAPACITY;

pub(crate) fn limits() -> Limits {
    Limits {
        frame_bytes: 64 << 10,
        buffer_bytes: 1 << 20,
        frame_buffers: 8,
        descriptors: 4,
        mapped_bytes: 1 << 20,
    }
}

/// The other side of a listener's wire.
pub(crate) struct Attacker {
    pub(crate) socket: UnixStream,
    pub(crate) memory: OwnedFd,
    _bells: Vec<OwnedFd>,
    /// The number of bytes that an honest peer would have written.
    pub(crate) tail: u64,
}

/// The kind of file that a passed descriptor refers to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Sealed,
    Unsealed,
    WriteSealMissing,
    WithHoles,
    NoFile,
}

pub(crate) const KINDS: [Kind; 5] =
    [Kind::Sealed, Kind::Unsealed, Kind::WriteSealMissing, Kind::WithHoles, Kind::NoFile];

pub(crate) fn file(kind: Kind, len: usize) -> OwnedFd {
    if let Kind::NoFile = kind {
        return rustix::pipe::pipe().expect("a pipe").0;
    }
    let file = memory_file("attack").expect("a file");
    match kind {
        Kind::WithHoles => rustix::fs::ftruncate(&file, len as u64).expect("a size"),
        _ => drop(rustix::io::pwrite(&file, &vec![1; len], 0).expect("bytes")),
    }
    let all = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    match kind {
        Kind::Sealed | Kind::WithHoles => fcntl_add_seals(&file, all).expect("seals"),
        Kind::WriteSealMissing => fcntl_add_seals(&file, all - SealFlags::WRITE).expect("seals"),
        Kind::Unsealed | Kind::NoFile => {}
    }
    file
}

/// Creates a listener's wire, and its attacker.
pub(crate) fn listener() -> (RingWire, Attacker) {
    let (ours, socket) = UnixStream::pair().expect("a socket");
    let (wire, descriptors) = RingWire::make(ours.into(), None, limits()).expect("a wire");
    let mut descriptors = Vec::from(descriptors as [OwnedFd; DESCRIPTORS]);
    let memory = descriptors.remove(0);
    (wire, Attacker { socket, memory, _bells: descriptors, tail: 0 })
}

impl Attacker {
    /// Writes a word.
    pub(crate) fn poke(&self, word: u64, value: u64) {
        rustix::io::pwrite(&self.memory, &value.to_le_bytes(), word * 8).expect("shared memory");
    }

    pub(crate) fn peek(&self, word: u64) -> u64 {
        let mut bytes = [0; 8];
        rustix::io::pread(&self.memory, &mut bytes, word * 8).expect("shared memory");
        u64::from_le_bytes(bytes)
    }

    /// Writes anywhere in the ring.
    pub(crate) fn scribble(&self, at: u64, bytes: &[u8]) {
        let at = at % CAPACITY;
        let end = bytes.len().min((CAPACITY - at) as usize);
        rustix::io::pwrite(&self.memory, &bytes[..end], DATA + at).expect("shared memory");
        if end < bytes.len() {
            rustix::io::pwrite(&self.memory, &bytes[end..], DATA).expect("shared memory");
        }
    }

    /// Writes arbitrary bytes in the place where an honest peer would.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let mut padded = bytes.to_vec();
        padded.resize(bytes.len().next_multiple_of(8), 0);
        self.scribble(self.tail, &padded);
        self.tail += padded.len() as u64;
        self.poke(TAIL, self.tail);
    }

    pub(crate) fn write_header(&mut self, number: u32, buffers: u16, kind: u16) {
        self.write(&[&number.to_le_bytes()[..], &buffers.to_le_bytes(), &kind.to_le_bytes()].concat());
    }

    pub(crate) fn write_buffer(&mut self, kind: u32, slot: u32, len: u64) {
        self.write(&[&kind.to_le_bytes()[..], &slot.to_le_bytes(), &len.to_le_bytes()].concat());
    }

    pub(crate) fn pass(&self, bytes: &[u8], files: &[BorrowedFd<'_>]) -> bool {
        socket::send(&self.socket, bytes, files).is_ok_and(|sent| sent > 0)
    }

    /// Passes a file that may be a sealed one, for a slot.
    pub(crate) fn pass_for(&self, slot: u32, kind: Kind, len: usize) -> bool {
        self.pass(&slot.to_le_bytes(), &[file(kind, len).as_fd()])
    }
}

/// Takes the listener's turn: receives all frames, and returns how it ends. The number of frames is bounded, since a
/// flood has no end.
pub(crate) fn take(wire: &RingWire, frames_max: usize) -> Result<usize, WireError> {
    let mut frame = Frame::default();
    for frames in 0..frames_max {
        if !wire.receive(&mut frame)? {
            return Ok(frames);
        }
        let limits = limits();
        assert!(frame.bytes.len() <= limits.frame_bytes && frame.buffers.len() <= limits.frame_buffers);
        let content: Vec<_> = frame.buffers.iter().map(Buffer::len).collect();
        assert!(content.iter().sum::<usize>() <= limits.buffer_bytes);
        // Every byte can be read: there is no SIGBUS.
        std::hint::black_box(frame.buffers.iter().flat_map(|buffer| buffer.as_slice()).fold(0, |a, b| a ^ b));
    }
    Ok(frames_max)
}

/// Runs an attack that follows from arbitrary bytes. It ends, without a panic.
pub(crate) fn attack(input: &[u8]) {
    let (wire, mut attacker) = listener();
    let mut input = input.iter().copied();
    let mut sent = Vec::new();
    while let Some(step) = input.next() {
        if !apply(step, &mut input, &wire, &mut attacker, &mut sent) {
            break;
        }
    }
    let _ = take(&wire, 1000);
}

/// Takes one step of an attack; returns false if it has ended the connection.
fn apply(
    step: u8,
    input: &mut impl Iterator<Item = u8>,
    wire: &RingWire,
    attacker: &mut Attacker,
    sent: &mut Vec<Sealed>,
) -> bool {
    let mut byte = || input.next().unwrap_or(0);
    match step % 16 {
        0 => {
            let word = [TAIL, HEAD, SLEEP, SLEEP_OF_HOST][usize::from(byte() % 4)];
            let value = u64::from_le_bytes(std::array::from_fn(|_| byte()));
            attacker.poke(word, value);
        }
        1 => attacker.poke(TAIL, attacker.tail.wrapping_add_signed(i64::from(byte() as i8))),
        2 => attacker.poke(HEAD, attacker.peek(0).wrapping_add_signed(i64::from(byte() as i8))),
        3 => {
            let bytes: Vec<_> = (0..byte()).map(|_| byte()).collect();
            attacker.write(&bytes);
        }
        4 => attacker.write_header(u32::from(byte()), u16::from(byte() % 4), 0),
        5 => attacker.write_header(
            u32::from(byte()) << (byte() % 25),
            u16::from(byte()),
            u16::from(byte() % 4),
        ),
        6 => attacker.write_buffer(u32::from(byte() % 4), u32::from(byte() % 70), u64::from(byte())),
        7 => attacker.write_buffer(
            u32::from(byte() % 4),
            u32::from(byte()),
            u64::from(byte()) << (byte() % 64),
        ),
        8 => drop(attacker.pass_for(
            u32::from(byte() % 70),
            KINDS[usize::from(byte()) % KINDS.len()],
            byte().into(),
        )),
        9 => {
            let some = file(Kind::Sealed, 10);
            let files = vec![some.as_fd(); usize::from(byte() % 4)];
            attacker.pass(&vec![0; usize::from(byte() % 9)], &files);
        }
        10 => wire.look_at_socket(),
        11 => {
            wire.announce_sleep(usize::from(byte() % 2));
            wire.flush();
            wire.announce_awake();
        }
        12 => {
            let len = usize::from(byte()) << (byte() % 9);
            let mut buffers = vec![Buffer::zeroed(len).expect("memory")];
            if wire.send(&[&vec![0; len / 2]], &mut buffers).is_err() {
                return false;
            }
        }
        13 => {
            let sealed = Sealed::copy_of(&[byte()]).expect("a sealed file");
            sent.truncate(usize::from(byte() % 8));
            sent.push(sealed.clone());
            if wire.send(&[b"x"], &mut vec![Buffer::sealed(sealed)]).is_err() {
                return false;
            }
        }
        14 => attacker.scribble(u64::from(byte()), &[byte(), byte(), byte()]),
        _ => return take(wire, 1000).is_ok(),
    }
    true
}
