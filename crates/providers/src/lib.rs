//! The native services of a system: containers in Rust that every system offers.
//!
//! - [`console`] takes the printed lines, log messages and traces of containers.
//! - [`storage`] keeps buckets and regions.
//! - [`containers`] lists images and starts containers from them.
//! - [`network`] resolves names and opens sockets.
//!
//! Each has a client for Rust beside its provider. A host installs them; see `lucarne-host`.

pub mod console;
pub mod containers;
pub mod network;
pub mod storage;
