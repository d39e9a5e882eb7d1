//! `lucarne call -i`: a session with a provider, in which resources are variables.
//!
//! ```text
//! follow kitchen          calls a method of the service; a resource becomes the variable $1
//! $1.mute --minutes=3     calls a method of the resource
//! $1.close                closes it, by the name that the definition gives the method
//! :wait $1 3 10s          a command; no method begins with `:`
//! ```
//!
//! Each resource that notifies has a thread, which prints its notifications.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use lucarne_compiler::names::{Suggestions, canonical};
use lucarne_interface::model::{Interface, Method, Notification, Resource};
use lucarne_interface::show;
use lucarne_services::{CallError, Client, Pending, Proxy, Uuid, protocol};
use serde_json::json;

use super::check::Types;
use super::editor::{Candidates, Lines, Print};
use super::failure::{
    CANCELED, CLOSED_BY_PROVIDER, CONTACT_LOST, DEADLINE_EXCEEDED, Failure, MACHINE_SILENT, NO_SUCH_PROCESS,
    PROVIDER_ENDED, RESOURCE_CLOSED, UNKNOWN_NAME, WRONG_ARGUMENT, name_of_end,
};
use super::interrupts::Interrupts;
use super::json::{quoted, shortened};
use super::listener::{Listener, Seen};
use super::waiting::{self, Wait};
use super::{Connection, Found, Limit, find_method, invoke, result_line, words};
use crate::arguments::call::Call;
use crate::output::{print_error, print_out, reason, visible, visible_lines};
use crate::{FAILURE, Stop};

/// The maximum number of open resources of a session: each may have a thread.
const RESOURCES_MAX: usize = 256;

/// The name of the file that keeps the lines of earlier sessions.
const HISTORY: &str = "lucarne-call-history";

/// The commands, each with its form or a description.
const COMMANDS: &[(&str, &str)] = &[
    (":help", "lists the methods and commands"),
    (":wait", waiting::FORMS),
    (":exit", "ends the session; so does Ctrl-D, while Ctrl-C ends a call or a wait"),
];

/// The interval at which `:wait` looks at a resource.
const PAUSE: Duration = Duration::from_millis(10);

/// The maximum time that a session waits at its end until the provider has closed everything. The provider closes the rest
/// when it notices the end of the connection.
const LEAVING: Duration = Duration::from_secs(1);

/// Holds a session with the provider that the user calls `target`, until the last line.
pub(crate) fn session(
    options: &Call,
    connection: &Connection,
    target: &str,
    found: &Found,
) -> Result<ExitCode, Stop> {
    let client = connection.client(found)?;
    let interface = Arc::new(found.interface.clone());
    let completion = Completion::new(interface.clone());
    let open = completion.open.clone();
    let mut lines = Lines::open(completion, HISTORY)?;
    let print = Arc::new(Mutex::new(lines.printer()));
    let is_terminal = lines.is_terminal();
    if is_terminal && !options.json {
        let (name, version) = (&interface.name, interface.version);
        print_out(
            format!(
                "{name} {version} of '{}'; :help lists its methods\n",
                visible(&found.entry.provider.name)
            )
            .as_bytes(),
        )?;
    }
    // Without a terminal, Ctrl-C ends the session.
    let interrupts = is_terminal
        .then(Interrupts::watch)
        .transpose()
        .map_err(|error| Stop::failure(format!("cannot handle Ctrl-C: {}", reason(&error))))?;
    let mut session = Session {
        options,
        interrupts,
        connection,
        target,
        name: &found.entry.provider.name,
        client,
        is_gone: false,
        interface,
        is_carried: found.is_carried,
        open,
        last: 0,
        print,
        has_failed: Arc::default(),
    };
    let prompt = format!("{}> ", visible(&found.entry.provider.name));
    while let Some(line) = session.next_line(&mut lines, &prompt)? {
        let is_next = match line {
            Ok(line) => {
                lines.remember(&line);
                session.take(line.trim())?
            }
            Err(text) => session.report(text.into()).map(|()| true)?,
        };
        if !is_next {
            break;
        }
    }
    session.end();
    // A user at a terminal has seen the errors. A script needs the status.
    Ok(if session.has_failed.load(Ordering::Acquire) && !is_terminal {
        ExitCode::from(FAILURE)
    } else {
        ExitCode::SUCCESS
    })
}

struct Session<'s> {
    options: &'s Call,
    interrupts: Option<Arc<Interrupts>>,
    connection: &'s Connection,
    /// The name by which the provider was found.
    target: &'s str,
    name: &'s str,
    client: Client,
    /// Whether the provider of the client has ended, or contact to it was lost.
    is_gone: bool,
    interface: Arc<Interface>,
    /// Whether the definition comes from the provider, not from a file.
    is_carried: bool,
    open: OpenResources,
    /// The number of the last variable.
    last: usize,
    print: Arc<Mutex<Print>>,
    /// Whether a line has failed, or a notification had the wrong type.
    has_failed: Arc<AtomicBool>,
}

/// A resource of the session.
struct Open {
    proxy: Proxy,
    /// The name of its type.
    name: String,
    seen: Arc<Seen>,
    listener: Option<JoinHandle<()>>,
}

/// The resources by the numbers of their variables. The completion sees them, too.
type OpenResources = Rc<RefCell<BTreeMap<usize, Open>>>;

impl Session<'_> {
    /// Performs a line. Returns false if it ends the session.
    fn take(&mut self, line: &str) -> Result<bool, Stop> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(true);
        }
        if line == ":exit" {
            return Ok(false);
        }
        match self.perform(line) {
            Ok(output) => print_out(output.as_bytes())?,
            Err(failure) => self.report(failure)?,
        }
        Ok(true)
    }

    /// Reads a line. Forgets a Ctrl-C from before the line, but not one that follows it immediately.
    fn next_line(
        &self,
        lines: &mut Lines<Completion>,
        prompt: &str,
    ) -> Result<Option<Result<String, String>>, Stop> {
        if let Some(interrupts) = &self.interrupts {
            interrupts.clear();
        }
        lines.next(prompt)
    }

    fn report(&mut self, failure: Failure) -> Result<(), Stop> {
        self.has_failed.store(true, Ordering::Release);
        if self.options.json {
            return print_out(format!("{}\n", failure.json()).as_bytes());
        }
        print_error(&format!("error: {}\n", visible_lines(&failure.text)));
        Ok(())
    }

    fn perform(&mut self, line: &str) -> Result<String, Failure> {
        let words = words::split(line)?;
        let Some((target, arguments)) = words.split_first() else { return Ok(String::new()) };
        if target.starts_with(':') {
            return self.command(target, arguments);
        }
        if !target.starts_with('$') {
            let interface = self.interface.clone();
            let method = find_method(&interface, &interface.methods, None, target)
                .map_err(|text| Failure::named(UNKNOWN_NAME, self.of_resource(target).unwrap_or(text)))?;
            return self.call(method, None, &method.name, arguments);
        }
        let Some((variable, name)) = target.split_once('.') else {
            let (_, resource) = self.resource(target)?;
            return Err(format!("write {target}.METHOD: {}", methods_of(&resource)).into());
        };
        let (proxy, resource) = self.resource(variable)?;
        if let Some(close) = resource.close.as_ref().filter(|close| *close.name == *canonical(name)) {
            if !arguments.is_empty() {
                return Err(format!("`{}` takes no arguments", close.name).into());
            }
            return self.close(variable, &proxy);
        }
        if let Some(notification) = resource.notification.as_ref().filter(|one| *one.name == *canonical(name))
        {
            return Err(format!(
                "`{}` gets notifications, which are printed as they come",
                notification.name
            )
            .into());
        }
        if let Some(reason) = self.end_of(variable) {
            return Err(Failure::of_ended(variable, &reason));
        }
        let interface = self.interface.clone();
        let method = find_method(&interface, &resource.methods, Some(&resource), name)
            .map_err(|text| Failure::named(UNKNOWN_NAME, text))?;
        let outcome = self.call(method, Some(&proxy), target, arguments);
        // If contact was lost, the error of the call stays: it says whether the call may have been executed.
        let is_plain = |failure: &Failure| failure.name.as_deref() != Some(CONTACT_LOST);
        let is_replaced = outcome.as_ref().is_err_and(is_plain);
        match self.end_of(variable).filter(|_| is_replaced) {
            Some(reason) => Err(Failure::of_ended(variable, &reason)),
            None => outcome,
        }
    }

    /// Returns a hint for a method that the service does not have, but one of its resources has.
    fn of_resource(&self, method: &str) -> Option<String> {
        let wanted = canonical(method);
        let is_meant = |resource: &&Resource| {
            let close = resource.close.iter().map(|close| &*close.name);
            resource.methods.iter().map(|method| &*method.name).chain(close).any(|name| *name == *wanted)
        };
        let resource = self.interface.resources.iter().find(is_meant)?;
        let open = self.open.borrow();
        let is_alive = |open: &Open| open.name == resource.name && open.seen.end.get().is_none();
        let variable = open.iter().rfind(|(_, open)| is_alive(open)).map(|(number, _)| number);
        let hint = match variable {
            Some(number) => format!("write `${number}.{wanted}`"),
            None => format!("call a method that returns one, then write `${}.{wanted}`", self.last + 1),
        };
        let (name, owner) = (&resource.name, &self.interface.name);
        Some(format!("the service `{owner}` has no method `{wanted}`, but the resource `{name}` has: {hint}"))
    }

    /// Opens the service again if its provider has ended, or contact to it was lost.
    fn reopen(&mut self) -> Result<(), Failure> {
        if !self.is_gone {
            return Ok(());
        }
        let connection = self.connection.within(Limit::of(self.options.timeout));
        let entry = connection.find(self.target)?;
        if Ok(entry.uuid) != Uuid::try_parse(&self.interface.uuid) {
            let text = format!(
                "the provider '{}' now provides another interface: begin a new session",
                visible(&entry.provider.name)
            );
            return Err(Failure::named(NO_SUCH_PROCESS, text));
        }
        // The provider refuses a version that it does not have.
        let interface = (*self.interface).clone();
        self.client = connection.client(&Found { entry, interface, is_carried: false })?;
        self.is_carried = false;
        self.is_gone = false;
        Ok(())
    }

    /// Waits for an answer, unless the user cancels the wait.
    fn answer<T>(&self, pending: Pending<T, CallError>) -> Result<Result<T, CallError>, Failure> {
        match &self.interrupts {
            Some(interrupts) => interrupts.run(self.connection.container(), pending),
            None => Some(pending.wait()),
        }
        .ok_or_else(|| Failure::named(CANCELED, "the call is canceled"))
    }

    /// Returns why the resource of a variable has ended.
    fn end_of(&self, variable: &str) -> Option<String> {
        self.open.borrow().get(&number_of(variable))?.seen.end.get().cloned()
    }

    /// Notes that a resource, or the provider of a client, has ended, if the error of a call says so. Tells the threads of the
    /// resources that notify.
    fn note_end(&mut self, proxy: Option<&Proxy>, client: &Client, error: &CallError) {
        let is_gone = matches!(error, CallError::Gone | CallError::ContactLost);
        self.is_gone |= is_gone && client.pid() == self.client.pid() && client.id() == self.client.id();
        let reason = match error {
            CallError::Gone => PROVIDER_ENDED,
            CallError::ContactLost => MACHINE_SILENT,
            CallError::Thrown(thrown) if thrown.text() == protocol::error::NO_SUCH_RESOURCE => {
                CLOSED_BY_PROVIDER
            }
            _ => return,
        };
        let is_meant = |open: &&Open| {
            let of = open.proxy.client();
            let is_of_client = (of.pid(), of.id()) == (client.pid(), client.id());
            let is_named = proxy.is_some_and(|proxy| proxy.handle() == open.proxy.handle());
            open.listener.is_none() && is_of_client && (is_gone || is_named)
        };
        for open in self.open.borrow().values().filter(is_meant) {
            let _ = open.seen.end.set(reason.to_owned());
        }
    }

    fn call(
        &mut self,
        method: &Method,
        proxy: Option<&Proxy>,
        name: &str,
        arguments: &[String],
    ) -> Result<String, Failure> {
        let interface = self.interface.clone();
        let values = words::bind(method, name, arguments, &interface)
            .map_err(|text| Failure::named(WRONG_ARGUMENT, text))?;
        if method.result.resource().is_some() && self.open.borrow().len() >= RESOURCES_MAX {
            self.open.borrow_mut().retain(|_, open| open.seen.end.get().is_none());
        }
        if method.result.resource().is_some() && self.open.borrow().len() >= RESOURCES_MAX {
            return Err(format!("{RESOURCES_MAX} resources are open: close some of them first").into());
        }
        let client = match proxy {
            // The handle means this resource only at the provider that has made it.
            Some(proxy) => proxy.client().clone(),
            None => {
                self.reopen()?;
                self.client.clone()
            }
        };
        let pending = invoke(&client, method, proxy.map(Proxy::handle), values, self.options.timeout);
        let value = self.answer(pending)?.map_err(|error| {
            self.note_end(proxy, &client, &error);
            Failure::of(&error, method, self.options.timeout)
        })?;
        match (method.result.resource().and_then(|name| interface.resource(name)), value.as_int()) {
            (Some(resource), Some(handle)) => {
                self.keep(resource, client.proxy(handle))?;
                Ok(String::new())
            }
            _ => {
                let types = Types { interface: &interface, is_carried: self.is_carried };
                result_line(&value, method, &types, self.options.json)
            }
        }
    }

    /// Makes a resource a variable. Prints the line that names it, and then its notifications.
    fn keep(&mut self, resource: &Resource, proxy: Proxy) -> Result<(), Stop> {
        self.last += 1;
        let variable = format!("${}", self.last);
        let line = match self.options.json {
            true => format!("{}\n", json!({ "resource": variable, "type": resource.name })),
            false => format!("{variable} is a {}\n", resource.name),
        };
        print_out(line.as_bytes())?;
        let seen = Arc::<Seen>::default();
        let listener = resource
            .notification
            .as_ref()
            .map(|notification| self.listen(&variable, &proxy, notification, seen.clone()));
        let open = Open { proxy, name: resource.name.clone(), seen, listener };
        self.open.borrow_mut().insert(self.last, open);
        Ok(())
    }

    fn listen(
        &self,
        variable: &str,
        proxy: &Proxy,
        notification: &Notification,
        seen: Arc<Seen>,
    ) -> JoinHandle<()> {
        Listener {
            stream: proxy.notifications(),
            variable: variable.to_owned(),
            notification: notification.clone(),
            interface: self.interface.clone(),
            is_carried: self.is_carried,
            is_json: self.options.json,
            print: self.print.clone(),
            seen,
            has_failed: self.has_failed.clone(),
        }
        .start()
    }

    /// Returns the resource of a variable.
    fn resource(&self, variable: &str) -> Result<(Proxy, Resource), Failure> {
        let open = self.open.borrow();
        let found = open.get(&number_of(variable));
        let found = found
            .and_then(|found| Some((found.proxy.clone(), self.interface.resource(&found.name)?.clone())));
        found.ok_or_else(|| {
            if (1..=self.last).contains(&number_of(variable)) {
                return Failure::named(RESOURCE_CLOSED, format!("{} is closed", shortened(variable)));
            }
            let names: Vec<String> = variables(&open).collect();
            let hint = match names.is_empty() {
                true => "no resource is open".to_owned(),
                false => format!("those that are open are {}", names.join(", ")),
            };
            Failure::named(UNKNOWN_NAME, format!("unknown resource {}: {hint}", shortened(variable)))
        })
    }

    fn close(&mut self, variable: &str, proxy: &Proxy) -> Result<String, Failure> {
        let open = self.open.borrow_mut().remove(&number_of(variable));
        if let Some(open) = &open {
            open.seen.is_closing.store(true, Ordering::Release);
        }
        let close = proxy.close();
        let close = match self.options.timeout {
            Some(time) => close.within(time),
            None => close,
        };
        let closed = self.answer(close);
        self.await_listener(open.and_then(|open| open.listener));
        closed?.map_err(|error| Failure::of_close(&error, self.options.timeout.unwrap_or_default()))?;
        Ok(if self.options.json { format!("{}\n", json!({ "result": null })) } else { String::new() })
    }

    /// Waits until the notifications of a closed resource are printed. Does nothing in a terminal: there, notifications are
    /// printed while the user types a line, so this would wait forever.
    fn await_listener(&self, listener: Option<JoinHandle<()>>) {
        if let (Some(listener), None) = (listener, &self.interrupts) {
            // If the thread has panicked, the panic has been reported.
            let _ = listener.join();
        }
    }

    fn command(&mut self, command: &str, arguments: &[String]) -> Result<String, Failure> {
        match (command, arguments) {
            (":help", []) if self.options.json => Ok(format!("{}\n", json!({ "help": self.help() }))),
            (":help", []) => Ok(self.help()),
            (":wait", arguments) => match Wait::read(arguments)? {
                Wait::Time(time) => self.pause(time),
                Wait::Resource { variable, count, limit } => {
                    self.wait(variable, count, limit.or(self.options.timeout))
                }
            },
            _ => match COMMANDS.iter().find(|(name, _)| *name == command) {
                Some(_) => Err(format!("`{command}` takes no arguments").into()),
                None => {
                    let names = COMMANDS.iter().map(|(name, _)| *name);
                    let hint = match Suggestions::default().nearest(command, names.clone()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("the commands are {}", quoted(names)),
                    };
                    Err(format!("unknown command `{}`: {hint}", shortened(command)).into())
                }
            },
        }
    }

    /// Waits for a time.
    fn pause(&self, time: Duration) -> Result<String, Failure> {
        self.wait_until(Some(time), || false)?;
        Ok(String::new())
    }

    /// Waits until `count` notifications of a resource are printed, or the resource has ended. Without a count, waits for the
    /// end of the resource. Fails if this takes longer than the limit.
    fn wait(&self, variable: &str, count: Option<usize>, limit: Option<Duration>) -> Result<String, Failure> {
        let (_, resource) = self.resource(variable)?;
        if resource.notification.is_none() {
            return Err(format!("{variable} sends no notifications: its end is noticed by a call").into());
        }
        let seen = self.open.borrow().get(&number_of(variable)).map(|open| open.seen.clone());
        let Some(seen) = seen else { return Ok(String::new()) };
        let came = || seen.notifications.load(Ordering::Acquire);
        let is_enough = || count.is_some_and(|count| came() >= count);
        let is_in_time = self.wait_until(limit, || seen.end.get().is_some() || is_enough())?;
        let (came, is_enough) = (came(), is_enough());
        match (seen.end.get(), count) {
            (Some(reason), Some(_)) if !is_enough => {
                let (name, s) = (name_of_end(reason), if came == 1 { "" } else { "s" });
                let text = format!("{variable} has ended after {came} notification{s}: {reason}");
                Err(Failure::named(name, text))
            }
            (None, count) if !is_in_time && !is_enough => {
                let time = humantime::format_duration(limit.unwrap_or_default());
                let text = match count {
                    Some(count) => {
                        format!("{variable} has sent {came} of {count} notifications within {time}")
                    }
                    None => format!("{variable} has not ended within {time}"),
                };
                Err(Failure::named(DEADLINE_EXCEEDED, text))
            }
            _ => Ok(String::new()),
        }
    }

    /// Waits until a condition is true. Returns false if the limit is reached first. Fails at Ctrl-C.
    fn wait_until(&self, limit: Option<Duration>, is_so: impl Fn() -> bool) -> Result<bool, Failure> {
        let limit = Limit::of(limit);
        while !is_so() {
            if self.is_interrupted() {
                return Err(Failure::named(CANCELED, "the wait is canceled"));
            }
            match limit.left() {
                Some(Duration::ZERO) => return Ok(false),
                left => thread::sleep(left.map_or(PAUSE, |left| left.min(PAUSE))),
            }
        }
        Ok(true)
    }

    fn is_interrupted(&self) -> bool {
        self.interrupts.as_ref().is_some_and(|interrupts| interrupts.is_raised())
    }

    fn help(&self) -> String {
        let mut text = format!("Methods of {}:\n", visible(self.name));
        for method in &self.interface.methods {
            text += &format!("  {}\n", show::signature(method));
        }
        for resource in &self.interface.resources {
            text += &format!("Methods of a {}, as $1.METHOD:\n", resource.name);
            for method in &resource.methods {
                text += &format!("  {}\n", show::signature(method));
            }
            if let Some(close) = &resource.close {
                text += &format!("  {} -> none\n", close.name);
            }
        }
        text += "Commands:\n";
        for (name, form) in COMMANDS {
            text += &format!("  {name:<7}{form}\n");
        }
        text
    }

    /// Closes all resources, and prints the notifications that have arrived. Waits only a moment for the provider.
    fn end(&mut self) {
        let open = std::mem::take(&mut *self.open.borrow_mut());
        let limit = Limit::of(Some(self.options.timeout.map_or(LEAVING, |time| time.min(LEAVING))));
        let close = |pending: Pending<(), CallError>| {
            // The request is sent even if no time is left. It fails if the provider has ended.
            let _ = pending.within(limit.left().unwrap_or_default()).wait();
        };
        for (_, Open { proxy, seen, listener, .. }) in open {
            seen.is_closing.store(true, Ordering::Release);
            close(proxy.close());
            self.await_listener(listener);
        }
        close(self.client.close());
    }
}

/// Returns the number of a variable. Returns 0, which is the number of no variable, for any other name.
fn number_of(variable: &str) -> usize {
    variable.strip_prefix('$').and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Returns the variables of the resources that have not ended.
fn variables(open: &BTreeMap<usize, Open>) -> impl Iterator<Item = String> {
    let alive = open.iter().filter(|(_, open)| open.seen.end.get().is_none());
    alive.map(|(number, _)| format!("${number}"))
}

/// Returns the methods of a resource in a sentence.
fn methods_of(resource: &Resource) -> String {
    let close = resource.close.iter().map(|close| &*close.name);
    let names = resource.methods.iter().map(|method| &*method.name).chain(close);
    match names.clone().next() {
        Some(_) => format!("the methods of a `{}` are {}", resource.name, quoted(names)),
        None => format!("a `{}` has no methods", resource.name),
    }
}

/// Completes the names of methods, parameters, variables and commands.
pub(super) struct Completion {
    interface: Arc<Interface>,
    open: OpenResources,
}

impl Completion {
    /// Returns the completion for a session without resources.
    pub(super) fn new(interface: Arc<Interface>) -> Completion {
        Completion { interface, open: OpenResources::default() }
    }

    /// Returns the methods that the first word of a line may name, each with its name there.
    fn methods(&self, first: &str) -> Vec<(String, Option<Method>)> {
        let Some((variable, _)) = first.split_once('.') else {
            let own = self.interface.methods.iter().map(|method| (method.name.clone(), Some(method.clone())));
            return own.collect();
        };
        let open = self.open.borrow();
        let name = open.get(&number_of(variable)).map(|open| &*open.name);
        let Some(resource) = name.and_then(|name| self.interface.resource(name)) else { return Vec::new() };
        let methods = resource.methods.iter().map(|method| (&method.name, Some(method.clone())));
        let close = resource.close.iter().map(|close| (&close.name, None));
        methods.chain(close).map(|(name, method)| (format!("{variable}.{name}"), method)).collect()
    }
}

impl Candidates for Completion {
    fn candidates(&self, line: &str, start: usize) -> Vec<String> {
        let word = line.get(start..).unwrap_or_default();
        let first = line.split_whitespace().next().unwrap_or_default();
        let mut found: Vec<String> = Vec::new();
        if line.get(..start).is_some_and(|before| before.trim().is_empty()) {
            found.extend(self.methods(word).into_iter().map(|(name, _)| name));
            if !word.contains('.') {
                found.extend(variables(&self.open.borrow()).map(|variable| variable + "."));
                found.extend(COMMANDS.iter().map(|(name, _)| (*name).to_owned()));
            }
        } else if first == ":wait" {
            match line.get(..start).map_or(0, |before| before.split_whitespace().count()) {
                0 | 1 => found.extend(variables(&self.open.borrow())),
                _ => found.extend(waiting::LIMITS.iter().map(|limit| (*limit).to_owned())),
            }
        } else {
            let method = self
                .methods(first)
                .into_iter()
                .find(|(name, _)| name == first)
                .and_then(|(_, method)| method);
            let parameters = method.into_iter().flat_map(|method| method.parameters);
            found.extend(parameters.map(|parameter| format!("--{}=", parameter.name)));
        }
        found.retain(|candidate| candidate.starts_with(word));
        found
    }
}
