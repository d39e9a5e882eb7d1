//! The options that join a program to systems on other machines.

use std::path::PathBuf;

use clap::Args;
use lucarne_host::fabric::{MachineName, Rule};

/// How a program joins a fabric: see `docs/fabric.md`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Fabric {
    /// Join a fabric through this endpoint of another machine or a router, such as tcp/127.0.0.1:7447. May be repeated
    #[arg(long, value_name = "ENDPOINT", requires = "machine", conflicts_with_all = ["simulate", "connect", "device"])]
    pub(crate) fabric: Vec<String>,
    /// Join a fabric, and let other machines connect at this endpoint. May be repeated
    #[arg(long, value_name = "ENDPOINT", requires = "machine", conflicts_with_all = ["simulate", "connect", "device"])]
    pub(crate) fabric_listen: Vec<String>,
    /// Join a fabric as this configuration file of Zenoh says
    #[arg(long, value_name = "FILE", requires = "machine", conflicts_with_all = ["simulate", "connect", "device"])]
    pub(crate) fabric_config: Option<PathBuf>,
    /// With --fabric: the name of this machine, of the characters a to z, 0 to 9, '-' and '_'
    #[arg(long, value_name = "NAME")]
    pub(crate) machine: Option<MachineName>,
    /// With --fabric: a service that other machines may use, as SERVICE or MACHINE:SERVICE; SERVICE is a UUID, a name, a
    /// tag or 'all'. May be repeated
    #[arg(long, value_name = "[TO:]SERVICE", requires = "machine")]
    pub(crate) export: Vec<Rule>,
    /// With --fabric: a service of other machines that programs here may use, as for --export. May be repeated
    #[arg(long, value_name = "[FROM:]SERVICE", requires = "machine")]
    pub(crate) import: Vec<Rule>,
    /// With --fabric: permit networks outside of this machine. A machine in the network can claim any name, and use
    /// what is exported to that name
    #[arg(long, requires = "machine")]
    pub(crate) insecure: bool,
}
