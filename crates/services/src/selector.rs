//! Selectors: the UUID and version of the service that a client opens.

use uuid::Uuid;

/// Names a service interface: a UUID that never changes, and the version.
///
/// ```
/// use lucarne_services::{Selector, uuid};
///
/// const ECHO: Selector = Selector::new(uuid!("7a3f6a80-6f8f-4f3e-9c0c-0a51a7e3b0de"), 1, 0);
/// assert_eq!(ECHO.to_string(), "service:7a3f6a80-6f8f-4f3e-9c0c-0a51a7e3b0de@1.0.x");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selector {
    uuid: Uuid,
    major: u32,
    minor: u32,
}

impl Selector {
    /// Creates a selector of the interface with this UUID, in this version.
    pub const fn new(uuid: Uuid, major: u32, minor: u32) -> Selector {
        Selector { uuid, major, minor }
    }

    /// Selects the same interface in another minor version: an older one has fewer methods.
    #[must_use]
    pub const fn with_minor(self, minor: u32) -> Selector {
        Selector { minor, ..self }
    }

    /// Returns the UUID of the interface.
    pub const fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// Returns the major version, which is incremented by changes that clients notice.
    pub const fn major(&self) -> u32 {
        self.major
    }

    /// Returns the minor version, which is incremented by additions.
    pub const fn minor(&self) -> u32 {
        self.minor
    }

    pub(crate) fn is(&self, uuid: &str) -> bool {
        let mut buffer = Uuid::encode_buffer();
        self.uuid.hyphenated().encode_lower(&mut buffer) == uuid
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "service:{}@{}.{}.x", self.uuid, self.major, self.minor)
    }
}
