// Made from thermometer.toit by `lucarne interface generate --rust`. Do not edit: change
// thermometer.toit instead, and make this file again.

use lucarne::Resource;
use serde::{Deserialize, Serialize};

/// A thermometer with sensors in several rooms.
#[lucarne::service(
    uuid = "f86f16ba-50c7-4b4b-ab0c-4f7d6e3c5d0b",
    version = "1.0",
    definition = DEFINITION
)]
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

/// The definition, compressed: providers carry it for tools such as `lucarne call`.
const DEFINITION: &[u8] = b"\
    x\xdau\x92\xcbn\xc20\x10E\xf7\xf9\x8a\xf9\x80\xe6\x81J\xa1b\xd1\xd2\x0d\x9b\xaa\x20Q*\x96\x95\
    \xe3L\x88%\xc7F\x9e\x09\xd0\xbf\xaf\x9d\x07%U\xbb\x88\xe4h\xee\x9c;s\xed4MaI\xe8NJ\"\x94\x8f\
    \xb3r2\xcbE\xfc\x90\xc9y<\xcd\xa7y,\xf2L\xc6\xd3r^\xcc\xf0^>\x14Y\x0e\x93$\x8b\xd24\x0d\x1f\xbc\
    \x00W\xe8j[#\xa3\x83\xb3\xe2\x0a\x08\x0dYG\xa0\x8c?\x9e\xd0\x09\x0d\xce\xda\x9a\x92H\x19/*\x85\
    \xf7\xd9\xfd4-\"\x80@Z*S\xe0\x05\xb2\xe1\x97+g\xcf\x04\x1f\xeb\xd7\xf5f\xbf\xfe\xdcn6o]\xa9\x17\
    l\x91\x1bg(\xf8\x83l\x9cC\xc3\xc0X\x1f\xbd\xa1/`\xe2e5\x0a\xf2\xc7\xd6>%v\xca\x1c\x20~\xf2\x9d\
    \xa2\xf0\xc7\xb1\xefd\x04_Y\xad\x83{\x80\xdf@\xc1\x96\x20Z\\\xc0\x97\xad\xe87}\x85X\xb4\xd1,\
    \x1d\x92m\x9c\xc4kX\xbb\xffhw\x20|^\x0c\xb2\x12\xe6\x80\xa3\xa4\x02\xee\x1a\x91\xc1\x0b\xc3$\
    \x1b\x8d\xba\x17\x8a\xc9\xcf\xe2\xdaa[\x85\xeb\x16\xf4TS\xf8\x9f.'\xc5a\xe6P\x8f\xfb\xfa\x1fYHm\
    \x09G\xf8w\xb6G\xeaW\xf5\xc2\xc0hE\xa1\xd9X\x83\xc3\xaa\xd2\xba\xe2\xe6U\xf4\x16I$\xb5\x20\x1al\
    \xc2\"\x125\xa9\x86\xd2R[\xc1#\xabu\xa35\xa8\xb2\xdd\xa3{D\x20\x851\x96\xaf\x17\xd9\xedP5\xb5*\
    \x14\x7fu\x88\xe7\xc0\xb4\xc6_@#\xd9\xb7$\xbd\x01$\x83n\x11}\x03\xc5\x16\xe5\xca";
