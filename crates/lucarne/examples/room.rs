//! A room whose visitors hear what is said in it: a provider and two clients in one process.
//!
//! `cargo run --example room -p lucarne` prints what each of them hears.

use std::sync::Mutex;

use lucarne::prelude::*;

/// Everybody who is in the room gets what is said.
#[lucarne::service(uuid = "6f0cfe1e-6f0b-4a2a-9a7e-0d4b0f7d1c55", version = "1.0")]
pub trait Room {
    /// A place in the room.
    type Seat: Seat;
    /// Comes in; what is said from now on is sent to the seat.
    #[index(0)]
    async fn enter(&self) -> Resource<Self::Seat>;
    /// Says something to all, and tells how many got it.
    #[index(1)]
    async fn say(&self, text: String) -> i64;
}

/// A place in the room, until it is closed.
#[lucarne::resource(notifies = String)]
pub trait Seat {}

#[derive(Default)]
struct Hall {
    seats: Mutex<Vec<Notifier<String>>>,
}

struct Chair;

impl Room for Hall {
    type Seat = Chair;

    async fn enter(&self) -> Resource<Chair> {
        Chair::resource(|notifier| {
            self.seats.lock().expect("nobody panics with it").push(notifier);
            Chair
        })
    }

    async fn say(&self, text: String) -> i64 {
        let mut seats = self.seats.lock().expect("nobody panics with it");
        seats.retain(|seat| !seat.is_closed());
        let got_it = seats.iter().filter(|seat| seat.try_send(text.clone()).is_ok());
        i64::try_from(got_it.count()).unwrap_or(i64::MAX)
    }
}

impl Seat for Chair {}

#[allow(clippy::print_stdout, reason = "an example shows what it does")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = System::new();
    let hall = system.container("hall");
    let provider = hall.provider("example/hall", "1.0").handle(RoomHandler::new(Hall::default())).install();
    provider.wait()?;

    let mut visitors = Vec::new();
    for name in ["Ada", "Bob"] {
        let container = system.container(name);
        let room = RoomClient::open(&container).wait()?;
        visitors.push((name, room.enter().wait()?, room));
    }
    println!("{} heard it", visitors[0].2.say("Hello!".into()).wait()?);
    for (name, seat, _) in &visitors {
        if let Some(text) = seat.notifications().next().wait() {
            println!("{name} hears: {}", text?);
        }
    }
    visitors[1].1.close().wait()?;
    println!("{} heard it", visitors[0].2.say("Is anybody there?".into()).wait()?);
    Ok(())
}
