//! The properties of the machine that natives read: time zone, zone files, name, and trusted certificates.

use std::path::{Component, Path};
use std::sync::Arc;

use crate::certificates;
use crate::shared::Shared;

const ZONE_FILES: &str = "/usr/share/zoneinfo";
const LOCAL_ZONE_FILE: &str = "/etc/localtime";
const HOST_NAME_FILE: &str = "/proc/sys/kernel/hostname";
/// The largest size of a zone file, in bytes. Actual files have at most a few kilobytes.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// Tells natives the properties of the machine. Programs in a simulation get the same answers each time.
pub trait Environment: Send + Sync {
    /// Returns the value of the variable `TZ`, if it is set: rules in POSIX form, or the name of a zone file.
    fn time_zone(&self) -> Option<String>;

    /// Returns the zone file that applies if `TZ` is not set.
    fn local_zone_file(&self) -> Option<Vec<u8>>;

    /// Returns the zone file with a name like `Europe/Berlin`, or none if it does not exist or the name leads out of
    /// the folder of zone files.
    fn zone_file(&self, name: &str) -> Option<Vec<u8>>;

    /// Returns the name of the machine in its network, if it has one.
    fn host_name(&self) -> Option<String>;

    /// Returns the certificates that the machine trusts, in the form PEM. Returns an empty text if there are none.
    fn trusted_certificates(&self) -> Vec<u8>;

    /// Returns the values that the natives of all programs share.
    fn shared(&self) -> &Shared;

    /// Returns whether the steps of programs have to follow from a seed.
    fn is_simulated(&self) -> bool;
}

/// The values that programs on the real machine share.
static SHARED: Shared = Shared::new();

/// The machine that this process runs on.
#[derive(Clone, Copy, Default, Debug)]
pub struct MachineEnvironment;

impl Environment for MachineEnvironment {
    fn time_zone(&self) -> Option<String> {
        std::env::var("TZ").ok()
    }

    fn local_zone_file(&self) -> Option<Vec<u8>> {
        read(Path::new(LOCAL_ZONE_FILE))
    }

    fn zone_file(&self, name: &str) -> Option<Vec<u8>> {
        let name = Path::new(name);
        // A name must not lead out of the folder.
        let is_inside = name.components().all(|part| matches!(part, Component::Normal(_)));
        if is_inside { read(&Path::new(ZONE_FILES).join(name)) } else { None }
    }

    fn host_name(&self) -> Option<String> {
        let name = std::fs::read_to_string(HOST_NAME_FILE).ok()?;
        Some(name.trim_end().to_owned())
    }

    fn trusted_certificates(&self) -> Vec<u8> {
        certificates::trusted()
    }

    fn shared(&self) -> &Shared {
        &SHARED
    }

    fn is_simulated(&self) -> bool {
        false
    }
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let size = std::fs::metadata(path).ok()?.len();
    if size > FILE_BYTES_MAX { None } else { std::fs::read(path).ok() }
}

/// A machine without properties of its own, for simulations: UTC, no zone files, a fixed name, and no trusted
/// certificates.
#[derive(Clone, Debug)]
pub struct FixedEnvironment {
    /// The name of the machine.
    pub host_name: String,
    /// The values that its programs share.
    pub shared: Arc<Shared>,
}

impl Default for FixedEnvironment {
    fn default() -> Self {
        FixedEnvironment { host_name: "simulated".to_owned(), shared: Arc::default() }
    }
}

impl Environment for FixedEnvironment {
    fn time_zone(&self) -> Option<String> {
        Some("UTC0".to_owned())
    }

    fn local_zone_file(&self) -> Option<Vec<u8>> {
        None
    }

    fn zone_file(&self, _name: &str) -> Option<Vec<u8>> {
        None
    }

    fn host_name(&self) -> Option<String> {
        Some(self.host_name.clone())
    }

    fn trusted_certificates(&self) -> Vec<u8> {
        Vec::new()
    }

    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn is_simulated(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_names_lead_to_zone_files_only() {
        for name in ["Atlantis/Poseidonis", "../../../etc/passwd", "/etc/localtime", "."] {
            assert_eq!(MachineEnvironment.zone_file(name), None);
        }
    }

    #[test]
    fn fixed_environment_has_no_zones() {
        let environment = FixedEnvironment::default();
        assert_eq!(environment.time_zone().as_deref(), Some("UTC0"));
        assert_eq!(environment.zone_file("Europe/Berlin"), None);
        assert_eq!(environment.local_zone_file(), None);
        assert_eq!(environment.host_name().as_deref(), Some("simulated"));
        assert!(environment.trusted_certificates().is_empty());
    }
}
