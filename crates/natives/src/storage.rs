//! Operations on open regions of the storage. A region is the state of an object; the effect `storage.find-region`
//! creates this object.

use std::sync::Arc;

use super::{Call, Failure, Row};
use lucarne_heap::Ref;
use lucarne_ports::regions::{Region, RegionFault};

pub(super) const TABLE: &[Row] =
    &[("read", 3, read), ("write", 3, write), ("is-erased", 3, is_erased), ("erase", 3, erase)];

/// The state that the natives work on.
pub type OpenedRegion = Arc<dyn Region>;

impl From<RegionFault> for Failure {
    fn from(fault: RegionFault) -> Failure {
        Failure::Message(fault.0)
    }
}

/// `region from bytes`: fills the bytes.
fn read<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (from, size) = (call.int(1)?, call.bytes(2)?.len());
    call.charge_bytes(size);
    with_region(call, |call, region| Ok(region.read(from, call.bytes_mut(2)?)?))?;
    Ok(Ref::NULL)
}

/// `region at data`.
fn write<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (at, size) = (call.int(1)?, call.data(2)?.len());
    call.charge_bytes(size);
    with_region(call, |call, region| {
        before_change(call, region);
        Ok(region.write(at, call.data(2)?)?)
    })?;
    Ok(Ref::NULL)
}

/// `region from size` -> whether all bits are set.
fn is_erased<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (from, size) = (call.int(1)?, call.int(2)?);
    let is_erased = with_region(call, |call, region| {
        charge_range(call, region, size);
        Ok(region.is_erased(from, size)?)
    })?;
    Ok(Ref::bool(is_erased))
}

/// `region from size`: sets all bits.
fn erase<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (from, size) = (call.int(1)?, call.int(2)?);
    with_region(call, |call, region| {
        charge_range(call, region, size);
        before_change(call, region);
        Ok(region.erase(from, size)?)
    })?;
    Ok(Ref::NULL)
}

fn with_region<R>(
    call: &mut Call<'_>,
    work: impl FnOnce(&mut Call<'_>, &dyn Region) -> Result<R, Failure>,
) -> Result<R, Failure> {
    call.with_state(0, |call, region: &mut OpenedRegion| work(call, &**region))
}

/// Charges for reading a range. The program gives the size, so it is limited to the size of the region.
fn charge_range(call: &mut Call<'_>, region: &dyn Region, size: i64) {
    let size = u64::try_from(size).unwrap_or(0).min(region.size());
    call.charge_bytes(size as usize);
}

/// Lets other processes go on while a change waits for the disk.
fn before_change(call: &Call<'_>, region: &dyn Region) {
    if region.waits() {
        call.before_waiting();
    }
}
