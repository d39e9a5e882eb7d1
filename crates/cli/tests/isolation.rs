//! The isolation that a host can enforce for a Toit program: denied services, and memory limits.

use std::sync::Arc;

use lucarne_host::System;
use lucarne_ports::{CapturedOutput, Stream};
use lucarne_services::{Call, Container, Handler, Policy, Selector, Thrown, Value, uuid};
use lucarne_toit::{Grants, LoadedProgram, MemoryAccount};

const HOUSE: Selector = Selector::new(uuid!("0b2a5a3b-93b7-4e3c-9f43-c9e4a6c2c1d7"), 1, 0);

struct House;

impl Handler for House {
    async fn handle(&self, call: &Call, index: u32, _: Value) -> Result<Value, Thrown> {
        Err(call.no_such_method(index))
    }
}

fn image(name: &str, source: &str) -> Arc<LoadedProgram> {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, source).expect("room on the disk");
    let compiled = lucarne_toit::compile(&file).unwrap_or_else(|error| panic!("{error}"));
    assert!(compiled.analysis.diagnostics.is_empty(), "{:?}", compiled.analysis.diagnostics);
    lucarne_toit::load(compiled.program).expect("memory")
}

#[test]
fn a_program_is_told_that_a_service_is_denied() {
    let output = Arc::new(CapturedOutput::default());
    let system = System::builder().workers(1).output(output.clone()).start();
    let house = Container::start(system.kernel(), "house");
    let _provider = house
        .provider("test/house", "1.0")
        .provides(HOUSE, House)
        .install()
        .wait()
        .expect("the policy allows it");
    let source = r#"
import system.services show ServiceClient ServiceSelector

SELECTOR ::= ServiceSelector --uuid="0b2a5a3b-93b7-4e3c-9f43-c9e4a6c2c1d7" --major=1 --minor=0

main:
  print (catch: (ServiceClient SELECTOR).open)
  (ServiceClient SELECTOR).open --if-absent=: print "absent"
"#;
    let image = image("denied.toit", source);
    for entry in [&[][..], &["test/house"]] {
        let group = system.kernel().prepare();
        let mut policy = Policy::default();
        for entry in entry {
            policy.open.deny(entry);
        }
        system.policies().set(group.gid(), policy);
        let grants = Grants::new(output.clone(), system.presence());
        assert_eq!(lucarne_toit::start_in(system.kernel(), group, image.clone(), grants).wait(), 0);
    }
    let expected = "null\nCannot find service: this container may not open it\nabsent\n";
    assert_eq!(output.text(Stream::Out), expected);
}

#[test]
fn the_processes_of_a_program_share_its_memory() {
    let output = Arc::new(CapturedOutput::default());
    let system = System::builder().workers(1).output(output.clone()).start();
    let source = "
main:
  spawn::
    held := ByteArray 5_000_000
    print held.size
    sleep --ms=1_000
    print held.size
  sleep --ms=300
  print (catch: ByteArray 5_000_000)
  print (ByteArray 1_000_000).size
";
    let account = Arc::new(MemoryAccount::new(8 << 20));
    let mut grants = Grants::new(output.clone(), system.presence());
    grants.memory = Some(account.clone());
    assert_eq!(lucarne_toit::start(system.kernel(), image("hoard.toit", source), grants).wait(), 0);
    assert_eq!(output.text(Stream::Out), "5000000\nOUT_OF_MEMORY\n1000000\n5000000\n");
    drop(system);
    assert_eq!(account.used_bytes(), 0);
}
