//! Time zones.

use super::{Call, Failure, Row, zone};
use crate::heap::Ref;

pub(super) const TABLE: &[Row] = &[("zone-offset", zone_offset), ("zone-default-rules", zone_default_rules)];

/// `rules utc` -> the offset in seconds, times two, plus one if daylight saving is on.
fn zone_offset<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let utc = call.int(1)?;
    let zone = zone::Zone::parse(call.string(0)?).unwrap_or_default();
    let (offset, is_dst) = zone.at(utc);
    Ok(Ref::small(offset << 1 | i64::from(is_dst)))
}

fn zone_default_rules<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    Ok(call.heap.new_string(&zone::default_rules())?)
}
