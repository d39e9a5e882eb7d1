//! Services: the service manager, and clients and providers in Rust.
//!
//! A service is opened, invoked and closed by requests between the client's process and the
//! provider's; the kernel carries them without interpreting them. This crate defines the numbers of these requests
//! ([`protocol`]). It has the one process to which every container may send requests from the start: the
//! [`ServiceManager`], which keeps the registry of providers. The manager is itself a provider like any other, except
//! that its address is fixed.
//!
//! A [`Container`] is a process with code in Rust: an executor of futures with a mailbox. Providers
//! use [`Handler`], [`Resource`] and [`Notifier`]; clients use
//! [`Client`], [`Proxy`] and [`Notifications`], and [`Component`] for components in C.
//! Slow operations return a [`Pending`].
//!
//! ```
//! use lucarne_kernel::{Kernel, KernelOptions};
//! use lucarne_services::{
//!     Call, Client, Container, Handler, Presence, Selector, ServiceManager, Thrown, Value, uuid,
//! };
//!
//! const DOUBLE: Selector = Selector::new(uuid!("3ea2ba7e-a1e7-4c1c-9dd4-3b5a21d4c3b6"), 1, 0);
//!
//! struct Double;
//!
//! impl Handler for Double {
//!     async fn handle(&self, call: &Call, index: u32, arguments: Value) -> Result<Value, Thrown> {
//!         match (index, arguments.as_int()) {
//!             (0, Some(number)) => Ok(Value::from(2 * number)),
//!             (0, None) => Err(Thrown::new("INVALID_ARGUMENT")),
//!             _ => Err(call.no_such_method(index)),
//!         }
//!     }
//! }
//!
//! # let kernel = Kernel::new(KernelOptions { workers: 1, hooks: Default::default() });
//! # let manager = kernel.start_system(Box::new(ServiceManager::new(Presence::default())), Default::default());
//! # kernel.set_system_process(manager);
//! let house = Container::start(&kernel, "house");
//! let provider = house.provider("example/double", "1.0").provides(DOUBLE, Double).install().wait()?;
//!
//! let guest = Container::start(&kernel, "guest");
//! let double = Client::open(&guest, DOUBLE).wait()?;
//! assert_eq!(double.invoke(0, Value::from(21)).wait()?, Value::from(42));
//! provider.uninstall().wait()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod protocol;

mod abroad;
mod agenda;
mod announced;
mod books;
mod by_process;
mod calls;
mod cancellation;
mod client;
mod component;
mod container;
mod directory;
mod ender;
mod failure;
mod handler;
mod inbox;
mod io_error;
#[doc(hidden)]
pub mod macros;
mod manager;
mod open;
mod open_clients;
mod pending;
mod policy;
mod presence;
mod process;
mod promise;
mod provider;
mod proxy;
mod quotas;
mod registry;
mod resource;
mod selector;
mod survey;
mod traffic;
mod unused;
mod wait;

pub use abroad::{Abroad, Offered};
pub use announced::{ANNOUNCED_US, Announcement, Announcements};
pub use cancellation::{Cancellation, Closing};
pub use client::Client;
pub use component::Component;
pub use container::Container;
pub use directory::{Directory, Entry};
pub use ender::Ender;
pub use failure::{
    Broken, CallError, ComponentError, Failed, Fault, InstallError, NotifyError, OpenError, Thrown,
};
pub use handler::{Arguments, Call, Handler, Serve, Serves};
pub use lucarne_message::{Bytes, Payload, Value};
pub use manager::{Oversight, PER_INTERFACE_MAX, PER_PROCESS_MAX, ProvidedHook, ServiceManager};
pub use open::{Candidate, Open, Service};
pub use pending::{Deferred, Pending};
pub use policy::{Policies, Policy, Reserved, Rules};
pub use presence::{Presence, ProviderFlag, StandInFailure, StandInRules};
pub use provider::{Provider, ProviderBuilder};
pub use proxy::{Next, Notifications, Proxy};
pub use quotas::{
    CLIENTS_PER_GROUP_MAX, CLIENTS_PER_PROCESS_MAX, RESOURCES_PER_GROUP_MAX, RESOURCES_PER_PROCESS_MAX,
};
pub use resource::{Notifier, Resource, Sending};
pub use selector::Selector;
pub use survey::{OpenClient, Survey, Surveyed, Surveys};
pub use traffic::{Calls, Flow, Latency, Line, Look, Seen, Traffic};
pub use unused::IfUnused;
pub use uuid::{Uuid, uuid};
pub use wait::Turns;
