//! Reads arbitrary bytes as the arguments and results of the control protocol of a device.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lucarne_device::control::{Counters, Inspected, Installed, Listed, LogPart, Sample, Status};
use lucarne_device::{ContainerName, Settings};
use lucarne_message::{Payload, from_payload, to_payload};
use serde::Serialize;
use serde::de::DeserializeOwned;

fuzz_target!(|input: &[u8]| {
    let Some((kind, bytes)) = input.split_first() else { return };
    match kind % 9 {
        0 => check::<(ContainerName, Settings)>(bytes),
        1 => check::<Settings>(bytes),
        2 => check::<(ContainerName, Option<u32>)>(bytes),
        3 => check::<Status>(bytes),
        4 => check::<Vec<Listed>>(bytes),
        5 => check::<Inspected>(bytes),
        6 => check::<(Installed, LogPart)>(bytes),
        7 => check::<Sample>(bytes),
        _ => check::<Counters>(bytes),
    }
});

/// What can be read can be written, and reading that gives the same again.
fn check<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(value) = from_payload::<T>(Payload::from_parts(bytes, Vec::new())) else { return };
    let written = to_payload(&value).expect("it was read").bytes().to_vec();
    let again = from_payload::<T>(Payload::from_parts(&written, Vec::new())).expect("it was written");
    assert_eq!(to_payload(&again).expect("it was read").bytes(), written);
}
