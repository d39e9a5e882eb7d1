//! Generated code refers to the crate that the attributes name: here there is no `lucarne`.
#![allow(dead_code, reason = "only some of the generated items are used")]

use lucarne_macros::{Fault, resource, service};
use lucarne_services::{Call, Resource};

#[service(crate = lucarne_services, uuid = "1f0c5a34-3a0e-4c1b-8a57-6a7f0d3f4a10", version = "1.2")]
trait Shelf {
    type Box: Box;
    #[index(0)]
    async fn find(&self, call: &Call, name: String) -> Result<Resource<Self::Box>, ShelfError>;
}

#[resource(notifies = i64, crate = lucarne_services)]
trait Box: Sync {
    #[index(1)]
    async fn size(&self) -> i64;
    #[index(2)]
    async fn is_empty(&self) -> bool {
        self.size().await == 0
    }
}

struct Carton;

impl Box for Carton {
    async fn size(&self) -> i64 {
        3
    }
}

#[derive(Debug, PartialEq, Fault)]
#[fault(crate = lucarne_services)]
enum ShelfError {
    NoBox,
}

#[test]
fn generated_items_are_those_of_the_named_crate() {
    let selector: lucarne_services::Selector = ShelfClient::SELECTOR;
    assert_eq!((selector.major(), selector.minor()), (1, 2));
    assert_eq!(BoxProxy::METHODS, [(1, "Box::size"), (2, "Box::is_empty")]);
    assert_eq!(lucarne_services::Fault::to_text(&ShelfError::NoBox), "NO_BOX");
}

#[test]
fn method_with_body_is_the_default() {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let is_empty = std::pin::pin!(Carton.is_empty()).as_mut().poll(&mut context);
    assert_eq!(is_empty, std::task::Poll::Ready(false));
}
