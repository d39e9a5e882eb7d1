//! Finds a running provider, and learns its methods from the definition that it carries.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use lucarne_compiler::names::Suggestions;
use lucarne_compiler::source::FileLoader;
use lucarne_host::{Connect, ConnectError};
use lucarne_interface::carried;
use lucarne_interface::model::Interface;
use lucarne_services::{CallError, Client, Container, Directory, Entry, OpenError, Selector, Uuid};

use super::failure::{AMBIGUOUS_NAME, CONTACT_LOST, NO_ANSWER, NO_SUCH_PROCESS, UNKNOWN_NAME, UNREACHABLE};
use crate::arguments::call::SystemAt;
use crate::output::{visible, visible_lines};
use crate::reach::{folder, reach};
use crate::{Stop, interface};

/// The time in which a provider that has just been started may register.
const PATIENCE: Duration = Duration::from_millis(500);

/// The time between two looks for it.
const PAUSE: Duration = Duration::from_millis(20);

/// The time limit for connecting, and for the answer with a definition.
const GREETING: Duration = Duration::from_secs(5);

/// The time limit for opening a service, as that of the protocol.
const OPENING: Duration = Duration::from_secs(20);

/// The number of providers with one name that a message lists.
const ALIKE_MAX: usize = 8;

/// The name of this process for other containers.
const NAME: &str = "lucarne call";

/// A running system, in which this process is a container without permissions of its own.
pub(crate) struct Connection {
    container: Container,
    /// The system, for messages.
    place: String,
    limit: Limit,
}

/// The time limit of a command, from its start on.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    since: Instant,
    time: Option<Duration>,
}

impl Limit {
    /// Begins to count the time, if there is a limit.
    pub(crate) fn of(time: Option<Duration>) -> Limit {
        Limit { since: Instant::now(), time }
    }

    /// Returns the time that is left, if there is a limit.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.time.map(|time| time.saturating_sub(self.since.elapsed()))
    }

    /// Returns the time for an operation that has a limit of its own.
    fn at_most(&self, own: Duration) -> Duration {
        self.left().map_or(own, |left| left.min(own))
    }

    /// Returns the limit that was over first, for messages: that of the command, or that of an operation.
    fn shown(&self, own: Duration) -> Duration {
        self.time.filter(|_| self.left() == Some(Duration::ZERO)).unwrap_or(own)
    }
}

/// A service of a running provider.
pub(crate) struct Found {
    pub(crate) entry: Entry,
    pub(crate) interface: Interface,
    /// Whether the provider carries the definition itself.
    pub(crate) is_carried: bool,
}

impl Connection {
    /// Connects to the system that listens at a path, or else to a device.
    pub(crate) fn open(system: &SystemAt, limit: Limit) -> Result<Connection, Stop> {
        let (socket, place) = match &system.connect {
            Some(path) => (path.clone(), format!("the system at {}", path.display())),
            None => {
                let (_, name) = reach(&system.at)?;
                (folder(system.at.state.as_deref())?.client_socket(), format!("the device '{name}'"))
            }
        };
        let container = Container::connect_as(NAME, socket).within(limit.at_most(GREETING)).wait();
        let container = container.map_err(|error| match (error, &system.connect) {
            (ConnectError::Deadline, _) => silent(&place, limit.shown(GREETING)),
            (error @ ConnectError::Unreachable { .. }, Some(_)) => Stop::failure(format!(
                "{error}: start the system first, such as with 'lucarne run --listen PATH'"
            ))
            .named(UNREACHABLE),
            (error, Some(_)) => Stop::failure(error.to_string()).named(UNREACHABLE),
            (error, None) => Stop::failure(format!(
                "cannot reach the containers of {place}: {error}; a device that an older version has started must be \
                 started again"
            ))
            .named(UNREACHABLE),
        })?;
        Ok(Connection { container, place, limit })
    }

    /// Returns the same connection for operations that have a time limit of their own.
    pub(crate) fn within(&self, limit: Limit) -> Connection {
        Connection { container: self.container.clone(), place: self.place.clone(), limit }
    }

    /// Returns the container that this process is.
    pub(crate) fn container(&self) -> &Container {
        &self.container
    }

    /// Lists the services.
    pub(crate) fn entries(&self) -> Result<Vec<Entry>, Stop> {
        Ok(self.directory()?.entries)
    }

    /// Returns whether a provider has the name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries().is_ok_and(|entries| entries.iter().any(|entry| entry.provider.name == name))
    }

    fn directory(&self) -> Result<Directory, Stop> {
        let services = self.container.services().within(self.limit.at_most(OPENING));
        services.wait().map_err(|error| self.failed(&error))
    }

    /// Finds a service by the name of its provider, or by the UUID of its interface. Waits a moment for it.
    pub(crate) fn find(&self, name: &str) -> Result<Entry, Stop> {
        let until = Instant::now() + self.limit.at_most(PATIENCE);
        let uuid = Uuid::try_parse(name).ok();
        loop {
            let directory = self.directory()?;
            let is_meant =
                |entry: &&Entry| uuid.map_or_else(|| entry.provider.name == name, |uuid| entry.uuid == uuid);
            let found: Vec<&Entry> = directory.entries.iter().filter(is_meant).collect();
            match found[..] {
                [] if Instant::now() < until => thread::sleep(PAUSE),
                [] => return Err(self.absent(name, &directory.entries, directory.is_complete)),
                [only] => return Ok(only.clone()),
                // Those of one interface are ordered by their priority.
                [first, second, ..]
                    if first.uuid == second.uuid && first.provider.priority > second.provider.priority =>
                {
                    return Ok(first.clone());
                }
                _ => return Err(ambiguous(name, &found)),
            }
        }
    }

    fn absent(&self, name: &str, entries: &[Entry], is_complete: bool) -> Stop {
        let names = || entries.iter().map(|entry| &*entry.provider.name);
        // The name of a provider is often long: `example/hall`.
        let of_part = names().find(|full| full.rsplit('/').next() == Some(name));
        let near = of_part.or_else(|| Suggestions::default().nearest(name, names()));
        let hint = match near {
            Some(near) => format!("did you mean '{}'?", visible(near)),
            None if !is_complete => {
                "there are too many services to list: use the UUID of the interface".to_owned()
            }
            None => {
                let mut names: Vec<&str> = names().filter(|name| !name.starts_with("system/")).collect();
                names.sort_unstable();
                names.dedup();
                match names[..] {
                    [] => "no container provides a service".to_owned(),
                    _ => {
                        let shown: Vec<String> =
                            names.iter().take(8).map(|name| format!("'{}'", visible(name))).collect();
                        let more = if names.len() > shown.len() { ", ..." } else { "" };
                        format!("the providers are {}{more}", shown.join(", "))
                    }
                }
            }
        };
        Stop::usage(format!("no provider '{name}' is on {}: {hint}", self.place)).named(UNKNOWN_NAME)
    }

    /// Returns the definition of a service: that of a file, or the one that the provider carries.
    pub(crate) fn describe(&self, entry: Entry, definition: Option<&Path>) -> Result<Found, Stop> {
        let name = visible(&entry.provider.name);
        let interface = match definition {
            Some(file) => {
                let read = interface::load(&FileLoader, interface::readable(file)?)?;
                interface::note_missing_indexes(&read);
                read.interface.ok_or_else(|| Stop::usage(format!("{} has mistakes", file.display())))?
            }
            None => {
                let definition = self.container.definition(&entry).within(self.limit.at_most(GREETING));
                let bytes = definition.wait().map_err(|error| match error {
                    CallError::Deadline => {
                        silent(&format!("the provider '{name}'"), self.limit.shown(GREETING))
                    }
                    error => self.failed(&error),
                })?;
                let Some(bytes) = bytes else {
                    return Err(Stop::failure(format!(
                        "the provider '{name}' does not carry its definition, as generated providers do: pass it with \
                         '--definition FILE'"
                    )));
                };
                carried::read(&bytes).map_err(|error| {
                    Stop::failure(format!(
                        "the definition that the provider '{name}' carries cannot be used: {}",
                        visible_lines(&error.to_string())
                    ))
                })?
            }
        };
        if Uuid::try_parse(&interface.uuid) != Ok(entry.uuid) {
            return Err(Stop::usage(format!(
                "the definition is that of service {}, but the provider '{name}' provides {}",
                interface.uuid, entry.uuid
            )));
        }
        Ok(Found { entry, interface, is_carried: definition.is_none() })
    }

    /// Opens a service.
    pub(crate) fn client(&self, found: &Found) -> Result<Client, Stop> {
        let (entry, version) = (found.entry.clone(), found.interface.version);
        let selector = Selector::new(entry.uuid, version.major, version.minor);
        let name = visible(&entry.provider.name).into_owned();
        let open = Client::open(&self.container, selector).only(move |candidate| entry.is(candidate));
        let opened = open.into_future().within(self.limit.at_most(OPENING)).wait();
        opened.map_err(|error| match error {
            OpenError::Absent if self.limit.left() == Some(Duration::ZERO) => {
                silent(&format!("the provider '{name}'"), self.limit.shown(OPENING))
            }
            OpenError::Unresponsive => silent(&format!("the provider '{name}'"), self.limit.shown(OPENING)),
            OpenError::Absent => {
                Stop::failure(format!("the provider '{name}' has ended")).named(NO_SUCH_PROCESS)
            }
            error => Stop::failure(format!("cannot open the service of '{name}': {error}")),
        })
    }

    fn failed(&self, error: &CallError) -> Stop {
        match error {
            CallError::Deadline => silent(&self.place, self.limit.shown(OPENING)),
            CallError::Gone | CallError::Closed => {
                Stop::failure(format!("{} has ended", self.place)).named(NO_SUCH_PROCESS)
            }
            CallError::ContactLost => Stop::failure(format!("{}: {error}", self.place)).named(CONTACT_LOST),
            error => Stop::failure(format!("{}: {error}", self.place)),
        }
    }
}

/// Returns the message for a system or provider that does not answer.
fn silent(place: &str, within: Duration) -> Stop {
    Stop::failure(format!("{place} has not answered within {}", humantime::format_duration(within)))
        .named(NO_ANSWER)
}

/// Returns the message for a name that stands for several services.
fn ambiguous(name: &str, found: &[&Entry]) -> Stop {
    let is_same_interface = found.iter().all(|entry| entry.uuid == found[0].uuid);
    let mut shown: Vec<String> = found
        .iter()
        .map(|entry| {
            if is_same_interface {
                format!("'{}'", visible(&entry.provider.name))
            } else {
                entry.uuid.to_string()
            }
        })
        .collect();
    shown.dedup();
    let (count, hint) = match shown[..] {
        [_] => {
            // The others would not be chosen anyway.
            let highest = found.iter().map(|entry| entry.provider.priority).max();
            let first: Vec<&Entry> =
                found.iter().copied().filter(|entry| Some(entry.provider.priority) == highest).collect();
            (first.len(), alike(&first))
        }
        _ => (found.len(), format!("use one of {}", shown.join(", "))),
    };
    Stop::usage(format!("'{name}' stands for {count} services: {hint}")).named(AMBIGUOUS_NAME)
}

/// Returns what tells apart the providers with one name, interface and priority, and what to do.
fn alike(found: &[&Entry]) -> String {
    let mut text = "they have the same interface and the same priority".to_owned();
    for Entry { provider, .. } in found.iter().take(ALIKE_MAX) {
        let (name, pid) = (visible(&provider.name), provider.pid);
        let (major, minor, priority) = (provider.major, provider.minor, provider.priority);
        let tags: Vec<_> = provider.tags.iter().take(ALIKE_MAX).map(|tag| visible(tag)).collect();
        let tags = if tags.is_empty() { String::new() } else { format!(", tags {}", tags.join(", ")) };
        text += &format!("\n  '{name}' {major}.{minor} of process {pid}, priority {priority}{tags}");
    }
    if found.len() > ALIKE_MAX {
        text += "\n  ...";
    }
    text + "\nstop all but one of them, or install one with a higher priority: 'lucarne services' shows their containers"
}
