//! The device's end of the control service: turns commands into events of the supervisor.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lucarne::prelude::*;
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::mpsc::RecvTimeoutError;
use lucarne_kernel::sync::thread;

use crate::control::{
    Counters, Device, Follower, Inspected, Installed, Listed, LogPart, Refusal, Status, Upload, Watch,
};
use crate::image::IMAGE_BYTES_MAX;
use crate::image_checker::{ImageChecker, ImageUse};
use crate::logs::{Entry, Followed, Log, Logs};
use crate::observatory::Observatory;
use crate::supervisor::{Event, Orders, Sent};
use crate::{ContainerName, Settings, assets};

/// Receives the commands.
pub(crate) struct ControlProvider {
    pub(crate) orders: Orders,
    pub(crate) checker: ImageChecker,
    pub(crate) logs: Arc<Logs>,
    pub(crate) observatory: Observatory,
}

/// A program that is being received.
pub(crate) struct Uploading {
    orders: Orders,
    checker: ImageChecker,
    arrived: Mutex<Arrived>,
}

#[derive(Default)]
struct Arrived {
    part: Vec<u8>,
    assets: BTreeMap<String, Vec<u8>>,
}

/// Follows a log. A thread passes on new lines for as long as the resource is open.
pub(crate) struct Following;

/// Watches the device. A thread sends samples for as long as the resource is open.
pub(crate) struct Watching;

/// The shortest and the longest interval, in µs.
const INTERVALS_US: std::ops::RangeInclusive<i64> = 100_000..=3_600_000_000;

/// The interval at which the thread that follows a silent log checks whether the resource is still open.
const FOLLOWING_LOOK: Duration = Duration::from_secs(1);

/// The largest number of entries in a part: as many as fit into a mailbox, however long they are.
const PART_ENTRIES: usize = 64;

impl Device for ControlProvider {
    type Upload = Uploading;
    type Follower = Following;
    type Watch = Watching;

    async fn status(&self) -> Result<Status, Refusal> {
        self.orders.ask(|reply| Event::Status { reply }).await
    }

    async fn shut_down(&self) {
        self.orders.shut_down();
    }

    async fn upload(&self) -> Result<Resource<Uploading>, Refusal> {
        let (orders, checker) = (self.orders.clone(), self.checker.clone());
        Ok(Uploading { orders, checker, arrived: Mutex::default() }.resource())
    }

    async fn list(&self) -> Result<Vec<Listed>, Refusal> {
        self.orders.ask(|reply| Event::List { reply }).await
    }

    async fn inspect(&self, name: ContainerName) -> Result<Inspected, Refusal> {
        self.orders.ask(|reply| Event::Inspect { name, reply }).await
    }

    async fn uninstall(&self, name: ContainerName) -> Result<(), Refusal> {
        self.orders.ask(|reply| Event::Uninstall { name, reply }).await
    }

    async fn start(&self, name: ContainerName) -> Result<(), Refusal> {
        self.orders.ask(|reply| Event::Start { name, reply }).await
    }

    async fn stop(&self, name: ContainerName) -> Result<(), Refusal> {
        self.orders.ask(|reply| Event::Stop { name, reply }).await
    }

    async fn restart(&self, name: ContainerName) -> Result<(), Refusal> {
        self.orders.ask(|reply| Event::Restart { name, reply }).await
    }

    async fn logs(&self, name: ContainerName, last: Option<u32>) -> Result<Vec<Entry>, Refusal> {
        let log = self.log(name).await?;
        log.last(count(last)).map_err(Refusal::new)
    }

    async fn follow(&self, name: ContainerName, last: Option<u32>) -> Result<Resource<Following>, Refusal> {
        let log = self.log(name).await?;
        let (past, follower) = log.follow(count(last)).map_err(Refusal::new)?;
        let mut started = Ok(());
        let resource = Following::resource(|notifier| {
            let pass = move || pass_on(past, follower, &notifier);
            started = thread::Builder::new().name("follower".to_owned()).spawn(pass).map(drop);
            Following
        });
        started.map_err(Refusal::new)?;
        Ok(resource)
    }

    async fn watch(&self, interval_us: i64) -> Result<Resource<Watching>, Refusal> {
        if !INTERVALS_US.contains(&interval_us) {
            return Err(Refusal::new("the interval must be between 100 ms and an hour"));
        }
        let interval = Duration::from_micros(interval_us.unsigned_abs());
        let mut started = Ok(());
        let resource = Watching::resource(|notifier| {
            started = self.observatory.clone().observe(interval, notifier);
            Watching
        });
        started.map_err(Refusal::new)?;
        Ok(resource)
    }

    async fn counters(&self) -> Result<Counters, Refusal> {
        let mut counters = self.orders.ask(|reply| Event::Counters { reply }).await?;
        self.observatory.count_open(&mut counters).await;
        counters.fabric = self.observatory.view.status();
        Ok(counters)
    }

    async fn started(&self, name: ContainerName) -> Result<Option<String>, Refusal> {
        self.orders.ask(|reply| Event::Started { name, reply }).await
    }
}

/// Returns the number of requested entries: all by default.
fn count(last: Option<u32>) -> usize {
    last.map_or(usize::MAX, |last| last as usize)
}

impl ControlProvider {
    /// Returns the log of a container, which must exist.
    async fn log(&self, name: ContainerName) -> Result<Arc<Log>, Refusal> {
        let found = name.clone();
        self.orders.ask(|reply| Event::Find { name: found, reply }).await?;
        self.logs.container(&name).map_err(Refusal::new)
    }
}

/// Passes on a log, first the past entries and then each new one, until the resource is closed.
fn pass_on(past: Vec<Entry>, mut follower: crate::logs::Follower, notifier: &Notifier<LogPart>) {
    for part in past.chunks(PART_ENTRIES) {
        if notifier.send(LogPart { entries: part.to_vec(), missed: 0 }).wait().is_err() {
            return;
        }
    }
    loop {
        let first = match follower.next_within(FOLLOWING_LOOK) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) if notifier.is_closed() => return,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let mut part = LogPart::default();
        part.add(first);
        while part.entries.len() < PART_ENTRIES {
            let Ok(next) = follower.next_within(Duration::ZERO) else { break };
            part.add(next);
        }
        if notifier.send(part).wait().is_err() {
            return;
        }
    }
}

impl LogPart {
    fn add(&mut self, followed: Followed) {
        match followed {
            Followed::Entry(entry) => self.entries.push(entry.as_ref().clone()),
            Followed::Missed(count) => self.missed += count,
        }
    }
}

impl Follower for Following {}

impl Watch for Watching {}

impl Uploading {
    /// Takes the received parts, and checks the image.
    async fn take(&self, image_use: ImageUse) -> Result<Sent, Refusal> {
        let Arrived { part, assets } = std::mem::take(&mut *self.arrived.lock());
        Ok(Sent { checked: self.checker.check(part, image_use).await?, assets })
    }
}

impl Upload for Uploading {
    async fn write(&self, part: Bytes) -> Result<(), Refusal> {
        let mut arrived = self.arrived.lock();
        if arrived.bytes() + part.len() > IMAGE_BYTES_MAX {
            return Err(Refusal::new(format_args!("more than {IMAGE_BYTES_MAX} bytes cannot be installed")));
        }
        arrived.part.extend_from_slice(&part);
        Ok(())
    }

    async fn asset(&self, name: Option<String>) -> Result<(), Refusal> {
        let mut arrived = self.arrived.lock();
        let contents = std::mem::take(&mut arrived.part);
        match name {
            Some(name) => {
                arrived.assets.insert(name, contents);
            }
            None => arrived.assets.extend(assets::decode(&contents).map_err(Refusal::new)?),
        }
        Ok(())
    }

    async fn install(&self, name: ContainerName, settings: Settings) -> Result<Installed, Refusal> {
        let (sent, settings) = (Box::new(self.take(ImageUse::Install).await?), Box::new(settings));
        self.orders.ask(|reply| Event::Install { name, sent, settings, reply }).await
    }

    async fn run(&self, settings: Settings) -> Result<(), Refusal> {
        let (sent, settings) = (Box::new(self.take(ImageUse::RunOnce).await?), Box::new(settings));
        self.orders.ask(|reply| Event::RunOnce { sent, settings, reply }).await
    }
}

impl Arrived {
    fn bytes(&self) -> usize {
        self.part.len() + self.assets.values().map(Vec::len).sum::<usize>()
    }
}
