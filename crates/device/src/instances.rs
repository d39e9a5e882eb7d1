//! Implements the service `system/containers` for a device: lists, installs and uninstalls images, and starts more
//! containers from them.
//!
//! An instance has the name of an installed container, and uses its log, its storage and its permissions.

use std::path::Path;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Gid, Prepared};
use lucarne_ports::containers::{
    ContainerFault, Doing, InstallOptions, InstalledImage, Keeper, OnEnd, Startable,
};
use lucarne_services::{Uuid, Value};

use crate::control::Refusal;
use crate::image_checker::{ImageChecker, ImageUse};
use crate::residents::Residents;
use crate::supervisor::{Event, Orders};
use crate::{ContainerName, Digest, Image};

/// Passes on the requests of programs to the supervisor.
pub(crate) struct Instances {
    orders: Orders,
    residents: Residents,
    checker: ImageChecker,
}

/// A prepared instance: its container, its image and its group.
pub(crate) struct Loaded {
    pub(crate) name: ContainerName,
    pub(crate) image: Digest,
    pub(crate) group: Prepared,
}

/// The container that asks for an instance.
pub(crate) struct Asker {
    pub(crate) name: ContainerName,
    /// The container whose instances are limited: the asking container, or, if that is itself an instance, the
    /// container that started it, directly or through other instances.
    pub(crate) starter: ContainerName,
}

/// Everything that an instance is started with.
pub(crate) struct InstanceStart {
    pub(crate) loaded: Loaded,
    pub(crate) argument: Value,
    pub(crate) on_end: OnEnd,
}

struct Instance {
    orders: Orders,
    residents: Residents,
    gid: Gid,
    /// `None` once the instance has been started.
    loaded: Mutex<Option<Loaded>>,
}

impl Asker {
    fn of(residents: &Residents, gid: Gid) -> Option<Asker> {
        Some(Asker { name: residents.name_of(gid)?, starter: residents.starter_of(gid)? })
    }
}

impl Instances {
    pub(crate) fn new(orders: Orders, residents: Residents, checker: ImageChecker) -> Instances {
        Instances { orders, residents, checker }
    }
}

impl Keeper for Instances {
    fn images(&self) -> Doing<Vec<InstalledImage>> {
        let orders = self.orders.clone();
        Box::pin(async move { Ok(orders.ask(|reply| Event::Images { reply }).await?) })
    }

    fn load(&self, asker: Gid, id: Uuid) -> Doing<Option<Box<dyn Startable>>> {
        let (orders, residents) = (self.orders.clone(), self.residents.clone());
        Box::pin(async move {
            let asker = Asker::of(&residents, asker);
            let loaded = orders.ask(|reply| Event::Load { asker, id, reply }).await?;
            Ok(loaded.map(|loaded| -> Box<dyn Startable> {
                let gid = loaded.group.gid();
                Box::new(Instance { orders, residents, gid, loaded: Mutex::new(Some(loaded)) })
            }))
        })
    }

    fn uninstall(&self, id: Uuid) -> Doing<()> {
        let orders = self.orders.clone();
        Box::pin(async move {
            let names = orders.ask(|reply| Event::NamesOf { id, reply }).await?;
            if names.is_empty() {
                return Err(ContainerFault::Unknown(id));
            }
            for name in names {
                orders.ask(|reply| Event::Uninstall { name, reply }).await?;
            }
            Ok(())
        })
    }

    fn install(&self, image: Vec<u8>, options: InstallOptions) -> Doing<Uuid> {
        let (orders, checker) = (self.orders.clone(), self.checker.clone());
        Box::pin(async move {
            let checked = checker.check(image, ImageUse::Install).await?;
            let id = checked.image.digest().id();
            let name = name_of(&checked.image)?;
            let image = Box::new(checked);
            orders.ask(|reply| Event::InstallImage { name, image, options, reply }).await?;
            Ok(id)
        })
    }
}

/// Returns the name of the container for an image: the file name of its entry, without the extension.
fn name_of(image: &Image) -> Result<ContainerName, Refusal> {
    let stem = Path::new(&image.manifest().entry).file_stem().and_then(|stem| stem.to_str());
    stem.unwrap_or_default().parse().map_err(Refusal::new)
}

impl Startable for Instance {
    fn gid(&self) -> Gid {
        self.gid
    }

    fn start(&self, argument: Value, on_end: OnEnd) -> Doing<()> {
        let (orders, loaded) = (self.orders.clone(), self.loaded.lock().take());
        Box::pin(async move {
            let loaded = loaded.ok_or(ContainerFault::Started)?;
            let start = Box::new(InstanceStart { loaded, argument, on_end });
            Ok(orders.ask(|reply| Event::StartInstance { start, reply }).await?)
        })
    }

    fn stop(&self) {
        self.orders.stop_instance(self.gid);
    }
}

impl Drop for Instance {
    /// Forgets the instance, if it was never started.
    fn drop(&mut self) {
        if self.loaded.lock().is_some() {
            self.residents.forget_instance(self.gid);
        }
    }
}

impl From<Refusal> for ContainerFault {
    fn from(refusal: Refusal) -> ContainerFault {
        ContainerFault::Refused(refusal.to_string())
    }
}
