// Made from thermometer.toit by `lucarne interface generate --rust`. Do not edit: change
// thermometer.toit instead, and make this file again.

use lucarne::Resource;
use serde::{Deserialize, Serialize};

/// A thermometer with sensors in several rooms.
#[lucarne::service(uuid = "f86f16ba-50c7-4b4b-ab0c-4f7d6e3c5d0b", version = "1.0")]
pub trait Thermometer {
    /// The temperature of a room, as it changes.
    type Feed: Feed;

    /// Returns the current temperature.
    #[index(0)]
    async fn measure(&self, room: String) -> Result<Reading, ThermometerError>;

    /// Follows the temperature of a room.
    #[index(1)]
    async fn follow(&self, room: String) -> Resource<Self::Feed>;
}

/// The temperature of a room, as it changes.
#[lucarne::resource(notifies = Reading)]
pub trait Feed {}

/// A reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub celsius: f64,
    /// Null if the sensor cannot measure it.
    pub humidity: Option<f64>,
}

/// The errors of [`Thermometer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]
pub enum ThermometerError {
    /// The text `UNKNOWN_ROOM`.
    UnknownRoom,
}
