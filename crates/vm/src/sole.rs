//! One program as all that is installed: for systems that run one program.

use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Gid, KernelHandle, Prepared, Program};
use lucarne_message::Value;
use lucarne_services::Uuid;
use lucarne_system::containers::{
    ContainerFault, Doing, InstallOptions, InstalledImage, Keeper, OnEnd, Startable,
};

use crate::heap::Image;
use crate::host::Host;
use crate::process::start_in;

/// The one image of a system.
pub struct SoleImage {
    kernel: KernelHandle,
    image: Arc<Image>,
    make_host: Arc<dyn Fn() -> Host + Send + Sync>,
}

/// A further container of it.
struct Instance {
    kernel: KernelHandle,
    image: Arc<Image>,
    make_host: Arc<dyn Fn() -> Host + Send + Sync>,
    gid: Gid,
    state: Mutex<State>,
}

enum State {
    Ready(Prepared),
    Started(Program),
    /// Being started.
    Gone,
}

impl SoleImage {
    /// The image of a program. `make_host` gives each container that is started the surroundings that the program itself
    /// has.
    pub fn new(
        kernel: KernelHandle,
        image: Arc<Image>,
        make_host: impl Fn() -> Host + Send + Sync + 'static,
    ) -> SoleImage {
        SoleImage { kernel, image, make_host: Arc::new(make_host) }
    }

    fn id(&self) -> Uuid {
        Uuid::from_bytes((self.make_host)().image_id)
    }
}

fn ready<T: Send + 'static>(result: Result<T, ContainerFault>) -> Doing<T> {
    Box::pin(std::future::ready(result))
}

impl Keeper for SoleImage {
    fn images(&self) -> Doing<Vec<InstalledImage>> {
        let host = (self.make_host)();
        let id = Uuid::from_bytes(host.image_id);
        ready(Ok(vec![InstalledImage { id, name: host.program_name, options: InstallOptions::default() }]))
    }

    fn load(&self, _asker: Gid, id: Uuid) -> Doing<Option<Box<dyn Startable>>> {
        if id != self.id() {
            return ready(Ok(None));
        }
        let group = self.kernel.prepare();
        ready(Ok(Some(Box::new(Instance {
            kernel: self.kernel.clone(),
            image: self.image.clone(),
            make_host: self.make_host.clone(),
            gid: group.gid(),
            state: Mutex::new(State::Ready(group)),
        }))))
    }

    fn uninstall(&self, _id: Uuid) -> Doing<()> {
        ready(Err(ContainerFault::Denied))
    }

    fn install(&self, _image: Vec<u8>, _how: InstallOptions) -> Doing<Uuid> {
        ready(Err(ContainerFault::Denied))
    }
}

impl Startable for Instance {
    fn gid(&self) -> Gid {
        self.gid
    }

    fn start(&self, argument: Value, on_end: OnEnd) -> Doing<()> {
        let mut state = self.state.lock();
        let group = match std::mem::replace(&mut *state, State::Gone) {
            State::Ready(group) => group,
            other => {
                *state = other;
                return ready(Err(ContainerFault::Started));
            }
        };
        let mut host = (self.make_host)();
        host.argument = Some(argument);
        let program = start_in(&self.kernel, group, self.image.clone(), host);
        program.when_ended(on_end);
        *state = State::Started(program);
        ready(Ok(()))
    }

    fn stop(&self) {
        if let State::Started(program) = &*self.state.lock() {
            program.stop(0);
        }
    }
}
