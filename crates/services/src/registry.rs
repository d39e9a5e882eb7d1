//! The registry of providers in the service manager.

use std::collections::BTreeMap;

use lucarne_kernel::{Gid, Pid};
use lucarne_message::{DecodeError, Decoder, Encode, EncodeError, Sink, Value};

use crate::presence::Presence;
use crate::protocol::SERVICE_LENGTH;
use crate::protocol::discovery::CANDIDATE_LENGTH;

/// A service of a provider, as the provider registered it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Registration {
    pub(crate) pid: Pid,
    pub(crate) gid: Gid,
    pub(crate) id: i64,
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) major: i64,
    pub(crate) minor: i64,
    pub(crate) priority: i64,
    /// A list of strings, or null.
    tags: Value,
    /// Whether the provider is one of the host's own containers. `Presence` does not count such a provider, since
    /// programs have native steps that print, log and report traces without it.
    is_host: bool,
}

/// All registrations.
pub(crate) struct Registry {
    by_owner: BTreeMap<(Pid, i64), String>,
    /// Sorted by descending priority. Registrations of the same priority are in the order in which they were added.
    by_uuid: BTreeMap<String, Vec<Registration>>,
    presence: Presence,
}

/// The candidates for a service, in their encoding in messages.
pub(crate) struct Candidates<'r>(pub(crate) Vec<&'r Registration>);

/// Services of all interfaces, in their encoding in messages.
pub(crate) struct ServiceList<'r>(pub(crate) Vec<&'r Registration>);

/// The maximum length in bytes of a string that the manager keeps for a process.
const TEXT_MAX: usize = 4_096;

/// The maximum number of tags of a registration.
const TAGS_MAX: usize = 256;

/// The maximum number of bytes in the name and the tags of a registration together.
const NAMES_BYTES_MAX: usize = 4_096;

impl Registration {
    /// Returns the names by which policies match the service, besides its UUID: the name of its provider and its tags.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        std::iter::once(self.name.as_str()).chain(self.tags())
    }

    pub(crate) fn tags(&self) -> impl Iterator<Item = &str> + Clone {
        self.tags.as_list().unwrap_or_default().iter().filter_map(Value::as_str)
    }

    /// Returns the number of bytes of the texts.
    pub(crate) fn text_bytes(&self) -> usize {
        self.uuid.len() + self.names().map(str::len).sum::<usize>()
    }

    /// Encodes the items of a candidate.
    fn encode_items(&self, sink: &mut impl Sink) -> Result<(), EncodeError> {
        sink.int(self.pid.as_i64())?;
        sink.int(self.id)?;
        sink.string(&self.name)?;
        sink.int(self.major)?;
        sink.int(self.minor)?;
        sink.int(self.priority)?;
        self.tags.encode(sink)
    }

    /// Decodes the arguments of [`LISTEN`](crate::protocol::discovery::LISTEN).
    pub(crate) fn decode(
        (pid, gid): (Pid, Gid),
        is_host: bool,
        decoder: &mut Decoder<'_>,
    ) -> Result<Registration, DecodeError> {
        decoder.expect_list(CANDIDATE_LENGTH)?;
        let id = decoder.expect_int()?;
        let uuid = bounded(decoder.expect_string()?)?;
        let name = bounded(decoder.expect_string()?)?;
        let (major, minor) = (decoder.expect_int()?, decoder.expect_int()?);
        let priority = decoder.expect_int()?;
        let tags = decode_tags(decoder)?;
        let tags_bytes = tags.as_list().unwrap_or_default().iter().filter_map(Value::as_str).map(str::len);
        if name.len() + tags_bytes.sum::<usize>() > NAMES_BYTES_MAX {
            let text = format!("the name and the tags together have more than {NAMES_BYTES_MAX} bytes");
            return Err(DecodeError::Unexpected(text));
        }
        Ok(Registration { pid, gid, id, uuid, name, major, minor, priority, tags, is_host })
    }
}

pub(crate) fn bounded(text: &str) -> Result<String, DecodeError> {
    if text.len() > TEXT_MAX {
        return Err(DecodeError::Unexpected(format!("a string has more than {TEXT_MAX} bytes")));
    }
    Ok(text.to_owned())
}

fn decode_tags(decoder: &mut Decoder<'_>) -> Result<Value, DecodeError> {
    use lucarne_message::Token;
    match decoder.expect_next()? {
        Token::Null => Ok(Value::Null),
        Token::List(len) if len <= TAGS_MAX => {
            let tags = (0..len).map(|_| bounded(decoder.expect_string()?).map(Value::from));
            tags.collect::<Result<_, _>>().map(Value::List)
        }
        other => Err(DecodeError::unexpected(&other, &format!("a list of at most {TAGS_MAX} tags"))),
    }
}

impl Registry {
    pub(crate) fn new(presence: Presence) -> Registry {
        Registry { by_owner: BTreeMap::new(), by_uuid: BTreeMap::new(), presence }
    }

    /// Adds a registration. Returns false if its process has a registration with the same id already.
    pub(crate) fn add(&mut self, registration: Registration) -> bool {
        let owner = (registration.pid, registration.id);
        if self.by_owner.contains_key(&owner) {
            return false;
        }
        self.by_owner.insert(owner, registration.uuid.clone());
        if !registration.is_host {
            self.presence.add(&registration.uuid, registration.gid);
        }
        let candidates = self.by_uuid.entry(registration.uuid.clone()).or_default();
        let place = candidates.partition_point(|other| other.priority >= registration.priority);
        candidates.insert(place, registration);
        true
    }

    /// Removes a registration, if there is one.
    pub(crate) fn remove(&mut self, pid: Pid, id: i64) {
        let Some(uuid) = self.by_owner.remove(&(pid, id)) else { return };
        let Some(candidates) = self.by_uuid.get_mut(&uuid) else { return };
        let is_it = |candidate: &mut Registration| (candidate.pid, candidate.id) == (pid, id);
        if candidates.extract_if(.., is_it).any(|candidate| !candidate.is_host) {
            self.presence.remove(&uuid);
        }
        if candidates.is_empty() {
            self.by_uuid.remove(&uuid);
        }
    }

    /// Removes all registrations of a process.
    pub(crate) fn remove_all(&mut self, pid: Pid) {
        for id in self.ids_of(pid) {
            self.remove(pid, id);
        }
    }

    /// Returns the number of registrations of a process.
    pub(crate) fn count_of(&self, pid: Pid) -> usize {
        self.by_owner.range((pid, i64::MIN)..=(pid, i64::MAX)).count()
    }

    /// Returns all registrations. Those of the same interface follow each other.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Registration> {
        self.by_uuid.values().flatten()
    }

    /// Returns the candidates for a service, the best first.
    pub(crate) fn candidates(&self, uuid: &str) -> &[Registration] {
        self.by_uuid.get(uuid).map_or(&[], Vec::as_slice)
    }

    fn ids_of(&self, pid: Pid) -> Vec<i64> {
        self.by_owner.range((pid, i64::MIN)..=(pid, i64::MAX)).map(|(&(_, id), _)| id).collect()
    }
}

impl Encode for Candidates<'_> {
    fn encode(&self, sink: &mut impl Sink) -> Result<(), EncodeError> {
        sink.list(self.0.len() * CANDIDATE_LENGTH)?;
        self.0.iter().try_for_each(|candidate| candidate.encode_items(sink))
    }
}

impl Encode for ServiceList<'_> {
    fn encode(&self, sink: &mut impl Sink) -> Result<(), EncodeError> {
        sink.list(self.0.len() * SERVICE_LENGTH)?;
        self.0.iter().try_for_each(|registration| {
            sink.string(&registration.uuid)?;
            registration.encode_items(sink)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registration(pid: i64, id: i64, priority: i64) -> Registration {
        Registration {
            pid: Pid::from_i64(pid),
            gid: Gid::SYSTEM,
            id,
            uuid: "x".into(),
            name: String::new(),
            major: 1,
            minor: 0,
            priority,
            tags: Value::Null,
            is_host: false,
        }
    }

    fn ids(registry: &Registry) -> Vec<i64> {
        registry.candidates("x").iter().map(|candidate| candidate.id).collect()
    }

    #[test]
    fn candidates_are_sorted_by_priority_and_then_by_arrival() {
        let mut registry = Registry::new(Presence::default());
        for (id, priority) in [(1, 50), (2, 90), (3, 50), (4, 10), (5, 90)] {
            assert!(registry.add(registration(7, id, priority)));
        }
        assert_eq!(ids(&registry), [2, 5, 1, 3, 4]);
    }

    #[test]
    fn an_id_is_unique_per_process() {
        let mut registry = Registry::new(Presence::default());
        assert!(registry.add(registration(7, 1, 50)));
        assert!(!registry.add(registration(7, 1, 60)));
        assert!(registry.add(registration(8, 1, 60)));
    }

    #[test]
    fn the_end_of_a_process_removes_its_services() {
        let presence = Presence::default();
        let flag = presence.flag("x");
        let mut registry = Registry::new(presence);
        for (pid, id) in [(7, 1), (7, 2), (8, 3)] {
            registry.add(registration(pid, id, 50));
        }
        registry.remove_all(Pid::from_i64(7));
        assert_eq!(ids(&registry), [3]);
        assert!(flag.is_provided());
        registry.remove(Pid::from_i64(8), 3);
        assert!(!flag.is_provided());
        assert_eq!(registry.count_of(Pid::from_i64(7)), 0);
    }

    #[test]
    fn host_services_are_found_and_not_counted() {
        let presence = Presence::default();
        let flag = presence.flag("x");
        let mut registry = Registry::new(presence);
        registry.add(Registration { is_host: true, ..registration(7, 1, 16) });
        assert_eq!(ids(&registry), [1]);
        assert!(!flag.is_provided());
        registry.add(registration(8, 2, 128));
        assert!(flag.is_provided());
        registry.remove(Pid::from_i64(7), 1);
        assert!(flag.is_provided());
        registry.remove(Pid::from_i64(8), 2);
        assert!(!flag.is_provided());
    }
}
