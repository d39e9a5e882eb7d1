//! Tests kernels in which the host's thread runs the turns, mirrors, and drivers of idle workers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use lucarne_kernel::{
    About, Context, CreditWatch, Driven, Driver, Gid, Hooks, Kernel, KernelOptions, MessageKind, Outcome,
    Pid, Processed, SpawnOptions,
};
use lucarne_message::{Payload, Value};

const ELSEWHERE: Pid = Pid::from_i64(77);

/// Reports the messages that it gets.
fn reporter(heard: mpsc::Sender<(Pid, Gid, MessageKind)>) -> impl FnMut(&mut Context<'_>) -> Outcome + Send {
    move |context| {
        while let Some(message) = context.receive() {
            let _ = heard.send((message.pid, message.gid, message.kind));
        }
        Outcome::Wait { until_us: None }
    }
}

fn run_all(kernel: &Driven) {
    while kernel.run() {}
}

fn quiet() -> Driven {
    Driven::new(Hooks::default(), Box::new(|| {}))
}

#[test]
fn a_program_has_the_names_that_it_was_given() {
    let kernel = quiet();
    let (pid, gid) = (Pid::from_i64(123), Gid::from_i64(45));
    let start = || {
        kernel.handle().start_as(
            pid,
            gid,
            Box::new(|_: &mut Context<'_>| Outcome::Wait { until_us: None }),
            SpawnOptions::default(),
        )
    };
    let program = start().expect("the pid is free");
    assert_eq!((program.first(), program.gid()), (pid, gid));
    assert!(start().is_none());
    program.stop(3);
    run_all(&kernel);
    assert_eq!(program.code(), Some(3));
    kernel.handle().wait_for_programs();
}

#[test]
fn sending_to_a_mirror_runs_it_at_once() {
    let kernel = quiet();
    let (heard, hearing) = mpsc::channel();
    kernel.handle().set_mirrors(Box::new(move |pid| {
        (pid == ELSEWHERE).then(|| Box::new(reporter(heard.clone())) as Box<dyn lucarne_kernel::Process>)
    }));
    let program = kernel
        .handle()
        .start(Box::new(|_: &mut Context<'_>| Outcome::Wait { until_us: None }), SpawnOptions::default());
    let port = kernel.handle().port(program.first()).expect("the process is running");
    port.request(ELSEWHERE, 1, Payload::null()).expect("there is a mirror");
    let (pid, _, kind) = hearing.try_recv().expect("before the sender goes on");
    assert_eq!(pid, program.first());
    assert!(matches!(kind, MessageKind::Request { procedure: 1, .. }));
    assert!(port.request(Pid::from_i64(78), 1, Payload::null()).is_err());
}

#[test]
fn messages_of_a_mirror_have_its_stamp() {
    let kernel = quiet();
    kernel
        .handle()
        .set_mirrors(Box::new(|_| Some(Box::new(|_: &mut Context<'_>| Outcome::Wait { until_us: None }))));
    let (heard, hearing) = mpsc::channel();
    let program = kernel.handle().start(Box::new(reporter(heard)), SpawnOptions::default());
    let mirror = kernel.handle().mirror(ELSEWHERE, Gid::from_i64(9)).expect("made on demand");
    mirror.request(program.first(), 1, Payload::null()).expect("a mirror may");
    mirror.cut_off(program.first(), 4, 5);
    run_all(&kernel);
    let (pid, gid, kind) = hearing.try_recv().expect("a request");
    assert_eq!((pid, gid), (ELSEWHERE, Gid::from_i64(9)));
    assert!(matches!(kind, MessageKind::Request { .. }));
    assert!(matches!(hearing.try_recv(), Ok((_, _, MessageKind::SlowConsumer { client: 4, handle: 5 }))));
}

#[test]
fn watchers_are_told_of_the_end_of_a_mirror() {
    for is_out_of_reach in [false, true] {
        let kernel = quiet();
        kernel.handle().set_mirrors(Box::new(|_| {
            Some(Box::new(|_: &mut Context<'_>| Outcome::Wait { until_us: None }))
        }));
        let (heard, hearing) = mpsc::channel();
        let program = kernel.handle().start(Box::new(reporter(heard)), SpawnOptions::default());
        kernel.handle().port(program.first()).expect("the process is running").watch(ELSEWHERE);
        match is_out_of_reach {
            true => kernel.handle().lose(ELSEWHERE),
            false => kernel.handle().kill(ELSEWHERE),
        }
        run_all(&kernel);
        let told = hearing.try_recv();
        assert!(
            matches!(told, Ok((ELSEWHERE, _, MessageKind::ProcessTerminated { is_lost })) if is_lost == is_out_of_reach),
        );
    }
}

#[derive(Default)]
struct Tally(Mutex<Vec<Processed>>);

impl CreditWatch for Tally {
    fn processed(&self, done: Processed) {
        self.0.lock().unwrap().push(done);
    }
}

#[test]
fn a_watched_notification_reports_when_it_is_dealt_with() {
    let kernel = quiet();
    let (heard, hearing) = mpsc::channel();
    let program = kernel.handle().start(Box::new(reporter(heard)), SpawnOptions::default());
    let sender = kernel.handle().start_system(
        Box::new(|_: &mut Context<'_>| Outcome::Wait { until_us: None }),
        SpawnOptions::default(),
    );
    let tally = Arc::new(Tally::default());
    let port = kernel.handle().port(sender).expect("the process is running");
    let about = About::Resource { client: 4, handle: 5 };
    port.notify_watched(program.first(), about, Payload::null(), tally.clone()).expect("there is room");
    run_all(&kernel);
    let kept = hearing.try_recv().expect("the notification");
    assert!(tally.0.lock().unwrap().is_empty());
    drop(kept);
    let done = tally.0.lock().unwrap()[0];
    assert_eq!((done.receiver, done.sender, done.about), (program.first(), sender, about));
}

#[test]
fn the_doorbell_rings_when_other_threads_make_a_process_ready() {
    let rung = Arc::new(AtomicUsize::new(0));
    let bell = rung.clone();
    let doorbell = Box::new(move || {
        bell.fetch_add(1, Ordering::SeqCst);
    });
    let kernel = Driven::new(Hooks::default(), doorbell);
    kernel
        .handle()
        .start(Box::new(|_: &mut Context<'_>| Outcome::Wait { until_us: None }), SpawnOptions::default());
    assert_eq!(rung.load(Ordering::SeqCst), 1);
    assert!(kernel.has_work());
    run_all(&kernel);
    assert!(!kernel.has_work());
}

/// Counts the workers that wait in it.
#[derive(Default)]
struct Seat {
    state: Mutex<SeatState>,
    changed: Condvar,
}

#[derive(Default)]
struct SeatState {
    is_unparked: bool,
    waits: usize,
    now: usize,
    most: usize,
}

impl Driver for Seat {
    fn look(&self) {}

    fn wait(&self, _has_work: &dyn Fn() -> bool, patience: Option<Duration>) {
        let mut state = self.state.lock().unwrap();
        state.waits += 1;
        state.now += 1;
        state.most = state.most.max(state.now);
        if !state.is_unparked {
            let patience = patience.unwrap_or(Duration::from_secs(10));
            state = self.changed.wait_timeout(state, patience).unwrap().0;
        }
        state.is_unparked = false;
        state.now -= 1;
    }

    fn unpark(&self) {
        self.state.lock().unwrap().is_unparked = true;
        self.changed.notify_all();
    }
}

#[test]
fn one_idle_worker_at_a_time_sits_in_the_driver_and_is_woken_for_work() {
    let kernel = Kernel::new(KernelOptions { workers: 3, hooks: Hooks::default() });
    let seat = Arc::new(Seat::default());
    kernel.set_driver(seat.clone());
    for round in 0..200 {
        let (done, finished) = mpsc::channel();
        let process = move |context: &mut Context<'_>| match context.receive().map(|message| message.kind) {
            Some(MessageKind::External { .. }) => {
                let _ = done.send(());
                Outcome::Exit(lucarne_kernel::Exit::Done)
            }
            _ => Outcome::Wait { until_us: None },
        };
        let program = kernel.start(Box::new(process), SpawnOptions::default());
        if round % 2 == 0 {
            std::thread::sleep(Duration::from_micros(200));
        }
        kernel
            .send_external(program.first(), Payload::of(&Value::Int(1)).unwrap())
            .expect("the receiver is running");
        finished.recv_timeout(Duration::from_secs(5)).expect("a worker was woken");
    }
    let state = seat.state.lock().unwrap();
    assert!(state.waits > 0);
    assert_eq!(state.most, 1);
}
