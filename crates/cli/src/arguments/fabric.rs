//! The options that join a program to systems on other machines.

use std::path::PathBuf;

use clap::Args;
use lucarne_host::fabric::{MachineName, Rule};

/// How a program joins a fabric: see `docs/fabric.md`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Fabric {
    #[command(flatten)]
    pub(crate) network: Network,
    /// With --fabric: the name of this machine, of the characters a to z, 0 to 9, '-' and '_'
    #[arg(long, value_name = "NAME", requires = NETWORK)]
    pub(crate) machine: Option<MachineName>,
    /// With --fabric: a service that other machines may use, as SERVICE or MACHINE:SERVICE; SERVICE is a UUID, a name, a
    /// tag or 'all'; before one that contains a colon, write MACHINE: or ':'. May be repeated
    #[arg(long, value_name = "[TO:]SERVICE", requires = NETWORK)]
    pub(crate) export: Vec<Rule>,
    /// With --fabric: a service of other machines that programs here may use, as for --export. May be repeated
    #[arg(long, value_name = "[FROM:]SERVICE", requires = NETWORK)]
    pub(crate) import: Vec<Rule>,
    /// With --fabric: permit networks outside of this machine. A machine in the network can claim any name, and use
    /// what is exported to that name
    #[arg(long, requires = NETWORK)]
    pub(crate) insecure: bool,
}

/// The group of the options of [`Network`].
const NETWORK: &str = "fabric_network";

/// The options that join a fabric. Each of them does so alone; all others here need one of them.
#[derive(Debug, Clone, Args)]
#[group(id = NETWORK, multiple = true, requires = "machine", conflicts_with_all = ["simulate", "connect", "device"])]
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

#[cfg(test)]
mod tests {
    use clap::Parser;
    use clap::error::ErrorKind;

    use crate::arguments::CommandLine;

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
