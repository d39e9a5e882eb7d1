//! Small processes for the tests.
#![allow(dead_code, unreachable_pub)] // Each test file uses some of it.

use std::sync::{Arc, Mutex};

use lucarne_kernel::{About, Context, Message, MessageKind, Outcome, Pid, Process, SpawnOptions};
use lucarne_message::{Payload, Value};

/// The events of a test, in order, as its processes report them.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|other| *other == line).count()
    }
}

/// A pid that one process stores and another one uses.
#[derive(Clone, Default)]
pub struct Known(Arc<Mutex<Option<Pid>>>);

impl Known {
    pub fn set(&self, pid: Pid) {
        *self.0.lock().unwrap() = Some(pid);
    }

    pub fn get(&self) -> Pid {
        self.0.lock().unwrap().expect("known by now")
    }
}

pub const WAIT: Outcome = Outcome::Wait { until_us: None };

pub fn named(name: &str) -> SpawnOptions {
    SpawnOptions::named(name)
}

pub fn int(value: i64) -> Payload {
    Payload::from_value(&Value::Int(value)).unwrap()
}

pub fn as_int(payload: Payload) -> i64 {
    payload.into_value().unwrap().as_int().unwrap()
}

/// Creates a payload with a buffer of `size` bytes, which is handed over.
pub fn bytes(size: usize) -> Payload {
    let buffer = lucarne_message::Buffer::zeroed(size).unwrap();
    let mut encoder = lucarne_message::Encoder::new();
    lucarne_message::Sink::buffer(&mut encoder, buffer).unwrap();
    encoder.finish().unwrap()
}

/// Describes a message in one line.
pub fn shown(message: Message) -> String {
    match message.kind {
        MessageKind::Request { procedure, .. } => format!("request {procedure}"),
        MessageKind::Reply { result: Ok(payload), .. } => format!("reply {}", as_int(payload)),
        MessageKind::Reply { result: Err(failure), .. } => format!("failure {}", failure.text),
        MessageKind::Cancel { .. } => "cancel".into(),
        MessageKind::Notification { client, handle, payload, .. } => {
            format!("notification {client} {handle} {}", as_int(payload))
        }
        MessageKind::ProcessTerminated { .. } => "terminated".into(),
        MessageKind::RoomAvailable { about: About::Resource { client, handle } } => {
            format!("room {client} {handle}")
        }
        MessageKind::RoomAvailable { about: About::External } => "room outside".to_owned(),
        MessageKind::SlowConsumer { client, handle } => format!("slow {client} {handle}"),
        MessageKind::External { payload, .. } => format!("external {}", as_int(payload)),
        MessageKind::MemoryPressure { .. } => "memory pressure".to_owned(),
        MessageKind::User { kind, payload, .. } => format!("user {kind} {}", as_int(payload)),
    }
}

/// Answers each request with its argument.
pub fn echo(context: &mut Context<'_>) -> Outcome {
    while let Some(message) = context.receive() {
        if let MessageKind::Request { token, payload, .. } = message.kind {
            context.reply(token, Ok(payload));
        }
    }
    WAIT
}

/// Never receives a message.
pub fn deaf(_: &mut Context<'_>) -> Outcome {
    WAIT
}

/// Acts once, and then logs all messages that arrive.
pub fn act_and_log(log: &Log, act: impl FnOnce(&mut Context<'_>) + Send + 'static) -> Box<dyn Process> {
    let (log, mut act) = (log.clone(), Some(act));
    Box::new(move |context: &mut Context<'_>| {
        if let Some(act) = act.take() {
            act(context);
        }
        while let Some(message) = context.receive() {
            log.add(shown(message));
        }
        WAIT
    })
}

/// Spawns into the own group.
pub fn spawn(context: &mut Context<'_>, process: impl Process + 'static) -> Pid {
    context.spawn(Box::new(process), named("spawned")).expect("the own group")
}
