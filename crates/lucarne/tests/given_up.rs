//! Calls that are given up at about the time of their answer leave nothing open at the provider.
#![cfg(feature = "link")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use lucarne::prelude::*;

#[lucarne::service(uuid = "7a1e5b3c-52c8-4a55-9d0c-0d3f2b6c8e11", version = "1.0")]
trait Counter {
    type Number: Number;
    #[index(0)]
    async fn draw(&self) -> Resource<Self::Number>;
    /// Gives a number to the caller and then fails, so that the caller does not get its handle.
    #[index(2)]
    async fn lose(&self, call: &Call) -> Result<(), Thrown>;
}

#[lucarne::resource]
trait Number {
    #[index(1)]
    async fn value(&self) -> i64;
}

struct Office(Arc<AtomicUsize>);

/// A number that counts while it is open.
struct Drawn(Arc<AtomicUsize>);

impl Counter for Office {
    type Number = Drawn;

    async fn draw(&self) -> Resource<Drawn> {
        self.0.fetch_add(1, SeqCst);
        Drawn(self.0.clone()).resource()
    }

    async fn lose(&self, call: &Call) -> Result<(), Thrown> {
        call.give(self.draw().await)?;
        Err(Thrown::new("lost"))
    }
}

impl Number for Drawn {
    async fn value(&self) -> i64 {
        1
    }
}

impl Drop for Drawn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// Waits until nothing is open any more.
fn wait_for_none(open: &AtomicUsize) {
    let until = Instant::now() + Duration::from_secs(60);
    while open.load(SeqCst) > 0 {
        assert!(Instant::now() < until, "{} stay open", open.load(SeqCst));
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn given_up_calls_leave_no_resource_open() {
    let system = System::new();
    let open = Arc::new(AtomicUsize::new(0));
    let house = system.container("house");
    let provider = house.provider("test/counter", "1.0").handle(CounterHandler::new(Office(open.clone())));
    let _provider = provider.install().wait().expect("the id is unique");
    let folder = std::env::temp_dir().join(format!("given-up-{}", std::process::id()));
    let _listener = system.listen(folder.join("socket")).expect("the folder can be made");
    let far = Container::connect(folder.join("socket")).wait().expect("it listens");
    for guest in [system.container("guest"), far] {
        let counter = CounterClient::open(&guest).wait().expect("the container is installed");
        for round in 0..5_000 {
            let drawn = counter.draw().within(Duration::from_micros(round % 60)).wait();
            drop(drawn);
            // Dropped before or after the answer has come.
            let mut pending = Box::pin(counter.draw());
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let _ = Future::poll(pending.as_mut(), &mut context);
            if round % 2 == 0 {
                std::thread::yield_now();
            }
            drop(pending);
        }
        assert!(counter.lose().wait().is_err());
        wait_for_none(&open);
        // It still answers.
        let drawn = counter.draw().wait().expect("it is open");
        assert_eq!(open.load(SeqCst), 1);
        drop(drawn);
        wait_for_none(&open);
    }
    let _ = std::fs::remove_dir_all(folder);
}
