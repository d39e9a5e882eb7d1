//! Tests how processes and programs end, and which processes are notified of it.

mod common;

use std::sync::{Arc, Mutex};

use common::{Log, WAIT, act_and_log, as_int, deaf, int, named, shown, spawn};
use lucarne_kernel::{
    Context, Exit, Hooks, Kernel, KernelOptions, MessageKind, Outcome, Pid, RequestToken, RunningProgram,
    Simulation,
};

const STEPS: u64 = 10_000;

fn exit(exit: Exit) -> impl FnMut(&mut Context<'_>) -> Outcome + Send {
    move |_| Outcome::Exit(exit.clone())
}

/// Returns the code of a program whose first process is `first`.
fn code_of(first: impl FnMut(&mut Context<'_>) -> Outcome + Send + 'static) -> Option<i32> {
    let mut simulation = Simulation::new(1);
    let program = simulation.handle().start(Box::new(first), named("first"));
    simulation.run_until_quiet(STEPS);
    program.code()
}

/// Returns a process that spawns `others` in its first turn, and returns `end` as the outcome of that turn.
fn starts(
    others: Vec<Box<dyn lucarne_kernel::Process>>,
    end: Outcome,
) -> impl FnMut(&mut Context<'_>) -> Outcome + Send {
    let (mut others, mut end) = (Some(others), Some(end));
    move |context| {
        for other in others.take().into_iter().flatten() {
            context.spawn(other, named("other")).unwrap();
        }
        while context.receive().is_some() {}
        end.take().unwrap_or(WAIT)
    }
}

#[test]
fn a_program_ends_with_its_last_process() {
    assert_eq!(code_of(exit(Exit::Done)), Some(0));
    assert_eq!(code_of(starts(vec![Box::new(deaf)], Outcome::Exit(Exit::Done))), None);
    assert_eq!(code_of(starts(vec![Box::new(exit(Exit::Done))], Outcome::Exit(Exit::Done))), Some(0));
}

#[test]
fn a_failure_of_the_first_process_stops_all() {
    assert_eq!(code_of(starts(vec![Box::new(deaf)], Outcome::Exit(Exit::failed("oh")))), Some(1));
    assert_eq!(code_of(starts(vec![Box::new(deaf)], Outcome::Exit(Exit::Code(7)))), Some(7));
    assert_eq!(code_of(starts(vec![Box::new(deaf)], Outcome::Exit(Exit::Code(0)))), None);
}

#[test]
fn a_failure_of_a_spawned_process_ends_it_alone() {
    // The first process goes on.
    assert_eq!(code_of(starts(vec![Box::new(exit(Exit::failed("oh")))], WAIT)), None);
    // When it has ended too, the program has failed.
    let failing = || Box::new(exit(Exit::failed("oh")));
    assert_eq!(code_of(starts(vec![failing()], Outcome::Exit(Exit::Done))), Some(1));
    // An exit code of another process replaces the 1 of the failure.
    assert_eq!(code_of(starts(vec![failing(), Box::new(exit(Exit::Code(9)))], WAIT)), Some(9));
}

#[test]
fn a_code_other_than_zero_stops_all_from_anywhere() {
    assert_eq!(code_of(starts(vec![Box::new(exit(Exit::Code(3))), Box::new(deaf)], WAIT)), Some(3));
    let exits = |context: &mut Context<'_>| {
        context.exit_group(4);
        WAIT
    };
    assert_eq!(code_of(starts(vec![Box::new(exits), Box::new(deaf)], WAIT)), Some(4));
}

#[test]
fn a_panic_ends_its_process_alone_and_says_why() {
    std::panic::set_hook(Box::new(|_| {}));
    let log = Log::default();
    let inner = log.clone();
    let hooks = Hooks {
        on_end: Some(Box::new(move |report| inner.add(format!("{}: {:?}", report.name, report.exit)))),
        ..Hooks::default()
    };
    let mut simulation = Simulation::with_hooks(1, hooks);
    let panics = |_: &mut Context<'_>| -> Outcome { panic!("out of cheese: {}", 42) };
    let program = simulation.handle().start(Box::new(starts(vec![Box::new(panics)], WAIT)), named("first"));
    simulation.run_until_quiet(STEPS);
    assert_eq!(program.code(), None);
    assert_eq!(log.lines(), ["other: Panicked { message: \"out of cheese: 42\" }"]);
}

#[test]
fn requests_to_ended_processes_are_answered() {
    // One request was read and its token is kept, one waits in the mailbox, one comes too late.
    let log = Log::default();
    let inner = log.clone();
    let mut simulation = Simulation::new(5);
    let mut provider: Option<Pid> = None;
    let mut late = false;
    let asker = move |context: &mut Context<'_>| {
        let to = *provider.get_or_insert_with(|| {
            let mut kept: Vec<RequestToken> = Vec::new();
            let pid = spawn(context, move |context: &mut Context<'_>| {
                if let Some(message) = context.receive()
                    && let MessageKind::Request { token, .. } = message.kind
                {
                    kept.push(token);
                    return Outcome::Exit(Exit::failed("oh"));
                }
                WAIT
            });
            context.request(pid, 1, int(1)).unwrap();
            context.request(pid, 2, int(2)).unwrap();
            context.watch(pid);
            pid
        });
        while let Some(message) = context.receive() {
            assert_eq!(message.pid, to);
            inner.add(shown(message));
        }
        if inner.lines().len() == 3 && !late {
            late = true;
            inner.add(context.request(to, 3, int(3)).unwrap_err().to_string());
        }
        WAIT
    };
    simulation.handle().start(Box::new(asker), named("asker"));
    simulation.run_until_quiet(STEPS);
    assert_eq!(
        log.lines(),
        ["failure NO_SUCH_PROCESS", "failure NO_SUCH_PROCESS", "terminated", "NO_SUCH_PROCESS"]
    );
}

#[test]
fn watchers_are_told_once_and_of_earlier_ends_too() {
    let log = Log::default();
    let mut simulation = Simulation::new(1);
    let watcher = act_and_log(&log, |context| {
        let other = spawn(context, exit(Exit::Done));
        context.watch(other);
        context.watch(other);
        context.watch(Pid::from_i64(4_711));
    });
    simulation.handle().start(watcher, named("watcher"));
    simulation.run_until_quiet(STEPS);
    assert_eq!(log.lines(), ["terminated", "terminated"]);
}

#[test]
fn the_system_process_is_told_of_each_death() {
    let log = Log::default();
    let mut simulation = Simulation::new(1);
    let manager = simulation.handle().start_system(act_and_log(&log, |_| {}), named("manager"));
    simulation.handle().set_system_process(manager);
    for _ in 0..3 {
        simulation.handle().start(Box::new(exit(Exit::Done)), named("short"));
    }
    simulation.run_until_quiet(STEPS);
    assert_eq!(log.lines(), ["terminated"; 3]);
}

#[test]
fn senders_that_wait_for_room_are_told_of_the_end() {
    let log = Log::default();
    let inner = log.clone();
    let mut simulation = Simulation::new(1);
    let mut receiver: Option<Pid> = None;
    let sender = move |context: &mut Context<'_>| {
        let Some(to) = receiver else {
            let to = spawn(context, deaf);
            while context.notify(to, 1, 1, int(1)).is_ok() {}
            context.kill(to).unwrap();
            receiver = Some(to);
            return WAIT;
        };
        while let Some(message) = context.receive() {
            inner.add(shown(message));
            inner.add(context.notify(to, 1, 1, int(1)).unwrap_err().to_string());
        }
        WAIT
    };
    simulation.handle().start(Box::new(sender), named("sender"));
    simulation.run_until_quiet(STEPS);
    assert_eq!(log.lines(), ["room 1 1", "NO_SUCH_PROCESS"]);
}

#[test]
fn the_answer_to_a_canceled_request_is_dropped() {
    let log = Log::default();
    let provider_log = log.clone();
    let mut simulation = Simulation::new(1);
    let asker = act_and_log(&log, move |context| {
        let mut tokens = Vec::new();
        let provider = spawn(context, move |context: &mut Context<'_>| {
            while let Some(message) = context.receive() {
                match message.kind {
                    MessageKind::Request { token, .. } => tokens.push(token),
                    MessageKind::Cancel { id } => {
                        provider_log.add("canceled");
                        let index = tokens.iter().position(|token: &RequestToken| token.id() == id).unwrap();
                        context.reply(tokens.swap_remove(index), Ok(int(1)));
                    }
                    _ => unreachable!(),
                }
            }
            WAIT
        });
        let id = context.request(provider, 1, int(1)).unwrap();
        context.cancel(id);
        context.cancel(id);
    });
    simulation.handle().start(asker, named("asker"));
    simulation.run_until_quiet(STEPS);
    assert_eq!(log.lines(), ["canceled"]);
}

#[test]
fn a_process_that_computes_can_be_stopped_from_outside() {
    let kernel = Kernel::new(KernelOptions { workers: 2, hooks: Hooks::default() });
    let (started, has_started) = std::sync::mpsc::channel();
    let busy = move |context: &mut Context<'_>| {
        started.send(()).unwrap();
        while !context.should_yield() {
            std::hint::spin_loop();
        }
        Outcome::Ready
    };
    let program = kernel.start(Box::new(busy), named("busy"));
    has_started.recv().unwrap();
    program.stop(130);
    assert_eq!(program.wait(), 130);
    kernel.wait_for_programs();
}

#[test]
fn dropping_a_kernel_ends_its_processes() {
    struct Tells(Arc<Mutex<u32>>);
    impl Drop for Tells {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    let dropped = Arc::new(Mutex::new(0));
    let kernel = Kernel::new(KernelOptions { workers: 2, hooks: Hooks::default() });
    let programs: Vec<RunningProgram> = (0..10)
        .map(|_| {
            let tells = Tells(dropped.clone());
            let waits = move |_: &mut Context<'_>| {
                let _ = &tells;
                WAIT
            };
            kernel.start(Box::new(waits), named("waits"))
        })
        .collect();
    drop(kernel);
    assert_eq!(*dropped.lock().unwrap(), 10);
    assert!(programs.iter().all(|program| program.code() == Some(0)));
}

#[test]
fn end_callbacks_run_once() {
    let kernel = Kernel::new(KernelOptions { workers: 2, hooks: Hooks::default() });
    let program = kernel.start(Box::new(deaf), named("deaf"));
    let (told, codes) = std::sync::mpsc::channel();
    for _ in 0..2 {
        let told = told.clone();
        program.when_ended(move |code| told.send(code).unwrap());
    }
    assert!(codes.try_recv().is_err());
    program.stop(7);
    assert_eq!([codes.recv(), codes.recv()], [Ok(7); 2]);
    // The program has ended, so this is called at once.
    program.when_ended(move |code| told.send(code + 1).unwrap());
    assert_eq!(codes.recv(), Ok(8));
    assert!(codes.recv().is_err());
}

#[test]
fn a_program_that_is_started_too_late_ends_at_once() {
    let kernel = Kernel::new(KernelOptions { workers: 1, hooks: Hooks::default() });
    let handle = kernel.handle().clone();
    drop(kernel);
    assert_eq!(handle.start(Box::new(deaf), named("late")).wait(), 0);
    handle.wait_for_programs();
}

#[test]
fn a_process_that_is_spawned_while_its_program_stops_ends_at_once() {
    let mut simulation = Simulation::new(1);
    let handle = simulation.handle().clone();
    let program: Arc<Mutex<Option<RunningProgram>>> = Arc::default();
    let spawned: Arc<Mutex<Option<Pid>>> = Arc::default();
    let spawns = {
        let (handle, program, spawned) = (handle.clone(), program.clone(), spawned.clone());
        move |context: &mut Context<'_>| {
            program.lock().unwrap().as_ref().unwrap().stop(3);
            let pid = context.spawn(Box::new(deaf), named("late")).unwrap();
            assert!(!handle.is_alive(pid));
            *spawned.lock().unwrap() = Some(pid);
            WAIT
        }
    };
    *program.lock().unwrap() = Some(handle.start(Box::new(spawns), named("spawns")));
    let program = program.lock().unwrap().clone().unwrap();
    simulation.run_until(STEPS, || program.code().is_some());
    assert!(spawned.lock().unwrap().is_some());
    assert_eq!((program.code(), handle.process_count()), (Some(3), 0));
}

/// On real threads: providers are killed at any moment, and no caller waits forever.
#[test]
fn no_answer_is_lost_when_providers_die_on_other_workers() {
    const ASKERS: usize = 6;
    const REQUESTS: usize = 200;
    let kernel = Kernel::new(KernelOptions { workers: 3, hooks: Hooks::default() });
    for round in 0..60 {
        let provider = kernel.start_system(Box::new(common::echo), named("provider"));
        let asker = || {
            let (mut left, mut open) = (REQUESTS, 0);
            move |context: &mut Context<'_>| {
                while context.receive().is_some() {
                    open -= 1;
                }
                for _ in 0..left.min(7) {
                    left -= 1;
                    open += usize::from(context.request(provider, 1, int(1)).is_ok());
                }
                match (left, open) {
                    (0, 0) => Outcome::Exit(Exit::Done),
                    (0, _) => WAIT,
                    _ => Outcome::Ready,
                }
            }
        };
        let programs: Vec<_> = (0..ASKERS).map(|_| kernel.start(Box::new(asker()), named("asker"))).collect();
        for _ in 0..round * 200 {
            std::hint::spin_loop();
        }
        kernel.kill(provider);
        assert!(programs.iter().all(|program| program.wait() == 0));
    }
}

#[test]
fn a_reply_to_oneself_works_too() {
    let mut simulation = Simulation::new(1);
    let log = Log::default();
    let inner = log.clone();
    let mut begun = false;
    let lonely = move |context: &mut Context<'_>| {
        if !begun {
            begun = true;
            context.request(context.pid(), 1, int(5)).unwrap();
        }
        while let Some(message) = context.receive() {
            match message.kind {
                MessageKind::Request { token, payload, .. } => context.reply(token, Ok(payload)),
                MessageKind::Reply { result, .. } => inner.add(as_int(result.unwrap()).to_string()),
                _ => unreachable!(),
            }
        }
        WAIT
    };
    simulation.handle().start(Box::new(lonely), named("lonely"));
    simulation.run_until_quiet(STEPS);
    assert_eq!(log.lines(), ["5"]);
}
