//! A device at work: the parts put together, from the start to the end.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use lucarne::prelude::*;
use lucarne_link::{Connections, ListenError, Listener};
use lucarne_system::StandardOutput;
use lucarne_system::storage::Media;
use thiserror::Error;

use crate::control::DeviceHandler;
use crate::controls::Controls;
use crate::folders::{FolderError, StateFolder};
use crate::guest::{Guests, Names};
use crate::logs::{LogLimits, Logs};
use crate::native::Natives;
use crate::supervisor::{Orders, Supervisor};
use crate::{FlashFile, Store, StoreError};

/// A device that runs in this OS process.
pub struct Daemon {
    orders: Orders,
    supervisor: JoinHandle<()>,
    listener: Listener,
    control: System,
}

/// How a device runs.
#[derive(Debug, Clone)]
pub struct DeviceOptions {
    /// What it is called.
    pub name: String,
    /// How many worker threads its containers share.
    pub workers: usize,
}

/// Why a device cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Its folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Commands could not reach it.
    #[error("commands could not reach the device: {0}")]
    Listen(#[from] ListenError),
    /// The operating system would not have it.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Daemon {
    /// Starts a device, and on it all containers that are installed. Commands reach it when this returns.
    ///
    /// # Errors
    /// See [`StartError`]. Another device that has the folder goes on.
    pub fn start(folder: &StateFolder, options: DeviceOptions) -> Result<Daemon, StartError> {
        folder.prepare()?;
        // Only one can have it open, so this comes before everything that two would quarrel about.
        let store = Arc::new(Store::open(folder.root())?);
        let logs = Arc::new(Logs::open(&folder.logs(), LogLimits::default())?);
        let output = Arc::new(StandardOutput::new());
        let system = lucarne_system::System::new(options.workers, output.clone());
        let names = Names::default();
        let natives = Natives::new(Connections::new(system.kernel())?, folder.clone(), names.clone())?;
        let media = Media { flash: Arc::new(FlashFile::open(folder.root())?), ..Media::in_memory() };
        let guests = Guests::new(system, natives, names, media)?;

        let control = System::with_workers(1, output.clone());
        let (orders, supervisor) = Supervisor::start(options.name, store, logs.clone(), guests, output)?;
        let controls = Controls { orders: orders.clone(), logs };
        let container = control.container("device");
        let provider = container.provider("lucarne/device", "1.0").handle(DeviceHandler::new(controls));
        provider.install().wait().map_err(io::Error::other)?;
        let listener = control.listen(folder.control_socket())?;
        Ok(Daemon { orders, supervisor, listener, control })
    }

    /// What stops it from elsewhere.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.orders.clone())
    }

    /// Waits until somebody has stopped it and all containers have ended.
    pub fn wait(self) {
        // A supervisor that panics has said so, and then there is nothing to wait for.
        let _ = self.supervisor.join();
        drop(self.listener);
        drop(self.control);
    }
}

/// Stops a device.
#[derive(Clone)]
pub struct Stopper(Orders);

impl Stopper {
    /// Ends all containers, and then the device.
    pub fn stop(&self) {
        self.0.shut_down();
    }
}
