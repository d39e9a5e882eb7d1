//! The requests of programs through `system.containers`: images, and further containers of them.

use std::collections::BTreeMap;

use lucarne_kernel::Gid;
use lucarne_ports::containers::{InstallOptions, InstalledImage, OnEnd};
use uuid::Uuid;

use super::slot::Sent;
use super::{Event, Instance, Supervisor, Wish};
use crate::control::Refusal;
use crate::image_checker::CheckedImage;
use crate::instances::{Asker, InstanceStart, Loaded};
use crate::launcher::RunningContainer;
use crate::life::Phase;
use crate::start::Start;
use crate::{ContainerName, Digest, Kind, Restart};

impl Supervisor {
    /// Returns the installed images, in the order of installation.
    pub(super) fn installed_images(&self) -> Vec<InstalledImage> {
        let mut slots: Vec<_> = self.slots.iter().filter(|(_, slot)| slot.is_installed()).collect();
        slots.sort_by_key(|(_, slot)| slot.place);
        let images = slots.into_iter().map(|(name, slot)| InstalledImage {
            id: slot.identity().0.id(),
            name: Some(name.to_string()),
            options: InstallOptions {
                run_boot: slot.life.phase() != Phase::Stopped,
                run_critical: slot.settings.restart == Restart::Always,
            },
        });
        images.collect()
    }

    /// Returns the containers that have an image.
    pub(super) fn names_of(&self, id: Uuid) -> Vec<ContainerName> {
        let of_image = self.slots.iter().filter(|(_, slot)| slot.identity().0.id() == id);
        of_image.map(|(name, _)| name.clone()).collect()
    }

    /// Prepares an instance of a container that has the image: of the asker's own container, if that has the image.
    /// Returns `None` if no container has it.
    pub(super) fn load(&self, asker: Option<&Asker>, id: Uuid) -> Result<Option<Loaded>, Refusal> {
        let of_image = self.slots.iter().filter(|(_, slot)| slot.identity().0.id() == id);
        let found =
            of_image.min_by_key(|(name, slot)| (asker.is_none_or(|asker| asker.name != **name), slot.place));
        let loaded = found.map(|(name, slot)| match slot.identity() {
            (image, Kind::Toit) => {
                let starter = asker.map_or(name, |asker| &asker.starter).clone();
                let group = self.parts.launcher.prepare_instance(name, &slot.settings, starter)?;
                Ok(Loaded { name: name.clone(), image, group })
            }
            _ => Err(Refusal::new(format_args!("'{name}' is not a Toit program: it has no instances"))),
        });
        loaded.transpose()
    }

    pub(super) fn start_instance(&mut self, start: InstanceStart) -> Result<(), Refusal> {
        let gid = start.loaded.group.gid();
        let of = start.loaded.name.clone();
        let started = self.begin_instance(start).map(|container| {
            self.instances.insert(gid, Instance { of, container });
        });
        if started.is_err() {
            self.parts.launcher.forget_instance(gid);
        }
        started
    }

    fn begin_instance(&mut self, start: InstanceStart) -> Result<RunningContainer, Refusal> {
        let InstanceStart { loaded: Loaded { name, image, group }, argument, on_end } = start;
        let slot = self.slot(&name)?;
        if self.is_shutting_down || slot.identity().0 != image {
            return Err(Refusal::unknown(&name));
        }
        let (orders, gid) = (self.parts.orders.clone(), group.gid());
        let on_end = Box::new(move |code| orders.send(Event::InstanceEnded { gid, code, on_end }));
        let start = Start {
            name: &name,
            image_id: image.id(),
            settings: &slot.settings,
            assets: slot.assets(&self.parts.store)?,
            announced: &[],
            output: self.parts.logs.container(&name).map_err(Refusal::new)?,
            on_end,
        };
        let program = self.parts.images.load(image, || slot.load(&self.parts.store))?;
        Ok(self.parts.launcher.start_instance(group, program, argument, start))
    }

    pub(super) fn stop_instance(&self, gid: Gid) {
        if let Some(instance) = self.instances.get(&gid) {
            instance.container.end();
        }
    }

    pub(super) fn instance_ended(&mut self, gid: Gid, code: i32, on_end: OnEnd) {
        self.instances.remove(&gid);
        on_end(code);
    }

    /// Installs an image that came without settings. It gets the settings of the container that it replaces.
    pub(super) fn install_image(
        &mut self,
        name: &ContainerName,
        image: CheckedImage,
        options: InstallOptions,
    ) -> Result<(), Refusal> {
        let sent = Sent { checked: image, assets: self.assets(name)? };
        self.store_image(name, &sent, options)?;
        self.end_instances(name);
        self.change_life(
            name,
            |life, now_us| {
                if options.run_boot { life.restart(now_us) } else { life.stop() }
            },
        );
        Ok(())
    }

    /// Reads the files that came with a container.
    fn assets(&self, name: &ContainerName) -> Result<BTreeMap<String, Vec<u8>>, Refusal> {
        let Some(slot) = self.slots.get(name) else { return Ok(BTreeMap::new()) };
        let read = |(file, digest): (&String, &Digest)| {
            Ok((file.clone(), self.parts.store.asset(*digest).map_err(Refusal::new)?))
        };
        slot.settings.assets.iter().map(read).collect()
    }

    fn store_image(
        &mut self,
        name: &ContainerName,
        sent: &Sent,
        options: InstallOptions,
    ) -> Result<(), Refusal> {
        let mut settings = self.slots.get(name).map(|slot| slot.settings.clone()).unwrap_or_default();
        if options.run_critical {
            settings.restart = Restart::Always;
        }
        self.store_program(name, sent, &settings)?;
        self.store_wish(name, if options.run_boot { Wish::Enabled } else { Wish::Stopped })
    }

    /// Ends the instances of a container.
    pub(super) fn end_instances(&self, name: &ContainerName) {
        self.instances
            .values()
            .filter(|instance| instance.of == *name)
            .for_each(|instance| instance.container.end());
    }
}
