//! Tests parts that Toit programs cannot see: owners, media that fail or block, and concurrent operations.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use lucarne_host::System;
use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use lucarne_providers::storage::{
    Flash, FlashError, Media, Owners, Scheme, Storage, StorageFault, Tison, Work, one_owner,
};
use lucarne_services::{Bytes, CallError, Container};

fn system(media: Media, owners: Owners) -> System {
    System::builder().storage(media, owners).start()
}

fn open(system: &System, name: &str) -> Storage {
    Storage::open(&Container::start(system.kernel(), name)).wait().expect("the service is provided")
}

/// A medium that may block, and counts the calls of `change`.
#[derive(Default)]
struct Slow {
    entries: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    changes: AtomicUsize,
    is_broken: AtomicUsize,
    is_full: AtomicBool,
}

impl Flash for Slow {
    fn waits(&self) -> bool {
        true
    }

    fn look(&self, work: &mut Work<'_>) -> Result<(), FlashError> {
        work(&mut *self.entries.lock())
    }

    fn change(&self, work: &mut Work<'_>) -> Result<(), FlashError> {
        self.changes.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(std::time::Duration::from_millis(1));
        let mut changed = self.entries.lock().clone();
        work(&mut changed)?;
        if self.is_broken.load(Ordering::Relaxed) > 0 {
            return Err(FlashError::Failed("it is broken".to_owned()));
        }
        if self.is_full.load(Ordering::Relaxed) {
            return Err(FlashError::Full);
        }
        *self.entries.lock() = changed;
        Ok(())
    }
}

#[test]
fn the_selector_is_that_of_the_interface() {
    let interface = lucarne_services::protocol::interface::STORAGE;
    assert_eq!(Storage::SELECTOR.uuid().to_string(), interface.uuid);
    assert_eq!(
        (i64::from(Storage::SELECTOR.major()), i64::from(Storage::SELECTOR.minor())),
        (interface.major, interface.minor)
    );
}

#[test]
fn owners_do_not_share_storage() {
    let names = Arc::new(Mutex::new(BTreeMap::<Gid, String>::new()));
    let known = names.clone();
    let media = Media::in_memory();
    let system = system(media.clone(), Arc::new(move |gid| known.lock().get(&gid).cloned()));
    let open_as = |owner: &str| {
        let container = Container::start(system.kernel(), owner);
        names.lock().insert(container.gid(), owner.to_owned());
        Storage::open(&container).wait().expect("the service is provided")
    };
    let (a, b, again) = (open_as("a"), open_as("b"), open_as("a"));
    let bucket = |storage: &Storage| storage.bucket(Scheme::Flash, "x").wait().expect("the scheme is known");
    bucket(&a).set("k", &"of a").wait().expect("there is room");
    assert_eq!(bucket(&b).get::<String>("k").wait(), Ok(None));
    assert_eq!(bucket(&again).get("k").wait(), Ok(Some(Tison("of a".to_owned()))));
    let region = a.region("r", Some(1)).wait().expect("there is room");
    assert_eq!(again.region("r", Some(1)).wait().err(), Some(CallError::Provider(StorageFault::InUse)));
    b.region("r", Some(1)).wait().expect("the region is new");
    drop(region);

    media.forget("a").expect("memory does not fail");
    assert_eq!(bucket(&a).get::<String>("k").wait(), Ok(None));
    assert_eq!(b.regions().wait(), Ok(vec!["flash:r".to_owned()]));
    assert_eq!(a.regions().wait(), Ok(vec![]));

    let stranger = open(&system, "stranger");
    let refused = stranger.bucket(Scheme::Ram, "x").wait().err();
    assert_eq!(refused, Some(CallError::Provider(StorageFault::PermissionDenied)));
}

#[test]
fn concurrent_changes_are_written_together() {
    let slow = Arc::new(Slow::default());
    let system = system(Media { flash: slow.clone(), ..Media::in_memory() }, one_owner());
    let bucket = open(&system, "many").bucket(Scheme::Flash, "x").wait().expect("the scheme is known");
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let bucket = bucket.clone();
            std::thread::spawn(move || {
                (0..20).for_each(|number| {
                    bucket.set(&format!("{thread}-{number}"), &number).wait().expect("there is room");
                });
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    assert_eq!(bucket.get("7-19").wait(), Ok(Some(Tison(19))));
    let changes = slow.changes.load(Ordering::Relaxed);
    assert!(changes < 120, "{changes} changes for 160 operations");
}

#[test]
fn a_medium_that_fails_changes_nothing() {
    let slow = Arc::new(Slow::default());
    let system = system(Media { flash: slow.clone(), ..Media::in_memory() }, one_owner());
    let bucket = open(&system, "unlucky").bucket(Scheme::Flash, "x").wait().expect("the scheme is known");
    bucket.set("k", &1).wait().expect("there is room");
    slow.is_broken.store(1, Ordering::Relaxed);
    let broken = StorageFault::Medium(FlashError::Failed("it is broken".to_owned()));
    assert_eq!(bucket.set("k", &2).wait(), Err(CallError::Provider(broken)));
    slow.is_broken.store(0, Ordering::Relaxed);
    assert_eq!(bucket.get("k").wait(), Ok(Some(Tison(1))));
}

#[test]
fn a_full_medium_is_out_of_space() {
    let slow = Arc::new(Slow { is_full: AtomicBool::new(true), ..Slow::default() });
    let system = system(Media { flash: slow.clone(), ..Media::in_memory() }, one_owner());
    let storage = open(&system, "unlucky");
    let full = || CallError::Provider(StorageFault::OutOfSpace);
    let bucket = storage.bucket(Scheme::Flash, "x").wait().expect("the scheme is known");
    assert_eq!(bucket.set("k", &1).wait(), Err(full()));
    assert_eq!(storage.region("r", Some(4_096)).wait().err(), Some(full()));
    slow.is_full.store(false, Ordering::Relaxed);
    bucket.set("k", &1).wait().expect("there is room again");
    let region = storage.region("r", Some(4_096)).wait().expect("there is room again");
    slow.is_full.store(true, Ordering::Relaxed);
    assert_eq!(region.write(0, Bytes::from(vec![0])).wait(), Err(full()));
    assert_eq!(bucket.get("k").wait(), Ok(Some(Tison(1))));
}

#[test]
fn regions_from_rust() {
    let system = system(Media::in_memory(), one_owner());
    let storage = open(&system, "rusty");
    let region = storage.region("r", Some(5_000)).wait().expect("there is room");
    assert_eq!(region.size(), 8_192);
    region.write(4_095, Bytes::from(vec![0x0f, 0xf0])).wait().expect("the data fits");
    assert_eq!(region.read(4_094, 4).wait(), Ok(Bytes::from(vec![0xff, 0x0f, 0xf0, 0xff])));
    region.erase(0, 4_096).wait().expect("the range is a page");
    assert_eq!((region.is_erased(0, 4_096).wait(), region.is_erased(0, 4_097).wait()), (Ok(true), Ok(false)));
    let fault = |fault| Err(CallError::Provider(fault));
    assert_eq!(region.read(8_192, 1).wait().map(drop), fault(StorageFault::OutOfBounds));
    assert_eq!(region.erase(1, 4_096).wait(), fault(StorageFault::BadArgument));
    assert_eq!(storage.delete_region("r").wait(), fault(StorageFault::InUse));
    drop(region);
    // The dropped proxy closes the region by a message. Until the message arrives, the region cannot be deleted.
    while storage.delete_region("r").wait() == fault(StorageFault::InUse) {}
    assert_eq!(storage.region("r", None).wait().err(), Some(CallError::Provider(StorageFault::NotFound)));
}

#[test]
fn faults_travel_as_texts() {
    use lucarne_services::Fault;
    for fault in [
        StorageFault::NotFound,
        StorageFault::TooSmall,
        StorageFault::Scheme("x".to_owned()),
        StorageFault::Medium(FlashError::Failed("odd".to_owned())),
    ] {
        assert_eq!(StorageFault::from_text(&fault.to_text()), Some(fault));
    }
    assert_eq!(StorageFault::from_text("else"), None);
}
