//! The profiler: finds the functions that cost a process the most work. Every few units of the budget, it adds the
//! units since the last sample to the count of the function that the task runs.

use std::cmp::Reverse;
use std::collections::HashMap;

use lucarne_compiler::program::{FunctionIndex, Program};

use super::tasks::TaskId;
use super::{Done, Machine};
use lucarne_natives::Failure;

/// The minimum interval between two samples, in units of work.
const INTERVAL_MIN: i64 = 16;

pub(super) struct Profiler {
    /// The only task whose work is counted, or none if the work of all tasks is counted.
    task: Option<TaskId>,
    is_on: bool,
    units: HashMap<FunctionIndex, u64>,
    seed: u32,
}

impl Profiler {
    /// Returns the units of work until the next sample. They vary, so that samples do not fall into step with a loop.
    fn interval(&mut self) -> i64 {
        self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        INTERVAL_MIN + i64::from(self.seed >> 27)
    }

    /// Lists the functions that took at least `cutoff` per mille, the costliest first.
    fn report(&self, program: &Program, title: &str, cutoff: u64) -> String {
        let total: u64 = self.units.values().sum();
        let mut rows: Vec<_> = self.units.iter().map(|(function, units)| (*units, *function)).collect();
        rows.retain(|(units, _)| units * 1000 >= cutoff * total);
        rows.sort_by_key(|(units, function)| (Reverse(*units), function.0));
        let mut text = format!("Profile of {title}: {total} units of work");
        for (units, function) in rows {
            let permille = units * 1000 / total.max(1);
            let function = &program.functions[function.0 as usize];
            let source = program.sources.get(function.source as usize).map_or("", |source| &source.path);
            let (whole, tenth) = (permille / 10, permille % 10);
            text.push_str(&format!("\n  {whole:>3}.{tenth}% {:32} {source}", function.name));
        }
        text
    }
}

impl Machine {
    /// Returns the units of work until the next sample, or `otherwise` if the profiler is off.
    pub(super) fn slice(&mut self, otherwise: i64) -> i64 {
        match &mut self.profiler {
            Some(profiler) if profiler.is_on => profiler.interval(),
            _ => otherwise,
        }
    }

    /// Adds units of work that a task has just done to the count of its current function.
    pub(super) fn note_work(&mut self, task: TaskId, units: i64) {
        let Some(profiler) = &mut self.profiler else { return };
        let counts = profiler.is_on && profiler.task.is_none_or(|wanted| wanted == task);
        if counts && self.tasks.is_alive(task) {
            let address = self.tasks.get(task).position.next_address() as u32 - 1;
            let function = self.program.function_at(address);
            *profiler.units.entry(function).or_default() += u64::try_from(units).unwrap_or(0);
        }
    }

    pub(super) fn install_profiler(&mut self, id: TaskId) -> Done {
        let task = (!self.flag(id, 0)).then_some(id);
        self.profiler = Some(Box::new(Profiler { task, is_on: false, units: HashMap::new(), seed: 0 }));
        Done::NULL
    }

    pub(super) fn switch_profiler(&mut self, is_on: bool) -> Done {
        match &mut self.profiler {
            Some(profiler) => {
                profiler.is_on = is_on;
                Done::NULL
            }
            None => NOT_INSTALLED,
        }
    }

    pub(super) fn report_profile(&mut self, id: TaskId) -> Done {
        let Some(profiler) = &self.profiler else { return NOT_INSTALLED };
        let title = self.heap.string(self.value(id, 0)).unwrap_or_default();
        let cutoff = self.int_argument(id, 1).and_then(|cutoff| u64::try_from(cutoff).ok());
        let text = profiler.report(self.program.program(), title, cutoff.unwrap_or(0).min(1000));
        self.text_or_null(Some(text))
    }
}

const NOT_INSTALLED: Done = Done::Fail(Failure::Error("PROFILER_NOT_INSTALLED"));
