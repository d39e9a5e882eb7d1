//! Processes of other OS processes, used as if they were local.
//!
//! A system that *listens* ([`Connections`]) accepts containers in other OS processes. A program *connects*
//! ([`Connect`]) and is then a container of that system: it has a pid and a group, and uses and provides services
//! like a local one. One connection is one container.
//!
//! # How it works
//!
//! In the kernel of the listener a *stand-in* represents the remote container. It is an ordinary guest, so the kernel
//! handles its permissions, limits and death as for any process. In the other OS process the container runs like a
//! local one, on a small kernel of its own, in which every other process is a *mirror*. Stand-in and mirrors turn
//! messages into frames and frames into messages; `exchange` records the replies that are still due. Frames travel
//! over a [`wire`].
//!
//! The small kernel has no workers: a thread that waits on the container does its work (`seat`). The listener's idle
//! workers wait on all of its connections at once (`driver`).

pub mod carry;
pub mod simulation;
pub mod wire;

mod acceptor;
mod admitted;
mod connect;
mod credits;
mod driver;
mod exchange;
mod frame;
mod handshake;
mod link;
mod listen;
mod mirrors;
mod patience;
mod poller;
mod seat;
mod stand_in;

pub use connect::{Connect, ConnectError, RemoteProcess, SOCKET_VARIABLE, listening_process};
pub use frame::VERSION as PROTOCOL_VERSION;
pub use listen::{AdoptError, Connections, ListenError, Listener};
