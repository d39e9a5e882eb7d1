//! Everything that can wake the supervisor, besides time.

use std::fmt;

use lucarne_kernel::Gid;
use lucarne_ports::containers::{InstallOptions, InstalledImage, OnEnd};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::slot::Sent;
use crate::control::{Counters, Inspected, Installed, Listed, Refusal, Status};
use crate::image_checker::CheckedImage;
use crate::instances::{Asker, InstanceStart, Loaded};
use crate::start::Usage;
use crate::{ContainerName, Settings};

/// Takes the answer to a command. If it is dropped, its receiver reports that the device shuts down.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// Something that has happened, or that the supervisor is to do.
pub(crate) enum Event {
    // -- Commands that change nothing --------------------------------------------------------------
    /// Describes the device.
    Status { reply: Reply<Status> },
    /// Lists all containers, in the order of installation.
    List { reply: Reply<Vec<Listed>> },
    /// Lists all containers, with the memory and the processor time that they use.
    Overview { reply: Reply<Vec<(Listed, Usage)>> },
    /// Returns the counters of the device and of all containers.
    Counters { reply: Reply<Counters> },
    /// Returns everything about a container.
    Inspect { name: ContainerName, reply: Reply<Inspected> },
    /// Waits until the present run of a container has connected, or has failed to. Returns the problem of its start, if
    /// there is one.
    Started { name: ContainerName, reply: Reply<Option<String>> },
    /// Checks that a container is there, and so has a log.
    Find { name: ContainerName, reply: Reply<()> },

    // -- Commands ----------------------------------------------------------------------------------
    /// Installs a container, or replaces the one of that name, and starts it.
    Install { name: ContainerName, sent: Box<Sent>, settings: Box<Settings>, reply: Reply<Installed> },
    /// Runs a program without installing it, in place of the last program that was run in this way.
    RunOnce { sent: Box<Sent>, settings: Box<Settings>, reply: Reply<()> },
    /// Ends a container and forgets it. The answer comes when it has ended.
    Uninstall { name: ContainerName, reply: Reply<()> },
    /// Starts a container, unless it runs.
    Start { name: ContainerName, reply: Reply<()> },
    /// Ends a container until it is started again. The answer comes when it has ended.
    Stop { name: ContainerName, reply: Reply<()> },
    /// Ends a container and starts it again.
    Restart { name: ContainerName, reply: Reply<()> },
    /// Ends all containers, and then the supervisor, which drops the replies that are still open.
    ShutDown,

    // -- Requests of programs, through `system.containers` -----------------------------------------
    /// Lists the installed images, in the order of installation.
    Images { reply: Reply<Vec<InstalledImage>> },
    /// Returns the containers that have an image.
    NamesOf { id: Uuid, reply: Reply<Vec<ContainerName>> },
    /// Prepares an instance of a container that has an image: of the asker's own container, if that has the image.
    Load { asker: Option<Asker>, id: Uuid, reply: Reply<Option<Loaded>> },
    /// Starts an instance that was prepared.
    StartInstance { start: Box<InstanceStart>, reply: Reply<()> },
    /// Tells an instance to end, if it runs.
    StopInstance { gid: Gid },
    /// Installs an image that came without settings.
    InstallImage { name: ContainerName, image: Box<CheckedImage>, options: InstallOptions, reply: Reply<()> },

    // -- Reports of containers ---------------------------------------------------------------------
    /// A container provides an interface from now on.
    Provided { name: ContainerName, interface: Uuid },
    /// A run of an executable or a component has connected as a container.
    Connected { name: ContainerName, run: u64 },
    /// A run of a container has ended.
    Ended { name: ContainerName, run: u64, code: i32 },
    /// An instance has ended.
    InstanceEnded { gid: Gid, code: i32, on_end: OnEnd },
}

impl fmt::Display for Event {
    /// Writes one line, for a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Status { .. } => f.write_str("status"),
            Event::List { .. } => f.write_str("list"),
            Event::Overview { .. } => f.write_str("overview"),
            Event::Counters { .. } => f.write_str("counters"),
            Event::Inspect { name, .. } => write!(f, "inspect '{name}'"),
            Event::Started { name, .. } => write!(f, "start of '{name}'"),
            Event::Find { name, .. } => write!(f, "find '{name}'"),
            Event::Install { name, sent, .. } => write!(f, "install '{name}' from {}", sent.image().digest()),
            Event::RunOnce { sent, .. } => write!(f, "run {} once", sent.image().digest()),
            Event::Uninstall { name, .. } => write!(f, "uninstall '{name}'"),
            Event::Start { name, .. } => write!(f, "start '{name}'"),
            Event::Stop { name, .. } => write!(f, "stop '{name}'"),
            Event::Restart { name, .. } => write!(f, "restart '{name}'"),
            Event::ShutDown => f.write_str("shut down"),
            Event::Images { .. } => f.write_str("images"),
            Event::NamesOf { id, .. } => write!(f, "names of image {id}"),
            Event::Load { asker, id, .. } => match asker {
                Some(asker) => write!(f, "load image {id} for '{}'", asker.name),
                None => write!(f, "load image {id}"),
            },
            Event::StartInstance { start, .. } => {
                write!(f, "start instance {:?} of '{}'", start.loaded.group.gid(), start.loaded.name)
            }
            Event::StopInstance { gid } => write!(f, "stop instance {gid:?}"),
            Event::InstallImage { name, image, .. } => {
                write!(f, "install '{name}' from image {}", image.image.digest().id())
            }
            Event::Provided { name, interface } => write!(f, "'{name}' provides {interface}"),
            Event::Connected { name, run } => write!(f, "run {run} of '{name}' has connected"),
            Event::Ended { name, run, code } => write!(f, "run {run} of '{name}' ended with code {code}"),
            Event::InstanceEnded { gid, code, .. } => {
                write!(f, "instance {gid:?} ended with code {code}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_shown_in_one_line_with_their_container() {
        let name: ContainerName = "app".parse().unwrap();
        let (reply, _answer) = oneshot::channel();
        assert_eq!(Event::Stop { name: name.clone(), reply }.to_string(), "stop 'app'");
        let ended = Event::Ended { name: name.clone(), run: 3, code: -1 };
        assert_eq!(ended.to_string(), "run 3 of 'app' ended with code -1");
        let provided = Event::Provided { name, interface: Uuid::nil() };
        assert_eq!(provided.to_string(), "'app' provides 00000000-0000-0000-0000-000000000000");
    }
}
