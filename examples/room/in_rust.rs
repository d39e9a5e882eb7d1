//! A room whose visitors hear what the others say: the hall and two visitors, each a container in
//! Rust.
//!
//! `cargo run -p lucarne --example room` prints what they hear. `in_toit.toit` is the same in Toit,
//! and `in_both.rs` mixes the two.

use lucarne::prelude::*;

mod room;

use room::{Hall, RoomClient, RoomHandler};

#[allow(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = System::new();
    let house = system.container("house");
    house.provider("example/hall", "1.0").handle(RoomHandler::new(Hall::default())).install().wait()?;

    let (ada, bob) = (system.container("Ada"), system.container("Bob"));
    let ada = RoomClient::open(&ada).wait()?.enter("Ada".into()).wait()?;
    let bob = RoomClient::open(&bob).wait()?.enter("Bob".into()).wait()?;
    let mut heard = bob.notifications();
    println!("{} heard Ada", ada.say("Hello!".into()).wait()?);
    if let Some(text) = heard.next().wait() {
        println!("Bob hears {}", text?);
    }
    // Bob leaves. His end of the container is closed, too, as it would be if it had been killed.
    bob.close().wait()?;
    println!("{} heard Ada", ada.say("Hello?".into()).wait()?);
    Ok(())
}
