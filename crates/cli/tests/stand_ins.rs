//! Tests of containers that provide services in the place of the device: only with a grant, and without harm to others.

mod common;

use common::device::Device;

/// Returns a program that provides the interface `uuid` in a version. `handle` is the body of its handler.
fn provider(uuid: &str, version: (u32, u32), name: &str, handle: &str) -> String {
    let (major, minor) = version;
    format!(
        "import system.services show *
class Impostor extends ServiceProvider implements ServiceHandler:
  constructor:
    super \"{name}\" --major={major} --minor={minor}
    provides (ServiceSelector --uuid=\"{uuid}\" --major={major} --minor={minor}) --handler=this
        --priority=ServiceProvider.PRIORITY-PREFERRED-STRONGLY
  handle index/int arguments/any --gid/int --client/int -> any:
    {handle}
main:
  (Impostor).install
  print_ \"installed\"
"
    )
}

const PRINT: &str = "0b7e3aa1-9fc9-4632-bb09-4605cd11897e";
const STORAGE: &str = "ee91ed5e-85dd-47dd-a57a-7b6933fa58ea";

/// Prints numbered lines without end.
const PRINTER: &str = "main:
  for i := 0; true; i++:
    print \"line $i\"
    sleep --ms=10
";

#[test]
fn a_container_cannot_become_the_storage_of_others() {
    let device = Device::started("device-thief");
    let thief = provider(STORAGE, (0, 3), "system/storage", "return null");
    device.folder.file("thief.toit", thief);
    device.folder.file(
        "saver.toit",
        "import system.storage
main:
  bucket := storage.Bucket.open --flash \"test/secret\"
  bucket[\"password\"] = \"hunter2\"
  print \"read back $bucket[\"password\"]\"
",
    );
    device.install(&["thief", "thief.toit"]);
    // Allow entries for another interface, or for a name that the provider chooses, do not permit this interface.
    device.install(&["--allow-provide", "system/print", "--allow-provide", "my/app", "named", "thief.toit"]);
    device.wait_for_state("thief", "ended");
    device.wait_for_state("named", "ended");
    for name in ["thief", "named"] {
        let log = device.log(name);
        assert!(log.contains("--allow-provide system/storage"), "{log}");
        assert!(!log.contains("installed"), "{log}");
    }
    device.install(&["saver", "saver.toit"]);
    device.wait_for("saver", "read back hunter2", 1);

    device.install(&["--allow-provide", "system/storage", "granted", "thief.toit"]);
    device.wait_for("granted", "installed", 1);
    let list = device.good(&["container", "list"]);
    let row = list.lines().find(|row| row.contains("granted")).expect("the container is listed");
    assert!(row.ends_with(", stands in for system/storage"), "{list}");
    assert!(device.good(&["services", "--for", "100ms"]).contains("(stands in for system/storage)"));
    assert_eq!(device.json(&["container", "list", "--json"])[3]["stands_in_for"][0], "system/storage");
}

#[test]
fn a_failing_stand_in_is_passed_over_until_it_registers_again() {
    let device = Device::prepared("device-evil-print");
    let log = device.folder.path("device.log");
    let output = std::fs::File::create(&log).expect("the folder can be written");
    let mut foreground = device.command(&["device", "start", "--foreground"]);
    let mut foreground = foreground
        .stdout(output.try_clone().expect("a file"))
        .stderr(output)
        .spawn()
        .expect("the process starts");
    let said = || std::fs::read_to_string(&log).expect("the file exists");
    device.wait("device that runs", || said().contains("The device runs"));
    device.folder.file("printer.toit", PRINTER);
    device.install(&["printer", "printer.toit"]);
    device.wait_for("printer", "line 0", 1);
    let impostors = [
        ("refusing", (1, 0), "return null", "does not provide service"),
        ("failing", (0, 1), "throw \"no paper\"", "no paper"),
        ("stalling", (0, 1), "sleep (Duration --h=1)\n    return null", "no answer within 100 ms"),
    ];
    for (name, version, handle, reason) in impostors {
        device.folder.file("impostor.toit", provider(PRINT, version, name, handle));
        device.install(&["--allow-provide", "system/print", name, "impostor.toit"]);
        let line = format!("'{name}' provides system/print and is passed over until it registers again");
        device.wait("line of the device about the container", || said().contains(&line));
        let reported = said();
        assert!(reported.lines().any(|text| text.starts_with(&line) && text.contains(reason)), "{reported}");
        // No line of the printer is lost, and its later lines are not sent to this container again.
        let lines = device.log("printer").lines().count();
        device.wait_for("printer", &format!("line {}\n", lines + 20), 1);
        assert_eq!(said().matches(&line).count(), 1, "it is reported once");
        device.good(&["container", "uninstall", name]);
    }
    let printed = device.log("printer");
    for (index, line) in printed.lines().enumerate() {
        assert_eq!(line, format!("line {index}"));
    }
    // A container that registers afterwards gets the lines.
    device
        .folder
        .file("good.toit", provider(PRINT, (0, 1), "good", "print_ \"got $arguments\"\n    return null"));
    device.install(&["--allow-provide", "system/print", "good", "good.toit"]);
    device.wait_for("good", "got line", 3);
    device.good(&["device", "stop"]);
    foreground.wait().expect("the device has ended");
}

#[test]
fn an_interface_can_be_reserved_for_a_container() {
    const HALL: &str = "7f8a7c5e-6f0b-4a1f-8a4c-0f2a44a3a1f9";
    let device = Device::started("device-reserved");
    device.folder.file("hall.toit", provider(HALL, (1, 0), "test/hall", "return \"here\""));
    device.install(&["squatter", "hall.toit"]);
    device.wait_for("squatter", "installed", 1);
    device.install(&["--provides", HALL, "owner", "hall.toit"]);
    device.wait_for("owner", "installed", 1);
    let refused =
        device.bad(&["container", "install", "--quiet", "--provides", HALL, "second", "hall.toit"], 1);
    assert!(refused.contains(&format!("{HALL} is reserved for the container 'owner'")), "{refused}");
    device.good(&["container", "restart", "squatter"]);
    device.wait_for_state("squatter", "ended");
    assert!(device.log("squatter").contains("is reserved for the container 'owner'"));
    // The reservation lasts as long as the installation, also across restarts of the device.
    device.good(&["device", "stop"]);
    device.good(&["device", "start"]);
    device.wait_for_state("squatter", "ended");
    device.good(&["container", "uninstall", "owner"]);
    device.good(&["container", "start", "squatter"]);
    device.wait_for("squatter", "installed", 2);
}
