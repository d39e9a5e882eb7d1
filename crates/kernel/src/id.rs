//! Names of processes, groups and requests.

use std::fmt;

/// The name of a process. It is never used again for another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pid(i64);

impl Pid {
    /// Stands for the system's service manager, whatever its real pid is.
    pub const SYSTEM: Pid = Pid(-1);

    /// A pid as a number that came from a program; it may name nobody.
    pub const fn from_i64(number: i64) -> Pid {
        Pid(number)
    }

    /// The number that programs see.
    pub fn as_i64(self) -> i64 {
        self.0
    }
}

/// The name of a group of processes: a container at work.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gid(i64);

impl Gid {
    /// The group of the system's own processes.
    pub const SYSTEM: Gid = Gid(0);

    /// A gid from its number.
    pub fn from_i64(number: i64) -> Gid {
        Gid(number)
    }

    /// The number that programs see.
    pub fn as_i64(self) -> i64 {
        self.0
    }
}

/// The name of a request, unique within the process that made it.
///
/// The low half is a place in a table, the high half says how often that place was used, so
/// that a late answer to an earlier request in the same place is recognised.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(i64);

impl RequestId {
    pub(crate) fn new(index: u32, generation: u32) -> RequestId {
        RequestId(i64::from(generation & 0x7fff_ffff) << 32 | i64::from(index))
    }

    pub(crate) fn index(self) -> usize {
        (self.0 & 0xffff_ffff) as usize
    }

    /// The number that programs see.
    pub fn as_i64(self) -> i64 {
        self.0
    }

    /// A request id from its number; it may name no request.
    pub fn from_i64(number: i64) -> RequestId {
        RequestId(number)
    }
}

macro_rules! shown_as_number {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    )*};
}

shown_as_number!(Pid, Gid, RequestId);
