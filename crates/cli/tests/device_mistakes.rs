//! Mistakes with devices: each is reported at once, with what to do, and nothing is ignored silently.

mod common;

use common::device::{Device, example};
use common::{freeze, signal};
use rustix::process::Signal;

/// An executable that ends with code 0 and knows nothing of containers.
const TRUE: &str = "/bin/true";

#[test]
fn an_executable_that_does_not_connect_has_not_started() {
    let device = Device::started("mistakes-unconnected");
    let install = ["container", "install", "--quiet"];
    for (name, file, argument) in [("brief", TRUE, "x"), ("silent", "/bin/sleep", "60")] {
        let error = device.bad(&[&install[..], &[name, file, "--", argument]].concat(), 1);
        let expected = format!("container '{name}' is installed, but has not started: it ended with code");
        assert!(error.contains(&expected) && error.contains("without connecting"), "{error}");
        let state = device.state_of(name);
        assert!(state["is"] == "ended" && state["code"].as_i64() > Some(0), "{state}");
        let log = device.log(name);
        assert!(log.contains("[device] did not connect as a container: "), "{log}");
        assert!(log.lines().all(|line| line.starts_with("[device] ")), "{log}");
    }
    let inspected = device.json(&["container", "inspect", "--json", "brief"]);
    assert!(inspected["problem"].as_str().is_some_and(|problem| problem.contains("code 0")), "{inspected}");
    let name = device.json(&["device", "status", "--json"])["name"].as_str().expect("a name").to_owned();
    let sent = device.answer(&["run", "-d", &name, TRUE]);
    assert!(sent.status == Some(1) && sent.error.contains("without connecting"), "{sent:?}");
    // One that connects replaces it.
    device.install(&["brief", &example("clock").to_string_lossy()]);
    let inspected = device.json(&["container", "inspect", "--json", "brief"]);
    assert_eq!((&inspected["state"]["is"], &inspected["problem"]), (&"running".into(), &().into()));
}

#[test]
fn settings_without_a_meaning_are_refused() {
    let device = Device::started("mistakes-settings");
    let clock = example("clock").to_string_lossy().into_owned();
    device.folder.file("note.txt", "remember");
    let refused = |options: &[&str], file: &str, expected: &str| {
        let error = device.bad(&[&["container", "install", "-q"], options, &["app", file]].concat(), 1);
        assert!(error.contains(expected), "{options:?}: {error}");
    };
    let toit = "idle.toit";
    refused(&["--allow-open", "system/storge"], toit, "did you mean 'system/storage'?");
    refused(&["--deny-provide", "system/teleporter"], toit, "the system has no service of this name");
    refused(&["--allow-open", ""], toit, "--allow-open has an empty value");
    refused(&["--provides", " "], toit, "--provides has an empty value");
    refused(&["--no-files"], toit, "--files or --no-files means nothing for a program in Toit");
    refused(&["--files", "/etc"], toit, "--files or --no-files means nothing for a program in Toit");
    refused(&["--files", "/etc:rx"], &clock, "no such file or folder; the only suffix is ':rw'");
    refused(&["--files", "/nowhere/data:rw"], &clock, "--files /nowhere/data:rw: there is no such file");
    refused(&["-D", "speed=3"], &clock, "--define means nothing for an executable");
    refused(&["--assets", "note=note.txt"], &clock, "--assets means nothing for an executable");
    assert_eq!(device.json(&["container", "list", "--json"]), serde_json::json!([]));
    device.install(&["--allow-open", "system/storage", "-D", "speed=3", "app", toit]);
    let name = device.json(&["device", "status", "--json"])["name"].as_str().expect("a name").to_owned();
    let ignored = device.bad(&["run", "-d", &name, "--workers", "2", toit], 2);
    assert!(ignored.contains("--workers means nothing with --device"), "{ignored}");
    let ignored = device.answer(&["run", "-d", &name, "--no-files", toit]);
    assert!(ignored.status == Some(1) && ignored.error.contains("--no-files means nothing"), "{ignored:?}");
}

#[test]
fn files_that_are_no_programs_get_a_hint() {
    let device = Device::started("mistakes-files");
    device.folder.file("script.sh", "#!/bin/sh\necho hello\n");
    device.folder.file("hello", "main:\n  print \"hello\"\n");
    device.folder.file("empty", "");
    for (file, hint) in [("script.sh", "it is a script"), ("hello", "'.toit'"), ("empty", "it is empty")] {
        let error = device.bad(&["container", "install", "-q", "app", file], 2);
        assert!(error.contains("neither an executable nor a component: ") && error.contains(hint), "{error}");
    }
}

#[test]
fn a_frozen_device_is_named_with_the_next_step() {
    let device = Device::started("mistakes-frozen");
    let pid = device.pid();
    freeze(pid);
    let answers =
        [["container", "list"], ["device", "status"]].map(|command| (command, device.answer(&command)));
    signal(pid, Signal::CONT);
    for (command, answer) in answers {
        let expected = format!("the device is stopped, as process {pid}: 'kill -CONT {pid}' lets it go on");
        assert!(answer.status == Some(1) && answer.error.contains(&expected), "{command:?}: {answer:?}");
    }
    device.wait("device that goes on", || device.answer(&["device", "status"]).status == Some(0));
}

#[test]
fn an_emptied_state_folder_acknowledges_nothing() {
    let device = Device::started("mistakes-emptied");
    device.install(&["before", "idle.toit"]);
    for entry in std::fs::read_dir(device.state()).expect("the folder is there").flatten() {
        let path = entry.path();
        // The device may just be writing into a folder.
        device.wait("entry that is removed", || match path.is_dir() {
            true => std::fs::remove_dir_all(&path).is_ok(),
            false => std::fs::remove_file(&path).is_ok(),
        });
    }
    // The device makes its socket again.
    device.wait("device at its socket", || device.answer(&["device", "status"]).status == Some(0));
    let expected = "store.redb with the installed containers was removed while the device runs: put it back";
    for command in [
        &["container", "install", "-q", "after", "idle.toit"][..],
        &["container", "uninstall", "-q", "before"],
        &["container", "stop", "-q", "before"],
    ] {
        let error = device.bad(command, 1);
        assert!(error.contains(expected), "{command:?}: {error}");
    }
    device.good(&["device", "stop"]);
    device.good(&["device", "start"]);
    device.install(&["after", "idle.toit"]);
}
