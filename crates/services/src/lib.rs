//! Service discovery and the service manager, and the words of the service protocol.
//!
//! A service is opened, invoked and closed by requests between the client's process and the
//! provider's; the kernel carries them without knowing what they are. This crate names their
//! numbers ([`protocol`]), and has the one process that every container may talk to from the
//! start: the [`ServiceManager`], which knows who provides what. It is a provider itself, reached
//! like any other, only that everybody knows its name beforehand.

pub mod protocol;

mod manager;
mod presence;
mod registry;

pub use manager::{PER_PROCESS_MAX, ServiceManager};
pub use presence::{Presence, ProviderFlag};
