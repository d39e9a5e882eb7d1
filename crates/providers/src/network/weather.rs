//! The weather of a simulated network: delays, losses, broken connections and partitions.

use std::str::FromStr;

use thiserror::Error;

/// How a simulated network treats packets, connections and look-ups. The seed of the simulation decides when.
///
/// ```
/// use lucarne_providers::network::Weather;
///
/// let weather: Weather = "storm".parse()?;
/// assert_eq!(weather, Weather::STORM);
/// # Ok::<(), lucarne_providers::network::UnknownWeather>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weather {
    /// The shortest and the longest time that a packet takes, in microseconds.
    pub delay_us: (u64, u64),
    /// How many of a thousand datagrams are lost.
    pub lost: u64,
    /// How many of a thousand datagrams arrive twice.
    pub doubled: u64,
    /// How many of a thousand TCP connections break after a while.
    pub broken: u64,
    /// How many of a thousand attempts to connect and look-ups get no answer.
    pub unanswered: u64,
    /// The smallest and the largest buffer of a direction of a TCP connection, in bytes.
    pub buffer_bytes: (u64, u64),
    /// Whether bytes that are written together can arrive in pieces.
    pub divides: bool,
    /// The times in which nothing arrives, if there are any.
    pub partitions: Option<Partitions>,
}

/// The times in which nothing arrives. Connections wait for the end of such a time, and datagrams are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partitions {
    /// The shortest and the longest time between two partitions, in microseconds.
    pub apart_us: (u64, u64),
    /// The shortest and the longest partition, in microseconds.
    pub long_us: (u64, u64),
}

/// There is no weather with the given name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no weather '{0}': the choices are fair, rain and storm")]
pub struct UnknownWeather(String);

impl Weather {
    /// Short delays, and nothing else. The default.
    pub const FAIR: Weather = Weather {
        delay_us: (100, 1_000),
        lost: 0,
        doubled: 0,
        broken: 0,
        unanswered: 0,
        buffer_bytes: (64 << 10, 64 << 10),
        divides: false,
        partitions: None,
    };

    /// Delays up to 50 ms, small buffers, pieces, and a few lost and doubled datagrams. Connections hold.
    pub const RAIN: Weather = Weather {
        delay_us: (1_000, 50_000),
        lost: 20,
        doubled: 10,
        broken: 0,
        unanswered: 0,
        buffer_bytes: (2 << 10, 64 << 10),
        divides: true,
        partitions: None,
    };

    /// Delays up to half a second, tiny buffers, lost datagrams, broken connections, peers and names that do not
    /// answer, and partitions.
    pub const STORM: Weather = Weather {
        delay_us: (5_000, 500_000),
        lost: 200,
        doubled: 50,
        broken: 100,
        unanswered: 50,
        buffer_bytes: (1 << 10, 8 << 10),
        divides: true,
        partitions: Some(Partitions { apart_us: (5_000_000, 60_000_000), long_us: (1_000_000, 20_000_000) }),
    };
}

impl Default for Weather {
    fn default() -> Weather {
        Weather::FAIR
    }
}

impl FromStr for Weather {
    type Err = UnknownWeather;

    fn from_str(name: &str) -> Result<Weather, UnknownWeather> {
        match name {
            "fair" => Ok(Weather::FAIR),
            "rain" => Ok(Weather::RAIN),
            "storm" => Ok(Weather::STORM),
            _ => Err(UnknownWeather(name.to_owned())),
        }
    }
}
