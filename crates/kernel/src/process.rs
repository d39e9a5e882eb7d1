//! The trait that processes implement, and the types with which they start and end.

use crate::Context;

/// A program, or a part of the system, that runs in turns and waits for messages in between.
///
/// A process has no thread of its own, and its turns never overlap. It is dropped when it ends,
/// together with everything that it owns: tokens of requests that it has not answered then answer
/// with an error.
pub trait Process: Send {
    /// Runs until the budget is used, there is no more work, or the process ends.
    ///
    /// A long turn calls [`Context::should_yield`] at least every thousand units of its budget
    /// (about ten microseconds), and returns [`Outcome::Ready`] soon after it returns true. Before
    /// a turn returns [`Outcome::Wait`], it must have received all its messages: a message that is
    /// already there will not wake the process.
    fn run(&mut self, context: &mut Context<'_>) -> Outcome;
}

/// A closure is a process whose turns are its calls.
impl<F: FnMut(&mut Context<'_>) -> Outcome + Send> Process for F {
    fn run(&mut self, context: &mut Context<'_>) -> Outcome {
        self(context)
    }
}

/// How a turn ended.
#[derive(Debug)]
pub enum Outcome {
    /// There is more to do.
    Ready,
    /// There is nothing to do until a message arrives, the process is woken, or the deadline
    /// passes.
    Wait {
        /// The deadline, in the time of [`Context::now_us`].
        until_us: Option<i64>,
    },
    /// The process ends, for this reason.
    Exit(Exit),
}

/// Why a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// The process had nothing left to do.
    Done,
    /// The process ended with a code. Any code but zero ends its whole group too.
    Code(i32),
    /// The process failed. It has reported further details itself, if there are any.
    Failed {
        /// One line for logs.
        message: String,
    },
    /// The native code of the process panicked; this has not been reported yet.
    Panicked {
        /// The text of the panic.
        message: String,
    },
    /// Another process, the host or the end of the kernel ended it. That alone is not a failure of its program.
    Killed,
    /// The process stood for one on another machine, and contact with that machine was lost. The process on that
    /// machine may still run.
    Lost,
}

impl Exit {
    /// Returns a failure with a message.
    pub fn failed(message: impl Into<String>) -> Exit {
        Exit::Failed { message: message.into() }
    }
}

/// The trust of the kernel in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Part of the system: may send to every process, introduce processes to each other, and kill them.
    System,
    /// May reach the system, its own group, and processes that it was introduced to.
    Guest,
}

/// The group that a new process joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupOption {
    /// The group of the process that spawns it.
    #[default]
    Same,
    /// A new group, whose first process it is.
    New,
}

/// How to start a process.
#[derive(Debug, Clone)]
pub struct SpawnOptions {
    /// The name, used in reports.
    pub name: String,
    /// See [`priority`].
    pub priority: u8,
    /// The group that it joins, for [`Context::spawn`]. A program that the host starts always gets a new group.
    pub group: GroupOption,
}

impl Default for SpawnOptions {
    fn default() -> SpawnOptions {
        SpawnOptions { name: String::new(), priority: priority::NORMAL, group: GroupOption::Same }
    }
}

impl SpawnOptions {
    /// Returns the default options, with a name.
    pub fn named(name: impl Into<String>) -> SpawnOptions {
        SpawnOptions { name: name.into(), ..SpawnOptions::default() }
    }
}

/// Named priorities. All values from 0 to 255 are allowed, and mean the same as the nearest of these.
pub mod priority {
    /// Gets a quarter of the share of a normal process. Runs without limit when no other process is ready.
    pub const IDLE: u8 = 0;
    /// Gets half the share of a normal process.
    pub const LOW: u8 = 43;
    /// The default priority.
    pub const NORMAL: u8 = 128;
    /// Gets three and a half times the share of a process of low priority.
    pub const HIGH: u8 = 213;
    /// Gets four times the share of a normal process.
    pub const CRITICAL: u8 = 255;

    /// Returns the virtual time of one unit of work. The smaller it is, the larger is the share of
    /// the processor when processes compete for it. The shares are 1, 2, 4, 7 and 16.
    ///
    /// The shares of high and low differ by a factor of 3.5, since programs have been observed to expect 2.5 to 4.5.
    pub(crate) fn cost(priority: u8) -> u64 {
        match priority {
            0..=21 => 112,
            22..=85 => 56,
            86..=170 => NORMAL_COST,
            171..=234 => 16,
            235..=255 => 7,
        }
    }

    /// The virtual time of one unit of work at normal priority.
    pub(crate) const NORMAL_COST: u64 = 28;
}
