//! Assembles a device from its parts, starts it, and shuts it down.

use std::io;
use std::sync::Arc;

use lucarne::prelude::*;
use lucarne_kernel::Gid;
use lucarne_kernel::sync::thread::JoinHandle;
use lucarne_link::{ListenError, Listener};
use lucarne_ports::{Output, StandardOutput, Stream};
use lucarne_providers::console::Outputs;
use lucarne_providers::containers::Containers;
use lucarne_providers::network::{Borders, Reach};
use lucarne_providers::storage::{Media, Owners};
use lucarne_services::{Oversight, Policies, ProvidedHook, StandInFailure, StandInRules, Surveys, Traffic};
use thiserror::Error;

use crate::control::DeviceHandler;
use crate::control_provider::ControlProvider;
use crate::executables::OsProcesses;
use crate::folders::{FolderError, StateFolder};
use crate::image_checker::ImageChecker;
use crate::instances::Instances;
use crate::launcher::Launcher;
use crate::logs::{LogLimits, Logs};
use crate::machines::{self, View};
use crate::observatory::Observatory;
use crate::residents::Residents;
use crate::supervisor::{Orders, Parts, Supervisor, TRACE_VARIABLE};
use crate::{FlashFile, Images, Store, StoreError};

/// A device that runs in this OS process.
pub struct Daemon {
    orders: Orders,
    supervisor: JoinHandle<()>,
    control: System,
    /// Lets commands connect that call services of containers.
    clients: Listener,
}

/// The options of a device.
pub struct DeviceOptions {
    /// The name of the device.
    pub name: String,
    /// The number of worker threads that its containers share.
    pub workers: usize,
    /// How the device joins a fabric, if it does. What containers export is added to the rules.
    #[cfg(feature = "fabric")]
    pub fabric: Option<Joining>,
}

/// Opens the network of a fabric, and returns how to join it, or the reason why that cannot be done. It is called when the device
/// has its state folder for itself: two devices with one folder must not appear in the network as one machine.
#[cfg(feature = "fabric")]
pub type Joining = Box<dyn FnOnce() -> Result<lucarne_host::fabric::Options, String> + Send>;

/// The reason why a device cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The state folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The control socket cannot be listened on.
    #[error("commands could not reach the device: {0}")]
    Listen(#[from] ListenError),
    /// The device cannot join its fabric.
    #[cfg(feature = "fabric")]
    #[error("cannot join the fabric: {0}")]
    Fabric(String),
    /// A system call failed.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Daemon {
    /// Starts a device and all enabled containers. When this returns, commands reach it.
    ///
    /// # Errors
    /// See [`StartError`]. A device that already uses the folder goes on running.
    pub fn start(folder: &StateFolder, options: DeviceOptions) -> Result<Daemon, StartError> {
        folder.prepare()?;
        // Only one device can have the store open, so it is opened before any other file of the folder is changed.
        let store = Arc::new(Store::open(folder.root())?);
        let logs = Arc::new(Logs::open(&folder.logs(), LogLimits::default())?);
        let output = Arc::new(StandardOutput::new());
        let orders = Orders::channel();
        let policies = Policies::default();
        policies.guard(Containers::SELECTOR.uuid());
        policies.guard_system();
        let residents = Residents::new(policies.clone());
        let (surveys, traffic) = (Surveys::default(), Arc::<Traffic>::default());
        let oversight = Oversight {
            policies,
            surveys: surveys.clone(),
            traffic: Some(traffic.clone()),
            on_provided: Some(noting(&orders.0, &residents)),
            ..Oversight::default()
        };
        let announcements = oversight.announcements.clone();
        let flash = open_flash(folder, &store, &output)?;
        let media = Media { flash: Arc::new(flash), ..Media::in_memory() };
        let images: Arc<Images> = Arc::default();
        let checker = ImageChecker::new(store.clone(), images.clone());
        let builder = System::builder();
        #[cfg(feature = "fabric")]
        let builder = joined(builder, options.fabric, &residents)?;
        let system = builder
            .workers(options.workers)
            .output(output.clone())
            .outputs(logs_of(&logs, &residents))
            .oversight(oversight)
            .stand_ins(stand_ins(&output, &residents))
            .storage(media.clone(), owners(&residents))
            .borders(Arc::new(DeviceBorders { residents: residents.clone(), logs: logs.clone() }))
            .keeper(Arc::new(Instances::new(orders.0.clone(), residents.clone(), checker.clone())))
            .start();
        let (kernel, orders_of) = (system.kernel().clone(), orders.0.clone());
        let view = View::of(&system);
        let observatory = Observatory {
            kernel,
            traffic,
            surveys,
            residents: residents.clone(),
            orders: orders_of,
            view: view.clone(),
        };
        let executables = OsProcesses::new(system.kernel().clone(), residents.clone(), folder.clone())?;
        // A command that calls a service is a container without permissions of its own.
        let clients = executables.connections().listen(folder.client_socket())?;
        let launcher = Launcher {
            kernel: system.kernel().clone(),
            presence: system.presence().clone(),
            regions: system.regions(),
            executables: Box::new(executables),
            residents,
            announcements,
        };

        let way = orders.0.clone();
        let control = System::builder().workers(1).output(output.clone()).without_services().start();
        let supervisor = Supervisor::new(Parts {
            name: options.name,
            orders: way.clone(),
            store,
            images,
            logs: logs.clone(),
            media,
            launcher,
            output,
            clock: system.kernel().clock().clone(),
            traces_events: std::env::var_os(TRACE_VARIABLE).is_some(),
        });
        let supervisor = supervisor.run_on_thread(orders.1, system)?;
        let provided = ControlProvider { orders: way.clone(), checker, logs, observatory };
        let container = control.container("device");
        let provider = container.provider("lucarne/device", "1.0").handle(DeviceHandler::new(provided));
        provider.install().wait().map_err(io::Error::other)?;
        if view.status().is_some() {
            machines::show(view, &container).map_err(io::Error::other)?;
        }
        control.listen(folder.control_socket())?;
        Ok(Daemon { orders: way, supervisor, control, clients })
    }

    /// Returns a handle that stops the device from elsewhere.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.orders.clone())
    }

    /// Waits until the device is stopped and all containers have ended.
    pub fn wait(self) {
        // An error means that the supervisor has panicked. The panic was reported, and there is nothing to wait for.
        let _ = self.supervisor.join();
        drop((self.control, self.clients));
    }
}

/// Joins a fabric, if the options say so. Containers add their exports.
#[cfg(feature = "fabric")]
fn joined(
    builder: lucarne_host::Builder,
    joining: Option<Joining>,
    residents: &Residents,
) -> Result<lucarne_host::Builder, StartError> {
    let Some(joining) = joining else { return Ok(builder) };
    let options = joining().map_err(StartError::Fabric)?;
    let group_exports = residents.exports().clone();
    Ok(builder.join(lucarne_host::fabric::Options { group_exports, ..options }))
}

/// Opens the flash memory. Without it, containers still run: only their storage fails.
fn open_flash(folder: &StateFolder, store: &Store, output: &StandardOutput) -> Result<FlashFile, StoreError> {
    match FlashFile::open(folder.root(), !store.list()?.is_empty()) {
        Err(error @ (StoreError::DamagedFile { .. } | StoreError::MissingFile { .. })) => {
            let text = format!(
                "lucarne: containers run without their storage until the device starts again: {error}\n"
            );
            output.write(Stream::Error, text.as_bytes());
            Ok(FlashFile::unusable(error))
        }
        opened => opened,
    }
}

/// Reports to the supervisor which interfaces containers provide.
pub(crate) fn noting(orders: &Orders, residents: &Residents) -> ProvidedHook {
    let (orders, residents) = (orders.clone(), residents.clone());
    Arc::new(move |gid, interface| {
        if let Ok(interface) = interface.parse()
            && let Some(name) = residents.note_provided(gid, interface)
        {
            orders.provided(name, interface);
        }
    })
}

/// The time in which a container that prints or logs in the place of the device has to handle a line, in microseconds.
const STAND_IN_LIMIT_US: i64 = 100_000;

/// The longest reason that the device prints, in characters. Programs choose the text.
const REASON_MAX: usize = 200;

/// Limits containers that stand in for the device, and reports those that fail.
pub(crate) fn stand_ins(output: &Arc<StandardOutput>, residents: &Residents) -> StandInRules {
    let (output, residents) = (output.clone(), residents.clone());
    let on_failure = move |failure: &StandInFailure<'_>| {
        let name = residents.name_of(failure.gid).map_or_else(|| "?".to_owned(), String::from);
        let reason: String = failure.reason.chars().take(REASON_MAX).flat_map(char::escape_debug).collect();
        let interface = failure.interface;
        let line =
            format!("'{name}' provides {interface} and is passed over until it registers again: {reason}\n");
        output.write(Stream::Error, line.as_bytes());
    };
    StandInRules { limit_us: STAND_IN_LIMIT_US, on_failure: Arc::new(on_failure) }
}

/// Returns the function that finds the owner of a group's storage: the name of its container.
pub(crate) fn owners(residents: &Residents) -> Owners {
    let residents = residents.clone();
    Arc::new(move |gid| residents.name_of(gid).map(String::from))
}

/// Returns the function that finds the output of a group: the log of its container.
pub(crate) fn logs_of(logs: &Arc<Logs>, residents: &Residents) -> Outputs {
    let (logs, residents) = (logs.clone(), residents.clone());
    Arc::new(move |gid| {
        let log = logs.container(&residents.name_of(gid)?).ok()?;
        Some(log as Arc<dyn Output>)
    })
}

/// Tells the network what containers may reach, counts refused attempts, and writes them to their logs.
struct DeviceBorders {
    residents: Residents,
    logs: Arc<Logs>,
}

impl Borders for DeviceBorders {
    fn reach(&self, gid: Gid) -> Arc<Reach> {
        self.residents.reach(gid)
    }

    fn refused(&self, gid: Gid, attempt: &str) {
        let log = self.residents.note_refused(gid).and_then(|name| self.logs.container(&name).ok());
        if let Some(log) = log {
            log.write(Stream::Error, format!("lucarne: refused: {attempt}\n").as_bytes());
        }
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
