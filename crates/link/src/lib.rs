//! Processes of another OS process as if they were local.
//!
//! A system that *listens* ([`Connections`]) takes containers in other OS processes in. A program *connects*
//! ([`Connect`]) and is from then on a container of that system: it has a pid and a group, uses and provides
//! services, and nobody can tell the difference. One connection is one container.
//!
//! # How it works
//!
//! In the kernel of the listener a *stand-in* represents the remote container: an ordinary guest, so that permissions,
//! limits and deaths are the kernel's as for any process. In the other OS process the container is the
//! same machinery as anywhere, on a small kernel of its own, in which every other process is a *mirror*. Stand-in and
//! mirrors turn messages into frames and frames into messages; what they owe each other is in `exchange`. Frames travel
//! over a [`wire`].
//!
//! The small kernel has no workers: whoever waits for something of the container does its work (`seat`). The
//! listener's idle workers wait for all of its connections at once (`driver`).

pub mod simulation;
pub mod wire;

mod connect;
mod credits;
mod driver;
mod ears;
mod exchange;
mod frame;
mod handshake;
mod link;
mod listen;
mod mirrors;
mod patience;
mod seat;
mod stand_in;

pub use connect::{Connect, ConnectError, Guest, SOCKET_VARIABLE};
pub use listen::{AdoptError, Connections, ListenError, Listener};
