//! Polls for a short time before a thread sleeps.

use lucarne_kernel::sync::OnceLock;
use lucarne_kernel::sync::thread;

/// The number of polls before yielding the processor, on a machine with more than one: about 100 ns.
const LOOKS: usize = 16;

/// Polls for a moment, and then yields the processor, which the sender may need. Returns early once `is_ready` returns
/// true.
pub(crate) fn wait_a_moment(is_ready: impl Fn() -> bool) {
    static HAS_OTHERS: OnceLock<bool> = OnceLock::new();
    if *HAS_OTHERS.get_or_init(|| thread::available_parallelism().is_ok_and(|count| count.get() > 1)) {
        for _ in 0..LOOKS {
            if is_ready() {
                return;
            }
            std::hint::spin_loop();
        }
    }
    thread::yield_now();
}
