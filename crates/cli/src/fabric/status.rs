//! `lucarne fabric status`: the other machines, as a running device or program sees them.

use std::time::Duration;

use lucarne_device::machines::{FabricClient, FabricStatus, OtherMachine};
use lucarne_services::{Container, OpenError};
use serde_json::json;

use crate::Stop;
use crate::arguments::fabric::Status;
use crate::call::{Connection, Limit};
use crate::device::shown_duration;
use crate::output::print_out;
use crate::reach::reach;
use crate::services::time;
use crate::table::{table, terminal_width};

/// The longest time for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The number of digits of an epoch in a table.
const EPOCH_DIGITS: usize = 8;

pub(super) fn status(options: &Status) -> Result<(), Stop> {
    let status = match &options.system.connect {
        Some(path) => {
            let connection = Connection::open(&options.system, Limit::of(Some(ANSWER_MAX)))?;
            ask(connection.container(), || {
                format!(
                    "the system at {} has not joined a fabric: start its program with 'lucarne run --fabric ENDPOINT'",
                    path.display()
                )
            })?
        }
        None => {
            let (reached, name) = reach(&options.system.at)?;
            ask(&reached.container, || {
                format!(
                    "the device '{name}' has not joined a fabric: start it with 'lucarne device start --fabric ENDPOINT'"
                )
            })?
        }
    };
    let text = if options.json { format!("{}\n", json!(status)) } else { as_text(&status, terminal_width()) };
    print_out(text.as_bytes())
}

/// Asks the service of a system. `absent` makes the message for a system without one.
fn ask(container: &Container, absent: impl FnOnce() -> String) -> Result<FabricStatus, Stop> {
    let client = FabricClient::open(container).wait().map_err(|error| match error {
        OpenError::Absent => Stop::failure(absent()),
        error => Stop::failure(error.to_string()),
    })?;
    client.status().within(ANSWER_MAX).wait().map_err(|error| Stop::failure(error.to_string()))
}

fn as_text(status: &FabricStatus, width: Option<usize>) -> String {
    let FabricStatus { machine, has_identity, exported, machines } = status;
    let proof = match has_identity {
        true => "others prove their names",
        false => "without an identity: names are only claimed",
    };
    let plural = if *exported == 1 { "" } else { "s" };
    let mut text =
        format!("This machine is '{machine}' ({proof}), and exports {exported} service{plural}.\n");
    if machines.is_empty() {
        return text + "No other machine is known.\n";
    }
    let head = [
        "MACHINE",
        "PROVEN",
        "CONTACT",
        "ROUND TRIP",
        "SENT",
        "RECEIVED",
        "LOST",
        "REFUSED",
        "SERVICES",
        "EPOCH",
    ];
    text += &table(&head, machines.iter().map(row).collect(), width);
    text
}

fn row(machine: &OtherMachine) -> Vec<String> {
    let none = || "-".to_owned();
    let bytes = |bytes| indicatif::BinaryBytes(bytes).to_string();
    let round_trip = machine.round_trip_us.map(|us| us.max(0).cast_unsigned().saturating_mul(1_000));
    vec![
        machine.machine.clone(),
        if machine.is_proven { "yes" } else { "no" }.to_owned(),
        machine.contact_us.map_or_else(none, shown_duration),
        time(round_trip),
        bytes(machine.sent_bytes),
        bytes(machine.received_bytes),
        machine.lost_contacts.to_string(),
        machine.refused.to_string(),
        machine.services.to_string(),
        machine.epoch.as_deref().map_or_else(none, |epoch| epoch.chars().take(EPOCH_DIGITS).collect()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_with_and_without_contact() {
        let hall = OtherMachine {
            machine: "hall".to_owned(),
            is_proven: true,
            is_in_contact: true,
            epoch: Some("0123456789abcdef0123456789abcdef".to_owned()),
            contact_us: Some(62_000_000),
            round_trip_us: Some(1_234),
            sent_bytes: 2_048,
            lost_contacts: 1,
            services: 2,
            ..OtherMachine::default()
        };
        let attic = OtherMachine { machine: "attic".to_owned(), refused: 7, ..OtherMachine::default() };
        let status = FabricStatus {
            machine: "cellar".to_owned(),
            has_identity: true,
            exported: 1,
            machines: vec![attic, hall],
        };
        let text = as_text(&status, None);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "This machine is 'cellar' (others prove their names), and exports 1 service.");
        let cells = |line: &str| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).count();
        assert!(lines[1..].iter().all(|line| cells(line) == 10), "{text}");
        assert!(lines[2].starts_with("attic     no       -"), "{text}");
        assert!(
            lines[3].contains("1m 2s") && lines[3].contains("1234µs") && lines[3].ends_with("01234567"),
            "{text}"
        );
        let alone = FabricStatus { machine: "cellar".to_owned(), ..FabricStatus::default() };
        assert!(as_text(&alone, None).ends_with("exports 0 services.\nNo other machine is known.\n"));
    }
}
