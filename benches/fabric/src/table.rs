//! The systems that are compared, and the table of the results.

use std::time::Duration;

/// One of the systems that are compared: a client of it, whose provider is on another machine.
pub trait Subject {
    fn name(&self) -> &'static str;

    /// Calls the provider with an int, `count` times, one call after the other. Returns how long each call took.
    fn calls(&self, count: usize) -> Vec<Duration>;

    /// Calls the provider with an int, `count` times, many calls at a time. Returns how long all calls took.
    fn concurrent(&self, count: usize) -> Duration;

    /// Sends `size` bytes there and back, `count` times, one call after the other. Returns how long each call took.
    fn large(&self, size: usize, count: usize) -> Vec<Duration>;

    /// Receives `count` ints from the provider as notifications. Returns how long all of them took.
    fn notifications(&self, count: usize) -> Duration;

    /// Lets the provider announce a new service. Returns how long it took until it was found; none if the system has no
    /// discovery.
    fn discovery(&self) -> Option<Duration>;
}

/// A figure of each subject.
pub struct Row {
    pub name: &'static str,
    pub unit: &'static str,
    /// Less is better.
    pub is_time: bool,
    pub values: Vec<Option<f64>>,
}

/// Prints a table whose last column is the first subject beside the best of the references.
pub fn print(title: &str, names: &[&str], references: std::ops::Range<usize>, rows: &[Row]) {
    println!("\n{title}");
    print!("{:<30} {:>6}", "", "");
    names.iter().for_each(|name| print!(" {name:>16}"));
    println!(" {:>10}", "ratio");
    for row in rows {
        print!("{:<30} {:>6}", row.name, row.unit);
        for value in &row.values {
            match value {
                Some(value) => print!(" {value:>16.1}"),
                None => print!(" {:>16}", "-"),
            }
        }
        let known = row.values[references.clone()].iter().flatten().copied();
        let best = if row.is_time { known.reduce(f64::min) } else { known.reduce(f64::max) };
        match (row.values[0], best) {
            (Some(ours), Some(best)) => {
                println!(" {:>10.2}", if row.is_time { ours / best } else { best / ours });
            }
            _ => println!(" {:>10}", "-"),
        }
    }
}

pub fn microseconds(times: &[Duration]) -> Vec<f64> {
    times.iter().map(|time| time.as_secs_f64() * 1e6).collect()
}

/// Returns a quantile of the values, and sorts them. `part` is from 0 to 1: 0.5 is the median.
///
/// # Panics
/// If there is no value.
pub fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part) as usize]
}

pub fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}
