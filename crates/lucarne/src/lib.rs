//! Isolated containers that talk only through services.
//!
//! A container has nothing but its own memory and a mailbox; everything else is a service that some
//! container provides. What a container is written in, Rust or Toit, its partners cannot tell. This page
//! shows the Rust side.
//!
//! # A service
//!
//! A service is a trait. The UUID names it for all time, and each method has a number:
//!
//! ```
//! use lucarne::prelude::*;
//!
//! #[lucarne::service(uuid = "5b3e5a4e-8d0c-4a70-9b2a-7d3f5d2b6d11", version = "1.0")]
//! pub trait Greeter {
//!     /// Says hello.
//!     #[index(0)]
//!     async fn greet(&self, name: String) -> Result<String, GreetError>;
//! }
//!
//! #[derive(Debug, PartialEq, lucarne::Fault)]
//! pub enum GreetError {
//!     NoName,
//! }
//!
//! struct Polite;
//!
//! impl Greeter for Polite {
//!     async fn greet(&self, name: String) -> Result<String, GreetError> {
//!         if name.is_empty() { Err(GreetError::NoName) } else { Ok(format!("Hello, {name}!")) }
//!     }
//! }
//!
//! let system = System::new();
//! let house = system.container("house");
//! let provider = house.provider("example/polite", "1.0").handle(GreeterHandler::new(Polite)).install().wait()?;
//!
//! let guest = system.container("guest");
//! let greeter = GreeterClient::open(&guest).wait()?;
//! assert_eq!(greeter.greet("Ada".into()).wait()?, "Hello, Ada!");
//! assert_eq!(greeter.greet("".into()).wait(), Err(CallError::Provider(GreetError::NoName)));
//! provider.uninstall().wait()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything that takes time is a [`Pending`]: awaited in any runtime, or waited for on a thread with
//! `wait`, which needs none. `within` bounds the time, and dropping it cancels.
//!
//! # Resources and notifications
//!
//! A resource is something that a provider keeps for a client: it closes, and its value is dropped, when
//! either of them says so or the client's container ends, once in any case. It may send values to the
//! client, which get there in their order:
//!
//! ```
//! use lucarne::prelude::*;
//!
//! #[lucarne::service(uuid = "0a1ff7fd-7a86-4b8d-8c9c-52d0e2a4a1f3", version = "1.0")]
//! pub trait Clocks {
//!     type Clock: Clock;
//!     #[index(0)]
//!     async fn make(&self, start: i64) -> Resource<Self::Clock>;
//! }
//!
//! #[lucarne::resource(notifies = i64)]
//! pub trait Clock {
//!     #[index(1)]
//!     async fn tick(&self) -> i64;
//! }
//!
//! struct Workshop;
//! struct Cuckoo { time: std::sync::atomic::AtomicI64, notifier: Notifier<i64> }
//!
//! impl Clocks for Workshop {
//!     type Clock = Cuckoo;
//!
//!     async fn make(&self, start: i64) -> Resource<Cuckoo> {
//!         Cuckoo::resource(|notifier| Cuckoo { time: start.into(), notifier })
//!     }
//! }
//!
//! impl Clock for Cuckoo {
//!     async fn tick(&self) -> i64 {
//!         let time = 1 + self.time.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
//!         // A client that does not listen misses it.
//!         let _ = self.notifier.try_send(time);
//!         time
//!     }
//! }
//!
//! # let system = System::new();
//! # let house = system.container("house");
//! # let guest = system.container("guest");
//! house.provider("example/workshop", "1.0").handle(ClocksHandler::new(Workshop)).install().wait()?;
//! let clocks = ClocksClient::open(&guest).wait()?;
//! let clock = clocks.make(7).wait()?;
//! let mut times = clock.notifications();
//! assert_eq!(clock.tick().wait()?, 8);
//! assert_eq!(times.next().wait(), Some(Ok(8)));
//! clock.close().wait()?;
//! assert_eq!(times.next().wait(), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # By hand
//!
//! The macros write nothing that cannot be written by hand: a [`Handler`] answers calls value by value, a
//! [`Client`] makes them.
//!
//! # What travels
//!
//! Arguments and results are `serde` types. No argument travels as null, one as itself, several as a list.
//!
//! | Rust | Toit |
//! |---|---|
//! | `()`, `None` | null |
//! | `bool`, integers, floats, `String` | the same |
//! | [`Bytes`] | a byte array |
//! | sequences, tuples | a list |
//! | maps, structs | a map; fields by their names |
//! | a variant without content | a string: its name |
//! | a variant with content | a map of one entry: its name, the content |
//!
//! # Other OS processes
//!
//! A system that listens takes in containers of other OS processes: they have a pid and a group in it, and from then
//! on nothing about them is different.
//!
//! ```
//! use lucarne::prelude::*;
//!
//! # let folder = std::env::temp_dir().join(format!("lucarne-doc-{}", std::process::id()));
//! # let path = folder.join("socket");
//! # struct Doubler;
//! # impl Handler for Doubler {
//! #     async fn handle(&self, call: &Call, _: u32, arguments: Value) -> Result<Value, Thrown> {
//! #         Ok(arguments)
//! #     }
//! # }
//! # const ECHO: Selector = Selector::new(uuid!("7a3f6a80-6f8f-4f3e-9c0c-0a51a7e3b0de"), 1, 0);
//! let system = System::new();
//! let listener = system.listen(&path)?;
//! # let house = system.container("house");
//! # house.provider("example/echo", "1.0").provides(ECHO, Doubler).install().wait()?;
//!
//! // In another program:
//! let guest = Container::connect(&path).wait()?;
//! let echo = Client::open(&guest, ECHO).wait()?;
//! assert_eq!(echo.invoke(0, Value::from(42)).wait()?, Value::from(42));
//! # drop(listener);
//! # std::fs::remove_dir_all(folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Container::run`] and `wait` do the container's work on the thread that waits; when nobody does, a thread of its own
//! does. When the connection breaks, all others have ended for the container, and it for them.
//!
//! [`Bytes`] of more than 32,656 bytes are handed over within an OS process, and copied once to another one. What is
//! sent to others again and again can be [sealed](Bytes::sealed): then it costs as much as a number.
//!
//! # Rules
//!
//! Handlers and tasks of a container run one at a time, on threads of the system: one that blocks its thread
//! holds up the others. A handler that panics fails its call alone. Tasks that wait use
//! [`Container::sleep`], services of others, or whatever wakes them; a runtime is not there.

#[cfg(feature = "toit")]
pub use lucarne_host::ProgramOptions;
pub use lucarne_host::{Builder, SimulatedSystem, System};
pub use lucarne_kernel::{Gid, Pid, Program};
#[cfg(feature = "link")]
pub use lucarne_link::{AdoptError, Connect, ConnectError, ListenError, Listener, SOCKET_VARIABLE};
pub use lucarne_macros::{Fault, resource, service};
pub use lucarne_ports::{CapturedOutput, Output, StandardOutput, Stream};
pub use lucarne_providers::{console, containers, storage};
#[doc(hidden)]
pub use lucarne_services::macros;
pub use lucarne_services::protocol::priority;
pub use lucarne_services::{
    Arguments, Broken, Bytes, Call, CallError, Cancellation, Candidate, Client, Component, ComponentError,
    Container, Failed, Fault, Handler, InstallError, Next, Notifications, Notifier, NotifyError, Open,
    OpenError, Payload, Pending, Provider, ProviderBuilder, Proxy, Resource, Selector, Sending, Serve,
    Serves, Service, Thrown, Uuid, Value, uuid,
};
#[cfg(feature = "toit")]
pub use lucarne_toit::ToitError;

/// What almost every user needs.
pub mod prelude {
    #[cfg(feature = "link")]
    pub use crate::Connect;
    pub use crate::{
        Broken, Bytes, Call, CallError, Client, Component, Container, Handler, Notifications, Notifier,
        OpenError, Pending, Provider, Proxy, Resource, Selector, System, Thrown, Value, uuid,
    };
}

/// Compiles and runs what the guide shows.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/rust.md")]
struct Guide;
