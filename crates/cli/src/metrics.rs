//! `lucarne device metrics`: prints the counters of the device in the OpenMetrics format.

use std::fmt::Write;
use std::process::ExitCode;

use lucarne_device::control::{ContainerCounters, Counters, State};
use lucarne_device::machines::{FabricStatus, OtherMachine};

use crate::Stop;
use crate::arguments::device::DeviceMetrics;
use crate::output::print_out;
use crate::reach::{reach, refused};

pub(crate) fn metrics(options: &DeviceMetrics) -> Result<ExitCode, Stop> {
    let (reached, _) = reach(&options.at)?;
    let counters = reached.device.counters().wait().map_err(refused)?;
    print_out(text(&counters).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// A metric that each container or machine has: its name, type and help, and a function that returns its value, if there is one.
type Family<T> = (&'static str, &'static str, &'static str, fn(&T) -> Option<f64>);

const CONTAINER_FAMILIES: &[Family<ContainerCounters>] = &[
    ("container_running", "gauge", "Whether the container runs", |container| {
        Some(f64::from(u8::from(matches!(container.listed.state, State::Running { .. }))))
    }),
    ("container_starts", "counter", "Starts since the start of the device", |container| {
        Some(container.starts as f64)
    }),
    ("container_ends", "counter", "Ends since the start of the device", |container| {
        Some(container.ends as f64)
    }),
    ("container_failures", "counter", "Ends with a code that is not 0", |container| {
        Some(container.failures as f64)
    }),
    ("container_log_lines", "counter", "Entries that were written to the log", |container| {
        Some(container.log_lines as f64)
    }),
    (
        "container_log_dropped_lines",
        "counter",
        "Lines that were dropped because they came too fast",
        |container| Some(container.log_dropped as f64),
    ),
    (
        "container_network_refused",
        "counter",
        "Attempts to use the network that the container's rules refused",
        |container| Some(container.network_refused as f64),
    ),
    ("container_memory_bytes", "gauge", "Memory that the container uses now", |container| {
        container.memory_bytes.map(|bytes| bytes as f64)
    }),
    ("container_run_cpu_seconds", "gauge", "Processor time of the current run", |container| {
        container.cpu_us.map(|us| us as f64 / 1e6)
    }),
    ("container_open_clients", "gauge", "Clients that the container has open at providers", |container| {
        container.open_clients.map(|clients| clients as f64)
    }),
    ("container_open_resources", "gauge", "Resources that providers keep for the container", |container| {
        container.open_resources.map(|resources| resources as f64)
    }),
];

const MACHINE_FAMILIES: &[Family<OtherMachine>] = &[
    ("fabric_machine_proven", "gauge", "Whether the machine has proven its name", |machine| {
        Some(f64::from(u8::from(machine.is_proven)))
    }),
    ("fabric_contact", "gauge", "Whether there is contact with the machine", |machine| {
        Some(f64::from(u8::from(machine.is_in_contact)))
    }),
    ("fabric_contact_seconds", "gauge", "Time since the present contact has begun", |machine| {
        machine.contact_us.map(|us| us as f64 / 1e6)
    }),
    ("fabric_round_trip_seconds", "gauge", "Time of a packet there and back, smoothed", |machine| {
        machine.round_trip_us.map(|us| us as f64 / 1e6)
    }),
    ("fabric_sent_bytes", "counter", "Bytes of packets to the machine", |machine| {
        Some(machine.sent_bytes as f64)
    }),
    ("fabric_received_bytes", "counter", "Bytes of packets from the machine", |machine| {
        Some(machine.received_bytes as f64)
    }),
    ("fabric_contacts", "counter", "How many times contact has begun", |machine| {
        Some(machine.contacts as f64)
    }),
    ("fabric_lost_contacts", "counter", "How many times contact was lost", |machine| {
        Some(machine.lost_contacts as f64)
    }),
    (
        "fabric_refused",
        "counter",
        "Requests of the machine, and handshakes and packets in its name, that were refused",
        |machine| Some(machine.refused as f64),
    ),
    ("fabric_services", "gauge", "Services of the machine that can be opened here", |machine| {
        Some(machine.services as f64)
    }),
    ("fabric_processes", "gauge", "Processes of the machine that are in contact with this one", |machine| {
        Some(machine.processes as f64)
    }),
];

/// The label of all machines together that have not proven their names, where they must. It is the name of no machine.
const UNPROVEN: &str = "(unproven)";

/// The text that is printed, with the name of the device, which all metrics have as a label.
struct Page {
    text: String,
    device: String,
}

impl Page {
    /// Adds a metric of the device itself.
    fn add(&mut self, name: &str, help: &str, value: f64) {
        self.begin(name, "gauge", help);
        let device = &self.device;
        let _ = writeln!(self.text, "lucarne_{name}{{device=\"{device}\"}} {value}");
    }

    /// Adds metrics of things of one kind, each with its labels.
    fn add_families<T>(&mut self, families: &[Family<T>], things: &[(String, &T)]) {
        for (name, kind, help, value) in families {
            self.begin(name, kind, help);
            let suffix = if *kind == "counter" { "_total" } else { "" };
            for (labels, thing) in things {
                let Some(value) = value(thing) else { continue };
                let device = &self.device;
                let _ = writeln!(self.text, "lucarne_{name}{suffix}{{device=\"{device}\",{labels}}} {value}");
            }
        }
    }

    fn begin(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.text, "# HELP lucarne_{name} {help}\n# TYPE lucarne_{name} {kind}\n");
    }

    /// Adds what the device sees of its fabric. Names of machines need no escapes.
    fn add_fabric(&mut self, fabric: &FabricStatus) {
        self.add("fabric_machines", "Other machines that are known", fabric.machines.len() as f64);
        self.add("fabric_exported_services", "Services that are announced to others", fabric.exported as f64);
        let machines = shown(fabric);
        let labeled: Vec<_> =
            machines.iter().map(|other| (format!("machine=\"{}\"", other.machine), other)).collect();
        self.add_families(MACHINE_FAMILIES, &labeled);
    }
}

/// Returns the machines with metrics of their own. Names that are not proven, where they must be, can be invented, so they
/// have one row together: otherwise anyone in the network could make any number of time series.
fn shown(fabric: &FabricStatus) -> Vec<OtherMachine> {
    let (unproven, mut shown): (Vec<_>, Vec<_>) =
        fabric.machines.iter().cloned().partition(|other| fabric.has_identity && !other.is_proven);
    if fabric.has_identity {
        let mut all = OtherMachine { machine: UNPROVEN.to_owned(), ..OtherMachine::default() };
        for other in unproven {
            all.sent_bytes += other.sent_bytes;
            all.received_bytes += other.received_bytes;
            all.contacts += other.contacts;
            all.lost_contacts += other.lost_contacts;
            all.refused += other.refused;
            all.services += other.services;
            all.processes += other.processes;
        }
        shown.push(all);
    }
    shown
}

fn text(counters: &Counters) -> String {
    let Counters { status, log_bytes, fabric, containers } = counters;
    let mut page = Page { text: String::new(), device: escaped(&status.name) };
    page.add("up_seconds", "Time since the start of the device", status.up_us as f64 / 1e6);
    page.add("containers_installed", "Installed containers", status.installed.into());
    page.add("containers_running", "Running containers", status.running.into());
    page.add("log_bytes", "Size of all logs", *log_bytes as f64);
    let labeled: Vec<_> = containers
        .iter()
        .map(|container| {
            let listed = &container.listed;
            let labels = format!("container=\"{}\",kind=\"{}\"", listed.name.as_str(), listed.kind);
            (labels, container)
        })
        .collect();
    page.add_families(CONTAINER_FAMILIES, &labeled);
    if let Some(fabric) = fabric {
        page.add_fabric(fabric);
    }
    page.text.push_str("# EOF\n");
    page.text
}

/// Escapes the value of a label. Names of containers need no escapes.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(name: &str, is_proven: bool, refused: u64) -> OtherMachine {
        OtherMachine { machine: name.to_owned(), is_proven, refused, ..OtherMachine::default() }
    }

    fn lines_of(has_identity: bool) -> Vec<String> {
        let machines = vec![machine("hall", true, 1), machine("x", false, 2), machine("y", false, 3)];
        let fabric = FabricStatus { has_identity, machines, ..FabricStatus::default() };
        let mut page = Page { text: String::new(), device: "cellar".to_owned() };
        page.add_fabric(&fabric);
        page.text
            .lines()
            .filter(|line| line.starts_with("lucarne_fabric_refused"))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn names_that_are_not_proven_have_one_row() {
        let line = |name: &str, refused: u64| {
            format!("lucarne_fabric_refused_total{{device=\"cellar\",machine=\"{name}\"}} {refused}")
        };
        assert_eq!(lines_of(true), [line("hall", 1), line("(unproven)", 5)]);
        assert_eq!(lines_of(false), [line("hall", 1), line("x", 2), line("y", 3)], "names need no proof");
    }
}
