//! Random interfaces, generated for all languages: random values travel through chains of relays, in which each ordered pair
//! of languages comes once.
//!
//! Rust must be compiled with this test, so the interfaces of one test are the same each time. Their code, with relays, is in
//! `mixes/sample.rs`. After a change of the generator: `LUCARNE_RENEW=1 cargo test -p lucarne-cli --test languages`. The
//! interfaces of the other test, for Toit and C, are different in each run.

#[path = "mixes/definitions.rs"]
mod definitions;
#[path = "mixes/relays.rs"]
mod relays;
#[allow(dead_code, unreachable_pub, reason = "generated code is for any crate, and some records are not used")]
#[path = "mixes/sample.rs"]
#[rustfmt::skip]
mod sample;

use std::path::{Path, PathBuf};
use std::time::Duration;

use lucarne::prelude::*;
use lucarne_interface::generate::Language;
use lucarne_interface::model::{Interface, Method};

use super::relay::{Random, tag};
use super::{FOLDER, Place, World, compile_files};
use definitions::Mix;

/// The number of interfaces in the sample.
const SAMPLE: usize = 6;

/// The number of values for each method.
const VALUES: usize = 12;

/// The end of a chain: each method returns one of its arguments, as it has arrived.
struct End(Interface);

impl Handler for End {
    async fn handle(&self, _: &Call, index: u32, arguments: Value) -> Result<Value, Thrown> {
        let method = self.0.methods.iter().find(|method| method.index == index);
        let method = method.ok_or_else(|| Thrown::new("no such method"))?;
        match (method.parameters.len(), arguments) {
            (1, only) => Ok(only),
            (_, Value::List(mut values)) => Ok(values.swap_remove(definitions::returned(method))),
            (_, other) => Err(Thrown::new(format!("{other:?} are no arguments"))),
        }
    }
}

fn selector(interface: &Interface) -> Selector {
    let uuid = interface.uuid.parse().expect("it is checked");
    Selector::new(uuid, interface.version.major, interface.version.minor)
}

/// Starts a chain of relays for some interfaces, from its end.
fn start(world: &mut World, mixes: &[Mix], chain: &[&str], folder: &Path) {
    let end = world.system.container("end");
    for mix in mixes {
        let provider = end.provider(&format!("end-{}", mix.stem), "1.0").tags([tag(chain.len())]);
        let provider = provider.provides(selector(&mix.interface), End(mix.interface.clone()));
        provider.install().wait().expect("the name is free");
    }
    for (place, language) in chain.iter().enumerate().rev() {
        match *language {
            "c" => {
                let flags = [("OWN", tag(place)), ("NEXT", tag(place + 1))];
                let flags = flags.map(|(name, tag)| format!("-D{name}=\"{tag}\""));
                let mut files: Vec<PathBuf> =
                    mixes.iter().map(|mix| folder.join(format!("{}.c", mix.stem))).collect();
                files.push(folder.join("relays.c"));
                let name = format!("{}-{place}", folder.file_name().expect("it has one").to_string_lossy());
                let include = format!("-I{}", folder.display());
                let library = compile_files(&name, &[&flags[0], &flags[1], &include], &files);
                world.start(&library, Place::Here);
            }
            "toit" => {
                // It is found when it has installed its providers.
                let program = folder.join("relays.toit");
                let started = world.system.run(program, &[&tag(place), &tag(place + 1)]);
                started.unwrap_or_else(|error| panic!("{error}"));
            }
            _ => {
                let container = world.system.container("relay");
                sample::provide(&container, &tag(place), &tag(place + 1));
            }
        }
    }
}

/// Writes definitions, generated code and relays into a folder.
fn write(mixes: &[Mix], folder: &Path) {
    std::fs::create_dir_all(folder).expect("the target folder can be written");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("the target folder can be written");
    };
    for mix in mixes {
        write(&format!("{}.toit", mix.stem), &mix.text);
        for language in [Language::Toit, Language::C] {
            mix.generated(language).iter().for_each(|file| write(&file.name, &file.text));
        }
    }
    write("relays.c", &relays::c(mixes));
    write("relays.toit", &relays::toit(mixes));
}

/// Sends random values through the first relay, and compares them with what comes back.
fn converse(world: &World, mixes: &[Mix], random: &mut Random, seed: u64) {
    let guest = world.system.container("guest");
    for mix in mixes {
        let first = tag(0);
        let open = Client::open(&guest, selector(&mix.interface)).within(Duration::from_secs(60));
        let client =
            open.only(move |candidate| candidate.tags.contains(&first)).wait().expect("it is provided");
        for method in &mix.interface.methods {
            for _ in 0..VALUES {
                exchange(&client, mix, method, random, seed);
            }
        }
    }
}

fn exchange(client: &Client, mix: &Mix, method: &Method, random: &mut Random, seed: u64) {
    let values: Vec<Value> =
        method.parameters.iter().map(|one| definitions::value(random, &one.ty, &mix.interface, 0)).collect();
    let expected = values[definitions::returned(method)].clone();
    let sent = match values.len() {
        1 => expected.clone(),
        _ => Value::List(values),
    };
    let back = client.invoke(method.index, sent).wait();
    assert_eq!(back.as_ref(), Ok(&expected), "{} with seed {seed}:\n{}", method.name, mix.text);
}

/// Lets values travel through a chain.
fn travel(name: &str, mixes: &[Mix], chain: &[&str], seed: u64) {
    let folder = FOLDER.join(name);
    write(mixes, &folder);
    let mut world = World::new(&format!("{name}-socket"));
    start(&mut world, mixes, chain, &folder);
    converse(&world, mixes, &mut Random::with_seed(seed), seed);
    world.end();
}

fn sample() -> Vec<Mix> {
    let mut random = Random::with_seed(16);
    (0..SAMPLE).map(|number| Mix::new(number, &mut random)).collect()
}

#[test]
fn the_code_of_the_sample_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/languages/mixes/sample.rs");
    let text = relays::rust(&sample());
    if std::env::var_os("LUCARNE_RENEW").is_some() {
        std::fs::write(&path, &text).expect("it can be written");
    }
    assert!(std::fs::read_to_string(path).expect("it can be read") == text, "renew it with LUCARNE_RENEW=1");
}

#[test]
fn values_of_random_interfaces_travel_through_all_pairs() {
    // The pairs of neighbors: rust-rust, rust-toit, toit-toit, toit-c, c-c, c-rust, rust-c, c-toit, toit-rust.
    let chain = ["rust", "rust", "toit", "toit", "c", "c", "rust", "c", "toit", "rust"];
    travel("mixes", &sample(), &chain, fastrand::u64(..));
}

#[test]
fn values_of_new_interfaces_travel_between_toit_and_c() {
    let seed = fastrand::u64(..);
    let mut random = Random::with_seed(seed);
    let mixes: Vec<Mix> = (0..3).map(|number| Mix::new(number, &mut random)).collect();
    travel("new-mixes", &mixes, &["toit", "toit", "c", "c", "toit"], seed);
}
