//! Runs operations on a [`Flash`]: on the caller's thread, or on a separate thread if they may block.
//!
//! Operations that arrive while the thread is busy run together, so that many changes cost one write to the disk.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use lucarne_kernel::sync::{Condvar, Mutex, thread, wait};

use super::flash::{Entries, Flash, FlashError};
use super::shelf::StorageFault;

/// Runs operations on a flash.
pub(super) struct Worker {
    flash: Arc<dyn Flash>,
    /// The thread and its queue; none before the first operation that may block.
    started: Mutex<Option<Started>>,
}

struct Started {
    queue: Arc<Queue>,
    thread: thread::JoinHandle<()>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    is_closed: bool,
}

struct Job {
    /// Whether the operation may change entries.
    changes: bool,
    operation: Box<dyn Operation>,
}

/// An operation without its result type.
trait Operation: Send {
    /// Runs the operation.
    ///
    /// # Errors
    /// If the medium failed: then all changes of the batch are lost.
    fn run(&mut self, entries: &mut dyn Entries) -> Result<(), FlashError>;
    /// Delivers the result, once it is known whether the changes are durable.
    fn finish(self: Box<Self>, outcome: Result<(), FlashError>);
}

struct Typed<T, F> {
    work: Option<F>,
    result: Option<Result<T, StorageFault>>,
    answer: Arc<Answer<T>>,
}

/// The place where a caller waits for a result.
struct Answer<T>(Mutex<Waiting<T>>);

struct Waiting<T> {
    result: Option<Result<T, StorageFault>>,
    waker: Option<Waker>,
}

/// A future that waits for a result.
struct Answered<T>(Arc<Answer<T>>);

impl Worker {
    pub(super) fn new(flash: Arc<dyn Flash>) -> Worker {
        Worker { flash, started: Mutex::default() }
    }

    /// Returns the flash, for operations on the caller's thread.
    pub(super) fn flash(&self) -> &dyn Flash {
        &*self.flash
    }

    /// Runs an operation, to its end even if the caller no longer waits for it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        changes: bool,
        work: impl FnOnce(&mut dyn Entries) -> Result<T, StorageFault> + Send + 'static,
    ) -> Result<T, StorageFault> {
        let answer = Arc::new(Answer(Mutex::new(Waiting { result: None, waker: None })));
        let operation = Typed { work: Some(work), result: None, answer: answer.clone() };
        let job = Job { changes, operation: Box::new(operation) };
        if self.flash.waits() {
            self.hand_over(job)?;
        } else {
            perform(&*self.flash, vec![job]);
        }
        Answered(answer).await
    }

    fn hand_over(&self, job: Job) -> Result<(), FlashError> {
        let mut started = self.started.lock();
        let Started { queue, .. } = match &mut *started {
            Some(started) => started,
            None => started.insert(Started::new(self.flash.clone())?),
        };
        queue.state.lock().jobs.push(job);
        queue.changed.notify_one();
        Ok(())
    }
}

impl Started {
    fn new(flash: Arc<dyn Flash>) -> Result<Started, FlashError> {
        let queue = Arc::new(Queue::default());
        let own = queue.clone();
        let builder = thread::Builder::new().name("storage".into());
        let thread = builder.spawn(move || while own.work(&*flash) {});
        Ok(Started { queue, thread: thread.map_err(|error| FlashError::Failed(error.to_string()))? })
    }
}

impl Drop for Worker {
    /// Finishes all pending operations, so that the flash is unused afterwards.
    fn drop(&mut self) {
        let Some(Started { queue, thread }) = self.started.lock().take() else { return };
        queue.state.lock().is_closed = true;
        queue.changed.notify_one();
        // A waiting call may own the last reference to this worker. If the thread drops that call, it must not join
        // itself.
        if thread.thread().id() != thread::current().id() {
            // A panic was reported when it happened.
            let _ = thread.join();
        }
    }
}

impl Queue {
    /// Waits for operations and runs them. Returns false when no more will come.
    fn work(&self, flash: &dyn Flash) -> bool {
        let mut state = self.state.lock();
        while state.jobs.is_empty() {
            if state.is_closed {
                return false;
            }
            state = wait(&self.changed, state);
        }
        let jobs = std::mem::take(&mut state.jobs);
        drop(state);
        perform(flash, jobs);
        true
    }
}

/// Runs operations in order, in one transaction.
fn perform(flash: &dyn Flash, mut jobs: Vec<Job>) {
    let changes = jobs.iter().any(|job| job.changes);
    let mut work = |entries: &mut dyn Entries| jobs.iter_mut().try_for_each(|job| job.operation.run(entries));
    let outcome = if changes { flash.change(&mut work) } else { flash.look(&mut work) };
    jobs.into_iter().for_each(|job| job.operation.finish(outcome.clone()));
}

impl<T, F> Operation for Typed<T, F>
where
    T: Send,
    F: FnOnce(&mut dyn Entries) -> Result<T, StorageFault> + Send,
{
    fn run(&mut self, entries: &mut dyn Entries) -> Result<(), FlashError> {
        match self.work.take().map(|work| work(entries)) {
            Some(Err(StorageFault::Medium(error))) => Err(error),
            result => {
                self.result = result;
                Ok(())
            }
        }
    }

    fn finish(self: Box<Self>, outcome: Result<(), FlashError>) {
        let never_run = || Err(FlashError::Failed("the operation did not run".to_owned()).into());
        let result = match outcome {
            Ok(()) => self.result.unwrap_or_else(never_run),
            Err(error) => Err(error.into()),
        };
        let mut answer = self.answer.0.lock();
        answer.result = Some(result);
        let waker = answer.waker.take();
        drop(answer);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Future for Answered<T> {
    type Output = Result<T, StorageFault>;

    fn poll(self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<Self::Output> {
        let mut answer = self.0.0.lock();
        match answer.result.take() {
            Some(result) => Poll::Ready(result),
            None => {
                answer.waker = Some(polled.waker().clone());
                Poll::Pending
            }
        }
    }
}
