//! Requests and responses of HTTP in a storm, between programs in Toit, while a process is killed or the connections are
//! cut at any step. No call waits forever, and nothing is left.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use lucarne::network::Weather;
use lucarne::{CapturedOutput, ProgramOptions, RunningProgram, SimulatedSystem, Stream, System};
use lucarne_kernel::{Faults, Held, Step};
use lucarne_toit::LoadedProgram;

use crate::{Disturbance, SEEDS, STEPS_MAX};

/// The number of visitors. Each sends four requests.
const VISITORS: usize = 2;

/// The outcome of a run. Equal seeds give equal outcomes.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    steps: u64,
    now_us: i64,
    /// What the visitors print.
    text: String,
}

#[test]
fn some_seeds_of_requests() {
    run_seeds(0..30);
}

#[test]
#[ignore = "takes seconds: `.ci/run` runs it"]
fn all_seeds_of_requests() {
    run_seeds(0..SEEDS);
}

fn run_seeds(seeds: std::ops::Range<u64>) {
    let undisturbed = run(0, Disturbance::Nothing);
    assert_eq!(undisturbed.text.matches("visitor: 200\n").count(), 4 * VISITORS, "{}", undisturbed.text);
    let (mut responses, mut failures) = (0, 0);
    for seed in seeds {
        let step = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) % undisturbed.steps + 1;
        let disturbance = match seed % 3 {
            0 => Disturbance::Kill(step),
            1 => Disturbance::Cut(step),
            _ => Disturbance::Part(step),
        };
        let outcome = run(seed, disturbance);
        if seed % 10 == 0 {
            assert_eq!(run(seed, disturbance), outcome, "seed {seed} does not repeat itself");
        }
        responses += outcome.text.matches("visitor: 200\n").count();
        failures += outcome.text.matches("visitor: failed: ").count();
    }
    // The weather spoils some requests, and spares others.
    assert!(responses > 0 && failures > 0, "{responses} responses, {failures} failures");
}

fn run(seed: u64, disturbance: Disturbance) -> Outcome {
    let kill_at_steps = if let Disturbance::Kill(step) = disturbance { vec![step] } else { Vec::new() };
    let output = Arc::new(CapturedOutput::default());
    // A run without a disturbance shows that all requests succeed if nothing spoils them.
    let is_disturbed = !matches!(disturbance, Disturbance::Nothing);
    let weather = if is_disturbed { Weather::STORM } else { Weather::FAIR };
    let builder = System::builder().output(output.clone()).weather(weather);
    let mut system = builder.simulate(seed, Faults { kill_at_steps });
    let processes = system.kernel().process_count();
    let start = |role: &str| {
        let options = ProgramOptions { arguments: vec![role.to_owned()], ..ProgramOptions::default() };
        system.start_program(image(), &file(), options)
    };
    let site = start("site");
    let visitors: Vec<RunningProgram> = (0..VISITORS).map(|_| start("visitor")).collect();
    let about = || format!("seed {seed} with {disturbance:?}: {}", output.text(Stream::Out));
    while !visitors.iter().all(|visitor| visitor.code().is_some()) {
        let steps = system.simulation.steps();
        disturb(&system, disturbance, steps);
        assert!(
            system.simulation.step() != Step::Quiet && steps < STEPS_MAX,
            "a call never ends: {}",
            about()
        );
    }
    let (steps, now_us) = (system.simulation.steps(), system.kernel().clock().now_us());
    site.stop(0);
    assert!(system.simulation.run_until_quiet(STEPS_MAX), "does not become quiet: {}", about());
    assert_eq!(system.network().open_sockets(), 0, "sockets are left: {}", about());
    assert_eq!(system.network().waiting_bytes(), 0, "bytes are left: {}", about());
    assert_eq!(system.kernel().held(), Held::default(), "{}", about());
    // A kill can end a service of the system.
    let left = system.kernel().process_count();
    assert!(
        left == processes || left + 1 == processes && is_disturbed,
        "{left} processes are left: {}",
        about()
    );
    Outcome { steps, now_us, text: output.text(Stream::Out) }
}

fn disturb(system: &SimulatedSystem, disturbance: Disturbance, steps: u64) {
    match disturbance {
        Disturbance::Cut(step) if step == steps => system.network().reset_connections(),
        Disturbance::Part(step) if step == steps => system.network().part(crate::PARTITION),
        _ => {}
    }
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/weather/site.toit")
}

fn image() -> Arc<LoadedProgram> {
    static IMAGE: OnceLock<Arc<LoadedProgram>> = OnceLock::new();
    let load = || {
        let compiled = lucarne_toit::compile(&file()).unwrap_or_else(|error| panic!("{error}"));
        assert!(compiled.analysis.diagnostics.is_empty(), "{:?}", compiled.analysis.diagnostics);
        lucarne_toit::load(compiled.program).expect("there is memory")
    };
    IMAGE.get_or_init(load).clone()
}
