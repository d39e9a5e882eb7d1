//! Tests of whole devices: commands as a user types them, and the logs that result.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::device::{Device, example};
use common::{Answer, Folder, children, completed, signal};
use rustix::process::Signal;
use serde_json::Value;

fn kill(pid: u32) {
    signal(pid, Signal::KILL);
}

#[test]
fn containers_find_each_other_across_stops_starts_and_installations() {
    let device = Device::started("device-room");
    device.install(&["hall", "hall.toit"]);
    device.install(&["ada", "guest.toit", "--", "Ada"]);
    device.install(&["bob", "guest.toit", "--", "Bob"]);
    device.wait_for("ada", "Ada hears Bob: I am Bob", 1);
    device.wait_for("bob", "Bob hears Ada: I am Ada", 1);

    device.good(&["device", "stop"]);
    assert_eq!(device.answer(&["device", "status"]).status, Some(1));
    let before = ["ada", "bob"].map(|_| 1);
    device.good(&["device", "start"]);
    for (name, heard) in [("ada", "I am Bob"), ("bob", "I am Ada")] {
        let had = device.log(name).matches(heard).count().max(before[0]);
        device.wait_for(name, heard, had + 1);
    }

    device.good(&["container", "uninstall", "hall"]);
    for name in ["ada", "bob"] {
        device.wait_for(name, "NO_SUCH_PROCESS", 1);
        device.wait_for_state(name, "ended");
        assert_eq!(device.state_of(name)["code"], 1);
    }
    device.install(&["hall", "hall.toit"]);
    for name in ["ada", "bob"] {
        device.good(&["container", "restart", name]);
    }
    for (name, heard) in [("ada", "I am Bob"), ("bob", "I am Ada")] {
        let had = device.log(name).matches(heard).count();
        device.wait_for(name, heard, had + 1);
    }
}

#[test]
fn the_installed_version_runs() {
    let device = Device::started("device-settings");
    device.folder.file("note.txt", "remember");
    let defines = ["-D", "fast", "-D", "n=42", "-D", "host=example.org"];
    let rest = ["--assets", "note=note.txt", "show", "settings.toit", "--", "a", "-b"];
    device.install(&[&defines[..], &rest].concat());
    device.wait_for_state("show", "ended");
    let expected =
        "arguments: [a, -b]\njag.defines: {fast: true, host: example.org, n: 42}\nnote: remember\n";
    assert_eq!(device.log("show"), expected);
    let inspected = device.json(&["container", "inspect", "--json", "show"]);
    assert_eq!(inspected["settings"]["defines"]["n"], 42);
    assert_eq!(inspected["starts"], 1);
    assert_eq!(inspected["entry"], "settings.toit");
}

#[test]
fn storage_is_private_and_lasts() {
    let device = Device::started("device-storage");
    device.install(&["one", "count.toit"]);
    device.wait_for("one", "1 in flash, 1 in RAM", 1);
    device.good(&["container", "restart", "one"]);
    device.wait_for("one", "2 in flash, 2 in RAM", 1);
    device.install(&["other", "count.toit"]);
    device.wait_for("other", "1 in flash, 1 in RAM", 1);

    device.good(&["device", "stop"]);
    device.good(&["device", "start"]);
    device.wait_for("one", "3 in flash, 1 in RAM", 1);
    kill(device.pid());
    device.wait("end of the device", || device.answer(&["device", "status"]).status == Some(1));
    device.good(&["device", "start"]);
    device.wait_for("one", "4 in flash, 1 in RAM", 1);

    device.install(&["one", "count.toit"]);
    device.wait_for("one", "5 in flash, 2 in RAM", 1);
    device.good(&["container", "uninstall", "one"]);
    device.install(&["one", "count.toit"]);
    device.wait_for("one", "1 in flash, 1 in RAM", 1);
}

#[test]
fn a_program_replaces_the_previous_one() {
    let device = Device::started("device-run");
    device.folder.file("slow.toit", "main:\n  print \"slow\"\n  sleep --ms=60_000\n");
    let name = device.json(&["device", "status", "--json"])["name"].as_str().expect("a name").to_owned();
    device.good(&["run", "-d", &name, "slow.toit"]);
    device.wait_for("run", "slow", 1);
    device.good(&["run", "-d", &name, "settings.toit", "x"]);
    device.wait_for("run", "arguments: [x]", 1);
    device.wait_for_state("run", "ended");
    assert_eq!(device.json(&["device", "status", "--json"])["installed"], 0);
    assert!(device.bad(&["run", "-d", "elsewhere", "slow.toit"], 2).contains("no device 'elsewhere'"));
    assert!(device.bad(&["container", "install", "-q", "run", "slow.toit"], 1).contains("'lucarne run -d'"));
    // The program does not outlive the device.
    device.good(&["device", "stop"]);
    device.good(&["device", "start"]);
    assert_eq!(device.json(&["container", "list", "--json"]), serde_json::json!([]));
}

#[test]
fn a_failed_installation_leaves_the_old_one_running() {
    let device = Device::started("device-replace");
    device.folder.file("v1.toit", "main:\n  print \"one\"\n  sleep --ms=60_000\n");
    device.folder.file("v2.toit", "main:\n  print \"two\"\n  sleep --ms=60_000\n");
    device.folder.file("wrong.toit", "main: print x\n");
    device.folder.file("none", "neither a program nor an executable\n");
    device.install(&["app", "v1.toit"]);
    device.wait_for("app", "one", 1);
    let before = device.json(&["container", "inspect", "--json", "app"]);

    assert!(
        device.answer(&["container", "install", "-q", "app", "wrong.toit"]).error.contains("wrong.toit:1:")
    );
    // A lambda captures at most 255 variables.
    let variables: String = (0..300).map(|number| format!("  v{number} := x\n")).collect();
    let all = (0..300).map(|number| format!("v{number}")).collect::<Vec<_>>().join(", ");
    let large = format!("main x:\n{variables}  (:: [{all}]).call\n");
    device.folder.file("sub/large.toit", large);
    // The device finds this error, and the message has the path that the command was given.
    let answer = device.answer(&["container", "install", "-q", "app", "sub/large.toit"]);
    assert_eq!(answer.status, Some(1), "{answer:?}");
    assert!(answer.error.contains("lucarne: sub/large.toit:1:1: 'main' is too large"), "{answer:?}");
    for file in ["none", "missing.toit", "."] {
        let answer = device.answer(&["container", "install", "-q", "app", file]);
        assert_eq!(answer.status, Some(2), "{file}: {answer:?}");
    }
    assert_eq!(device.answer(&["container", "install", "-q", "a/b", "v2.toit"]).status, Some(2));
    let after = device.json(&["container", "inspect", "--json", "app"]);
    assert_eq!((&before["starts"], &before["digest"]), (&after["starts"], &after["digest"]));
    assert_eq!(after["state"]["is"], "running");

    let installed = device.json(&["container", "install", "--json", "app", "v2.toit"]);
    assert_eq!(installed["replaced"], true);
    device.wait_for("app", "two", 1);
}

#[test]
fn names_of_containers_are_completed() {
    let device = Device::started("completed");
    for name in ["garden", "gate", "house"] {
        device.install(&[name, "settings.toit"]);
    }
    let words = ["lucarne", "container", "stop", "ga"];
    assert_eq!(completed(device.command(&["--"]), &words), ["garden", "gate"]);
    let state = device.state();
    let words = ["lucarne", "container", "logs", "--state", &state.to_string_lossy(), "h"];
    let mut elsewhere = device.command(&["--"]);
    elsewhere.env("LUCARNE_STATE", "/nowhere");
    assert_eq!(completed(elsewhere, &words), ["house"]);
    device.good(&["device", "stop"]);
    assert_eq!(completed(device.command(&["--"]), &words), [""; 0]);
}

#[test]
fn two_devices_do_not_share_a_folder() {
    let device = Device::started("device-two");
    let answer = device.answer(&["device", "start", "--foreground"]);
    assert_eq!(answer.status, Some(1));
    assert!(answer.error.contains("in use by another device"), "{}", answer.error);
    assert!(device.bad(&["device", "start"], 1).contains("already runs"));
    // The first device is not affected.
    device.good(&["container", "list"]);
}

#[test]
fn a_native_container_is_started_again_and_found_again() {
    let device = Device::started("device-native");
    device.install(&["--restart=on-failure", "clock", example("clock").to_str().expect("UTF-8")]);
    device.install(&["--restart=on-failure", "reader", "reader.toit"]);
    device.wait_for("clock", "tick", 1);
    device.wait_for("reader", "Z\n", 1);

    let clocks = children(device.pid());
    assert_eq!(clocks.len(), 1);
    kill(clocks[0]);
    device.wait_for("clock", "ended with code 137, starts again in 1.0 s", 1);
    device.wait_for("reader", "NO_SUCH_PROCESS", 1);
    device.wait_for("clock", "tick", 2);
    let read = device.log("reader").matches("Z\n").count();
    device.wait_for("reader", "Z\n", read + 1);
    assert_eq!(device.json(&["container", "inspect", "--json", "clock"])["starts"], 2);

    device.good(&["container", "stop", "clock"]);
    assert_eq!(device.state_of("clock")["is"], "stopped");
    assert!(children(device.pid()).is_empty());
    // A stopped container stays stopped.
    device.good(&["device", "stop"]);
    device.good(&["device", "start"]);
    assert_eq!(device.state_of("clock")["is"], "stopped");
}

#[test]
fn processes_of_a_killed_device_are_ended() {
    let device = Device::started("device-killed");
    device.install(&["clock", example("clock").to_str().expect("UTF-8")]);
    device.install(&["--restart=always", "reader", "reader.toit"]);
    device.wait_for("reader", "Z\n", 1);
    let pid = device.pid();
    let clocks = children(pid);
    kill(pid);
    device.wait("end of the device", || device.answer(&["device", "status"]).status == Some(1));
    let read = device.log_on_disk("reader").matches("Z").count();
    device.good(&["device", "start"]);
    let is_gone = |pid: &u32| !Path::new(&format!("/proc/{pid}")).exists();
    device.wait("end of the clock that was left", || clocks.iter().all(is_gone));
    device.wait_for("reader", "Z\n", read + 1);
}

impl Device {
    /// Reads the log of a container from its files, without asking the device. Returns an empty text until the
    /// container prints something.
    fn log_on_disk(&self, name: &str) -> String {
        let folder = self.state().join("logs").join(name);
        let files = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return String::new(),
            files => files.expect("the file can be read"),
        };
        files.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("text")).collect()
    }
}

#[test]
fn a_component_runs_in_an_os_process_of_its_own() {
    let device = Device::started("device-component");
    let component = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/components");
    device
        .folder
        .file("CMakeLists.txt", "idf_component_register(REQUIRES toit SRCS crash.c WHOLE_ARCHIVE)\n");
    for file in ["crash.c", "crash.toit"] {
        device.folder.file(file, std::fs::read(component.join(file)).expect("the file exists"));
    }
    device.good(&["c", "build", "-o", "crash.so", "."]);
    device.install(&["crash", "crash.so"]);
    device.wait_for_state("crash", "running");
    assert_eq!(children(device.pid()).len(), 1);
    device.install(&["client", "crash.toit"]);
    device.wait_for_state("client", "ended");
    device.wait_for("crash", "ended with code 1", 1);
}

/// A process that has left its process group ends with its container, with control groups and without.
#[test]
fn processes_that_a_container_has_left_behind_are_ended() {
    let device = Device::prepared("device-leaves");
    let component = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/components/leaves.c");
    device
        .folder
        .file("CMakeLists.txt", "idf_component_register(REQUIRES toit SRCS leaves.c WHOLE_ARCHIVE)\n")
        .file("leaves.c", std::fs::read(component).expect("the file exists"));
    device.good(&["c", "build", "-o", "leaves.so", "."]);
    for (cgroups, means) in [("no", "subreaper"), ("yes", "")] {
        let started = device.command(&["device", "start"]).env("LUCARNE_CGROUPS", cgroups).status();
        assert!(started.expect("the command starts").success());
        for last in [&["container", "restart", "leaves"][..], &["container", "uninstall", "leaves"]] {
            device.install(&["leaves", "leaves.so"]);
            let sleeper = device.sleeper();
            let bounds = device.json(&["container", "inspect", "--json", "leaves"])["bounds"].to_string();
            assert!(
                bounds.contains(&format!("all processes that it starts end with it ({means}")),
                "{bounds}"
            );
            device.good(last);
            // The answer to 'uninstall' comes after the end of the container, and that to 'restart' before it.
            let is_gone = || has_ended(sleeper);
            assert!(last[1] == "restart" || is_gone(), "process {sleeper} is still there");
            device.wait("end of the process that was left", is_gone);
            device.answer(&["container", "uninstall", "leaves"]);
        }
        // It also ends when the container's own process is killed.
        device.install(&["leaves", "leaves.so"]);
        let sleeper = device.sleeper();
        children(device.pid()).into_iter().for_each(kill);
        device.wait_for_state("leaves", "ended");
        device.wait("end of the process that was left", || !Path::new(&format!("/proc/{sleeper}")).exists());
        device.good(&["container", "uninstall", "leaves"]);
        assert!(children(device.pid()).is_empty());
        // If the device is killed, the next device ends the process that was left.
        device.install(&["leaves", "leaves.so"]);
        let (sleeper, killed) = (device.sleeper(), device.pid());
        kill(killed);
        device.wait("end of the device", || has_ended(killed));
        device.good(&["device", "start"]);
        assert!(has_ended(sleeper), "process {sleeper} is still there");
        device.good(&["device", "stop"]);
    }
}

/// Returns whether an OS process has ended. Its parent may not have waited for it yet.
fn has_ended(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, fields)| fields.trim_start().starts_with('Z'))
}

impl Device {
    /// Waits for the process that the component leaves behind, and returns its pid.
    fn sleeper(&self) -> u32 {
        self.wait_for("leaves", "sleeper", 1);
        let log = self.log("leaves");
        let line = log.lines().rev().find_map(|line| line.strip_prefix("sleeper ")).expect("just seen");
        line.parse().expect("a pid")
    }
}

#[test]
fn containers_start_at_intervals() {
    let device = Device::started("device-interval");
    device.folder.file("brief.toit", "main: print \"brief\"\n");
    device.install(&["--interval=300ms", "brief", "brief.toit"]);
    device.wait_for("brief", "brief", 3);
    assert!(device.bad(&["container", "install", "--interval=soon", "x", "brief.toit"], 2).contains("1h30m"));
    let without_unit = device.bad(&["container", "install", "-D", "jag.interval=30", "x", "brief.toit"], 2);
    assert!(without_unit.contains("-D jag.interval: not a duration"), "{without_unit}");
}

#[test]
fn a_log_is_followed_as_it_grows() {
    let device = Device::started("device-follow");
    device.folder.file("count.toit", "main:\n  1_000.repeat:\n    print it\n    sleep --ms=20\n");
    device.install(&["count", "count.toit"]);
    let mut follow = device.command(&["container", "logs", "-f", "--json", "count"]);
    let mut follow =
        follow.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the process starts");
    let mut lines = BufReader::new(follow.stdout.take().expect("the stream is piped")).lines();
    let texts = lines.by_ref().take(20).map(|line| {
        let entry: Value = serde_json::from_str(&line.expect("a line")).expect("the text is JSON");
        entry["text"].as_str().expect("a text").to_owned()
    });
    let expected: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    assert_eq!(texts.collect::<Vec<_>>(), expected);
    device.good(&["device", "stop"]);
    let followed = follow.wait_with_output().expect("the process ends");
    assert_eq!(followed.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&followed.stderr), "lucarne: the device has ended\n");
}

#[test]
fn a_flood_does_not_hide_a_death() {
    let device = Device::started("device-flood-death");
    device.folder.file("flood.toit", "main:\n  20_000.repeat: print \"line $it\"\n  throw \"WHY IT DIED\"\n");
    for number in 0..6 {
        let name = format!("flood{number}");
        device.install(&[&name, "flood.toit"]);
        device.wait_for_state(&name, "ended");
        let log = device.log(&name);
        assert_eq!(log.matches("WHY IT DIED").count(), 1, "{name}: {}", log.len());
        assert_eq!(log.matches("[device] ended with code 1").count(), 1, "{name}: {}", log.len());
        assert!(log.contains("line 19999\n"), "{name}");
    }
}

#[test]
fn idle_connections_to_the_control_socket_do_not_keep_commands_out() {
    let device = Device::started("device-idle");
    let socket = device.state().join("sockets").join("control");
    // A hello: its length, and a frame of that kind without a name. Nothing follows.
    let head = [&[13, 0, 0, 0][..], &[0; 20], &3_u64.to_le_bytes(), &[0; 8]].concat();
    let hello = [&(head.len() as u32).to_le_bytes()[..], &head].concat();
    let mut idle = Vec::new();
    for _ in 0..500 {
        let mut stream = UnixStream::connect(&socket).expect("the device listens");
        stream.write_all(&hello).expect("the device listens");
        stream.read_exact(&mut [0; 4]).expect("a welcome");
        idle.push(stream);
    }
    assert_eq!(device.json(&["device", "status", "--json"])["running"], 0);
    device.install(&["idle", "idle.toit"]);
    device.good(&["container", "list"]);
}

#[test]
fn following_a_silent_log_ends_with_the_reader() {
    let device = Device::started("device-reader-gone");
    device.folder.file("silent.toit", "main:\n  print \"one\"\n  sleep --ms=3_600_000\n");
    device.install(&["silent", "silent.toit"]);
    device.wait_for("silent", "one", 1);
    let mut follow = device.command(&["container", "logs", "-f", "silent"]);
    let mut follow =
        follow.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the process starts");
    let mut line = String::new();
    let out = follow.stdout.take().expect("the stream is piped");
    BufReader::new(out).read_line(&mut line).expect("a line comes");
    assert_eq!(line, "one\n");
    // The log stays silent: only the closed pipe can wake the command.
    let output = follow.wait_with_output().expect("the process ends");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn output_of_device_commands_that_cannot_be_written_is_a_failure() {
    let device = Device::started("device-full-disk");
    device.install(&["idle", "idle.toit", "--", "Idle"]);
    device.folder.file("hello.toit", "main: print \"hello\"\n");
    device.install(&["hello", "hello.toit"]);
    device.wait_for("hello", "hello", 1);
    for arguments in [
        &["device", "metrics"][..],
        &["device", "status"],
        &["device", "status", "--json"],
        &["container", "list"],
        &["container", "list", "--json"],
        &["container", "inspect", "idle"],
        &["container", "inspect", "--json", "idle"],
        &["container", "logs", "hello"],
        &["container", "logs", "--json", "-f", "hello"],
        &["container", "restart", "idle"],
        &["services", "--for", "100ms"],
        &["top", "--json"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("this is Linux");
        let output = device.command(arguments).stdout(full).output().expect("the command starts");
        let error = String::from_utf8(output.stderr).expect("output is UTF-8");
        let expected = "lucarne: cannot write to standard output: no space left on device\n";
        assert_eq!((output.status.code(), error.as_str()), (Some(1), expected), "{arguments:?}");
    }
}

#[test]
fn messages_suggest_what_to_do() {
    let device = Device::prepared("device-messages");
    let none = "lucarne: no device runs here: start one with 'lucarne device start'\n";
    for command in [&["container", "list"][..], &["container", "stop", "x"], &["device", "stop"]] {
        assert_eq!(device.bad(command, 1), none);
    }
    device.good(&["device", "start", "--name", "box"]);
    assert_eq!(device.bad(&["container", "stop", "x"], 1), "lucarne: there is no container 'x'\n");
    let other = device.bad(&["container", "list", "-d", "other"], 2);
    assert_eq!(
        other,
        "lucarne: there is no device 'other' here: the device on this machine is called 'box'\n"
    );
    assert_eq!(device.good(&["container", "list"]), "DEVICE   IMAGE   NAME   KIND   STATE\n");
    assert!(device.good(&["device", "unit"]).contains("ExecStart="));
}

/// Runs a program with `lucarne confine`, under the usual bounds and `more`.
fn confined(folder: &Folder, more: &Value, program: &[&str]) -> Answer {
    let mut bounds = serde_json::json!({
        "device": std::process::id(), "memory_bytes": null, "background": false, "files": null, "cgroup": null,
        "no_network": false,
    });
    let given = more.as_object().expect("an object").clone();
    bounds.as_object_mut().expect("an object").extend(given);
    folder.lucarne(&[&["confine", "--name", "it", &bounds.to_string()], program].concat())
}

#[test]
fn bounds_are_in_force_before_the_program_runs() {
    let folder = Folder::new("device-confined");
    folder.file("secret", "secret\n");
    let secret = folder.path("secret").display().to_string();
    let cat = ["/bin/cat", secret.as_str()];
    let free = confined(&folder, &serde_json::json!({}), &cat);
    assert_eq!((free.status, free.out.as_str()), (Some(0), "secret\n"), "{free:?}");

    let allowed = serde_json::json!({"files": [{"path": secret, "writable": false}]});
    let allowed = confined(&folder, &allowed, &cat);
    let denied = confined(&folder, &serde_json::json!({"files": []}), &cat);
    if denied.error.contains("Landlock is missing") {
        // The program does not run if a bound is not supported.
        assert_eq!((denied.status, denied.out.as_str()), (Some(1), ""));
    } else {
        assert_eq!((allowed.status, allowed.out.as_str()), (Some(0), "secret\n"), "{allowed:?}");
        assert!(denied.status == Some(1) && denied.error.contains("Permission denied"), "{denied:?}");
        // `truncate(2)` empties a file without opening it. Kernels before 6.2 cannot forbid it.
        folder.file(
            "empty.c",
            "#include <unistd.h>\nint main(int n, char** files) { return truncate(files[1], 0); }\n",
        );
        let empty = folder.path("empty").display().to_string();
        let built = Command::new("cc").args(["-o", &empty]).arg(folder.path("empty.c")).status();
        assert!(built.expect("a compiler").success());
        for (writable, expected) in [(false, "secret\n"), (true, "")] {
            let files = serde_json::json!({"files": [{"path": secret, "writable": writable}]});
            let tried = confined(&folder, &files, &[&empty, &secret]);
            assert_eq!(folder.read("secret"), expected, "{tried:?}");
        }
        folder.file("secret", "secret\n");
    }

    let niceness = Command::new("nice").output().expect("it is installed").stdout;
    let niceness: i32 = String::from_utf8_lossy(&niceness).trim().parse().expect("a number");
    let background = (niceness + 10).min(19);
    let shell = ["/bin/sh", "-c", "ulimit -d; ulimit -c; grep NoNewPrivs /proc/self/status; nice"];
    let bounded =
        confined(&folder, &serde_json::json!({"memory_bytes": 64 << 20, "background": true}), &shell);
    assert_eq!(bounded.out, format!("65536\n0\nNoNewPrivs:\t1\n{background}\n"), "{bounded:?}");

    let orphan = confined(&folder, &serde_json::json!({"device": 1}), &cat);
    assert_eq!((orphan.status, orphan.out.as_str()), (Some(1), ""), "{orphan:?}");
    assert!(orphan.error.contains("the device has ended"));
}

#[test]
fn bounds_can_be_inspected() {
    let device = Device::started("device-bounds");
    let clock = example("clock");
    device.install(&["--memory=256M", "--restart=on-failure", "clock", clock.to_str().expect("UTF-8")]);
    device.wait_for("clock", "tick", 1);
    let bounds = device.json(&["container", "inspect", "--json", "clock"])["bounds"].to_string();
    for bound in ["it ends with the device", "no new privileges", "memory: 268435456 bytes"] {
        assert!(bounds.contains(bound), "{bound} in {bounds}");
    }
    // Less memory than it needs.
    let small = ["container", "install", "-q", "--memory=1M", "small", clock.to_str().expect("UTF-8")];
    assert!(device.bad(&small, 1).contains("it ended with code 1 without connecting (see"));
    assert_eq!(device.state_of("small")["is"], "ended");
    assert_eq!(device.state_of("clock")["is"], "running");
}

#[test]
fn a_container_that_loops_leaks_or_floods_harms_only_itself() {
    let device = Device::started("device-harm");
    device.install(&["hall", "hall.toit"]);
    device.install(&["--memory=16M", "leak", "leak.toit"]);
    device.install(&["loop1", "loop.toit"]);
    device.install(&["loop2", "loop.toit"]);
    device.install(&["flood", "flood.toit"]);
    for name in ["loop1", "loop2", "flood"] {
        device.wait_for(name, "ing\n", 1);
    }
    device.wait_for_state("leak", "ended");
    device.wait_for("leak", "OUT_OF_MEMORY", 1);
    // Meanwhile, other containers are installed, exchange messages, and are stopped.
    device.install(&["ada", "guest.toit", "--", "Ada"]);
    device.install(&["bob", "guest.toit", "--", "Bob"]);
    device.wait_for("ada", "Ada hears Bob: I am Bob", 3);
    device.wait_for("bob", "Bob hears Ada: I am Ada", 3);
    for name in ["loop1", "loop2", "flood", "ada"] {
        device.good(&["container", "stop", name]);
        assert_eq!(device.state_of(name)["is"], "stopped");
    }
    assert_eq!(device.state_of("bob")["is"], "running");
}

#[test]
fn a_thousand_idle_containers() {
    use lucarne_device::control::Reached;
    use lucarne_device::{Image, Settings, StateFolder};
    const COUNT: usize = 1_000;
    let device = Device::started("device-thousand");
    device.install(&["hall", "hall.toit"]);
    let reached =
        Reached::connect(&StateFolder::at(device.state()).expect("a folder")).expect("the device is running");
    let image = Image::of_program(&device.folder.path("idle.toit")).expect("it is right").image;
    for number in 0..COUNT {
        let settings = Settings { arguments: vec![number.to_string()], ..Settings::default() };
        let name = format!("c{number}").parse().expect("a name");
        let upload = reached.send(&image, &[]).expect("the image is sent");
        upload.install(name, settings).wait().expect("the container is installed");
    }
    drop(reached);
    let all_are_in = |times: usize| {
        let is_in =
            |number: usize| device.log_on_disk(&format!("c{number}")).matches("\"in\"").count() == times;
        (0..COUNT).all(is_in)
    };
    device.wait("thousand guests", || all_are_in(1));
    device.good(&["device", "stop"]);
    device.good(&["device", "start"]);
    device.wait("thousand guests again", || all_are_in(2));
    let status = device.json(&["device", "status", "--json"]);
    assert_eq!((&status["installed"], &status["running"]), (&(COUNT + 1).into(), &(COUNT + 1).into()));

    let pid = device.pid();
    let memory = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process is running");
    let memory =
        memory.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the status names the memory");
    let kilobytes: u64 = memory.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(kilobytes < 100_000, "{kilobytes} kB");
    let before = processor_ticks(pid);
    std::thread::sleep(Duration::from_secs(2));
    let used = processor_ticks(pid) - before;
    // A tick is a hundredth of a second.
    assert!(used <= 2, "{used} ticks in 2 s");
}

/// Returns the processor time of an OS process: `utime` and `stime` of `proc_pid_stat(5)`.
fn processor_ticks(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process is running");
    let (_, fields) = status.rsplit_once(')').expect("a name");
    fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

#[test]
fn log_records_keep_level_names_and_tags() {
    let device = Device::started("device-logs");
    device.install(&["talk", "logs.toit"]);
    device.wait_for_state("talk", "ended");
    let out = device.good(&["container", "logs", "--json", "talk"]);
    let entries = out.lines().map(|line| serde_json::from_str::<Value>(line).expect("the text is JSON"));
    let said: Vec<_> = entries
        .map(|entry| {
            let part = |name: &str| entry[name].to_string();
            [part("source"), part("level"), part("names"), part("tags"), part("text")].join(" ")
        })
        .collect();
    assert_eq!(
        said,
        [
            r#""out" null null null "printed""#,
            r#""log" 2 null [["port","80"]] "ready""#,
            r#""log" 3 ["net"] null "lost""#,
            r#""log" 4 ["main"] [["key","value"]] "by the service""#,
        ]
    );
}

#[test]
fn containers_with_permission_start_others_of_their_image() {
    let device = Device::started("device-instances");
    device.install(&["denied", "instances.toit"]);
    device.wait_for_state("denied", "ended");
    assert_eq!(device.state_of("denied")["code"], 1, "{}", device.log("denied"));
    assert!(!device.log("denied").contains("installed"), "{}", device.log("denied"));

    device.install(&["--allow-open", "system/containers", "parent", "instances.toit"]);
    device.wait_for("parent", "stopped with", 1);
    device.wait_for("parent", "tick as", 2);
    let log = device.log("parent");
    let id = device.json(&["container", "inspect", "--json", "parent"])["image"].clone();
    for said in [
        "installed: [denied, parent]".to_owned(),
        format!("end as {}", id.as_str().expect("the id is a string")),
        "ended with 3".to_owned(),
        "background: true".to_owned(),
    ] {
        assert!(log.contains(&said), "no '{said}' in {log}");
    }

    device.good(&["container", "stop", "parent"]);
    std::thread::sleep(Duration::from_millis(100));
    let ticks = || device.log("parent").matches("tick\n").count();
    let before = ticks();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(ticks(), before, "its instances have ended with it");
}

#[test]
fn a_native_container_uses_services_of_the_device() {
    let device = Device::started("device-keeper");
    device.install(&["job", "job.toit"]);
    let keeper = example("keeper");
    let keeper = keeper.to_str().expect("UTF-8");
    let allowed =
        ["containers", "storage", "console"].map(|service| format!("--allow-open=system/{service}"));
    let mut install: Vec<_> = allowed.iter().map(String::as_str).collect();
    install.extend(["keeper", keeper, "--", "job", "moon"]);
    device.install(&install);
    device.wait_for("keeper", "[keeper] WARN: not there {round: 1, name: moon, code: 1}", 1);
    device.good(&["device", "stop"]);
    device.good(&["device", "start"]);
    device.wait_for("keeper", "[keeper] INFO: done {round: 2, name: job, code: 0}", 1);
    device.wait_for("job", "at work", 2);
}

#[test]
fn a_container_installs_and_uninstalls_an_image() {
    let device = Device::started("device-writer");
    device.folder.file("hello.toit", "main: print \"hello\"\n");
    let image =
        lucarne_device::Image::of_program(&device.folder.path("hello.toit")).expect("it is right").image;
    let file = device.folder.path("hello.image");
    std::fs::write(&file, image.bytes()).expect("the file can be written");
    let assets = format!("image={}", file.display());
    device.install(&["--allow-open=system/containers", "--assets", &assets, "writer", "writer.toit"]);
    device.wait_for_state("writer", "ended");
    let expected = format!(
        "too short: OUT_OF_BOUNDS\ninstalled: [hello]\nended with 0\nuninstalled: true\nagain: No such container: {}\n",
        image.digest().id()
    );
    assert_eq!(device.log("writer"), expected);
    assert!(device.bad(&["container", "inspect", "hello"], 1).contains("hello"));
}

#[test]
fn the_system_can_be_observed() {
    let device = Device::started("device-see");
    device.install(&["hall", "hall.toit"]);
    for (name, guest) in [("ada", "Ada"), ("bob", "Bob")] {
        device.install(&[name, "guest.toit", "--", guest]);
    }
    device.install(&["idle", "idle.toit", "--", "Idle"]);
    device.wait_for("ada", "Ada hears Bob", 1);

    let seen = device.json(&["services", "--json", "--for", "1s"]);
    let services = seen["services"].as_array().expect("a list");
    let room = services
        .iter()
        .find(|service| service["container"] == "hall")
        .expect("the container provides a service");
    assert_eq!((&room["name"], &room["version"]), (&"example/hall".into(), &"1.0".into()));
    let clients = room["clients"].as_array().expect("a list");
    let names: Vec<_> = clients.iter().map(|client| client["container"].as_str().expect("a name")).collect();
    assert_eq!(names, ["ada", "bob", "idle"]);
    assert!(clients.iter().all(|client| client["clients"] == 1 && client["resources"] == 1), "{clients:?}");
    // Two guests call ten times a second each, or less on a busy machine.
    let calls = room["calls"].as_u64().expect("a number");
    let most = 2 * (1 + seen["over_us"].as_u64().expect("a time") / 100_000);
    assert!((1..=most).contains(&calls), "{calls} of {most}");
    let [p50, p99, max] = ["p50_ns", "p99_ns", "max_ns"].map(|field| room[field].as_u64().expect("a time"));
    assert!(0 < p50 && p50 <= p99 && p99 <= max, "{room}");
    let shown = device.good(&["services", "--for", "100ms"]);
    assert!(shown.lines().any(|line| line.starts_with("hall")), "{shown}");
    assert!(shown.contains("of the device itself: see --all") && !shown.contains("(device) "), "{shown}");
    assert!(device.good(&["services", "--all", "--for", "100ms"]).contains("(device) "));

    let mut top = device.command(&["top", "--json"]);
    let mut top = top.stdout(Stdio::piped()).spawn().expect("the process starts");
    let mut line = String::new();
    let out = top.stdout.as_mut().expect("the stream is piped");
    std::io::BufRead::read_line(&mut BufReader::new(out), &mut line).expect("a line");
    top.kill().and_then(|()| top.wait()).expect("the process ends");
    let sample: Value = serde_json::from_str(&line).expect("the text is JSON");
    let containers = sample["containers"].as_array().expect("a list");
    let of = |name: &str| {
        containers.iter().find(|container| container["name"] == name).expect("the container is listed")
    };
    assert!(of("ada")["memory_bytes"].as_u64().is_some_and(|bytes| bytes > 1_000), "{line}");
    assert!(of("ada")["sent"].as_u64().is_some_and(|sent| sent > 0), "{line}");
    assert_eq!(of("idle")["sent"], 0);

    device.good(&["container", "stop", "bob"]);
    let metrics = device.good(&["device", "metrics"]);
    assert!(metrics.ends_with("# EOF\n"));
    let value = |metric: &str, container: &str| {
        let named = format!("container=\"{container}\"");
        let line = metrics.lines().find(|line| line.starts_with(metric) && line.contains(&named));
        line.and_then(|line| line.rsplit_once(' ')).map(|(_, value)| value.to_owned()).expect(metric)
    };
    assert_eq!(value("lucarne_container_running", "ada"), "1");
    assert_eq!(value("lucarne_container_running", "bob"), "0");
    assert_eq!(value("lucarne_container_starts_total", "bob"), "1");
    assert_eq!(value("lucarne_container_ends_total", "bob"), "1");
    assert_eq!(value("lucarne_container_open_resources", "ada"), "1");
    assert_eq!(value("lucarne_container_open_clients", "bob"), "0");
}
