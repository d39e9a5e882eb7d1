//! `lucarne fabric`: the authority of a fabric and the identities of its machines. Also joins the system of `lucarne run`, and
//! devices, to a fabric.

mod status;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lucarne_device::machines::View;
use lucarne_host::fabric::MachineName;
use lucarne_host::fabric::authority::{
    self, Authority, AuthorityError, Invitation, InvitationError, InvitationOptions, JoinError, Overview,
    Target,
};
use lucarne_host::fabric::identity::{Identity, IdentityError};
use lucarne_host::fabric::over_zenoh::{ZenohError, ZenohNetwork, ZenohOptions};
use lucarne_host::{Builder, System};
use serde_json::json;

use crate::arguments::fabric::{self, FabricCommand, Invite, Join, Place, Revoke, Show};
use crate::output::{print_error, print_out};
use crate::table::table;
use crate::{Stop, files};

pub(crate) fn fabric(command: &FabricCommand) -> Result<ExitCode, Stop> {
    match command {
        FabricCommand::Init(options) => init(options),
        FabricCommand::Invite(options) => invite(options),
        FabricCommand::Join(options) => join(options),
        FabricCommand::Revoke(options) => revoke(options),
        FabricCommand::Show(options) => show(options),
        FabricCommand::Status(options) => status::status(options),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// The name of this machine, and its identity.
pub(crate) type Own = (MachineName, Option<Arc<Identity>>);

/// Joins the system to the machines that the options name; without such options it stays alone.
pub(crate) fn join_system(options: &fabric::Fabric, builder: Builder) -> Result<Builder, Stop> {
    let Some(own) = own_name(options)? else { return Ok(builder) };
    let log = |line: &str| print_error(&format!("lucarne: fabric: {line}\n"));
    let joined = join_options(options, own, log)
        .map_err(|error| Stop::failure(format!("cannot join the fabric: {error}")))?;
    Ok(builder.join(joined))
}

/// Opens the network that the options name, and returns how a system joins the machines there. `log` gets lines for the
/// operator.
pub(crate) fn join_options(
    options: &fabric::Fabric,
    (name, identity): Own,
    log: impl Fn(&str) + Send + Sync + 'static,
) -> Result<lucarne_host::fabric::Options, ZenohError> {
    let zenoh = ZenohOptions {
        connect: options.network.fabric.clone(),
        listen: options.network.fabric_listen.clone(),
        config: options.network.fabric_config.clone(),
        is_trusted: options.insecure || identity.is_some(),
    };
    let network = ZenohNetwork::open(&name, &zenoh)?;
    Ok(lucarne_host::fabric::Options {
        exports: options.export.iter().cloned().collect(),
        imports: options.import.iter().cloned().collect(),
        identity,
        log: Box::new(log),
        ..lucarne_host::fabric::Options::new(name, network)
    })
}

/// Returns the name of this machine, and its identity, if the options join a fabric.
///
/// # Errors
/// If the identity cannot be read, or is that of another name.
pub(crate) fn own_name(options: &fabric::Fabric) -> Result<Option<Own>, Stop> {
    let identity = options.own.identity.as_deref().map(identity).transpose()?;
    match (&options.own.machine, identity) {
        (Some(name), Some(identity)) if name != identity.name() => Err(Stop::usage(format!(
            "--machine {name} is not the name in the certificate of --identity, which is '{}'",
            identity.name()
        ))),
        (_, Some(identity)) => Ok(Some((identity.name().clone(), Some(identity)))),
        (Some(name), None) => Ok(Some((name.clone(), None))),
        (None, None) => Ok(None),
    }
}

/// Shows the fabric of a system, if it has joined one, to `lucarne fabric status`.
pub(crate) fn show_status(system: &System) -> Result<(), Stop> {
    let view = View::of(system);
    if view.status().is_some() {
        lucarne_device::machines::show(view, &system.container("fabric"))
            .map_err(|error| Stop::failure(format!("cannot show the fabric: {error}")))?;
    }
    Ok(())
}

fn identity(folder: &Path) -> Result<Arc<Identity>, Stop> {
    Identity::load(folder).map(Arc::new).map_err(|error| failed(error.into()))
}

fn init(options: &fabric::Init) -> Result<(), Stop> {
    let folder = folder(&options.place)?;
    let authority = Authority::create(&folder, &options.name).map_err(failed)?;
    let (name, folder, authority) = (&options.name, folder.display(), authority.fingerprint());
    print_out(
        format!(
            "This machine is '{name}', and the authority of a new fabric.
Its files are in {folder}: keep the two with the ending .key to yourself.
The authority is {authority}
To add a machine, use 'lucarne fabric invite NAME'.
"
        )
        .as_bytes(),
    )
}

fn invite(options: &Invite) -> Result<(), Stop> {
    let Invite { name, listen, address, minutes, place } = options;
    let authority = Authority::open(&folder(place)?).map_err(failed)?;
    let time = Duration::from_secs(60 * u64::from(*minutes));
    let invitation = InvitationOptions { listen: *listen, address: address.clone(), time };
    let invitation = Invitation::open(authority, name, &invitation).map_err(not_invited)?;
    let (token, unit) = (invitation.token(), if *minutes == 1 { "minute" } else { "minutes" });
    print_out(
        format!(
            "On the new machine, within {minutes} {unit}:\n\n  lucarne fabric join {token}\n\n\
             It will connect to {}. Waiting for '{name}' ...\n",
            token.address
        )
        .as_bytes(),
    )?;
    let certificate = invitation.wait().map_err(not_invited)?;
    print_out(format!("'{name}' has joined. Its certificate is {certificate}\n").as_bytes())
}

fn join(options: &Join) -> Result<(), Stop> {
    let folder = folder(&options.place)?;
    let identity = authority::join(&options.token, &folder).map_err(|error| match error {
        JoinError::Folder(error) => failed(error),
        error => Stop::failure(error.to_string()),
    })?;
    print_out(
        format!(
            "This machine is '{}' from now on.
Its files are in {}: keep machine.key to yourself.
To join a device, use 'lucarne device start --identity FOLDER --fabric ENDPOINT'; for a program, use 'lucarne run'.
",
            identity.name(),
            folder.display()
        )
        .as_bytes(),
    )
}

fn revoke(options: &Revoke) -> Result<(), Stop> {
    let folder = folder(&options.place)?;
    let (certificate, is_new) = authority::revoke(&folder, &options.target).map_err(failed)?;
    let list = folder.join("revoked");
    let list = list.display();
    let name = match &options.target {
        Target::Machine(name) => format!("The certificate of '{name}', {certificate},"),
        _ => format!("The certificate {certificate}"),
    };
    let text = match is_new {
        true => format!(
            "{name} is now in {list}.\nDevices and programs that use this folder follow this list. Copy it to the other machines: \
             until then they accept the certificate.\n"
        ),
        false => format!("{name} was in {list} already.\n"),
    };
    print_out(text.as_bytes())
}

fn show(options: &Show) -> Result<(), Stop> {
    let folder = folder(&options.place)?;
    let overview = Overview::of(&folder).map_err(failed)?;
    let text = if options.json { as_json(&folder, &overview) } else { as_text(&folder, &overview) };
    print_out(text.as_bytes())
}

fn as_text(folder: &Path, overview: &Overview) -> String {
    let place = if overview.is_authority { "on this machine" } else { "on another machine" };
    let Overview { machine, certificate, until, authority, authority_until, issued, revoked, .. } = overview;
    let (until, authority_until) = (day(*until), day(*authority_until));
    let folder = folder.display();
    let mut text = format!(
        "Machine      {machine}, until {until}
Certificate  {certificate}
Authority    {authority}, until {authority_until}, {place}
Folder       {folder}
"
    );
    let mut rows = Vec::new();
    for issued in issued {
        let state = if issued.is_revoked { "revoked" } else { "issued" };
        let name = issued.machine.to_string();
        rows.push(vec![name, state.to_owned(), day(issued.until), issued.fingerprint.to_string()]);
    }
    for revoked in revoked {
        if issued.iter().all(|issued| issued.fingerprint != revoked.fingerprint) {
            let name = revoked.note.clone().unwrap_or_else(|| "-".to_owned());
            rows.push(vec![name, "revoked".to_owned(), "-".to_owned(), revoked.fingerprint.to_string()]);
        }
    }
    if !rows.is_empty() {
        text.push('\n');
        // Nothing is cut: fingerprints are there to be copied.
        text += &table(&["MACHINE", "STATE", "UNTIL", "CERTIFICATE"], rows, None);
    }
    text
}

fn as_json(folder: &Path, overview: &Overview) -> String {
    let issued = overview.issued.iter().map(|issued| {
        json!({
            "machine": issued.machine.as_str(),
            "certificate": issued.fingerprint.to_string(),
            "until": time(issued.until),
            "revoked": issued.is_revoked,
        })
    });
    let revoked = overview
        .revoked
        .iter()
        .map(|revoked| json!({"certificate": revoked.fingerprint.to_string(), "note": revoked.note}));
    let object = json!({
        "machine": overview.machine.as_str(),
        "certificate": overview.certificate.to_string(),
        "until": time(overview.until),
        "authority": overview.authority.to_string(),
        "authority_until": time(overview.authority_until),
        "is_authority": overview.is_authority,
        "folder": folder.display().to_string(),
        "issued": issued.collect::<Vec<_>>(),
        "revoked": revoked.collect::<Vec<_>>(),
    });
    format!("{object}\n")
}

/// Formats a time in seconds since 1970.
fn time(seconds: i64) -> String {
    // Certificates end long before the last time that can be shown.
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since).to_string()
}

fn day(seconds: i64) -> String {
    time(seconds).chars().take("2036-01-01".len()).collect()
}

/// Returns the folder of the identity.
fn folder(place: &Place) -> Result<PathBuf, Stop> {
    match &place.folder {
        Some(folder) => Ok(folder.clone()),
        None => files::config_folder().map(|folder| folder.join("lucarne").join("fabric")).ok_or_else(|| {
            Stop::usage("cannot find a folder for the identity: HOME is not set, so add '--folder DIR'")
        }),
    }
}

fn not_invited(error: InvitationError) -> Stop {
    match error {
        InvitationError::Authority(error) => failed(error),
        error @ (InvitationError::NoAddress | InvitationError::BadAddress(_)) => {
            Stop::usage(error.to_string())
        }
        error => Stop::failure(error.to_string()),
    }
}

fn failed(error: AuthorityError) -> Stop {
    let text = error.to_string();
    match error {
        AuthorityError::Identity(IdentityError::File { error, .. })
            if error.kind() == ErrorKind::NotFound =>
        {
            Stop::usage(format!(
                "{text}: 'lucarne fabric init' makes a fabric, 'lucarne fabric join' joins one, --folder and \
                 --identity name another folder"
            ))
        }
        AuthorityError::Identity(_)
        | AuthorityError::Name(_)
        | AuthorityError::Reserved
        | AuthorityError::NotEmpty(_) => Stop::usage(text),
        _ => Stop::failure(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_a_standard_form() {
        assert_eq!(time(2_111_443_200), "2036-11-28T00:00:00Z");
        assert_eq!(day(2_111_443_200), "2036-11-28");
        assert_eq!(day(-1), "1970-01-01");
    }
}
