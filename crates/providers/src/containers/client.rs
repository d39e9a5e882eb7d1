//! Client of the service in Rust.

use std::fmt;

use lucarne_services::{
    Bytes, CallError, Client, Container, Notifications, Open, Pending, Proxy, Uuid, Value,
};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{BACKGROUND_STATE_CHANGE, InstallOptions, InstalledImage, SELECTOR, flags, method};

/// Client of the service `system.containers`.
#[derive(Debug, Clone)]
pub struct Containers(Client);

/// The installed images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images(pub Vec<InstalledImage>);

/// A container before or after its start. It keeps running when this is dropped.
#[derive(Debug, Clone)]
pub struct Instance {
    proxy: Proxy,
    gid: i64,
}

/// An event of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The instance has ended with this code. No event follows.
    Stopped(i32),
    /// The instance runs in the background from now on, or no longer does.
    Background(bool),
}

/// An image that is being written. Dropping it discards the written part.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct ImageWriter(Proxy);

/// The id of an image, as it travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageId(pub Uuid);

impl From<Client> for Containers {
    fn from(client: Client) -> Containers {
        Containers(client)
    }
}

impl Containers {
    /// Opens the service for a container.
    pub fn open(container: &Container) -> Open<Containers> {
        Open::new(container, SELECTOR)
    }

    /// The installed images.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn images(&self) -> Pending<Images, CallError> {
        self.0.call(method::LIST_IMAGES, &())
    }

    /// Prepares a container of an image. Returns none if there is no such image.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn load(&self, image: Uuid) -> Pending<Option<Instance>, CallError> {
        self.0.call(method::LOAD_IMAGE, &bytes_of(image))
    }

    /// Uninstalls the containers that have this image.
    ///
    /// # Errors
    /// If there is no such image.
    pub fn uninstall(&self, image: Uuid) -> Pending<(), CallError> {
        self.0.call(method::UNINSTALL_IMAGE, &bytes_of(image))
    }

    /// Begins to install an image of the given size in bytes.
    ///
    /// # Errors
    /// If the size is larger than [`super::IMAGE_BYTES_MAX`].
    pub fn writer(&self, size: u64) -> Pending<ImageWriter, CallError> {
        self.0.call(method::WRITER_OPEN, &size)
    }

    /// Reports that the calling container runs in the background from now on, or no longer does.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn notify_background_state(&self, state: bool) -> Pending<(), CallError> {
        self.0.call(method::NOTIFY_BACKGROUND_STATE, &state)
    }
}

impl Instance {
    /// Returns the group of the instance. Services see it as the group of the calling container.
    pub fn gid(&self) -> i64 {
        self.gid
    }

    /// Starts the instance, once. Passes the argument, any value that can travel, to its `main`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn start(&self, argument: &impl Serialize) -> Pending<(), CallError> {
        self.proxy.call(method::START, &(self.proxy.handle(), argument))
    }

    /// Stops the instance.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn stop(&self) -> Pending<(), CallError> {
        self.proxy.call(method::STOP, &self.proxy.handle())
    }

    /// Returns the events of the instance, from its start on.
    pub fn events(&self) -> Notifications<Event> {
        self.proxy.notifications()
    }
}

impl ImageWriter {
    /// Writes the next part.
    ///
    /// # Errors
    /// If more bytes are written than announced.
    pub fn write(&self, bytes: Bytes) -> Pending<(), CallError> {
        self.0.call(method::WRITER_WRITE, &(self.0.handle(), bytes))
    }

    /// Installs the image that was written. Returns its id.
    ///
    /// # Errors
    /// If fewer bytes were written than announced, or the image cannot be installed.
    pub fn commit(&self, how: InstallOptions) -> Pending<ImageId, CallError> {
        self.0.call(method::WRITER_COMMIT, &(self.0.handle(), flags::of(how), 0))
    }
}

fn bytes_of(id: Uuid) -> Bytes {
    Bytes::from(id.as_bytes().to_vec())
}

impl<'de> Deserialize<'de> for ImageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ImageId, D::Error> {
        let bytes = Bytes::deserialize(deserializer)?;
        Uuid::from_slice(&bytes).map(ImageId).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Instance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Instance, D::Error> {
        let (proxy, gid) = <(Proxy, i64)>::deserialize(deserializer)?;
        Ok(Instance { proxy, gid })
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Event, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let event = match &value {
            Value::Int(code) => i32::try_from(*code).ok().map(Event::Stopped),
            Value::List(items) => match items.as_slice() {
                [Value::Int(BACKGROUND_STATE_CHANGE), Value::Bool(state)] => Some(Event::Background(*state)),
                _ => None,
            },
            _ => None,
        };
        event.ok_or_else(|| D::Error::custom("not an event of a container"))
    }
}

/// Reads images, which travel as one list, with four items for each.
impl<'de> Deserialize<'de> for Images {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Images, D::Error> {
        deserializer.deserialize_seq(ImagesVisitor)
    }
}

struct ImagesVisitor;

impl<'de> Visitor<'de> for ImagesVisitor {
    type Value = Images;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("images, four items each")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Images, A::Error> {
        let mut images = Vec::new();
        while let Some(ImageId(id)) = items.next_element()? {
            let missing = || A::Error::custom("an image has four items");
            let name = items.next_element()?.ok_or_else(missing)?;
            let flags = items.next_element()?.ok_or_else(missing)?;
            let _data: i64 = items.next_element()?.ok_or_else(missing)?;
            images.push(InstalledImage { id, name, options: flags::read(flags) });
        }
        Ok(Images(images))
    }
}
