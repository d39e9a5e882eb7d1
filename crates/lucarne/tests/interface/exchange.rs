// Made from exchange.toit by `lucarne interface generate --rust`. Do not edit: change
// exchange.toit instead, and make this file again.

use lucarne::Resource;

/// An exchange at which guests hear each other.
#[lucarne::service(uuid = "7f1f6f8e-4d2c-4c55-9f5a-5b0f8b3c1d01", version = "0.1")]
pub trait Exchange {
    /// A guest of an exchange.
    type Guest: Guest;

    /// Joins the exchange.
    #[index(0)]
    async fn join(&self) -> Resource<Self::Guest>;
}

/// A guest of an exchange.
///
/// Each message is sent to all other guests.
#[lucarne::resource(notifies = String)]
pub trait Guest {
    /// Sends a message to all other guests.
    #[index(1)]
    async fn send(&self, message: String);
}
