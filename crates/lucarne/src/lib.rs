//! Isolated containers that talk only through services.
//!
//! A container has only its own memory and a mailbox. Everything else is a service that a container provides.
//! Containers are written in Rust or Toit, and other containers cannot tell in which language. This page shows the Rust
//! side.
//!
//! # A service
//!
//! A service is a trait. The UUID identifies it permanently, and each method has a number:
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
//! Each operation that takes time returns a [`Pending`]. Await it in any runtime, or call `wait`, which blocks the
//! thread and needs no runtime. `within` limits the time, and dropping a [`Pending`] cancels the operation.
//!
//! # Resources and notifications
//!
//! A provider keeps a resource for a client. The resource is closed, exactly once, when the provider or the client
//! closes it, or the client's container ends. Its value is then dropped. A resource can send values to the client,
//! which arrive in order:
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
//!         // A client that does not listen misses the tick.
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
//! # Without macros
//!
//! You can write all code by hand that the macros generate: implement a [`Handler`] that
//! answers calls, and make calls with a [`Client`]. Both pass arguments and results as a [`Value`].
//!
//! # Arguments and results
//!
//! Arguments and results are `serde` types. A call without arguments sends null, a call with one argument sends the
//! argument itself, and a call with several arguments sends a list.
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
//! A system that listens accepts containers of other OS processes. They have a pid and a group in the system, and
//! behave like all other containers.
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
//! system.listen(&path)?;
//! # let house = system.container("house");
//! # house.provider("example/echo", "1.0").provides(ECHO, Doubler).install().wait()?;
//!
//! // In another program:
//! let guest = Container::connect(&path).wait()?;
//! let echo = Client::open(&guest, ECHO).wait()?;
//! assert_eq!(echo.invoke(0, Value::from(42)).wait()?, Value::from(42));
//! # std::fs::remove_dir_all(folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Container::run`] and `wait` do the container's work on the waiting thread; while no thread waits, a thread of
//! the container does it. When the connection breaks, the container sees all others end, and all others see the
//! container end.
//!
//! [`Bytes`] of more than 32,656 bytes are moved within an OS process, and copied once to another OS process. You can
//! [seal](Bytes::sealed) bytes that you send many times. Each send then costs as much as sending a number.
//!
//! # Rules
//!
//! Handlers and tasks of a container run one at a time, on threads of the system: a task that blocks its thread
//! delays the others. A handler that panics fails only its own call. A task can await [`Container::sleep`], calls of
//! services, and any future that wakes it. A container has no other runtime, so a future that needs one, such as a
//! timer of tokio, does not work in its tasks.

pub mod network;

#[cfg(feature = "link")]
pub use lucarne_host::Listener;
#[cfg(feature = "toit")]
pub use lucarne_host::ProgramOptions;
pub use lucarne_host::{Builder, SimulatedSystem, System, SystemHandle};
#[cfg(feature = "interface")]
pub use lucarne_interface_macros::interface;
pub use lucarne_kernel::{Gid, Pid, RunningProgram};
#[cfg(feature = "link")]
pub use lucarne_link::{AdoptError, Connect, ConnectError, ListenError, SOCKET_VARIABLE};
pub use lucarne_macros::{Fault, resource, service};
pub use lucarne_ports::{CapturedOutput, Output, StandardOutput, Stream};
pub use lucarne_providers::{console, containers, storage};
#[doc(hidden)]
pub use lucarne_services::macros;
pub use lucarne_services::protocol::priority;
pub use lucarne_services::{
    Arguments, Broken, Bytes, Call, CallError, Cancellation, Candidate, Client, Closing, Component,
    ComponentError, Container, Ender, Failed, Fault, Handler, IfUnused, InstallError, Next, Notifications,
    Notifier, NotifyError, Open, OpenError, Payload, Pending, Provider, ProviderBuilder, Proxy, Resource,
    Selector, Sending, Serve, Serves, Service, Thrown, Uuid, Value, uuid,
};
#[cfg(feature = "toit")]
pub use lucarne_toit::ToitError;

/// Exports the items that most users need.
pub mod prelude {
    #[cfg(feature = "link")]
    pub use crate::Connect;
    pub use crate::{
        Broken, Bytes, Call, CallError, Client, Component, Container, Handler, Notifications, Notifier,
        OpenError, Pending, Provider, Proxy, Resource, Selector, System, Thrown, Value, uuid,
    };
}

/// Compiles and runs the examples of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/rust.md")]
struct Guide;

/// Compiles and runs the example of the guide to service interfaces.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/interfaces.md")]
struct GuideToInterfaces;
