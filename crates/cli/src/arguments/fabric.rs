//! The options that join a program or a device to systems on other machines, and the command lines of `lucarne fabric`.

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueHint};
use lucarne_host::fabric::authority::{Target, Token};
use lucarne_host::fabric::{MachineName, Rule};

use super::call::SystemAt;

/// How a program or a device joins a fabric: see `docs/fabric.md`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Fabric {
    #[command(flatten)]
    pub(crate) network: Network,
    #[command(flatten)]
    pub(crate) own: Own,
    /// With --fabric: a service that other machines may use, as SERVICE or MACHINE:SERVICE; SERVICE is a UUID, a name, a
    /// tag or 'all'; before one that contains a colon, write MACHINE: or ':'. May be repeated
    #[arg(long, value_name = "[TO:]SERVICE", requires = NETWORK)]
    pub(crate) export: Vec<Rule>,
    /// With --fabric: a service of other machines that programs here may use, as for --export. May be repeated
    #[arg(long, value_name = "[FROM:]SERVICE", requires = NETWORK)]
    pub(crate) import: Vec<Rule>,
    /// With --fabric, without --identity: permit networks outside of this machine. A machine in the network can claim any
    /// name, and use what is exported to that name
    #[arg(long, requires = NETWORK)]
    pub(crate) insecure: bool,
}

impl Fabric {
    /// Returns these options as words of a command line, with absolute paths.
    ///
    /// # Errors
    /// If the present folder is not known.
    pub(crate) fn words(&self) -> io::Result<Vec<OsString>> {
        let Fabric { network, own, export, import, insecure } = self;
        let absolute = |path: &Path| std::path::absolute(path).map(PathBuf::into_os_string);
        let mut options: Vec<(&str, OsString)> = Vec::new();
        options.extend(network.fabric.iter().map(|endpoint| ("--fabric", endpoint.into())));
        options.extend(network.fabric_listen.iter().map(|endpoint| ("--fabric-listen", endpoint.into())));
        if let Some(file) = &network.fabric_config {
            options.push(("--fabric-config", absolute(file)?));
        }
        options.extend(own.machine.iter().map(|name| ("--machine", name.as_str().into())));
        if let Some(folder) = &own.identity {
            options.push(("--identity", absolute(folder)?));
        }
        options.extend(export.iter().map(|rule| ("--export", rule.to_string().into())));
        options.extend(import.iter().map(|rule| ("--import", rule.to_string().into())));
        let words = options.into_iter().flat_map(|(option, value)| as_words(option, value));
        Ok(words.chain(insecure.then(|| "--insecure".into())).collect())
    }
}

/// Returns an option and its value. A value that begins with `-` would be taken for an option if it were a word of its own.
fn as_words(option: &str, value: OsString) -> Vec<OsString> {
    if !value.as_encoded_bytes().starts_with(b"-") {
        return vec![option.into(), value];
    }
    let mut word = OsString::from(format!("{option}="));
    word.push(value);
    vec![word]
}

/// The group of the options of [`Network`].
pub(super) const NETWORK: &str = "fabric_network";

/// The group of the options of [`Own`].
const OWN: &str = "fabric_own";

/// The name of this machine, and the proof of it. At least one of these options is needed.
#[derive(Debug, Clone, Args)]
#[group(id = OWN, multiple = true, requires = NETWORK)]
pub(crate) struct Own {
    /// With --fabric: the name of this machine, of the characters a to z, 0 to 9, '-' and '_' [default: the name in the
    /// certificate of --identity]
    #[arg(long, value_name = "NAME")]
    pub(crate) machine: Option<MachineName>,
    /// With --fabric: the folder with the identity of this machine, which 'lucarne fabric init' or 'join' has made. Other
    /// machines must prove their names, too
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "insecure")]
    pub(crate) identity: Option<PathBuf>,
}

/// The options that join a fabric. Each of them does so alone; all others here need one of them. What excludes them says so
/// itself, since not all commands have it.
#[derive(Debug, Clone, Args)]
#[group(id = NETWORK, multiple = true, requires = OWN)]
pub(crate) struct Network {
    /// Join a fabric through this endpoint of another machine or a router, such as tcp/127.0.0.1:7447. May be repeated
    #[arg(long, value_name = "ENDPOINT")]
    pub(crate) fabric: Vec<String>,
    /// Join a fabric, and let other machines connect at this endpoint. May be repeated
    #[arg(long, value_name = "ENDPOINT")]
    pub(crate) fabric_listen: Vec<String>,
    /// Join a fabric as this configuration file of Zenoh says
    #[arg(long, value_name = "FILE")]
    pub(crate) fabric_config: Option<PathBuf>,
}

/// The commands of `lucarne fabric`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  lucarne fabric init cellar       on the first machine, which becomes the authority
  lucarne fabric invite hall       on the same machine; prints a token, and waits
  lucarne fabric join TOKEN        on the new machine, which is 'hall' from then on
  lucarne device start --identity ~/.config/lucarne/fabric --fabric-listen tcp/0.0.0.0:7447
  lucarne fabric status            whether the device is in contact with others")]
pub(crate) enum FabricCommand {
    /// Make a new fabric: its authority on this machine, and the identity of this machine
    Init(Init),
    /// Let one other machine join: print a token for it, and wait until it has used it
    Invite(Invite),
    /// Join a fabric: make a key for this machine, and get a certificate for it
    Join(Join),
    /// Stop accepting the certificate of a machine: devices and programs here end contact with it
    Revoke(Revoke),
    /// Show the name of this machine, its authority, and the certificates that were issued and revoked here
    Show(Show),
    /// Show the other machines as a running device, or a program, sees them: contact, round trip, bytes
    Status(Status),
}

/// Where an identity is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The folder of the identity [default: lucarne/fabric in $XDG_CONFIG_HOME or ~/.config]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: Option<PathBuf>,
}

/// The options of `lucarne fabric init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The name of this machine, of the characters a to z, 0 to 9, '-' and '_'
    pub(crate) name: MachineName,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// The options of `lucarne fabric invite`.
#[derive(Debug, Args)]
pub(crate) struct Invite {
    /// The name that the new machine gets
    pub(crate) name: MachineName,
    /// Where to listen for the new machine
    #[arg(long, value_name = "IP:PORT", default_value = "0.0.0.0:7448")]
    pub(crate) listen: SocketAddr,
    /// Where the new machine finds this one, if not at the address of this machine in its network
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) address: Option<String>,
    /// The number of minutes for which the token can be used
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1440))]
    pub(crate) minutes: u16,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// The options of `lucarne fabric join`.
#[derive(Debug, Args)]
pub(crate) struct Join {
    /// What 'lucarne fabric invite' has printed
    pub(crate) token: Token,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// The options of `lucarne fabric revoke`.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The name of a machine that has its certificate from here, or the SHA-256 sum of any certificate
    #[arg(value_name = "NAME|FINGERPRINT")]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// The options of `lucarne fabric show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The options of `lucarne fabric status`.
#[derive(Debug, Args)]
#[command(after_help = "\
PROVEN: the machine has proven its name. CONTACT: the time since contact has begun; '-' means that there was no need for
contact yet, or that it was lost. LOST: how many times it was lost. REFUSED: requests of the machine, and handshakes and
packets in its name, that were refused. SERVICES: those of the machine that can be opened here. EPOCH: the first digits of the
name of the contact, which is the same on both machines; JSON has all of it.")]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) system: SystemAt,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use clap::error::ErrorKind;

    use crate::arguments::device::DeviceCommand;
    use crate::arguments::{Command, CommandLine};

    /// Returns the kind of the error for these options of `lucarne run`, separated by spaces.
    fn error(options: &str) -> Option<ErrorKind> {
        let line = ["lucarne", "run"].into_iter().chain(options.split_whitespace()).chain(["program.toit"]);
        CommandLine::try_parse_from(line).err().map(|error| error.kind())
    }

    #[test]
    fn a_machine_joins_by_each_option_of_the_network() {
        for network in
            ["--fabric tcp/127.0.0.1:1", "--fabric-listen tcp/127.0.0.1:1", "--fabric-config file.json5"]
        {
            assert_eq!(error(&format!("{network} --machine hall")), None, "{network}");
            let all = format!("{network} --machine hall --export all --import cellar:all --insecure");
            assert_eq!(error(&all), None, "{network}");
            assert_eq!(error(network), Some(ErrorKind::MissingRequiredArgument), "without a name: {network}");
            for other in ["--simulate 1", "--connect socket", "-d cellar", "--device host"] {
                let line = format!("{network} --machine hall {other}");
                assert_eq!(error(&line), Some(ErrorKind::ArgumentConflict), "{line}");
            }
        }
        let all = "--fabric tcp/127.0.0.1:1 --fabric tcp/127.0.0.1:2 --fabric-listen tcp/127.0.0.1:3 --machine hall";
        assert_eq!(error(all), None);
    }

    #[test]
    fn an_identity_is_enough_of_a_name() {
        let network = "--fabric tcp/10.0.0.5:1";
        assert_eq!(error(&format!("{network} --identity folder")), None);
        assert_eq!(error(&format!("{network} --identity folder --machine hall --export all")), None);
        let insecure = format!("{network} --identity folder --insecure");
        assert_eq!(error(&insecure), Some(ErrorKind::ArgumentConflict));
        assert_eq!(error("--identity folder"), Some(ErrorKind::MissingRequiredArgument), "no network");
    }

    #[test]
    fn a_device_has_the_same_options() {
        let parse = |options: &str| {
            let line = ["lucarne", "device", "start"].into_iter().chain(options.split_whitespace());
            CommandLine::try_parse_from(line)
        };
        let all = "--fabric tcp/127.0.0.1:1 --fabric-listen tcp/127.0.0.1:2 --machine hall --export :room:3 --import \
                   cellar:all --insecure";
        let line = parse(all).unwrap();
        let Command::Device(DeviceCommand::Start(options)) = line.command else { panic!("another command") };
        let words = options.fabric.words().unwrap();
        assert_eq!(words.join(std::ffi::OsStr::new(" ")), *all);
        let paths = parse("--fabric-config a.json5 --identity b").unwrap();
        let Command::Device(DeviceCommand::Start(options)) = paths.command else { panic!("another command") };
        let here = std::env::current_dir().unwrap();
        let expected = [
            "--fabric-config".into(),
            here.join("a.json5").into_os_string(),
            "--identity".into(),
            here.join("b").into_os_string(),
        ];
        assert_eq!(options.fabric.words().unwrap(), expected);
        let error = |options| parse(options).err().map(|error| error.kind());
        assert_eq!(error("--export all"), Some(ErrorKind::MissingRequiredArgument));
        assert_eq!(error("--fabric tcp/127.0.0.1:1"), Some(ErrorKind::MissingRequiredArgument));
    }

    #[test]
    fn other_options_of_a_fabric_are_not_ignored() {
        for option in
            ["--machine hall", "--export all", "--import all", "--insecure", "--machine hall --export all"]
        {
            for other in ["", "--simulate 1", "--connect socket", "-d cellar"] {
                let line = format!("{option} {other}");
                assert_eq!(error(&line), Some(ErrorKind::MissingRequiredArgument), "{line}");
            }
        }
    }
}
