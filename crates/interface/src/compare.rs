//! Compares two versions of an interface: what changed, and which version the new one must have.
//!
//! The measure of each change is what happens to partners that were not built again:
//!
//! - [`Level::Major`]: a client of the old version fails with a provider of the new one.
//! - [`Level::Minor`]: old clients work with new providers, but not new clients with old providers. The minor version
//!   keeps the latter apart.
//! - [`Level::Compatible`]: both work.

mod flow;
mod methods;
mod records;
mod resources;

use std::fmt;

use lucarne_compiler::source::Span;

use crate::model::{Interface, Version};
use flow::Versions;

/// The kind of version that a change needs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// Nothing.
    Compatible,
    /// A new minor version.
    Minor,
    /// A new major version.
    Major,
}

impl Level {
    /// Returns the name of the level.
    pub fn name(self) -> &'static str {
        match self {
            Level::Compatible => "compatible",
            Level::Minor => "minor",
            Level::Major => "major",
        }
    }
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $kind:ident = $name:literal,)*) => {
        /// A kind of change.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[doc = $doc])* $kind,)*
        }

        impl Kind {
            /// All kinds.
            pub const ALL: &[Kind] = &[$(Kind::$kind),*];

            /// Returns the name of the kind, as programs read it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Kind::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// The service has another UUID.
    Uuid = "uuid",
    /// The version is lower than before.
    VersionLowered = "version-lowered",
    /// An interface has another name.
    InterfaceRenamed = "interface-renamed",
    /// A method is new.
    MethodAdded = "method-added",
    /// A method is missing.
    MethodRemoved = "method-removed",
    /// A method has another name.
    MethodRenamed = "method-renamed",
    /// A method has another index.
    MethodReindexed = "method-reindexed",
    /// A method belongs to another resource.
    MethodMoved = "method-moved",
    /// A method takes more or fewer arguments.
    ParametersCount = "parameters-count",
    /// A parameter has another type.
    ParameterType = "parameter-type",
    /// A parameter has another name.
    ParameterRenamed = "parameter-renamed",
    /// A result has another type.
    ResultType = "result-type",
    /// A method throws one more error.
    ErrorAdded = "error-added",
    /// A method throws one error less.
    ErrorRemoved = "error-removed",
    /// An error has another text.
    ErrorText = "error-text",
    /// A method has another time limit.
    Timeout = "timeout",
    /// A resource begins to send notifications.
    NotificationsAdded = "notifications-added",
    /// A resource sends no notifications any more.
    NotificationsRemoved = "notifications-removed",
    /// Notifications have another type.
    NotificationType = "notification-type",
    /// Clients receive the same notifications in another way.
    NotificationDelivery = "notification-delivery",
    /// A record has a new field.
    FieldAdded = "field-added",
    /// A record lacks a field.
    FieldRemoved = "field-removed",
    /// A field has another type.
    FieldType = "field-type",
}

/// A change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The kind of version that it needs.
    pub level: Level,
    /// The kind.
    pub kind: Kind,
    /// What changed, and the consequence for old or new partners.
    pub reason: String,
    /// The place in the old definition.
    pub old: Option<Span>,
    /// The place in the new definition.
    pub new: Option<Span>,
}

impl Change {
    /// Returns the word for the change in a list: the level, or `error` if no version makes the change right.
    pub fn label(&self) -> &'static str {
        match self.kind {
            Kind::Uuid | Kind::VersionLowered => "error",
            _ => self.level.name(),
        }
    }
}

/// The changes between two versions of an interface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comparison {
    /// The changes, in the order of the old definition, then additions.
    pub changes: Vec<Change>,
    /// The old version.
    pub old: Version,
    /// The new version.
    pub new: Version,
    /// Whether both are the same service.
    pub is_same_service: bool,
}

impl Comparison {
    /// Returns what all changes together ask of the version.
    pub fn level(&self) -> Level {
        self.changes.iter().map(|change| change.level).max().unwrap_or(Level::Compatible)
    }

    /// Returns whether the new version is of the kind that the changes need.
    pub fn is_right(&self) -> bool {
        let is_enough = match self.level() {
            Level::Major => self.new.major > self.old.major,
            Level::Minor => self.new > self.old,
            Level::Compatible => self.new >= self.old,
        };
        self.is_same_service && is_enough
    }

    /// Returns the version to write: the new one if it is right, or the lowest one that is.
    pub fn version(&self) -> Version {
        match self.level() {
            _ if self.is_right() => self.new,
            Level::Major => Version { major: self.old.major + 1, minor: 0 },
            Level::Minor => Version { major: self.old.major, minor: self.old.minor + 1 },
            Level::Compatible => self.old,
        }
    }
}

impl fmt::Display for Comparison {
    /// Writes one line about the version.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_same_service, self.is_right()) {
            (false, _) => {
                write!(formatter, "the new definition is of another service: keep the UUID of the old one")
            }
            (_, true) if self.old == self.new => write!(formatter, "version {} can stay", self.new),
            (_, true) => write!(formatter, "version {} is right after version {}", self.new, self.old),
            (_, false) if self.old == self.new => {
                write!(formatter, "version {} cannot stay: write {}", self.new, self.version())
            }
            (_, false) => {
                let (old, new) = (self.old, self.new);
                write!(formatter, "version {new} is wrong after version {old}: write {}", self.version())
            }
        }
    }
}

/// Compares two versions of an interface.
pub fn compare(old: &Interface, new: &Interface) -> Comparison {
    let versions = Versions::new(old, new);
    let mut changes = Vec::new();
    if old.uuid != new.uuid {
        changes.push(Change {
            level: Level::Major,
            kind: Kind::Uuid,
            reason: "the UUID changed: old clients do not find the new service".to_owned(),
            old: Some(old.version_place),
            new: Some(new.version_place),
        });
    }
    if new.version < old.version {
        changes.push(Change {
            level: Level::Compatible,
            kind: Kind::VersionLowered,
            reason: format!("the version was lowered from {} to {}", old.version, new.version),
            old: Some(old.version_place),
            new: Some(new.version_place),
        });
    }
    if old.name != new.name {
        changes.push(renamed_interface(&old.name, &new.name, old.place, new.place));
    }
    methods::compare(&versions, &mut changes);
    resources::compare(&versions, &mut changes);
    records::compare(&versions, &mut changes);
    Comparison { changes, old: old.version, new: new.version, is_same_service: old.uuid == new.uuid }
}

fn renamed_interface(old: &str, new: &str, old_place: Span, new_place: Span) -> Change {
    Change {
        level: Level::Compatible,
        kind: Kind::InterfaceRenamed,
        reason: format!("`{old}` is now `{new}`: names are not sent"),
        old: Some(old_place),
        new: Some(new_place),
    }
}
