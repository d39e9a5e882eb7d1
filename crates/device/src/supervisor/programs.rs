//! What programs ask of the supervisor through `system.containers`: images, and further containers of them.

use std::collections::BTreeMap;

use lucarne_ports::containers::{InstallOptions, InstalledImage};
use uuid::Uuid;

use super::slot::Sent;
use super::{Instance, Reply, Supervisor, Wish, answer};
use crate::control::Refusal;
use crate::guest::Guest;
use crate::instances::{InstanceStart, Loaded};
use crate::life::Phase;
use crate::start::Start;
use crate::{ContainerName, Image, Kind, Restart, Settings};

impl Supervisor {
    /// The images that are installed, in the order of installation.
    pub(crate) fn images(&mut self, reply: Reply<Vec<InstalledImage>>) {
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
        answer(reply, Ok(images.collect()));
    }

    /// The containers that have an image.
    pub(crate) fn names_of(&mut self, id: Uuid, reply: Reply<Vec<ContainerName>>) {
        let of_image = self.slots.iter().filter(|(_, slot)| slot.identity().0.id() == id);
        answer(reply, Ok(of_image.map(|(name, _)| name.clone()).collect()));
    }

    /// Gets ready to start an instance of a container that has the image: of the one that asks, if it does.
    pub(crate) fn load(&mut self, asker: Option<ContainerName>, id: Uuid, reply: Reply<Option<Loaded>>) {
        let of_image = self.slots.iter().filter(|(_, slot)| slot.identity().0.id() == id);
        let found = of_image.min_by_key(|(name, slot)| (Some(*name) != asker.as_ref(), slot.place));
        let loaded = found.map(|(name, slot)| match slot.identity() {
            (image, Kind::Toit) => {
                let group = self.guests.prepare_instance(name, &slot.settings);
                Ok(Loaded { name: name.clone(), image, group })
            }
            _ => Err(Refusal::new(format_args!("'{name}' is no program in Toit: it has no instances"))),
        });
        answer(reply, loaded.transpose());
    }

    pub(crate) fn start_instance(&mut self, start: InstanceStart, reply: Reply<()>) {
        let gid = start.loaded.group.gid();
        let of = start.loaded.name.clone();
        let started = self.begin_instance(start).map(|guest| {
            self.instances.insert(gid, Instance { of, guest });
        });
        if started.is_err() {
            self.guests.forget_instance(gid);
        }
        answer(reply, started);
    }

    fn begin_instance(&mut self, start: InstanceStart) -> Result<Guest, Refusal> {
        let InstanceStart { loaded: Loaded { name, image, group }, argument, on_end } = start;
        let slot = self.slot(&name)?;
        if self.is_going || slot.identity().0 != image {
            return Err(Refusal::unknown(&name));
        }
        let (orders, gid) = (self.orders.clone(), group.gid());
        let on_end = Box::new(move |code| {
            orders.tell(move |supervisor| {
                supervisor.instances.remove(&gid);
                on_end(code);
            });
        });
        let start = Start {
            name: &name,
            image_id: image.id(),
            settings: &slot.settings,
            assets: slot.assets(&self.store)?,
            expected: &[],
            output: self.logs.container(&name).map_err(Refusal::new)?,
            on_end,
        };
        let program = self.images.load(image, || slot.image(&self.store))?;
        Ok(self.guests.start_instance(group, program, argument, start))
    }

    /// What has come as an image alone is installed with the settings of what it takes the place of.
    pub(crate) fn install_image(
        &mut self,
        name: &ContainerName,
        image: Image,
        how: InstallOptions,
        reply: Reply<()>,
    ) {
        let installed = self.take_in_image(name, image, how).map(|()| {
            self.end_instances(name);
            self.order(name, |life, now| if how.run_boot { life.restart(now) } else { life.stop() });
        });
        answer(reply, installed);
    }

    fn take_in_image(
        &mut self,
        name: &ContainerName,
        image: Image,
        how: InstallOptions,
    ) -> Result<(), Refusal> {
        let mut settings = Settings::default();
        let mut assets = BTreeMap::new();
        if let Some(slot) = self.slots.get(name) {
            settings.clone_from(&slot.settings);
            for (file, digest) in &slot.settings.assets {
                assets.insert(file.clone(), self.store.asset(*digest).map_err(Refusal::new)?);
            }
        }
        if how.run_critical {
            settings.restart = Restart::Always;
        }
        self.take_in(name, Sent { image, assets }, &settings)?;
        self.note_wish(name, if how.run_boot { Wish::Enabled } else { Wish::Stopped })
    }

    /// All that programs have started of a container ends with it.
    pub(super) fn end_instances(&self, name: &ContainerName) {
        self.instances
            .values()
            .filter(|instance| instance.of == *name)
            .for_each(|instance| instance.guest.end());
    }
}
