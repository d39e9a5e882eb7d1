//! The registry of providers in the service manager.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use lucarne_kernel::{Gid, Pid};
use lucarne_message::{DecodeError, Decoder, Encode, EncodeError, Sink, Value};

use crate::abroad::{Offered, spread};
use crate::by_process::ByProcess;
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
    /// For a service of another machine: decides which clients prefer it among equals.
    pub(crate) seed: Option<u64>,
    /// Whether the provider is one of the host's own containers. `Presence` does not count such a provider, since
    /// programs have native steps that print, log and report traces without it.
    is_host: bool,
}

/// All registrations.
pub(crate) struct Registry {
    /// The interface of each registration, by its process and its id.
    by_owner: ByProcess<i64, String>,
    /// By descending priority. Among equals, services of this machine come first, then in the order of registration.
    by_uuid: BTreeMap<String, Vec<Registration>>,
    presence: Presence,
}

/// The candidates for a service, in their encoding in messages, each with the priority that its receiver sees.
pub(crate) struct Candidates<'r>(Vec<(&'r Registration, i64)>);

/// The factor of the priorities in a list with services of other machines: there is room for the ranks of
/// [`Candidates::new`] between two priorities.
const RANKS: i64 = 1 << 16;

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
    fn encode_items(&self, priority: i64, sink: &mut impl Sink) -> Result<(), EncodeError> {
        sink.int(self.pid.as_i64())?;
        sink.int(self.id)?;
        sink.string(&self.name)?;
        sink.int(self.major)?;
        sink.int(self.minor)?;
        sink.int(priority)?;
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
        Ok(Registration { pid, gid, id, uuid, name, major, minor, priority, tags, seed: None, is_host })
    }

    /// Returns the registration of a service of another machine, whose provider `gid` stands for here.
    pub(crate) fn abroad(offered: Offered, gid: Gid, seed: u64) -> Registration {
        let Offered { pid, id, uuid, name, version: (major, minor), priority, tags } = offered;
        let tags = Value::List(tags.into_iter().map(Value::from).collect());
        let seed = Some(seed);
        Registration { pid, gid, id, uuid, name, major, minor, priority, tags, seed, is_host: false }
    }

    /// Returns what other machines may see of the service.
    pub(crate) fn offered(&self) -> Offered {
        Offered {
            pid: self.pid,
            id: self.id,
            uuid: self.uuid.clone(),
            name: self.name.clone(),
            version: (self.major, self.minor),
            priority: self.priority,
            tags: self.tags().map(str::to_owned).collect(),
        }
    }

    /// Returns whether `Presence` counts the service: programs print and log through it, instead of natively.
    fn counts(&self) -> bool {
        !self.is_host && self.seed.is_none()
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
        Registry { by_owner: ByProcess::default(), by_uuid: BTreeMap::new(), presence }
    }

    /// Adds a registration. Returns false if its process has a registration with the same id already.
    pub(crate) fn add(&mut self, registration: Registration) -> bool {
        if self.by_owner.contains(registration.pid, &registration.id) {
            return false;
        }
        self.by_owner.insert(registration.pid, registration.id, registration.uuid.clone());
        if registration.counts() {
            self.presence.add(&registration.uuid, registration.gid);
        }
        let candidates = self.by_uuid.entry(registration.uuid.clone()).or_default();
        // Most interfaces have one provider: a vector would begin with room for four.
        if candidates.is_empty() {
            candidates.reserve_exact(1);
        }
        let place = candidates.partition_point(|other| {
            // Services of this machine come before those of others.
            let is_equal = other.priority == registration.priority;
            other.priority > registration.priority
                || is_equal && (other.seed.is_none() || registration.seed.is_some())
        });
        candidates.insert(place, registration);
        true
    }

    /// Removes a registration, if there is one.
    pub(crate) fn remove(&mut self, pid: Pid, id: i64) {
        let Some(uuid) = self.by_owner.remove(pid, &id) else { return };
        let Some(candidates) = self.by_uuid.get_mut(&uuid) else { return };
        let is_it = |candidate: &mut Registration| (candidate.pid, candidate.id) == (pid, id);
        if candidates.extract_if(.., is_it).any(|candidate| candidate.counts()) {
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
        self.by_owner.count(pid)
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
        self.by_owner.keys(pid).copied().collect()
    }
}

impl<'r> Candidates<'r> {
    /// Makes a list for a client, from registrations in the order of the registry.
    ///
    /// Equal services are an error for a client, since it cannot know which one is meant. But those of several machines
    /// do the same work. So with such services in the list each of them gets a priority of its own: all priorities are
    /// multiplied, and those between are ranks, which [`spread`] decides.
    pub(crate) fn new(client: Pid, mut permitted: Vec<&'r Registration>) -> Candidates<'r> {
        if permitted.iter().all(|candidate| candidate.seed.is_none()) {
            return Candidates(
                permitted.into_iter().map(|candidate| (candidate, candidate.priority)).collect(),
            );
        }
        permitted.sort_by_key(|candidate| {
            let rank = candidate.seed.map_or(u64::MAX, |seed| spread(seed, client));
            (Reverse(candidate.priority), candidate.seed.is_some(), Reverse(rank))
        });
        let mut above = 0;
        let mut last = None;
        let ranked = permitted.into_iter().map(|candidate| {
            above = if last == Some(candidate.priority) { above + 1 } else { 1 };
            last = Some(candidate.priority);
            let rank = if candidate.seed.is_none() { RANKS - 1 } else { (RANKS - 1 - above).max(0) };
            (candidate, candidate.priority.saturating_mul(RANKS).saturating_add(rank))
        });
        Candidates(ranked.collect())
    }

    /// Returns the number of candidates.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Encode for Candidates<'_> {
    fn encode(&self, sink: &mut impl Sink) -> Result<(), EncodeError> {
        sink.list(self.0.len() * CANDIDATE_LENGTH)?;
        self.0.iter().try_for_each(|(candidate, priority)| candidate.encode_items(*priority, sink))
    }
}

impl Encode for ServiceList<'_> {
    fn encode(&self, sink: &mut impl Sink) -> Result<(), EncodeError> {
        sink.list(self.0.len() * SERVICE_LENGTH)?;
        self.0.iter().try_for_each(|registration| {
            sink.string(&registration.uuid)?;
            registration.encode_items(registration.priority, sink)
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
            seed: None,
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
    fn services_of_other_machines_come_after_equal_ones_of_this_one() {
        let mut registry = Registry::new(Presence::default());
        for (id, priority, seed) in [
            (1, 50, Some(7)),
            (2, 50, None),
            (3, 50, Some(8)),
            (4, 40, None),
            (5, 60, Some(9)),
            (6, 50, None),
        ] {
            assert!(registry.add(Registration { seed, ..registration(7, id, priority) }));
        }
        let seen = |client| {
            let candidates =
                Candidates::new(Pid::from_i64(client), registry.candidates("x").iter().collect());
            candidates.0.iter().map(|(candidate, priority)| (candidate.id, *priority)).collect::<Vec<_>>()
        };
        let ids = |seen: &[(i64, i64)]| seen.iter().map(|&(id, _)| id).collect::<Vec<_>>();
        let mut firsts = std::collections::BTreeSet::new();
        for client in 1..20 {
            let seen = seen(client);
            assert_eq!(ids(&seen[..3]), [5, 2, 6]);
            assert_eq!(seen[1].1, seen[2].1, "two of this machine stay equal: an error for a client");
            assert!(seen[2..].is_sorted_by(|a, b| a.1 > b.1), "all others differ: {seen:?}");
            assert_eq!(seen[5].0, 4);
            firsts.insert(seen[3].0);
        }
        assert_eq!(firsts.len(), 2, "clients prefer different ones");
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
