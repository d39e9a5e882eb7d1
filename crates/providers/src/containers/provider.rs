//! The provider of the service of containers.

use std::collections::BTreeMap;
use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use lucarne_services::{Bytes, Call, Notifier, Resource, Thrown, Value};

use super::interface::{self, Instance as _};
use super::{ContainerFault, Event, IMAGE_BYTES_MAX, ImageId, Images, Keeper, Startable, flags};

/// The handler of the service.
pub(super) struct Service {
    keeper: Arc<dyn Keeper>,
    running: Running,
}

/// The receivers of events, by running instance.
type Running = Arc<Mutex<BTreeMap<Gid, Notifier<Event>>>>;

/// An instance, before its start and after it.
pub(super) struct Instance {
    startable: Box<dyn Startable>,
    notifier: Notifier<Event>,
    running: Running,
}

/// An image that is being written.
pub(super) struct Writer {
    keeper: Arc<dyn Keeper>,
    size: usize,
    written: Mutex<Vec<u8>>,
}

impl Service {
    pub(super) fn new(keeper: Arc<dyn Keeper>) -> Service {
        Service { keeper, running: Arc::default() }
    }
}

impl interface::Containers for Service {
    type Instance = Instance;
    type Writer = Writer;

    async fn images(&self) -> Result<Images, Thrown> {
        Ok(Images(self.keeper.images().await?))
    }

    async fn load(&self, call: &Call, image: ImageId) -> Result<Option<(Resource<Instance>, i64)>, Thrown> {
        let Some(startable) = self.keeper.load(call.gid(), image.0).await? else { return Ok(None) };
        let (gid, running) = (startable.gid().as_i64(), self.running.clone());
        Ok(Some((Instance::resource(|notifier| Instance { startable, notifier, running }), gid)))
    }

    async fn uninstall(&self, image: ImageId) -> Result<(), Thrown> {
        Ok(self.keeper.uninstall(image.0).await?)
    }

    async fn writer(&self, size: i64) -> Result<Resource<Writer>, Thrown> {
        match usize::try_from(size) {
            Ok(size) if size <= IMAGE_BYTES_MAX => {
                Ok(Resource::new(Writer { keeper: self.keeper.clone(), size, written: Mutex::default() }))
            }
            _ => Err(ContainerFault::Size.into()),
        }
    }

    /// Passes the background state of a container to the client that started it.
    async fn notify_background_state(&self, call: &Call, state: bool) {
        let notifier = self.running.lock().get(&call.gid()).cloned();
        if let Some(notifier) = notifier {
            // The client may have ended.
            let _ = notifier.send(Event::Background(state)).await;
        }
    }
}

impl interface::Instance for Instance {
    async fn stop(&self) {
        self.startable.stop();
    }

    async fn start(&self, call: &Call, argument: Value) -> Result<(), Thrown> {
        let (gid, notifier) = (self.startable.gid(), self.notifier.clone());
        if self.running.lock().insert(gid, notifier.clone()).is_some() {
            return Err(ContainerFault::Started.into());
        }
        let (running, container) = (self.running.clone(), call.container());
        let on_end = Box::new(move |code: i32| {
            running.lock().remove(&gid);
            container.spawn(async move {
                // The client may have ended.
                let _ = notifier.send(Event::Stopped(code)).await;
            });
        });
        let started = self.startable.start(argument, on_end).await;
        if started.is_err() {
            self.running.lock().remove(&gid);
        }
        Ok(started?)
    }
}

impl interface::ImageWriter for Writer {
    async fn write(&self, bytes: Bytes) -> Result<(), Thrown> {
        let mut written = self.written.lock();
        if bytes.len() > self.size - written.len() {
            return Err(ContainerFault::Size.into());
        }
        written.extend_from_slice(&bytes);
        Ok(())
    }

    async fn commit(&self, options: i64, _data: Value) -> Result<ImageId, Thrown> {
        let image = self.take()?;
        Ok(ImageId(self.keeper.install(image, flags::read(options)).await?))
    }
}

impl Writer {
    /// Returns the image, if it is complete.
    fn take(&self) -> Result<Vec<u8>, ContainerFault> {
        let mut written = self.written.lock();
        if written.len() == self.size { Ok(std::mem::take(&mut *written)) } else { Err(ContainerFault::Size) }
    }
}
