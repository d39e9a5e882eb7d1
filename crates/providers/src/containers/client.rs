//! The types in the messages of the service `system/containers`, and the parts of its Rust client that the macros do
//! not generate.

use std::fmt;
use std::ops::Deref;

use lucarne_services::{Bytes, Notifications, Uuid, Value};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::interface::InstanceProxy;
use super::{BACKGROUND_STATE_CHANGE, InstalledImage, flags};

/// The installed images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images(pub Vec<InstalledImage>);

/// A container before or after its start. It keeps running when the `Instance` is dropped.
///
/// Consists of the proxy, which has the methods, and of the id of the group, which the provider sends with the handle.
#[derive(Debug, Clone)]
pub struct Instance {
    proxy: InstanceProxy,
    gid: i64,
}

/// An event of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The instance has ended with this code. No event follows.
    Stopped(i32),
    /// Whether the instance runs in the background from now on.
    Background(bool),
}

/// The id of an image, in its encoding in messages: 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageId(pub Uuid);

impl Instance {
    /// Returns the id of the instance's group. Services get it as the group of the calling container.
    pub fn gid(&self) -> i64 {
        self.gid
    }

    /// Returns the events of the instance, from its start on.
    pub fn events(&self) -> Notifications<Event> {
        self.proxy.notifications()
    }
}

impl Deref for Instance {
    type Target = InstanceProxy;

    fn deref(&self) -> &InstanceProxy {
        &self.proxy
    }
}

impl<'de> Deserialize<'de> for Instance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Instance, D::Error> {
        let (proxy, gid) = <(InstanceProxy, i64)>::deserialize(deserializer)?;
        Ok(Instance { proxy, gid })
    }
}

impl Serialize for ImageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_bytes())
    }
}

impl<'de> Deserialize<'de> for ImageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ImageId, D::Error> {
        let bytes = Bytes::deserialize(deserializer)?;
        let id = Uuid::from_slice(&bytes);
        id.map(ImageId).map_err(|_| D::Error::custom("the id of an image must have 16 bytes"))
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Event::Stopped(code) => code.serialize(serializer),
            Event::Background(state) => (BACKGROUND_STATE_CHANGE, state).serialize(serializer),
        }
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

/// Images are encoded as one list, with four items for each image: id, name, flags, data. The data is always 0, and
/// ignored when it is decoded.
impl Serialize for Images {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut items = serializer.serialize_seq(Some(4 * self.0.len()))?;
        for InstalledImage { id, name, options } in &self.0 {
            items.serialize_element(&ImageId(*id))?;
            items.serialize_element(name)?;
            items.serialize_element(&flags::of(*options))?;
            items.serialize_element(&0)?;
        }
        items.end()
    }
}

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
            let missing = || A::Error::custom("an image must have four items");
            let name = items.next_element()?.ok_or_else(missing)?;
            let flags = items.next_element()?.ok_or_else(missing)?;
            let _data: i64 = items.next_element()?.ok_or_else(missing)?;
            images.push(InstalledImage { id, name, options: flags::read(flags) });
        }
        Ok(Images(images))
    }
}
