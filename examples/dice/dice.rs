//! Random numbers and dice, provided in Rust, for players in Rust and in Toit.
//!
//! `cargo run -p lucarne --example dice` runs the casino and both players.

use std::time::Duration;

use lucarne::prelude::*;

/// A source of random numbers.
#[lucarne::service(uuid = "e8c1b9c2-5c0c-4bb1-8f8e-21a3b1f6a6d0", version = "1.0")]
trait Random {
    /// The resource that `roll` uses.
    type Die: Die;
    /// Returns a number from 0 up to, but not including, the limit.
    #[index(0)]
    async fn generate(&self, limit: i64) -> Result<i64, RandomError>;
    /// Returns a die with this number of sides, until the player closes it.
    #[index(1)]
    async fn create_die(&self, sides: i64) -> Result<Resource<Self::Die>, RandomError>;
}

/// A die notifies its player when its highest side comes up, with the number of rolls.
#[lucarne::resource(notifies = i64)]
trait Die {
    /// Returns the side that comes up, from 1 on.
    #[index(2)]
    async fn roll(&self) -> i64;
}

/// Sent as a text, `BAD_LIMIT` or `BAD_SIDES`, which a player in Toit can catch.
#[derive(Debug, PartialEq, lucarne::Fault)]
enum RandomError {
    BadLimit,
    BadSides,
}

struct Casino;

struct HouseDie {
    sides: i64,
    rolls: std::sync::atomic::AtomicI64,
    player: Notifier<i64>,
}

impl Random for Casino {
    type Die = HouseDie;

    async fn generate(&self, limit: i64) -> Result<i64, RandomError> {
        if limit < 1 { Err(RandomError::BadLimit) } else { Ok(fastrand::i64(0..limit)) }
    }

    async fn create_die(&self, sides: i64) -> Result<Resource<HouseDie>, RandomError> {
        if sides < 1 {
            return Err(RandomError::BadSides);
        }
        Ok(HouseDie::resource(|player| HouseDie { sides, rolls: 0.into(), player }))
    }
}

impl Die for HouseDie {
    async fn roll(&self) -> i64 {
        let side = fastrand::i64(1..=self.sides);
        let rolls = 1 + self.rolls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if side == self.sides {
            // A player that has ended does not need it.
            let _ = self.player.send(rolls).await;
        }
        side
    }
}

#[allow(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = System::new();
    let house = system.container("house");
    house.provider("example/casino", "1.0").handle(RandomHandler::new(Casino)).install().wait()?;

    let player = system.container("player");
    let random = RandomClient::open(&player).wait()?;
    println!("a random number: {}", random.generate(100).wait()?);
    if let Err(CallError::Provider(error)) = random.generate(0).within(Duration::from_secs(1)).wait() {
        println!("no number: {error:?}");
    }
    let die = random.create_die(6).wait()?;
    let mut sixes = die.notifications();
    while die.roll().wait()? != 6 {}
    if let Some(rolls) = sixes.next().wait() {
        println!("a six after {} rolls", rolls?);
    }

    let toit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/dice/player.toit");
    let code = system.run(toit, &[])?.wait();
    std::process::exit(code);
}
