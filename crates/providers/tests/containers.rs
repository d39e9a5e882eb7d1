//! Tests calls to the keeper, and answers to clients, with a keeper that starts nothing.

use std::sync::Arc;

use lucarne_host::System;
use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use lucarne_ports::CapturedOutput;
use lucarne_ports::containers::{
    ContainerFault, Doing, InstallOptions, InstalledImage, Keeper, OnEnd, Startable,
};
use lucarne_providers::containers::{Containers, Event, ImageId};
use lucarne_services::protocol::interface;
use lucarne_services::{Bytes, CallError, Container, Policy, Thrown, Uuid, Value, uuid};

const APP: Uuid = uuid!("00000000-0000-4000-8000-000000000001");

/// The containers that the keeper was asked to start, and the images that it was asked to install.
#[derive(Default)]
struct Notes {
    started: Mutex<Vec<(Value, OnEnd)>>,
    installed: Mutex<Vec<(Vec<u8>, InstallOptions)>>,
}

#[derive(Clone, Default)]
struct OneImage(Arc<Notes>);

struct Noted(Arc<Notes>);

impl Keeper for OneImage {
    fn images(&self) -> Doing<Vec<InstalledImage>> {
        let options = InstallOptions { run_boot: true, run_critical: false };
        Box::pin(async move { Ok(vec![InstalledImage { id: APP, name: Some("app".to_owned()), options }]) })
    }

    fn load(&self, _asker: Gid, id: Uuid) -> Doing<Option<Box<dyn Startable>>> {
        let noted = (id == APP).then(|| -> Box<dyn Startable> { Box::new(Noted(self.0.clone())) });
        Box::pin(async move { Ok(noted) })
    }

    fn uninstall(&self, id: Uuid) -> Doing<()> {
        Box::pin(async move { Err(ContainerFault::Unknown(id)) })
    }

    fn install(&self, image: Vec<u8>, how: InstallOptions) -> Doing<Uuid> {
        self.0.installed.lock().push((image, how));
        Box::pin(async move { Ok(APP) })
    }
}

impl Startable for Noted {
    fn gid(&self) -> Gid {
        Gid::from_i64(77)
    }

    fn start(&self, argument: Value, on_end: OnEnd) -> Doing<()> {
        self.0.started.lock().push((argument, on_end));
        Box::pin(async move { Ok(()) })
    }

    fn stop(&self) {
        for (_, on_end) in self.0.started.lock().drain(..) {
            on_end(9);
        }
    }
}

fn world() -> (System, OneImage, Containers) {
    let keeper = OneImage::default();
    let output = Arc::new(CapturedOutput::default());
    let system = System::builder().output(output).keeper(Arc::new(keeper.clone())).start();
    let guest = Container::start(system.kernel(), "guest");
    let containers = Containers::open(&guest).wait().expect("the service is provided");
    (system, keeper, containers)
}

fn thrown<T>(text: &str) -> Result<T, CallError> {
    Err(CallError::Thrown(Thrown::new(text)))
}

#[test]
fn the_selector_is_that_of_the_interface() {
    assert_eq!(Containers::SELECTOR.uuid().to_string(), interface::CONTAINERS.uuid);
    let version = (i64::from(Containers::SELECTOR.major()), i64::from(Containers::SELECTOR.minor()));
    assert_eq!(version, (interface::CONTAINERS.major, interface::CONTAINERS.minor));
}

#[test]
fn an_instance_starts_once_and_its_end_is_reported() {
    let (_system, keeper, containers) = world();
    let images = containers.images().wait().unwrap().0;
    assert_eq!(images.len(), 1);
    assert_eq!((images[0].id, images[0].name.as_deref()), (APP, Some("app")));
    assert!(images[0].options.run_boot && !images[0].options.run_critical);

    let instance = containers.load(APP).wait().unwrap().expect("the container is installed");
    assert_eq!(instance.gid(), 77);
    let mut events = instance.events();
    instance.start(&("argument", 5)).wait().unwrap();
    assert_eq!(instance.start(&()).wait(), thrown("ALREADY_IN_USE"));
    assert_eq!(keeper.0.started.lock()[0].0, Value::List(vec!["argument".into(), 5.into()]));
    instance.stop().wait().unwrap();
    assert_eq!(events.next().wait().unwrap().unwrap(), Event::Stopped(9));
}

#[test]
fn an_image_that_is_not_installed_is_not_found() {
    let (_system, _, containers) = world();
    assert!(containers.load(Uuid::nil()).wait().unwrap().is_none());
    let refused = containers.uninstall(Uuid::nil()).wait();
    assert_eq!(refused, thrown("No such container: 00000000-0000-0000-0000-000000000000"));
}

#[test]
fn an_image_is_installed_when_it_is_complete() {
    let (_system, keeper, containers) = world();
    let writer = containers.writer(4).wait().unwrap();
    let options = InstallOptions { run_boot: false, run_critical: true };
    writer.write(Bytes::from(vec![1, 2, 3])).wait().unwrap();
    assert_eq!(writer.commit(options).wait(), thrown("OUT_OF_BOUNDS"));
    assert_eq!(writer.write(Bytes::from(vec![4, 5])).wait(), thrown("OUT_OF_BOUNDS"));
    writer.write(Bytes::from(vec![4])).wait().unwrap();
    assert_eq!(writer.commit(options).wait().unwrap(), ImageId(APP));
    assert_eq!(*keeper.0.installed.lock(), [(vec![1, 2, 3, 4], options)]);
    assert!(containers.writer(1 << 40).wait().is_err());
}

#[test]
fn a_guarded_service_needs_a_policy_entry() {
    let (system, _, _) = world();
    let policies = system.policies();
    policies.guard(Containers::SELECTOR.uuid());
    let guest = Container::start(system.kernel(), "guest");
    assert!(Containers::open(&guest).wait().is_err());
    let mut policy = Policy::default();
    policy.open.allow("system/containers");
    policies.set(guest.gid(), policy);
    assert!(Containers::open(&guest).wait().is_ok());
}
