//! The example of the documentation of `service`: clients with signatures of their own.
#![allow(dead_code, reason = "the methods are only named")]

use std::time::Duration;

#[lucarne::service(uuid = "d5c3b8de-06a5-4d0e-9a4b-6f7a1c2e3b90", version = "1.0")]
trait Bell {
    /// Announces a guest.
    #[index(0)]
    #[client(fn announce(&self, name: &str))]
    async fn announce(&self, name: String);

    /// Rings. Returns whether it was heard.
    #[index(1)]
    #[client(fn ring(&self, time: Duration) -> Option<bool> { (time.as_secs(), time.subsec_nanos()) })]
    async fn ring(&self, seconds: u64, nanos: u32) -> bool;
}

#[test]
fn clients_have_the_signatures_of_their_attributes() {
    let _: fn(&BellClient, &str) -> lucarne::Pending<(), _> = BellClient::announce;
    let _: fn(&BellClient, Duration) -> lucarne::Pending<Option<bool>, _> = BellClient::ring;
    assert_eq!((BellClient::INDEX_ANNOUNCE, BellClient::INDEX_RING), (0, 1));
}
