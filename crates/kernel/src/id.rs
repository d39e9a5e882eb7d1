//! Ids of processes, groups and requests.

use std::fmt;

/// The id of a process. Ids are not reused after a process has ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pid(i64);

impl Pid {
    /// Stands for the process of the system's service manager, whatever its real pid is.
    pub const SYSTEM: Pid = Pid(-1);

    /// Returns the pid with a number that comes from a program. There may be no such process.
    pub const fn from_i64(number: i64) -> Pid {
        Pid(number)
    }

    /// Returns the number that programs see.
    pub fn as_i64(self) -> i64 {
        self.0
    }
}

/// The id of a group of processes. Each running program is a group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gid(i64);

impl Gid {
    /// The group of the system's own processes.
    pub const SYSTEM: Gid = Gid(0);

    /// Returns a gid from its number.
    pub fn from_i64(number: i64) -> Gid {
        Gid(number)
    }

    /// Returns the number that programs see.
    pub fn as_i64(self) -> i64 {
        self.0
    }
}

/// The id of a request, unique within the process that made it.
///
/// The low half is a place in a table, the high half counts how often that place was used. This way
/// a late answer to an earlier request in the same place is recognized.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(i64);

impl RequestId {
    pub(crate) fn new(index: u32, generation: u32) -> RequestId {
        RequestId(i64::from(generation & 0x7fff_ffff) << 32 | i64::from(index))
    }

    pub(crate) fn index(self) -> usize {
        (self.0 & 0xffff_ffff) as usize
    }

    /// Returns the number that programs see.
    pub fn as_i64(self) -> i64 {
        self.0
    }

    /// Returns the request id with this number. There may be no such request.
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
