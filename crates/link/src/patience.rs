//! Looking around before going to sleep.

use std::sync::OnceLock;
use std::time::Duration;

use lucarne_kernel::sync::thread;

/// How long to look around before sleeping: to be woken takes about as long.
pub(crate) const PATIENCE: Duration = Duration::from_micros(20);

/// How often to look, where there is another processor, before others may have this one: some 100 ns.
const LOOKS: usize = 16;

/// Waits a moment, and lets others have the processor: whoever is to send something may need this very one.
pub(crate) fn wait_a_moment(is_ready: impl Fn() -> bool) {
    static HAS_OTHERS: OnceLock<bool> = OnceLock::new();
    if *HAS_OTHERS.get_or_init(|| std::thread::available_parallelism().is_ok_and(|count| count.get() > 1)) {
        for _ in 0..LOOKS {
            if is_ready() {
                return;
            }
            std::hint::spin_loop();
        }
    }
    thread::yield_now();
}
