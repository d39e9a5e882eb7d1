//! Handlers, which answer the calls of a service's clients, and the calls that they get.

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::sync::OnceLock;
use lucarne_kernel::{Gid, Pid, RequestId};
use lucarne_message::{Bytes, Decode, DecodeError, Decoder, Payload, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::books::Offered;
use crate::cancellation::Cancellation;
use crate::container::Container;
use crate::failure::Thrown;
use crate::protocol::error;
use crate::resource::{self, Resource};
use crate::selector::Selector;

/// Answers the calls of one service. Gets the arguments and returns the answer as a [`Value`].
///
/// ```
/// use lucarne_services::{Call, Handler, Thrown, Value};
///
/// struct Echo;
///
/// impl Handler for Echo {
///     async fn handle(&self, call: &Call, index: u32, arguments: Value) -> Result<Value, Thrown> {
///         match index {
///             0 => Ok(arguments),
///             _ => Err(call.no_such_method(index)),
///         }
///     }
/// }
/// ```
pub trait Handler: Send + Sync + 'static {
    /// Answers a call of the method `index`.
    ///
    /// Several calls can run at a time. When the caller cancels the call or ends, the future is
    /// dropped. A panic fails only its own call.
    ///
    /// # Errors
    /// The error that the caller throws.
    fn handle(
        &self,
        call: &Call,
        index: u32,
        arguments: Value,
    ) -> impl Future<Output = Result<Value, Thrown>> + Send;
}

/// Answers the calls of one service, like a [`Handler`], but decodes the arguments and encodes the answer itself. Each
/// [`Handler`] implements this trait, and so does the code that `#[lucarne::service]` generates for a trait.
pub trait Serve: Send + Sync + 'static {
    /// Answers a call of the method `index`; see [`Handler::handle`].
    ///
    /// # Errors
    /// The error that the caller throws.
    fn serve(
        &self,
        call: &Call,
        index: u32,
        arguments: Arguments,
    ) -> impl Future<Output = Result<Payload, Thrown>> + Send;

    /// Returns the compressed definition of the service, if the handler carries it: tools learn from it the names and
    /// types of the methods. See [`procedure::DEFINITION`](crate::protocol::procedure::DEFINITION).
    fn definition(&self) -> Option<Bytes> {
        None
    }
}

/// A [`Serve`] whose type determines the service.
pub trait Serves: Serve {
    /// The service.
    const SELECTOR: Selector;
}

impl<H: Handler> Serve for H {
    async fn serve(&self, call: &Call, index: u32, arguments: Arguments) -> Result<Payload, Thrown> {
        let answer = self.handle(call, index, arguments.value()?).await?;
        Ok(Payload::of(&answer)?)
    }
}

/// The client that calls, and the service that it uses.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) offered: Arc<Offered>,
    pub(crate) client: i64,
    pub(crate) pid: Pid,
    /// The request that is being answered.
    pub(crate) request: RequestId,
}

impl Caller {
    pub(crate) fn give<T: Send + Sync + 'static>(&self, resource: Resource<T>) -> Result<i64, Thrown> {
        self.offered.shared.books.add_resource(self, resource)
    }
}

/// A call that is being answered.
pub struct Call {
    pub(crate) caller: Caller,
    pub(crate) gid: Gid,
    /// The deadline, in the time of the kernel.
    pub(crate) deadline_us: Option<i64>,
    /// Created when it is first requested.
    pub(crate) cancellation: OnceLock<Cancellation>,
}

impl Call {
    /// Returns the id that this provider has given to the calling client.
    pub fn client(&self) -> i64 {
        self.caller.client
    }

    /// Returns the id of the calling process.
    pub fn pid(&self) -> Pid {
        self.caller.pid
    }

    /// Returns the id of the calling process's group. It identifies the calling container.
    pub fn gid(&self) -> Gid {
        self.gid
    }

    /// Returns how much longer the caller waits for the answer. Returns none if the caller has set no time limit, and
    /// zero if the time is over; the caller then cancels the call.
    pub fn deadline(&self) -> Option<Duration> {
        let port = self.caller.offered.shared.port()?;
        let left_us = self.deadline_us?.saturating_sub(port.now_us());
        Some(Duration::from_micros(u64::try_from(left_us).unwrap_or(0)))
    }

    /// Returns a future that is done when this call is over, for other tasks that work for the call. The handler itself
    /// does not need it: its future is dropped when the call is canceled.
    pub fn cancellation(&self) -> Cancellation {
        self.cancellation.get_or_init(Cancellation::new).clone()
    }

    /// Returns the container of the provider, to start tasks and to open services.
    pub fn container(&self) -> Container {
        self.caller.offered.shared.container()
    }

    /// Returns the error for an index without a method. The caller learns from it that the method is not implemented.
    pub fn no_such_method(&self, index: u32) -> Thrown {
        Thrown::new(error::no_such_method(i64::from(index), &self.caller.offered.info.name))
    }

    /// Gives a resource to the client. Returns the handle, which belongs in the answer.
    ///
    /// # Errors
    /// If the client is closed, or the client's process or group has too many resources. The resource is then dropped.
    pub fn give<T: Send + Sync + 'static>(&self, resource: Resource<T>) -> Result<i64, Thrown> {
        self.caller.give(resource)
    }

    /// Returns the resource of the client with the given handle.
    ///
    /// # Errors
    /// If the client has no resource with this handle, or the resource is not a `T`.
    pub fn resource<T: Send + Sync + 'static>(&self, handle: i64) -> Result<Arc<T>, Thrown> {
        let found = self.caller.offered.shared.books.resource(self.caller.client, handle);
        found.and_then(|found| found.downcast().ok()).ok_or_else(|| Thrown::new(error::NO_SUCH_RESOURCE))
    }

    /// Closes a resource of the client. Its stream of notifications ends.
    pub fn take_back(&self, handle: i64) {
        drop(self.caller.offered.shared.books.end_resource(self.caller.client, handle));
    }

    /// Encodes a value of a `serde` type as the answer, and gives all resources in it to the client.
    ///
    /// # Errors
    /// If a value cannot be sent; the error names its type. If there are resources in the value, also the errors of
    /// [`Call::give`].
    pub fn answer<T: Serialize + ?Sized>(&self, value: &T) -> Result<Payload, Thrown> {
        resource::write_for(&self.caller, value)
    }
}

impl Drop for Call {
    /// Marks the call as canceled, unless it was answered before.
    fn drop(&mut self) {
        if let Some(cancellation) = self.cancellation.get() {
            cancellation.end(true);
        }
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("client", &self.client()).field("pid", &self.pid()).finish()
    }
}

/// The arguments of a call, still encoded.
#[derive(Debug)]
pub struct Arguments {
    /// `[client, index, arguments]`.
    payload: Payload,
    /// The position at which the last of these items begins.
    start: usize,
}

impl Arguments {
    /// Returns all arguments as one value.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn value(self) -> Result<Value, Thrown> {
        self.read(Decode::decode)
    }

    /// Returns a tuple of `count` arguments. The client sends null if there is no argument, the argument itself if
    /// there is a single argument, and otherwise a list. Arguments that are missing at the end of the list are null.
    ///
    /// # Errors
    /// If they are not of these types.
    pub fn tuple<T: DeserializeOwned>(self, count: usize) -> Result<T, Thrown> {
        self.read(|decoder| decoder.deserialize_arguments(count))
    }

    /// Returns the only argument.
    ///
    /// # Errors
    /// If it is not of this type.
    pub fn single<T: DeserializeOwned>(self) -> Result<T, Thrown> {
        self.read(|decoder| decoder.deserialize())
    }

    /// Decodes the number of the client and the index of the method. The arguments stay encoded, for the handler.
    pub(crate) fn of(mut payload: Payload) -> Result<(i64, i64, Arguments), DecodeError> {
        let mut decoder = payload.decoder();
        decoder.expect_list(3)?;
        let (client, index) = (decoder.expect_int()?, decoder.expect_int()?);
        let start = decoder.position();
        Ok((client, index, Arguments { payload, start }))
    }

    fn read<T>(mut self, read: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>) -> Result<T, Thrown> {
        let mut decoder = self.payload.decoder_of_last(self.start);
        let value = read(&mut decoder)?;
        decoder.finish()?;
        Ok(value)
    }
}

/// The future that answers a call.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Payload, Thrown>> + Send>>;

/// A [`Serve`] of any type.
pub(crate) struct AnyServe {
    serve: Box<dyn Any + Send + Sync>,
    pub(crate) definition: Option<Bytes>,
    start: fn(Call, u32, Arguments) -> Answering,
}

impl AnyServe {
    pub(crate) fn new<S: Serve>(serve: S) -> AnyServe {
        AnyServe { definition: serve.definition(), serve: Box::new(serve), start: start::<S> }
    }
}

impl Call {
    /// Begins to answer the call.
    pub(crate) fn start(self, index: u32, arguments: Arguments) -> Answering {
        (self.caller.offered.serve.start)(self, index, arguments)
    }
}

/// Answers a call whose handler has the type `S`. The call owns a reference to the handler until it ends.
fn start<S: Serve>(call: Call, index: u32, arguments: Arguments) -> Answering {
    Box::pin(async move {
        let serve = call.caller.offered.serve.serve.downcast_ref::<S>();
        let answer = serve.expect("only its own handler starts a call").serve(&call, index, arguments).await;
        if let Some(cancellation) = call.cancellation.get() {
            cancellation.end(false);
        }
        answer
    })
}
