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

/// A metric that each container has: its name, type and help, and a function that returns its value, if there is one.
type Family = (&'static str, &'static str, &'static str, fn(&ContainerCounters) -> Option<f64>);

const FAMILIES: &[Family] = &[
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

/// A metric that each other machine has.
type MachineFamily = (&'static str, &'static str, &'static str, fn(&OtherMachine) -> Option<f64>);

const MACHINE_FAMILIES: &[MachineFamily] = &[
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

/// Adds what the device sees of its fabric. `machine` is the other machine; names of machines need no escapes.
fn add_fabric(text: &mut String, device: &str, fabric: &FabricStatus) {
    let own = [
        ("fabric_machines", "Other machines that are known", fabric.machines.len() as f64),
        ("fabric_exported_services", "Services that are announced to others", fabric.exported as f64),
    ];
    for (name, help, value) in own {
        let _ = write!(
            text,
            "# HELP lucarne_{name} {help}\n# TYPE lucarne_{name} gauge\nlucarne_{name}{{device=\"{device}\"}} {value}\n"
        );
    }
    for (name, kind, help, value) in MACHINE_FAMILIES {
        let _ = write!(text, "# HELP lucarne_{name} {help}\n# TYPE lucarne_{name} {kind}\n");
        let suffix = if *kind == "counter" { "_total" } else { "" };
        for other in &fabric.machines {
            let Some(value) = value(other) else { continue };
            let machine = &other.machine;
            let _ =
                writeln!(text, "lucarne_{name}{suffix}{{device=\"{device}\",machine=\"{machine}\"}} {value}");
        }
    }
}

fn text(counters: &Counters) -> String {
    let Counters { status, log_bytes, fabric, containers } = counters;
    let mut text = String::new();
    let mut device = |name: &str, help: &str, value: f64| {
        let _ = write!(
            text,
            "# HELP lucarne_{name} {help}\n# TYPE lucarne_{name} gauge\nlucarne_{name}{{device=\"{}\"}} {value}\n",
            escaped(&status.name)
        );
    };
    device("up_seconds", "Time since the start of the device", status.up_us as f64 / 1e6);
    device("containers_installed", "Installed containers", status.installed.into());
    device("containers_running", "Running containers", status.running.into());
    device("log_bytes", "Size of all logs", *log_bytes as f64);
    for (name, kind, help, value) in FAMILIES {
        let _ = write!(text, "# HELP lucarne_{name} {help}\n# TYPE lucarne_{name} {kind}\n");
        let suffix = if *kind == "counter" { "_total" } else { "" };
        for container in containers {
            let Some(value) = value(container) else { continue };
            let (device, name_of, kind) =
                (escaped(&status.name), container.listed.name.as_str(), container.listed.kind);
            let _ = writeln!(
                text,
                "lucarne_{name}{suffix}{{device=\"{device}\",container=\"{name_of}\",kind=\"{kind}\"}} {value}"
            );
        }
    }
    if let Some(fabric) = fabric {
        add_fabric(&mut text, &escaped(&status.name), fabric);
    }
    text.push_str("# EOF\n");
    text
}

/// Escapes the value of a label. Names of containers need no escapes.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
