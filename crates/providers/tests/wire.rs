//! The bytes that the services and their clients in Rust exchange, method by method.
//!
//! Toit programs and containers of other versions depend on these bytes. A tap stands between client and provider and
//! records both directions. `INSTA_UPDATE=always cargo test -p lucarne-providers --test wire` rewrites the snapshots.

#[path = "wire/tap.rs"]
mod tap;

use std::sync::Arc;

use lucarne_host::System;
use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use lucarne_ports::CapturedOutput;
use lucarne_ports::containers::{
    ContainerFault, Doing, InstallOptions, InstalledImage, Keeper, OnEnd, Startable,
};
use lucarne_providers::console::{Level, Log, Print, Trace};
use lucarne_providers::containers::{Containers, Event};
use lucarne_providers::storage::{Scheme, Storage};
use lucarne_services::protocol::{Interface, interface};
use lucarne_services::{Bytes, Client, Container, Selector, Uuid, Value, uuid};

use tap::Tap;

/// Opens the untyped client of a service.
fn untyped(container: &Container, interface: Interface) -> Client {
    let uuid = Uuid::parse_str(interface.uuid).unwrap();
    let selector = Selector::new(uuid, interface.major as u32, interface.minor as u32);
    Client::open(container, selector).wait().unwrap()
}

/// Calls methods with arguments that the typed client does not send.
fn call_untyped(client: &Client, calls: impl IntoIterator<Item = (u32, Value)>) {
    for (index, arguments) in calls {
        let _ = client.invoke(index, arguments).wait();
    }
}

fn list<const N: usize>(items: [Value; N]) -> Value {
    Value::List(items.into())
}

#[test]
fn log() {
    let system = System::with_output(Arc::new(CapturedOutput::default()));
    let tap = Tap::start(&system, interface::LOG, &[]);
    let guest = system.container("guest");
    let log = Log::open(&guest).wait().unwrap();
    log.log(Level::Trace, "up", &[], &[]).wait().unwrap();
    log.log(Level::Fatal, "down", &["main", "net"], &[("peer", "10.0.0.1"), ("tries", "3")]).wait().unwrap();
    let absent = || Value::Null;
    call_untyped(
        &untyped(&guest, interface::LOG),
        [
            (0, list([2.into(), "nothing".into(), absent(), absent(), absent()])),
            (0, list([2.into(), "short".into()])),
            (0, list([6.into(), "level".into(), absent(), absent(), absent()])),
            (0, list([2.into(), "key".into(), absent(), list(["key".into()]), absent()])),
            (0, list([2.into(), 3.into()])),
            (0, absent()),
            (1, absent()),
        ],
    );
    insta::assert_snapshot!(tap.records());
}

#[test]
fn print() {
    let system = System::with_output(Arc::new(CapturedOutput::default()));
    let tap = Tap::start(&system, interface::PRINT, &[]);
    let guest = system.container("guest");
    Print::open(&guest).wait().unwrap().print("a line").wait().unwrap();
    call_untyped(&untyped(&guest, interface::PRINT), [(0, Value::Null), (0, 1.into()), (1, "x".into())]);
    insta::assert_snapshot!(tap.records());
}

#[test]
fn trace() {
    let system = System::with_output(Arc::new(CapturedOutput::default()));
    let tap = Tap::start(&system, interface::TRACE, &[]);
    let guest = system.container("guest");
    assert_eq!(Trace::open(&guest).wait().unwrap().handle_trace("EXCEPTION error.").wait(), Ok(None));
    call_untyped(
        &untyped(&guest, interface::TRACE),
        [(0, "text".into()), (0, Value::Null), (1, Value::Null)],
    );
    insta::assert_snapshot!(tap.records());
}

#[test]
fn storage() {
    let system = System::with_output(Arc::new(CapturedOutput::default()));
    let tap = Tap::start(&system, interface::STORAGE, &[0, 4]);
    let guest = system.container("guest");
    let storage = Storage::open(&guest).wait().unwrap();

    let bucket = storage.bucket(Scheme::Flash, "example.com/x").wait().unwrap();
    bucket.set("k", &(1, "text")).wait().unwrap();
    assert!(bucket.get::<(i64, String)>("k").wait().unwrap().is_some());
    bucket.remove("k").wait().unwrap();
    assert!(bucket.get::<i64>("k").wait().unwrap().is_none());
    let volatile = storage.bucket(Scheme::Ram, "y").wait().unwrap();
    volatile.set("k", &7).wait().unwrap();

    assert!(storage.region("r", None).wait().is_err());
    let region = storage.region("r", Some(5_000)).wait().unwrap();
    region.write(4_095, Bytes::from(vec![0x0f, 0xf0])).wait().unwrap();
    region.read(4_094, 4).wait().unwrap();
    region.is_erased(0, 4_096).wait().unwrap();
    region.erase(4_096, 4_096).wait().unwrap();
    assert!(region.read(8_192, 1).wait().is_err());
    assert!(region.erase(1, 4_096).wait().is_err());
    assert!(storage.region("r", None).wait().is_err());
    assert!(storage.delete_region("r").wait().is_err());
    storage.delete_region("absent").wait().unwrap();
    storage.regions().wait().unwrap();

    let (flash, no) = (|| Value::from("flash"), false);
    let client = untyped(&guest, interface::STORAGE);
    let opened = client.invoke(4, list([flash(), "s".into(), 4_096.into(), no.into()])).wait().unwrap();
    let Value::List(opened) = opened else { panic!("{opened:?}") };
    let handle = || opened[0].clone();
    call_untyped(
        &client,
        [
            (0, list(["tape".into(), "x".into()])),
            (0, list([flash()])),
            (0, flash()),
            (1, list([7.into(), "k".into()])),
            (1, list([handle(), "k".into()])),
            (1, handle()),
            (4, list(["partition".into(), "x".into(), Value::Null, no.into()])),
            (4, list([flash(), "x".into(), (-1).into(), no.into()])),
            (5, list(["tape".into(), "x".into()])),
            (6, "tape".into()),
            (6, Value::Null),
            (7, list([handle(), (-1).into(), 1.into()])),
            (7, list([handle(), 0.into(), (1 << 20).into()])),
            (8, list([handle(), 0.into(), Value::Bytes(Bytes::from(vec![1]))])),
            (8, list([handle(), 0.into(), "text".into()])),
            (9, list([handle(), 0.into(), 0.into()])),
            (10, list([handle(), 0.into(), 4_096.into()])),
            (11, Value::Null),
        ],
    );
    insta::assert_snapshot!(tap.records());
}

const APP: Uuid = uuid!("00000000-0000-4000-8000-000000000001");
const TOOL: Uuid = uuid!("00000000-0000-4000-8000-000000000002");

/// Keeps two images.
struct TwoImages;

/// A container in the group of the tap: so the tap can report its background state.
#[derive(Default)]
struct Loaded(Mutex<Option<OnEnd>>);

impl Keeper for TwoImages {
    fn images(&self) -> Doing<Vec<InstalledImage>> {
        let options = InstallOptions { run_boot: true, run_critical: false };
        let app = InstalledImage { id: APP, name: Some("app".to_owned()), options };
        let options = InstallOptions { run_boot: true, run_critical: true };
        let tool = InstalledImage { id: TOOL, name: None, options };
        Box::pin(async move { Ok(vec![app, tool]) })
    }

    fn load(&self, _asker: Gid, id: Uuid) -> Doing<Option<Box<dyn Startable>>> {
        let loaded = (id == APP).then(|| -> Box<dyn Startable> { Box::new(Loaded::default()) });
        Box::pin(async move { Ok(loaded) })
    }

    fn uninstall(&self, id: Uuid) -> Doing<()> {
        Box::pin(async move { if id == APP { Ok(()) } else { Err(ContainerFault::Unknown(id)) } })
    }

    fn install(&self, _image: Vec<u8>, how: InstallOptions) -> Doing<Uuid> {
        Box::pin(async move { if how.run_critical { Ok(TOOL) } else { Err(ContainerFault::Denied) } })
    }
}

impl Startable for Loaded {
    fn gid(&self) -> Gid {
        Gid::SYSTEM
    }

    fn start(&self, _argument: Value, on_end: OnEnd) -> Doing<()> {
        *self.0.lock() = Some(on_end);
        Box::pin(async move { Ok(()) })
    }

    fn stop(&self) {
        if let Some(on_end) = self.0.lock().take() {
            on_end(-9);
        }
    }
}

#[test]
fn containers() {
    let output = Arc::new(CapturedOutput::default());
    let system = System::builder().output(output).keeper(Arc::new(TwoImages)).start();
    let tap = Tap::start(&system, interface::CONTAINERS, &[1, 3]);
    let guest = system.container("guest");
    let containers = Containers::open(&guest).wait().unwrap();

    assert_eq!(containers.images().wait().unwrap().0.len(), 2);
    assert!(containers.load(TOOL).wait().unwrap().is_none());
    let instance = containers.load(APP).wait().unwrap().unwrap();
    let mut events = instance.events();
    instance.start(&("argument", 5)).wait().unwrap();
    assert!(instance.start(&()).wait().is_err());
    containers.notify_background_state(true).wait().unwrap();
    assert_eq!(events.next().wait().unwrap().unwrap(), Event::Background(true));
    instance.stop().wait().unwrap();
    assert_eq!(events.next().wait().unwrap().unwrap(), Event::Stopped(-9));
    containers.notify_background_state(false).wait().unwrap();

    containers.uninstall(APP).wait().unwrap();
    assert!(containers.uninstall(TOOL).wait().is_err());
    let boot = InstallOptions { run_boot: true, run_critical: false };
    let critical = InstallOptions { run_boot: false, run_critical: true };
    let writer = containers.writer(4).wait().unwrap();
    writer.write(Bytes::from(vec![1, 2, 3])).wait().unwrap();
    assert!(writer.write(Bytes::from(vec![4, 5])).wait().is_err());
    assert!(writer.commit(critical).wait().is_err());
    writer.write(Bytes::from(vec![4])).wait().unwrap();
    writer.commit(critical).wait().unwrap();
    let writer = containers.writer(0).wait().unwrap();
    assert!(writer.commit(boot).wait().is_err());
    assert!(containers.writer(1 << 40).wait().is_err());

    let short = || Value::Bytes(Bytes::from(vec![1, 2]));
    call_untyped(
        &untyped(&guest, interface::CONTAINERS),
        [
            (0, 5.into()),
            (1, short()),
            (1, "text".into()),
            (1, Value::Null),
            (2, short()),
            (3, (-1).into()),
            (3, Value::Null),
            (4, list([7.into(), short()])),
            (5, 7.into()),
            (6, 7.into()),
            (6, Value::Null),
            (7, list([7.into()])),
            (8, Value::Null),
            (9, Value::Null),
        ],
    );
    insta::assert_snapshot!(tap.records());
}
