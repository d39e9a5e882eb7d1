//! A request and its response over the simulated network, in a storm, while a process is killed or the connections are
//! cut at any step. No call waits forever, no socket or byte is left, and equal seeds give equal runs.

#[cfg(feature = "toit")]
mod http;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use lucarne::network::interface::{
    ConnectionProxy as Connection, NetworkClient as Network, SocketProxy as Socket,
};
use lucarne::network::{Weather, addresses};
use lucarne::prelude::*;
use lucarne::{CallError, CapturedOutput, Container, SimulatedSystem};
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Faults, Step};

const SEEDS: u64 = 1_000;

/// More steps than any run takes.
const STEPS_MAX: u64 = 200_000;

/// The server's port.
const PORT: u16 = 80;

/// The bytes of a response: more than the buffers of a connection in a storm have room for.
const RESPONSE: usize = 20_000;

/// The time after which a client gives up a step, in seconds.
const PATIENCE: Duration = Duration::from_secs(300);

/// The duration of a partition.
const PARTITION: Duration = Duration::from_secs(60);

/// The disturbance of a run.
#[derive(Clone, Copy, Debug)]
enum Disturbance {
    Nothing,
    /// Kills a process before this step.
    Kill(u64),
    /// Breaks all connections before this step.
    Cut(u64),
    /// Lets nothing arrive for a minute, from this step on.
    Part(u64),
}

/// The outcome of a run. Equal seeds give equal outcomes.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    steps: u64,
    now_us: i64,
    responses: usize,
    errors: Vec<String>,
}

/// What the tasks report.
#[derive(Default)]
struct Report {
    /// The number of calls that have not ended.
    calls: AtomicUsize,
    responses: AtomicUsize,
    errors: Mutex<Vec<String>>,
}

/// A call that counts until it ends, or its container ends.
struct Counted(Arc<Report>);

impl Counted {
    fn begin(report: &Arc<Report>) -> Counted {
        report.calls.fetch_add(1, SeqCst);
        Counted(report.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, SeqCst);
    }
}

#[test]
fn some_seeds() {
    run_seeds(0..60);
}

#[test]
#[ignore = "takes seconds: `.ci/run` runs it"]
fn all_seeds() {
    run_seeds(0..SEEDS);
}

fn run_seeds(seeds: std::ops::Range<u64>) {
    let (mut responses, mut failures) = (0, 0);
    for seed in seeds {
        let undisturbed = run(seed, Disturbance::Nothing);
        let step = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) % undisturbed.steps + 1;
        let disturbance = match seed % 3 {
            0 => Disturbance::Kill(step),
            1 => Disturbance::Cut(step),
            _ => Disturbance::Part(step),
        };
        let (first, second) = (run(seed, disturbance), run(seed, disturbance));
        assert_eq!(first, second, "seed {seed} does not repeat itself with {disturbance:?}");
        responses += first.responses;
        failures += first.errors.len();
    }
    // The weather spoils some requests, and spares others.
    assert!(responses > 0 && failures > 0, "{responses} responses, {failures} failures");
}

fn run(seed: u64, disturbance: Disturbance) -> Outcome {
    let kill_at_steps = if let Disturbance::Kill(step) = disturbance { vec![step] } else { Vec::new() };
    let builder =
        lucarne::System::builder().output(Arc::new(CapturedOutput::default())).weather(Weather::STORM);
    let mut system = builder.simulate(seed, Faults { kill_at_steps });
    let report = Arc::new(Report::default());
    let (server, client) = (system.container("server"), system.container("client"));
    server.spawn(serve(server.clone(), report.clone()));
    for _ in 0..3 {
        client.spawn(request(client.clone(), report.clone()));
    }
    let steps = run_until_quiet(&mut system, disturbance);
    let now_us = system.kernel().clock().now_us();
    let all_ended = |what| format!("seed {seed} with {disturbance:?} leaves {what}");
    server.kill();
    // The client's tasks end by themselves: the server's end is the end of its connections.
    run_until_quiet(&mut system, Disturbance::Nothing);
    assert_eq!(report.calls.load(SeqCst), 0, "{}", all_ended("calls"));
    client.kill();
    run_until_quiet(&mut system, Disturbance::Nothing);
    assert_eq!(system.network().open_sockets(), 0, "{}", all_ended("sockets"));
    assert_eq!(system.network().waiting_bytes(), 0, "{}", all_ended("bytes"));
    let errors = std::mem::take(&mut *report.errors.lock());
    Outcome { steps, now_us, responses: report.responses.load(SeqCst), errors }
}

/// Returns the number of steps.
fn run_until_quiet(system: &mut SimulatedSystem, disturbance: Disturbance) -> u64 {
    let began = system.simulation.steps();
    loop {
        let steps = system.simulation.steps();
        match disturbance {
            Disturbance::Cut(step) if step == steps => system.network().reset_connections(),
            Disturbance::Part(step) if step == steps => system.network().part(PARTITION),
            _ => {}
        }
        if system.simulation.step() == Step::Quiet {
            return system.simulation.steps() - began;
        }
        assert!(steps - began < STEPS_MAX, "does not become quiet with {disturbance:?}");
    }
}

async fn connect(container: &Container) -> Result<Connection, CallError> {
    let network = Network::open(container).await.map_err(|_| CallError::Gone)?;
    Ok(network.connect().await?.0)
}

/// Answers each line with as many bytes as [`RESPONSE`] says.
async fn serve(container: Container, report: Arc<Report>) {
    let Ok(connection) = connect(&container).await else { return };
    let Ok(listener) = connection.tcp_listen(PORT).await else { return };
    while let Ok(socket) = listener.tcp_accept().await {
        let report = report.clone();
        container.spawn(async move {
            let _counted = Counted::begin(&report);
            let _ = respond(&socket).await;
            let _ = socket.close().await;
        });
    }
}

async fn respond(socket: &Socket) -> Result<(), CallError> {
    while let Some(bytes) = socket.read().within(PATIENCE).await? {
        if !bytes.ends_with(b"\n") {
            continue;
        }
        let mut left = RESPONSE;
        while left > 0 {
            left -= socket.write(vec![7; left].into()).within(PATIENCE).await?;
        }
        return socket.tcp_close_write().await;
    }
    Ok(())
}

/// Sends a line and reads the response to the end.
async fn request(container: Container, report: Arc<Report>) {
    let _counted = Counted::begin(&report);
    match fetch(&container).await {
        Ok(RESPONSE) => drop(report.responses.fetch_add(1, SeqCst)),
        Ok(count) => report.errors.lock().push(format!("the response ends after {count} bytes")),
        Err(error) => report.errors.lock().push(error.to_string()),
    }
}

async fn fetch(container: &Container) -> Result<usize, CallError> {
    let connection = connect(container).await?;
    let host = connection.resolve("localhost".to_owned()).await?;
    assert_eq!(addresses::ip(&host[0]), Some([127, 0, 0, 1].into()));
    let socket = connection.tcp_connect(host[0].clone(), PORT).within(PATIENCE).await?;
    let mut line: &[u8] = b"a line\n";
    while !line.is_empty() {
        let count = socket.write(Bytes::copy_from_slice(line)).within(PATIENCE).await?;
        line = &line[count..];
    }
    let mut total = 0;
    while let Some(bytes) = socket.read().within(PATIENCE).await? {
        total += bytes.len();
    }
    socket.close().await?;
    Ok(total)
}
