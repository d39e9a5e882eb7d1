//! The table of attacks. Each kind of message, procedure and service must be attacked by a row: otherwise a test fails.

use lucarne_services::protocol::{discovery, kind, procedure};

use crate::strangers::Manners;

/// The attacker of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attacker {
    /// The program `guests/guests.toit` in this role.
    Toit(&'static str),
    /// A process that speaks the protocol by itself, and provides the service that the bystander visits.
    Stranger(Manners),
}

/// A part of the system that an attack goes against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wall {
    /// A kind of message: see `kind`.
    Kind(u8),
    /// A procedure of requests: see `procedure`.
    Procedure(i64),
    /// A method of the service manager: see `discovery`.
    Discovery(i64),
    /// A native service, by the name of its provider.
    Service(&'static str),
    /// Memory, collections and the processor, which no message reaches.
    Machine,
}

/// An attack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) attacker: Attacker,
    pub(crate) walls: &'static [Wall],
    /// The text of the refusal that the attacker must meet, if it goes against a limit.
    pub(crate) refusal: Option<&'static str>,
    /// Whether the attackers compete for the processor or for memory. A test then runs 1, 4 and 16 of them at once.
    pub(crate) is_hog: bool,
}

const fn toit(role: &'static str, walls: &'static [Wall], refusal: Option<&'static str>) -> Row {
    Row { attacker: Attacker::Toit(role), walls, refusal, is_hog: false }
}

const fn hog(role: &'static str) -> Row {
    Row { attacker: Attacker::Toit(role), walls: &[Machine], refusal: None, is_hog: true }
}

const fn stranger(manners: Manners, walls: &'static [Wall]) -> Row {
    Row { attacker: Attacker::Stranger(manners), walls, refusal: None, is_hog: false }
}

use Wall::{Discovery, Kind, Machine, Procedure, Service};

const ALL_KINDS: &[Wall] = &[
    Kind(kind::REQUEST),
    Kind(kind::REPLY),
    Kind(kind::CANCEL),
    Kind(kind::PROCESS_TERMINATED),
    Kind(kind::NOTIFICATION),
    Kind(kind::EXTERNAL_NOTIFICATION),
    Kind(kind::SLOW_CONSUMER),
    Kind(kind::FINALIZER),
];

const ALL_PROCEDURES: &[Wall] = &[
    Procedure(procedure::OPEN),
    Procedure(procedure::CLOSE),
    Procedure(procedure::INVOKE),
    Procedure(procedure::CLOSE_RESOURCE),
    Procedure(procedure::PUBLISH),
    Procedure(procedure::LOOK_UP),
    Procedure(procedure::ACCOUNT),
    Procedure(procedure::DEFINITION),
    Procedure(procedure::SERVICES),
    Discovery(discovery::DISCOVER),
    Discovery(discovery::LISTEN),
    Discovery(discovery::UNLISTEN),
    Discovery(discovery::WATCH),
];

/// All attacks.
pub(crate) const ROWS: &[Row] = &[
    toit("calls", &[Kind(kind::REQUEST), Kind(kind::REPLY), Procedure(procedure::INVOKE)], None),
    toit("calls of a group", &[Kind(kind::REQUEST), Kind(kind::REPLY), Procedure(procedure::INVOKE)], None),
    toit("canceled calls", &[Kind(kind::CANCEL)], Some("DEADLINE_EXCEEDED")),
    toit("opens", &[Procedure(procedure::OPEN)], Some("QUOTA_EXCEEDED")),
    toit("closes", &[Procedure(procedure::CLOSE), Procedure(procedure::CLOSE_RESOURCE)], None),
    toit("resources", &[Procedure(procedure::INVOKE)], None),
    toit(
        "registrations",
        &[Discovery(discovery::LISTEN), Discovery(discovery::UNLISTEN)],
        Some("QUOTA_EXCEEDED"),
    ),
    toit("discoveries", &[Discovery(discovery::DISCOVER)], None),
    toit("watches", &[Discovery(discovery::DISCOVER), Discovery(discovery::WATCH)], Some("QUOTA_EXCEEDED")),
    toit("components", &[Procedure(procedure::PUBLISH), Procedure(procedure::LOOK_UP)], None),
    toit("notifications", &[Kind(kind::NOTIFICATION)], None),
    toit("messages", &[Kind(kind::PROCESS_TERMINATED)], None),
    toit("prints", &[Service("system/console")], None),
    toit("logs", &[Service("system/console")], None),
    toit("traces", &[Service("system/console")], None),
    toit("spawns", &[Machine], None),
    toit("deaths", &[Kind(kind::PROCESS_TERMINATED)], None),
    toit("tasks", &[Machine], None),
    toit("timers", &[Machine], None),
    toit("buckets", &[Service("system/storage")], None),
    toit("regions", &[Service("system/storage")], None),
    toit("instances", &[Service("system/containers")], None),
    toit("sockets", &[Service("system/network")], Some("QUOTA_EXCEEDED")),
    toit("unread bytes", &[Service("system/network")], None),
    toit("handshakes", &[Service("system/network"), Machine], Some("OUT_OF_MEMORY")),
    toit("garbage", &[Service("system/network"), Machine], Some("Unknown TLS record type")),
    hog("processor"),
    hog("memory"),
    hog("collection"),
    Row { walls: &[Kind(kind::REQUEST), Kind(kind::REPLY)], ..hog("large values") },
    hog("large natives"),
    hog("finalizers"),
    toit("forged messages", ALL_KINDS, None),
    toit("forged ids", ALL_PROCEDURES, Some("HANDLER_NOT_FOUND")),
    toit("forged arguments", ALL_PROCEDURES, None),
    toit("forged pids", ALL_PROCEDURES, Some("NO_SUCH_PROCESS")),
    stranger(Manners::Lies, ALL_KINDS),
    stranger(Manners::Silent, &[Kind(kind::REQUEST)]),
    stranger(Manners::Deaf, &[Kind(kind::REQUEST), Kind(kind::CANCEL)]),
];
