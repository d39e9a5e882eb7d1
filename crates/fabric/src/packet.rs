//! Packets, and the items in them. All numbers are little-endian.
//!
//! ```text
//! packet   u8 version | u8 kind | u16 0 | u32 0 | ...
//!   knock    u64 incarnation                             please call me
//!   call     u64 call | u64 incarnation | terms          may we begin an epoch?
//!   answer   u64 call | u64 answer | u64 incarnation | terms   yes: this is its name
//!   data     u64 call | u64 answer | u64 number | items
//!   bye      u64 call | u64 answer                       this epoch is over, or unknown
//! terms    u64 window in bytes | u64 timeout in microseconds, of the sender
//! item     u8 kind | u8 slot | u16 0 | u32 length | ...
//!   whole    i64 from | i64 to | a parcel of `length` bytes
//!   first    i64 from | i64 to | u64 size of the parcel | its first `length` bytes
//!   more     the next `length` bytes of the parcel in the slot
//!   grant    the receiver may send `length` bytes more
//!   taken    the parcel in the slot was taken: the slot is free
//!   ended    i64 process: it has ended, and all frames from it have been sent
//!   probe    u64 anything: the receiver sends it back at once
//!   echo     u64 what a probe has brought
//! parcel   u32 bytes of the frame | u32 number of buffers | u32 length of each | the frame | the buffers
//! ```
//!
//! Reading is total: any bytes give a packet and items, or an error.

use lucarne_kernel::{Pid, RequestId};
use lucarne_link::carry;
use lucarne_link::wire::Frame;
use lucarne_message::Buffer;

/// The version of these packets. Machines with different versions ignore each other.
const VERSION: u8 = 2;

/// The number of bytes of a data packet before its items.
pub(crate) const DATA_HEAD: usize = 32;

/// The number of bytes of an item that is followed by a parcel or a part of it.
pub(crate) const WHOLE_HEAD: usize = 24;
pub(crate) const FIRST_HEAD: usize = 32;
pub(crate) const MORE_HEAD: usize = 8;

/// The number of bytes of a probe.
pub(crate) const PROBE_SIZE: usize = 16;

/// The name of an epoch. Each side has chosen a half, so neither side can take an old epoch for this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Epoch {
    pub(crate) call: u64,
    pub(crate) answer: u64,
}

/// What a machine tells the other one about itself when an epoch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The number of bytes that the other machine may send before they are taken.
    pub(crate) window: u64,
    /// The time in microseconds after which the other machine is lost if it is silent.
    pub(crate) timeout_us: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet<'p> {
    Knock { incarnation: u64 },
    Call { call: u64, incarnation: u64, terms: Terms },
    Answer { epoch: Epoch, incarnation: u64, terms: Terms },
    Data { epoch: Epoch, number: u64, items: &'p [u8] },
    Bye { epoch: Epoch },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item<'p> {
    Whole { from: Pid, to: Pid, parcel: &'p [u8] },
    First { slot: u8, from: Pid, to: Pid, size: u64, bytes: &'p [u8] },
    More { slot: u8, bytes: &'p [u8] },
    Grant { bytes: u32 },
    Taken { slot: u8 },
    Ended { process: Pid },
    Probe { mark: u64 },
    Echo { mark: u64 },
}

mod kind {
    pub(super) const KNOCK: u8 = 1;
    pub(super) const CALL: u8 = 2;
    pub(super) const ANSWER: u8 = 3;
    pub(super) const DATA: u8 = 4;
    pub(super) const BYE: u8 = 5;

    pub(super) const WHOLE: u8 = 1;
    pub(super) const FIRST: u8 = 2;
    pub(super) const MORE: u8 = 3;
    pub(super) const GRANT: u8 = 4;
    pub(super) const TAKEN: u8 = 5;
    pub(super) const ENDED: u8 = 6;
    pub(super) const PROBE: u8 = 7;
    pub(super) const ECHO: u8 = 8;
}

impl Packet<'_> {
    pub(crate) fn write(&self) -> Vec<u8> {
        let start = |kind| vec![VERSION, kind, 0, 0, 0, 0, 0, 0];
        let (mut bytes, numbers): (Vec<u8>, &[u64]) = match *self {
            Packet::Knock { incarnation } => (start(kind::KNOCK), &[incarnation]),
            Packet::Call { call, incarnation, terms } => {
                (start(kind::CALL), &[call, incarnation, terms.window, terms.timeout_us])
            }
            Packet::Answer { epoch, incarnation, terms } => {
                let Epoch { call, answer } = epoch;
                (start(kind::ANSWER), &[call, answer, incarnation, terms.window, terms.timeout_us])
            }
            Packet::Data { epoch, number, items } => {
                let mut data = [&[0; DATA_HEAD][..], items].concat();
                head_data(&mut data, epoch, number);
                (data, &[])
            }
            Packet::Bye { epoch } => (start(kind::BYE), &[epoch.call, epoch.answer]),
        };
        numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes
    }

    /// Reads a packet. Returns none for anything else, and for other versions.
    pub(crate) fn read(bytes: &[u8]) -> Option<Packet<'_>> {
        let mut reader = Reader(bytes);
        let [version, kind, 0, 0, 0, 0, 0, 0] = *reader.array::<8>()? else { return None };
        if version != VERSION {
            return None;
        }
        let packet = match kind {
            kind::KNOCK => Packet::Knock { incarnation: reader.u64()? },
            kind::CALL => {
                Packet::Call { call: reader.u64()?, incarnation: reader.u64()?, terms: reader.terms()? }
            }
            kind::ANSWER => {
                Packet::Answer { epoch: reader.epoch()?, incarnation: reader.u64()?, terms: reader.terms()? }
            }
            kind::DATA => {
                let (epoch, number) = (reader.epoch()?, reader.u64()?);
                Packet::Data { epoch, number, items: std::mem::take(&mut reader.0) }
            }
            kind::BYE => Packet::Bye { epoch: reader.epoch()? },
            _ => return None,
        };
        reader.0.is_empty().then_some(packet)
    }
}

/// Writes the head of a data packet into its first [`DATA_HEAD`] bytes. The items follow them.
///
/// # Panics
/// If the packet has fewer bytes.
pub(crate) fn head_data(packet: &mut [u8], epoch: Epoch, number: u64) {
    let head =
        [u64::from_le_bytes([VERSION, kind::DATA, 0, 0, 0, 0, 0, 0]), epoch.call, epoch.answer, number];
    for (place, number) in packet[..DATA_HEAD].chunks_exact_mut(8).zip(head) {
        place.copy_from_slice(&number.to_le_bytes());
    }
}

impl<'p> Item<'p> {
    /// Appends the item with `parts` as its parcel or piece of a parcel. The bytes in the item itself are ignored.
    pub(crate) fn write_parts(&self, parts: &[&[u8]], into: &mut Vec<u8>) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.write_head(u32::try_from(length).expect("a part of a packet is small"), into);
        parts.iter().for_each(|part| into.extend_from_slice(part));
    }

    /// Appends an item that has no parcel or piece of a parcel.
    pub(crate) fn write(&self, into: &mut Vec<u8>) {
        let length = if let Item::Grant { bytes } = self { *bytes } else { 0 };
        self.write_head(length, into);
    }

    fn write_head(&self, length: u32, into: &mut Vec<u8>) {
        let (kind, slot) = match *self {
            Item::Whole { .. } => (kind::WHOLE, 0),
            Item::First { slot, .. } => (kind::FIRST, slot),
            Item::More { slot, .. } => (kind::MORE, slot),
            Item::Grant { .. } => (kind::GRANT, 0),
            Item::Taken { slot } => (kind::TAKEN, slot),
            Item::Ended { .. } => (kind::ENDED, 0),
            Item::Probe { .. } => (kind::PROBE, 0),
            Item::Echo { .. } => (kind::ECHO, 0),
        };
        into.extend([kind, slot, 0, 0]);
        into.extend(length.to_le_bytes());
        match *self {
            Item::Whole { from, to, .. } | Item::First { from, to, .. } => {
                into.extend(from.as_i64().to_le_bytes());
                into.extend(to.as_i64().to_le_bytes());
            }
            Item::Ended { process } => into.extend(process.as_i64().to_le_bytes()),
            Item::Probe { mark } | Item::Echo { mark } => into.extend(mark.to_le_bytes()),
            _ => {}
        }
        if let Item::First { size, .. } = self {
            into.extend(size.to_le_bytes());
        }
    }

    /// Takes the next item from the rest of a packet. Returns none at its end, or if the item is not valid.
    pub(crate) fn read(rest: &mut &'p [u8]) -> Option<Item<'p>> {
        let mut reader = Reader(rest);
        let [kind, slot, 0, 0] = *reader.array::<4>()? else { return None };
        let length = u32::from_le_bytes(*reader.array()?);
        let size = usize::try_from(length).ok()?;
        let item = match kind {
            kind::WHOLE => {
                Item::Whole { from: reader.pid()?, to: reader.pid()?, parcel: reader.bytes(size)? }
            }
            kind::FIRST => Item::First {
                slot,
                from: reader.pid()?,
                to: reader.pid()?,
                size: reader.u64()?,
                bytes: reader.bytes(size)?,
            },
            kind::MORE => Item::More { slot, bytes: reader.bytes(size)? },
            kind::GRANT => Item::Grant { bytes: length },
            kind::TAKEN => Item::Taken { slot },
            kind::ENDED => Item::Ended { process: reader.pid()? },
            kind::PROBE => Item::Probe { mark: reader.u64()? },
            kind::ECHO => Item::Echo { mark: reader.u64()? },
            _ => return None,
        };
        *rest = reader.0;
        Some(item)
    }

    /// Returns the number of bytes by which the item reduces the credit of its sender. Items that regulate the flow are
    /// free.
    pub(crate) fn charge(&self) -> usize {
        match self {
            Item::Whole { parcel, .. } => WHOLE_HEAD + parcel.len(),
            Item::First { bytes, .. } => FIRST_HEAD + bytes.len(),
            Item::More { bytes, .. } => MORE_HEAD + bytes.len(),
            Item::Grant { .. }
            | Item::Taken { .. }
            | Item::Ended { .. }
            | Item::Probe { .. }
            | Item::Echo { .. } => 0,
        }
    }
}

struct Reader<'p>(&'p [u8]);

impl<'p> Reader<'p> {
    fn bytes(&mut self, length: usize) -> Option<&'p [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const LENGTH: usize>(&mut self) -> Option<&'p [u8; LENGTH]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(|bytes| u64::from_le_bytes(*bytes))
    }

    fn pid(&mut self) -> Option<Pid> {
        self.array().map(|bytes| Pid::from_i64(i64::from_le_bytes(*bytes)))
    }

    fn epoch(&mut self) -> Option<Epoch> {
        Some(Epoch { call: self.u64()?, answer: self.u64()? })
    }

    fn terms(&mut self) -> Option<Terms> {
        Some(Terms { window: self.u64()?, timeout_us: self.u64()? })
    }
}

/// A frame with its buffers, as it travels.
#[derive(Debug)]
pub(crate) struct Parcel {
    /// The bytes before the buffers.
    head: Vec<u8>,
    buffers: Vec<Buffer>,
    size: usize,
    /// The id of the request, if the frame is a request.
    pub(crate) request: Option<RequestId>,
}

impl Parcel {
    /// Packs a frame. The caller has checked its size against [`carry::LIMITS`].
    pub(crate) fn new(frame: &[u8], buffers: Vec<Buffer>, request: Option<RequestId>) -> Parcel {
        let mut head = Vec::with_capacity(8 + 4 * buffers.len() + frame.len());
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
        head.extend(number(frame.len()));
        head.extend(number(buffers.len()));
        buffers.iter().for_each(|buffer| head.extend(number(buffer.len())));
        head.extend_from_slice(frame);
        let size = head.len() + buffers.iter().map(Buffer::len).sum::<usize>();
        Parcel { head, buffers, size, request }
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Returns the buffers, for a frame that is not sent now.
    pub(crate) fn into_buffers(self) -> Vec<Buffer> {
        self.buffers
    }

    /// Returns the bytes from `at` on, at most `max` of them, in parts.
    pub(crate) fn parts(&self, mut at: usize, mut max: usize) -> Vec<&[u8]> {
        let mut parts = Vec::new();
        let all = std::iter::once(self.head.as_slice()).chain(self.buffers.iter().map(Buffer::as_slice));
        for whole in all {
            let begin = at.min(whole.len());
            let end = begin + max.min(whole.len() - begin);
            if begin < end {
                parts.push(&whole[begin..end]);
            }
            at -= begin;
            max -= end - begin;
        }
        parts
    }

    /// Unpacks a frame; none if the bytes are no parcel, or memory is short.
    pub(crate) fn unpack(parcel: &[u8]) -> Option<Frame> {
        let mut reader = Reader(parcel);
        let length = |reader: &mut Reader<'_>| usize::try_from(u32::from_le_bytes(*reader.array()?)).ok();
        let (frame, count) = (length(&mut reader)?, length(&mut reader)?);
        if count > carry::LIMITS.frame_buffers || frame > carry::LIMITS.frame_bytes {
            return None;
        }
        let lengths = (0..count).map(|_| length(&mut reader)).collect::<Option<Vec<_>>>()?;
        let bytes = reader.bytes(frame)?.to_vec();
        let mut buffers = Vec::with_capacity(count);
        for length in lengths {
            buffers.push(Buffer::copy_of(reader.bytes(length)?).ok()?);
        }
        reader.0.is_empty().then_some(Frame { bytes, buffers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pid(number: i64) -> Pid {
        Pid::from_i64(number)
    }

    #[test]
    fn packets_and_items_are_read_as_they_were_written() {
        let epoch = Epoch { call: 1 << 60, answer: 2 };
        let mut items = Vec::new();
        Item::Whole { from: pid(1), to: pid(2), parcel: &[] }.write_parts(&[b"pa", b"rcel"], &mut items);
        Item::First { slot: 3, from: pid(1), to: pid(2), size: 99, bytes: &[] }
            .write_parts(&[b"x"], &mut items);
        Item::More { slot: 3, bytes: &[] }.write_parts(&[], &mut items);
        Item::Grant { bytes: 77 }.write(&mut items);
        Item::Taken { slot: 3 }.write(&mut items);
        Item::Ended { process: pid(-5) }.write(&mut items);
        let mut rest = items.as_slice();
        let read: Vec<_> = std::iter::from_fn(|| Item::read(&mut rest)).collect();
        assert_eq!(
            read,
            [
                Item::Whole { from: pid(1), to: pid(2), parcel: b"parcel" },
                Item::First { slot: 3, from: pid(1), to: pid(2), size: 99, bytes: b"x" },
                Item::More { slot: 3, bytes: b"" },
                Item::Grant { bytes: 77 },
                Item::Taken { slot: 3 },
                Item::Ended { process: pid(-5) },
            ]
        );
        assert!(rest.is_empty());
        assert_eq!(read[0].charge() + read[1].charge() + read[2].charge(), 24 + 6 + 32 + 1 + 8);
        let terms = Terms { window: 1 << 40, timeout_us: 3 };
        for packet in [
            Packet::Knock { incarnation: 5 },
            Packet::Call { call: 5, incarnation: 6, terms },
            Packet::Answer { epoch, incarnation: 6, terms },
            Packet::Data { epoch, number: 9, items: &items },
            Packet::Bye { epoch },
        ] {
            let bytes = packet.write();
            assert_eq!(Packet::read(&bytes), Some(packet));
            assert_eq!(Packet::read(&bytes[..7]), None);
        }
    }

    #[test]
    fn a_parcel_is_cut_anywhere() {
        let buffers = ["", "beside", "more"].map(|text| Buffer::copy_of(text.as_bytes()).unwrap());
        let parcel = Parcel::new(b"frame", buffers.into(), None);
        let whole = parcel.parts(0, usize::MAX).concat();
        assert_eq!(whole.len(), parcel.size());
        for step in 1..=whole.len() {
            let pieces: Vec<u8> =
                (0..whole.len()).step_by(step).flat_map(|at| parcel.parts(at, step).concat()).collect();
            assert_eq!(pieces, whole, "in steps of {step}");
        }
        let frame = Parcel::unpack(&whole).unwrap();
        assert_eq!(frame.bytes, b"frame");
        assert_eq!(frame.buffers.iter().map(Buffer::len).collect::<Vec<_>>(), [0, 6, 4]);
        assert!(Parcel::unpack(&whole[..whole.len() - 1]).is_none());
    }

    proptest! {
        #[test]
        fn reading_is_total(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0_u8..8) {
            let mut bytes = bytes;
            if bytes.len() > 8 {
                bytes[..8].copy_from_slice(&[VERSION, kind, 0, 0, 0, 0, 0, 0]);
            }
            let _ = Packet::read(&bytes);
            if bytes.len() > 4 {
                bytes[..4].copy_from_slice(&[kind, 0, 0, 0]);
            }
            let mut rest = bytes.as_slice();
            while Item::read(&mut rest).is_some() {}
            let _ = Parcel::unpack(&bytes);
        }
    }
}
