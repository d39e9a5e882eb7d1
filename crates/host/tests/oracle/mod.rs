//! Properties of programs that hold for any input. The fuzz targets and the tests call these.

use std::sync::{Arc, Mutex, OnceLock};

use lucarne_host::System;
use lucarne_kernel::Faults;
use lucarne_ports::{Environment, Output, Shared, Stream};
use lucarne_services::{Bytes, Value};
use lucarne_toit::{Grants, LoadedProgram, MachineCode, Optimization};

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

/// A run that has ended.
#[derive(PartialEq, Debug)]
struct Ended {
    code: i32,
    text: String,
    /// The steps of the simulation. They are the turns of processes, whose budgets decide when they end.
    steps: u64,
}

impl Ended {
    /// Returns whether the run ended because of a limit that different ways to run a program reach at different times.
    fn is_short(&self) -> bool {
        self.text.contains("OUT_OF_MEMORY") || self.text.len() >= WRITTEN_MAX
    }
}

fn run(image: &Arc<LoadedProgram>, is_stressed: bool, argument: Option<Value>, zone: &[u8]) -> Option<Ended> {
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
    let steps = system.simulation.steps();
    program.code().map(|code| Ended { code, text, steps })
}

fn load(source: &[u8], optimization: Optimization, machine_code: MachineCode) -> Option<Arc<LoadedProgram>> {
    let file = std::env::temp_dir().join(format!("lucarne-oracle-{}.toit", std::process::id()));
    std::fs::write(&file, source).expect("a temporary file");
    let compiled = lucarne_toit::compile_with(&file, optimization);
    std::fs::remove_file(file).expect("a temporary file");
    lucarne_toit::load_with(compiled.ok()?.program, machine_code).ok()
}

/// Checks that the Toit library reads any bytes in one of its formats without harm, and that what it has read stays the
/// same when it is written and read again.
pub(crate) fn format(name: &str, input: &[u8]) {
    static IMAGE: OnceLock<Arc<LoadedProgram>> = OnceLock::new();
    let image = IMAGE.get_or_init(|| {
        let source = include_bytes!("formats.toit");
        load(source, Optimization::Full, MachineCode::Hot).expect("the program of the oracle compiles")
    });
    let argument = Value::List(vec![name.into(), Bytes::from(input.to_vec()).into()]);
    let Some(ended) = run(image, false, Some(argument), input) else { return };
    let is_right = (ended.code, ended.text.as_str()) == (0, "done\n");
    assert!(is_right || ended.text.contains("OUT_OF_MEMORY"), "{name} {input:?}: {ended:?}");
}

/// The words of programs that notice when garbage is collected.
const NOTICES: [&str; 8] = ["finalizer", "weak", "stats", "Time", "Duration", "random", "sleep", "profiler"];

/// Checks that a program does the same whether it is optimized, whether it is interpreted or compiled to machine code, and
/// when garbage is collected at each allocation. Returns whether it has ended in all these ways.
pub(crate) fn program(source: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(source) else { return false };
    if NOTICES.iter().any(|word| text.contains(word)) {
        return false;
    }
    let ways = [
        (Optimization::None, MachineCode::Never),
        (Optimization::Full, MachineCode::Never),
        (Optimization::Full, MachineCode::Always),
    ];
    let [Some(as_written), Some(interpreted), Some(compiled)] =
        ways.map(|(optimization, machine_code)| load(source, optimization, machine_code))
    else {
        return false;
    };
    let Some(plain) = run(&as_written, false, None, &[]) else { return false };
    let Some(usual) = run(&interpreted, false, None, &[]) else { return false };
    let Some(native) = run(&compiled, false, None, &[]) else { return false };
    if plain.is_short() || usual.is_short() || native.is_short() {
        return false;
    }
    // The turns differ: replaced calls cost less of the budget. They also take no room on the stack, so endless recursion goes
    // deeper.
    let results = [&plain, &usual].map(|ended| (ended.code, &ended.text));
    let has_ended = !plain.text.contains("STACK_OVERFLOW");
    if has_ended {
        assert_eq!(results[0], results[1], "as it is written, and optimized");
    }
    assert_eq!(usual, native, "interpreted, and compiled to machine code");
    if !has_ended {
        // Each collection would look through megabytes of frames.
        return true;
    }
    for (image, way) in [(&interpreted, "interpreted"), (&compiled, "compiled to machine code")] {
        let Some(stressed) = run(image, true, None, &[]) else { return false };
        if stressed.is_short() {
            return false;
        }
        let results = [&usual, &stressed].map(|ended| (ended.code, &ended.text));
        assert_eq!(results[0], results[1], "{way}, with a collection at each allocation");
    }
    true
}
