//! `lucarne services`: lists providers and their clients, and counts calls over a given time.

mod methods;

use std::process::ExitCode;
use std::time::Duration;

use lucarne_device::control::{ClientSample, Reached, Sample, ServiceSample};
use lucarne_services::{CLIENTS_PER_PROCESS_MAX, RESOURCES_PER_PROCESS_MAX};
use serde_json::json;

use crate::arguments::device::Services;
use crate::output::print_out;
use crate::reach::{broken, reach, refused};
use crate::{Stop, table};

/// The name of the device itself in a list of containers.
const DEVICE: &str = "(device)";

/// Lists services, or the methods of one.
pub(crate) fn services(options: &Services) -> Result<ExitCode, Stop> {
    let (reached, _) = reach(&options.at)?;
    let mut found = None;
    watch(&reached, options.during, |sample| {
        found = Some(sample);
        Ok(false)
    })?;
    let sample = found.ok_or_else(|| Stop::failure("the device has ended"))?;
    if let Some(name) = &options.name {
        return methods::show(options, name, &sample);
    }
    if options.json {
        print_out(
            format!(
                "{}\n",
                json!({"over_us": sample.over_us, "machine": sample.machine, "services": sample.services})
            )
            .as_bytes(),
        )?;
    } else {
        let table = shown(&sample.services, &sample, options.all, table::terminal_width());
        print_out(table.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes samples of a device until `take` returns false or fails, or the device ends.
pub(crate) fn watch(
    reached: &Reached,
    interval: Duration,
    mut take: impl FnMut(Sample) -> Result<bool, Stop>,
) -> Result<(), Stop> {
    let interval_us = i64::try_from(interval.as_micros()).unwrap_or(i64::MAX);
    let watch = reached.device.watch(interval_us).wait().map_err(refused)?;
    let mut samples = watch.notifications();
    while let Some(sample) = samples.next().wait() {
        if !take(sample.map_err(broken)?)? {
            break;
        }
    }
    Ok(())
}

/// Formats a table of some services of a sample, at most `width` characters wide: those of containers and of other machines,
/// and on demand those of the device itself. Machines are only shown if the device is in a fabric.
pub(crate) fn shown(
    services: &[ServiceSample],
    sample: &Sample,
    shows_all: bool,
    width: Option<usize>,
) -> String {
    let mut head = vec![
        "CONTAINER",
        "SERVICE",
        "CALLS/S",
        "ERRORS",
        "P50",
        "P99",
        "MAX",
        "RESOURCES",
        "CLIENTS",
        "UUID",
    ];
    let is_elsewhere = |service: &ServiceSample| service.machine != sample.machine;
    let is_shown =
        |service: &&ServiceSample| shows_all || service.container.is_some() || is_elsewhere(service);
    let mut rows = Vec::new();
    for service in services.iter().filter(is_shown) {
        let mut row = row(service, sample.over_us);
        if is_elsewhere(service) {
            row[0] = "-".to_owned();
        }
        if sample.machine.is_some() {
            row.insert(0, service.machine.clone().unwrap_or_else(|| "-".to_owned()));
        }
        rows.push(row);
    }
    if sample.machine.is_some() {
        head.insert(0, "MACHINE");
    }
    let hidden = services.len() - rows.len();
    let text = table::table(&head, rows, width);
    if hidden == 0 { text } else { format!("{text}{hidden} services of the device itself: see --all\n") }
}

fn row(service: &ServiceSample, over_us: i64) -> Vec<String> {
    let mut name = match &service.version {
        Some(version) => format!("{}@{version}", service.name),
        None => service.name.clone(),
    };
    if let Some(interface) = &service.stands_in_for {
        name += &format!(" (stands in for {interface})");
    }
    let clients = service.clients.as_deref();
    let resources = clients.map(|clients| clients.iter().map(|client| client.resources).sum::<u64>());
    vec![
        service.container.as_ref().map_or(DEVICE.to_owned(), ToString::to_string),
        name,
        rate(service.calls, over_us),
        service.errors.to_string(),
        time(service.p50_ns),
        time(service.p99_ns),
        time(service.max_ns),
        resources.map_or("?".to_owned(), |resources| resources.to_string()),
        clients.map_or("?".to_owned(), names),
        service.uuid.map_or(String::new(), |uuid| uuid.to_string()),
    ]
}

fn names(clients: &[ClientSample]) -> String {
    let name = |client: &ClientSample| {
        let name = match (&client.container, &client.machine) {
            (Some(container), _) => container.to_string(),
            (None, Some(machine)) => format!("machine:{machine}"),
            (None, None) => DEVICE.to_owned(),
        };
        let full = if is_at_quota(client) { " (at its quota)" } else { "" };
        if client.clients == 1 { format!("{name}{full}") } else { format!("{name}*{}{full}", client.clients) }
    };
    if clients.is_empty() { "-".to_owned() } else { clients.iter().map(name).collect::<Vec<_>>().join(",") }
}

/// Returns whether the provider may refuse more clients or resources of this container.
fn is_at_quota(client: &ClientSample) -> bool {
    client.clients >= CLIENTS_PER_PROCESS_MAX as u64 || client.resources >= RESOURCES_PER_PROCESS_MAX as u64
}

/// Formats a count over `over_us` µs as a rate per second.
pub(crate) fn rate(count: u64, over_us: i64) -> String {
    let rate = count as f64 * 1e6 / over_us.max(1) as f64;
    if count == 0 || rate >= 10.0 { format!("{rate:.0}") } else { format!("{rate:.1}") }
}

/// Formats a time in ns as µs or ms, and no time as `-`.
pub(crate) fn time(ns: Option<u64>) -> String {
    let Some(ns) = ns else { return "-".to_owned() };
    let us = ns as f64 / 1e3;
    if us < 100.0 {
        format!("{us:.1}µs")
    } else if us < 100_000.0 {
        format!("{us:.0}µs")
    } else {
        format!("{:.0}ms", us / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_shown_in_a_fabric() {
        let container = "house".parse().ok();
        let service = |machine: Option<&str>, container| ServiceSample {
            name: "lamp".to_owned(),
            machine: machine.map(str::to_owned),
            container,
            ..ServiceSample::default()
        };
        let table = |own: Option<&str>, services: Vec<ServiceSample>| {
            let machine = own.map(str::to_owned);
            let sample = Sample { over_us: 1, machine, services, ..Sample::default() };
            shown(&sample.services, &sample, false, None)
        };
        let alone = table(None, vec![service(None, container.clone()), service(None, None)]);
        let lines: Vec<&str> = alone.lines().collect();
        assert!(lines[0].starts_with("CONTAINER   SERVICE") && lines[1].starts_with("house "), "{alone}");
        assert_eq!(lines[2], "1 services of the device itself: see --all");
        let own = Some("hall");
        let services = vec![service(own, container), service(Some("cellar"), None), service(own, None)];
        let together = table(own, services);
        let first = |line: &str| line.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        let lines: Vec<String> = together.lines().map(first).collect();
        assert_eq!(lines, ["MACHINE CONTAINER SERVICE", "hall house lamp", "cellar - lamp", "1 services of"]);
        let client =
            ClientSample { machine: Some("attic".to_owned()), clients: 2, ..ClientSample::default() };
        assert_eq!(names(&[client]), "machine:attic*2");
    }

    #[test]
    fn rates_and_times_are_rounded() {
        assert_eq!(time(Some(600)), "0.6µs");
        assert_eq!(time(Some(123_456)), "123µs");
        assert_eq!(time(Some(1_234_567_890)), "1235ms");
        assert_eq!(
            (rate(0, 1_000_000), rate(3, 2_000_000), rate(30, 1_000_000)),
            ("0".into(), "1.5".into(), "30".into())
        );
    }
}
