//! The natives of time zones.

use super::{Call, Failure, Row, zone};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("zone-offset", 2, zone_offset),
    ("zone-load", 1, zone_load),
    ("zone-load-default", 0, zone_load_default),
];

/// `zone utc` -> the offset in seconds, times two, plus one if daylight saving is on.
fn zone_offset<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (offset, is_dst) = zone::at(call.bytes(0)?, call.int(1)?);
    Ok(Ref::small(offset << 1 | i64::from(is_dst)))
}

/// `rules-or-name` -> the description of the zone.
fn zone_load<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let zone = zone::load(call.string(0)?, call.environment);
    Ok(call.heap.new_bytes_from(&zone)?.get())
}

fn zone_load_default<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    Ok(call.heap.new_bytes_from(&zone::load_default(call.environment))?.get())
}
