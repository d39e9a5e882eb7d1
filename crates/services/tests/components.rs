//! Tests of components as containers use them. The components in these tests are processes of the kernel that behave
//! like components in C.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use lucarne_kernel::{
    Context, Exit, Failure, Kernel, KernelOptions, MessageKind, NOTIFICATIONS_MAX, Outcome, Pid,
    RunningProgram, SpawnOptions,
};
use lucarne_message::{Bytes, Payload, to_payload};
use lucarne_services::protocol::procedure;
use lucarne_services::{
    Broken, CallError, Component, ComponentError, Container, NotifyError, Presence, ServiceManager,
};

const ID: &str = "test/component";

const ECHO: i64 = 0;
const FAIL: i64 = 1;
const NEVER: i64 = 2;
const NOTIFY: i64 = 3;
const END: i64 = 4;

/// The numbers of messages that a component has received, and whether it leaves new ones in its mailbox.
#[derive(Default)]
struct Seen {
    is_paused: AtomicBool,
    notified: AtomicUsize,
    canceled: AtomicUsize,
}

struct World {
    kernel: Kernel,
    seen: Arc<Seen>,
    component: RunningProgram,
    container: Container,
}

impl World {
    fn new() -> World {
        let kernel = Kernel::new(KernelOptions { workers: 2, hooks: Default::default() });
        let manager = ServiceManager::new(Presence::default());
        let manager = kernel.start_system(Box::new(manager), SpawnOptions::default());
        kernel.set_system_process(manager);
        let seen = Arc::new(Seen::default());
        let component = start_component(&kernel, seen.clone());
        let container = Container::start(&kernel, "user");
        World { kernel, seen, component, container }
    }

    fn open(&self) -> Component {
        Component::open(&self.container, ID).wait().expect("the component is published")
    }

    /// Sets whether the component leaves messages in its mailbox.
    fn set_paused(&self, is_paused: bool) {
        self.seen.is_paused.store(is_paused, Ordering::SeqCst);
        self.kernel.wake(self.component.first());
    }
}

/// Starts a component. It is published when this function returns.
fn start_component(kernel: &Kernel, seen: Arc<Seen>) -> RunningProgram {
    let (published, is_published) = mpsc::channel();
    let (mut is_new, mut unanswered) = (true, Vec::new());
    let component = move |context: &mut Context<'_>| {
        if std::mem::take(&mut is_new) {
            context
                .request(Pid::SYSTEM, procedure::PUBLISH, Payload::string(ID))
                .expect("the service manager runs");
        }
        while !seen.is_paused.load(Ordering::SeqCst)
            && let Some(message) = context.receive()
        {
            match message.kind {
                MessageKind::Request { token, procedure: FAIL, .. } => {
                    context.reply(token, Err(Failure::new("TOO_COLD")));
                }
                MessageKind::Request { token, procedure: NEVER, .. } => unanswered.push(token),
                MessageKind::Request { token, procedure: NOTIFY, payload } => {
                    for _ in 0..NOTIFICATIONS_MAX {
                        let data = Payload::from_parts(payload.bytes(), Vec::new());
                        context.send_external(message.pid, data).expect("there is room");
                    }
                    let has_more_room = context.send_external(message.pid, payload).is_ok();
                    let answer = if has_more_room { "more" } else { "full" };
                    context.reply(token, Ok(to_payload(&Bytes::from(answer)).expect("bytes can be encoded")));
                }
                MessageKind::Request { procedure: END, .. } => return Outcome::Exit(Exit::Done),
                MessageKind::Request { token, payload, .. } => context.reply(token, Ok(payload)),
                MessageKind::External { payload, credit } => {
                    seen.notified.fetch_add(1, Ordering::SeqCst);
                    let _ = context.send_external(message.pid, payload);
                    drop(credit);
                }
                MessageKind::Cancel { .. } => drop(seen.canceled.fetch_add(1, Ordering::SeqCst)),
                MessageKind::Reply { .. } => drop(published.send(())),
                _ => {}
            }
        }
        Outcome::Wait { until_us: None }
    };
    let program = kernel.start(Box::new(component), SpawnOptions::named(ID));
    is_published.recv().expect("the id is published");
    program
}

fn eventually(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(10), "the condition was not met within ten seconds");
        std::thread::yield_now();
    }
}

#[test]
fn requests_return_the_answer_of_the_component() {
    let world = World::new();
    let echo = world.open();
    assert_eq!((echo.id(), echo.pid()), (ID, world.component.first()));
    assert_eq!(echo.request(0, "a string").wait().unwrap(), b"a string");
    assert_eq!(echo.request(0, Bytes::new()).wait().unwrap(), b"");
    // The functions of a component can have any number, even those of the procedures of services.
    for function in [-1, 300, 301, 302, 303, 305, i32::MAX] {
        assert_eq!(echo.request(function, vec![1, 2, 3]).wait().unwrap(), &[1, 2, 3]);
    }
}

#[test]
fn a_large_array_is_handed_over() {
    let world = World::new();
    let large = Bytes::from(vec![7; 1 << 20]);
    let address = large.as_ptr();
    assert_eq!(world.open().request(0, large).wait().unwrap().as_ptr(), address);
}

#[test]
fn each_failure_of_a_request_has_its_own_error() {
    let world = World::new();
    let absent = Component::open(&world.container, "test/absent").wait();
    assert_eq!(absent.unwrap_err(), ComponentError::NotFound);
    let component = world.open();
    let Err(CallError::Thrown(thrown)) = component.request(FAIL as i32, "").wait() else {
        panic!("the request did not fail")
    };
    assert_eq!(thrown.text(), "TOO_COLD");
    let late = component.request(NEVER as i32, "").within(Duration::from_millis(1)).wait();
    assert_eq!(late, Err(CallError::Deadline));
    eventually(|| world.seen.canceled.load(Ordering::SeqCst) == 1);
    assert_eq!(component.request(END as i32, "").wait(), Err(CallError::Gone));
    assert_eq!(component.request(ECHO as i32, "").wait(), Err(CallError::Gone));
    assert_eq!(component.notify("unheard").wait(), Err(NotifyError::Closed("unheard".into())));
    assert_eq!(Component::open(&world.container, ID).wait().unwrap_err(), ComponentError::NotFound);
}

#[test]
fn dropping_a_request_cancels_it() {
    let world = World::new();
    let component = world.open();
    world.container.spawn(async move {
        // The first poll sends the request.
        let mut pending = component.request(NEVER as i32, "");
        std::future::poll_fn(|polled| {
            let is_pending = std::pin::Pin::new(&mut pending).poll(polled).is_pending();
            assert!(is_pending);
            std::task::Poll::Ready(())
        })
        .await;
    });
    eventually(|| world.seen.canceled.load(Ordering::SeqCst) == 1);
}

#[test]
fn a_container_can_open_a_component_again_only_after_a_close() {
    let world = World::new();
    let first = world.open();
    let again = || Component::open(&world.container, ID).wait();
    assert_eq!(again().unwrap_err(), ComponentError::InUse);
    let mut stream = first.notifications();
    first.close();
    assert_eq!(stream.next().wait(), None);
    assert_eq!(first.request(0, "").wait(), Err(CallError::Closed));
    assert_eq!(first.try_notify("x"), Err(NotifyError::Closed("x".into())));
    let second = again().expect("the first is closed");
    // Dropping the first component, which is closed already, does not close the second.
    drop(first);
    assert_eq!(second.request(0, "again").wait().unwrap(), b"again");
    drop(second);
    let other = Container::start(&world.kernel, "other");
    let (third, theirs) =
        (again().expect("dropped"), Component::open(&other, ID).wait().expect("another container"));
    assert_eq!(third.request(0, "3").wait().unwrap(), b"3");
    assert_eq!(theirs.request(0, "4").wait().unwrap(), b"4");
}

#[test]
fn notifications_keep_their_order_even_if_they_precede_the_stream() {
    let world = World::new();
    let component = world.open();
    for number in 0..300_u32 {
        component.notify(number.to_le_bytes().to_vec()).wait().unwrap();
    }
    eventually(|| world.seen.notified.load(Ordering::SeqCst) == 300);
    let mut stream = component.notifications();
    for number in 0..300_u32 {
        assert_eq!(stream.next().wait().unwrap().unwrap(), &number.to_le_bytes());
    }
    // Notifications that were sent before the component ended arrive before the end of the stream.
    component.notify("last").wait().unwrap();
    assert_eq!(component.request(END as i32, "").wait(), Err(CallError::Gone));
    assert_eq!(stream.next().wait(), Some(Ok("last".into())));
    assert_eq!(stream.next().wait(), Some(Err(Broken::Gone)));
    assert_eq!(stream.next().wait(), None);
    assert_eq!(component.notifications().next().wait(), None);
}

#[test]
fn unread_notifications_are_bounded() {
    let world = World::new();
    let component = world.open();
    let mut stream = component.notifications();
    assert_eq!(component.request(NOTIFY as i32, "news").wait().unwrap(), b"full");
    for _ in 0..NOTIFICATIONS_MAX {
        assert_eq!(stream.next().wait(), Some(Ok("news".into())));
    }
    drop(stream);
    // Sending to the component works after its stream was dropped.
    component.notify("dropped").wait().unwrap();
}

#[test]
fn notifications_wait_for_a_busy_component() {
    let world = World::new();
    let component = world.open();
    world.set_paused(true);
    for _ in 0..NOTIFICATIONS_MAX {
        component.try_notify("x").unwrap();
    }
    assert_eq!(component.try_notify("x"), Err(NotifyError::Full("x".into())));
    let (sent, is_sent) = mpsc::channel();
    let waiting = component.clone();
    world.container.spawn(async move {
        sent.send(waiting.notify("at last").await).expect("the test waits for the result");
    });
    // Longer than `SLOW_CONSUMER_US`: after that time a resource that waits for room is cut off, but a sender to a
    // component keeps waiting.
    assert!(is_sent.recv_timeout(Duration::from_millis(1_200)).is_err());
    world.set_paused(false);
    assert_eq!(is_sent.recv(), Ok(Ok(())));
    eventually(|| world.seen.notified.load(Ordering::SeqCst) == NOTIFICATIONS_MAX + 1);
    // When a component ends, the senders that wait for room get an error.
    world.set_paused(true);
    while component.try_notify("x").is_ok() {}
    let waiting = component.clone();
    let waits = std::thread::spawn(move || waiting.notify("never").wait());
    std::thread::sleep(Duration::from_millis(10));
    world.component.stop(0);
    assert_eq!(waits.join().unwrap(), Err(NotifyError::Closed("never".into())));
}

#[test]
fn the_end_of_the_container_closes_its_components() {
    let world = World::new();
    let component = world.open();
    let mut stream = component.notifications();
    world.container.close().wait().unwrap();
    assert_eq!(stream.next().wait(), None);
    assert_eq!(component.request(0, "").wait(), Err(CallError::Closed));
    let other = Container::start(&world.kernel, "other");
    let component = Component::open(&other, ID).wait().unwrap();
    let mut stream = component.notifications();
    other.kill();
    assert_eq!(stream.next().wait(), Some(Err(Broken::Gone)));
    assert_eq!(component.try_notify("x"), Err(NotifyError::Closed("x".into())));
}
