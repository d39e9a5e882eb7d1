//! Sets up a system with a victim, a bystander and attackers, and checks how the attackers affect the victim, the
//! bystander and the system.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use lucarne::{Output, ProgramOptions, RunningProgram, Stream, System, SystemHandle};
use lucarne_kernel::SpawnOptions;
use lucarne_services::{Oversight, Survey};
use lucarne_toit::LoadedProgram;

use crate::strangers::Stranger;
use crate::table::{Attacker, Row};

/// The memory limit of each process of an attacker.
const ATTACKER_BYTES: usize = 8 << 20;

/// The maximum size of the victim's heap during any attack, in bytes: its books, values of messages that it handles, of which one
/// sender may have 4 MiB on the way, and those that no collection has freed yet.
const VICTIM_BYTES_MAX: i64 = 8 << 20;

/// The bytes by which the heap of the victim may be larger after an attack than before: a process that was busy keeps a
/// young chunk of 512 KiB, and its tables have grown.
const VICTIM_GROWTH_MAX: i64 = (512 + 64) << 10;

/// The file of the program of all guests.
fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/hostile/guests/guests.toit")
}

fn image() -> Arc<LoadedProgram> {
    static IMAGE: OnceLock<Arc<LoadedProgram>> = OnceLock::new();
    IMAGE
        .get_or_init(|| {
            let compiled = lucarne_toit::compile(&program()).unwrap_or_else(|error| panic!("{error}"));
            assert!(compiled.analysis.diagnostics.is_empty(), "{:?}", compiled.analysis.diagnostics);
            lucarne_toit::load(compiled.program).expect("there is memory")
        })
        .clone()
}

/// The maximum length of the messages about failures that are kept, in bytes.
const FAILURES_MAX: usize = 8 << 10;

/// Keeps the lines that the bystander and the attackers print about themselves, without those of floods, and the first
/// messages about failures.
#[derive(Default)]
pub(crate) struct Heard {
    lines: Mutex<String>,
    failures: Mutex<String>,
}

impl Heard {
    pub(crate) fn text(&self) -> String {
        self.lines.lock().unwrap().clone()
    }

    pub(crate) fn failures(&self) -> String {
        self.failures.lock().unwrap().clone()
    }
}

impl Output for Heard {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        if stream == Stream::Error {
            let mut failures = self.failures.lock().unwrap();
            if failures.len() < FAILURES_MAX {
                failures.push_str(&text);
            }
            return;
        }
        let is_wanted = |line: &&str| line.starts_with("bystander: ") || line.starts_with("attack: ");
        for line in text.lines().filter(is_wanted) {
            self.lines.lock().unwrap().push_str(&format!("{line}\n"));
        }
    }

    fn flush(&self) {}
}

/// The parts of a scene that real and simulated systems have in common.
pub(crate) struct Scene {
    pub(crate) heard: Arc<Heard>,
    pub(crate) oversight: Oversight,
}

/// Starts the program of all guests, on threads or under simulation.
pub(crate) type Start<'s> = &'s dyn Fn(Arc<LoadedProgram>, &Path, ProgramOptions) -> RunningProgram;

/// The programs of a scene.
pub(crate) struct Cast {
    pub(crate) victim: RunningProgram,
    pub(crate) bystander: RunningProgram,
    attackers: Vec<RunningProgram>,
}

impl Scene {
    pub(crate) fn new() -> (Scene, lucarne::Builder) {
        let scene = Scene { heard: Arc::default(), oversight: Oversight::default() };
        let builder = System::builder().output(scene.heard.clone()).oversight(scene.oversight.clone());
        (scene, builder)
    }

    /// Starts the programs: a victim, a bystander that does `rounds` rounds, and the attackers.
    pub(crate) fn start(
        &self,
        system: &SystemHandle,
        start: Start<'_>,
        rounds: usize,
        attackers: &[Row],
    ) -> Cast {
        let victim = guest(start, &["victim"], None);
        let bystander = guest(start, &["bystander", &rounds.to_string()], None);
        let attackers = attackers.iter().map(|row| match row.attacker {
            Attacker::Toit(role) => guest(start, &[role], Some(ATTACKER_BYTES)),
            Attacker::Stranger(manners) => {
                system.kernel().start(Box::new(Stranger::new(manners)), SpawnOptions::named("stranger"))
            }
        });
        let attackers = attackers.collect();
        Cast { victim, bystander, attackers }
    }
}

/// Starts the program of all guests with these arguments.
fn guest(start: Start<'_>, arguments: &[&str], memory_limit: Option<usize>) -> RunningProgram {
    let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
    start(image(), &program(), ProgramOptions { arguments, memory_limit, ..Default::default() })
}

/// Starts the guest that looks at the victim when the attackers have ended.
pub(crate) fn start_looking_after(start: Start<'_>) -> RunningProgram {
    guest(start, &["look after"], None)
}

impl Cast {
    /// Returns the program of an attacker.
    pub(crate) fn attacker(&self, index: usize) -> &RunningProgram {
        &self.attackers[index]
    }

    /// Returns all programs but the victim.
    pub(crate) fn guests(&self) -> impl Iterator<Item = &RunningProgram> {
        self.attackers.iter().chain([&self.bystander])
    }
}

/// The results of a bystander.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lateness {
    pub(crate) median_us: i64,
    pub(crate) worst_us: i64,
}

/// Checks the results of a bystander: all of its rounds are done, and the victim's heap is small.
pub(crate) fn lateness(heard: &str, rounds: usize) -> Lateness {
    let [done, before, beside] = numbers(heard, 1)[..] else { panic!("{heard}") };
    assert_eq!(done, rounds as i64);
    assert!(
        beside <= VICTIM_BYTES_MAX,
        "the victim had {before} bytes before, and {beside} beside the attack"
    );
    let [median_us, worst_us] = numbers(heard, 0)[..] else { panic!("{heard}") };
    Lateness { median_us, worst_us }
}

/// Returns the numbers in a line of the bystanders.
fn numbers(heard: &str, line: usize) -> Vec<i64> {
    let mut lines = heard.lines().filter_map(|line| line.strip_prefix("bystander: "));
    let line = lines.nth(line).unwrap_or_else(|| panic!("the bystander has printed its results: {heard}"));
    line.split(' ').filter_map(|word| word.parse().ok()).collect()
}

/// Checks that the heap of the victim is about as large after the attack as before.
pub(crate) fn assert_as_before(heard: &str) {
    let [_, before, _] = numbers(heard, 1)[..] else { panic!("{heard}") };
    let [after] = numbers(heard, 2)[..] else { panic!("{heard}") };
    assert!(
        after <= before + VICTIM_GROWTH_MAX,
        "the victim had {before} bytes before the attack, and has {after} bytes after it"
    );
}

/// Checks that nothing of the guests is left: no registration, no client, no wait.
pub(crate) fn assert_nothing_left(survey: &Survey) {
    assert!(survey.waiting.is_empty(), "{:?}", survey.waiting);
    assert!(survey.components.is_empty(), "{:?}", survey.components);
    for service in &survey.services {
        let is_known = service.name.starts_with("system/") || service.name == "test/house";
        assert!(is_known, "{service:?}");
        if service.name == "test/house" {
            assert_eq!(service.clients.as_deref(), Some(&[][..]), "{service:?}");
        }
    }
}
