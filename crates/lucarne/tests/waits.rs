//! Waits of threads: inside of a container they fail at once, outside they end in time.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use lucarne::prelude::*;

#[lucarne::service(uuid = "0c0f2b4e-5f64-4d0a-9d57-2c1c5b2f7d31", version = "1.0")]
trait Relay {
    #[index(0)]
    async fn ask(&self) -> String;
    /// Waits, where it should await, for another call of the same container.
    #[index(1)]
    async fn ask_and_wait(&self) -> String;
}

struct Station {
    own: Mutex<Option<RelayClient>>,
}

impl Relay for Arc<Station> {
    async fn ask(&self) -> String {
        "here".to_owned()
    }

    async fn ask_and_wait(&self) -> String {
        let own = self.own.lock().expect("it is set").clone().expect("it is open");
        own.ask().wait().expect("it cannot come to this")
    }
}

#[test]
fn a_wait_in_a_handler_fails_that_call_alone() {
    let system = System::new();
    let house = system.container("house");
    let station = Arc::new(Station { own: Mutex::new(None) });
    let provider = house.provider("test/relay", "1.0").handle(RelayHandler::new(station.clone()));
    let _provider = provider.install().wait().expect("the id is unique");
    let relay = RelayClient::open(&system.container("guest")).wait().expect("the container is installed");
    *station.own.lock().expect("no panic under it") =
        Some(RelayClient::open(&house).wait().expect("the container is installed"));
    for _ in 0..3 {
        let failed = relay.ask_and_wait().within(Duration::from_secs(30)).wait().unwrap_err();
        assert!(failed.to_string().contains("use `.await` there"), "{failed}");
        assert_eq!(relay.ask().wait().as_deref(), Ok("here"));
    }
}

#[test]
fn a_wait_with_a_limit_ends_while_the_container_is_blocked() {
    let system = System::new();
    let house = system.container("house");
    let station = Arc::new(Station { own: Mutex::new(None) });
    let provider = house.provider("test/relay", "1.0").handle(RelayHandler::new(station));
    let _provider = provider.install().wait().expect("the id is unique");
    let guest = system.container("guest");
    let relay = RelayClient::open(&guest).wait().expect("the container is installed");
    let (release, released) = mpsc::channel::<()>();
    let (began, has_begun) = mpsc::channel();
    guest.spawn(async move {
        began.send(()).expect("the test waits");
        // The thread of this turn is blocked, as by a mistake.
        let _ = released.recv();
    });
    has_begun.recv().expect("the process has a turn");
    let late = relay.ask().within(Duration::from_millis(20)).wait();
    assert_eq!(late, Err(CallError::Deadline));
    drop(release);
    assert_eq!(relay.ask().wait().as_deref(), Ok("here"));
}
