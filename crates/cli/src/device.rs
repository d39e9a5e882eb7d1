//! `lucarne device`: starts and stops a device, and prints its state.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lucarne_device::control::{ReachError, Reached, Status};
use lucarne_device::{Daemon, DeviceOptions, StateFolder};

use crate::arguments::device::{DeviceCommand, DeviceStart, DeviceStatus, DeviceStop, DeviceUnit};
#[cfg(feature = "fabric")]
use crate::fabric;
use crate::output::{print_error, print_out};
use crate::reach::{folder, reach, refused};
use crate::signals::on_end_signal;
use crate::{Stop, metrics};

/// The longest time that a device may take to start all its containers.
const START_MAX: Duration = Duration::from_secs(60);

/// The longest time that a device may take to stop them.
const STOP_MAX: Duration = Duration::from_secs(30);

/// The time between checks whether the device has started: a detached device cannot report that to its parent.
const LOOK: Duration = Duration::from_millis(10);

pub(crate) fn device(command: &DeviceCommand) -> Result<ExitCode, Stop> {
    match command {
        DeviceCommand::Start(options) if options.foreground => foreground(options),
        DeviceCommand::Start(options) => start(options),
        DeviceCommand::Stop(options) => stop(options),
        DeviceCommand::Status(options) => status(options),
        DeviceCommand::Metrics(options) => metrics::metrics(options),
        DeviceCommand::Unit(options) => unit(options),
    }
}

/// Runs a device in this OS process until it is stopped.
fn foreground(options: &DeviceStart) -> Result<ExitCode, Stop> {
    if options.detached {
        // Detach from the terminal that started the device.
        let _ = rustix::process::setsid();
    }
    let folder = folder(options.state.as_deref())?;
    #[cfg(feature = "fabric")]
    let own = fabric::own_name(&options.fabric)?;
    #[cfg(feature = "fabric")]
    let (in_fabric, fabric) =
        (own.as_ref().map(|(name, _)| name.to_string()), own.map(|own| joining(options, own)));
    #[cfg(not(feature = "fabric"))]
    let in_fabric = None;
    let device = DeviceOptions {
        name: name(options, in_fabric),
        workers: options.workers.map_or_else(lucarne_host::processors, usize::from),
        #[cfg(feature = "fabric")]
        fabric,
    };
    let daemon = Daemon::start(&folder, device).map_err(|error| Stop::failure(error.to_string()))?;
    let stopper = daemon.stopper();
    on_end_signal(move |_| stopper.stop())
        .map_err(|error| Stop::failure(format!("cannot handle signals: {error}")))?;
    if !options.quiet && !options.detached {
        print_error(&format!("The device runs; its state is in {}\n", folder.root().display()));
    }
    daemon.wait();
    Ok(ExitCode::SUCCESS)
}

/// Returns a function that joins the fabric. The device calls it when it has its state folder for itself.
#[cfg(feature = "fabric")]
fn joining(options: &DeviceStart, own: fabric::Own) -> lucarne_device::Joining {
    let options = options.fabric.clone();
    Box::new(move || {
        let log = |line: &str| print_error(&format!("fabric: {line}\n"));
        fabric::join_options(&options, own, log).map_err(|error| error.to_string())
    })
}

/// Starts a device in an OS process of its own, and waits until commands reach it.
fn start(options: &DeviceStart) -> Result<ExitCode, Stop> {
    // Mistakes in the options are reported here, with their exit status, and not by the other process.
    #[cfg(feature = "fabric")]
    fabric::own_name(&options.fabric)?;
    let folder = folder(options.state.as_deref())?;
    if let Ok(reached) = Reached::connect(&folder) {
        let pid = reached.device.status().wait().map(|status| status.pid).unwrap_or_default();
        return Err(Stop::failure(format!("the device already runs, as process {pid}")));
    }
    let failure = |error: &dyn std::fmt::Display| Stop::failure(format!("cannot start the device: {error}"));
    folder.prepare().map_err(|error| failure(&error))?;
    let path = folder.device_log();
    let mut log = OpenOptions::new()
        .create(true)
        .append(true)
        .read(true)
        .open(&path)
        .map_err(|error| failure(&error))?;
    let before = log.seek(SeekFrom::End(0)).map_err(|error| failure(&error))?;
    let mut child = detached(options, &folder, &log).map_err(|error| failure(&error))?;
    let reached = wait_until_up(&mut child, &folder).map_err(|error| match error {
        Some(error) => failure(&error),
        None => Stop::failure(said_since(&mut log, before)),
    })?;
    let status = reached.device.status().wait().map_err(|error| failure(&error))?;
    print_error(&warnings_since(&mut log, before));
    if !options.quiet {
        print_out(format!("{}\n", describe(&status)).as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn detached(options: &DeviceStart, folder: &StateFolder, log: &File) -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["device", "start", "--foreground", "--detached", "--state"]).arg(folder.root());
    if let Some(name) = &options.name {
        command.args(["--name", name]);
    }
    if let Some(workers) = options.workers {
        command.args(["--workers", &workers.to_string()]);
    }
    #[cfg(feature = "fabric")]
    command.args(options.fabric.words()?);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?).spawn()
}

/// Waits until a started device answers. The error is `None` if the device has ended.
fn wait_until_up(child: &mut Child, folder: &StateFolder) -> Result<Reached, Option<String>> {
    let until = Instant::now() + START_MAX;
    loop {
        match Reached::connect(folder) {
            Ok(reached) => return Ok(reached),
            Err(ReachError::NotRunning) => {}
            Err(error) => return Err(Some(error.to_string())),
        }
        if child.try_wait().is_ok_and(|ended| ended.is_some()) {
            return Err(None);
        }
        if Instant::now() >= until {
            return Err(Some("the device takes too long".to_owned()));
        }
        thread::sleep(LOOK);
    }
}

/// Returns the warnings in the log of the device from the offset `before` on.
fn warnings_since(log: &mut File, before: u64) -> String {
    let text = text_since(log, before).unwrap_or_default();
    text.split_inclusive('\n').filter(|line| line.starts_with("lucarne: ")).collect()
}

fn text_since(log: &mut File, before: u64) -> std::io::Result<String> {
    let mut text = String::new();
    log.seek(SeekFrom::Start(before))?;
    log.read_to_string(&mut text)?;
    Ok(text)
}

/// Returns the last error in the log of a device that has ended, from the offset `before` on.
fn said_since(log: &mut File, before: u64) -> String {
    let read = text_since(log, before);
    let text = read.as_deref().unwrap_or_default();
    let said = text.trim_end();
    let said = said.rsplit_once("lucarne: ").map_or(said, |(_, reason)| reason);
    if said.is_empty() { "the device ended right after its start".to_owned() } else { said.to_owned() }
}

fn stop(options: &DeviceStop) -> Result<ExitCode, Stop> {
    let (reached, name) = reach(&options.at)?;
    let failure = |error: &dyn std::fmt::Display| Stop::failure(format!("cannot stop the device: {error}"));
    let pid = reached.device.status().wait().map_err(|error| failure(&error))?.pid;
    let process = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .and_then(|pid| rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok());
    // The device may end before it answers.
    let _ = reached.device.shut_down().wait();
    if let Some(process) = process {
        wait_for_end(&process).map_err(|error| failure(&error))?;
    }
    if !options.quiet {
        print_out(format!("The device '{name}' has stopped\n").as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn wait_for_end(process: &std::os::fd::OwnedFd) -> Result<(), String> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let time = Timespec { tv_sec: STOP_MAX.as_secs().cast_signed(), tv_nsec: 0 };
    let mut files = [PollFd::new(process, PollFlags::IN)];
    match poll(&mut files, Some(&time)) {
        Ok(0) => Err("its containers have not ended in time".to_owned()),
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

fn status(options: &DeviceStatus) -> Result<ExitCode, Stop> {
    let folder = folder(options.at.state.as_deref())?;
    let reached = match Reached::connect(&folder) {
        Ok(_) => reach(&options.at)?.0,
        Err(ReachError::NotRunning) => {
            let text = if options.json {
                format!("{}\n", serde_json::json!({"running": false, "state": folder.root()}))
            } else {
                "no device runs here: start one with 'lucarne device start'\n".to_owned()
            };
            print_out(text.as_bytes())?;
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(Stop::failure(error.to_string())),
    };
    let status = reached.device.status().wait().map_err(refused)?;
    let text = if options.json {
        let mut object = serde_json::json!({"running": true, "state": folder.root()});
        if let (Some(object), Ok(serde_json::Value::Object(more))) =
            (object.as_object_mut(), serde_json::to_value(&status))
        {
            object.extend(more);
        }
        format!("{object}\n")
    } else {
        format!("{}\nIts state is in {}\n", describe(&status), folder.root().display())
    };
    print_out(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn describe(status: &Status) -> String {
    let Status { name, version, pid, up_us, installed, running } = status;
    let up = shown_duration(*up_us);
    format!(
        "The device '{name}' (lucarne {version}) has run as process {pid} for {up}: {installed} containers \
         installed, {running} running"
    )
}

/// Formats a time in µs for display: in whole seconds, such as `1h 2m 3s`.
pub(crate) fn shown_duration(us: i64) -> String {
    let seconds = us.max(0).cast_unsigned() / 1_000_000;
    humantime::format_duration(Duration::from_secs(seconds)).to_string()
}

fn unit(options: &DeviceUnit) -> Result<ExitCode, Stop> {
    let failure =
        |error: std::io::Error| Stop::failure(format!("cannot find the binary of lucarne: {error}"));
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => std::env::current_exe().map_err(failure)?,
    };
    let state = match &options.state {
        Some(state) => format!(" --state {}", quoted(&std::path::absolute(state).map_err(failure)?)),
        None => String::new(),
    };
    let fabric = fabric_words(options)?;
    let text = format!(
        "[Unit]
Description=Lucarne device: isolated containers that talk through services
Documentation=https://github.com/lucarne/lucarne

[Service]
Type=exec
ExecStart={} device start --foreground --quiet{state}{fabric}
Restart=on-failure
# Containers get memory and processor limits of their own.
Delegate=memory cpu pids
# The device ends its containers itself.
KillMode=mixed

[Install]
WantedBy=default.target
",
        quoted(&binary)
    );
    print_out(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the options that join the device to a fabric, for the command line in a unit.
#[cfg(feature = "fabric")]
fn fabric_words(options: &DeviceUnit) -> Result<String, Stop> {
    fabric::own_name(&options.fabric)?;
    let words = options.fabric.words().map_err(|error| Stop::failure(error.to_string()))?;
    Ok(words.iter().map(|word| format!(" {}", quoted(Path::new(word)))).collect())
}

#[cfg(not(feature = "fabric"))]
fn fabric_words(_: &DeviceUnit) -> Result<String, Stop> {
    Ok(String::new())
}

/// Quotes a path, or another word, for `systemd.service(5)`.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte));
    if is_plain { text } else { format!("\"{}\"", text.replace('$', "$$")) }
}

/// Returns the name of the device: the given one, or that of this machine.
fn name(options: &DeviceStart, in_fabric: Option<String>) -> String {
    options.name.clone().or(in_fabric).unwrap_or_else(host_name)
}

fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "device".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_a_unit() {
        assert_eq!(quoted(Path::new("/usr/bin/lucarne")), "/usr/bin/lucarne");
        assert_eq!(quoted(Path::new("/my dir/100%/$x")), "\"/my dir/100%%/$$x\"");
    }

    #[test]
    fn the_reason_of_an_early_end() {
        let mut log = tempfile::tempfile().expect("a file");
        std::io::Write::write_all(&mut log, b"old\nlucarne: the store is in use\n")
            .expect("the log can be written");
        assert_eq!(said_since(&mut log, 4), "the store is in use");
        assert_eq!(said_since(&mut log, 100), "the device ended right after its start");
    }
}
