//! Takes samples of the device at work: the services and their clients, the number and duration of calls, and the use
//! of memory and processor time.
//!
//! Each watch has a thread here, which takes a [`Sample`] in each interval. Messages are counted from the first watch
//! to the last one: see `lucarne_services::Traffic`. The rest is requested when a sample is taken: open clients and
//! resources of the providers, memory and processor time of the containers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use lucarne::prelude::*;
use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::mpsc::sync_channel;
use lucarne_kernel::sync::thread;
use lucarne_kernel::{Gid, KernelHandle, Pid};
use lucarne_services::protocol::interface;
use lucarne_services::{Calls, Flow, Look, Seen, Survey, Surveyed, Surveys, Traffic};

use tokio::sync::oneshot;

use crate::ContainerName;
use crate::control::{ClientSample, ContainerSample, Counters, Listed, MethodSample, Sample, ServiceSample};
use crate::machines::View;
use crate::residents::Residents;
use crate::start::Usage;
use crate::supervisor::{Event, Orders};

/// The interval at which the thread of a watch checks whether the watch is still open.
const LOOK: Duration = Duration::from_millis(200);

/// The longest time for a survey. The service manager stops waiting for silent providers earlier.
const SURVEY_MAX: Duration = Duration::from_secs(2);

/// The number of methods of a service in a sample.
const METHODS_MAX: usize = 256;

/// The sources of samples.
#[derive(Clone)]
pub(crate) struct Observatory {
    pub(crate) kernel: KernelHandle,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) surveys: Surveys,
    pub(crate) residents: Residents,
    pub(crate) orders: Orders,
    /// The machines of the fabric.
    pub(crate) view: View,
}

/// The state of one watch.
struct Observer {
    observatory: Observatory,
    look: Look,
    since_us: i64,
    /// The service of each client, by the provider's process and the number of the client there.
    services: HashMap<(Pid, i64), i64>,
    /// The processor time of each container at the last sample, in µs.
    cpu_us: HashMap<ContainerName, u64>,
}

impl Observatory {
    /// Sends a sample in each interval until the watch is closed.
    pub(crate) fn observe(self, interval: Duration, notifier: Notifier<Sample>) -> std::io::Result<()> {
        let observe = move || {
            let mut observer = Observer::new(self);
            let clock = observer.observatory.kernel.clock().clone();
            while wait(&clock, interval, &notifier) {
                let Some(sample) = observer.sample() else { return };
                if notifier.send(sample).wait().is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("observer".to_owned()).spawn(observe).map(drop)
    }

    /// Asks for a survey. Returns `None` if the system has ended, or if the survey takes longer than [`SURVEY_MAX`].
    fn survey(&self) -> Option<Survey> {
        let (sender, receiver) = sync_channel(1);
        // Sending fails if the receiver no longer waits.
        self.surveys.ask(move |survey| drop(sender.try_send(survey)));
        receiver.recv_timeout(SURVEY_MAX).ok()
    }

    /// Adds the open clients and resources of each container, as the providers that answer in time report them.
    pub(crate) async fn count_open(&self, counters: &mut Counters) {
        let (sender, receiver) = oneshot::channel();
        // Sending fails if the receiver no longer waits.
        self.surveys.ask(move |survey| drop(sender.send(survey)));
        let Ok(survey) = receiver.await else { return };
        let mut open: HashMap<ContainerName, (u64, u64)> = HashMap::new();
        for client in survey.services.iter().flat_map(|service| service.clients.iter().flatten()) {
            let gid = self.kernel.gid_of(client.pid);
            let Some(name) = gid.and_then(|gid| self.name_of(gid)) else { continue };
            let (clients, resources) = open.entry(name).or_default();
            *clients += 1;
            *resources += client.resources;
        }
        for container in &mut counters.containers {
            let (clients, resources) = open.get(&container.listed.name).copied().unwrap_or_default();
            container.open_clients = Some(clients);
            container.open_resources = Some(resources);
        }
    }

    fn name_of(&self, gid: Gid) -> Option<ContainerName> {
        self.residents.name_of(gid)
    }
}

/// Waits until the interval is over. Returns false if the watch is closed before that.
fn wait(clock: &Clock, interval: Duration, notifier: &Notifier<Sample>) -> bool {
    let start_us = clock.now_us();
    loop {
        if notifier.is_closed() {
            return false;
        }
        let passed_us = (clock.now_us() - start_us).unsigned_abs();
        let left = interval.saturating_sub(Duration::from_micros(passed_us));
        if left.is_zero() {
            return true;
        }
        thread::sleep(left.min(LOOK));
    }
}

impl Observer {
    fn new(observatory: Observatory) -> Observer {
        let look = observatory.traffic.look(&observatory.kernel);
        let (services, cpu_us) = (HashMap::new(), HashMap::new());
        let since_us = observatory.kernel.clock().now_us();
        let mut observer = Observer { observatory, look, since_us, services, cpu_us };
        if let Some(survey) = observer.observatory.survey() {
            observer.note_clients(&survey);
        }
        for (listed, usage) in observer.containers().unwrap_or_default() {
            observer.cpu_since(&listed.name, usage);
        }
        observer
    }

    fn sample(&mut self) -> Option<Sample> {
        let survey = self.observatory.survey()?;
        let seen = self.look.take();
        let now_us = self.observatory.kernel.clock().now_us();
        let over_us = now_us - std::mem::replace(&mut self.since_us, now_us);
        self.services.extend(&seen.opened);
        // Clients that were closed since the last sample are in `services`: the survey of that sample has added them.
        let services = self.services_of(&survey, &seen);
        self.services.clear();
        self.note_clients(&survey);
        let containers = self.containers_of(&seen)?;
        let machine = self.observatory.view.own_name();
        Some(Sample { over_us, services, containers, machine, missed: seen.missed })
    }

    fn note_clients(&mut self, survey: &Survey) {
        for service in &survey.services {
            let clients = service.clients.iter().flatten();
            self.services.extend(clients.map(|client| ((service.pid, client.client), service.id)));
        }
    }

    // -- Services ---------------------------------------------------------------------------------

    fn services_of(&self, survey: &Survey, seen: &Seen) -> Vec<ServiceSample> {
        let mut calls: BTreeMap<(Pid, Option<i64>), Counted> = BTreeMap::new();
        for (line, counted) in &seen.calls {
            let service = line.client.map(|client| self.services.get(&(line.asked, client)).copied());
            match service {
                Some(Some(id)) => {
                    calls.entry((line.asked, Some(id))).or_default().add(line.method, counted);
                }
                // A request that calls no service, such as a request to a component.
                None => calls.entry((line.asked, None)).or_default().add(None, counted),
                Some(None) => {}
            }
        }
        let mut take = |pid, id| calls.remove(&(pid, id)).unwrap_or_default();
        let mut samples: Vec<_> = survey
            .services
            .iter()
            .map(|service| self.service(service, &take(service.pid, Some(service.id))))
            .collect();
        samples.extend(survey.components.iter().map(|(id, pid)| self.component(id, *pid, &take(*pid, None))));
        samples
    }

    fn service(&self, service: &Surveyed, counted: &Counted) -> ServiceSample {
        let (major, minor) = service.version;
        let clients = service.clients.as_ref().map(|clients| {
            let mut samples: BTreeMap<(Option<String>, Option<ContainerName>), ClientSample> =
                BTreeMap::new();
            for client in clients {
                let gid = self.observatory.kernel.gid_of(client.pid);
                let container = gid.and_then(|gid| self.observatory.name_of(gid));
                let machine = gid.and_then(|gid| self.observatory.view.machine_of(gid));
                let sample = samples.entry((machine.clone(), container.clone())).or_default();
                (sample.container, sample.machine) = (container, machine);
                sample.clients += 1;
                sample.resources += client.resources;
            }
            samples.into_values().collect()
        });
        let container = self.observatory.name_of(service.gid);
        let interface = interface::ALL.iter().find(|interface| interface.uuid == service.uuid);
        let stands_in = interface.filter(|_| container.is_some());
        let view = &self.observatory.view;
        ServiceSample {
            container,
            machine: view.machine_of(service.gid).or_else(|| view.own_name()),
            stands_in_for: stands_in.map(|interface| interface.alias.to_owned()),
            name: service.name.clone(),
            version: Some(format!("{major}.{minor}")),
            uuid: service.uuid.parse().ok(),
            tags: service.tags.clone(),
            priority: service.priority,
            clients,
            methods: counted.methods(),
            ..ServiceSample::called(&counted.all)
        }
    }

    fn component(&self, id: &str, pid: Pid, counted: &Counted) -> ServiceSample {
        let gid = self.observatory.kernel.gid_of(pid);
        ServiceSample {
            container: gid.and_then(|gid| self.observatory.name_of(gid)),
            machine: self.observatory.view.own_name(),
            name: id.to_owned(),
            ..ServiceSample::called(&counted.all)
        }
    }

    // -- Containers -------------------------------------------------------------------------------

    fn containers(&self) -> Option<Vec<(Listed, Usage)>> {
        self.observatory.orders.ask_blocking(|reply| Event::Overview { reply }).ok()
    }

    fn containers_of(&mut self, seen: &Seen) -> Option<Vec<ContainerSample>> {
        let mut received: HashMap<ContainerName, Flow> = HashMap::new();
        let mut sent: HashMap<ContainerName, Flow> = HashMap::new();
        for ((from, to), flow) in &seen.flows {
            if let Some(name) = self.observatory.name_of(*from) {
                sent.entry(name).or_default().add(*flow);
            }
            if let Some(name) = self.observatory.name_of(*to) {
                received.entry(name).or_default().add(*flow);
            }
        }
        let containers = self.containers()?;
        let sample = |(listed, usage): (Listed, Usage)| {
            let received = received.get(&listed.name).copied().unwrap_or_default();
            let sent = sent.get(&listed.name).copied().unwrap_or_default();
            ContainerSample {
                cpu_us: self.cpu_since(&listed.name, usage),
                memory_bytes: usage.memory_bytes,
                received: received.messages,
                received_bytes: received.bytes,
                sent: sent.messages,
                sent_bytes: sent.bytes,
                listed,
            }
        };
        Some(containers.into_iter().map(sample).collect())
    }

    /// Returns the processor time since the last call, or all of it for a new run.
    fn cpu_since(&mut self, name: &ContainerName, usage: Usage) -> Option<u64> {
        let now_us = usage.cpu_us?;
        let before_us = self.cpu_us.insert(name.clone(), now_us).filter(|before_us| *before_us <= now_us);
        Some(now_us - before_us.unwrap_or(0))
    }
}

/// The calls of a service.
#[derive(Default)]
struct Counted {
    all: Calls,
    /// The calls by the index of the method.
    by_method: BTreeMap<i64, Calls>,
}

impl Counted {
    fn add(&mut self, method: Option<i64>, calls: &Calls) {
        self.all.add(calls);
        if let Some(index) = method {
            self.by_method.entry(index).or_default().add(calls);
        }
    }

    /// Returns the methods that were called, in the order of their indexes: if there are too many, those that were called
    /// most. Clients choose the indexes, so a limit is necessary.
    fn methods(&self) -> Vec<MethodSample> {
        let mut methods: Vec<(&i64, &Calls)> = self.by_method.iter().collect();
        if methods.len() > METHODS_MAX {
            methods.sort_by_key(|(_, calls)| Reverse(calls.count));
            methods.truncate(METHODS_MAX);
            methods.sort_by_key(|(index, _)| **index);
        }
        let sample = |(index, calls): (&i64, &Calls)| MethodSample {
            index: *index,
            calls: calls.count,
            errors: calls.errors,
            p50_ns: calls.latency.percentile_ns(50),
            p99_ns: calls.latency.percentile_ns(99),
            max_ns: calls.latency.max_ns(),
        };
        methods.into_iter().map(sample).collect()
    }
}

impl ServiceSample {
    /// Returns a sample with nothing but the calls.
    fn called(calls: &Calls) -> ServiceSample {
        ServiceSample {
            calls: calls.count,
            errors: calls.errors,
            p50_ns: calls.latency.percentile_ns(50),
            p99_ns: calls.latency.percentile_ns(99),
            max_ns: calls.latency.max_ns(),
            ..ServiceSample::default()
        }
    }
}
