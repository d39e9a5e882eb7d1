//! Tests components and the containers that use them. Each is either in the system that listens, or connected to it
//! through the socket, as from another OS process.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use lucarne_kernel::{
    Context, Exit, Kernel, KernelOptions, MessageKind, NOTIFICATIONS_MAX, Outcome, Pid, Process, SpawnOptions,
};
use lucarne_link::{Connect, Connections, Listener, RemoteProcess};
use lucarne_message::{Bytes, Payload, to_payload};
use lucarne_services::protocol::procedure;
use lucarne_services::{
    Broken, CallError, Component, ComponentError, Container, NotifyError, Presence, ServiceManager,
};

const ID: &str = "test/component";

const ECHO: i64 = 0;
/// Sends notifications until the queue of the caller is full, or `FLOOD_MAX` are sent. Returns the number sent.
const FLOOD: i64 = 1;
const END: i64 = 2;

const FLOOD_MAX: u32 = 5_000;

/// Creates a process that behaves like a component in C. It counts the notifications that it receives.
fn component(counted: Arc<AtomicUsize>, published: mpsc::Sender<()>) -> Box<dyn Process> {
    let mut is_new = true;
    Box::new(move |context: &mut Context<'_>| {
        if std::mem::take(&mut is_new) {
            context
                .request(Pid::SYSTEM, procedure::PUBLISH, Payload::string(ID))
                .expect("the manager is running");
        }
        while let Some(message) = context.receive() {
            match message.kind {
                MessageKind::Request { token, procedure: ECHO, payload } => context.reply(token, Ok(payload)),
                MessageKind::Request { token, procedure: FLOOD, .. } => {
                    let number = |number: u32| to_payload(&bytes(number)).expect("bytes can be encoded");
                    let mut sent = 0;
                    while sent < FLOOD_MAX && context.send_external(message.pid, number(sent)).is_ok() {
                        sent += 1;
                    }
                    context.reply(token, Ok(number(sent)));
                }
                MessageKind::Request { .. } => return Outcome::Exit(Exit::Done),
                MessageKind::External { .. } => drop(counted.fetch_add(1, Ordering::SeqCst)),
                MessageKind::Reply { .. } => drop(published.send(())),
                _ => {}
            }
        }
        Outcome::Wait { until_us: None }
    })
}

fn bytes(number: u32) -> Bytes {
    number.to_le_bytes().to_vec().into()
}

struct World {
    kernel: Kernel,
    _connections: Connections,
    _listener: Listener,
    folder: PathBuf,
}

impl World {
    fn new() -> World {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("lucarne-components-{}-{number}", std::process::id()));
        let kernel = Kernel::new(KernelOptions { workers: 2, hooks: Default::default() });
        let manager = ServiceManager::new(Presence::default());
        let manager = kernel.start_system(Box::new(manager), SpawnOptions::default());
        kernel.set_system_process(manager);
        let connections = Connections::new(&kernel).expect("enough descriptors");
        let listener = connections.listen(folder.join("socket")).expect("a new folder");
        World { kernel, _connections: connections, _listener: listener, folder }
    }

    fn start_component(&self, is_remote: bool) -> Arc<AtomicUsize> {
        let counted = Arc::new(AtomicUsize::new(0));
        let (published, is_published) = mpsc::channel();
        let component = component(counted.clone(), published);
        if is_remote {
            let process = RemoteProcess::connect(ID, self.folder.join("socket"), |_| component)
                .expect("the listener accepts the connection");
            std::thread::spawn(move || process.run());
        } else {
            self.kernel.start(component, SpawnOptions::named(ID));
        }
        is_published.recv().expect("the id is published");
        counted
    }

    fn user(&self, is_remote: bool) -> Container {
        if is_remote {
            Container::connect_as("user", self.folder.join("socket"))
                .wait()
                .expect("the listener accepts the connection")
        } else {
            Container::start(&self.kernel, "user")
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn eventually(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(10), "the condition was not met within ten seconds");
        std::thread::yield_now();
    }
}

/// Tests every operation on a component. The arguments say whether the component and its user are remote.
fn check(component_is_remote: bool, user_is_remote: bool) {
    let world = World::new();
    let user = world.user(user_is_remote);
    assert_eq!(Component::open(&user, ID).wait().unwrap_err(), ComponentError::NotFound);
    let counted = world.start_component(component_is_remote);
    let component = Component::open(&user, ID).wait().expect("the component is published");

    let large = Bytes::from(vec![7; 3 << 20]);
    for data in [Bytes::from("a string"), Bytes::new(), large] {
        assert_eq!(component.request(ECHO as i32, data.clone()).wait(), Ok(data));
    }

    // More notifications than the queue has room for.
    for number in 0..5 * NOTIFICATIONS_MAX {
        component.notify(bytes(number as u32)).wait().unwrap();
    }
    eventually(|| counted.load(Ordering::SeqCst) == 5 * NOTIFICATIONS_MAX);

    // Every notification that the component could send arrives, even if it was sent before the user requests the
    // stream.
    let mut stream = None;
    for _ in 0..3 {
        let sent = component.request(FLOOD as i32, "").wait().expect("the number of notifications");
        let sent = u32::from_le_bytes(sent[..].try_into().expect("a number"));
        assert!(sent as usize >= NOTIFICATIONS_MAX / 2, "{sent}");
        let stream = stream.get_or_insert_with(|| component.notifications());
        for number in 0..sent {
            assert_eq!(stream.next().wait(), Some(Ok(bytes(number))));
        }
    }

    let mut stream = stream.expect("the stream was requested above");
    assert_eq!(component.request(END as i32, "").wait(), Err(CallError::Gone));
    assert_eq!(stream.next().wait(), Some(Err(Broken::Gone)));
    assert_eq!(stream.next().wait(), None);
    assert_eq!(component.notify("unheard").wait(), Err(NotifyError::Closed("unheard".into())));
}

#[test]
fn component_and_user_local() {
    check(false, false);
}

#[test]
fn user_remote() {
    check(false, true);
}

#[test]
fn component_remote() {
    check(true, false);
}

#[test]
fn component_and_user_remote() {
    check(true, true);
}

#[test]
fn unread_notifications_do_not_delay_requests() {
    let world = World::new();
    let user = world.user(true);
    let _counted = world.start_component(true);
    let component = Component::open(&user, ID).wait().expect("the component is published");
    drop(component.notifications());
    for _ in 0..3 {
        component.request(FLOOD as i32, "").wait().expect("the number of notifications");
    }
    assert_eq!(component.request(ECHO as i32, "still here").wait().unwrap(), b"still here");
}
