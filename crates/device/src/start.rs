//! The inputs with which a container is started, and the resources that it then uses.

use std::sync::Arc;

use lucarne_services::Announcement;
use uuid::Uuid;

use crate::{ContainerName, Log, Settings};

/// The inputs with which a container is started.
pub(crate) struct Start<'a> {
    pub(crate) name: &'a ContainerName,
    /// The id of its image, as programs know it.
    pub(crate) image_id: Uuid,
    pub(crate) settings: &'a Settings,
    /// The encoded files that come with it.
    pub(crate) assets: Vec<u8>,
    /// The interfaces that it is announced to provide.
    pub(crate) announced: &'a [Announcement],
    /// The log of the container.
    pub(crate) output: Arc<Log>,
    /// Called once, with its code, when it has ended.
    pub(crate) on_end: Box<dyn FnOnce(i32) + Send>,
}

/// The resources that a container uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// The memory that it has now, if that is known.
    pub(crate) memory_bytes: Option<u64>,
    /// The processor time that it has had, if that is known.
    pub(crate) cpu_us: Option<u64>,
}
