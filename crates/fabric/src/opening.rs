//! Requests from other machines: they may open services that are exported to them, and use the clients that they have opened.

use lucarne_message::Payload;
use lucarne_services::protocol::procedure;

/// What a request wants of a provider.
pub(crate) enum Service {
    /// Opens a service, or asks for its definition.
    Opens(i64),
    /// Uses what was opened before.
    Uses,
    /// Something that is not for other machines.
    Other,
}

/// Returns what a request wants, by its procedure and its arguments.
pub(crate) fn opened_service(number: i64, payload: &[u8]) -> Service {
    match number {
        procedure::OPEN | procedure::DEFINITION => {
            let [service] = Payload::from_parts(payload, Vec::new()).leading_ints();
            service.map_or(Service::Other, Service::Opens)
        }
        procedure::INVOKE | procedure::CLOSE | procedure::CLOSE_RESOURCE => Service::Uses,
        _ => Service::Other,
    }
}
