//! A clock that provides the time of day, as a container of its own on a device.
//!
//! ```sh
//! cargo build -p lucarne-cli --example clock
//! lucarne container install clock target/debug/examples/clock
//! lucarne container install reader examples/clock/reader.toit
//! ```

use std::time::{SystemTime, UNIX_EPOCH};

use lucarne::prelude::*;

/// Provides the time.
#[lucarne::service(uuid = "5dd8b3e9-5b6f-4e0d-8f4c-0b7f0f0c3f6e", version = "1.0")]
trait Clock {
    /// Returns the seconds since 1970.
    #[index(0)]
    async fn seconds(&self) -> i64;
}

struct Quartz;

impl Clock for Quartz {
    async fn seconds(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
    }
}

#[allow(clippy::print_stdout, reason = "its output is its log")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The device sets the environment variable with the address.
    let container = Container::connect_by_environment().wait()?;
    container.provider("example/clock", "1.0").handle(ClockHandler::new(Quartz)).install().wait()?;
    println!("tick");
    container.ended().wait()?;
    Ok(())
}
