//! The invariants that must hold after each event of a device.

use std::collections::BTreeMap;

use super::LIMITS;
use crate::life::{BACK_OFF_FIRST_US, BACK_OFF_MAX_US, Phase, SOUND_RUN_US};
use crate::logs::{Logs, MemoryFiles};
use crate::residents::Residents;
use crate::supervisor::Supervisor;
use crate::{ContainerName, Restart};

/// Follows the restarts of all containers.
#[derive(Default)]
pub(super) struct Checks {
    followed: BTreeMap<ContainerName, Followed>,
}

/// The state of a container at the last check.
#[derive(Default)]
struct Followed {
    starts: u32,
    ends: u64,
    /// The start of the present run, or of the last one.
    started_us: i64,
    /// The restarts in a row that its policy has caused.
    repeats: u32,
}

/// The last event of the device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    Event,
    /// A command that may have changed the restart policy of a container.
    Policy,
    Tick,
}

impl Checks {
    /// Checks everything that holds at all times.
    pub(super) fn check(
        &mut self,
        supervisor: &Supervisor,
        residents: &Residents,
        happened: Happened,
        concerns: Option<&ContainerName>,
    ) {
        let now_us = supervisor.now_us();
        self.followed.retain(|name, _| supervisor.slots.contains_key(name));
        for (name, slot) in &supervisor.slots {
            let phase = slot.life.phase();
            let is_alive = matches!(phase, Phase::Running { .. } | Phase::Stopping { .. });
            assert_eq!(is_alive, slot.running.is_some(), "'{name}' is {phase:?}");
            let groups = residents.groups_of(name);
            assert!(groups <= usize::from(is_alive), "'{name}' is {phase:?} and has {groups} groups");
            assert!(
                is_alive || slot.ending.is_empty(),
                "a command waits for the end of '{name}', which has ended"
            );

            let followed = self.followed.entry(name.clone()).or_default();
            let has_started = slot.starts > followed.starts;
            let has_ended = slot.ends > followed.ends;
            if happened == Happened::Policy && concerns == Some(name)
                || has_started && happened != Happened::Tick
            {
                followed.repeats = 0;
            }
            // A run that could not begin has started and ended at once.
            let ran_us = if has_started { 0 } else { now_us - followed.started_us };
            if has_started {
                followed.started_us = now_us;
            }
            (followed.starts, followed.ends) = (slot.starts, slot.ends);
            if let (true, Phase::Waiting { until_us, code }) = (has_ended, phase) {
                let settings = &slot.settings;
                let is_repeated = match settings.restart {
                    Restart::Never => false,
                    Restart::OnFailure => code != 0,
                    Restart::Always => true,
                };
                assert!(is_repeated || settings.interval_us.is_some(), "'{name}' is not to start again");
                if ran_us >= SOUND_RUN_US {
                    followed.repeats = 0;
                }
                let back_off_us = (BACK_OFF_FIRST_US << followed.repeats.min(16)).min(BACK_OFF_MAX_US);
                if is_repeated {
                    followed.repeats += 1;
                }
                match settings.interval_us {
                    None => assert_eq!(until_us - now_us, back_off_us, "the back-off of '{name}'"),
                    Some(interval_us) => {
                        let regular_us = (followed.started_us + interval_us).max(now_us);
                        let repeated_us = if is_repeated { now_us + back_off_us } else { i64::MAX };
                        assert_eq!(until_us, regular_us.min(repeated_us), "the interval of '{name}'");
                    }
                }
            }
        }
    }

    /// Checks that the logs stay within their limits, and report their true size.
    pub(super) fn check_logs(logs: &Logs, files: &MemoryFiles) {
        logs.write_waiting();
        let mut all_bytes = 0;
        for name in logs.names() {
            let bytes = files.bytes_of(name.as_str());
            all_bytes += bytes;
            assert!(
                bytes <= LIMITS.container_bytes + LINE_BYTES_MAX,
                "the log of '{name}' has {bytes} bytes"
            );
        }
        assert_eq!(logs.bytes(), all_bytes);
        assert!(all_bytes <= LIMITS.device_bytes + LINE_BYTES_MAX, "all logs have {all_bytes} bytes");
    }
}

/// The longest line of a log, encoded: text is cut at 16 KiB.
const LINE_BYTES_MAX: u64 = 20 << 10;
