//! Random edits and requests: the server answers all of them, whatever the text.
//!
//! `LUCARNE_SEED=N` does one session again, and `LUCARNE_CASES=N` does so many of them.

#![allow(clippy::print_stdout, reason = "a failure shows the seed")]

mod oracle;

/// The number of sessions.
const SESSIONS: u64 = 150;

#[test]
fn random_sessions_are_answered() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("the variable is a number"));
    let all = 0..number("LUCARNE_CASES").unwrap_or(SESSIONS);
    let seeds = number("LUCARNE_SEED").map_or(all, |seed: u64| seed..seed + 1);
    for seed in seeds {
        let mut random = fastrand::Rng::with_seed(seed);
        let input: Vec<u8> = (0..random.usize(20..400)).map(|_| random.u8(..)).collect();
        println!("LUCARNE_SEED={seed}");
        oracle::check(&input);
    }
}
