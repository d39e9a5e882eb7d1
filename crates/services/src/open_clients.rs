//! The open clients and components of a container, and the inboxes of their notifications.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use lucarne_kernel::Pid;
use lucarne_kernel::sync::Mutex;

use crate::client::{Client, Opened};
use crate::failure::Broken;
use crate::inbox::{End, Inbox};
use crate::resource::Channel;

/// A resource of another process: its provider, the number of the client there, and the handle.
pub(crate) type ResourceKey = (Pid, i64, i64);

#[derive(Default)]
pub(crate) struct OpenClients {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    opened: BTreeMap<(Pid, i64), Weak<Opened>>,
    inboxes: BTreeMap<ResourceKey, Arc<Inbox>>,
    components: BTreeMap<Pid, Arc<Ends>>,
    is_over: bool,
}

impl OpenClients {
    /// Adds a client that has opened a service.
    pub(crate) fn add(&self, key: (Pid, i64), client: &Arc<Opened>) {
        self.state.lock().opened.insert(key, Arc::downgrade(client));
    }

    /// Adds the client of the discovery service, which is never closed.
    pub(crate) fn add_lasting(&self, key: (Pid, i64)) {
        self.state.lock().opened.insert(key, Weak::new());
    }

    /// Removes a closed client, and ends the inboxes of its resources.
    pub(crate) fn remove(&self, (pid, client): (Pid, i64)) {
        let mut state = self.state.lock();
        state.opened.remove(&(pid, client));
        let inboxes = take_range(&mut state.inboxes, (pid, client, i64::MIN), (pid, client, i64::MAX));
        drop(state);
        inboxes.iter().for_each(|inbox| inbox.end(End::Closed));
    }

    /// Returns all clients that are open.
    pub(crate) fn clients(&self) -> Vec<Client> {
        let state = self.state.lock();
        state.opened.values().filter_map(Weak::upgrade).map(Client::of).collect()
    }

    /// Returns the inbox of a proxy, and creates it if necessary. Returns none if the client is not open.
    pub(crate) fn inbox(&self, key: ResourceKey) -> Option<Arc<Inbox>> {
        let mut state = self.state.lock();
        if state.is_over || !state.opened.contains_key(&(key.0, key.1)) {
            return None;
        }
        Some(state.inboxes.entry(key).or_default().clone())
    }

    pub(crate) fn remove_inbox(&self, key: ResourceKey) {
        let inbox = self.state.lock().inboxes.remove(&key);
        if let Some(inbox) = inbox {
            inbox.end(End::Closed);
        }
    }

    /// Ends the inbox of a resource that was cut off because its notifications were not read in time.
    pub(crate) fn cut_off(&self, key: ResourceKey) {
        if let Some(inbox) = self.inbox(key) {
            inbox.end(End::Broken(Broken::Slow));
        }
    }

    /// Ends the inboxes of the resources and of the component of a process that has ended, for this reason.
    pub(crate) fn provider_ended(&self, pid: Pid, reason: &Broken) {
        let (first, last) = ((pid, i64::MIN, i64::MIN), (pid, i64::MAX, i64::MAX));
        let inboxes = take_range(&mut self.state.lock().inboxes, first, last);
        inboxes.iter().for_each(|inbox| inbox.end(End::Broken(reason.clone())));
        let component = self.state.lock().components.remove(&pid);
        if let Some(ends) = component {
            ends.end(End::Broken(reason.clone()));
        }
    }

    // -- Components -----------------------------------------------------------------------------

    /// Adds a component that was opened. Returns false if it is open already, or this process has ended.
    pub(crate) fn add_component(&self, pid: Pid, ends: &Arc<Ends>) -> bool {
        let mut state = self.state.lock();
        let is_free = !state.is_over && !state.components.contains_key(&pid);
        if is_free {
            state.components.insert(pid, ends.clone());
        }
        is_free
    }

    pub(crate) fn remove_component(&self, pid: Pid) {
        let ends = self.state.lock().components.remove(&pid);
        if let Some(ends) = ends {
            ends.end(End::Closed);
        }
    }

    pub(crate) fn remove_components(&self) {
        let components = std::mem::take(&mut self.state.lock().components);
        components.values().for_each(|ends| ends.end(End::Closed));
    }

    /// Returns the inbox of a component. Returns none if the component is not open.
    pub(crate) fn component_inbox(&self, pid: Pid) -> Option<Arc<Inbox>> {
        self.state.lock().components.get(&pid).map(|ends| ends.inbox.clone())
    }

    /// Wakes the senders to a component that has room for notifications again.
    pub(crate) fn component_room(&self, pid: Pid) {
        let ends = self.state.lock().components.get(&pid).cloned();
        if let Some(ends) = ends {
            ends.channel.room();
        }
    }

    /// Ends all inboxes, since this process has ended.
    pub(crate) fn end(&self) {
        let (inboxes, components) = {
            let mut state = self.state.lock();
            state.is_over = true;
            state.opened.clear();
            (std::mem::take(&mut state.inboxes), std::mem::take(&mut state.components))
        };
        inboxes.values().for_each(|inbox| inbox.end(End::Broken(Broken::Gone)));
        components.values().for_each(|ends| ends.end(End::Broken(Broken::Gone)));
    }
}

fn take_range(
    inboxes: &mut BTreeMap<ResourceKey, Arc<Inbox>>,
    first: ResourceKey,
    last: ResourceKey,
) -> Vec<Arc<Inbox>> {
    let keys: Vec<_> = inboxes.range(first..=last).map(|(key, _)| *key).collect();
    keys.iter().filter_map(|key| inboxes.remove(key)).collect()
}

/// The ends, in this process, of the channels from and to a component.
pub(crate) struct Ends {
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) channel: Arc<Channel>,
}

impl Ends {
    fn end(&self, end: End) {
        self.inbox.end(end);
        self.channel.close();
    }
}
