//! A container that supervises others: it starts the programs of installed containers once more,
//! one after the other, and logs how each of them ends.
//!
//! ```sh
//! cargo build -p lucarne-cli --example keeper
//! lucarne container install job examples/keeper/job.toit
//! lucarne container install --allow-open system/containers --allow-open system/storage --allow-open system/console \
//!     keeper target/debug/examples/keeper -- job
//! lucarne container logs keeper
//! ```

use std::error::Error;

use lucarne::console::{Level, Log};
use lucarne::containers::{Containers, Event};
use lucarne::prelude::*;
use lucarne::storage::{Scheme, Storage, Tison};

fn main() -> Result<(), Box<dyn Error>> {
    // The device sets the environment variable with the address.
    let container = Container::connect_by_environment().wait()?;
    let log = Log::open(&container).wait()?;
    let round = next_round(&container)?.to_string();
    let containers = Containers::open(&container).wait()?;
    for name in std::env::args().skip(1) {
        let (level, message, code) = match run(&containers, &name)? {
            Some(0) => (Level::Info, "done", 0),
            Some(code) => (Level::Error, "failed", code),
            None => (Level::Warn, "not there", 1),
        };
        let tags = [("round", &*round), ("name", &*name), ("code", &*code.to_string())];
        log.log(level, message, &["keeper"], &tags).wait()?;
    }
    Ok(())
}

/// Counts the starts of this container. The count survives restarts of the container and the
/// device.
fn next_round(container: &Container) -> Result<i64, Box<dyn Error>> {
    let bucket = Storage::open(container).wait()?.bucket(Scheme::Flash, "example.com/keeper").wait()?;
    let before = bucket.get("rounds").wait()?.map_or(0, |Tison(rounds): Tison<i64>| rounds);
    bucket.set("rounds", &(before + 1)).wait()?;
    Ok(before + 1)
}

/// Starts the program of a container, and waits for its end. None if the container does not exist
/// any more.
fn run(containers: &Containers, name: &str) -> Result<Option<i32>, Box<dyn Error>> {
    let installed = containers.images().wait()?.0;
    let Some(image) = installed.into_iter().find(|image| image.name.as_deref() == Some(name)) else {
        return Ok(None);
    };
    let Some(instance) = containers.load(image.id).wait()? else { return Ok(None) };
    let mut events = instance.events();
    instance.start(&["now"]).wait()?;
    while let Some(event) = events.next().wait() {
        if let Event::Stopped(code) = event? {
            return Ok(Some(code));
        }
    }
    Ok(None)
}
