//! Attacks on the walls between containers. Each row of the table runs beside a bystander and a victim, alone and in pairs:
//! the bystander gets all its answers and is woken in time, and nothing of the attacker is left when it has ended.
#![cfg(feature = "toit")]

mod strangers;
mod table;
mod world;

use std::path::Path;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use lucarne::{RunningProgram, SimulatedSystem};
use lucarne_kernel::random::Random;
use lucarne_kernel::{Held, Simulation};
use lucarne_services::Survey;
use lucarne_services::protocol::{discovery, kind, procedure};

use table::{Attacker, ROWS, Row, Wall};
use world::{Cast, Lateness, Scene, assert_as_before, assert_nothing_left, lateness, start_looking_after};

/// The rounds of a bystander.
const ROUNDS: usize = 40;

/// The pairs of attacks that each run of the tests plays.
const PAIRS: u64 = 20;

/// The longest time for which a turn may run without having announced long work, in microseconds of virtual time: the
/// budget, and after it a collection of almost 1 MiB. Registering finalizers beside tens of thousands takes the longest.
const TURN_US_MAX: i64 = 3_000;

/// The name under which the service manager provides discovery.
const MANAGER: &str = "system/service-manager";

/// The longest time that any part of a real scene may take. It only ends a test that hangs.
const HANGS: Duration = Duration::from_secs(300);

/// The variable with the duration of the test on threads, in seconds.
const SECONDS: &str = "LUCARNE_HOSTILE_SECONDS";

/// More steps than any scene takes.
const STEPS_MAX: u64 = 20_000_000;

/// The result of a simulated scene.
struct Outcome {
    lateness: Lateness,
    turn_us_max: i64,
    heard: String,
}

/// Runs a bystander and a victim beside attackers, in virtual time.
fn play(seed: u64, attackers: &[Row]) -> Outcome {
    let (scene, builder) = Scene::new();
    let mut system = builder.simulate_worker(seed);
    let processes = system.kernel().process_count();
    let names = || names(attackers);
    let cast = {
        let start = |image, file: &std::path::Path, options| system.start_program(image, file, options);
        scene.start(&system, &start, ROUNDS, attackers)
    };
    let is_done = system.simulation.run_until(STEPS_MAX, || cast.bystander.code().is_some());
    if let [Row { refusal: Some(text), .. }] = attackers {
        // Some limits are so high that the bystander ends before the attacker meets them.
        let refusal = format!("attack: {text}");
        system.simulation.run_until(STEPS_MAX, || scene.heard.text().contains(&refusal));
    }
    let heard = scene.heard.text();
    assert!(is_done, "seed {seed}, {:?}: the bystander hangs: {heard}{}", names(), scene.heard.failures());
    assert_eq!(
        cast.bystander.code(),
        Some(0),
        "seed {seed}, {:?}: {heard}{}",
        names(),
        scene.heard.failures()
    );
    let lateness = lateness(&heard, ROUNDS);
    let turn_us_max = system.simulation.turn_us_max();
    end_attackers(&mut system, &scene, &cast);
    let after = {
        let start = |image, file: &Path, options| system.start_program(image, file, options);
        start_looking_after(&start)
    };
    assert!(system.simulation.run_until(STEPS_MAX, || after.code().is_some()), "the victim does not answer");
    assert_as_before(&scene.heard.text());
    end_victim(&mut system, &cast);
    assert_eq!(system.kernel().process_count(), processes, "seed {seed}, {:?}", names());
    Outcome { lateness, turn_us_max, heard }
}

/// The number of turns within which a process is killed.
const KILL_WITHIN: u64 = 5_000;

/// Runs a bystander and a victim beside attackers, and kills the victim or an attacker in the middle.
fn play_with_kill(seed: u64, attackers: &[Row]) {
    let (scene, builder) = Scene::new();
    let mut system = builder.simulate_worker(seed);
    let processes = system.kernel().process_count();
    let names = names(attackers);
    let cast = {
        let start = |image, file: &Path, options| system.start_program(image, file, options);
        scene.start(&system, &start, ROUNDS, attackers)
    };
    let choices = Random::seeded(seed);
    let attacker = choices.below(attackers.len() as u64 + 1) as usize;
    let killed = if attacker < attackers.len() { cast.attacker(attacker) } else { &cast.victim };
    system.simulation.run_until(choices.below(KILL_WITHIN), || false);
    system.kernel().kill(killed.first());
    let is_done = system.simulation.run_until(STEPS_MAX, || cast.bystander.code().is_some());
    let failures = scene.heard.failures();
    assert!(is_done, "seed {seed}, {names:?}: the bystander hangs: {failures}");
    let is_victim = attacker == attackers.len();
    // Without the victim, the bystander ends with an exception, unless it had just finished.
    let code = cast.bystander.code();
    assert!(code == Some(0) || is_victim && code == Some(1), "seed {seed}, {names:?}: {code:?} {failures}");
    end_attackers(&mut system, &scene, &cast);
    end_victim(&mut system, &cast);
    assert_eq!(system.kernel().process_count(), processes, "seed {seed}, {names:?}");
}

fn names(attackers: &[Row]) -> Vec<String> {
    attackers.iter().map(|row| format!("{:?}", row.attacker)).collect()
}

/// Ends the attackers, and checks that nothing of them is left, in the books and mailboxes of others either.
fn end_attackers(system: &mut SimulatedSystem, scene: &Scene, cast: &Cast) {
    cast.guests().for_each(|guest| guest.stop(0));
    let are_ended = || cast.guests().all(|guest| guest.code().is_some());
    assert!(system.simulation.run_until(STEPS_MAX, are_ended), "a guest does not end");
    assert!(system.simulation.run_until_quiet(STEPS_MAX), "the system does not become idle");
    assert_nothing_left(&survey(system, scene));
    assert!(system.simulation.run_until_quiet(STEPS_MAX), "the system does not become idle");
    assert_eq!(system.kernel().held(), Held::default());
}

fn end_victim(system: &mut SimulatedSystem, cast: &Cast) {
    cast.victim.stop(0);
    assert!(system.simulation.run_until_quiet(STEPS_MAX), "the system does not become idle");
}

/// Runs a bystander and a victim beside attackers, on threads. Lateness then depends on the machine too, so it is only
/// returned.
fn play_for_real(attackers: &[Row]) -> Lateness {
    let (scene, builder) = Scene::new();
    let system = builder.start();
    let processes = system.kernel().process_count();
    let cast = {
        let start = |image, file: &Path, options| system.start_program(image, file, options);
        scene.start(&system, &start, ROUNDS, attackers)
    };
    let names = names(attackers);
    let wait_for = |program: &RunningProgram| {
        let (tell, ended) = channel();
        program.when_ended(move |code| {
            // The receiver may have stopped waiting.
            let _ = tell.send(code);
        });
        assert!(ended.recv_timeout(HANGS).is_ok(), "{names:?}: hangs: {}", scene.heard.text());
    };
    wait_for(&cast.bystander);
    let heard = scene.heard.text();
    assert_eq!(cast.bystander.code(), Some(0), "{names:?}: {heard}{}", scene.heard.failures());
    cast.guests().for_each(|guest| guest.stop(0));
    cast.guests().for_each(wait_for);
    assert_nothing_left(&survey_for_real(&scene));
    cast.victim.stop(0);
    wait_for(&cast.victim);
    assert_eq!(system.kernel().process_count(), processes, "{names:?}");
    lateness(&heard, ROUNDS)
}

fn survey_for_real(scene: &Scene) -> Survey {
    let (tell, told) = channel();
    // If this test has failed, the receiver is dropped before the survey is complete.
    scene.oversight.surveys.ask(move |survey| drop(tell.send(survey)));
    told.recv_timeout(HANGS).expect("a survey")
}

/// Returns the numbers of open descriptors and of threads of this OS process. The thread that compiles hot functions is
/// not counted: it starts with the first of them, and serves all systems.
fn held() -> (usize, usize) {
    let count = |folder: &str| std::fs::read_dir(folder).map_or(0, Iterator::count);
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().map_while(Result::ok);
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    (count("/proc/self/fd"), names.filter(|name| name.trim() != "lucarne-native").count())
}

fn survey(system: &mut SimulatedSystem, scene: &Scene) -> Survey {
    let (tell, told) = channel();
    // If this test has failed, the receiver is dropped before the survey is complete.
    scene.oversight.surveys.ask(move |survey| drop(tell.send(survey)));
    let mut survey = None;
    system.simulation.run_until(STEPS_MAX, || {
        survey = survey.take().or_else(|| told.try_recv().ok());
        survey.is_some()
    });
    survey.expect("a survey")
}

/// Checks a scene: the bystander was woken in time, and the attackers met the limits that they went against.
fn check(seed: u64, attackers: &[Row]) {
    let Outcome { lateness, turn_us_max, heard } = play(seed, attackers);
    let names = names(attackers);
    assert!(turn_us_max <= TURN_US_MAX, "seed {seed}, {names:?}: a turn took {turn_us_max} us: {heard}");
    let allowed_us = 2 * turn_us_max.max(Simulation::TURN_US);
    assert!(
        lateness.worst_us <= allowed_us,
        "seed {seed}, {names:?}: {lateness:?}, the longest turn took {turn_us_max} us"
    );
    assert!(lateness.median_us <= TURN_US_MAX, "seed {seed}, {names:?}: {lateness:?}");
    if let [Row { refusal: Some(text), .. }] = attackers {
        assert!(heard.contains(&format!("attack: {text}")), "seed {seed}, {names:?} met no limit: {heard}");
    }
}

#[test]
fn every_message_procedure_and_service_is_attacked() {
    let attacked: Vec<Wall> = ROWS.iter().flat_map(|row| row.walls).copied().collect();
    let assert_attacked = |wall: Wall, name: &str| {
        assert!(attacked.contains(&wall), "no row of tests/hostile/table.rs attacks {name} ({wall:?})");
    };
    kind::ALL.iter().for_each(|&(name, kind)| assert_attacked(Wall::Kind(kind), name));
    procedure::ALL.iter().for_each(|&(name, number)| assert_attacked(Wall::Procedure(number), name));
    discovery::ALL.iter().for_each(|&(name, method)| assert_attacked(Wall::Discovery(method), name));
    let (scene, builder) = Scene::new();
    let mut system = builder.simulate_worker(0);
    system.simulation.run_until_quiet(STEPS_MAX);
    let survey = survey(&mut system, &scene);
    let services: Vec<&str> = survey.services.iter().map(|service| service.name.as_str()).collect();
    assert!(services.len() > 4, "{services:?}");
    for name in services {
        // The methods of the service manager have rows of their own.
        let is_attacked = attacked.iter().any(|wall| matches!(wall, Wall::Service(other) if *other == name));
        assert!(
            is_attacked || name == MANAGER,
            "no row of tests/hostile/table.rs attacks the service {name}"
        );
    }
}

#[test]
fn each_attack_alone_harms_no_other() {
    for (seed, row) in (0..).zip(ROWS) {
        check(seed, &[*row]);
    }
}

#[test]
fn pairs_of_attacks_harm_no_other() {
    for seed in 0..PAIRS {
        let choices = Random::seeded(seed);
        let pick = || ROWS[choices.below(ROWS.len() as u64) as usize];
        check(seed, &[pick(), pick()]);
    }
}

#[test]
fn kills_in_the_middle_of_attacks_harm_no_other() {
    for seed in 0..PAIRS {
        let choices = Random::seeded(seed);
        let pick = || ROWS[choices.below(ROWS.len() as u64) as usize];
        play_with_kill(seed, &[pick(), pick()]);
    }
}

#[test]
#[ignore = "takes minutes: kills in the middle of attacks, with many seeds"]
fn many_kills_in_the_middle_of_attacks_harm_no_other() {
    for (seed, row) in (0..50 * ROWS.len() as u64).zip(ROWS.iter().cycle()) {
        play_with_kill(seed, &[*row]);
    }
}

#[test]
fn a_bystander_of_many_hogs_is_late_by_two_turns_at_most() {
    for row in ROWS.iter().filter(|row| row.is_hog) {
        for hogs in [1, 4, 16] {
            check(hogs as u64, &vec![*row; hogs]);
        }
    }
}

#[test]
#[ignore = "takes minutes: every pair of attacks"]
fn all_pairs_of_attacks_harm_no_other() {
    for (first, one) in ROWS.iter().enumerate() {
        for (second, other) in ROWS.iter().enumerate().skip(first) {
            check((first * ROWS.len() + second) as u64, &[*one, *other]);
        }
    }
}

#[test]
#[ignore = "takes a minute, or as many seconds as LUCARNE_HOSTILE_SECONDS says: pairs of attacks on threads"]
#[allow(clippy::print_stdout, reason = "a user runs this test to see the figures")]
fn pairs_of_attacks_on_threads_harm_no_other() {
    let seconds = std::env::var(SECONDS).map_or(60, |text| text.parse().expect("a number of seconds"));
    let end = Instant::now() + Duration::from_secs(seconds);
    // Left out: the attack with instances. Each instance that it starts runs for an hour, as intended.
    let rows: Vec<Row> =
        ROWS.iter().filter(|row| row.attacker != Attacker::Toit("instances")).copied().collect();
    play_for_real(&[]);
    let before = held();
    let mut scenes = 0;
    let mut worst = (0, Vec::new());
    for seed in 0.. {
        if Instant::now() > end {
            break;
        }
        let choices = Random::seeded(seed);
        let pick = || rows[choices.below(rows.len() as u64) as usize];
        let attackers = [pick(), pick()];
        let lateness = play_for_real(&attackers);
        worst = worst.max((lateness.worst_us, names(&attackers)));
        scenes += 1;
        // Linux lists a thread for a moment after it has been joined.
        let listed_until = Instant::now() + HANGS;
        while held() != before && Instant::now() < listed_until {
            std::thread::yield_now();
        }
        assert_eq!(held(), before, "{:?} leave descriptors or threads", names(&attackers));
    }
    println!("{scenes} scenes; woken {} us late at worst, beside {:?}", worst.0, worst.1);
}
