//! The contract of both kinds of wire: frames come out as they went in, in order, whatever their size, and an end is
//! noticed.
#![cfg(not(loom))]

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use lucarne_link::wire::plain::SocketWire;
use lucarne_link::wire::rings::RingWire;
use lucarne_link::wire::{Frame, Limits, LocalWire, Sent, WireError};
use lucarne_message::{Buffer, Sealed};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

type Pair = (Box<dyn LocalWire>, Box<dyn LocalWire>);

fn sockets() -> Pair {
    let (a, b) = UnixStream::pair().unwrap();
    let end = |socket: UnixStream| SocketWire::new(socket.into(), None, Limits::default()).unwrap();
    (Box::new(end(a)), Box::new(end(b)))
}

fn rings() -> Pair {
    let (a, b) = UnixStream::pair().unwrap();
    let (a, descriptors) = RingWire::make(a.into(), None, Limits::default()).unwrap();
    let b = RingWire::join(b.into(), None, descriptors, Limits::default()).unwrap();
    (Box::new(a), Box::new(b))
}

fn both(check: impl Fn(Pair)) {
    check(sockets());
    check(rings());
}

/// Returns bytes that depend on their position.
fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 251 + seed) as u8).collect()
}

/// Waits as a thread without work does.
fn sleep(wire: &dyn LocalWire) {
    if !wire.announce_sleep(0) {
        let descriptors = wire.descriptors();
        let mut files: Vec<_> = [descriptors.bells[0], descriptors.socket]
            .iter()
            .flatten()
            .map(|file| PollFd::from_borrowed_fd(*file, PollFlags::IN))
            .collect();
        let limit = Timespec { tv_sec: 10, tv_nsec: 0 };
        assert!(poll(&mut files, Some(&limit)).unwrap() > 0, "no bell rang");
        if files.last().is_some_and(|socket| !socket.revents().is_empty()) {
            wire.look_at_socket();
        }
        wire.silence(0);
    }
    wire.announce_awake();
}

fn send(wire: &dyn LocalWire, parts: &[&[u8]], mut buffers: Vec<Buffer>) {
    while wire.send(parts, &mut buffers).unwrap() == Sent::NoRoom {
        wire.flush();
        sleep(wire);
        let mut frame = Frame::default();
        assert!(!wire.receive(&mut frame).unwrap(), "nothing is sent this way");
    }
    wire.flush();
}

fn receive(wire: &dyn LocalWire, frame: &mut Frame) -> Result<(), WireError> {
    while !wire.receive(frame)? {
        wire.flush();
        sleep(wire);
    }
    Ok(())
}

#[test]
fn frames_come_out_as_they_went_in() {
    both(|(a, b)| {
        let mut frame = Frame::default();
        for (seed, len) in [0, 1, 7, 8, 9, 100, 4096, 32_656, 100_000].into_iter().enumerate() {
            let bytes = pattern(len, seed);
            let (first, second) = bytes.split_at(len / 3);
            send(&*a, &[first, &[], second], vec![]);
            receive(&*b, &mut frame).unwrap();
            assert_eq!((&frame.bytes, frame.buffers.len()), (&bytes, 0));
        }
    });
}

#[test]
fn frames_of_all_sizes_cross_while_both_sides_sleep_and_wake() {
    const SIZES: [usize; 12] =
        [3, 100, 32_656, 40_000, 64 << 10, 1, 200_000, 1 << 20, 0, 3_000_001, 9, (5 << 20) + 5];
    both(|(a, b)| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for (seed, len) in SIZES.into_iter().cycle().take(60).enumerate() {
                    let buffers = match seed % 3 {
                        0 => vec![],
                        1 => vec![Buffer::copy_of(&pattern(len, seed)).unwrap()],
                        _ => {
                            [len, 0, len / 2].map(|len| Buffer::copy_of(&pattern(len, seed)).unwrap()).into()
                        }
                    };
                    send(&*a, &[&pattern(len % 400_000, seed)], buffers);
                }
                // Bytes that did not fit at once leave while this side waits.
                assert!(matches!(receive(&*a, &mut Frame::default()), Ok(())));
            });
            let mut frame = Frame::default();
            for (seed, len) in SIZES.into_iter().cycle().take(60).enumerate() {
                receive(&*b, &mut frame).unwrap();
                assert!(frame.bytes == pattern(len % 400_000, seed));
                let sizes: Vec<_> = frame.buffers.iter().map(Buffer::len).collect();
                assert_eq!(sizes, [vec![], vec![len], vec![len, 0, len / 2]][seed % 3]);
                assert!(frame.buffers.iter().all(|buffer| buffer.as_slice() == pattern(buffer.len(), seed)));
            }
            send(&*b, &[b"done"], vec![]);
        });
    });
}

#[test]
fn what_finds_no_room_is_not_taken_and_is_sent_later() {
    both(|(a, b)| {
        let bytes = pattern(50_000, 0);
        let mut sent = 0;
        let mut buffers = vec![Buffer::copy_of(&bytes).unwrap()];
        while a.send(&[&bytes], &mut buffers).unwrap() == Sent::Yes {
            a.flush();
            sent += 1;
            buffers.push(Buffer::copy_of(&bytes).unwrap());
        }
        assert_eq!(buffers.len(), 1);
        let mut frame = Frame::default();
        for _ in 0..sent {
            receive(&*b, &mut frame).unwrap();
            b.flush();
            // With the socket, a thread must flush the waiting bytes.
            assert!(!a.is_ready() || !a.receive(&mut Frame::default()).unwrap());
        }
        assert_eq!(a.send(&[&bytes], &mut buffers).unwrap(), Sent::Yes);
        a.flush();
        receive(&*b, &mut frame).unwrap();
        assert_eq!(frame.buffers[0].as_slice(), bytes);
    });
}

#[test]
fn what_was_sent_before_the_end_arrives() {
    both(|(a, b)| {
        send(&*a, &[b"last"], vec![]);
        drop(a);
        let mut frame = Frame::default();
        receive(&*b, &mut frame).unwrap();
        assert_eq!(frame.bytes, b"last");
        assert!(matches!(receive(&*b, &mut frame), Err(WireError::Broken)));
        assert!(matches!(
            b.send(&[b"x"], &mut vec![]).and_then(|_| {
                b.flush();
                b.receive(&mut frame)
            }),
            Err(WireError::Broken)
        ));
    });
}

#[test]
fn closing_is_an_end_for_both() {
    both(|(a, b)| {
        a.close();
        assert!(matches!(receive(&*b, &mut Frame::default()), Err(WireError::Broken)));
        assert!(matches!(receive(&*a, &mut Frame::default()), Err(WireError::Broken)));
    });
}

#[test]
fn frames_beyond_the_limits_are_not_sent() {
    both(|(a, _b)| {
        let limits = Limits::default();
        let is_refused = |bytes: &[u8], mut buffers: Vec<Buffer>| {
            matches!(a.send(&[bytes], &mut buffers), Err(WireError::Violation(_)))
        };
        assert!(is_refused(&vec![0; limits.frame_bytes + 1], vec![]));
        let many = (0..=limits.frame_buffers).map(|_| Buffer::zeroed(1).unwrap()).collect();
        assert!(is_refused(b"", many));
    });
}

#[test]
fn sealed_bytes_cross_without_a_copy_and_once() {
    let (a, b) = rings();
    let sealed = Sealed::copy_of(&pattern(1 << 20, 3)).unwrap();
    let mut frame = Frame::default();
    let mut addresses = Vec::new();
    for _ in 0..100 {
        send(&*a, &[b"x"], vec![Buffer::sealed(sealed.clone()), Buffer::copy_of(b"y").unwrap()]);
        receive(&*b, &mut frame).unwrap();
        assert!(frame.buffers[0].as_slice() == sealed.as_slice());
        assert_eq!(frame.buffers[1].as_slice(), b"y");
        addresses.push(frame.buffers[0].as_slice().as_ptr());
    }
    assert_ne!(addresses[0], sealed.as_slice().as_ptr());
    assert!(addresses.iter().all(|address| *address == addresses[0]));
}

#[test]
fn more_sealed_files_than_slots_and_more_on_their_way_than_agreed_arrive() {
    let (a, b) = rings();
    let all: Vec<_> = (0..200).map(|seed| Sealed::copy_of(&pattern(500, seed)).unwrap()).collect();
    let mut frame = Frame::default();
    for _ in 0..3 {
        for sealed in &all {
            send(&*a, &[b"x"], vec![Buffer::sealed(sealed.clone())]);
        }
        for sealed in &all {
            receive(&*b, &mut frame).unwrap();
            assert!(frame.buffers[0].as_slice() == sealed.as_slice());
        }
    }
}

#[test]
fn what_the_sender_lets_go_of_is_not_kept() {
    let (a, b) = rings();
    let sealed = Sealed::copy_of(&[1; 5000]).unwrap();
    let mut frame = Frame::default();
    send(&*a, &[b"x"], vec![Buffer::sealed(sealed.clone())]);
    receive(&*b, &mut frame).unwrap();
    let kept = frame.buffers[0].as_sealed().unwrap().downgrade();
    drop(sealed);
    for _ in 0..200 {
        send(&*a, &[b"x"], vec![]);
        receive(&*b, &mut frame).unwrap();
    }
    assert!(kept.is_gone());
}

#[test]
fn sealed_bytes_cross_a_socket_as_copies() {
    let (a, b) = sockets();
    let sealed = Sealed::copy_of(&pattern(100_000, 3)).unwrap();
    let mut frame = Frame::default();
    send(&*a, &[b"x"], vec![Buffer::sealed(sealed.clone())]);
    receive(&*b, &mut frame).unwrap();
    assert!(frame.buffers[0].as_sealed().is_none());
    assert_eq!(frame.buffers[0], Buffer::sealed(sealed));
}

#[test]
fn calls_back_and_forth_reuse_the_beginning_of_the_rings() {
    let (a, b) = rings();
    let mut frame = Frame::default();
    let begin = Instant::now();
    let mut calls = 0;
    while calls < 100_000 && begin.elapsed() < Duration::from_secs(5) {
        let bytes = pattern(calls % 300, calls);
        send(&*a, &[&bytes], vec![]);
        receive(&*b, &mut frame).unwrap();
        assert_eq!(frame.bytes, bytes);
        send(&*b, &[&bytes], vec![]);
        receive(&*a, &mut frame).unwrap();
        assert_eq!(frame.bytes, bytes);
        calls += 1;
    }
}
