//! A peer that breaks the rules ends its own connection, and harms no other: no panic, no hang, no SIGBUS, and no
//! resource of it is kept.
#![cfg(not(loom))]

mod attack;

use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use attack::{Attacker, CAPACITY, HEAD, KINDS, Kind, SLEEP, TAIL, file, limits, listener, take};
use lucarne_link::wire::plain::SocketWire;
use lucarne_link::wire::rings::RingWire;
use lucarne_link::wire::{Frame, LocalWire, Sent, Wire, WireError, socket};
use lucarne_message::{Buffer, Sealed};
use proptest::prelude::*;

/// Only one test at a time, so that each can see that all its descriptors and mappings are closed at its end.
struct Alone {
    before: (usize, usize),
    _guard: MutexGuard<'static, ()>,
}

fn alone() -> Alone {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    Alone { before: held(), _guard: guard }
}

impl Drop for Alone {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(held(), self.before, "descriptors and mappings that are left");
        }
    }
}

/// Returns the descriptors of this process, and its mappings of files in memory.
fn held() -> (usize, usize) {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let files = std::fs::read_dir("/proc/self/fd").unwrap().count();
    (files, maps.lines().filter(|line| line.contains("memfd:")).count())
}

fn is_violation(result: Result<usize, WireError>) -> bool {
    matches!(result, Err(WireError::Violation(_)))
}

/// Returns the listener's outcome for an action of the attacker.
fn outcome(deed: impl FnOnce(&mut Attacker)) -> Result<usize, WireError> {
    let (wire, mut attacker) = listener();
    deed(&mut attacker);
    wire.look_at_socket();
    take(&wire, 1000)
}

#[test]
fn frames_of_an_honest_peer_arrive() {
    let _alone = alone();
    let frames = outcome(|attacker| {
        attacker.write_header(5, 0, 0);
        attacker.write(b"hello");
        assert!(attacker.pass_for(3, Kind::Sealed, 100));
        attacker.write_header(0, 2, 0);
        attacker.write_buffer(1, 3, 100);
        attacker.write_buffer(0, 0, 3);
        attacker.write(b"abc");
    });
    assert_eq!(frames.unwrap(), 2);
}

#[test]
fn positions_that_cannot_be_are_violations() {
    let _alone = alone();
    for tail in [CAPACITY + 8, u64::MAX, u64::MAX - 7, 1, 4, 1 << 63] {
        assert!(is_violation(outcome(|attacker| attacker.poke(TAIL, tail))), "{tail}");
    }
    // A tail that goes back.
    let (wire, mut attacker) = listener();
    attacker.write_header(0, 0, 0);
    attacker.write_header(0, 0, 0);
    assert_eq!(take(&wire, 10).unwrap(), 2);
    attacker.poke(TAIL, 8);
    assert!(is_violation(take(&wire, 10)));
    // A head beyond the written bytes.
    for head in [u64::MAX, 1 << 40] {
        let (wire, attacker) = listener();
        attacker.poke(HEAD, head);
        let mut result = Ok(Sent::Yes);
        for _ in 0..100 {
            result = wire.send(&[&[0; 60_000]], &mut vec![]);
            if !matches!(result, Ok(Sent::Yes)) {
                break;
            }
        }
        assert!(matches!(result, Err(WireError::Violation(_))), "{head}");
    }
}

#[test]
fn lies_about_sizes_and_kinds_are_violations() {
    let _alone = alone();
    let too_much = limits().buffer_bytes as u64 + 1;
    let headers: [(u32, u16, u16); 7] = [
        (limits().frame_bytes as u32 + 1, 0, 0),
        (u32::MAX, 0, 0),
        (0, limits().frame_buffers as u16 + 1, 0),
        (0, 0, 3),
        (0, 1, 1),
        // A slot that was never used, and an invalid one.
        (0, 0, 1),
        (64, 0, 1),
    ];
    for (number, buffers, kind) in headers {
        assert!(is_violation(outcome(|attacker| attacker.write_header(number, buffers, kind))));
    }
    let buffers =
        [(0, 0, too_much), (0, 0, u64::MAX), (0, 1, 1), (3, 0, 1), (2, 0, 1), (2, 64, 1), (1, 0, 1)];
    for (kind, slot, len) in buffers {
        let result = outcome(|attacker| {
            attacker.write_header(0, 1, 0);
            attacker.write_buffer(kind, slot, len);
        });
        assert!(is_violation(result), "{kind} {slot} {len}");
    }
    // Each buffer is small enough, but not all together.
    let result = outcome(|attacker| {
        attacker.write_header(0, 2, 0);
        for _ in 0..2 {
            attacker.write_buffer(0, 0, too_much / 2 + 1);
            attacker.write(&vec![0; too_much as usize / 2 + 1]);
        }
    });
    assert!(is_violation(result));
    // A skip beyond the written bytes.
    assert!(is_violation(outcome(|attacker| attacker.write_header(0, 0, 2))));
}

#[test]
fn what_is_cut_off_is_broken() {
    let _alone = alone();
    for len in [0, 7, 1000] {
        let (wire, mut attacker) = listener();
        attacker.write_header(1000, 1, 0);
        attacker.write(&vec![0; len]);
        assert_eq!(take(&wire, 10).unwrap(), 0);
        drop(attacker);
        wire.look_at_socket();
        assert!(matches!(take(&wire, 10), Err(WireError::Broken)));
        assert!(matches!(wire.send(&[b"x"], &mut vec![]), Err(WireError::Broken)));
    }
}

#[test]
fn files_that_are_not_sealed_as_announced_are_violations() {
    let _alone = alone();
    for (kind, passed, announced) in [
        (Kind::Unsealed, 8192, 8192),
        (Kind::WriteSealMissing, 8192, 8192),
        (Kind::WithHoles, 8192, 8192),
        (Kind::NoFile, 8192, 8192),
        (Kind::Sealed, 8192, 8191),
        (Kind::Sealed, 8192, 8193),
        (Kind::Sealed, 8192, 0),
    ] {
        let result = outcome(|attacker| {
            assert!(attacker.pass_for(0, kind, passed));
            attacker.write_header(0, 1, 0);
            attacker.write_buffer(1, 0, announced);
        });
        assert!(is_violation(result), "{kind:?} {passed} {announced}");
    }
    // The right file, for another slot.
    let result = outcome(|attacker| {
        assert!(attacker.pass_for(1, Kind::Sealed, 8192));
        attacker.write_header(0, 1, 0);
        attacker.write_buffer(1, 0, 8192);
    });
    assert!(is_violation(result));
}

#[test]
fn unannounced_descriptors_are_violations() {
    let _alone = alone();
    let some = file(Kind::Sealed, 10);
    // More descriptors than can be in flight, several at once, none, and other messages.
    assert!(is_violation(outcome(|attacker| assert!(
        (0..65).all(|_| attacker.pass(&[0; 4], &[some.as_fd()]))
    ))));
    for (bytes, files) in [(&[0; 4][..], 2), (&[0; 4], 8), (&[0; 4], 0), (&[0; 3], 1), (b"GET / HTTP/1.1", 0)]
    {
        let result = outcome(|attacker| assert!(attacker.pass(bytes, &vec![some.as_fd(); files])));
        assert!(is_violation(result), "{bytes:?} {files}");
    }
    // As many descriptors as the socket takes. The listener reads only the first of them, when a frame announces a
    // descriptor for another slot.
    let (wire, mut attacker) = listener();
    while attacker.pass(&[1, 0, 0, 0], &[some.as_fd()]) {}
    attacker.write_header(0, 1, 0);
    attacker.write_buffer(1, 0, 10);
    assert!(is_violation(take(&wire, 10)));
}

#[test]
fn a_flood_takes_turns_and_wrong_sleep_words_have_no_effect() {
    let _alone = alone();
    let (wire, mut attacker) = listener();
    for _ in 0..1000 {
        (0..1000).for_each(|_| attacker.write_header(0, 0, 0));
        assert_eq!(take(&wire, 2000).unwrap(), 1000);
    }
    // Wrong sleep words at most make the listener ring bells without need.
    for word in [3, 7, 8, u64::MAX] {
        attacker.poke(SLEEP, word);
        wire.send(&[b"x"], &mut vec![]).unwrap();
        wire.flush();
    }
}

#[test]
fn files_that_are_kept_are_bounded() {
    let _alone = alone();
    let (wire, mut attacker) = listener();
    let mut kept = Vec::new();
    let before = held().0;
    for round in 0..100 {
        assert!(attacker.pass_for(round % 3, Kind::Sealed, 5000));
        attacker.write_header(0, 1, 0);
        attacker.write_buffer(1, round % 3, 5000);
        let mut frame = Frame::default();
        assert!(wire.receive(&mut frame).unwrap());
        kept.push(frame);
    }
    assert!(held().0 - before <= limits().descriptors + 3);
}

#[test]
fn memory_that_changes_while_it_is_read_is_as_good_as_any() {
    let _alone = alone();
    let begin = Instant::now();
    let mut violations = 0;
    while begin.elapsed() < Duration::from_secs(3) {
        let (wire, mut attacker) = listener();
        // This frame is certainly good: whether others are depends on when the processor switches threads.
        attacker.write_header(0, 0, 0);
        assert_eq!(take(&wire, 10).unwrap(), 1);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut noise = begin.elapsed().as_nanos() as u64;
                while !is_over.load(Ordering::Relaxed) {
                    attacker.write_header((noise % 3000) as u32, (noise % 3) as u16, 0);
                    attacker.write(&vec![noise as u8; (noise % 3000) as usize]);
                    attacker.write_buffer(0, 0, noise % 3000);
                    attacker.write(&vec![0; (noise % 3000) as usize]);
                    for at in 0..20 {
                        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(at);
                        attacker.scribble(attacker.tail.wrapping_sub(noise >> 50), &noise.to_le_bytes()[4..]);
                    }
                    attacker.tail = attacker.tail.max(attacker.peek(TAIL + 16));
                }
            });
            let end = Instant::now() + Duration::from_millis(50);
            while Instant::now() < end {
                if take(&wire, 1000).is_err() {
                    violations += 1;
                    break;
                }
            }
            is_over.store(true, Ordering::Relaxed);
        });
    }
    assert!(violations > 0);
}

#[test]
fn shared_memory_cannot_shrink() {
    let _alone = alone();
    let (wire, attacker) = listener();
    for size in [0, 4096, 4096 + CAPACITY] {
        assert!(rustix::fs::ftruncate(&attacker.memory, size).is_err());
    }
    // Holes can be made: they read as zeros.
    let flags = rustix::fs::FallocateFlags::PUNCH_HOLE | rustix::fs::FallocateFlags::KEEP_SIZE;
    rustix::fs::fallocate(&attacker.memory, flags, 0, 4096 + 2 * CAPACITY).unwrap();
    assert_eq!(take(&wire, 10).unwrap(), 0);
    wire.send(&[&[1; 50_000]], &mut vec![]).unwrap();
}

#[test]
fn a_peer_that_does_not_read_makes_the_listener_keep_one_frame() {
    let _alone = alone();
    let (wire, _attacker) = listener();
    let sealed = Sealed::copy_of(&[1; 50_000]).unwrap();
    let mut sent = 0;
    let mut buffers = vec![Buffer::zeroed(1 << 20).unwrap()];
    while wire.send(&[b"x"], &mut buffers).unwrap() == Sent::Yes {
        sent += 1;
        buffers = vec![Buffer::sealed(sealed.clone()), Buffer::zeroed(900_000).unwrap()];
    }
    assert!(sent < 5);
    assert_eq!(buffers.len(), 2);
}

#[test]
fn a_plain_socket_takes_no_descriptors_and_no_nonsense() {
    let _alone = alone();
    let end = |deed: &dyn Fn(&UnixStream)| {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let wire = SocketWire::new(ours.into(), None, limits()).unwrap();
        deed(&theirs);
        let mut frame = Frame::default();
        loop {
            match wire.receive(&mut frame) {
                Ok(is_whole) if is_whole || wire.is_ready() => {}
                Ok(_) => return None,
                Err(error) => return Some(error),
            }
        }
    };
    let some = file(Kind::Sealed, 10);
    let unannounced = end(&|theirs| assert_eq!(socket::send(theirs, &[0; 8], &[some.as_fd()]).unwrap(), 8));
    assert!(matches!(unannounced, Some(WireError::Violation(_))));
    for bytes in [&[0xff; 8][..], &[0, 0, 0, 0, 0, 0, 2, 0], &[0, 0, 0, 0, 0xff, 0xff, 0, 0]] {
        let result = end(&|mut theirs| theirs.write_all(bytes).unwrap());
        assert!(matches!(result, Some(WireError::Violation(_))), "{bytes:?}");
    }
    // Announced, but never sent.
    let sealed =
        [&[0, 0, 0, 0, 1, 0, 0, 0][..], &[1, 0, 0, 0, 0, 0, 0, 0], &[9, 0, 0, 0, 0, 0, 0, 0]].concat();
    assert!(matches!(end(&|mut theirs| theirs.write_all(&sealed).unwrap()), Some(WireError::Violation(_))));
    // Cut off, in the middle of a header and of a frame.
    for bytes in [&[0; 3][..], &[9, 0, 0, 0, 0, 0, 0, 0, 1]] {
        let result = end(&|mut theirs| {
            theirs.write_all(bytes).unwrap();
            theirs.shutdown(std::net::Shutdown::Both).unwrap();
        });
        assert!(matches!(result, Some(WireError::Broken)), "{bytes:?}");
    }
}

#[test]
fn memory_of_a_maker_that_is_not_sealed_is_refused() {
    let _alone = alone();
    for kind in KINDS {
        let (socket, _other) = UnixStream::pair().unwrap();
        let wire = RingWire::make(socket.try_clone().unwrap().into(), None, limits()).unwrap();
        let [_, a, b, c] = wire.1;
        let joined = RingWire::join(socket.into(), None, [file(kind, 5000), a, b, c], limits());
        assert!(matches!(joined.err(), Some(WireError::Violation(_))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_attack_ends(input in prop::collection::vec(any::<u8>(), 0..600)) {
        let _alone = alone();
        attack::attack(&input);
    }
}
