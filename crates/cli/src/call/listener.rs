//! The thread of a resource in a session: prints its notifications, and then why it has ended.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use lucarne_interface::model::{Delivery, Interface, Notification, Parameter, Type};
use lucarne_services::{Broken, Notifications, Value};
use serde_json::json;

use super::check::Types;
use super::editor::Print;
use super::failure::{CLOSED_BY_PROVIDER, Failure, MACHINE_SILENT, PROVIDER_ENDED, UNREADABLE, name_of_end};
use super::json::Shown;
use super::line_of;
use crate::output::visible;

/// The state of a resource, as its thread and the session see it.
#[derive(Default)]
pub(crate) struct Seen {
    /// The number of notifications that were printed.
    pub(crate) notifications: AtomicUsize,
    /// Whether the session closes it.
    pub(crate) is_closing: AtomicBool,
    /// The reason of its end.
    pub(crate) end: OnceLock<String>,
}

/// Prints the notifications of a resource.
pub(crate) struct Listener {
    pub(crate) stream: Notifications<Value>,
    /// The variable of the resource.
    pub(crate) variable: String,
    pub(crate) notification: Notification,
    pub(crate) interface: Arc<Interface>,
    /// Whether the provider carries the definition.
    pub(crate) is_carried: bool,
    pub(crate) is_json: bool,
    pub(crate) print: Arc<Mutex<Print>>,
    pub(crate) seen: Arc<Seen>,
    /// Is set if a notification is wrong.
    pub(crate) has_failed: Arc<AtomicBool>,
}

impl Listener {
    /// Starts the thread. It ends with the resource.
    pub(crate) fn start(mut self) -> JoinHandle<()> {
        thread::spawn(move || {
            let mut is_broken = false;
            while let Some(next) = self.stream.next().wait() {
                match next {
                    Ok(value) => self.take(&value),
                    Err(Broken::Decode(text)) => {
                        let text = format!("a notification cannot be read: {text}");
                        self.write_failure(&Failure::named(UNREADABLE, text));
                    }
                    Err(error) => {
                        is_broken = true;
                        match error {
                            Broken::Gone => self.write_end(PROVIDER_ENDED),
                            Broken::ContactLost => self.write_end(MACHINE_SILENT),
                            error => self.write_end(&error.to_string()),
                        }
                    }
                }
            }
            if !is_broken && !self.seen.is_closing.load(Ordering::Acquire) {
                self.write_end(CLOSED_BY_PROVIDER);
            }
        })
    }

    /// Prints a notification. One with another type than that of the definition counts, too: it has arrived.
    fn take(&self, value: &Value) {
        let Listener { notification, interface, variable, .. } = self;
        let types = Types { interface, is_carried: self.is_carried };
        match types.check_notification(value, notification) {
            Ok(()) => {
                let shown = shown_notification(value, notification, interface);
                self.write(&match self.is_json {
                    true => format!("{{\"notification\":{shown},\"from\":{}}}\n", json!(variable)),
                    false => format!("{variable}: {shown}\n"),
                });
            }
            Err(error) => {
                let whole = Shown { value, ty: None, interface };
                let of = format!("a notification by `{}`", notification.name);
                self.write_failure(&Failure::mistyped(error, &of, &whole));
            }
        }
        self.seen.notifications.fetch_add(1, Ordering::Release);
    }

    fn write_failure(&self, failure: &Failure) {
        self.has_failed.store(true, Ordering::Release);
        self.write(&match self.is_json {
            true => {
                let mut json = failure.json();
                json["from"] = json!(self.variable);
                format!("{json}\n")
            }
            false => format!("{}: {}\n", self.variable, visible(&failure.text)),
        });
    }

    fn write_end(&self, reason: &str) {
        self.write(&match self.is_json {
            true => {
                let name = name_of_end(reason);
                format!("{}\n", json!({ "ended": self.variable, "reason": reason, "name": name }))
            }
            false => format!("{} has ended: {reason}\n", self.variable),
        });
        // After the line: a command that waits for the end prints behind it.
        let _ = self.seen.end.set(reason.to_owned());
    }

    fn write(&self, line: &str) {
        self.print.lock().unwrap_or_else(PoisonError::into_inner)(line);
    }
}

/// Returns a notification as JSON: a value, or an object with the names of several.
fn shown_notification(value: &Value, notification: &Notification, interface: &Interface) -> String {
    fn line(value: &Value, ty: Option<&Type>, interface: &Interface) -> String {
        line_of(&Shown { value, ty, interface }).unwrap_or_else(|stop| stop.message)
    }
    match (&notification.delivery, value) {
        (Delivery::Next { value: ty, .. }, value) => line(value, Some(ty), interface),
        (Delivery::Listener { values, .. }, value) if values.len() == 1 => {
            line(value, Some(&values[0].ty), interface)
        }
        (Delivery::Listener { values, .. }, Value::List(items))
            if items.len() == values.len() && !items.is_empty() =>
        {
            let pair = |(parameter, item): (&Parameter, &Value)| {
                format!("{}:{}", json!(parameter.name), line(item, Some(&parameter.ty), interface))
            };
            format!("{{{}}}", values.iter().zip(items).map(pair).collect::<Vec<_>>().join(","))
        }
        (Delivery::Listener { .. }, value) => line(value, None, interface),
    }
}
