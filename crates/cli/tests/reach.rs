//! Tests of the hosts and ports that containers on a device may reach.

mod common;

use std::net::{TcpListener, UdpSocket};

use common::device::Device;

/// The UUID of the network service.
const NETWORK: &str = "063e228a-3a7a-44a8-b024-d55127255ccb";

/// Attempts to use the network in each way, and prints the results.
fn attempts(tcp: u16, udp: u16) -> String {
    format!(
        "import net
import net.udp

attempt what/string [block]:
  error := catch: block.call
  print \"$what: $(error or \"done\")\"

main:
  network/net.Client? := null
  attempt \"open\": network = net.open
  if not network:
    print \"end\"
    return
  attempt \"name\": (network.tcp-connect \"localhost\" {tcp}).close
  attempt \"address\": (network.tcp-connect \"127.0.0.1\" {tcp}).close
  attempt \"unspecified\": (network.tcp-connect \"0.0.0.0\" {tcp}).close
  attempt \"listen\": (network.tcp-listen 0).close
  attempt \"send\":
    socket := network.udp-open
    socket.send (udp.Datagram #[1] (net.SocketAddress (net.IpAddress.parse \"127.0.0.1\") {udp}))
    socket.close
  attempt \"connected\":
    socket := network.udp-open
    socket.connect (net.SocketAddress (net.IpAddress.parse \"127.0.0.1\") {udp})
    socket.close
  attempt \"receive\": (network.udp-open --port={udp}).close
  print \"end\"
"
    )
}

#[test]
fn programs_reach_what_their_rules_permit() {
    let device = Device::started("device-reach");
    let (tcp, udp) = (TcpListener::bind("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0"));
    let (tcp, udp) = (tcp.expect("a free port"), udp.expect("a free port"));
    let port = tcp.local_addr().expect("an address").port();
    device.folder.file("app.toit", attempts(port, udp.local_addr().expect("an address").port()));
    let run = |name: &str, options: &[&str]| {
        device.install(&[options, &[name, "app.toit"]].concat());
        device.wait_for(name, "end", 1);
        device.log(name)
    };
    let is_done = |log: &str, what: &str| log.contains(&format!("{what}: done"));
    let is_denied = |log: &str, what: &str| log.contains(&format!("{what}: PERMISSION_DENIED"));
    let connects = ["name", "address", "unspecified", "send", "connected"];

    let log = run("free", &[]);
    assert!(connects.iter().chain(&["listen"]).all(|what| is_done(&log, what)), "{log}");

    let log = run("closed", &["--no-network"]);
    assert!(is_denied(&log, "open") && log.contains("lucarne: refused: use the network"), "{log}");

    for (name, rule) in [("range", "127.0.0.0/8"), ("host", "localhost")] {
        let log = run(name, &["--deny-connect", rule]);
        assert!(connects.iter().all(|what| is_denied(&log, what)) && is_done(&log, "listen"), "{log}");
        assert!(log.contains(&format!("lucarne: refused: connect to 127.0.0.1:{port}")), "{log}");
    }

    let only = format!("localhost:{port}");
    let log = run("only", &["--allow-connect", &only]);
    assert!(["name", "address", "unspecified"].iter().all(|what| is_done(&log, what)), "{log}");
    assert!(["send", "connected"].iter().all(|what| is_denied(&log, what)), "{log}");

    let both = run("both", &["--allow-connect", &only, "--deny-connect", "127.0.0.1"]);
    assert!(connects.iter().all(|what| is_denied(&both, what)), "{both}");

    let log = run("listener", &["--allow-listen", "1"]);
    assert!(is_denied(&log, "listen") && is_denied(&log, "receive") && is_done(&log, "send"), "{log}");

    let metrics = device.good(&["device", "metrics"]);
    let counted = |name: &str| {
        let named = format!("container=\"{name}\"");
        let mut lines =
            metrics.lines().filter(|line| line.starts_with("lucarne_container_network_refused_total"));
        let line = lines.find(|line| line.contains(&named)).expect("a line for the container");
        line.rsplit_once(' ').and_then(|(_, count)| count.parse().ok())
    };
    for (name, refused) in [("free", 0), ("closed", 1), ("range", 5), ("only", 2), ("listener", 2)] {
        assert_eq!(counted(name), Some(refused), "{name}: {metrics}");
    }

    let shown = device.good(&["container", "inspect", "only"]);
    assert!(shown.contains(&format!("allow connect {only}")), "{shown}");
    assert!(device.good(&["container", "inspect", "closed"]).contains("network       none"));
}

#[test]
fn rules_with_mistakes_are_refused() {
    let device = Device::started("device-reach-mistakes");
    device.folder.file("app.toit", "main:\n");
    let refused = |options: &[&str], status: i32, expected: &str| {
        let error =
            device.bad(&[&["container", "install", "-q"], options, &["app", "app.toit"]].concat(), status);
        assert!(error.contains(expected), "{options:?}: {error}");
    };
    refused(&["--allow-connect", "10.0.0.1/8"], 1, "the first address is 10.0.0.0");
    refused(&["--deny-connect", "example.org:http"], 1, "'http' is not a port");
    refused(&["--allow-listen", "0"], 1, "--allow-listen 0");
    refused(&["--allow-listen", "70000"], 2, "--allow-listen");
    refused(&["--no-network", "--allow-listen", "80"], 1, "means nothing with --no-network");
}

#[test]
fn a_container_provides_a_network_only_with_permission() {
    let device = Device::started("device-network-thief");
    device.folder.file(
        "thief.toit",
        format!(
            "import system.services show *
class Thief extends ServiceProvider implements ServiceHandler:
  constructor:
    super \"thief\" --major=1 --minor=0
    provides (ServiceSelector --uuid=\"{NETWORK}\" --major=0 --minor=4) --handler=this
  handle index/int arguments/any --gid/int --client/int -> any:
    return null
main:
  (Thief).install
  print_ \"installed\"
"
        ),
    );
    device.install(&["thief", "thief.toit"]);
    device.wait_for_state("thief", "ended");
    let log = device.log("thief");
    assert!(log.contains("--allow-provide system/network") && !log.contains("installed"), "{log}");
    device.install(&["--allow-provide", "system/network", "granted", "thief.toit"]);
    device.wait_for("granted", "installed", 1);
}
