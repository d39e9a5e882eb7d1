//! The machine of Toit processes: interpreter, tasks and messages.
//!
//! [`LoadedProgram`] makes a linked program ready to run, and [`start`] starts a process that runs it. The interpreter
//! runs the frames of one task. The machine keeps the tasks of a process, performs the effects of natives, and
//! exchanges messages with other processes. Objects and the collector are in `lucarne_heap`, natives in
//! `lucarne_natives`.

mod grants;
#[allow(unsafe_code, reason = "registers are not checked on each access; interpreter.rs states why")]
mod interpreter;
mod machine;
mod process;
mod profile;
mod program;
mod session;
pub mod trace;

pub use grants::Grants;
pub use lucarne_heap::MemoryAccount;
pub use lucarne_native::Mode as MachineCode;
pub use lucarne_natives as natives;
pub use process::{process, start, start_in};
pub use profile::Profile;
pub use program::LoadedProgram;
pub use session::{InputChannel, Outcome};
