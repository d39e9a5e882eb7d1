//! Tests which outputs get the log messages, printed lines and stack traces that containers pass to the services.

use std::sync::Arc;

use lucarne_host::System;
use lucarne_ports::{CapturedOutput, Level, Output, Stream};
use lucarne_providers::console::{Log, Outputs, Print, Trace, interface as services, one_output};
use lucarne_services::protocol::{interface, priority};
use lucarne_services::{Call, CallError, Container, Thrown};

struct World {
    output: Arc<CapturedOutput>,
    system: System,
}

impl World {
    fn new() -> World {
        let output = Arc::new(CapturedOutput::default());
        World::with_outputs(output.clone(), one_output(output))
    }

    fn with_outputs(output: Arc<CapturedOutput>, outputs: Outputs) -> World {
        World { system: System::builder().output(output.clone()).outputs(outputs).start(), output }
    }

    fn container(&self) -> Container {
        Container::start(self.system.kernel(), "test")
    }
}

/// A provider of the service for printed lines that writes to an output of its own.
struct Elsewhere(Arc<CapturedOutput>);

impl services::Print for Elsewhere {
    async fn print(&self, _: &Call, line: String) -> Result<(), Thrown> {
        self.0.write(Stream::Out, line.as_bytes());
        Ok(())
    }
}

#[test]
fn the_selectors_are_those_of_the_interfaces() {
    for (selector, interface) in [
        (Log::SELECTOR, interface::LOG),
        (Print::SELECTOR, interface::PRINT),
        (Trace::SELECTOR, interface::TRACE),
    ] {
        assert_eq!(selector.uuid().to_string(), interface.uuid);
        let version = (i64::from(selector.major()), i64::from(selector.minor()));
        assert_eq!(version, (interface.major, interface.minor));
    }
}

#[test]
fn log_messages_and_lines_go_to_standard_output_and_traces_to_standard_error() {
    let world = World::new();
    let container = world.container();
    let log = Log::open(&container).wait().unwrap();
    log.log(Level::Info, "up", &[], &[]).wait().unwrap();
    log.log(Level::Fatal, "down", &["main", "net"], &[("peer", "10.0.0.1"), ("tries", "3")]).wait().unwrap();
    Print::open(&container).wait().unwrap().print("a line").wait().unwrap();
    let rest = Trace::open(&container).wait().unwrap().handle_trace("EXCEPTION error.").wait().unwrap();
    assert_eq!(rest, None);
    assert_eq!(
        world.output.text(Stream::Out),
        "INFO: up\n[main.net] FATAL: down {peer: 10.0.0.1, tries: 3}\na line\n"
    );
    assert_eq!(world.output.text(Stream::Error), "EXCEPTION error.\n");
}

#[test]
fn malformed_messages_are_refused() {
    let world = World::new();
    let client = lucarne_services::Client::open(&world.container(), Log::SELECTOR).wait().unwrap();
    let none: Option<Vec<String>> = None;
    for (level, keys) in [(6, vec![]), (-1, vec![]), (2, vec!["key"])] {
        let call = client.call::<(), CallError>(0, &(level, "text", &none, keys, &none));
        assert_eq!(call.wait(), Err(CallError::Thrown(Thrown::new("OUT_OF_BOUNDS"))), "{level}");
    }
    assert_eq!(world.output.text(Stream::Out), "");
}

#[test]
fn a_container_without_an_output_gets_an_error() {
    let world = World::with_outputs(Arc::default(), Arc::new(|_| None));
    let print = Print::open(&world.container()).wait().unwrap();
    let refused = print.print("a line").wait();
    assert_eq!(refused, Err(CallError::Thrown(Thrown::new("PERMISSION_DENIED"))));
}

#[test]
fn a_provider_in_a_container_precedes_the_system() -> Result<(), Box<dyn std::error::Error>> {
    let world = World::new();
    let flag = world.system.presence().flag(interface::PRINT.uuid);
    assert!(!flag.is_provided(), "the system's own provider must not be counted");

    let elsewhere = Arc::new(CapturedOutput::default());
    let provider = world.container().provider("elsewhere", "1.0").priority(priority::UNPREFERRED);
    let provider =
        provider.handle(services::PrintHandler::new(Elsewhere(elsewhere.clone()))).install().wait()?;
    assert!(flag.is_provided());
    let guest = world.container();
    Print::open(&guest).wait()?.print("there").wait()?;
    provider.uninstall().wait()?;
    assert!(!flag.is_provided());
    Print::open(&guest).wait()?.print("here").wait()?;

    assert_eq!(elsewhere.text(Stream::Out), "there");
    assert_eq!(world.output.text(Stream::Out), "here\n");
    Ok(())
}
