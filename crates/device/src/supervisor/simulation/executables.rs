//! Executables as processes of a simulated kernel, which run, print and end by a seed.

use std::io;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicI64, Ordering};
use lucarne_kernel::{Context, Exit, KernelHandle, Outcome, RunningProgram, SpawnOptions};
use lucarne_ports::{Output, Stream};

use crate::launcher::{ExecutableStart, Executables, RunningExecutable};
use crate::residents::Residents;
use crate::start::{Start, Usage};

/// The longest time that a process takes to end after it was told to. A device kills it then.
const GRACE_US: i64 = 3_000_000;

pub(super) struct SimulatedExecutables {
    pub(super) kernel: KernelHandle,
    pub(super) residents: Residents,
    pub(super) random: Mutex<fastrand::Rng>,
}

struct SimulatedExecutable {
    kernel: KernelHandle,
    program: RunningProgram,
    /// The time at which the process ends, in microseconds.
    until_us: Arc<AtomicI64>,
    grace_us: i64,
}

impl Executables for SimulatedExecutables {
    fn start(&self, executable: ExecutableStart, start: Start<'_>) -> io::Result<Box<dyn RunningExecutable>> {
        assert!(executable.file.exists(), "an executable is written out before it is started");
        let mut random = self.random.lock();
        if random.u8(..12) == 0 {
            return Err(io::Error::other("there are too many processes"));
        }
        let Start { name, settings, output, announced, on_end, .. } = start;
        let group = self.residents.admit(&self.kernel, name, &settings.permissions);
        announced.iter().for_each(|announced| announced.set_group(group.gid()));
        let life_us = match random.u8(..4) {
            0 => random.i64(0..1_000),
            1 | 2 => random.i64(0..5_000_000),
            _ => random.i64(0..200_000_000),
        };
        let until_us = Arc::new(AtomicI64::new(self.kernel.clock().now_us() + life_us));
        let code = if random.bool() { 0 } else { random.i32(1..200) };
        let lines = random.usize(..40);
        let process = behavior(until_us.clone(), code, lines, output);
        // Some end without having connected.
        if random.u8(..4) > 0 {
            (executable.on_connected)();
        }
        let program = group.start(Box::new(process), SpawnOptions::named(name.as_str()));
        let (residents, name) = (self.residents.clone(), name.clone());
        program.when_ended(move |code| {
            residents.forget(&name);
            on_end(code);
        });
        let grace_us = if random.bool() { 0 } else { random.i64(0..=GRACE_US) };
        Ok(Box::new(SimulatedExecutable { kernel: self.kernel.clone(), program, until_us, grace_us }))
    }
}

/// Creates a process that prints some lines, one each second, and ends with a code when its time has come.
fn behavior(
    until_us: Arc<AtomicI64>,
    code: i32,
    mut lines: usize,
    output: Arc<dyn Output>,
) -> impl FnMut(&mut Context<'_>) -> Outcome {
    move |context| {
        while context.receive().is_some() {}
        let (now_us, until_us) = (context.now_us(), until_us.load(Ordering::Relaxed));
        if now_us >= until_us {
            return Outcome::Exit(Exit::Code(code));
        }
        if lines > 0 {
            let length = if lines.is_multiple_of(10) { 20_000 } else { 30 };
            output.write(Stream::Out, format!("{lines} {}\nand", "x".repeat(length)).as_bytes());
            lines -= 1;
            return Outcome::Wait { until_us: Some(until_us.min(now_us + 1_000_000)) };
        }
        Outcome::Wait { until_us: Some(until_us) }
    }
}

impl RunningExecutable for SimulatedExecutable {
    fn end(&self) {
        self.until_us.fetch_min(self.kernel.clock().now_us() + self.grace_us, Ordering::Relaxed);
        self.kernel.wake(self.program.first());
    }

    fn usage(&self) -> Usage {
        Usage { memory_bytes: Some(1), cpu_us: Some(self.program.work()) }
    }

    fn bounds(&self) -> Vec<String> {
        vec!["simulated".to_owned()]
    }
}
