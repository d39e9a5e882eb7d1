//! The work of a remote container: done by one thread at a time, the one in the *seat*.
//!
//! The kernel of a remote container has no workers. A thread that waits on the container takes the seat if it is
//! free: it runs turns, takes frames, and sleeps on the wire when there is no work. So the work for a caller is done
//! in its own thread, and a call needs no switch to another. A dedicated thread, the *executor*, takes the seat when
//! no caller does.
//!
//! # Wakeups
//!
//! The executor sleeps outside of the seat, on the first bell; a caller sleeps in the seat, on the second. The wire
//! is told which bell to ring, and [`WakeTarget`] says which thread to nudge. A thread that leaves the seat wakes the
//! next waiting caller. If there is none, it points both to the executor, and then checks for work once more, all under
//! the lock of the seat. A thread that falls asleep in the seat announces that, and then checks for work once more. So
//! no event is missed (the pattern of `idle` in the kernel).

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use lucarne_kernel::clock::{Clock, PATIENCE_US};
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicBool, AtomicU8, Ordering, fence};
use lucarne_kernel::sync::thread::{self, Thread, ThreadId};
use lucarne_kernel::{Driven, KernelHandle};
use lucarne_services::Turns;

use crate::link::Link;
use crate::mirrors::Mirrors;
use crate::patience;
use crate::poller::{Poller, Ready};
use crate::wire::{BELLS, LocalWire};

/// The maximum number of chains of turns that run before the next check of the wire.
const TURNS_MAX: usize = 16;

/// The time for which the last frames may wait for room when the container has ended, in microseconds.
const DRAIN_US: i64 = 1_000_000;

/// The poller, and the bell, of the executor.
const EXECUTOR: usize = 0;
/// The poller, and the bell, of a caller in the seat.
const CALLER: usize = 1;

/// A remote container's kernel, its end of the connection, and the seat.
pub(crate) struct Remote {
    kernel: Driven,
    mirrors: Mirrors,
    /// The wire of the link, to sleep on.
    wire: Arc<dyn LocalWire>,
    wake_target: Arc<WakeTarget>,
    seat: Mutex<Seat>,
    /// Whether a caller waits for the seat: the executor then leaves it.
    is_wanted: AtomicBool,
    /// Whether the OS process of the listener has ended.
    is_listener_gone: AtomicBool,
}

#[derive(Default)]
struct Seat {
    holder: Option<ThreadId>,
    queue: VecDeque<Arc<Caller>>,
    /// The time at which the executor wakes by itself.
    executor_until_us: Option<i64>,
}

/// The thread to nudge when there is work.
pub(crate) struct WakeTarget {
    /// The poller of the sleeping thread, or [`AWAKE`].
    asleep: AtomicU8,
    pollers: [Poller; BELLS],
    /// Whether the container has ended.
    is_over: AtomicBool,
}

/// The thread in the seat is awake and checks by itself.
const AWAKE: u8 = BELLS as u8;

/// A thread that waits for a future.
struct Caller {
    thread: Thread,
    is_woken: AtomicBool,
    is_in_seat: AtomicBool,
    /// Whether the seat was passed on to this caller.
    is_next: AtomicBool,
    wake_target: Arc<WakeTarget>,
}

impl WakeTarget {
    pub(crate) fn new(wire: &dyn LocalWire) -> std::io::Result<Arc<WakeTarget>> {
        let poller = |bell| Poller::new(wire.descriptors(), bell);
        let pollers = [poller(EXECUTOR)?, poller(CALLER)?];
        Ok(Arc::new(WakeTarget {
            asleep: AtomicU8::new(EXECUTOR as u8),
            pollers,
            is_over: AtomicBool::new(false),
        }))
    }

    /// Announces work.
    pub(crate) fn nudge(&self) {
        // Pairs with the fence in `fall_asleep`.
        fence(Ordering::SeqCst);
        let asleep = self.asleep.load(Ordering::Relaxed);
        if asleep != AWAKE {
            // Once is enough: the woken thread checks everything.
            let _ = self.asleep.compare_exchange(asleep, AWAKE, Ordering::Relaxed, Ordering::Relaxed);
            self.pollers[usize::from(asleep)].nudge();
        }
    }

    /// Announces that the container has ended, and all its work with it.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.pollers[EXECUTOR].nudge();
    }

    fn fall_asleep(&self, poller: usize) {
        self.asleep.store(poller as u8, Ordering::Relaxed);
        // Pairs with the fence in `nudge`.
        fence(Ordering::SeqCst);
    }

    fn wake_up(&self) {
        self.asleep.store(AWAKE, Ordering::Relaxed);
    }
}

impl Remote {
    pub(crate) fn new(
        kernel: Driven,
        mirrors: Mirrors,
        wire: Arc<dyn LocalWire>,
        wake_target: Arc<WakeTarget>,
    ) -> Remote {
        Remote {
            kernel,
            mirrors,
            wire,
            wake_target,
            seat: Mutex::default(),
            is_wanted: AtomicBool::new(false),
            is_listener_gone: AtomicBool::new(false),
        }
    }

    pub(crate) fn kernel(&self) -> &KernelHandle {
        self.kernel.handle()
    }

    fn link(&self) -> &Link {
        &self.mirrors.exchange().link
    }

    // -- The seat -----------------------------------------------------------------------------

    /// Takes the seat. If another thread has it, queues the caller for it, and returns false.
    fn take_seat(&self, caller: &Arc<Caller>) -> bool {
        let mut seat = self.seat.lock();
        caller.is_next.store(false, Ordering::Relaxed);
        if seat.holder.is_some() {
            if !seat.queue.iter().any(|other| Arc::ptr_eq(other, caller)) {
                seat.queue.push_back(caller.clone());
            }
            self.is_wanted.store(true, Ordering::Relaxed);
            return false;
        }
        seat.queue.retain(|other| !Arc::ptr_eq(other, caller));
        self.is_wanted.store(!seat.queue.is_empty(), Ordering::Relaxed);
        seat.holder = Some(caller.thread.id());
        self.wake_target.wake_up();
        self.wire.announce_awake();
        true
    }

    /// Leaves the seat to the next waiting caller, or to the executor. `leaving` is [`EXECUTOR`] or [`CALLER`]. Returns
    /// false if there is more work for the executor, which must then not sleep.
    fn leave_seat(&self, leaving: usize) -> bool {
        let mut seat = self.seat.lock();
        seat.holder = None;
        if let Some(next) = seat.queue.pop_front() {
            self.is_wanted.store(!seat.queue.is_empty(), Ordering::Relaxed);
            drop(seat);
            next.pass_on_to();
            return true;
        }
        let next_timer_us = self.kernel.next_timer_us();
        if leaving == EXECUTOR {
            seat.executor_until_us = next_timer_us;
        }
        let is_early = |until_us| seat.executor_until_us.is_none_or(|executor_us| until_us < executor_us);
        let is_due = leaving != EXECUTOR && next_timer_us.is_some_and(is_early);
        self.wake_target.fall_asleep(EXECUTOR);
        let has_more = is_due || self.has_more(EXECUTOR);
        if has_more && leaving != EXECUTOR {
            self.wake_target.nudge();
        }
        !has_more
    }

    /// Returns whether the kernel or the link has work. Tells the wire to ring `bell` from now on before it checks the
    /// link.
    fn has_more(&self, bell: usize) -> bool {
        let link_has_more =
            || !self.mirrors.has_ended() && (self.link().is_over() || self.wire.announce_sleep(bell));
        self.kernel.has_work() || link_has_more()
    }

    /// Removes a finished caller from the queue. If the seat was passed to this caller, passes it on.
    fn leave_queue(&self, caller: &Arc<Caller>) {
        let mut seat = self.seat.lock();
        seat.queue.retain(|other| !Arc::ptr_eq(other, caller));
        self.is_wanted.store(!seat.queue.is_empty(), Ordering::Relaxed);
        let is_lost = caller.is_next.load(Ordering::Relaxed) && seat.holder.is_none();
        if is_lost {
            seat.holder = Some(caller.thread.id());
            drop(seat);
            self.leave_seat(CALLER);
        }
    }

    // -- Work in the seat ---------------------------------------------------------------------

    /// Works until `is_done` returns true. When there was no work for a while, calls `rest`, which may sleep, and ends
    /// if `rest` returns false.
    fn work(&self, is_done: impl Fn() -> bool, rest: impl Fn() -> bool) {
        let clock = Clock::real();
        let mut last_sign_us = 0;
        while !is_done() {
            if self.do_something() {
                last_sign_us = clock.now_us();
            } else if clock.now_us() - last_sign_us < PATIENCE_US {
                patience::wait_a_moment(|| self.wire.is_ready());
            } else if rest() {
                last_sign_us = clock.now_us();
            } else {
                return;
            }
        }
    }

    /// Does one round. Returns false if there was no work.
    fn do_something(&self) -> bool {
        let mut has_done = false;
        if !self.mirrors.has_ended() && (self.wire.is_ready() || self.link().is_over()) {
            match self.mirrors.take_frames() {
                // Flushes even if no frame was read: the rest of a large frame may have been written.
                Ok(has_taken) => {
                    self.link().flush();
                    has_done |= has_taken;
                }
                Err(_) => {
                    self.lose_link();
                    has_done = true;
                }
            }
        }
        // Only a few turns: waiting callers and the wire must be checked too.
        for _ in 0..TURNS_MAX {
            if !self.kernel.run() {
                break;
            }
            has_done = true;
        }
        if has_done {
            self.mirrors.settle(self.kernel().clock().now_us());
        } else if self.is_listener_gone.load(Ordering::Relaxed) && !self.mirrors.has_ended() {
            self.lose_link();
            has_done = true;
        }
        has_done
    }

    /// Sleeps in the seat, unless there is work after all.
    fn sleep(&self, is_done: impl Fn() -> bool) {
        self.wake_target.fall_asleep(CALLER);
        if !is_done() && !self.has_more(CALLER) {
            self.wait(CALLER, self.kernel.next_timer_us());
        }
        self.wake_target.wake_up();
        self.wire.announce_awake();
    }

    fn wait(&self, poller: usize, until_us: Option<i64>) {
        let timeout = until_us.map(|until_us| {
            let left_us = until_us.saturating_sub(self.kernel().clock().now_us());
            Duration::from_micros(u64::try_from(left_us).unwrap_or(0))
        });
        let Ready { bell, socket, process } = self.wake_target.pollers[poller].wait(timeout);
        if bell {
            self.wire.silence(poller);
        }
        if socket {
            self.wire.look_at_socket();
        }
        if process {
            self.is_listener_gone.store(true, Ordering::Relaxed);
        }
    }

    fn lose_link(&self) {
        for (bell, poller) in self.wake_target.pollers.iter().enumerate() {
            poller.deregister(self.wire.descriptors(), bell);
        }
        self.mirrors.end();
    }

    // -- The executor -------------------------------------------------------------------------

    /// Runs the executor thread until the container has ended.
    pub(crate) fn execute(&self) {
        self.execute_until(|| false);
    }

    /// Runs the executor thread until the container or the connection has ended.
    pub(crate) fn execute_while_connected(&self) {
        self.execute_until(|| self.mirrors.has_ended());
    }

    fn execute_until(&self, is_enough: impl Fn() -> bool) {
        let caller = Caller::new(&self.wake_target);
        let is_over = || self.wake_target.is_over.load(Ordering::Acquire) || is_enough();
        while !is_over() {
            if !self.take_seat(&caller) {
                caller.wait(is_over);
                continue;
            }
            self.work(|| is_over() || self.is_wanted.load(Ordering::Relaxed), || false);
            if !self.leave_seat(EXECUTOR) || is_over() {
                continue;
            }
            let until_us = self.seat.lock().executor_until_us;
            self.wait(EXECUTOR, until_us);
        }
        self.leave_queue(&caller);
        self.drain();
    }

    /// Sends the remaining frames, and hangs up.
    fn drain(&self) {
        let link = self.link();
        let clock = Clock::real();
        while link.is_blocked() && !link.is_over() && clock.now_us() < DRAIN_US {
            link.retry();
            link.flush();
            thread::sleep(Duration::from_millis(1));
        }
        link.flush();
        self.lose_link();
    }
}

impl Turns for Remote {
    fn run_until(&self, mut future: Pin<&mut dyn Future<Output = ()>>) {
        let caller = Caller::new(&self.wake_target);
        let waker = Waker::from(caller.clone());
        let mut poll = || future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        let is_woken = || caller.is_woken.load(Ordering::Acquire);
        if poll() {
            return;
        }
        // A future may itself wait for another one: this thread then has the seat already.
        let has_seat_before = self.seat.lock().holder == Some(caller.thread.id());
        let mut has_seat = has_seat_before;
        loop {
            if caller.is_woken.swap(false, Ordering::AcqRel) && poll() {
                break;
            }
            has_seat = has_seat || self.take_seat(&caller);
            if has_seat {
                caller.is_in_seat.store(true, Ordering::Relaxed);
                self.work(is_woken, || {
                    self.sleep(is_woken);
                    true
                });
            } else {
                caller.wait(is_woken);
            }
        }
        if has_seat && !has_seat_before {
            self.leave_seat(CALLER);
        } else if !has_seat {
            self.leave_queue(&caller);
        }
    }
}

impl Caller {
    fn new(wake_target: &Arc<WakeTarget>) -> Arc<Caller> {
        Arc::new(Caller {
            thread: thread::current(),
            is_woken: AtomicBool::new(false),
            is_in_seat: AtomicBool::new(false),
            is_next: AtomicBool::new(false),
            wake_target: wake_target.clone(),
        })
    }

    /// Tells this caller that the seat is free and that its turn has come.
    fn pass_on_to(&self) {
        self.is_next.store(true, Ordering::Release);
        self.thread.unpark();
    }

    /// Waits outside of the seat until `is_woken`, or until the seat is available.
    fn wait(&self, is_woken: impl Fn() -> bool) {
        while !is_woken() && !self.is_next.load(Ordering::Acquire) {
            thread::park();
        }
    }
}

impl Wake for Caller {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        // Pairs with the fence in `fall_asleep`: either the caller in the seat sees `is_woken`, or `nudge` sees that
        // the caller sleeps.
        fence(Ordering::SeqCst);
        if self.is_in_seat.load(Ordering::Relaxed) {
            self.wake_target.nudge();
        } else {
            self.thread.unpark();
        }
    }
}
