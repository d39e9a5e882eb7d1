//! The command-line options of `lucarne device`, `container`, `services` and `top`, and the device options of `run`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use lucarne_device::{ContainerName, Define, FileAccess};

use super::parse_memory;
use crate::complete::{containers, providers};

/// The options that select a device.
#[derive(Debug, Args)]
pub(crate) struct At {
    /// The state folder of the device [default: $LUCARNE_STATE, or else the user's own]
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Fail unless the device has this name
    #[arg(short, long, value_name = "NAME")]
    pub(crate) device: Option<String>,
}

/// The commands of `lucarne device`.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
A device keeps containers running on this machine: 'lucarne container install' installs them. They start with the
device and can use each other's services. Each device has a state folder; two devices never share a folder.")]
pub(crate) enum DeviceCommand {
    /// Start the device and its installed containers
    Start(Box<DeviceStart>),
    /// Stop all containers and the device
    Stop(DeviceStop),
    /// Print whether the device runs
    Status(DeviceStatus),
    /// Print the device's counters in the OpenMetrics format, for Prometheus
    #[command(after_help = "\
The device always keeps these counters, but a metrics system cannot connect to it. For Prometheus, run this command
from a timer, to write a file for the 'textfile' collector of node_exporter:
  lucarne device metrics > lucarne.prom.new && mv lucarne.prom.new lucarne.prom")]
    Metrics(DeviceMetrics),
    /// Print a unit for systemd that starts the device when you log in
    #[command(after_help = "\
To use it:
  lucarne device unit > ~/.config/systemd/user/lucarne.service
  systemctl --user enable --now lucarne
  loginctl enable-linger   # also start it at boot, before you log in")]
    Unit(Box<DeviceUnit>),
}

/// The options of `lucarne device start`.
#[derive(Debug, Args)]
pub(crate) struct DeviceStart {
    /// The state folder of the device [default: $LUCARNE_STATE, or else the user's own]
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// The name of the device [default: the name of this machine, in its fabric or else for the operating system]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The number of processors that its containers share [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,
    #[cfg(feature = "fabric")]
    #[command(flatten)]
    pub(crate) fabric: super::fabric::Fabric,
    /// Stay in the foreground until Ctrl-C, SIGTERM or 'lucarne device stop'
    #[arg(long)]
    pub(crate) foreground: bool,
    /// Detach from the terminal (used by 'lucarne device start')
    #[arg(long, hide = true, requires = "foreground")]
    pub(crate) detached: bool,
    /// Print only errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// The options of `lucarne device stop`.
#[derive(Debug, Args)]
pub(crate) struct DeviceStop {
    #[command(flatten)]
    pub(crate) at: At,
    /// Print only errors
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
Calls are counted only while the command runs. Times run from when the device passes a request to the provider to when
the provider answers. They are rounded up by at most 1/16; MAX is exact. '-' means that there was no call, or that there
is no client. '?' means that the provider did not answer in time, is a component, or is on another machine: the device
does not know its clients. machine:NAME is a client on another machine. NAME*2 means two clients with that name.

With NAME, the names of the methods are those of the definition that the provider carries, as generated code does.")]
pub(crate) struct Services {
    #[command(flatten)]
    pub(crate) at: At,
    /// The time over which calls are counted, such as 500ms or 10s
    #[arg(long = "for", value_name = "DURATION", default_value = "1s", value_parser = parse_observation)]
    pub(crate) during: Duration,
    /// Show the services of the device itself too; JSON always has them
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Show the methods of this provider, with their calls; a name, or the UUID of an interface
    #[arg(add = providers())]
    pub(crate) name: Option<String>,
}

/// The options of `lucarne top`.
#[derive(Debug, Args)]
#[command(after_help = "\
Keys: q quits; i, n, c, m, s order the containers by installation, name, processor, memory, messages. Services are ordered by their
calls. The processor time of a Toit program is an estimate from the work that it has done. '-' is an unknown figure: the container
does not run, or the operating system does not report the figure.")]
pub(crate) struct Top {
    #[command(flatten)]
    pub(crate) at: At,
    /// The time between two updates, such as 500ms or 10s
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = parse_observation)]
    pub(crate) interval: Duration,
    /// End after N updates
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Show the services of the device itself too; JSON always has them
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Print a JSON object for each interval
    #[arg(long)]
    pub(crate) json: bool,
}

/// The options of `lucarne device unit`.
#[derive(Debug, Args)]
pub(crate) struct DeviceUnit {
    /// The state folder of the device [default: $LUCARNE_STATE, or else the user's own]
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    #[cfg(feature = "fabric")]
    #[command(flatten)]
    pub(crate) fabric: super::fabric::Fabric,
    /// The binary that the unit starts [default: this binary]
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) binary: Option<PathBuf>,
}

/// The commands of `lucarne container`.
#[derive(Debug, Subcommand)]
pub(crate) enum ContainerCommand {
    /// Install and start a container; it replaces the container with the same name
    Install(Box<ContainerInstall>),
    /// Stop a container, and delete it and its log
    Uninstall(OneContainer),
    /// List the containers
    List(ContainerList),
    /// Start a container now and whenever the device starts
    Start(OneContainer),
    /// Stop a container; it stays stopped until you start it
    Stop(OneContainer),
    /// Stop a container and start it again
    Restart(OneContainer),
    /// Print the log of a container: its output and its log messages
    Logs(ContainerLogs),
    /// Print everything about a container
    Inspect(ContainerInspect),
}

/// The options for a program on a device.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub(crate) struct RunOptions {
    /// The memory limit of the container and the programs that it starts, such as 64M, and at least 64K [default: 512M]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    pub(crate) memory: Option<usize>,
    /// Run the container with a lower processor priority than others
    #[arg(long)]
    pub(crate) background: bool,
    /// Define a setting, which the program finds in its assets as 'jag.defines'; VALUE is JSON, or else a string;
    /// without VALUE, the setting is true
    #[arg(short = 'D', long = "define", value_name = "KEY[=VALUE]")]
    pub(crate) defines: Vec<Define>,
    /// Attach a file, which the program finds in its assets by NAME; without NAME, FILE contains several assets
    #[arg(long, value_name = "[NAME=]FILE")]
    pub(crate) assets: Vec<String>,
    /// Restrict an executable or a component to this file or folder and the files of the operating system; ':rw'
    /// permits writing. Needs a Linux kernel with Landlock
    #[arg(long, value_name = "PATH[:rw]")]
    pub(crate) files: Vec<FileAccess>,
    /// Restrict an executable or a component to the files of the operating system
    #[arg(long, conflicts_with = "files")]
    pub(crate) no_files: bool,
    /// Permit the container to open only this service (repeat the option to permit more): a UUID, a name, a tag, or the id of a component
    #[arg(long, value_name = "SERVICE")]
    pub(crate) allow_open: Vec<String>,
    /// Forbid the container to open this service; overrides --allow-open
    #[arg(long, value_name = "SERVICE")]
    pub(crate) deny_open: Vec<String>,
    /// Permit the container to provide only this service (repeat the option to permit more). If SERVICE is an
    /// interface of the system, by name (such as 'system/print') or UUID, the container may replace the system's
    /// implementation
    #[arg(long, value_name = "SERVICE")]
    pub(crate) allow_provide: Vec<String>,
    /// Forbid the container to provide this service; overrides --allow-provide
    #[arg(long, value_name = "SERVICE")]
    pub(crate) deny_provide: Vec<String>,
    /// Reserve this service, a UUID or the id of a component, for the container: no other container can provide it
    #[arg(long, value_name = "SERVICE")]
    pub(crate) provides: Vec<String>,
    /// Permit the container to connect only to this host (repeat the option to permit more): a name, an address or a
    /// range such as 10.0.0.0/8. For programs in Toit
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) allow_connect: Vec<String>,
    /// Forbid the container to connect to this host; overrides --allow-connect
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) deny_connect: Vec<String>,
    /// Permit the container to listen only at this port (repeat the option to permit more). For programs in Toit
    #[arg(long, value_name = "PORT")]
    pub(crate) allow_listen: Vec<u16>,
    /// Forbid the container to use the network
    #[arg(long)]
    pub(crate) no_network: bool,
}

impl RunOptions {
    /// Returns the names of the options that are given.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        let options = [
            ("--memory", self.memory.is_some()),
            ("--background", self.background),
            ("--define", !self.defines.is_empty()),
            ("--assets", !self.assets.is_empty()),
            ("--files", !self.files.is_empty()),
            ("--no-files", self.no_files),
            ("--allow-open", !self.allow_open.is_empty()),
            ("--deny-open", !self.deny_open.is_empty()),
            ("--allow-provide", !self.allow_provide.is_empty()),
            ("--deny-provide", !self.deny_provide.is_empty()),
            ("--provides", !self.provides.is_empty()),
            ("--allow-connect", !self.allow_connect.is_empty()),
            ("--deny-connect", !self.deny_connect.is_empty()),
            ("--allow-listen", !self.allow_listen.is_empty()),
            ("--no-network", self.no_network),
        ];
        options.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }
}

/// The options of `lucarne container install`.
#[derive(Debug, Args)]
#[command(after_help = "\
FILE is a program in Toit, an executable that uses the crate 'lucarne', or a component in C that 'lucarne c build' has
made. The container starts at once, and whenever the device starts. If the installation fails, an existing container
with this name keeps running.

These options work as in 'jag': -d, -D, --assets, --interval. -D jag.interval=DURATION means --interval DURATION.
-D jag.wifi and -D jag.timeout have no meaning here, and -O is not needed.")]
pub(crate) struct ContainerInstall {
    #[command(flatten)]
    pub(crate) at: At,
    #[command(flatten)]
    pub(crate) run: RunOptions,
    /// Let other machines of the device's fabric use this service of the container, as SERVICE or MACHINE:SERVICE; SERVICE is
    /// a UUID, a name, a tag or 'all'; before one that contains a colon, write MACHINE: or ':'. May be repeated
    #[cfg(feature = "fabric")]
    #[arg(long, value_name = "[TO:]SERVICE")]
    pub(crate) export: Vec<lucarne_host::fabric::Rule>,
    /// When to start the container again after it has ended. The delay is one second at first and doubles each time,
    /// up to a minute
    #[arg(long, value_name = "WHEN", default_value = "never")]
    pub(crate) restart: RestartPolicy,
    /// The time from one start to the next, such as 30s or 1h30m, and at least 100ms; the container is started again only if it has ended
    #[arg(long, value_name = "DURATION", value_parser = parse_interval)]
    pub(crate) interval: Option<Duration>,
    /// Print only errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// The name of the container: letters, digits, '-', '_' and '.'
    #[arg(add = containers())]
    pub(crate) name: ContainerName,
    /// The program, executable or component
    pub(crate) file: PathBuf,
    /// The arguments of the program's 'main'
    #[arg(last = true, value_name = "ARG")]
    pub(crate) arguments: Vec<String>,
}

/// The condition under which a container is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RestartPolicy {
    /// Whenever it has ended
    Always,
    /// When it has ended with a code that is not 0
    OnFailure,
    /// Never
    Never,
}

/// The options of a command for one container.
#[derive(Debug, Args)]
pub(crate) struct OneContainer {
    #[command(flatten)]
    pub(crate) at: At,
    /// Print only errors
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
#[command(after_help = "\
Lines that the container printed on standard error go to standard error. Its other lines, its log messages, and the
lines of the device, which begin with [device], go to standard output.")]
pub(crate) struct ContainerLogs {
    #[command(flatten)]
    pub(crate) at: At,
    /// Print new lines as they come, until Ctrl-C
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// The number of past lines to print [default: all]
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

/// The bounds of a container, as JSON. The device passes them to the hidden command `confine`.
#[derive(Debug, Clone)]
pub(crate) struct BoundsArgument(pub(crate) lucarne_device::Bounds);

impl std::str::FromStr for BoundsArgument {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<BoundsArgument, serde_json::Error> {
        serde_json::from_str(text).map(BoundsArgument)
    }
}

/// The shortest time from one start of a container to the next, and between two updates.
const INTERVAL_MIN: Duration = Duration::from_millis(100);

/// The longest time from one start of a container to the next, in days: about a century.
const INTERVAL_MAX_DAYS: u64 = 36_525;

/// The longest observation.
const OBSERVATION_MAX: Duration = Duration::from_secs(3_600);

/// Parses the time from one start of a container to the next, such as 30s.
pub(crate) fn parse_interval(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        interval if interval < INTERVAL_MIN => Err("an interval is at least 100ms".to_owned()),
        interval if interval > Duration::from_secs(INTERVAL_MAX_DAYS * 24 * 3_600) => {
            Err(format!("an interval is at most {INTERVAL_MAX_DAYS}days"))
        }
        interval => Ok(interval),
    }
}

/// Parses the time of an observation, such as 10s.
fn parse_observation(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        time if (INTERVAL_MIN..=OBSERVATION_MAX).contains(&time) => Ok(time),
        _ => Err("the time must be between 100ms and 1h".to_owned()),
    }
}

pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "not a duration, such as 500ms, 30s or 1h30m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_bounded() {
        assert_eq!(parse_interval("100ms"), Ok(INTERVAL_MIN));
        for short in ["0s", "1ns", "99ms"] {
            assert_eq!(parse_interval(short), Err("an interval is at least 100ms".to_owned()));
        }
        assert_eq!(parse_interval("100000000years"), Err("an interval is at most 36525days".to_owned()));
        assert!(parse_interval("-1s").is_err() && parse_interval("99999999999999999999s").is_err());
        assert_eq!(parse_observation("1h"), Ok(OBSERVATION_MAX));
        assert!(parse_observation("1ns").is_err() && parse_observation("3601s").is_err());
    }
}
