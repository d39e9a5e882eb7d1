//! Properties of programs that hold for any input. The fuzz targets and the tests call these.

use std::sync::{Arc, Mutex, OnceLock};

use lucarne_host::System;
use lucarne_kernel::Faults;
use lucarne_ports::{Environment, Output, Shared, Stream};
use lucarne_services::{Bytes, Value};
use lucarne_toit::{Grants, LoadedProgram};

/// The steps after which a run is given up.
const STEPS_MAX: u64 = 20_000;

/// The memory of a program, in bytes.
const MEMORY: usize = 16 << 20;

/// What a program writes, up to a limit.
#[derive(Default)]
struct Written(Mutex<Vec<u8>>);

const WRITTEN_MAX: usize = 100_000;

impl Output for Written {
    fn write(&self, _: Stream, bytes: &[u8]) {
        let mut written = self.0.lock().expect("no panic under it");
        let room = WRITTEN_MAX.saturating_sub(written.len()).min(bytes.len());
        written.extend_from_slice(&bytes[..room]);
    }

    fn flush(&self) {}
}

/// A machine with one zone file.
struct OneZone(Vec<u8>, Shared);

impl Environment for OneZone {
    fn time_zone(&self) -> Option<String> {
        None
    }

    fn local_zone_file(&self) -> Option<Vec<u8>> {
        Some(self.0.clone())
    }

    fn zone_file(&self, name: &str) -> Option<Vec<u8>> {
        (name == "Fuzz/Zone").then(|| self.0.clone())
    }

    fn host_name(&self) -> Option<String> {
        None
    }

    fn trusted_certificates(&self) -> Vec<u8> {
        Vec::new()
    }

    fn shared(&self) -> &Shared {
        &self.1
    }

    fn is_simulated(&self) -> bool {
        true
    }
}

/// The result of a run that has ended: the exit code and the output.
type Ended = Option<(i32, String)>;

fn run(image: &Arc<LoadedProgram>, is_stressed: bool, argument: Option<Value>, zone: &[u8]) -> Ended {
    let written = Arc::new(Written::default());
    let mut system = System::builder().output(written.clone()).simulate(1, Faults::default());
    let mut grants = Grants::new(written.clone(), system.presence());
    grants.argument = argument;
    grants.environment = Arc::new(OneZone(zone.to_vec(), Shared::new()));
    (grants.heap.stress, grants.heap.limit_bytes) = (is_stressed, MEMORY);
    let program = lucarne_toit::start(system.kernel(), image.clone(), grants);
    if !system.simulation.run_until(STEPS_MAX, || program.code().is_some()) {
        return None;
    }
    let text = String::from_utf8_lossy(&written.0.lock().expect("no panic under it")).into_owned();
    program.code().map(|code| (code, text))
}

fn load(source: &[u8]) -> Option<Arc<LoadedProgram>> {
    let file = std::env::temp_dir().join(format!("lucarne-oracle-{}.toit", std::process::id()));
    std::fs::write(&file, source).expect("a temporary file");
    let compiled = lucarne_toit::compile(&file);
    std::fs::remove_file(file).expect("a temporary file");
    lucarne_toit::load(compiled.ok()?.program).ok()
}

/// Checks that the Toit library reads any bytes in one of its formats without harm, and that what it has read stays the
/// same when it is written and read again.
pub(crate) fn format(name: &str, input: &[u8]) {
    static IMAGE: OnceLock<Arc<LoadedProgram>> = OnceLock::new();
    let image = IMAGE
        .get_or_init(|| load(include_bytes!("formats.toit")).expect("the program of the oracle compiles"));
    let argument = Value::List(vec![name.into(), Bytes::from(input.to_vec()).into()]);
    let Some((code, text)) = run(image, false, Some(argument), input) else { return };
    let is_short_of_memory = text.contains("OUT_OF_MEMORY");
    assert!((code, text.as_str()) == (0, "done\n") || is_short_of_memory, "{name} {input:?}: {code} {text}");
}

/// The words of programs that notice when garbage is collected.
const NOTICES: [&str; 8] = ["finalizer", "weak", "stats", "Time", "Duration", "random", "sleep", "profiler"];

/// Checks that a program does the same when garbage is collected at each allocation.
pub(crate) fn program(source: &[u8]) {
    let Ok(text) = std::str::from_utf8(source) else { return };
    if NOTICES.iter().any(|word| text.contains(word)) {
        return;
    }
    let Some(image) = load(source) else { return };
    let [Some(usual), Some(stressed)] = [false, true].map(|stress| run(&image, stress, None, &[])) else {
        return;
    };
    let is_short = |ended: &(i32, String)| ended.1.contains("OUT_OF_MEMORY") || ended.1.len() >= WRITTEN_MAX;
    if !is_short(&usual) && !is_short(&stressed) {
        assert_eq!(usual, stressed, "with a collection at each allocation");
    }
}
