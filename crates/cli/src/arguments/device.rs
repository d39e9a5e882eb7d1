//! The command line of devices and their containers.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use lucarne_device::{ContainerName, Define, FileAccess};

use super::parse_size;
use crate::complete::containers;

/// Which device is meant.
#[derive(Debug, Args)]
pub(crate) struct At {
    /// The folder in which the device keeps its state [default: the user's own]
    #[arg(long, value_name = "DIR", env = "LUCARNE_STATE", hide_env_values = true)]
    pub(crate) state: Option<PathBuf>,
    /// Refuse unless the device is called NAME
    #[arg(short, long, value_name = "NAME")]
    pub(crate) device: Option<String>,
}

/// What `lucarne device` does.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
A device keeps containers running on this machine: 'lucarne container install' puts them there. They start with the
device, and find each other's services. One device is one state folder; two never share one.")]
pub(crate) enum Device {
    /// Start the device, and with it the containers that are installed
    Start(DeviceStart),
    /// End all containers, and the device
    Stop(DeviceStop),
    /// Say whether the device runs
    Status(DeviceStatus),
    /// Print counters, in the format of OpenMetrics (Prometheus)
    #[command(after_help = "\
Counters are kept all the time; the device does not listen for a metrics system. To have one scrape it, let a
timer write a file for the 'textfile' collector of node_exporter, in place of the old one at once:
  lucarne device metrics > lucarne.prom.new && mv lucarne.prom.new lucarne.prom")]
    Metrics(DeviceMetrics),
    /// Print a unit for systemd that starts the device when you log in
    #[command(after_help = "\
To use it:
  lucarne device unit > ~/.config/systemd/user/lucarne.service
  systemctl --user enable --now lucarne
  loginctl enable-linger   # also start it at boot, before you log in")]
    Unit(DeviceUnit),
}

/// The options of `lucarne device start`.
#[derive(Debug, Args)]
pub(crate) struct DeviceStart {
    /// The folder in which the device keeps its state [default: the user's own]
    #[arg(long, value_name = "DIR", env = "LUCARNE_STATE", hide_env_values = true)]
    pub(crate) state: Option<PathBuf>,
    /// What the device is called [default: the name of this machine]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// How many processors its containers share [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,
    /// Stay in the foreground until Ctrl-C, SIGTERM or 'lucarne device stop'
    #[arg(long)]
    pub(crate) foreground: bool,
    /// Leave the terminal: 'lucarne device start' starts this
    #[arg(long, hide = true, requires = "foreground")]
    pub(crate) detached: bool,
    /// Print nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// The options of `lucarne device stop`.
#[derive(Debug, Args)]
pub(crate) struct DeviceStop {
    #[command(flatten)]
    pub(crate) at: At,
    /// Print nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// The options of `lucarne device status`.
#[derive(Debug, Args)]
pub(crate) struct DeviceStatus {
    #[command(flatten)]
    pub(crate) at: At,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// The options of `lucarne device metrics`.
#[derive(Debug, Args)]
pub(crate) struct DeviceMetrics {
    #[command(flatten)]
    pub(crate) at: At,
}

/// The options of `lucarne services`.
#[derive(Debug, Args)]
#[command(after_help = "\
Calls are counted while the command runs, and at no other time. The times are from a request's being accepted to its answer's
being sent, and up to a sixteenth too long; MAX is exact. A '?' is what a provider has not said in time. NAME*2 are two clients.")]
pub(crate) struct Services {
    #[command(flatten)]
    pub(crate) at: At,
    /// For how long calls are counted, such as 500ms or 10s
    #[arg(long = "for", value_name = "DURATION", default_value = "1s", value_parser = parse_interval)]
    pub(crate) during: Duration,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// The options of `lucarne top`.
#[derive(Debug, Args)]
#[command(after_help = "\
Keys: q quits; i, n, c, m, s order the containers by installation, name, processor, memory, messages. Services are in the order of their
calls. The processor time of a program in Toit is an estimate, by the work that it has done.")]
pub(crate) struct Top {
    #[command(flatten)]
    pub(crate) at: At,
    /// The time between two pictures, such as 500ms or 10s
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = parse_interval)]
    pub(crate) interval: Duration,
    /// End after so many
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Print a JSON object for each interval
    #[arg(long)]
    pub(crate) json: bool,
}

/// The options of `lucarne device unit`.
#[derive(Debug, Args)]
pub(crate) struct DeviceUnit {
    /// The folder in which the device keeps its state [default: the user's own]
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// The binary that it starts [default: this one]
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) binary: Option<PathBuf>,
}

/// What `lucarne container` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Container {
    /// Install a container, in place of the one of that name, and start it
    Install(Box<Install>),
    /// End a container and forget it, with its log
    Uninstall(OfContainer),
    /// List the containers
    List(ContainerList),
    /// Start a container, now and whenever the device starts
    Start(OfContainer),
    /// End a container; it stays ended until it is started
    Stop(OfContainer),
    /// End a container and start it again
    Restart(OfContainer),
    /// Print what a container has printed and logged
    Logs(ContainerLogs),
    /// Print everything about a container
    Inspect(ContainerInspect),
}

/// How a program is run on a device.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub(crate) struct RunOptions {
    /// What the container's heaps may take, such as 64M; started programs of its own count for it [default: 512M]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) memory: Option<usize>,
    /// Run it with less of the processor than others
    #[arg(long)]
    pub(crate) background: bool,
    /// Define a setting, which the program finds in its assets as 'jag.defines'; VALUE is JSON or else a string, and
    /// true if it is left out
    #[arg(short = 'D', long = "define", value_name = "KEY[=VALUE]")]
    pub(crate) defines: Vec<Define>,
    /// Attach a file, which the program finds in its assets by NAME; without a NAME the file is one of assets
    #[arg(long, value_name = "[NAME=]FILE")]
    pub(crate) assets: Vec<String>,
    /// Let an executable or a component reach only this file or folder, besides those of the operating system; ':rw' lets it
    /// change it. Needs a kernel with Landlock
    #[arg(long, value_name = "PATH[:rw]")]
    pub(crate) files: Vec<FileAccess>,
    /// The same, without any
    #[arg(long, conflicts_with = "files")]
    pub(crate) no_files: bool,
    /// Let it open only services that are named like this: a UUID, a name, a tag, or the id of a component
    #[arg(long, value_name = "SERVICE")]
    pub(crate) allow_open: Vec<String>,
    /// Do not let it open such services; this wins over --allow-open
    #[arg(long, value_name = "SERVICE")]
    pub(crate) deny_open: Vec<String>,
    /// Let it provide only such services
    #[arg(long, value_name = "SERVICE")]
    pub(crate) allow_provide: Vec<String>,
    /// Do not let it provide such services; this wins over --allow-provide
    #[arg(long, value_name = "SERVICE")]
    pub(crate) deny_provide: Vec<String>,
}

/// The options of `lucarne container install`.
#[derive(Debug, Args)]
#[command(after_help = "\
FILE is a program in Toit, an executable that uses the crate 'lucarne', or a component in C that 'lucarne c build' has
made. It is started at once, and whenever the device starts. Should the installation fail, a container that
has the name goes on as it was.

As with 'jag': -d, -D, --assets, --interval. -D jag.interval=DURATION is --interval. -D jag.wifi and -D jag.timeout have
no meaning here, and -O is not needed.")]
pub(crate) struct Install {
    #[command(flatten)]
    pub(crate) at: At,
    #[command(flatten)]
    pub(crate) run: RunOptions,
    /// Start it again when it has ended: a second later, then two, four, up to a minute
    #[arg(long, value_name = "WHEN", default_value = "never")]
    pub(crate) restart: RestartPolicy,
    /// Start it again so long after its last start, such as 30s or 1h30m, if it has ended
    #[arg(long, value_name = "DURATION", value_parser = parse_interval)]
    pub(crate) interval: Option<Duration>,
    /// Print nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// What the container is called: letters, digits, '-', '_' and '.'
    #[arg(add = containers())]
    pub(crate) name: ContainerName,
    /// What it is made of
    pub(crate) file: PathBuf,
    /// The arguments of its 'main'
    #[arg(last = true, value_name = "ARG")]
    pub(crate) arguments: Vec<String>,
}

/// When a container is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RestartPolicy {
    /// Whenever it has ended
    Always,
    /// When it has ended with a code that is not 0
    OnFailure,
    /// It stays ended
    Never,
}

/// A command for one container.
#[derive(Debug, Args)]
pub(crate) struct OfContainer {
    #[command(flatten)]
    pub(crate) at: At,
    /// Print nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// The container
    #[arg(add = containers())]
    pub(crate) name: ContainerName,
}

/// The options of `lucarne container list`.
#[derive(Debug, Args)]
pub(crate) struct ContainerList {
    #[command(flatten)]
    pub(crate) at: At,
    /// Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

/// The options of `lucarne container logs`.
#[derive(Debug, Args)]
pub(crate) struct ContainerLogs {
    #[command(flatten)]
    pub(crate) at: At,
    /// Go on with what comes, until Ctrl-C
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// How many lines of the past to print [default: all]
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) lines: Option<u32>,
    /// Print the time before each line
    #[arg(short, long)]
    pub(crate) timestamps: bool,
    /// Print a JSON object for each line
    #[arg(long)]
    pub(crate) json: bool,
    /// The container
    #[arg(add = containers())]
    pub(crate) name: ContainerName,
}

/// The options of `lucarne container inspect`.
#[derive(Debug, Args)]
pub(crate) struct ContainerInspect {
    #[command(flatten)]
    pub(crate) at: At,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// The container
    #[arg(add = containers())]
    pub(crate) name: ContainerName,
}

/// Bounds as the device writes them.
#[derive(Debug, Clone)]
pub(crate) struct BoundsArgument(pub(crate) lucarne_device::Bounds);

impl std::str::FromStr for BoundsArgument {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<BoundsArgument, serde_json::Error> {
        serde_json::from_str(text).map(BoundsArgument)
    }
}

/// Reads a time between starts.
pub(crate) fn parse_interval(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("an interval is longer than that".to_owned()),
        Ok(interval) => Ok(interval),
        Err(_) => Err("not a duration, such as 30s, 5m or 1h30m".to_owned()),
    }
}
