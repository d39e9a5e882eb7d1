//! A store of values by name, whose clients can watch names: provided in Rust, watched from Toit.
//!
//! `cargo run -p lucarne --example store` runs the store, a client that changes values, and a
//! program in Toit that watches.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use interface::{Change, Store, StoreClient, StoreError, StoreHandler, Watch};
use lucarne::prelude::*;

/// Made from the definition, as for clients in Toit.
mod interface {
    lucarne::interface!("../../examples/store/store.toit");
}

#[derive(Default, Clone)]
struct Shelf {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    values: BTreeMap<String, Value>,
    watches: Vec<(String, Notifier<Change>)>,
}

/// The provider's implementation of a watch. The notifier of its client is in the list of all.
struct Watching;

impl Shelf {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn tell(&mut self, name: &str, value: Value) {
        self.watches.retain(|(_, watcher)| !watcher.is_closed());
        let concerned = self.watches.iter().filter(|(prefix, _)| name.starts_with(prefix));
        for (_, watcher) in concerned {
            // A client whose queue is full does not receive changes beyond the first thousand
            // that wait.
            let _ = watcher.try_send(Change { name: name.to_owned(), value: value.clone() });
        }
    }
}

impl Store for Shelf {
    type Watch = Watching;

    async fn get(&self, name: String) -> Value {
        self.state().values.get(&name).cloned().unwrap_or(Value::Null)
    }

    async fn put(&self, name: String, value: Value) -> Result<(), StoreError> {
        if value == Value::Null {
            return Err(StoreError::NoValue);
        }
        let mut state = self.state();
        state.tell(&name, value.clone());
        state.values.insert(name, value);
        Ok(())
    }

    async fn remove(&self, name: String) -> bool {
        let mut state = self.state();
        let was_there = state.values.remove(&name).is_some();
        if was_there {
            state.tell(&name, Value::Null);
        }
        was_there
    }

    async fn watch(&self, prefix: String) -> Resource<Watching> {
        let mut state = self.state();
        Watching::resource(|watcher| {
            let present = state.values.iter().filter(|(name, _)| name.starts_with(&prefix));
            for (name, value) in present {
                let _ = watcher.try_send(Change { name: name.clone(), value: value.clone() });
            }
            state.watches.push((prefix, watcher));
            Watching
        })
    }
}

impl Watch for Watching {}

#[allow(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = System::new();
    let house = system.container("house");
    house.provider("example/shelf", "1.0").handle(StoreHandler::new(Shelf::default())).install().wait()?;

    let guest = system.container("guest");
    let store = StoreClient::open(&guest).within(Duration::from_secs(1)).wait()?;
    store.put("lamp/kitchen".into(), "off".into()).wait()?;
    let watch = store.watch("lamp/".into()).wait()?;
    let mut changes = watch.notifications();

    let toit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/store/watcher.toit");
    let watcher = system.run(toit, &["lamp/", "lamp/hall"])?;
    // The program announces itself in the store.
    while store.get("watcher".into()).wait()? == Value::Null {
        guest.sleep(Duration::from_millis(5)).wait()?;
    }
    store.put("lamp/hall".into(), 75.into()).wait()?;
    store.put("door/front".into(), true.into()).wait()?;
    println!("removed: {}", store.remove("lamp/hall".into()).wait()?);
    for _ in 0..3 {
        let Some(change) = changes.next().wait() else { break };
        let Change { name, value } = change?;
        println!("Rust sees {name}: {value:?}");
    }
    std::process::exit(watcher.wait());
}
