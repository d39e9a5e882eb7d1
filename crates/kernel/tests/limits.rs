//! The limits of a mailbox, and its behavior when it is full.

mod common;

use std::sync::{Arc, Mutex};

use common::{Log, WAIT, act_and_log, as_int, bytes, deaf, echo, int, named, shown, spawn};
use lucarne_kernel::{
    Context, Exit, MAILBOX_BYTES_MAX, MessageKind, NOTIFICATIONS_MAX, Outcome, PROCESSES_MAX, REQUESTS_MAX,
    SLOW_CONSUMER_US, SendError, Simulation, SpawnError,
};

const STEPS: u64 = 1_000_000;

/// Runs a guest as the first process of a program, and checks that it ends without a failure.
fn check(guest: impl FnMut(&mut Context<'_>) -> Outcome + Send + 'static) {
    let mut simulation = Simulation::new(1);
    let program = simulation.handle().start(Box::new(guest), named("guest"));
    assert!(simulation.run_until(STEPS, || program.code().is_some()));
    assert_eq!(program.code(), Some(0));
}

const DONE: Outcome = Outcome::Exit(Exit::Code(0));

#[test]
fn requests_are_bounded_per_sender_and_closes_are_not() {
    check(|context| {
        let deaf = spawn(context, deaf);
        for _ in 0..REQUESTS_MAX {
            context.request(deaf, 1, int(1)).unwrap();
        }
        let refused = context.request(deaf, 1, int(1)).unwrap_err();
        assert_eq!(refused.error, SendError::TooManyRequests);
        assert_eq!(refused.error.to_string(), "Cannot enqueue more requests");
        for _ in 0..REQUESTS_MAX {
            context.request_close(deaf, 301, int(1)).unwrap();
        }
        // More closes than requests: these close nothing.
        assert_eq!(context.request_close(deaf, 301, int(1)).unwrap_err().error, SendError::TooManyRequests);
        context.exit_group(0);
        DONE
    });
}

#[test]
fn a_group_has_a_bounded_number_of_processes() {
    check(|context| {
        for _ in 1..PROCESSES_MAX {
            spawn(context, deaf);
        }
        let refused = context.spawn(Box::new(deaf), named("one too many"));
        assert_eq!(refused, Err(SpawnError::TooMany));
        context.exit_group(0);
        DONE
    });
}

#[test]
fn answers_make_room_only_when_they_are_taken() {
    let mut simulation = Simulation::new(1);
    let echo = simulation.handle().start_system(Box::new(echo), named("echo"));
    let mut stage = 0;
    let guest = move |context: &mut Context<'_>| {
        stage += 1;
        match stage {
            1 => (0..REQUESTS_MAX).for_each(|_| assert!(context.request(echo, 1, int(1)).is_ok())),
            // The answers have arrived; unread, they still count.
            2 => {
                assert!(context.has_messages());
                assert!(context.request(echo, 1, int(1)).is_err());
                let mut answers = 0;
                while context.receive().is_some() {
                    answers += 1;
                }
                assert_eq!(answers, REQUESTS_MAX, "a bound never loses an answer");
                assert!(context.request(echo, 1, int(1)).is_ok());
                return DONE;
            }
            _ => unreachable!(),
        }
        Outcome::Wait { until_us: Some(1_000) }
    };
    // At its second turn all answers have arrived: time only advances when all processes are quiet.
    let guest = wait_for_time(guest);
    let program = simulation.handle().start(Box::new(guest), named("guest"));
    assert!(simulation.run_until(STEPS, || program.code().is_some()));
    assert_eq!(program.code(), Some(0));
}

/// Passes a turn on only if the last deadline has passed.
fn wait_for_time(
    mut inner: impl FnMut(&mut Context<'_>) -> Outcome + Send,
) -> impl FnMut(&mut Context<'_>) -> Outcome + Send {
    let mut not_before = 0;
    move |context| {
        if context.now_us() < not_before {
            return Outcome::Wait { until_us: Some(not_before) };
        }
        let outcome = inner(context);
        if let Outcome::Wait { until_us: Some(until_us) } = outcome {
            not_before = until_us;
        }
        outcome
    }
}

#[test]
fn bytes_are_bounded_per_sender_but_one_large_message_always_fits() {
    check(|context| {
        let deaf = spawn(context, deaf);
        let quarter = MAILBOX_BYTES_MAX / 4;
        context.request(deaf, 1, bytes(quarter - 1_000)).unwrap();
        let refused = context.request(deaf, 1, bytes(1_000)).unwrap_err();
        assert_eq!(refused.error, SendError::TooManyRequests);
        context.request(deaf, 1, bytes(20)).unwrap();

        let other = spawn(context, common::deaf);
        context.request(other, 1, bytes(10 << 20)).unwrap();
        assert!(context.request(other, 1, bytes(1)).is_err());
        context.exit_group(0);
        DONE
    });
}

#[test]
fn a_full_mailbox_accepts_no_more_requests() {
    check(|context| {
        let deaf = spawn(context, deaf);
        context.request(deaf, 1, bytes(MAILBOX_BYTES_MAX)).unwrap();
        spawn(context, move |context: &mut Context<'_>| {
            let refused = context.request(deaf, 1, int(1)).unwrap_err();
            assert_eq!(refused.error, SendError::TooManyRequests);
            context.exit_group(0);
            DONE
        });
        WAIT
    });
}

#[test]
fn a_full_mailbox_still_takes_answers_cancels_and_deaths() {
    let log = Log::default();
    let inner = log.clone();
    let mut simulation = Simulation::new(1);
    let echo = simulation.handle().start_system(Box::new(echo), named("echo"));
    let mut begun = false;
    let full = move |context: &mut Context<'_>| {
        if !begun {
            begun = true;
            context.request(echo, 1, int(1)).unwrap();
            let me = context.pid();
            // Fills the mailbox, then cancels, then ends.
            let filler = spawn(context, move |context: &mut Context<'_>| {
                let id = context.request(me, 1, bytes(MAILBOX_BYTES_MAX)).unwrap();
                assert!(context.request(me, 1, int(1)).is_err());
                context.cancel(id);
                DONE
            });
            context.watch(filler);
        }
        if context.now_us() < 1_000 {
            return Outcome::Wait { until_us: Some(1_000) };
        }
        let mut lines = Vec::new();
        while let Some(message) = context.receive() {
            lines.push(shown(message));
        }
        lines.sort();
        lines.iter().for_each(|line| inner.add(line));
        WAIT
    };
    simulation.handle().start(Box::new(full), named("full"));
    assert!(simulation.run_until_quiet(STEPS));
    assert_eq!(log.lines(), ["cancel", "reply 1", "request 1", "terminated"]);
}

#[test]
fn notifications_wait_for_room_and_none_is_lost() {
    const COUNT: i64 = 10_000;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let inner = seen.clone();
    let mut simulation = Simulation::new(3);
    let mut sent = 0;
    let mut receiver = None;
    let mut refusals = 0;
    let sender = move |context: &mut Context<'_>| {
        let to = *receiver.get_or_insert_with(|| {
            let seen = inner.clone();
            spawn(context, move |context: &mut Context<'_>| {
                while let Some(message) = context.receive() {
                    if let MessageKind::Notification { payload, .. } = message.kind {
                        seen.lock().unwrap().push(as_int(payload));
                    }
                }
                WAIT
            })
        });
        while let Some(message) = context.receive() {
            assert_eq!(shown(message), "room 1 1");
        }
        while sent < COUNT {
            match context.notify(to, 1, 1, int(sent)) {
                Ok(()) => sent += 1,
                Err(refused) => {
                    assert_eq!(refused.error, SendError::Full);
                    assert_eq!(as_int(refused.payload), sent);
                    refusals += 1;
                    return WAIT;
                }
            }
        }
        assert!(refusals > 0, "a bound that is never met is not tested");
        WAIT
    };
    simulation.handle().start(Box::new(sender), named("sender"));
    assert!(simulation.run_until_quiet(STEPS));
    assert_eq!(*seen.lock().unwrap(), (0..COUNT).collect::<Vec<_>>());
}

#[test]
fn a_credit_that_is_kept_keeps_its_place() {
    check(|context| {
        let mut kept = Vec::new();
        let me = context.pid();
        for round in 0..4 {
            for _ in 0..NOTIFICATIONS_MAX / 4 {
                context.try_notify(me, 1, 1, int(round)).unwrap();
            }
            while let Some(message) = context.receive() {
                kept.push(message);
            }
        }
        assert_eq!(context.try_notify(me, 1, 1, int(9)).unwrap_err().error, SendError::Full);
        kept.pop();
        context.try_notify(me, 1, 1, int(9)).unwrap();
        DONE
    });
}

#[test]
fn a_resource_that_is_full_does_not_hold_up_the_others() {
    let log = Log::default();
    let mut simulation = Simulation::new(1);
    let sender = act_and_log(&log, move |context| {
        // Puts the notifications of one resource aside, as for a proxy that is busy, and takes the
        // others.
        let mut aside = Vec::new();
        let receiver = spawn(context, move |context: &mut Context<'_>| {
            while let Some(message) = context.receive() {
                if matches!(message.kind, MessageKind::Notification { handle: 7, .. }) {
                    aside.push(message);
                }
            }
            WAIT
        });
        while context.notify(receiver, 5, 7, int(1)).is_ok() {}
        for _ in 0..NOTIFICATIONS_MAX {
            context.notify(receiver, 5, 9, int(1)).unwrap();
        }
        assert!(context.notify(receiver, 5, 9, int(1)).is_err());
    });
    simulation.handle().start(sender, named("sender"));
    assert!(simulation.run_until_quiet(STEPS));
    assert_eq!(log.lines(), ["room 5 9", "slow 5 7"]);
}

#[test]
fn small_messages_are_not_free() {
    check(|context| {
        let deaf = spawn(context, deaf);
        let mut count = 0;
        'full: loop {
            for _ in 0..NOTIFICATIONS_MAX {
                if context.try_notify(deaf, 1, count, int(1)).is_err() {
                    break 'full;
                }
            }
            count += 1;
        }
        assert!(count < 100, "{count} resources filled");
        context.exit_group(0);
        DONE
    });
}

#[test]
fn a_receiver_that_takes_nothing_for_a_second_is_cut_off_and_both_sides_are_told() {
    let (sender_log, receiver_log) = (Log::default(), Log::default());
    let inner = receiver_log.clone();
    let mut simulation = Simulation::new(1);
    let sender = act_and_log(&sender_log, move |context| {
        // Reads again only long after all time limits have passed.
        let receiver = spawn(context, move |context: &mut Context<'_>| {
            if context.now_us() < 5 * SLOW_CONSUMER_US {
                return Outcome::Wait { until_us: Some(5 * SLOW_CONSUMER_US) };
            }
            while let Some(message) = context.receive() {
                if !matches!(message.kind, MessageKind::Notification { .. }) {
                    inner.add(shown(message));
                }
            }
            WAIT
        });
        while context.notify(receiver, 5, 7, int(1)).is_ok() {}
        while context.notify(receiver, 5, 9, int(1)).is_ok() {}
    });
    simulation.handle().start(sender, named("sender"));
    let told = || sender_log.lines().len() == 2;
    assert!(simulation.run_until(STEPS, told));
    assert_eq!(simulation.handle().clock().now_us(), SLOW_CONSUMER_US);
    assert!(simulation.run_until_quiet(STEPS));
    assert_eq!(sender_log.lines(), ["slow 5 7", "slow 5 9"]);
    assert_eq!(receiver_log.lines(), ["slow 5 7", "slow 5 9"]);
}

#[test]
fn a_slow_but_active_receiver_is_not_cut_off() {
    let log = Log::default();
    let mut simulation = Simulation::new(1);
    let sender = act_and_log(&log, move |context| {
        let mut next_us = 0;
        let receiver = spawn(context, move |context: &mut Context<'_>| {
            // One every 0.9 s: far too slow, but alive.
            if context.now_us() >= next_us {
                next_us = context.now_us() + 900_000;
                drop(context.receive());
            }
            Outcome::Wait { until_us: Some(next_us) }
        });
        while context.notify(receiver, 5, 7, int(1)).is_ok() {}
    });
    simulation.handle().start(sender, named("sender"));
    let first = || !log.lines().is_empty();
    assert!(simulation.run_until(STEPS, first));
    assert_eq!(log.lines(), ["room 5 7"]);
}
