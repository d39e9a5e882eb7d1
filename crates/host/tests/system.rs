//! Tests that a system starts, serves its containers, and ends.

use std::sync::Arc;

use lucarne_host::System;
use lucarne_kernel::{Context, Exit, Faults, MessageKind, Outcome, Pid, Process, SpawnOptions};
use lucarne_message::{Payload, Value};
use lucarne_ports::{CapturedOutput, Output, Stream};
use lucarne_services::protocol::{discovery, interface, procedure};

/// Opens the service manager, records the answer, and ends.
fn opens_discovery(output: Arc<CapturedOutput>) -> Box<dyn Process> {
    let mut asked = false;
    Box::new(move |context: &mut Context<'_>| {
        if !std::mem::replace(&mut asked, true) {
            let interface = interface::DISCOVERY;
            let arguments = Value::List(vec![
                discovery::SERVICE_ID.into(),
                interface.uuid.into(),
                interface.major.into(),
                interface.minor.into(),
            ]);
            let payload = Payload::from_value(&arguments).unwrap();
            context.request(Pid::SYSTEM, procedure::OPEN, payload).unwrap();
        }
        while let Some(message) = context.receive() {
            if let MessageKind::Reply { result, .. } = message.kind {
                let answer = result.unwrap().into_value().unwrap();
                let name = answer.as_list().unwrap()[1].as_str().unwrap().to_owned();
                output.write(Stream::Out, name.as_bytes());
                return Outcome::Exit(Exit::Code(5));
            }
        }
        Outcome::Wait { until_us: None }
    })
}

#[test]
fn a_container_reaches_the_service_manager() {
    for workers in [1, 2] {
        let output = Arc::new(CapturedOutput::default());
        let system = System::builder().workers(workers).output(output.clone()).start();
        let program = system.kernel().start(opens_discovery(output.clone()), SpawnOptions::named("guest"));
        assert_eq!(program.wait(), 5);
        assert_eq!(output.text(Stream::Out), "system/service-manager");
    }
}

#[test]
fn a_simulated_container_reaches_the_service_manager() {
    for seed in 0..50 {
        let output = Arc::new(CapturedOutput::default());
        let mut system = System::builder().output(output.clone()).simulate(seed, Faults::default());
        let program = system.kernel().start(opens_discovery(output.clone()), SpawnOptions::named("guest"));
        assert!(system.simulation.run_until(1_000, || program.code().is_some()));
        assert_eq!(program.code(), Some(5));
    }
}

#[test]
fn a_fault_in_native_code_is_reported() {
    std::panic::set_hook(Box::new(|_| {}));
    let output = Arc::new(CapturedOutput::default());
    let system = System::builder().workers(1).output(output.clone()).start();
    let panics = |_: &mut Context<'_>| -> Outcome { panic!("out of cheese") };
    let program = system.kernel().start(Box::new(panics), SpawnOptions::named("cellar"));
    assert_eq!(program.wait(), 1);
    let text = output.text(Stream::Error);
    assert!(text.contains("(cellar) ended by a fault in its native code: out of cheese\n"), "{text}");
}
