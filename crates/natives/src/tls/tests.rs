//! Tests of sessions against peers that are `rustls` itself, in both versions, and of the table of sessions.

use std::io::{Read, Write};
use std::sync::Arc;

use lucarne_ports::Shared;
use proptest::prelude::*;
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use rustls::{SupportedProtocolVersion, server::NoServerSessionStorage};

use super::super::{keys, x509};
use super::connection::{Client, Connection};
use super::identity::{Identity, PROVIDER};
use super::resume::{Sessions, Token};
use super::roots::Roots;

/// The certificates of the programs.
const CERTIFICATES: &str = include_str!("../../../../tests/tls/certificates.toit");
/// Some time in 2026, in seconds.
const NOW: u64 = 1_790_000_000;
const VERSIONS: [(&SupportedProtocolVersion, i64); 2] = [(&TLS12, 12), (&TLS13, 13)];
const FAILED: i64 = 16;
const DONE: i64 = 1;

/// Returns the sections of a constant.
fn constant(name: &str) -> Vec<Vec<u8>> {
    let (_, text) = CERTIFICATES.split_once(&format!("\n{name} ::= \"\"\"")).expect("the constant exists");
    let (text, _) = text.split_once("\"\"\"").expect("the constant ends");
    let sections = keys::sections(text.as_bytes()).expect("the text is PEM");
    sections.map(|section| section.der().expect("the contents are in Base64")).collect()
}

fn certificates(name: &str) -> Vec<CertificateDer<'static>> {
    constant(name).into_iter().map(CertificateDer::from).collect()
}

fn roots() -> Arc<Roots> {
    Arc::new(Roots::new(certificates("ROOT")).expect("the root is one"))
}

fn identity() -> Identity {
    Identity::new(certificates("SERVER"), constant("SERVER-KEY").remove(0), false).expect("the key is good")
}

fn client(token: Option<Token>, seed: u8, sessions: &Arc<Sessions>) -> Connection {
    let client = Client {
        roots: roots(),
        name: Some("localhost".to_owned()),
        identity: None,
        skips_validation: false,
        token,
        seed: [seed; 32],
        seconds: NOW,
    };
    Connection::client(client, sessions.clone()).expect("the client starts")
}

/// A server of `rustls` with one version.
fn peer_server(version: &'static SupportedProtocolVersion) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(constant("SERVER-KEY").remove(0)).expect("the key has a known form");
    let mut config = ServerConfig::builder_with_provider(PROVIDER.clone())
        .with_protocol_versions(&[version])
        .expect("the version is known")
        .with_no_client_auth()
        .with_single_cert(certificates("SERVER"), key)
        .expect("the key belongs to the certificate");
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = rustls::crypto::ring::Ticketer::new().expect("there is entropy");
    Arc::new(config)
}

/// A client of `rustls` with one version, which remembers sessions.
fn peer_client(version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates("ROOT"));
    let mut config = ClientConfig::builder_with_provider(PROVIDER.clone())
        .with_protocol_versions(&[version])
        .expect("the version is known")
        .with_root_certificates(store)
        .with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(1);
    Arc::new(config)
}

/// Passes bytes on in both directions until there are none.
fn exchange(ours: &mut Connection, peer: &mut rustls::Connection) {
    loop {
        let sent = ours.take_outgoing();
        let mut rest = &sent[..];
        while !rest.is_empty() {
            peer.read_tls(&mut rest).expect("the peer takes bytes");
            peer.process_new_packets().expect("the bytes are good");
        }
        let mut received = Vec::new();
        while peer.wants_write() {
            peer.write_tls(&mut received).expect("a vector takes all bytes");
        }
        if sent.is_empty() && received.is_empty() {
            return;
        }
        ours.feed(&received);
        assert_eq!(ours.error(), None);
    }
}

/// Sends data in both directions.
fn greet(ours: &mut Connection, peer: &mut rustls::Connection) {
    let data = [7; 50_000];
    let sent = ours.encrypt(&data).expect("the session is good");
    let (mut rest, mut got) = (&sent[..], Vec::new());
    while !rest.is_empty() {
        peer.read_tls(&mut rest).expect("the peer takes bytes");
        let state = peer.process_new_packets().expect("the bytes are good");
        let mut piece = vec![0; state.plaintext_bytes_to_read()];
        peer.reader().read_exact(&mut piece).expect("the data is there");
        got.extend(piece);
    }
    assert_eq!(got, data);
    peer.writer().write_all(b"hello").expect("the peer takes data");
    exchange(ours, peer);
    assert_eq!(ours.take_incoming(), b"hello");
    peer.send_close_notify();
    exchange(ours, peer);
    assert_eq!(ours.status() & 8, 8, "the peer has ended");
}

#[test]
fn clients_speak_both_versions_and_resume() {
    for (version, number) in VERSIONS {
        let (sessions, server) = (Arc::<Sessions>::default(), peer_server(version));
        let connect = |token, seed| {
            let mut ours = client(token, seed, &sessions);
            let mut peer = ServerConnection::new(server.clone()).expect("the server starts").into();
            exchange(&mut ours, &mut peer);
            assert_eq!(ours.version(), Some(number));
            greet(&mut ours, &mut peer);
            (ours.token(), ours.is_resumed())
        };
        let (token, is_resumed) = connect(None, 1);
        assert_eq!((token, is_resumed), (Some([1; 32]), false));
        for seed in 2..6 {
            assert_eq!(connect(token, seed), (token, true), "the token is good again");
        }
        assert!(!connect(Some([9; 32]), 6).1, "the token is unknown");
    }
}

#[test]
fn servers_speak_both_versions_and_resume() {
    for (version, number) in VERSIONS {
        let (identity, config) = (identity(), peer_client(version));
        for round in 0..3 {
            let mut ours = Connection::server(&identity, None, NOW).expect("the server starts");
            let name = ServerName::try_from("localhost").expect("it is a name");
            let mut peer = ClientConnection::new(config.clone(), name).expect("the client starts").into();
            exchange(&mut ours, &mut peer);
            assert_eq!((ours.version(), ours.is_resumed()), (Some(number), round > 0));
            greet(&mut ours, &mut peer);
            assert_eq!(ours.token(), None);
        }
    }
}

#[test]
fn handshakes_of_a_simulation_have_the_same_sizes() {
    let sessions = Arc::<Sessions>::default();
    let key = constant("SERVER-KEY").remove(0);
    let identity = Identity::new(certificates("SERVER"), key, true).expect("the key is good");
    let sizes = || {
        let mut ours = client(None, 0, &sessions);
        let mut server = Connection::server(&identity, None, NOW).expect("the server starts");
        let mut sizes = Vec::new();
        while ours.status() & DONE == 0 {
            let sent = ours.take_outgoing();
            server.feed(&sent);
            let answer = server.take_outgoing();
            ours.feed(&answer);
            sizes.extend([sent.len(), answer.len()]);
        }
        sizes
    };
    let first = sizes();
    for _ in 0..30 {
        assert_eq!(sizes(), first);
    }
}

#[test]
fn tables_are_bounded_and_forget_what_was_not_used() {
    let sessions = Arc::<Sessions>::default();
    let connection = client(None, 0, &sessions);
    let session = connection.session().expect("a client has one");
    let token = |number: u32| {
        let mut token = [0; 32];
        token[..4].copy_from_slice(&number.to_be_bytes());
        token
    };
    for number in 0..3_000 {
        assert!(sessions.keep(token(number), &session));
        assert!(sessions.is_kept(&token(0)), "it was used all the time, at {number}");
    }
    assert!(!sessions.is_kept(&token(1)));
    assert!(sessions.is_kept(&token(2_999)));
    assert!(sessions.len() <= 1_024);
}

#[test]
fn programs_of_a_machine_share_sessions() {
    let shared = Shared::new();
    assert!(Arc::ptr_eq(&shared.get::<Sessions>(), &shared.get::<Sessions>()));
}

#[test]
fn sessions_are_not_larger_than_they_are_charged_for() {
    assert!(size_of::<Connection>() < 4 * 1024, "{}", size_of::<Connection>());
}

proptest! {
    #[test]
    fn any_bytes_fail_or_wait(bytes in proptest::collection::vec(any::<u8>(), 0..600), cut in 0_usize..600) {
        let sessions = Arc::<Sessions>::default();
        for mut connection in [
            client(None, 0, &sessions),
            Connection::server(&identity(), None, NOW).expect("the server starts"),
        ] {
            let cut = cut.min(bytes.len());
            connection.count_messages(&bytes[..cut]);
            connection.feed(&bytes[..cut]);
            connection.feed(&bytes[cut..]);
            prop_assert_eq!(connection.status() & DONE, 0);
            prop_assert_eq!(connection.status() & FAILED != 0, connection.error().is_some());
            prop_assert!(connection.take_incoming().is_empty());
        }
    }

    #[test]
    fn any_bytes_are_certificates_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(chain) = x509::split(&bytes) {
            prop_assert_eq!(chain.iter().map(|it| it.len()).sum::<usize>(), bytes.len());
            let _ = Roots::new(chain);
        }
    }

    #[test]
    fn records_are_counted_in_any_pieces(sizes in proptest::collection::vec(0_u16..300, 1..9), piece in 1_usize..50) {
        let bytes: Vec<u8> = sizes.iter().flat_map(|size| {
            let [high, low] = size.to_be_bytes();
            [22, 3, 3, high, low].into_iter().chain(std::iter::repeat_n(0, usize::from(*size)))
        }).collect();
        let mut connection = Connection::server(&identity(), None, NOW).expect("the server starts");
        let count: usize = bytes.chunks(piece).map(|piece| connection.count_messages(piece)).sum();
        prop_assert_eq!(count, sizes.len());
    }
}
