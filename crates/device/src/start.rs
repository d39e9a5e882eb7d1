//! What a container is started with, whatever it is, and what it then uses.

use std::sync::Arc;

use lucarne_ports::Output;
use lucarne_services::Expectation;
use uuid::Uuid;

use crate::{ContainerName, Settings};

/// What a container is started with.
pub(crate) struct Start<'a> {
    pub(crate) name: &'a ContainerName,
    /// The id of its image, as programs know it.
    pub(crate) image_id: Uuid,
    pub(crate) settings: &'a Settings,
    /// The files that come with it.
    pub(crate) assets: Vec<u8>,
    /// What others expect it to provide.
    pub(crate) expected: &'a [Expectation],
    /// Its log.
    pub(crate) output: Arc<dyn Output>,
    /// Told of its end, once, with its code.
    pub(crate) on_end: Box<dyn FnOnce(i32) + Send>,
}

/// What a container has used since it was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// What it has now, if that is known.
    pub(crate) memory_bytes: Option<u64>,
    /// How long it has had a processor.
    pub(crate) cpu_us: Option<u64>,
}
