//! Containers in several OS processes that use each other, and are killed or cut off at random: other containers are
//! not disturbed, and no resource of the killed ones stays.
//!
//! All seeds, some minutes of work:
//!
//! ```sh
//! cargo test -p lucarne-link --release --test seeds -- --ignored
//! ```

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::*;
use lucarne_kernel::Faults;
use lucarne_kernel::random::Random;
use lucarne_link::simulation::SimulatedHouse;
use lucarne_services::{Client, Container, Selector, Value};

/// The maximum number of steps between two kills.
const STEPS_APART: u64 = 1_500;

/// A number of steps that is enough for every expected event.
const STEPS_ENOUGH: u64 = 300_000;

#[test]
fn some_seeds() {
    check_all(300);
}

#[test]
#[ignore = "takes minutes: see the top of the file"]
fn all_seeds() {
    check_all(10_000);
}

fn check_all(count: u64) {
    let far_uses = Arc::new(AtomicUsize::new(0));
    (0..count).for_each(|seed| check(seed, &far_uses));
    // Otherwise the run tested no call.
    assert!(far_uses.load(Ordering::Relaxed) as u64 > count);
}

/// Uses a service in every way, forever, whatever happens to its provider.
async fn use_service(container: Container, selector: Selector, uses: Arc<AtomicUsize>) {
    loop {
        let _ = use_once(&container, selector, &uses).await;
        if container.sleep(Duration::from_millis(1)).await.is_err() {
            return;
        }
    }
}

async fn use_once(
    container: &Container,
    selector: Selector,
    uses: &AtomicUsize,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let client = Client::open(container, selector).within(Duration::from_millis(20)).await?;
    for round in 0..8 {
        assert_eq!(client.invoke(ECHO, Value::from(round)).await?, Value::from(round));
        uses.fetch_add(1, Ordering::Relaxed);
        let handle = client.invoke(MAKE, Value::Null).await?;
        let proxy = client.proxy(handle.as_int().ok_or("a handle")?);
        let mut notifications = proxy.notifications::<i64>();
        for value in 0..3 {
            client.invoke(TELL, Value::List(vec![handle.clone(), value.into()])).await?;
        }
        for value in 0..3 {
            assert_eq!(notifications.next().await.ok_or("an early end")??, value);
        }
        let _ = client.invoke(WAIT, Value::from(50)).within(Duration::from_millis(2)).await;
        if round % 2 == 0 {
            proxy.close().await?;
        }
    }
    client.close().await?;
    Ok(())
}

struct World {
    house: SimulatedHouse,
    keeper: Container,
    kept: House,
    witness: Container,
    witnessed: Arc<AtomicUsize>,
    visitor: Container,
    remotes: usize,
}

impl World {
    fn new(seed: u64, far_uses: &Arc<AtomicUsize>) -> World {
        let mut house = house(seed, Faults::default());
        let keeper = Container::start(house.kernel(), "keeper");
        let kept = House::default();
        install(&mut house, &keeper, HOUSE, &kept);
        let rooms = 1 + (seed % 7) as usize;
        for name in ["user", "barn", "both"] {
            house.connect(name, rooms).expect("there is a manager");
        }
        let barn = house.remote(1).container().clone();
        install(&mut house, &barn, BARN, &House::default());
        let witnessed = Arc::new(AtomicUsize::new(0));
        let witness = start_user(Container::start(house.kernel(), "witness"), &[HOUSE], &witnessed);
        let visitor = start_user(Container::start(house.kernel(), "visitor"), &[BARN], far_uses);
        start_user(house.remote(0).container().clone(), &[HOUSE], far_uses);
        start_user(house.remote(2).container().clone(), &[HOUSE, BARN], far_uses);
        World { house, keeper, kept, witness, witnessed, visitor, remotes: 3 }
    }

    fn steps(&mut self, count: u64) {
        for _ in 0..count {
            self.house.step();
        }
    }

    fn kill_random_process(&mut self, random: &Random) {
        let victim = random.below(self.remotes as u64) as usize;
        match random.below(5) {
            0 => self.house.kill(victim),
            1 => self.house.remote(victim).line().cut(),
            2 => self.house.remote(victim).container().kill(),
            3 => self.house.kernel().kill(self.house.remote(victim).container().pid()),
            _ => self.visitor.kill(),
        }
    }
}

fn install(house: &mut SimulatedHouse, container: &Container, selector: Selector, service: &House) {
    let builder = container.provider("test/house", "1.0").provides(selector, service.clone());
    let provider = done(house, container, builder.install()).expect("installed");
    // It provides for as long as its container lives.
    std::mem::forget(provider);
}

fn start_user(container: Container, selectors: &[Selector], uses: &Arc<AtomicUsize>) -> Container {
    for &selector in selectors {
        container.spawn(use_service(container.clone(), selector, uses.clone()));
    }
    container
}

fn check(seed: u64, far_uses: &Arc<AtomicUsize>) {
    let random = Random::seeded(seed);
    let mut world = World::new(seed, far_uses);
    for _ in 0..1 + random.below(3) {
        world.steps(random.below(STEPS_APART));
        world.kill_random_process(&random);
    }
    let before = world.witnessed.load(Ordering::Relaxed);
    let witnessed = world.witnessed.clone();
    let goes_on = world.house.run_until(STEPS_ENOUGH, |_| witnessed.load(Ordering::Relaxed) >= before + 10);
    assert!(goes_on, "seed {seed}: the witness was disturbed");

    for number in 0..world.remotes {
        world.house.kill(number);
    }
    world.visitor.kill();
    let is_clean = |house: &SimulatedHouse| {
        // The manager, the keeper and the witness.
        house.kernel().process_count() == 3
            && (0..world.remotes).all(|number| house.remote(number).kernel().process_count() == 0)
    };
    assert!(world.house.run_until(STEPS_ENOUGH, is_clean), "seed {seed}: something stays");
    world.witness.kill();
    let kept = world.kept.clone();
    let is_clean = |_: &SimulatedHouse| kept.lamps.now() == 0 && kept.calls.now() == 0;
    assert!(world.house.run_until(STEPS_ENOUGH, is_clean), "seed {seed}: the keeper keeps something");
    assert!(!world.keeper.has_ended());
}
