//! A room with a hall in Toit and visitors in Toit and Rust, one of them in another OS process.
//!
//! `cargo run -p lucarne --example room-both` prints what Bob hears from Ada.

use std::process::Command;
use std::time::Duration;

use lucarne::SOCKET_VARIABLE;
use lucarne::prelude::*;

mod room;

use room::RoomClient;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/room");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // If this program was started with a socket, it plays Ada.
    if std::env::var_os(SOCKET_VARIABLE).is_some() {
        return ada();
    }
    let system = System::new();
    let hall = system.run(format!("{FOLDER}/hall.toit"), &[])?;
    let bob = system.run(format!("{FOLDER}/visitor.toit"), &["Bob"])?;
    let (mut ada, _) = system.spawn("Ada", Command::new(std::env::current_exe()?))?;

    let code = bob.wait();
    ada.wait()?;
    hall.stop(0);
    std::process::exit(code);
}

/// Returns a visitor in an OS process of its own.
fn ada() -> Result<(), Box<dyn std::error::Error>> {
    let container = Container::connect_by_environment().wait()?;
    let room = RoomClient::open(&container).within(Duration::from_secs(5)).wait()?;
    let seat = room.enter("Ada".into()).wait()?;
    // Waits until Bob is there.
    while seat.say("Hello?".into()).wait()? == 0 {
        container.sleep(Duration::from_millis(10)).wait()?;
    }
    seat.say("Goodbye!".into()).wait()?;
    Ok(())
}
