//! Permissions to send: each forgery that the kernel forbids.

mod common;

use common::{Known, Log, WAIT, act_and_log, as_int, bytes, deaf, echo, int, named, shown, spawn};
use lucarne_kernel::{
    Context, Exit, GroupOption, Hooks, Kernel, KernelOptions, MessageKind, NotAllowed, Outcome, Pid,
    RequestId, SendError, Simulation, SpawnError, SpawnOptions,
};

const STEPS: u64 = 10_000;

#[test]
fn an_unknown_process_does_not_exist() {
    let mut simulation = Simulation::new(1);
    let log = Log::default();
    let stranger = simulation.handle().start(act_and_log(&log, |_| {}), named("stranger")).first();
    let guest = move |context: &mut Context<'_>| {
        let refusals = [
            context.request(stranger, 1, int(1)).unwrap_err().error,
            context.request_close(stranger, 1, int(1)).unwrap_err().error,
            context.notify(stranger, 1, 1, int(1)).unwrap_err().error,
            context.try_notify(stranger, 1, 1, int(1)).unwrap_err().error,
            context.send(stranger, 64, int(1)).unwrap_err().error,
            context.send_external(stranger, int(1)).unwrap_err().error,
            context.request(Pid::from_i64(12_345), 1, int(1)).unwrap_err().error,
            context.request(Pid::from_i64(i64::MIN), 1, int(1)).unwrap_err().error,
        ];
        assert_eq!(refusals, [SendError::NoSuchProcess; 8]);
        assert_eq!(context.kill(stranger), Err(NotAllowed));
        assert_eq!(context.set_priority(stranger, 255), Err(NotAllowed));
        assert_eq!(context.priority(stranger), None);
        Outcome::Exit(Exit::Done)
    };
    let program = simulation.handle().start(Box::new(guest), named("guest"));
    assert!(simulation.run_until(STEPS, || program.code().is_some()));
    assert_eq!(program.code(), Some(0));
    assert_eq!(log.lines(), Vec::<String>::new());
    assert!(simulation.handle().is_alive(stranger));
}

#[test]
fn a_refused_message_is_given_back_with_its_buffers() {
    let mut simulation = Simulation::new(1);
    let guest = |context: &mut Context<'_>| {
        let refused = context.request(Pid::from_i64(99), 1, bytes(100_000)).unwrap_err();
        assert_eq!(refused.payload.buffers()[0].len(), 100_000);
        let refused = context.send(context.pid(), 63, bytes(100_000)).unwrap_err();
        assert_eq!(refused.error, SendError::ReservedKind);
        assert_eq!(refused.payload.buffers()[0].len(), 100_000);
        Outcome::Exit(Exit::Done)
    };
    let program = simulation.handle().start(Box::new(guest), named("guest"));
    assert!(simulation.run_until(STEPS, || program.code().is_some()));
    assert_eq!(program.code(), Some(0));
}

#[test]
fn introductions_are_one_way_and_only_by_the_system() {
    let mut simulation = Simulation::new(1);
    let (log, client) = (Log::default(), Known::default());
    let (provider_log, known) = (log.clone(), client.clone());
    let provider = move |context: &mut Context<'_>| {
        while let Some(message) = context.receive() {
            provider_log.add(format!("provider: {}", shown(message)));
            // Requests to a process without an introduction stay forbidden; notifications are
            // allowed now.
            let request = context.request(known.get(), 1, int(1)).unwrap_err().error;
            assert_eq!(request, SendError::NoSuchProcess);
            context.notify(known.get(), 5, 7, int(9)).unwrap();
        }
        WAIT
    };
    let provider = simulation.handle().start(Box::new(provider), named("provider")).first();
    let manager = move |context: &mut Context<'_>| {
        while let Some(message) = context.receive() {
            let pid = message.pid;
            if let MessageKind::Request { token, .. } = message.kind {
                context.introduce(pid, provider).unwrap();
                context.reply(token, Ok(int(provider.as_i64())));
            }
        }
        WAIT
    };
    let manager = simulation.handle().start_system(Box::new(manager), named("manager"));
    simulation.handle().set_system_process(manager);

    let guest_log = log.clone();
    let mut begun = false;
    let guest = move |context: &mut Context<'_>| {
        if !begun {
            begun = true;
            assert_eq!(context.introduce(context.pid(), provider), Err(NotAllowed));
            assert!(context.request(provider, 1, int(1)).is_err());
            context.request(Pid::SYSTEM, 1, int(1)).unwrap();
        }
        while let Some(message) = context.receive() {
            if message.pid == provider {
                guest_log.add(format!("guest: {}", shown(message)));
            } else if let MessageKind::Reply { result, .. } = message.kind {
                let to = Pid::from_i64(as_int(result.unwrap()));
                context.request(to, 300, int(1)).unwrap();
            }
        }
        WAIT
    };
    client.set(simulation.handle().start(Box::new(guest), named("guest")).first());
    assert!(simulation.run_until_quiet(STEPS));
    // The token was dropped unanswered, and then came the notification.
    assert_eq!(
        log.lines(),
        ["provider: request 300", "guest: failure NO_SUCH_PROCESS", "guest: notification 5 7 9"]
    );
}

#[test]
fn only_the_system_reports_deaths_and_watches_for_others() {
    let mut simulation = Simulation::new(1);
    let guest = |context: &mut Context<'_>| {
        // Such a message cannot even be written: all kinds of the system are refused.
        for kind in 0..64 {
            assert_eq!(context.send(context.pid(), kind, int(1)).unwrap_err().error, SendError::ReservedKind);
        }
        assert_eq!(context.watch_for(context.pid(), Pid::SYSTEM), Err(NotAllowed));
        let other = SpawnOptions { group: GroupOption::New, ..named("other") };
        assert_eq!(context.spawn(Box::new(deaf), other), Err(SpawnError::NotAllowed));
        Outcome::Exit(Exit::Done)
    };
    let program = simulation.handle().start(Box::new(guest), named("guest"));
    assert!(simulation.run_until(STEPS, || program.code().is_some()));
    assert_eq!(program.code(), Some(0));
}

#[test]
fn only_the_asker_cancels() {
    let mut simulation = Simulation::new(1);
    let log = Log::default();
    let inner = log.clone();
    let first = act_and_log(&Log::default(), move |context| {
        let provider = context.spawn(act_and_log(&inner, |_| {}), named("provider")).unwrap();
        let id = context.request(provider, 1, int(1)).unwrap();
        spawn(context, move |context: &mut Context<'_>| {
            // The number is known to this sibling, but it is not the id of one of *its* requests.
            context.cancel(id);
            context.cancel(RequestId::from_i64(-1));
            context.cancel(RequestId::from_i64(i64::MAX));
            Outcome::Exit(Exit::Done)
        });
    });
    simulation.handle().start(first, named("first"));
    assert!(simulation.run_until_quiet(STEPS));
    assert_eq!(log.lines(), ["request 1"]);
}

#[test]
fn stamps_are_the_kernels() {
    let mut simulation = Simulation::new(1);
    let log = Log::default();
    let inner = log.clone();
    let first = move |context: &mut Context<'_>| {
        while let Some(message) = context.receive() {
            inner.add(format!("from {} in {}", message.pid, message.gid));
        }
        WAIT
    };
    let handle = simulation.handle().clone();
    let first = handle.start(Box::new(first), named("first"));
    let echo = handle.start_system(Box::new(echo), named("echo"));
    let caller = move |context: &mut Context<'_>| {
        context.request(echo, 1, int(1)).unwrap();
        Outcome::Exit(Exit::Done)
    };
    handle.start(Box::new(caller), named("caller"));
    handle.send_external(first.first(), int(1)).unwrap();
    assert!(simulation.run_until_quiet(STEPS));
    assert_eq!(log.lines(), ["from -1 in 0"]);
}

#[test]
fn a_component_can_notify_processes_that_sent_to_it() {
    let mut simulation = Simulation::new(1);
    let (log, inner) = (Log::default(), Log::default());
    let heard = inner.clone();
    let component = move |context: &mut Context<'_>| {
        while let Some(message) = context.receive() {
            heard.add(format!("from {}", message.pid));
            context.send_external(message.pid, int(2)).unwrap();
        }
        WAIT
    };
    let handle = simulation.handle().clone();
    let component = handle.start_system(Box::new(component), named("component"));
    let answers = log.clone();
    let mut is_new = true;
    let user = move |context: &mut Context<'_>| {
        if std::mem::take(&mut is_new) {
            context.send_external(component, int(1)).unwrap();
        }
        while let Some(message) = context.receive() {
            answers.add(shown(message));
        }
        WAIT
    };
    handle.start(Box::new(user), named("user"));
    assert!(simulation.run_until_quiet(STEPS));
    assert_eq!(log.lines(), ["external 2"]);
    assert_eq!(inner.lines(), ["from 2"]);
}

#[test]
fn only_subscribers_are_told_of_memory_pressure() {
    let kernel = Kernel::new(KernelOptions { workers: 1, hooks: Hooks::default() });
    let log = Log::default();
    let inner = log.clone();
    let (ready, is_ready) = std::sync::mpsc::channel();
    let can_relieve = move |context: &mut Context<'_>| {
        context.subscribe_to_memory_pressure();
        while let Some(message) = context.receive() {
            // The waiting thread goes on as soon as the message is dropped.
            let is_told = matches!(message.kind, MessageKind::MemoryPressure { .. });
            inner.add(format!("told: {is_told}"));
        }
        let _ = ready.send(());
        WAIT
    };
    kernel.start(Box::new(can_relieve), named("rich"));
    // It never checks its mailbox, and the kernel does not wait for it.
    kernel.start(Box::new(|_: &mut Context<'_>| WAIT), named("poor"));
    is_ready.recv().unwrap();
    let start = std::time::Instant::now();
    kernel.relieve(std::time::Duration::from_secs(10));
    assert!(start.elapsed() < std::time::Duration::from_secs(5));
    assert_eq!(log.lines(), ["told: true"]);
}
