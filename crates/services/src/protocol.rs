//! The numbers and texts that clients and providers agree on. `docs/protocol.md` explains them.

use lucarne_message::Payload;

/// Defines numbers of the protocol, and lists them with their names: a test of attacks has a row for each.
macro_rules! numbers {
    ($type:ty: $($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        $(
            $(#[$doc])*
            pub const $name: $type = $value;
        )*

        /// All numbers of this module, with their names.
        pub const ALL: &[(&str, $type)] = &[$((stringify!($name), $name)),*];
    };
}

/// Procedures of requests between clients and providers.
pub mod procedure {
    /// The time limit for the answer to a request that opens, closes or finds something, in µs. It is twice the time for
    /// which the service manager waits for an expected provider.
    pub const ANSWER_US: i64 = 20_000_000;

    numbers! {
        i64:
        /// `[service id, uuid, major, minor]`, answered by `[client, name, major, minor, patch, tags]`.
        OPEN = 300;
        /// `client`, answered by null.
        CLOSE = 301;
        /// `[client, index, arguments]`, answered by the method's result.
        INVOKE = 302;
        /// `[client, handle]`, answered by null.
        CLOSE_RESOURCE = 303;

        /// `id` of a component, answered by null. Registers the sender as the component with this id.
        PUBLISH = 304;
        /// `id`, answered by the pid of the component with this id, or null.
        LOOK_UP = 305;

        /// Null, answered by a flat list with four items for each open client: the id of its service, the client, the pid of
        /// its process, the number of its resources. Providers answer only the system.
        ACCOUNT = 306;

        /// The id of a service, answered by its definition (bytes), or by null if the provider does not carry it. The
        /// definition is text, compressed by zlib. The crate `lucarne-interface` writes and reads it.
        DEFINITION = 307;
        /// Null, answered by `[services, is complete]`: the services that the sender may open, as a flat list with
        /// [`SERVICE_LENGTH`](super::SERVICE_LENGTH) items each: UUID, and then the items of a candidate. Only the
        /// service manager answers it.
        SERVICES = 308;
    }

    /// Returns whether a procedure closes a client or a resource. Such requests are sent with `Context::request_close`
    /// and never refused for lack of room.
    pub fn is_close(procedure: i64) -> bool {
        matches!(procedure, CLOSE | CLOSE_RESOURCE)
    }

    /// Returns the time limit for the answer, in µs. Calls of methods have none: a method may work as long as its
    /// provider lives.
    pub fn answer_us(procedure: i64) -> Option<i64> {
        let has_limit =
            matches!(procedure, OPEN | CLOSE | CLOSE_RESOURCE | PUBLISH | LOOK_UP | DEFINITION | SERVICES);
        has_limit.then_some(ANSWER_US)
    }
}

/// Returns the last notification of a resource that its provider has closed: an empty payload, which is not the encoding
/// of any value.
pub fn end_of_notifications() -> Payload {
    Payload::from_parts(&[], Vec::new())
}

/// Returns whether a notification is the last one: see [`end_of_notifications`].
pub fn is_end_of_notifications(notification: &Payload) -> bool {
    notification.bytes().is_empty()
}

/// The kinds of messages, as programs number them.
pub mod kind {
    numbers! {
        u8:
        /// A request.
        REQUEST = 3;
        /// An answer.
        REPLY = 4;
        /// Cancels a request.
        CANCEL = 5;
        /// A process has ended.
        PROCESS_TERMINATED = 6;
        /// A value from a resource to its proxy.
        NOTIFICATION = 7;
        /// A value to or from a component, or from outside of the system's processes.
        EXTERNAL_NOTIFICATION = 8;
        /// A resource was cut off, because its client took no notifications. Only used within a process, never sent.
        SLOW_CONSUMER = 9;
        /// An object was collected, and its finalizer must run. Only used within a process, never sent.
        FINALIZER = 10;
    }
}

/// The priorities of providers.
pub mod priority {
    /// Used only if there is no other provider.
    pub const UNPREFERRED_STRONGLY: u8 = 0x10;
    /// Used after most others.
    pub const UNPREFERRED: u8 = 0x30;
    /// Used after those of normal priority.
    pub const UNPREFERRED_WEAKLY: u8 = 0x50;
    /// The default.
    pub const NORMAL: u8 = 0x80;
    /// Used before those of normal priority.
    pub const PREFERRED_WEAKLY: u8 = 0xb0;
    /// Used before most others.
    pub const PREFERRED: u8 = 0xd0;
    /// Used before all others.
    pub const PREFERRED_STRONGLY: u8 = 0xf0;
}

/// A service interface of the system: its names and its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface {
    /// The fixed name that permissions can use in place of the UUID.
    pub alias: &'static str,
    /// Identifies the interface forever.
    pub uuid: &'static str,
    /// Incremented by incompatible changes.
    pub major: i64,
    /// Incremented by additions.
    pub minor: i64,
}

/// The service interfaces of the system.
pub mod interface {
    use super::Interface;

    macro_rules! interfaces {
        ($($(#[$doc:meta])* $name:ident = $alias:literal $uuid:literal $major:literal . $minor:literal;)*) => {
            $(
                $(#[$doc])*
                pub const $name: Interface =
                    Interface { alias: $alias, uuid: $uuid, major: $major, minor: $minor };
            )*

            /// All service interfaces of the system.
            pub const ALL: &[Interface] = &[$($name),*];
        };
    }

    interfaces! {
        /// Finds providers: see `discovery`.
        DISCOVERY = "system/discovery" "dc58d7e1-1b1f-4a93-a9ac-bd45a47d7de8" 0 . 3;
        /// Lines of text.
        PRINT = "system/print" "0b7e3aa1-9fc9-4632-bb09-4605cd11897e" 0 . 1;
        /// Log records.
        LOG = "system/log" "89e6340c-67f5-4055-b1d1-b4f4c2755f67" 0 . 1;
        /// Stack traces.
        TRACE = "system/trace" "41c6019e-ca48-4847-9673-0869355da76a" 0 . 2;
        /// Networks.
        NETWORK = "system/network" "063e228a-3a7a-44a8-b024-d55127255ccb" 0 . 4;
        /// Buckets and regions that outlive containers.
        STORAGE = "system/storage" "ee91ed5e-85dd-47dd-a57a-7b6933fa58ea" 0 . 3;
        /// Installed containers.
        CONTAINERS = "system/containers" "358ee529-45a4-409e-8fab-7a28f71e5c51" 0 . 7;
        /// The firmware of the device.
        FIRMWARE = "system/firmware" "777096e8-05bc-4af7-919e-5ba696549bd5" 0 . 6;
        /// Wireless networks.
        WIFI = "system/wifi" "2436edc6-4cd8-4834-8ebc-ed883990da40" 0 . 9;
        /// Wired networks.
        ETHERNET = "system/ethernet" "7752a0f4-572b-407f-933c-c8a9e4573d29" 0 . 1;
        /// Cellular networks.
        CELLULAR = "system/cellular" "83798564-d965-49bf-b69d-7f05a082f4f0" 0 . 2;
    }
}

/// The methods of [`interface::DISCOVERY`], and the id of its service.
pub mod discovery {
    /// The id of the service in the process `Pid::SYSTEM`.
    pub const SERVICE_ID: i64 = 0;
    numbers! {
        i64:
        /// `[uuid, wait]`, answered by `[candidates, handle]`. The handle is null unless `wait` is true. If there are
        /// providers, but the client is not allowed to open any of them, the answer has a third item, true. Candidates are a
        /// flat list with [`CANDIDATE_LENGTH`] items each: pid, id, name, major, minor, priority, tags.
        DISCOVER = 0;
        /// `[id, uuid, name, major, minor, priority, tags]`, answered by null. Registers a service of the sender.
        LISTEN = 1;
        /// `id`, answered by null. Removes the service of the sender with this id.
        UNLISTEN = 2;
        /// `pid`, answered by null. From now on, the sender watches the process: it is told of the end of the process.
        WATCH = 3;
    }

    /// The number of items for one candidate.
    pub const CANDIDATE_LENGTH: usize = 7;
}

/// The number of items for one service in the answer to [`procedure::SERVICES`].
pub const SERVICE_LENGTH: usize = discovery::CANDIDATE_LENGTH + 1;

/// Texts of errors that programs match on.
pub mod error {
    /// No provider was found in time.
    pub const CANNOT_FIND_SERVICE: &str = "Cannot find service";
    /// There are providers, but the container is not allowed to open any of them.
    pub const MAY_NOT_OPEN: &str = "Cannot find service: this container may not open it";
    /// Several providers have the highest priority.
    pub const CANNOT_DISAMBIGUATE: &str = "Cannot disambiguate";
    /// The provider has no open client with this id.
    pub const HANDLER_NOT_FOUND: &str = "HANDLER_NOT_FOUND";
    /// The provider already has a service with this id.
    pub const ALREADY_REGISTERED: &str = "Already registered";

    /// The receiver of the request does not exist, or has ended.
    pub const NO_SUCH_PROCESS: &str = "NO_SUCH_PROCESS";
    /// The contact to the machine of the provider was lost, and the request may have reached the provider.
    pub const CONTACT_LOST: &str =
        "CONTACT_LOST: the machine of the provider does not answer any more: the call may have been executed";
    /// Why a resource ends that is on another machine, when contact with that machine is lost.
    pub const NO_CONTACT: &str = "CONTACT_LOST: the machine of the provider does not answer any more";
    /// The caller no longer needs the answer.
    pub const CANCELED: &str = "CANCELED";
    /// The time limit has passed.
    pub const DEADLINE_EXCEEDED: &str = "DEADLINE_EXCEEDED";
    /// A request that opens, closes or finds something has no answer after `procedure::ANSWER_US`.
    pub const NO_ANSWER: &str =
        "NO_ANSWER: the other side has not answered within 20 seconds: it is frozen, blocked or overloaded";
    /// The client has no resource with this handle, or the resource has another type.
    pub const NO_SUCH_RESOURCE: &str = "NO_SUCH_RESOURCE";

    /// Returns the error of a container that is not allowed to provide a service or component.
    pub fn may_not_provide(name: &str) -> String {
        format!("PERMISSION_DENIED: this container may not provide {name}")
    }

    /// Returns the error of a container that is not allowed to provide a service of the system.
    pub fn may_not_stand_in(alias: &str) -> String {
        format!(
            "PERMISSION_DENIED: this container may not provide {alias}: install it with --allow-provide {alias}"
        )
    }

    /// Returns the error for an interface or id that is reserved for another container.
    pub fn reserved(entry: &str, container: &str) -> String {
        format!("PERMISSION_DENIED: {entry} is reserved for the container '{container}'")
    }

    /// Returns the error of a container that is not allowed to open a component.
    pub fn may_not_look_up(id: &str) -> String {
        format!("PERMISSION_DENIED: this container may not open {id}")
    }

    /// Returns the error for an index without a method.
    pub fn no_such_method(index: i64, provider: &str) -> String {
        format!("no method {index} in service:{provider}")
    }

    /// Returns whether a text is an error of [`no_such_method`].
    pub fn is_no_such_method(text: &str) -> bool {
        let rest = text.strip_prefix("no method ").and_then(|rest| rest.split_once(" in service:"));
        rest.is_some_and(|(index, _)| index.parse::<i64>().is_ok())
    }

    /// Returns the error for an id without a service.
    pub fn unknown_service(id: i64) -> String {
        format!("Unknown service:{id}")
    }

    /// Returns the error for an unknown procedure.
    pub fn no_such_procedure(procedure: i64) -> String {
        format!("No such procedure registered: {procedure}")
    }
}

/// Checks the version that a client requires against the version of a provider with the same UUID.
///
/// # Errors
/// If the provider has another major version, or a lower minor version: the text that the client throws. In it,
/// `provider` stands for the provider (`service:NAME@X.Y.Z`).
pub fn require_version(
    provider: &str,
    offered: (i64, i64),
    uuid: &str,
    wanted: (i64, i64),
) -> Result<(), String> {
    let (major, minor) = wanted;
    if major != offered.0 {
        return Err(format!("{provider} does not provide service:{uuid}@{major}.x"));
    }
    if minor > offered.1 {
        return Err(format!("{provider} does not provide service:{uuid}@{major}.{minor}.x"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_versions_are_compatible_upward() {
        let check = |wanted| require_version("service:test/x@1.0.0", (1, 2), "UUID", wanted);
        assert_eq!(check((1, 0)), Ok(()));
        assert_eq!(check((1, 2)), Ok(()));
        assert_eq!(check((1, 3)).unwrap_err(), "service:test/x@1.0.0 does not provide service:UUID@1.3.x");
        assert_eq!(check((2, 0)).unwrap_err(), "service:test/x@1.0.0 does not provide service:UUID@2.x");
        assert_eq!(check((0, 0)).unwrap_err(), "service:test/x@1.0.0 does not provide service:UUID@0.x");
    }
}
