//! Provider of the service.

use std::collections::BTreeMap;
use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use lucarne_services::{Arguments, Bytes, Call, Notifier, Payload, Resource, Serve, Thrown, Uuid, Value};

use super::{BACKGROUND_STATE_CHANGE, ContainerFault, IMAGE_BYTES_MAX, Keeper, Startable, flags, method};

/// Answers the calls.
pub(super) struct Service {
    keeper: Arc<dyn Keeper>,
    running: Running,
}

/// The receivers of events, by running instance.
type Running = Arc<Mutex<BTreeMap<Gid, Notifier<Value>>>>;

/// An instance, before its start and after it.
struct Instance {
    startable: Box<dyn Startable>,
    notifier: Notifier<Value>,
}

/// An image that is being written.
struct Writer {
    size: usize,
    written: Mutex<Vec<u8>>,
}

impl Service {
    pub(super) fn new(keeper: Arc<dyn Keeper>) -> Service {
        Service { keeper, running: Arc::default() }
    }

    async fn list(&self, call: &Call) -> Result<Payload, Thrown> {
        let images = self.keeper.images().await?;
        let items = images.into_iter().flat_map(|image| {
            let id = Value::from(Bytes::from(image.id.as_bytes().to_vec()));
            [id, image.name.into(), flags::of(image.options).into(), Value::Int(0)]
        });
        call.answer(&items.collect::<Vec<Value>>())
    }

    async fn load(&self, call: &Call, id: &[u8]) -> Result<Payload, Thrown> {
        let Some(startable) = self.keeper.load(call.gid(), uuid_of(id)?).await? else {
            return call.answer(&());
        };
        let gid = startable.gid().as_i64();
        call.answer(&(Resource::notifying(|notifier| Instance { startable, notifier }), gid))
    }

    async fn start(&self, call: &Call, handle: i64, argument: Value) -> Result<Payload, Thrown> {
        let instance = call.resource::<Instance>(handle)?;
        let (gid, notifier) = (instance.startable.gid(), instance.notifier.clone());
        if self.running.lock().insert(gid, notifier.clone()).is_some() {
            return Err(ContainerFault::Started.into());
        }
        let (running, container) = (self.running.clone(), call.container());
        let on_end = Box::new(move |code: i32| {
            running.lock().remove(&gid);
            container.spawn(async move {
                // The client may have ended.
                let _ = notifier.send(code.into()).await;
            });
        });
        let started = instance.startable.start(argument, on_end).await;
        if started.is_err() {
            self.running.lock().remove(&gid);
        }
        call.answer(&started?)
    }

    /// Passes the background state of a container to the client that started it.
    async fn background_state(&self, call: &Call, state: bool) -> Result<Payload, Thrown> {
        let notifier = self.running.lock().get(&call.gid()).cloned();
        if let Some(notifier) = notifier {
            let event = Value::List(vec![BACKGROUND_STATE_CHANGE.into(), state.into()]);
            // The client may have ended.
            let _ = notifier.send(event).await;
        }
        call.answer(&())
    }
}

fn uuid_of(id: &[u8]) -> Result<Uuid, Thrown> {
    Uuid::from_slice(id).map_err(|_| Thrown::new("an id of an image has 16 bytes"))
}

impl Writer {
    fn new(size: i64) -> Result<Writer, ContainerFault> {
        match usize::try_from(size) {
            Ok(size) if size <= IMAGE_BYTES_MAX => Ok(Writer { size, written: Mutex::default() }),
            _ => Err(ContainerFault::Size),
        }
    }

    fn write(&self, bytes: &[u8]) -> Result<(), ContainerFault> {
        let mut written = self.written.lock();
        if bytes.len() > self.size - written.len() {
            return Err(ContainerFault::Size);
        }
        written.extend_from_slice(bytes);
        Ok(())
    }

    /// Returns the image, if it is complete.
    fn take(&self) -> Result<Vec<u8>, ContainerFault> {
        let mut written = self.written.lock();
        if written.len() == self.size { Ok(std::mem::take(&mut *written)) } else { Err(ContainerFault::Size) }
    }
}

impl Serve for Service {
    async fn serve(&self, call: &Call, index: u32, arguments: Arguments) -> Result<Payload, Thrown> {
        match index {
            method::LIST_IMAGES => self.list(call).await,
            method::LOAD_IMAGE => self.load(call, &arguments.single::<Bytes>()?).await,
            method::UNINSTALL_IMAGE => {
                let id = uuid_of(&arguments.single::<Bytes>()?)?;
                call.answer(&self.keeper.uninstall(id).await?)
            }
            method::WRITER_OPEN => call.answer(&Resource::new(Writer::new(arguments.single()?)?)),
            method::WRITER_WRITE => {
                let (handle, bytes): (i64, Bytes) = arguments.tuple(2)?;
                call.answer(&call.resource::<Writer>(handle)?.write(&bytes)?)
            }
            method::WRITER_COMMIT => {
                // The existing system keeps the last item with an image, without a meaning of its own.
                let (handle, options, _data): (i64, i64, Value) = arguments.tuple(3)?;
                let image = call.resource::<Writer>(handle)?.take()?;
                let id = self.keeper.install(image, flags::read(options)).await?;
                call.answer(&Bytes::from(id.as_bytes().to_vec()))
            }
            method::STOP => {
                call.resource::<Instance>(arguments.single()?)?.startable.stop();
                call.answer(&())
            }
            method::START => {
                let (handle, argument): (i64, Value) = arguments.tuple(2)?;
                self.start(call, handle, argument).await
            }
            method::NOTIFY_BACKGROUND_STATE => self.background_state(call, arguments.single()?).await,
            index => Err(call.no_such_method(index)),
        }
    }
}
