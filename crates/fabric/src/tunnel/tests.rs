use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::common::authority::Authority;
use crate::identity::{Credentials, Fingerprint, IdentityError};

const TIMEOUT_US: i64 = 2_000_000;

fn tunnel(identity: &Arc<Identity>, peer: &str) -> Tunnel {
    Tunnel::new(identity.clone(), peer.parse().unwrap(), TIMEOUT_US)
}

/// Two machines, and the packets on their way between them.
struct Pair {
    /// The cellar begins handshakes: it has the lesser name.
    cellar: Tunnel,
    hall: Tunnel,
    to_hall: Vec<Vec<u8>>,
    to_cellar: Vec<Vec<u8>>,
    at_hall: Vec<News>,
    at_cellar: Vec<News>,
    now_us: i64,
    random: u64,
}

impl Pair {
    fn new() -> Pair {
        let authority = Authority::new();
        Pair::of(&authority.identity("cellar"), &authority.identity("hall"))
    }

    fn of(cellar: &Arc<Identity>, hall: &Arc<Identity>) -> Pair {
        Pair {
            cellar: tunnel(cellar, "hall"),
            hall: tunnel(hall, "cellar"),
            to_hall: Vec::new(),
            to_cellar: Vec::new(),
            at_hall: Vec::new(),
            at_cellar: Vec::new(),
            now_us: 5_000_000,
            random: 1,
        }
    }

    /// Two machines in contact, that have sent each other a packet.
    fn in_contact() -> Pair {
        let mut pair = Pair::new();
        pair.assert_contact();
        pair
    }

    fn send_to_hall(&mut self, text: &str) {
        self.random += 1;
        self.cellar.send(text.as_bytes().to_vec(), self.now_us, self.random, &mut self.to_hall);
    }

    fn send_to_cellar(&mut self, text: &str) {
        self.random += 1;
        self.hall.send(text.as_bytes().to_vec(), self.now_us, self.random, &mut self.to_cellar);
    }

    /// Delivers everything.
    fn settle(&mut self) {
        while !self.to_hall.is_empty() || !self.to_cellar.is_empty() {
            self.random += 1;
            for packet in std::mem::take(&mut self.to_hall) {
                assert!(packet.len() <= PACKET_MAX);
                self.at_hall.extend(self.hall.receive(
                    &packet,
                    self.now_us,
                    self.random,
                    &mut self.to_cellar,
                ));
            }
            for packet in std::mem::take(&mut self.to_cellar) {
                self.at_cellar.extend(self.cellar.receive(
                    &packet,
                    self.now_us,
                    self.random,
                    &mut self.to_hall,
                ));
            }
        }
    }

    /// Returns what the flows have got since the last time.
    fn take(&mut self) -> (Vec<String>, Vec<String>) {
        let text = |news: News| match news {
            News::Packet(bytes) => String::from_utf8(bytes).unwrap(),
            News::Unprotected => "unprotected".to_owned(),
            News::Unproven(reason) => format!("unproven: {reason}"),
            News::NotAccepted => "not accepted".to_owned(),
        };
        let take = |news: &mut Vec<News>| std::mem::take(news).into_iter().map(text).collect();
        (take(&mut self.at_cellar), take(&mut self.at_hall))
    }

    fn assert_contact(&mut self) {
        self.send_to_hall("a");
        self.send_to_cellar("b");
        self.settle();
        assert_eq!(self.take(), (vec!["b".to_owned()], vec!["a".to_owned()]));
    }
}

#[test]
fn both_sides_prove_their_names_and_then_talk() {
    let mut pair = Pair::new();
    assert!(!pair.cellar.is_proven() && !pair.hall.is_proven());
    pair.send_to_hall("one");
    pair.send_to_hall("two");
    // Nothing of the flow is on its way before the names are proven.
    assert!(pair.to_hall.iter().all(|packet| packet[1] == kind::CLIENT));
    pair.settle();
    assert!(pair.cellar.is_proven() && pair.hall.is_proven());
    assert_eq!(pair.take(), (vec![], vec!["one".to_owned(), "two".to_owned()]));
    pair.assert_contact();
}

#[test]
fn the_machine_with_the_greater_name_asks_for_a_handshake() {
    let mut pair = Pair::new();
    pair.send_to_cellar("one");
    assert_eq!(pair.to_cellar.len(), 1);
    pair.settle();
    assert_eq!(pair.take(), (vec!["one".to_owned()], vec![]));
    pair.assert_contact();
}

#[test]
fn what_is_sealed_cannot_be_read_changed_or_sent_again() {
    let mut pair = Pair::in_contact();
    pair.send_to_hall("the door is open");
    let sealed = pair.to_hall.pop().unwrap();
    assert!(!sealed.windows(4).any(|window| window == b"door"));
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        let news = pair.hall.receive(&changed, pair.now_us, 99, &mut Vec::new());
        assert!(!matches!(news, Some(News::Packet(_))), "byte {at}");
    }
    let mut receive = |packet: &[u8]| pair.hall.receive(packet, pair.now_us, 99, &mut Vec::new());
    assert_eq!(receive(&sealed), Some(News::Packet(b"the door is open".to_vec())));
    assert_eq!(receive(&sealed), None);
    assert_eq!(receive(&sealed[..sealed.len() - 1]), None);
    // The other direction has other keys.
    assert_eq!(pair.cellar.receive(&sealed, pair.now_us, 99, &mut Vec::new()), None);
    pair.assert_contact();
}

#[test]
fn a_packet_without_protection_is_refused() {
    let mut pair = Pair::in_contact();
    let packet = crate::packet::Packet::Knock { incarnation: 7 }.write();
    let news = pair.hall.receive(&packet, pair.now_us, 1, &mut Vec::new());
    assert_eq!(news, Some(News::Unprotected));
    pair.assert_contact();
}

/// Returns what each side reports when these two meet.
fn meet(cellar: &Arc<Identity>, hall: &Arc<Identity>) -> (Vec<String>, Vec<String>) {
    let mut pair = Pair::of(cellar, hall);
    pair.send_to_hall("secret");
    pair.settle();
    assert!(!pair.hall.is_proven());
    pair.send_to_cellar("secret");
    pair.settle();
    pair.take()
}

#[test]
fn certificates_of_other_authorities_are_refused() {
    let (ours, other) = (Authority::new(), Authority::new());
    let (cellar, hall) = meet(&ours.identity("cellar"), &other.identity("hall"));
    assert!(cellar[0].contains("unproven: invalid peer certificate"), "{cellar:?}");
    assert!(hall.is_empty(), "{hall:?}");
}

#[test]
fn a_machine_with_the_certificate_of_another_one_is_refused() {
    let authority = Authority::new();
    // The attic calls itself cellar.
    let attic = Arc::new(Identity::new(authority.credentials(&["attic"])).unwrap());
    let (attic, hall) = meet(&attic, &authority.identity("hall"));
    assert_eq!(hall, ["unproven: its certificate is that of attic"]);
    assert_eq!(attic, ["not accepted"]);
    // And the stable calls itself hall.
    let mut pair = Pair::of(&authority.identity("cellar"), &authority.identity("stable"));
    pair.send_to_hall("secret");
    pair.settle();
    let (cellar, _) = pair.take();
    assert!(cellar[0].contains("unproven: invalid peer certificate"), "{cellar:?}");
    assert!(!pair.cellar.is_proven() && !pair.hall.is_proven());
}

#[test]
fn a_revoked_certificate_is_refused_on_both_sides() {
    let authority = Authority::new();
    let (cellar, hall) = (authority.credentials(&["cellar"]), authority.credentials(&["hall"]));
    let (of_cellar, of_hall) = (Fingerprint::of(&cellar.certificate), Fingerprint::of(&hall.certificate));
    let identity = |credentials: &Credentials, revoked: &[Fingerprint]| {
        let Credentials { key, certificate, authority, .. } = credentials;
        let parts = Credentials {
            key: key.clone_key(),
            certificate: certificate.clone(),
            authority: authority.clone(),
            revoked: revoked.iter().copied().collect(),
        };
        Arc::new(Identity::new(parts).unwrap())
    };
    let (at_cellar, at_hall) = meet(&identity(&cellar, &[]), &identity(&hall, &[of_cellar]));
    assert_eq!(at_hall, ["unproven: its certificate is revoked"]);
    assert_eq!(at_cellar, ["not accepted"]);
    let (at_cellar, at_hall) = meet(&identity(&cellar, &[of_hall]), &identity(&hall, &[]));
    assert_eq!(at_cellar, ["unproven: its certificate is revoked"]);
    assert!(at_hall.is_empty());
}

#[test]
fn a_certificate_names_exactly_one_machine() {
    let authority = Authority::new();
    assert!(matches!(Identity::new(authority.credentials(&["a", "b"])), Err(IdentityError::NoName)));
    assert!(matches!(Identity::new(authority.credentials(&[])), Err(IdentityError::NoName)));
    assert_eq!(authority.identity("panel-2_x").name().as_str(), "panel-2_x");
}

#[test]
fn what_anyone_can_inject_does_not_end_a_contact() {
    let mut pair = Pair::in_contact();
    let session = pair.cellar.sessions[0].id;
    for kind in 0..=6 {
        for (session, number) in [(session, 0), (session, 1), (session, u64::MAX), (0, 0), (77, 0)] {
            for content in [&[][..], &[0; 20], b"\x16\x03\x03\x00\x05\x01\x00\x00\x01\x00"] {
                let mut packet = Head { kind, session, number }.write().to_vec();
                packet.extend_from_slice(content);
                pair.now_us += 1;
                let (now_us, random) = (pair.now_us, pair.now_us as u64);
                let at_hall = pair.hall.receive(&packet, now_us, random, &mut pair.to_cellar);
                let at_cellar = pair.cellar.receive(&packet, now_us, random, &mut pair.to_hall);
                assert!(!matches!(
                    (at_hall, at_cellar),
                    (Some(News::Packet(_)), _) | (_, Some(News::Packet(_)))
                ));
            }
        }
    }
    assert!(pair.hall.handshakes.len() <= HANDSHAKES_MAX);
    pair.settle();
    pair.take();
    pair.assert_contact();
}

#[test]
fn a_handshake_with_a_gap_or_too_many_packets_is_refused() {
    let mut pair = Pair::new();
    let mut receive = |session, number| {
        let packet = Head { kind: kind::CLIENT, session, number }.write();
        pair.hall.receive(&packet, 0, 1, &mut Vec::new())
    };
    let unproven = |reason: &str| Some(News::Unproven(reason.to_owned()));
    assert_eq!(receive(1, 0), None);
    assert_eq!(receive(1, 2), unproven("a part of the handshake is missing"));
    for number in 0..HANDSHAKE_PACKETS_MAX {
        assert_eq!(receive(2, number), None);
    }
    assert_eq!(receive(2, HANDSHAKE_PACKETS_MAX), unproven("the handshake has more than 16 packets"));
}

#[test]
fn no_packet_is_lost_when_a_new_handshake_replaces_the_session() {
    let mut pair = Pair::in_contact();
    pair.now_us += TIMEOUT_US;
    pair.send_to_hall("1");
    pair.send_to_cellar("2");
    // A packet that claims to be from the hall asks for a new handshake.
    let knock = Head { kind: kind::KNOCK, session: 0, number: 0 }.write();
    pair.cellar.receive(&knock, pair.now_us, 4711, &mut pair.to_hall);
    pair.send_to_hall("3");
    pair.settle();
    assert_eq!((pair.cellar.sessions.len(), pair.hall.sessions.len()), (2, 2));
    pair.send_to_cellar("4");
    pair.send_to_hall("5");
    pair.send_to_cellar("6");
    pair.settle();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(pair.take(), (texts(&["2", "4", "6"]), texts(&["1", "3", "5"])));
    for _ in 0..10 {
        pair.now_us += TIMEOUT_US;
        pair.random += 1;
        pair.cellar.receive(&knock, pair.now_us, pair.random, &mut pair.to_hall);
        pair.settle();
        pair.assert_contact();
    }
    assert!(pair.cellar.sessions.len() <= 2 && pair.hall.sessions.len() <= 2);
}

#[test]
fn a_lost_last_message_of_a_handshake_does_not_end_a_contact() {
    let mut pair = Pair::in_contact();
    for _ in 0..4 {
        pair.now_us += TIMEOUT_US;
        pair.random += 1;
        let knock = Head { kind: kind::KNOCK, session: 0, number: 0 }.write();
        pair.cellar.receive(&knock, pair.now_us, pair.random, &mut pair.to_hall);
        for packet in std::mem::take(&mut pair.to_hall) {
            assert_eq!(pair.hall.receive(&packet, pair.now_us, 1, &mut pair.to_cellar), None);
        }
        for packet in std::mem::take(&mut pair.to_cellar) {
            assert_eq!(pair.cellar.receive(&packet, pair.now_us, 1, &mut pair.to_hall), None);
        }
        // The last message of the handshake is lost.
        pair.to_hall.clear();
        pair.assert_contact();
    }
}

#[test]
fn answers_to_handshakes_may_take_long() {
    let mut pair = Pair::new();
    let (mut to_hall, mut to_cellar) = (VecDeque::new(), VecDeque::new());
    for _ in 0..20 {
        pair.now_us += TIMEOUT_US / 8;
        pair.send_to_hall("x");
        to_hall.push_back(std::mem::take(&mut pair.to_hall));
        to_cellar.push_back(std::mem::take(&mut pair.to_cellar));
        // Everything is on the way for two of these times.
        if to_hall.len() > 2 {
            pair.to_hall = to_hall.pop_front().unwrap();
            pair.to_cellar = to_cellar.pop_front().unwrap();
            for packet in std::mem::take(&mut pair.to_hall) {
                pair.at_hall.extend(pair.hall.receive(&packet, pair.now_us, 1, &mut pair.to_cellar));
            }
            for packet in std::mem::take(&mut pair.to_cellar) {
                pair.at_cellar.extend(pair.cellar.receive(&packet, pair.now_us, 1, &mut pair.to_hall));
            }
        }
    }
    assert!(pair.cellar.is_proven() && pair.hall.is_proven());
    assert_eq!(pair.take().1.last().map(String::as_str), Some("x"));
}

#[test]
fn what_follows_the_end_of_a_handshake_is_left() {
    let authority = Authority::new();
    let (cellar, hall) = (authority.identity("cellar"), authority.identity("hall"));
    for is_closed_early in [false, true] {
        let mut hall = tunnel(&hall, "cellar");
        let mut tls =
            ClientConnection::new(cellar.client.clone(), server_name(&"hall".parse().unwrap()).unwrap());
        let tls = tls.as_mut().unwrap();
        let mut say = |tls: &mut ClientConnection, number, more: &[u8]| {
            let mut packet = Head { kind: kind::CLIENT, session: 5, number }.write().to_vec();
            while tls.wants_write() {
                tls.write_tls(&mut packet).unwrap();
            }
            packet.extend_from_slice(more);
            let mut out = Vec::new();
            (hall.receive(&packet, 0, 1, &mut out), out)
        };
        let (_, out) = say(tls, 0, &[]);
        if is_closed_early {
            tls.send_close_notify();
        } else {
            for packet in out {
                let mut bytes = &packet[HEAD..];
                while !bytes.is_empty() {
                    tls.read_tls(&mut bytes).unwrap();
                    tls.process_new_packets().unwrap();
                }
            }
            tls.send_close_notify();
        }
        // Far more than TLS reads at a time.
        say(tls, 1, &[0; 20_000]);
        assert_eq!(hall.is_proven(), !is_closed_early);
    }
}

#[test]
fn a_machine_that_starts_again_is_met_again() {
    let authority = Authority::new();
    let (cellar, hall) = (authority.identity("cellar"), authority.identity("hall"));
    let mut pair = Pair::of(&cellar, &hall);
    pair.assert_contact();
    // What is sent in a session that the receiver has forgotten is lost, but makes them meet again.
    pair.cellar = tunnel(&cellar, "hall");
    pair.send_to_cellar("lost");
    pair.settle();
    assert_eq!(pair.take(), (vec![], vec![]));
    pair.send_to_hall("here");
    pair.settle();
    pair.take();
    pair.assert_contact();
    pair.hall = tunnel(&hall, "cellar");
    pair.now_us += TIMEOUT_US;
    pair.send_to_hall("lost");
    pair.settle();
    assert_eq!(pair.take(), (vec![], vec![]));
    pair.assert_contact();
}

#[test]
fn lost_packets_of_a_handshake_are_made_good_by_a_new_one() {
    for lost in 0..3 {
        let mut pair = Pair::new();
        pair.send_to_hall("x");
        let mut count = 0;
        while !pair.to_hall.is_empty() || !pair.to_cellar.is_empty() {
            for packet in std::mem::take(&mut pair.to_hall) {
                if count != lost {
                    pair.at_hall.extend(pair.hall.receive(&packet, pair.now_us, 5, &mut pair.to_cellar));
                }
                count += 1;
            }
            for packet in std::mem::take(&mut pair.to_cellar) {
                if count != lost {
                    pair.at_cellar.extend(pair.cellar.receive(&packet, pair.now_us, 5, &mut pair.to_hall));
                }
                count += 1;
            }
        }
        // The flow calls again and again.
        for _ in 0..10 {
            pair.now_us += TIMEOUT_US / 8;
            pair.send_to_hall("y");
            pair.settle();
        }
        assert!(pair.hall.is_proven(), "packet {lost}");
        assert_eq!(pair.take().1.last().map(String::as_str), Some("y"), "packet {lost}");
    }
}

#[test]
fn an_old_certificate_that_is_revoked_breaks_no_contact_with_the_new_one() {
    let authority = Authority::new();
    let (cellar, old) = (authority.identity("cellar"), authority.identity("hall"));
    let mut pair = Pair::of(&cellar, &old);
    pair.assert_contact();
    // The hall starts again, with another certificate.
    let new = authority.identity("hall");
    pair.hall = tunnel(&new, "cellar");
    pair.now_us += TIMEOUT_US;
    pair.send_to_cellar("again");
    pair.settle();
    pair.take();
    assert_eq!(pair.cellar.sessions.len(), 2, "that of the old certificate is kept");
    pair.assert_contact();
    cellar.revoked.add([old.fingerprint()]);
    assert!(!pair.cellar.is_revoked());
    pair.cellar.drop_revoked();
    assert_eq!(pair.cellar.sessions.len(), 1);
    pair.assert_contact();
    cellar.revoked.add([new.fingerprint()]);
    assert!(pair.cellar.is_revoked());
}

#[test]
fn a_session_that_was_not_used_yet_does_not_save_a_revoked_contact() {
    let authority = Authority::new();
    let (cellar, old) = (authority.identity("cellar"), authority.identity("hall"));
    let mut pair = Pair::of(&cellar, &old);
    pair.assert_contact();
    let mut session = pair.cellar.sessions.pop_front().unwrap();
    assert!(session.next_in > 0);
    // As if a handshake with the new certificate had just ended.
    let mut other = Pair::of(&cellar, &authority.identity("hall"));
    other.assert_contact();
    let mut unused = other.cellar.sessions.pop_front().unwrap();
    unused.next_in = 0;
    session.id += 1;
    pair.cellar.sessions.extend([unused, session]);
    cellar.revoked.add([old.fingerprint()]);
    assert!(pair.cellar.is_revoked());
    pair.cellar.drop_revoked();
    assert!(pair.cellar.is_proven() && !pair.cellar.is_revoked());
}

#[test]
fn what_waits_is_bounded() {
    let mut pair = Pair::new();
    for number in 0..100 {
        pair.send_to_hall(&number.to_string());
        pair.send_to_cellar(&number.to_string());
    }
    assert_eq!((pair.cellar.waiting.len(), pair.hall.waiting.len()), (WAITING_MAX, WAITING_MAX));
    // One handshake and one request for one.
    assert_eq!((pair.to_hall.len(), pair.to_cellar.len()), (1, 1));
}

#[test]
fn an_identity_is_read_from_its_folder() {
    let authority = Authority::new();
    let credentials = authority.credentials(&["cellar"]);
    let folder = tempfile::tempdir().unwrap();
    let pem = |label: &str, bytes: &[u8]| pem::encode(&pem::Pem::new(label, bytes));
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    assert!(matches!(Identity::load(folder.path()), Err(IdentityError::File { .. })));
    write("machine.key", &pem("PRIVATE KEY", credentials.key.secret_der()));
    write("machine.pem", &pem("CERTIFICATE", &credentials.certificate));
    write("authority.pem", &pem("CERTIFICATE", &credentials.authority));
    assert_eq!(Identity::load(folder.path()).unwrap().name().as_str(), "cellar");
    let sum = Fingerprint::of(&credentials.certificate).to_string();
    write("revoked", &format!("# old ones\n{sum}  # the cellar\n\n"));
    let identity = Identity::load(folder.path()).unwrap();
    let cellar = "cellar".parse().unwrap();
    assert_eq!(
        identity.check(&cellar, &credentials.certificate),
        Err("its certificate is revoked".to_owned())
    );
    for text in ["x", &sum[1..], "\u{fffd}"] {
        write("revoked", text);
        assert!(matches!(Identity::load(folder.path()), Err(IdentityError::Content { .. })), "{text}");
    }
    write("revoked", "");
    let other = Authority::new().credentials(&["cellar"]);
    write("machine.key", &pem("PRIVATE KEY", other.key.secret_der()));
    assert!(matches!(Identity::load(folder.path()), Err(IdentityError::Mismatch(_))));
    write("machine.pem", "nothing");
    assert!(matches!(Identity::load(folder.path()), Err(IdentityError::Content { .. })));
}

#[test]
fn what_is_signed_is_for_one_machine_and_one_purpose() {
    let authority = Authority::new();
    let (cellar, hall) = (authority.identity("cellar"), authority.identity("hall"));
    let name = |text: &str| text.parse::<MachineName>().unwrap();
    let signed = cellar.sign(b"purpose", b"content").unwrap();
    assert_eq!(
        hall.verify(&name("cellar"), b"purpose", &signed),
        Some((&b"content"[..], cellar.fingerprint()))
    );
    assert_eq!(hall.verify(&name("attic"), b"purpose", &signed), None);
    assert_eq!(hall.verify(&name("cellar"), b"purpos", &signed), None);
    assert_eq!(Authority::new().identity("hall").verify(&name("cellar"), b"purpose", &signed), None);
    for at in 0..signed.len() {
        let mut changed = signed.clone();
        changed[at] ^= 1;
        assert_eq!(hall.verify(&name("cellar"), b"purpose", &changed), None, "byte {at}");
        assert_eq!(hall.verify(&name("cellar"), b"purpose", &signed[..at]), None, "{at} bytes");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_dropped(content in proptest::collection::vec(any::<u8>(), 0..200), kind in 0u8..8) {
        let mut packet = Head { kind, session: 1, number: 0 }.write().to_vec();
        packet.extend_from_slice(&content);
        let authority = Authority::new();
        for (me, peer) in [("cellar", "hall"), ("hall", "cellar")] {
            let mut tunnel = tunnel(&authority.identity(me), peer);
            for bytes in [&content[..], &packet] {
                let news = tunnel.receive(bytes, 0, 1, &mut Vec::new());
                prop_assert!(!matches!(news, Some(News::Packet(_))));
            }
        }
    }
}
