//! Natives that return facts about the machine, such as its platform.

use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("platform", 0, |call| text(call, platform())),
    ("architecture", 0, |call| text(call, architecture())),
    ("version", 0, |call| text(call, concat!("v", env!("CARGO_PKG_VERSION")))),
    ("hostname", 0, hostname),
];

fn text<'c>(call: &'c mut Call<'_>, text: &str) -> Result<Ref<'c>, Failure> {
    Ok(call.heap.new_string(text)?.get())
}

/// Returns the name of the platform that programs expect. It differs from Rust's name only in capital letters.
fn platform() -> &'static str {
    match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "macOS",
        "windows" => "Windows",
        other => other,
    }
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    }
}

fn hostname<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let name = call.environment.host_name().ok_or(Failure::Error("UNSUPPORTED"))?;
    Ok(call.heap.new_string(&name)?.get())
}
