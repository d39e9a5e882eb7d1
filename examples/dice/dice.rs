//! Random numbers and dice, provided in Rust, for players in Rust and in Toit.
//!
//! `cargo run -p lucarne --example dice` runs the casino and both players.

use std::time::Duration;

use lucarne::prelude::*;
use random::{Die, Random, RandomClient, RandomError, RandomHandler};

/// Made from the definition, as for players in Toit: `Random`, `Die`, `RandomError`, and the client and handler.
mod random {
    lucarne::interface!("../../examples/dice/random.toit");
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
