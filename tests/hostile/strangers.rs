//! Processes that speak the protocol by themselves, below the level of every library: liars, silent and deaf providers.

use lucarne_kernel::{Context, Failure, Message, MessageKind, Outcome, Process, RequestToken};
use lucarne_services::protocol::{discovery, interface, priority, procedure};
use lucarne_services::{Payload, Value};

/// The service that strangers provide. The bystander visits it.
const STRANGE: &str = "6d1b0c5e-0f0e-4a55-9e1f-9b7f3c1d2a02";

/// The behavior of a stranger after its registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    /// Answers with values of the wrong kind or with bytes that are not a value, and sends notifications that belong
    /// to no resource.
    Lies,
    /// Takes every request and answers none.
    Silent,
    /// Takes no message from its mailbox.
    Deaf,
}

/// A stranger. It registers first, as the library does.
pub(crate) struct Stranger {
    manners: Manners,
    progress: Progress,
    unanswered: Vec<RequestToken>,
}

#[derive(PartialEq, Eq)]
enum Progress {
    Start,
    Opening,
    Registering,
    Registered,
}

impl Stranger {
    pub(crate) fn new(manners: Manners) -> Stranger {
        Stranger { manners, progress: Progress::Start, unanswered: Vec::new() }
    }

    fn register(&mut self, context: &mut Context<'_>, answer: Option<Payload>) {
        let (next, wanted, arguments) = match self.progress {
            Progress::Start => {
                let manager = interface::DISCOVERY;
                let arguments = vec![
                    discovery::SERVICE_ID.into(),
                    manager.uuid.into(),
                    manager.major.into(),
                    manager.minor.into(),
                ];
                (Progress::Opening, procedure::OPEN, arguments)
            }
            Progress::Opening => {
                let opened = answer.expect("an answer").into_value().expect("a value");
                let client = opened.as_list().expect("a list")[0].clone();
                let service = Value::List(vec![
                    0.into(),
                    STRANGE.into(),
                    "stranger".into(),
                    1.into(),
                    0.into(),
                    i64::from(priority::NORMAL).into(),
                    Value::Null,
                ]);
                (Progress::Registering, procedure::INVOKE, vec![client, discovery::LISTEN.into(), service])
            }
            Progress::Registering | Progress::Registered => {
                self.progress = Progress::Registered;
                return;
            }
        };
        let system = context.system().expect("a service manager");
        let payload = Payload::from_value(&Value::List(arguments)).expect("a value");
        context.request(system, wanted, payload).expect("the manager is there");
        self.progress = next;
    }

    fn take(&mut self, context: &mut Context<'_>, message: Message) {
        match message.kind {
            MessageKind::Reply { result, .. } if self.progress != Progress::Registered => {
                self.register(context, Some(result.expect("a registration")));
            }
            MessageKind::Request { token, .. } if self.manners == Manners::Lies => {
                for _ in 0..3 {
                    let (client, handle) = (number(context), number(context));
                    // The receiver may have ended.
                    let _ = context.notify(message.pid, client, handle, lie(context));
                }
                let result = match context.random_u64() % 4 {
                    0 => Err(Failure::new("")),
                    _ => Ok(lie(context)),
                };
                context.reply(token, result);
            }
            MessageKind::Request { token, .. } => self.unanswered.push(token),
            _ => {}
        }
    }
}

impl Process for Stranger {
    fn run(&mut self, context: &mut Context<'_>) -> Outcome {
        if self.progress == Progress::Start {
            self.register(context, None);
        }
        while self.manners != Manners::Deaf || self.progress != Progress::Registered {
            let Some(message) = context.receive() else { break };
            self.take(context, message);
        }
        Outcome::Wait { until_us: None }
    }
}

fn number(context: &Context<'_>) -> i64 {
    match context.random_u64() % 4 {
        0 => -1,
        1 => i64::MAX,
        number => number.cast_signed(),
    }
}

/// Returns a payload that no honest provider sends.
fn lie(context: &Context<'_>) -> Payload {
    let value = match context.random_u64() % 8 {
        0 => Value::Null,
        1 => number(context).into(),
        2 => "a lie".into(),
        3 => Value::List(Vec::new()),
        4 => Value::List((0..7).map(|_| number(context).into()).collect()),
        5 => Value::List(vec![number(context).into(), 7.into(), "1".into(), Value::Null, 2.into(), 0.into()]),
        _ => {
            let bytes: Vec<u8> = (0..context.random_u64() % 30).map(|_| context.random_u64() as u8).collect();
            return Payload::from_parts(&bytes, Vec::new());
        }
    };
    Payload::from_value(&value).expect("a value")
}
