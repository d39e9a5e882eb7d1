//! What a process is to the kernel.

use crate::Context;

/// Something that runs in turns and waits for messages in between.
///
/// A process has no thread of its own, and its turns never overlap. It is dropped when it
/// ends, and with it everything it owns: tokens of requests that it has not answered then
/// answer with an error.
pub trait Process: Send {
    /// Runs until the budget is spent, nothing is left to do, or the process ends.
    ///
    /// A long turn asks [`Context::should_yield`] at least every thousand units of its budget
    /// (about ten microseconds), and returns [`Outcome::Ready`] soon after it says yes.
    /// Before it answers [`Outcome::Wait`] it has received all its messages: a message that
    /// is already there will not wake it.
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
    /// Nothing to do until a message arrives, someone wakes the process, or the time comes.
    Wait {
        /// In the time of [`Context::now_us`].
        until_us: Option<i64>,
    },
    /// The process is over.
    Exit(Exit),
}

/// Why a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// It had nothing left to do.
    Done,
    /// It asked for the end with a code. Zero ends this process only, any other code its whole group.
    Code(i32),
    /// It failed, and has itself told the world why if there was more to tell than this.
    Failed {
        /// One line for logs.
        message: String,
    },
    /// Its native code panicked; nobody has told the world yet.
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// Someone else ended it. That alone is no failure of its program.
    Killed,
}

impl Exit {
    /// A failure with a message.
    pub fn failed(message: impl Into<String>) -> Exit {
        Exit::Failed { message: message.into() }
    }
}

/// How much the kernel trusts a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Part of the system: may reach every process, introduce them and kill them.
    System,
    /// May reach the system, its own group, and whom it was introduced to.
    Guest,
}

/// Which group a new process joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupOption {
    /// That of the process that spawns it.
    #[default]
    Same,
    /// A new one, whose first process it is.
    New,
}

/// How to start a process.
#[derive(Debug, Clone)]
pub struct SpawnOptions {
    /// For people: it appears in reports.
    pub name: String,
    /// See [`priority`].
    pub priority: u8,
    /// The group it joins. Programs started from outside always get a new one.
    pub group: GroupOption,
}

impl Default for SpawnOptions {
    fn default() -> SpawnOptions {
        SpawnOptions { name: String::new(), priority: priority::NORMAL, group: GroupOption::Same }
    }
}

impl SpawnOptions {
    /// The usual options, with a name.
    pub fn named(name: impl Into<String>) -> SpawnOptions {
        SpawnOptions { name: name.into(), ..SpawnOptions::default() }
    }
}

/// The priorities that have names; all values in between are allowed.
pub mod priority {
    /// Runs when nothing else wants to, and a little even if something does.
    pub const IDLE: u8 = 0;
    /// Gets half the share of a normal one.
    pub const LOW: u8 = 43;
    /// What a process starts with.
    pub const NORMAL: u8 = 128;
    /// Gets three and a half times the share of a low one.
    pub const HIGH: u8 = 213;
    /// Comes before almost everything.
    pub const CRITICAL: u8 = 255;

    /// How much virtual time one unit of work takes: the less, the larger the share of the processor when there is not enough
    /// for all. The shares are 1, 2, 4, 7 and 16.
    ///
    /// Low to high is 2 to 7: programs were seen to expect a factor of 2.5 to 4.5.
    pub(crate) fn cost(priority: u8) -> u64 {
        match priority {
            0..=21 => 112,
            22..=85 => 56,
            86..=170 => NORMAL_COST,
            171..=234 => 16,
            235..=255 => 7,
        }
    }

    /// The same for a normal priority.
    pub(crate) const NORMAL_COST: u64 = 28;
}
