//! The interface of the service of containers.

use lucarne_macros::{resource, service};
use lucarne_services::{Bytes, Call, Resource, Thrown, Uuid, Value};
use serde::Serialize;

use super::{Event, ImageId, Images, InstallOptions, flags};

/// Lists installed images and starts containers from them.
#[service(crate = lucarne_services, uuid = "358ee529-45a4-409e-8fab-7a28f71e5c51", version = "0.7")]
pub trait Containers {
    /// A container before or after its start.
    type Instance: Instance;
    /// An image that is being written.
    type Writer: ImageWriter;

    /// Returns the installed images.
    ///
    /// # Errors
    /// If the keeper fails.
    #[index(0)]
    async fn images(&self) -> Result<Images, Thrown>;

    /// Prepares a container of an image. Returns none if there is no such image. The provider sends the group of the
    /// container, too.
    ///
    /// # Errors
    /// If the keeper fails.
    #[index(1)]
    #[client(fn load(&self, image: Uuid) -> Option<super::Instance> { ImageId(image) })]
    async fn load(
        &self,
        call: &Call,
        image: ImageId,
    ) -> Result<Option<(Resource<Self::Instance>, i64)>, Thrown>;

    /// Uninstalls the containers that have this image.
    ///
    /// # Errors
    /// If there is no such image.
    #[index(2)]
    #[client(fn uninstall(&self, image: Uuid) { ImageId(image) })]
    async fn uninstall(&self, image: ImageId) -> Result<(), Thrown>;

    /// Begins to install an image of the given size in bytes.
    ///
    /// # Errors
    /// If the size is larger than [`IMAGE_BYTES_MAX`](super::IMAGE_BYTES_MAX).
    #[index(3)]
    #[client(fn writer(&self, size: u64))]
    async fn writer(&self, size: i64) -> Result<Resource<Self::Writer>, Thrown>;

    /// Reports that the calling container runs in the background from now on, or no longer does.
    #[index(8)]
    async fn notify_background_state(&self, call: &Call, state: bool);
}

/// A container before or after its start. It keeps running when its starter closes this resource.
#[resource(crate = lucarne_services, notifies = Event)]
pub trait Instance {
    /// Stops the instance.
    #[index(6)]
    async fn stop(&self);

    /// Starts the instance, once. Passes the argument, any value that can be sent, to its `main`.
    ///
    /// # Errors
    /// If the instance was started before, or the keeper fails.
    #[index(7)]
    #[client(fn start(&self, argument: &impl Serialize))]
    async fn start(&self, call: &Call, argument: Value) -> Result<(), Thrown>;
}

/// An image that is being written. Dropping its proxy discards the written part.
#[resource(crate = lucarne_services)]
pub trait ImageWriter {
    /// Writes the next part.
    ///
    /// # Errors
    /// If more bytes are written than announced.
    #[index(4)]
    async fn write(&self, bytes: Bytes) -> Result<(), Thrown>;

    /// Installs the image that was written. Returns its id. The existing system stores `data` with an image and does
    /// not interpret it; this provider ignores it.
    ///
    /// # Errors
    /// If fewer bytes were written than announced, or the image cannot be installed.
    #[index(5)]
    #[client(fn commit(&self, how: InstallOptions) { (flags::of(how), 0) })]
    async fn commit(&self, options: i64, data: Value) -> Result<ImageId, Thrown>;
}
