//! The macro `interface!` makes the same code as the command, without files.

mod exchange {
    #![allow(unreachable_pub, reason = "the code is for any crate")]
    lucarne::interface!("../cli/tests/interface/exchange.toit");
}

use exchange::{Exchange, ExchangeClient, ExchangeHandler, Guest};
use lucarne::prelude::*;

struct Hall;
struct Seat(Notifier<String>);

impl Exchange for Hall {
    type Guest = Seat;

    async fn join(&self) -> Resource<Seat> {
        Seat::resource(Seat)
    }
}

impl Guest for Seat {
    async fn send(&self, message: String) {
        let _ = self.0.send(format!("echo of {message}")).await;
    }
}

#[test]
fn the_macro_makes_a_provider_and_a_client() {
    let system = System::new();
    let house = system.container("house");
    house.provider("test/exchange", "1.0").handle(ExchangeHandler::new(Hall)).install().wait().unwrap();
    let guest = system.container("guest");
    let client = ExchangeClient::open(&guest).wait().unwrap();
    let seat = client.join().wait().unwrap();
    let mut heard = seat.notifications();
    seat.send("hello".into()).wait().unwrap();
    assert_eq!(heard.next().wait(), Some(Ok("echo of hello".to_owned())));
}
