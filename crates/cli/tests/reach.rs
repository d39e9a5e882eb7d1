//! Tests of the hosts and ports that containers on a device may reach.

mod common;

use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::Command;

use common::device::{Device, example};

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

#[test]
fn executables_and_components_without_a_network_reach_no_socket() {
    let device = Device::started("device-no-network");
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = server.local_addr().expect("an address").port();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/components/dials.c");
    let source = std::fs::read_to_string(source).expect("the file exists");
    device
        .folder
        .file("CMakeLists.txt", "idf_component_register(REQUIRES toit SRCS dials.c WHOLE_ARCHIVE)\n")
        .file("dials.c", source.replace("#define PORT 0", &format!("#define PORT {port}")));
    device.good(&["c", "build", "-o", "dials.so", "."]);
    device.install(&["free", "dials.so"]);
    device.wait_for("free", "return: ", 1);
    let log = device.log("free");
    assert!(log.contains("connect: done") && log.contains("send: done"), "{log}");
    let bounds = |name: &str| device.json(&["container", "inspect", "--json", name])["bounds"].to_string();
    assert!(!bounds("free").contains("network: none"), "{}", bounds("free"));
    // There is one component with an id at a time.
    device.good(&["container", "uninstall", "free"]);

    let unshare = Command::new("unshare").args(["--user", "--net", "--map-current-user", "true"]).output();
    if !unshare.is_ok_and(|output| output.status.success()) {
        let refused = device.bad(&["container", "install", "-q", "--no-network", "closed", "dials.so"], 1);
        let log = device.log("closed");
        assert!(log.contains("leave out --no-network, or permit user namespaces"), "{refused} {log}");
        return;
    }
    // It reaches the device by a socket of the file system, which belongs to no network.
    device.install(&["--no-network", "closed", "dials.so"]);
    device.wait_for("closed", "return: ", 1);
    let log = device.log("closed");
    for refused in ["connect: Network is unreachable", "send: Network is unreachable"] {
        assert!(log.contains(refused), "{log}");
    }
    assert!(!log.contains("return: done"), "{log}");
    assert!(bounds("closed").contains("network: none"), "{}", bounds("closed"));

    let clock = example("clock");
    let clock = clock.to_str().expect("UTF-8");
    device.install(&["--no-network", "--memory=256M", "--files", "/etc", "clock", clock]);
    device.wait_for("clock", "tick", 1);
    assert!(bounds("clock").contains("network: none"), "{}", bounds("clock"));
    let refused =
        device.bad(&["container", "install", "-q", "--allow-connect", "localhost", "dials", "dials.so"], 1);
    assert!(refused.contains("--no-network withholds the whole network"), "{refused}");
}
