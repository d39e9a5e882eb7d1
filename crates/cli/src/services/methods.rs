//! `lucarne services NAME`: the methods of a provider, with their calls.

use std::collections::BTreeMap;
use std::process::ExitCode;

use lucarne_device::control::{MethodSample, Sample, ServiceSample};
use lucarne_interface::model::{Interface, qualified};
use lucarne_services::Uuid;
use serde_json::json;

use super::{rate, shown, time};
use crate::arguments::call::SystemAt;
use crate::arguments::device::{At, Services};
use crate::call::{Connection, Limit};
use crate::output::{print_error, print_out};
use crate::{Stop, table};

/// Prints the methods of all services that a name or a UUID stands for.
pub(super) fn show(options: &Services, name: &str, sample: &Sample) -> Result<ExitCode, Stop> {
    let uuid = Uuid::try_parse(name).ok();
    let is_meant = |service: &&ServiceSample| match uuid {
        Some(_) => service.uuid == uuid,
        None => service.name == name,
    };
    let mut services = sample.services.iter().filter(is_meant).peekable();
    let at = At { state: options.at.state.clone(), device: options.at.device.clone() };
    let connection = Connection::open(&SystemAt { at, connect: None }, Limit::of(None))?;
    if services.peek().is_none() {
        // Fails with the names that are similar.
        connection.find(name)?;
        return Err(Stop::failure(format!(
            "'{name}' has just been started, and has no figures yet: try again"
        )));
    }
    let entries = connection.entries()?;
    let mut texts = Vec::new();
    let mut lines = Vec::new();
    for service in services {
        let entry = entries
            .iter()
            .find(|entry| Some(entry.uuid) == service.uuid && entry.provider.name == service.name);
        let described = entry.map(|entry| connection.describe(entry.clone(), None)).transpose();
        let interface = match described {
            Ok(found) => found.map(|found| found.interface),
            Err(stop) => {
                // The calls are of use without names, too.
                print_error(&format!("lucarne: {}\n", stop.message));
                None
            }
        };
        let rows = rows(service, interface.as_ref());
        let width = table::terminal_width();
        let own = shown(std::slice::from_ref(service), sample, true, width);
        texts.push(format!("{own}\n{}", table::table(&HEAD, cells(&rows, sample.over_us), width)));
        lines.push(json!({ "service": service, "methods": rows.iter().map(Row::json).collect::<Vec<_>>() }));
    }
    let text = match options.json {
        true => {
            let object = json!({ "over_us": sample.over_us, "machine": sample.machine, "services": lines });
            format!("{object}\n")
        }
        false => texts.join("\n"),
    };
    print_out(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

const HEAD: [&str; 7] = ["INDEX", "METHOD", "CALLS/S", "ERRORS", "P50", "P99", "MAX"];

/// A method, and its calls.
struct Row {
    /// The name, such as `Feed.mute`, if the definition has the method.
    name: Option<String>,
    sample: MethodSample,
}

impl Row {
    fn json(&self) -> serde_json::Value {
        json!({ "name": self.name, "sample": self.sample })
    }
}

/// Returns the methods of the definition, and those that were called without being in it, by their indexes.
fn rows(service: &ServiceSample, interface: Option<&Interface>) -> Vec<Row> {
    let mut rows: BTreeMap<i64, Row> = service
        .methods
        .iter()
        .map(|sample| (sample.index, Row { name: None, sample: sample.clone() }))
        .collect();
    if let Some(interface) = interface {
        interface.each_method(|resource, method| {
            let index = i64::from(method.index);
            let sample = MethodSample { index, ..MethodSample::default() };
            let row = rows.entry(index).or_insert(Row { name: None, sample });
            row.name = Some(qualified(resource.map(|resource| &*resource.name), &method.name));
        });
    }
    rows.into_values().collect()
}

fn cells(rows: &[Row], over_us: i64) -> Vec<Vec<String>> {
    let cells = |Row { name, sample }: &Row| {
        vec![
            sample.index.to_string(),
            name.clone().unwrap_or_else(|| "?".to_owned()),
            rate(sample.calls, over_us),
            sample.errors.to_string(),
            time(sample.p50_ns),
            time(sample.p99_ns),
            time(sample.max_ns),
        ]
    };
    rows.iter().map(cells).collect()
}
