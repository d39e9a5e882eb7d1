use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ClientConnection, ServerConnection, StreamOwned};

use super::*;
use crate::identity::Identity;

const LONG: Duration = Duration::from_secs(60);

fn name(name: &str) -> MachineName {
    name.parse().unwrap()
}

/// An authority on the machine `cellar`, in a folder of its own.
struct Cellar(tempfile::TempDir);

impl Cellar {
    fn new() -> Cellar {
        let folder = tempfile::tempdir().unwrap();
        Authority::create(&folder.path().join("cellar"), &name("cellar")).unwrap();
        Cellar(folder)
    }

    fn folder(&self, machine: &str) -> PathBuf {
        self.0.path().join(machine)
    }

    fn authority(&self) -> Authority {
        Authority::open(&self.folder("cellar")).unwrap()
    }

    /// Issues a certificate for a new key.
    fn issue(&self, machine: &str) -> Result<CertificateDer<'static>, AuthorityError> {
        self.authority().issue(&name(machine), &request())
    }

    fn invite(&self, machine: &str, time: Duration) -> Invitation {
        self.invite_patiently(machine, time, LONG)
    }

    /// Invites a machine whose connections may take so long.
    fn invite_patiently(&self, machine: &str, time: Duration, connection: Duration) -> Invitation {
        let options = InvitationOptions { listen: "127.0.0.1:0".parse().unwrap(), address: None, time };
        Invitation::open_with(self.authority(), &name(machine), &options, connection, 5).unwrap()
    }

    /// Returns the names of the temporary folders that were left over.
    fn rest(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with('.')).collect()
    }
}

fn request() -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    CertificateParams::default().serialize_request(&key).unwrap().der().to_vec()
}

/// Returns the error of a handshake between two identities.
fn handshake(client: &Identity, server: &Identity) -> Result<(), String> {
    let to = server_name(server.name()).unwrap();
    let mut client = ClientConnection::new(client.client.clone(), to).unwrap();
    let mut server = ServerConnection::new(server.server.clone()).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut rest = &*bytes;
        while !rest.is_empty() {
            server.read_tls(&mut rest).unwrap();
            server.process_new_packets().map_err(|error| error.to_string())?;
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut rest = &*bytes;
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets().map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_authority_has_keys_that_only_its_user_can_read() {
    let cellar = Cellar::new();
    let folder = cellar.folder("cellar");
    assert_eq!(mode(&folder), 0o700);
    for (file, expected) in [
        ("authority.key", 0o600),
        ("machine.key", 0o600),
        ("authority.pem", 0o644),
        ("machine.pem", 0o644),
        ("issued/cellar.pem", 0o644),
    ] {
        assert_eq!(mode(&folder.join(file)), expected, "{file}");
    }
    let identity = Identity::load(&folder).unwrap();
    assert_eq!(identity.name(), &name("cellar"));
    handshake(&identity, &identity).unwrap();
    assert!(cellar.rest().is_empty());
}

#[test]
fn an_identity_is_not_overwritten() {
    let cellar = Cellar::new();
    let folder = cellar.folder("cellar");
    let before = fs::read(folder.join("authority.key")).unwrap();
    let error = Authority::create(&folder, &name("cellar")).err().unwrap();
    assert!(matches!(error, AuthorityError::NotEmpty(_)), "{error}");
    assert_eq!(fs::read(folder.join("authority.key")).unwrap(), before);
    fs::create_dir(cellar.folder("empty")).unwrap();
    Authority::create(&cellar.folder("empty"), &name("hall")).expect("an empty folder can be used");
    assert!(cellar.rest().is_empty());
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let cellar = Cellar::new();
    fs::write(cellar.folder("file"), "x").unwrap();
    for folder in ["file", "file/below"] {
        let error = Authority::create(&cellar.folder(folder), &name("hall")).err().unwrap();
        assert!(matches!(error, AuthorityError::Write { .. }), "{error}");
    }
    assert_eq!(fs::read(cellar.folder("file")).unwrap(), b"x");
}

#[test]
fn names_that_cannot_be_in_a_certificate_are_refused() {
    let cellar = Cellar::new();
    let authority = cellar.authority();
    for refused in ["-hall", "hall-", "-", INVITATION] {
        let error = authority.issue(&name(refused), &request()).unwrap_err();
        assert!(matches!(error, AuthorityError::Name(_) | AuthorityError::Reserved), "{refused}: {error}");
        assert!(Authority::create(&cellar.folder("other"), &name(refused)).is_err());
        assert!(!cellar.folder("other").exists());
    }
    for accepted in ["hall_2", "_", "7", "a-b", &"x".repeat(63)] {
        authority.issue(&name(accepted), &request()).unwrap();
    }
}

#[test]
fn certificates_are_valid_for_ten_years_from_the_day_before() {
    let cellar = Cellar::new();
    let der = cellar.issue("hall").unwrap();
    let authority = certificate(&cellar.folder("cellar/authority.pem")).unwrap();
    for der in [&der, &authority] {
        let (_, parsed) = x509_parser::parse_x509_certificate(der).unwrap();
        let now = Clock::real().wall_us() / 1_000_000;
        let begin = parsed.validity().not_before.timestamp();
        let end = parsed.validity().not_after.timestamp();
        assert!((now - 86_460..=now - 86_340).contains(&begin), "{begin}");
        assert_eq!(end - begin, 3654 * 86_400);
    }
    let (_, parsed) = x509_parser::parse_x509_certificate(&authority).unwrap();
    let constraints = parsed.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca);
    assert_eq!(constraints.value.path_len_constraint, Some(0));
    let usage = parsed.key_usage().unwrap().unwrap().value;
    assert!(usage.key_cert_sign() && !usage.digital_signature());
}

#[test]
fn a_request_decides_nothing_but_the_key() {
    let cellar = Cellar::new();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["other.lucarne.internal".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let request = params.serialize_request(&key).unwrap();
    let issued = cellar.authority().issue(&name("hall"), request.der()).unwrap();
    assert_eq!(name_in(&issued), Some(name("hall")));
    let (_, parsed) = x509_parser::parse_x509_certificate(&issued).unwrap();
    assert!(!parsed.is_ca());
    assert_eq!(parsed.public_key().subject_public_key.data, key.public_key_raw());
    assert_eq!(certificate(&cellar.folder("cellar/issued/hall.pem")).unwrap(), issued);
}

#[test]
fn a_request_must_prove_its_key() {
    let cellar = Cellar::new();
    let mut forged = request();
    *forged.last_mut().unwrap() ^= 1;
    for wrong in [forged, Vec::new(), b"garbage".to_vec()] {
        let error = cellar.authority().issue(&name("hall"), &wrong).unwrap_err();
        assert!(matches!(error, AuthorityError::Request(_)), "{error}");
    }
    assert!(!cellar.folder("cellar/issued/hall.pem").exists());
}

#[test]
fn a_machine_has_one_certificate_until_it_is_revoked() {
    let cellar = Cellar::new();
    let folder = cellar.folder("cellar");
    let first = Fingerprint::of(&cellar.issue("hall").unwrap());
    assert!(matches!(cellar.issue("hall"), Err(AuthorityError::IsIssued(_))));
    let hall = Target::Machine(name("hall"));
    assert_eq!(revoke(&folder, &hall).unwrap(), (first, true));
    assert_eq!(revoke(&folder, &hall).unwrap(), (first, false), "it is in the list already");
    let second = Fingerprint::of(&cellar.issue("hall").unwrap());
    assert_eq!(revoke(&folder, &hall).unwrap(), (second, true));
    let error = revoke(&folder, &Target::Machine(name("attic"))).unwrap_err();
    assert!(matches!(error, AuthorityError::Unknown(_)), "{error}");
    let stranger = Fingerprint([0xab; 32]);
    revoke(&folder, &stranger.to_string().parse().unwrap()).unwrap();

    assert_eq!(
        fs::read_to_string(folder.join("revoked")).unwrap(),
        format!("{first}  # hall\n{second}  # hall\n{stranger}\n")
    );
    let overview = Overview::of(&folder).unwrap();
    let notes: Vec<_> = overview.revoked.iter().map(|revoked| revoked.note.as_deref()).collect();
    assert_eq!(notes, [Some("hall"), Some("hall"), None]);
    let issued: Vec<_> =
        overview.issued.iter().map(|issued| (issued.machine.as_str(), issued.is_revoked)).collect();
    assert_eq!(issued, [("cellar", false), ("hall", true)]);
    assert!(overview.is_authority);
}

#[test]
fn a_list_that_was_edited_stays_as_it_is() {
    let cellar = Cellar::new();
    let folder = cellar.folder("cellar");
    let old = format!("# stolen\n\n{}", Fingerprint([1; 32]));
    fs::write(folder.join("revoked"), &old).unwrap();
    let new = Fingerprint([2; 32]);
    revoke(&folder, &Target::Certificate(new)).unwrap();
    assert_eq!(fs::read_to_string(folder.join("revoked")).unwrap(), format!("{old}\n{new}\n"));
    fs::write(folder.join("revoked"), "nonsense\n").unwrap();
    let error = revoke(&folder, &Target::Certificate(new)).unwrap_err().to_string();
    assert!(error.contains("line 1"), "{error}");
    fs::write(folder.join("revoked"), format!("#{}\n", "x".repeat((1 << 20) - 40))).unwrap();
    let error = revoke(&folder, &Target::Certificate(new)).unwrap_err();
    assert!(matches!(error, AuthorityError::ListFull(_)), "{error}");
}

#[test]
fn a_key_of_another_authority_is_refused() {
    let (cellar, other) = (Cellar::new(), Cellar::new());
    let key = cellar.folder("cellar/authority.key");
    fs::copy(other.folder("cellar/authority.key"), &key).unwrap();
    let error = Authority::open(&cellar.folder("cellar")).err().unwrap();
    assert!(matches!(error, AuthorityError::OtherKey(_)), "{error}");
    fs::remove_file(&key).unwrap();
    let error = Authority::open(&cellar.folder("cellar")).err().unwrap();
    assert!(matches!(error, AuthorityError::NoAuthority(_)), "{error}");
}

#[test]
fn a_machine_joins_and_both_accept_each_other() {
    let cellar = Cellar::new();
    revoke(&cellar.folder("cellar"), &Target::Certificate(Fingerprint([5; 32]))).unwrap();
    let invitation = cellar.invite("hall", LONG);
    let token: Token = invitation.token().to_string().parse().unwrap();
    let waiting = thread::spawn(|| invitation.wait());
    let joined = join(&token, &cellar.folder("hall")).unwrap();
    let fingerprint = waiting.join().unwrap().unwrap();
    assert_eq!(joined.name(), &name("hall"));

    let hall = Identity::load(&cellar.folder("hall")).unwrap();
    let own = Identity::load(&cellar.folder("cellar")).unwrap();
    handshake(&hall, &own).unwrap();
    handshake(&own, &hall).unwrap();
    let overview = Overview::of(&cellar.folder("hall")).unwrap();
    assert_eq!((overview.certificate, overview.is_authority), (fingerprint, false));
    assert_eq!(overview.authority, cellar.authority().fingerprint());
    assert_eq!(overview.revoked.len(), 1, "the list comes along");
    assert_eq!(mode(&cellar.folder("hall/machine.key")), 0o600);
    assert!(!cellar.folder("hall/authority.key").exists());
    assert!(cellar.rest().is_empty());
    // A machine of another authority is accepted by neither.
    let other = Identity::load(&Cellar::new().folder("cellar")).unwrap();
    handshake(&other, &hall).unwrap_err();
    handshake(&hall, &other).unwrap_err();
}

#[test]
fn a_token_is_used_once() {
    let cellar = Cellar::new();
    let invitation = cellar.invite("hall", LONG);
    let token = invitation.token().clone();
    let waiting = thread::spawn(|| invitation.wait());
    join(&token, &cellar.folder("hall")).unwrap();
    waiting.join().unwrap().unwrap();
    let error = join(&token, &cellar.folder("again")).err().unwrap();
    assert!(matches!(error, JoinError::Connect { .. }), "{error}");
    assert!(!cellar.folder("again").exists() && cellar.rest().is_empty());
}

#[test]
fn a_folder_that_is_not_empty_costs_no_token() {
    let cellar = Cellar::new();
    let invitation = cellar.invite("hall", LONG);
    let token = invitation.token().clone();
    let waiting = thread::spawn(|| invitation.wait());
    let error = join(&token, &cellar.folder("cellar")).err().unwrap();
    assert!(matches!(error, JoinError::Folder(AuthorityError::NotEmpty(_))), "{error}");
    join(&token, &cellar.folder("hall")).unwrap();
    waiting.join().unwrap().unwrap();
}

#[test]
fn a_secret_can_be_wrong_only_a_few_times() {
    let cellar = Cellar::new();
    let invitation = cellar.invite("hall", LONG);
    let mut wrong = invitation.token().clone();
    wrong.secret[15] ^= 1;
    let waiting = thread::spawn(|| invitation.wait());
    for number in 0..4 {
        let error = join(&wrong, &cellar.folder("hall")).err().unwrap();
        assert!(matches!(&error, JoinError::Refused(why) if why.contains("token")), "{number}: {error}");
    }
    join(&wrong, &cellar.folder("hall")).err().unwrap();
    let error = waiting.join().unwrap().unwrap_err();
    assert!(matches!(error, InvitationError::TooManyTries), "{error}");
    assert!(!cellar.folder("hall").exists());
    assert!(!cellar.folder("cellar/issued/hall.pem").exists());
}

#[test]
fn the_secret_is_not_sent_to_a_machine_of_another_authority() {
    let (cellar, other) = (Cellar::new(), Cellar::new());
    let invitation = other.invite("hall", LONG);
    let mut token = invitation.token().clone();
    token.authority = cellar.authority().fingerprint();
    let waiting = thread::spawn(|| invitation.wait());
    let error = join(&token, &cellar.folder("hall")).err().unwrap();
    assert!(matches!(error, JoinError::OtherAuthority(_)), "{error}");
    // The failed attempt does not count as a wrong secret, since nothing was sent.
    token.authority = other.authority().fingerprint();
    join(&token, &cellar.folder("hall")).unwrap();
    waiting.join().unwrap().unwrap();
}

/// A machine of the same authority, which has not invited anyone.
#[test]
fn a_member_of_the_fabric_cannot_pretend_to_be_the_inviting_machine() {
    let cellar = Cellar::new();
    let invitation = cellar.invite("hall", LONG);
    let mut token = invitation.token().clone();
    let folder = cellar.folder("cellar");
    let chain = ["machine.pem", "authority.pem"].map(|file| certificate(&folder.join(file)).unwrap());
    let key = fs::read_to_string(folder.join("machine.key")).unwrap();
    let key = KeyPair::from_pem(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.to_vec(), key.into())
        .unwrap();
    tls.alpn_protocols = vec![wire::PROTOCOL.to_vec()];
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    token.address = listener.local_addr().unwrap().to_string();
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(tls)).unwrap(), stream);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        bytes
    });
    let error = join(&token, &cellar.folder("hall")).err().unwrap();
    assert!(matches!(error, JoinError::OtherAuthority(_)), "{error}");
    assert_eq!(serving.join().unwrap(), b"", "the secret was not sent");
}

#[test]
fn an_invitation_ends_when_its_time_is_over() {
    let cellar = Cellar::new();
    let invitation = cellar.invite("hall", Duration::from_millis(50));
    let token = invitation.token().clone();
    let error = invitation.wait().unwrap_err();
    assert!(matches!(error, InvitationError::Expired), "{error}");
    let error = join(&token, &cellar.folder("hall")).err().unwrap();
    assert!(error.to_string().contains("The invitation may be over"), "{error}");
}

#[test]
fn a_connection_that_outlives_the_invitation_gets_nothing() {
    let cellar = Cellar::new();
    let invitation = cellar.invite("hall", Duration::from_secs(5));
    let token = invitation.token().clone();
    let waiting = thread::spawn(|| invitation.wait());
    let mut stream = connect_as_anyone(&token);
    // The handshake is complete before the time is over, and the secret is right.
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).unwrap();
    }
    assert!(matches!(waiting.join().unwrap(), Err(InvitationError::Expired)));
    let mut message = token.secret.to_vec();
    wire::add_part(&mut message, &request());
    stream.write_all(&message).unwrap();
    assert_eq!(wire::read_byte(&mut stream).unwrap(), wire::REFUSED);
    assert!(!cellar.folder("cellar/issued/hall.pem").exists());
}

#[test]
fn strangers_do_not_keep_a_machine_from_joining() {
    let cellar = Cellar::new();
    let invitation = cellar.invite_patiently("hall", LONG, Duration::from_secs(4));
    let token = invitation.token().clone();
    let waiting = thread::spawn(|| invitation.wait());
    // More silent connections than there is room for, one that sends garbage, and some that say too much after TLS.
    let silent: Vec<TcpStream> = (0..6).map(|_| TcpStream::connect(&token.address).unwrap()).collect();
    let mut garbage = TcpStream::connect(&token.address).unwrap();
    garbage.write_all(&[0x55; 100]).unwrap();
    let begin = Instant::now();
    for length in [0xffff_ffff_u32, 8193] {
        let mut stream = connect_as_anyone(&token);
        let mut message = vec![0; 16];
        message.extend(length.to_le_bytes());
        message.extend([0; 100]);
        let sent = stream.write_all(&message).and_then(|()| stream.flush());
        // The connection ends without an answer.
        assert!(sent.is_err() || wire::read_byte(&mut stream).is_err());
    }
    join(&token, &cellar.folder("hall")).unwrap();
    waiting.join().unwrap().unwrap();
    // Six silent connections, four at a time.
    assert!(begin.elapsed() < Duration::from_secs(120));
    for mut stream in silent {
        stream.set_read_timeout(Some(LONG)).unwrap();
        assert!(stream.read(&mut [0; 16]).is_ok_and(|count| count < 16), "each was closed");
    }
}

#[test]
fn a_request_that_is_not_one_is_a_try() {
    let cellar = Cellar::new();
    let invitation = cellar.invite("hall", LONG);
    let token = invitation.token().clone();
    let waiting = thread::spawn(|| invitation.wait());
    let mut stream = connect_as_anyone(&token);
    let mut message = token.secret.to_vec();
    wire::add_part(&mut message, b"garbage");
    stream.write_all(&message).unwrap();
    assert_eq!(wire::read_byte(&mut stream).unwrap(), wire::REFUSED);
    drop(stream);
    join(&token, &cellar.folder("hall")).unwrap();
    waiting.join().unwrap().unwrap();
}

#[test]
fn a_machine_that_does_not_confirm_is_reported() {
    let cellar = Cellar::new();
    let invitation = cellar.invite("hall", LONG);
    let token = invitation.token().clone();
    let waiting = thread::spawn(|| invitation.wait());
    let mut stream = connect_as_anyone(&token);
    let mut message = token.secret.to_vec();
    wire::add_part(&mut message, &request());
    stream.write_all(&message).unwrap();
    assert_eq!(wire::read_byte(&mut stream).unwrap(), wire::ACCEPTED);
    drop(stream);
    let error = waiting.join().unwrap().unwrap_err();
    assert!(matches!(error, InvitationError::NotConfirmed { .. }), "{error}");
    assert!(matches!(cellar.issue("hall"), Err(AuthorityError::IsIssued(_))));
}

#[test]
fn a_stranger_that_answers_slowly_is_not_waited_for() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut other, _) = listener.accept().unwrap();
    let mut limited = wire::Limited::new(stream, Duration::from_millis(300), 1000).unwrap();
    let begin = Instant::now();
    // One byte at a time does not make the time longer.
    let dripping = thread::spawn(move || {
        while other.write_all(b"x").is_ok() && begin.elapsed() < LONG {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let error = limited.read_exact(&mut [0; 1000]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(begin.elapsed() < Duration::from_secs(5));
    drop(limited);
    dripping.join().unwrap();
}

#[test]
fn the_address_in_a_token_is_one_that_others_can_use() {
    let cellar = Cellar::new();
    let open = |listen: &str, address: Option<&str>| {
        let listen = listen.parse().unwrap();
        let options = InvitationOptions { listen, address: address.map(str::to_owned), time: LONG };
        Invitation::open(cellar.authority(), &name("hall"), &options).map(|open| open.token().address.clone())
    };
    assert!(open("127.0.0.1:0", None).unwrap().starts_with("127.0.0.1:"));
    assert_eq!(open("0.0.0.0:0", Some("cellar.local:7448")).unwrap(), "cellar.local:7448");
    match open("0.0.0.0:0", None) {
        Ok(address) => {
            let address: std::net::SocketAddr = address.parse().unwrap();
            assert!(!address.ip().is_unspecified() && !address.ip().is_loopback() && address.port() > 0);
        }
        Err(error) => assert!(matches!(error, InvitationError::NoAddress), "{error}"),
    }
    let error = open("0.0.0.0:0", Some("cellar\n")).unwrap_err();
    assert!(matches!(error, InvitationError::BadAddress(_)), "{error}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let error = open(&taken.local_addr().unwrap().to_string(), None).unwrap_err();
    assert!(matches!(error, InvitationError::Listen { .. }), "{error}");
}

/// Connects as a program that trusts the authority and has the protocol, but nothing else.
fn connect_as_anyone(token: &Token) -> StreamOwned<ClientConnection, TcpStream> {
    let stream = TcpStream::connect(&token.address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    StreamOwned::new(joining::configure(token).unwrap(), stream)
}
