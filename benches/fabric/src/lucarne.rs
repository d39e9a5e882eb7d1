//! A system that has joined a fabric, and the service that it offers or uses.

use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lucarne_fabric::identity::Identity;
use lucarne_fabric::over_zenoh::{ZenohNetwork, ZenohOptions};
use lucarne_fabric::{Options, Rules, join};
use lucarne_kernel::{Kernel, KernelOptions, SpawnOptions};
use lucarne_services::{
    Abroad, Bytes, Call, Client, Container, Handler, Notifier, Open, Oversight, Presence, Provider, Resource,
    Selector, ServiceManager, Thrown, Value, uuid,
};
use uuid::Uuid;

use crate::IN_FLIGHT;
use crate::table::Subject;

const BENCH: Uuid = uuid!("5c8f2f6e-9a55-4f6b-9f0a-1c5d8e0b7a41");

/// Returns the interface with a number.
fn interface(number: u128) -> Selector {
    Selector::new(Uuid::from_u128(BENCH.as_u128() ^ number), 1, 0)
}

const ECHO: u32 = 0;
const SOURCE: u32 = 1;
const FLOOD: u32 = 2;
const APPEAR: u32 = 3;

/// The longest time for anything that is expected.
const PATIENCE: Duration = Duration::from_secs(120);

/// The options with which a system joins a fabric.
pub struct Joining<'j> {
    pub name: &'j str,
    pub zenoh: ZenohOptions,
    pub identity: Option<&'j Path>,
    /// A rule for imports, such as `all` or `m0:all`.
    pub imports: &'j str,
    pub workers: usize,
}

/// A system that has joined a fabric, with one container.
pub struct System {
    pub container: Container,
    _kernel: Kernel,
}

impl System {
    pub fn join(joining: &Joining<'_>) -> System {
        let kernel = Kernel::new(KernelOptions { workers: joining.workers, hooks: Default::default() });
        let abroad = Abroad::default();
        let oversight = Oversight { abroad: abroad.clone(), ..Oversight::default() };
        let manager = ServiceManager::overseen(Presence::default(), oversight);
        let manager = kernel.start_system(Box::new(manager), SpawnOptions::named("manager"));
        kernel.set_system_process(manager);
        let name = joining.name.parse().expect("the name of a machine");
        let zenoh = ZenohOptions { is_trusted: true, ..joining.zenoh.clone() };
        let network = ZenohNetwork::open(&name, &zenoh).expect("a network");
        let identity = joining.identity.map(|folder| {
            Arc::new(Identity::load(&folder.join(joining.name)).expect("the identity of the machine"))
        });
        let rules = |rule: &str| -> Rules { [rule.parse().expect("a rule")].into_iter().collect() };
        let (exports, imports) = (rules("all"), rules(joining.imports));
        let options = Options { identity, exports, imports, ..Options::new(name, network) };
        let _status = join(&kernel, &abroad, options);
        System { container: Container::start(&kernel, "bench"), _kernel: kernel }
    }

    /// Offers the service of this file, as an interface with a number.
    pub fn provide(&self, number: u128) -> Provider {
        let provider =
            self.container.provider("bench", "1.0").provides(interface(number), Answering::default());
        provider.install().wait().expect("a service manager")
    }

    /// Waits for a service of another machine, and opens it. If contact is lost meanwhile, looks for the service again.
    pub fn find(&self, number: u128) -> Client {
        let begin = Instant::now();
        loop {
            match Open::new(&self.container, interface(number)).within(PATIENCE).wait() {
                Ok(client) => return client,
                Err(error) => assert!(begin.elapsed() < PATIENCE, "no provider: {error}"),
            }
        }
    }

    /// Opens the service with number 0 of another machine, and returns its user. `name` is for the table.
    pub fn user(self, name: &'static str) -> User {
        User { name, client: self.find(0), system: self }
    }
}

/// The service of this file.
#[derive(Default)]
struct Answering {
    /// The services that were announced later, for the discovery.
    later: Mutex<Vec<Provider>>,
}

impl Handler for Answering {
    async fn handle(&self, call: &Call, index: u32, arguments: Value) -> Result<Value, Thrown> {
        match index {
            ECHO => Ok(arguments),
            SOURCE => Ok(call.give(Resource::<Notifier<i64>>::notifying(|notifier| notifier))?.into()),
            FLOOD => {
                let [handle, count] = arguments.as_list().unwrap_or_default() else { return Ok(Value::Null) };
                let notifier = call.resource::<Notifier<i64>>(handle.as_int().unwrap_or_default())?;
                for number in 0..count.as_int().unwrap_or_default() {
                    if notifier.send(number).await.is_err() {
                        break;
                    }
                }
                Ok(Value::Null)
            }
            APPEAR => {
                let uuid = Uuid::parse_str(arguments.as_str().unwrap_or_default());
                let selector = Selector::new(uuid.map_err(|_| Thrown::new("INVALID_ARGUMENT"))?, 1, 0);
                let provider =
                    call.container().provider("later", "1.0").provides(selector, Answering::default());
                let provider = provider.install().await.map_err(|_| Thrown::new("ALREADY_THERE"))?;
                self.later.lock().expect("no panic").push(provider);
                Ok(Value::Null)
            }
            _ => Err(call.no_such_method(index)),
        }
    }
}

/// A client of the service on another machine.
pub struct User {
    name: &'static str,
    client: Client,
    system: System,
}

impl User {
    /// Runs a task in the container, and returns its result.
    fn run<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> T {
        let (tell, told) = mpsc::channel();
        self.system.container.spawn(async move {
            let _ = tell.send(task.await);
        });
        told.recv().expect("the task ends")
    }

    /// Echoes a value again and again.
    fn echo(&self, value: Value, count: usize) -> Vec<Duration> {
        let client = self.client.clone();
        self.run(async move {
            let mut times = Vec::with_capacity(count);
            for _ in 0..count {
                let value = value.clone();
                let begin = Instant::now();
                client.invoke(ECHO, value).await.expect("an answer");
                times.push(begin.elapsed());
            }
            times
        })
    }

    /// Calls the provider for a time. Returns how long each call took.
    pub fn calls_for(&self, time: Duration) -> Vec<Duration> {
        let begin = Instant::now();
        let mut times = Vec::new();
        while begin.elapsed() < time {
            times.extend(self.echo(Value::from(7), 20));
        }
        times
    }

    /// Keeps the provider busy without end: notifications, and large byte arrays there and back.
    pub fn consume(&self) {
        let client = self.client.clone();
        self.system.container.spawn(async move {
            let bytes = Bytes::from(vec![7; 100_000]);
            while client.invoke(ECHO, Value::Bytes(bytes.clone())).await.is_ok() {}
        });
        let (client, container) = (self.client.clone(), self.system.container.clone());
        self.system.container.spawn(async move {
            let _ = flood(&container, &client, i64::MAX).await;
        });
    }
}

/// Takes notifications from the provider.
async fn flood(container: &Container, client: &Client, count: i64) -> Option<()> {
    let handle = client.invoke(SOURCE, Value::Null).await.ok()?;
    let proxy = client.proxy(handle.as_int()?);
    let mut numbers = proxy.notifications::<i64>();
    let flooding = client.invoke(FLOOD, Value::List(vec![handle, count.into()]));
    container.spawn(async move {
        // Fails if the other machine is lost.
        let _ = flooding.await;
    });
    for _ in 0..count {
        numbers.next().await?.ok()?;
    }
    proxy.close().await.ok()
}

impl Subject for User {
    fn name(&self) -> &'static str {
        self.name
    }

    fn calls(&self, count: usize) -> Vec<Duration> {
        self.echo(Value::from(7), count)
    }

    fn concurrent(&self, count: usize) -> Duration {
        let (tell, told) = mpsc::channel();
        let begin = Instant::now();
        for _ in 0..IN_FLIGHT {
            let (client, tell) = (self.client.clone(), tell.clone());
            self.system.container.spawn(async move {
                for number in 0..(count / IN_FLIGHT) as i64 {
                    client.invoke(ECHO, Value::from(number)).await.expect("an answer");
                }
                let _ = tell.send(());
            });
        }
        (0..IN_FLIGHT).for_each(|_| told.recv().expect("the tasks end"));
        begin.elapsed()
    }

    fn large(&self, size: usize, count: usize) -> Vec<Duration> {
        self.echo(Value::Bytes(Bytes::from(vec![7; size])), count)
    }

    fn notifications(&self, count: usize) -> Duration {
        let (client, container) = (self.client.clone(), self.system.container.clone());
        let begin = Instant::now();
        self.run(async move { flood(&container, &client, count as i64).await }).expect("all notifications");
        begin.elapsed()
    }

    fn discovery(&self) -> Option<Duration> {
        let (client, container) = (self.client.clone(), self.system.container.clone());
        let later = Uuid::new_v4();
        let opening = Open::<Client>::new(&container, Selector::new(later, 1, 0)).within(PATIENCE);
        Some(self.run(async move {
            let begin = Instant::now();
            client.invoke(APPEAR, Value::from(later.to_string().as_str())).await.expect("an answer");
            opening.await.expect("the new provider");
            begin.elapsed()
        }))
    }
}
