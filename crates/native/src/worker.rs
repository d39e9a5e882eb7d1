//! The thread that compiles. All programs of an OS process share it. The thread is started
//! when a function becomes hot for the first time.

use std::sync::Weak;

use lucarne_compiler::program::FunctionIndex;
use lucarne_kernel::sync::mpsc::{Receiver, SyncSender, sync_channel};
use lucarne_kernel::sync::{OnceLock, thread};

use crate::code::NativeCode;

/// The maximum number of functions that wait to be compiled. A function that finds the queue full asks again at its next
/// increase of heat.
const QUEUE_MAX: usize = 64;

struct Job {
    code: Weak<NativeCode>,
    function: FunctionIndex,
}

/// Asks for a function to be compiled. Returns false if too many wait, or if the thread could not be started.
pub(crate) fn request(code: Weak<NativeCode>, function: FunctionIndex) -> bool {
    static QUEUE: OnceLock<Option<SyncSender<Job>>> = OnceLock::new();
    let queue = QUEUE.get_or_init(|| {
        let (sender, receiver) = sync_channel(QUEUE_MAX);
        let thread = thread::Builder::new().name("lucarne-native".into());
        thread.spawn(move || work(&receiver)).ok().map(|_| sender)
    });
    queue.as_ref().is_some_and(|queue| queue.try_send(Job { code, function }).is_ok())
}

fn work(jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        if let Some(code) = job.code.upgrade() {
            code.compile(job.function);
        }
    }
}
