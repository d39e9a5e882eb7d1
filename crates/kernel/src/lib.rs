//! The kernel: it runs processes on worker threads, passes messages between them, and ends them.
//!
//! A [`Process`] is anything that can run for a while and then wait for messages: a Toit process, the service manager,
//! a native provider. The [`Kernel`] owns the table of processes, the run queues and the worker threads. A process uses
//! the kernel through the [`Context`] that each of its turns gets; the rest of the host uses a [`KernelHandle`].
//!
//! # How a message travels
//!
//! Sending puts the message into the receiver's mailbox and makes the receiver ready. It never blocks, and it does not
//! run the receiver inside the sender (except for mirrors: see [`KernelHandle::set_mirrors`]). The receiver takes the
//! next slot of the sender's worker, and runs when the sender's turn ends, on the rest of the sender's budget. Each
//! mailbox is one queue; the lane of a message decides which limits apply to it (see `mailbox`). The kernel stamps each
//! message with the sender's pid and gid, and decides which messages a process may send to which other processes (see
//! `contacts`).
//!
//! # What never happens
//!
//! - A request without an answer: the right to reply is a [`RequestToken`]. A token that is dropped (since its process
//!   ended, or its message was never read) answers with an error. A full mailbox still accepts replies.
//! - A lost wake-up: see `run_state` and `idle`, which loom checks in small cases (`src/models.rs` has the models and
//!   the command that runs them).
//! - A panic that crosses from one process to another.
//!
//! ```
//! use lucarne_kernel::{Context, Exit, Kernel, KernelOptions, MessageKind, Outcome, SpawnOptions};
//! use lucarne_message::{Payload, Value};
//!
//! /// Answers each request with its own arguments.
//! fn echo(context: &mut Context<'_>) -> Outcome {
//!     while let Some(message) = context.receive() {
//!         if let MessageKind::Request { token, payload, .. } = message.kind {
//!             context.reply(token, Ok(payload));
//!         }
//!     }
//!     Outcome::Wait { until_us: None }
//! }
//!
//! let kernel = Kernel::new(KernelOptions { workers: 2, hooks: Default::default() });
//! let echo = kernel.start_system(Box::new(echo), SpawnOptions::named("echo"));
//! let mut asked = false;
//! let caller = move |context: &mut Context<'_>| {
//!     if !asked {
//!         asked = true;
//!         let arguments = Payload::from_value(&Value::Int(7)).unwrap();
//!         context.request(echo, 1, arguments).unwrap();
//!     }
//!     match context.receive().map(|message| message.kind) {
//!         Some(MessageKind::Reply { result: Ok(payload), .. }) => {
//!             let answer = payload.into_value().unwrap().as_int().unwrap();
//!             Outcome::Exit(Exit::Code(answer as i32))
//!         }
//!         _ => Outcome::Wait { until_us: None },
//!     }
//! };
//! let program = kernel.start(Box::new(caller), SpawnOptions::named("caller"));
//! assert_eq!(program.wait(), 7);
//! ```
//!
//! The same code runs in a [`Simulation`]: one thread, virtual time, and a seed that decides which
//! process runs next and which is killed.

pub mod clock;
pub mod random;
pub mod sync;

mod contacts;
mod context;
mod death;
mod driven;
mod driver;
mod entry;
mod group;
mod id;
mod idle;
mod kernel;
mod long_work;
mod mailbox;
mod message;
#[cfg(all(test, loom))]
mod models;
mod observe;
mod pending;
mod port;
mod process;
mod run_queue;
mod run_state;
mod scheduler;
mod simulation;
mod spares;
mod timers;
mod worker;

pub use context::{Context, NotAllowed, SpawnError};
pub use driven::Driven;
pub use driver::Driver;
pub use group::{PROCESSES_MAX, RunningProgram};
pub use id::{Gid, Pid, RequestId};
pub use kernel::{
    EndHook, EndReport, Hooks, Kernel, KernelHandle, KernelOptions, MirrorMaker, Prepared, Waker,
};
pub use long_work::{before_long_work, before_waiting};
pub use mailbox::{Held, MAILBOX_BYTES_MAX, NOTIFICATIONS_MAX, REQUESTS_MAX, SLOW_CONSUMER_US};
pub use message::{
    About, Credit, CreditWatch, Failure, Message, MessageKind, Processed, Refused, Relieved, RequestToken,
    SendError, USER_KIND_MIN,
};
pub use observe::{Answered, Delivered, Observer, Observing, Party};
pub use port::Port;
pub use process::{Exit, GroupOption, Outcome, Process, SpawnOptions, Trust, priority};
pub use scheduler::Doorbell;
pub use simulation::{Faults, Simulation, Step};
