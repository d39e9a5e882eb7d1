//! Models of handlers and their registry. Loom checks all interleavings with up to three preemptions.
//!
//! ```sh
//! RUSTFLAGS="--cfg loom" cargo test -p lucarne-c --lib --release --target-dir target/loom models
//! ```
//!
//! The kernel is simulated; the model's main thread runs its processes. The other threads are the component's threads
//! and the handler's thread. If a wake-up of the handler's thread is lost, loom reports a deadlock.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};

use loom::thread;
use lucarne_kernel::{Context, Exit, MessageKind, Outcome, Pid, RequestToken, Simulation, SpawnOptions};
use lucarne_message::Payload;

use crate::abi::{Callbacks, RequestHandle};
use crate::handler::{Event, Handler};
use crate::memory::Given;
use crate::process::HandlerProcess;
use crate::registry::{Recorded, Registry, UserData};

/// Checks all interleavings with up to three preemptions, as in the kernel's models.
fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

/// The maximum number of turns of the simulated kernel; a run that needs more is stuck.
const STEPS: u64 = 1_000;

/// Counts the calls of each callback of a handler.
#[derive(Default)]
struct Heard {
    created: AtomicUsize,
    messages: AtomicUsize,
    requests: AtomicUsize,
    removed: AtomicUsize,
}

impl Heard {
    fn leaked() -> &'static Heard {
        Box::leak(Box::default())
    }

    /// Returns the counters that were passed to a callback.
    fn of(user_data: *mut c_void) -> &'static Heard {
        // SAFETY: `recorded` passes this pointer, and it is never freed.
        unsafe { &*user_data.cast::<Heard>() }
    }
}

fn count(counter: &AtomicUsize) -> c_int {
    counter.fetch_add(1, Ordering::SeqCst);
    0
}

unsafe extern "C" fn on_created(user_data: *mut c_void, _: *mut c_void) -> c_int {
    count(&Heard::of(user_data).created)
}

unsafe extern "C" fn on_message(user_data: *mut c_void, _: c_int, data: *mut u8, _: c_int) -> c_int {
    // SAFETY: the callback owns the data.
    unsafe { libc::free(data.cast()) };
    count(&Heard::of(user_data).messages)
}

/// Leaves the request without an answer.
unsafe extern "C" fn on_request(
    user_data: *mut c_void,
    _: c_int,
    _: c_int,
    _: RequestHandle,
    data: *mut u8,
    _: c_int,
) -> c_int {
    // SAFETY: the callback owns the data.
    unsafe { libc::free(data.cast()) };
    count(&Heard::of(user_data).requests)
}

unsafe extern "C" fn on_removed(user_data: *mut c_void) -> c_int {
    count(&Heard::of(user_data).removed)
}

fn recorded(id: &str, heard: &'static Heard) -> Recorded {
    let callbacks = Callbacks {
        on_created: Some(on_created),
        on_message: Some(on_message),
        on_request: Some(on_request),
        on_removed: Some(on_removed),
    };
    let user_data = UserData(std::ptr::from_ref(heard).cast_mut().cast());
    Recorded { id: id.to_owned(), file: None, user_data, callbacks }
}

/// A simulated kernel, a registry, and a handler in it.
struct World {
    simulation: Simulation,
    registry: &'static Registry,
    heard: &'static Heard,
    handler: Arc<Handler>,
    context: usize,
}

impl World {
    fn new() -> World {
        let simulation = Simulation::new(1);
        let (registry, heard) = (Box::leak(Box::new(Registry::new())), Heard::leaked());
        let handler = Arc::new(Handler::new(recorded("x", heard), simulation.handle().clone()));
        let context = registry.add(handler.clone()).expect("there is room");
        World { simulation, registry, heard, handler, context }
    }

    /// Makes a request between two new processes. Returns the sender, the token of the request, and the number of
    /// answers that the sender has received.
    fn request(&mut self) -> (Pid, RequestToken, Arc<AtomicUsize>) {
        let (token, answers) = (Arc::new(Mutex::new(None)), Arc::new(AtomicUsize::new(0)));
        let (taken, counted) = (token.clone(), answers.clone());
        let asked = move |context: &mut Context<'_>| {
            while let Some(message) = context.receive() {
                if let MessageKind::Request { token, .. } = message.kind {
                    *taken.lock().unwrap() = Some(token);
                }
            }
            Outcome::Wait { until_us: None }
        };
        let asked = self.simulation.handle().start_system(Box::new(asked), SpawnOptions::default());
        let mut is_new = true;
        let asker = move |context: &mut Context<'_>| {
            if std::mem::take(&mut is_new) {
                context.request(asked, 7, Payload::null()).expect("the receiver is running");
            }
            while let Some(message) = context.receive() {
                counted.fetch_add(
                    usize::from(matches!(message.kind, MessageKind::Reply { .. })),
                    Ordering::SeqCst,
                );
            }
            Outcome::Wait { until_us: None }
        };
        let asker = self.simulation.handle().start_system(Box::new(asker), SpawnOptions::default());
        self.run();
        let token = token.lock().unwrap().take().expect("the request has arrived");
        (asker, token, answers)
    }

    /// Makes a request, and adds it to the handler as if it had been passed to the component.
    fn request_handled(&mut self) -> (RequestHandle, Arc<AtomicUsize>) {
        let (asker, token, answers) = self.request();
        (self.handler.model_request(self.context, asker, token), answers)
    }

    fn run(&mut self) {
        assert!(
            self.simulation.run_until_quiet(STEPS),
            "the simulation has not become idle after {STEPS} steps"
        );
    }
}

fn nothing() -> Given {
    // SAFETY: a null pointer with size 0 is valid.
    unsafe { Given::new(std::ptr::null_mut(), 0, false) }.expect("valid arguments")
}

#[test]
fn each_recorded_handler_is_taken_once() {
    model(|| {
        let registry: &'static Registry = Box::leak(Box::new(Registry::new()));
        let threads: Vec<_> = ["a", "b"]
            .map(|id| thread::spawn(move || registry.record(recorded(id, Heard::leaked()))))
            .into_iter()
            .collect();
        let mut taken = registry.take_recorded().expect("no id is refused");
        for thread in threads {
            assert!(thread.join().unwrap());
        }
        taken.extend(registry.take_recorded().expect("no id is refused"));
        let mut ids: Vec<_> = taken.iter().map(|recorded| recorded.id.as_str()).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["a", "b"]);
    });
}

#[test]
fn second_handler_with_the_same_id_is_refused_and_reported() {
    model(|| {
        let registry: &'static Registry = Box::leak(Box::new(Registry::new()));
        let other = thread::spawn(move || registry.record(recorded("a", Heard::leaked())));
        let is_first = registry.record(recorded("a", Heard::leaked()));
        assert_ne!(is_first, other.join().unwrap());
        assert!(registry.take_recorded().is_err());
        assert_eq!(registry.take_recorded().map(|taken| taken.len()), Ok(1));
    });
}

#[test]
fn a_handler_removed_by_two_threads_ends_once() {
    model(|| {
        let world = World::new();
        let (registry, context, heard) = (world.registry, world.context, world.heard);
        let remove = move || registry.get(context).is_some_and(|handler| handler.end());
        let own = world.handler.clone().start(registry, context);
        let other = thread::spawn(remove);
        let is_first = remove();
        assert_ne!(is_first, other.join().unwrap());
        own.join().unwrap();
        assert_eq!(heard.created.load(Ordering::SeqCst), 1);
        assert_eq!(heard.removed.load(Ordering::SeqCst), 1);
        assert!(registry.get(context).is_none());
        // Its id is free again.
        assert!(registry.record(recorded("x", heard)));
    });
}

#[test]
fn a_request_answered_by_two_threads_is_answered_once() {
    model(|| {
        let mut world = World::new();
        let (request, answers) = world.request_handled();
        let handler = world.handler.clone();
        let other = thread::spawn(move || handler.fail(request, b"NO").is_ok());
        let is_first = world.handler.reply(request, nothing()).is_ok();
        assert_ne!(is_first, other.join().unwrap());
        world.run();
        assert_eq!(answers.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn request_is_answered_once_when_reply_races_with_end() {
    model(|| {
        let mut world = World::new();
        let (request, answers) = world.request_handled();
        let own = world.handler.clone().start(world.registry, world.context);
        let handler = world.handler.clone();
        let answering = thread::spawn(move || handler.reply(request, nothing()));
        world.handler.end();
        own.join().unwrap();
        let _ = answering.join().unwrap();
        world.run();
        assert_eq!(answers.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn request_that_races_with_the_end_is_answered_once() {
    model(|| {
        let mut world = World::new();
        let (sender, token, answers) = world.request();
        let own = world.handler.clone().start(world.registry, world.context);
        let handler = world.handler.clone();
        let ending = thread::spawn(move || handler.end());
        let payload = Payload::string("data");
        world.handler.put(Event::Request { sender, procedure: 7, token, payload });
        assert!(ending.join().unwrap());
        own.join().unwrap();
        world.run();
        assert!(world.heard.requests.load(Ordering::SeqCst) <= 1);
        assert_eq!(answers.load(Ordering::SeqCst), 1);
        assert_eq!(world.heard.removed.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn taking_from_a_full_queue_wakes_the_process() {
    model(|| {
        let mut world = World::new();
        let (on_published, _published) = sync_channel(1);
        let process = Box::new(HandlerProcess::new(world.handler.clone(), on_published));
        let pid = world.simulation.handle().start_system(process, SpawnOptions::default());
        world.run();
        let asker = move |context: &mut Context<'_>| {
            for _ in 0..2 {
                context.request(pid, 7, Payload::string("data")).expect("there is room");
            }
            Outcome::Exit(Exit::Done)
        };
        world.simulation.handle().start_system(Box::new(asker), SpawnOptions::default());
        let handler = world.handler.clone();
        let taking = thread::spawn(move || assert!(handler.model_next().is_some()));
        world.run();
        taking.join().unwrap();
        world.run();
        // If the process were not woken, this would wait forever and loom would report a deadlock.
        assert!(world.handler.model_next().is_some());
    });
}
