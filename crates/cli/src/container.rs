//! `lucarne container`: installs, starts, stops and lists the containers of a device.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use lucarne_device::control::{Inspected, Listed, Reached, Refused, State, UploadProxy};
use lucarne_device::{Analyzed, ContainerName, Define, Image, Permissions, Restart, Settings, SourceNames};
use lucarne_toit::{Diagnosed, ToitError};
use serde_json::json;

use crate::arguments::device::{
    ContainerCommand, ContainerInspect, ContainerInstall, ContainerList, OneContainer, RestartPolicy,
    RunOptions, parse_interval,
};
use crate::device::shown_duration;
use crate::output::{print_out, visible};
use crate::reach::{reach, refused};
use crate::{FAILURE, Stop, front, input, logs, table};

/// The longest time that an installation waits until an executable has connected. The device ends it after five seconds.
const START_MAX: Duration = Duration::from_secs(6);

/// The setting of `jag` that stands for `--interval`.
const JAG_INTERVAL: &str = "jag.interval";

pub(crate) fn container(command: &ContainerCommand) -> Result<ExitCode, Stop> {
    match command {
        ContainerCommand::Install(options) => install(options),
        ContainerCommand::Uninstall(options) => {
            command_for(options, "uninstalled", |reached, name| reached.device.uninstall(name).wait())
        }
        ContainerCommand::Start(options) => {
            command_for(options, "started", |reached, name| reached.device.start(name).wait())
        }
        ContainerCommand::Stop(options) => {
            command_for(options, "stopped", |reached, name| reached.device.stop(name).wait())
        }
        ContainerCommand::Restart(options) => {
            command_for(options, "restarted", |reached, name| reached.device.restart(name).wait())
        }
        ContainerCommand::List(options) => list(options),
        ContainerCommand::Logs(options) => logs::logs(options),
        ContainerCommand::Inspect(options) => inspect(options),
    }
}

fn install(options: &ContainerInstall) -> Result<ExitCode, Stop> {
    let ContainerInstall { at, run, name, file, .. } = options;
    let mut settings = Settings {
        restart: match options.restart {
            RestartPolicy::Always => Restart::Always,
            RestartPolicy::OnFailure => Restart::OnFailure,
            RestartPolicy::Never => Restart::Never,
        },
        interval_us: interval(options)?
            .map(|interval| i64::try_from(interval.as_micros()).unwrap_or(i64::MAX)),
        ..settings(run, &options.arguments)
    };
    settings.permissions.exports = exports(options);
    let (reached, device) = reach(at)?;
    let Some(program) = program(file)? else { return Ok(ExitCode::from(FAILURE)) };
    if !options.quiet && !options.json {
        let shown = file.display();
        print_out(format!("Installing container '{name}' from '{shown}' on '{device}' ...\n").as_bytes())?;
    }
    let began = Instant::now();
    let upload = send(&reached, &program, &run.assets)?;
    let installed =
        upload.install(name.clone(), settings).wait().map_err(|refusal| program.refused(refusal))?;
    let (size, took) = (program.image.bytes().len(), began.elapsed().as_secs_f64());
    let problem = problem_of_start(&reached, name)?;
    if options.json {
        let object = json!({
            "name": name, "device": device, "image": installed.digest.id(), "digest": installed.digest,
            "replaced": installed.replaced, "bytes": size, "problem": problem,
        });
        print_out(format!("{object}\n").as_bytes())?;
    }
    if let Some(problem) = problem {
        return Err(not_started(&format!("container '{name}' is installed"), &problem, name));
    }
    if !options.quiet && !options.json {
        print_out(
            format!("Success: Sent {}KB to '{device}' in {took:.2}s\n", size.div_ceil(1024)).as_bytes(),
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the rules for services that go to other machines.
#[cfg(feature = "fabric")]
fn exports(options: &ContainerInstall) -> Vec<String> {
    options.export.iter().map(ToString::to_string).collect()
}

#[cfg(not(feature = "fabric"))]
fn exports(_: &ContainerInstall) -> Vec<String> {
    Vec::new()
}

/// Returns the reason why a container has not started, if it is known within [`START_MAX`].
pub(crate) fn problem_of_start(reached: &Reached, name: &ContainerName) -> Result<Option<String>, Stop> {
    match reached.device.started(name.clone()).within(START_MAX).wait() {
        // It may connect later.
        Err(Refused::Deadline) => Ok(None),
        started => started.map_err(refused),
    }
}

/// Describes a container that has not started, though the device has done what the command asks for.
pub(crate) fn not_started(done: &str, problem: &str, name: &ContainerName) -> Stop {
    Stop::failure(format!("{done}, but has not started: {problem} (see 'lucarne container logs {name}')"))
}

/// Returns the time between starts, from `--interval` or else from the definition `jag.interval`.
fn interval(options: &ContainerInstall) -> Result<Option<Duration>, Stop> {
    let defined = options.run.defines.iter().find(|define| define.key == JAG_INTERVAL);
    match (options.interval, defined) {
        (Some(interval), _) => Ok(Some(interval)),
        (None, Some(Define { value, .. })) => {
            // A value such as 30 is a number, which lacks a unit.
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            parse_interval(&text)
                .map(Some)
                .map_err(|error| Stop::usage(format!("-D {JAG_INTERVAL}: {error}")))
        }
        (None, None) => Ok(None),
    }
}

/// Returns the settings for a program.
pub(crate) fn settings(options: &RunOptions, arguments: &[String]) -> Settings {
    let defines = options.defines.iter().map(|Define { key, value }| (key.clone(), value.clone()));
    Settings {
        arguments: arguments.to_vec(),
        memory_bytes: options.memory.map(|bytes| bytes as u64),
        background: options.background,
        defines: defines.collect(),
        permissions: Permissions {
            allow_open: options.allow_open.clone(),
            deny_open: options.deny_open.clone(),
            allow_provide: options.allow_provide.clone(),
            deny_provide: options.deny_provide.clone(),
            provides: options.provides.clone(),
            allow_connect: options.allow_connect.clone(),
            deny_connect: options.deny_connect.clone(),
            allow_listen: options.allow_listen.clone(),
            no_network: options.no_network,
            exports: Vec::new(),
        },
        files: (options.no_files || !options.files.is_empty()).then(|| options.files.clone()),
        ..Settings::default()
    }
}

/// A file, ready to be sent to a device.
pub(crate) struct SentProgram {
    pub(crate) image: Image,
    /// The files of a Toit program.
    names: Option<SourceNames>,
}

impl SentProgram {
    /// Turns a refusal by the device into a message. If the message begins with a place in a source, replaces the path
    /// in the image by the path on this machine.
    pub(crate) fn refused(&self, refusal: Refused) -> Stop {
        let stop = refused(refusal);
        match &self.names {
            Some(names) => Stop { message: names.localize(&stop.message), ..stop },
            None => stop,
        }
    }
}

/// Makes the image of a file. Returns none if the file is a program with errors, and prints these.
pub(crate) fn program(file: &Path) -> Result<Option<SentProgram>, Stop> {
    front::require_readable(file)?;
    let refuse = |error: &dyn std::fmt::Display| Stop::usage(format!("{}: {error}", file.display()));
    if file.extension().is_some_and(|extension| extension == "toit") {
        return match Image::of_program(file) {
            Ok(Analyzed { image, analysis, names }) => {
                front::print(&analysis);
                Ok(Some(SentProgram { image, names: Some(names) }))
            }
            Err(ToitError::Program(Diagnosed(analysis))) => {
                front::print(&analysis);
                Ok(None)
            }
            Err(error) => Err(Stop::failure(format!("{}: {error}", file.display()))),
        };
    }
    let contents = input::read(file)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let image = Image::executable(&name, &contents).map_err(|error| refuse(&error))?;
    Ok(Some(SentProgram { image, names: None }))
}

/// Sends a program and its assets.
pub(crate) fn send(reached: &Reached, program: &SentProgram, assets: &[String]) -> Result<UploadProxy, Stop> {
    let files = assets.iter().map(|asset| read_asset(asset)).collect::<Result<Vec<_>, _>>()?;
    reached.send(&program.image, &files).map_err(refused)
}

/// Reads the file of `NAME=FILE`, which is one asset, or of `FILE`, which contains several assets. Returns the name,
/// if there is one, and the contents.
fn read_asset(text: &str) -> Result<(Option<String>, Vec<u8>), Stop> {
    let (name, file) = match text.split_once('=') {
        Some((name, file)) => (Some(name.to_owned()), file),
        None => (None, text),
    };
    Ok((name, input::read(Path::new(file))?))
}

fn command_for(
    options: &OneContainer,
    done: &str,
    order: impl FnOnce(&Reached, ContainerName) -> Result<(), Refused>,
) -> Result<ExitCode, Stop> {
    let (reached, device) = reach(&options.at)?;
    let name = &options.name;
    order(&reached, name.clone()).map_err(refused)?;
    if options.json {
        print_out(format!("{}\n", json!({"name": name, "device": device, "done": done})).as_bytes())?;
    } else if !options.quiet {
        print_out(format!("Container '{name}' on '{device}' {done}\n").as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn list(options: &ContainerList) -> Result<ExitCode, Stop> {
    let (reached, device) = reach(&options.at)?;
    let containers = reached.device.list().wait().map_err(refused)?;
    let text = if options.json {
        let rows: Vec<_> = containers.iter().map(|listed| as_json(&device, listed)).collect();
        format!("{}\n", serde_json::Value::from(rows))
    } else {
        let rows = containers.iter().map(|listed| {
            let Listed { name, image, kind, state, stands_in_for, exports } = listed;
            let mut state = describe(state);
            if !stands_in_for.is_empty() {
                state += &format!(", stands in for {}", stands_in_for.join(", "));
            }
            if !exports.is_empty() {
                state += &format!(", exports {}", exports.join(", "));
            }
            vec![device.clone(), image.to_string(), name.to_string(), kind.to_string(), state]
        });
        let head = ["DEVICE", "IMAGE", "NAME", "KIND", "STATE"];
        table::table(&head, rows.collect(), table::terminal_width())
    };
    print_out(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn as_json(device: &str, listed: &Listed) -> serde_json::Value {
    let mut row = json!({"device": device});
    if let (Some(row), Ok(serde_json::Value::Object(more))) =
        (row.as_object_mut(), serde_json::to_value(listed))
    {
        row.extend(more);
    }
    row
}

/// Describes the state of a container, for display.
pub(crate) fn describe(state: &State) -> String {
    match state {
        State::Running { since_us } => format!("running for {}", shown_duration(*since_us)),
        State::Stopping => "stopping".to_owned(),
        State::Stopped => "stopped".to_owned(),
        State::Waiting { starts_in_us, code } => {
            format!("ended with code {code}, starts again in {}", shown_duration(starts_in_us + 999_999))
        }
        State::Ended { code: 0 } => "ended".to_owned(),
        State::Ended { code } => format!("failed with code {code}"),
    }
}

fn inspect(options: &ContainerInspect) -> Result<ExitCode, Stop> {
    let (reached, device) = reach(&options.at)?;
    let inspected = reached.device.inspect(options.name.clone()).wait().map_err(refused)?;
    let text = if options.json {
        let mut object = as_json(&device, &inspected.listed);
        if let (Some(object), Ok(serde_json::Value::Object(more))) =
            (object.as_object_mut(), serde_json::to_value(&inspected))
        {
            object.extend(more.into_iter().filter(|(key, _)| key != "listed"));
        }
        format!("{object}\n")
    } else {
        as_text(&device, &inspected)
    };
    print_out(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn as_text(device: &str, inspected: &Inspected) -> String {
    let Inspected { listed, digest, entry, settings, starts, problem, bounds } = inspected;
    let mut lines = vec![
        ("name", listed.name.to_string()),
        ("device", device.to_owned()),
        ("state", describe(&listed.state)),
        ("kind", listed.kind.to_string()),
        ("file", entry.clone()),
        ("image", listed.image.to_string()),
        ("digest", digest.to_string()),
        ("starts", starts.to_string()),
    ];
    let mut add = |name, values: &[String]| {
        lines.extend(
            values
                .iter()
                .enumerate()
                .map(|(index, value)| (if index == 0 { name } else { "" }, value.clone())),
        );
    };
    add("problem", &problem.iter().cloned().collect::<Vec<_>>());
    add("arguments", &settings.arguments);
    let restart = match settings.restart {
        Restart::Never => "never",
        Restart::OnFailure => "on failure",
        Restart::Always => "always",
    };
    add("restart", &[restart.to_owned()]);
    add("interval", &settings.interval_us.map(shown_duration).into_iter().collect::<Vec<_>>());
    add("defines", &settings.defines.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>());
    add("assets", &settings.assets.keys().cloned().collect::<Vec<_>>());
    let Permissions { allow_open, deny_open, allow_provide, deny_provide, provides, .. } =
        &settings.permissions;
    add("allow open", allow_open);
    add("deny open", deny_open);
    add("allow provide", allow_provide);
    add("deny provide", deny_provide);
    add("reserves", provides);
    let Permissions { allow_connect, deny_connect, allow_listen, no_network, .. } = &settings.permissions;
    add("allow connect", allow_connect);
    add("deny connect", deny_connect);
    add("allow listen", &allow_listen.iter().map(u16::to_string).collect::<Vec<_>>());
    let none = ["none".to_owned()];
    add("network", if *no_network { &none } else { &[] });
    add("exports", &settings.permissions.exports);
    add("bounds", bounds);
    lines.iter().map(|(name, value)| format!("{name:<14}{}\n", visible(value))).collect()
}
