use std::time::Duration;

use lucarne::prelude::*;

#[lucarne::service(uuid = "3f0b6f8e", version = "1.0")]
trait Greeter {
    type Door: Door;
    #[index(0)]
    async fn greet(&self, pause: Duration, loud: &str) -> Bytes;
    async fn open_door(&self, call: &Call) -> Resource<Self::Door>;
}

#[lucarne::resource(notify = i64)]
trait Door {
    #[index(1)]
    async fn knock(&self);
}

#[derive(Debug, lucarne::Fault)]
enum Fault {
    BadDoor(i64),
}

struct Polite;
struct Oak;

impl Door for Oak {
    async fn knock(&self) {}
}

impl Greeter for Polite {
    type Door = Oak;
    async fn greet(&self, _pause: Duration, _loud: &str) -> Bytes {
        Bytes::from(Vec::new())
    }
    async fn open_door(&self, _call: &Call) -> Resource<Oak> {
        Oak.resource()
    }
}

fn main() {
    let system = System::new();
    let _ = system.container("house").provider("a", "1.0").handle(GreeterHandler::new(Polite));
    let _ = GreeterClient::open(&system.container("guest")).wait();
}
