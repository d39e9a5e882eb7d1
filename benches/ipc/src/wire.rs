//! Measures the wire of crate `link` alone, with the shortest possible wait: the lower bound for a
//! call.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use lucarne_link::wire::rings::RingWire;
use lucarne_link::wire::{Frame, Limits, LocalWire, Wire};
use lucarne_message::{Buffer, Bytes, Sealed};
use rustix::event::{PollFd, PollFlags, poll};

use crate::measure::{batch_of, batches, row};
use crate::memory::{pass, take};
use crate::peer::Peer;
use crate::{IN_FLIGHT, SIZES};

pub fn rows() {
    let peer = Peer::start("wire");
    let socket: OwnedFd = peer.socket.try_clone().expect("a socket").into();
    let (wire, descriptors) = RingWire::make(socket, None, Limits::default()).expect("a wire");
    descriptors.iter().for_each(|descriptor| pass(&peer.socket, descriptor));
    let mut frame = Frame::default();
    // The other side reports when it is ready: until then the wire does not own the socket alone.
    receive(&wire, &mut frame);
    for (name, size) in SIZES {
        let bytes = vec![1; size];
        row(&format!("the wire, {name}"), batch_of(size), || {
            if size < 32_000 {
                send(&wire, &bytes, vec![]);
            } else {
                send(&wire, b"12345678", vec![Buffer::copy_of(&bytes).expect("memory")]);
            }
            receive(&wire, &mut frame);
        });
    }
    let bytes = Bytes::from(vec![1; 1 << 20]);
    row("the wire, 1 MiB without copies of its own", batch_of(1 << 20), || {
        send(&wire, b"12345678", vec![bytes.clone().into()]);
        receive(&wire, &mut frame);
    });
    let sealed = Sealed::copy_of(&vec![1; 1 << 20]).expect("a sealed file");
    row("the wire, 1 MiB sealed once", batch_of(8), || {
        send(&wire, b"12345678", vec![Buffer::sealed(sealed.clone())]);
        receive(&wire, &mut frame);
    });
    row("the wire, 1 MiB sealed each time", batch_of(1 << 20), || {
        let sealed = Sealed::copy_of(&bytes).expect("a sealed file");
        send(&wire, b"12345678", vec![Buffer::sealed(sealed)]);
        receive(&wire, &mut frame);
    });
    batches("the wire, int, 64 in flight", 10 * IN_FLIGHT, || {
        for _ in 0..10 {
            for _ in 0..IN_FLIGHT {
                wire.send(&[b"12345678"], &mut vec![]).expect("a peer");
            }
            wire.flush();
            (0..IN_FLIGHT).for_each(|_| receive(&wire, &mut frame));
        }
    });
}

pub fn answer(socket: UnixStream) {
    let descriptors = std::array::from_fn(|_| take(&socket));
    let wire = RingWire::join(socket.into(), None, descriptors, Limits::default()).expect("a wire");
    let mut frame = Frame::default();
    send(&wire, b"ready", vec![]);
    loop {
        receive(&wire, &mut frame);
        if frame.bytes.is_empty() {
            return;
        }
        let sum: u64 =
            frame.buffers.iter().map(|buffer| u64::from(buffer.as_slice()[buffer.len() / 2])).sum();
        wire.send(&[&sum.to_le_bytes()], &mut vec![]).expect("a peer");
        if !wire.is_ready() {
            wire.flush();
        }
    }
}

fn send(wire: &RingWire, bytes: &[u8], mut buffers: Vec<Buffer>) {
    wire.send(&[bytes], &mut buffers).expect("a peer");
    wire.flush();
}

/// Spins for 20 µs, yielding the processor, and then sleeps.
fn receive(wire: &RingWire, frame: &mut Frame) {
    let mut begin = None;
    while !wire.receive(frame).unwrap_or_else(|_| std::process::exit(0)) {
        wire.flush();
        if begin.get_or_insert_with(Instant::now).elapsed() < Duration::from_micros(20) {
            std::thread::yield_now();
        } else {
            sleep(wire);
            begin = None;
        }
    }
}

fn sleep(wire: &RingWire) {
    if !wire.announce_sleep(0) {
        let descriptors = wire.descriptors();
        let file = |file| PollFd::from_borrowed_fd(file, PollFlags::IN);
        let mut files =
            [descriptors.bells[0].map(file), descriptors.socket.map(file)].map(|file| file.expect("a file"));
        let _ = poll(&mut files, None);
        if !files[1].revents().is_empty() {
            wire.look_at_socket();
        }
        wire.silence(0);
    }
    wire.announce_awake();
}
