//! Real connections: sockets, shared memory, threads.

mod common;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use common::*;
use lucarne_kernel::{Kernel, KernelOptions, SpawnOptions};
use lucarne_link::{Connect, ConnectError, Connections, ListenError, Listener};
use lucarne_services::{
    Broken, Bytes, CallError, Client, Container, Presence, Provider, ServiceManager, Value,
};

/// A listening system in a folder of its own.
struct World {
    local: Container,
    service: House,
    _provider: Provider,
    listener: Listener,
    connections: Connections,
    kernel: Kernel,
    folder: Folder,
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Folder(std::env::temp_dir().join(format!("lucarne-{}-{number}", std::process::id())))
    }

    fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl World {
    fn new() -> World {
        let kernel = Kernel::new(KernelOptions { workers: 2, hooks: Default::default() });
        let manager = ServiceManager::new(Presence::default());
        let manager = kernel.start_system(Box::new(manager), SpawnOptions::named("manager"));
        kernel.set_system_process(manager);
        let folder = Folder::new();
        let connections = Connections::new(&kernel).expect("descriptors");
        let listener = connections.listen(folder.socket()).expect("a new folder");
        let local = Container::start(&kernel, "local");
        let service = House::default();
        let provider = local.provider("test/house", "1.0").provides(HOUSE, service.clone());
        let provider = provider.install().wait().expect("installed");
        World { local, service, _provider: provider, listener, connections, kernel, folder }
    }

    fn connect(&self) -> Container {
        Container::connect_as("remote", self.folder.socket())
            .wait()
            .expect("the listener accepts the connection")
    }
}

/// Returns whether the condition becomes true in time.
fn soon(is_so: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        if is_so() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

#[test]
fn a_remote_client_calls() {
    let world = World::new();
    let remote = world.connect();
    let client = Client::open(&remote, HOUSE).wait().expect("opened");
    for number in 0..1_000 {
        assert_eq!(client.invoke(ECHO, Value::from(number)).wait(), Ok(Value::from(number)));
    }
    let large = Value::from(Bytes::from(vec![7; 3 << 20]));
    assert_eq!(client.invoke(ECHO, large.clone()).wait(), Ok(large));
    let list = Value::List((0..1_000_000).map(Value::from).collect());
    assert_eq!(client.invoke(ECHO, list.clone()).wait(), Ok(list));
    assert!(matches!(client.invoke(PANIC, Value::Null).wait(), Err(CallError::Thrown(_))));
    let names = Value::List(vec![remote.pid().as_i64().into(), remote.gid().as_i64().into()]);
    assert_eq!(client.invoke(WHO, Value::Null).wait(), Ok(names));
}

#[test]
fn a_remote_provider_serves_without_a_waiting_thread() {
    let world = World::new();
    let remote = world.connect();
    let service = House::default();
    let _provider =
        remote.provider("test/barn", "1.0").provides(BARN, service).install().wait().expect("installed");
    let client = Client::open(&world.local, BARN).wait().expect("opened");
    for number in 0..1_000 {
        assert_eq!(client.invoke(ECHO, Value::from(number)).wait(), Ok(Value::from(number)));
    }
    let waited = client.invoke(WAIT, Value::from(20)).wait();
    assert_eq!(waited, Ok(Value::Null));
}

#[test]
fn many_threads_wait_at_once() {
    let world = World::new();
    let remote = world.connect();
    let client = Client::open(&remote, HOUSE).wait().expect("opened");
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let client = client.clone();
            scope.spawn(move || {
                for number in 0..500 {
                    let value = Value::from(thread * 1_000 + number);
                    assert_eq!(client.invoke(ECHO, value.clone()).wait(), Ok(value));
                    if number % 50 == 0 {
                        let _ = client.invoke(WAIT, Value::from(1)).wait();
                    }
                }
            });
        }
    });
}

#[test]
fn a_container_runs_futures_on_the_callers_thread() {
    let world = World::new();
    let remote = world.connect();
    let sum = remote.run(async {
        let client = Client::open(&remote, HOUSE).await.expect("opened");
        let mut sum = 0;
        for number in 0..100 {
            sum += client.invoke(ECHO, Value::from(number)).await.expect("answered").as_int().unwrap();
        }
        sum
    });
    assert_eq!(sum, 4_950);
}

#[test]
fn notifications_are_heard_by_a_thread_that_waits() {
    let world = World::new();
    let remote = world.connect();
    let client = Client::open(&remote, HOUSE).wait().expect("opened");
    let handle = client.invoke(MAKE, Value::Null).wait().unwrap();
    let proxy = client.proxy(handle.as_int().unwrap());
    let mut notifications = proxy.notifications::<i64>();
    let (other, pouring) = (client.clone(), handle.clone());
    let pour = std::thread::spawn(move || other.invoke(POUR, pouring).wait());
    for number in 0..5_000 {
        assert_eq!(notifications.next().wait(), Some(Ok(number)));
    }
    assert_eq!(pour.join().unwrap(), Ok(Value::from(5_000)));
}

#[test]
fn an_idle_connection_costs_no_time() {
    let world = World::new();
    let remote = world.connect();
    let client = Client::open(&remote, HOUSE).wait().expect("opened");
    std::thread::sleep(Duration::from_millis(20));
    let before = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    std::thread::sleep(Duration::from_millis(300));
    let after = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let used_us = (after.tv_sec - before.tv_sec) * 1_000_000 + (after.tv_nsec - before.tv_nsec) / 1_000;
    // Other tests in this OS process use the processor too, so the time is checked only where this test runs alone.
    if std::env::var_os("LUCARNE_ALONE").is_some() {
        assert!(used_us < 10_000, "{used_us} µs");
    }
    assert_eq!(client.invoke(ECHO, Value::from(1)).wait(), Ok(Value::from(1)));
}

#[test]
fn the_end_of_the_listening_system_ends_all_containers() {
    let world = World::new();
    let remote = world.connect();
    let client = Client::open(&remote, HOUSE).wait().expect("opened");
    let handle = client.invoke(MAKE, Value::Null).wait().unwrap();
    let proxy = client.proxy(handle.as_int().unwrap());
    let mut notifications = proxy.notifications::<i64>();
    drop(world);
    assert_eq!(notifications.next().wait(), Some(Err(Broken::Gone)));
    assert_eq!(client.invoke(ECHO, Value::Null).wait(), Err(CallError::Gone));
}

#[test]
fn the_end_of_a_remote_container_leaves_no_resources() {
    let world = World::new();
    let before = world.kernel.process_count();
    for round in 0..20 {
        let remote = world.connect();
        let client = Client::open(&remote, HOUSE).wait().expect("opened");
        client.invoke(MAKE, Value::Null).wait().unwrap();
        if round % 2 == 0 {
            remote.close().wait().expect("closed");
        } else {
            remote.kill();
        }
    }
    assert!(soon(|| world.kernel.process_count() == before && world.service.lamps.now() == 0));
}

#[test]
fn a_container_that_is_killed_by_the_listener_is_cut_off() {
    let world = World::new();
    let remote = world.connect();
    let client = Client::open(&remote, HOUSE).wait().expect("opened");
    world.kernel.kill(remote.pid());
    assert!(soon(|| client.invoke(ECHO, Value::Null).wait() == Err(CallError::Gone)));
}

#[test]
fn a_socket_that_was_handed_over_proves_the_name() {
    let world = World::new();
    let (near, far) = UnixStream::pair().unwrap();
    let (sender, receiver) = mpsc::channel();
    let connections = world.connections.clone();
    std::thread::spawn(move || {
        sender.send(connections.adopt("proven", near, None).map(|program| program.first()))
    });
    let remote = Container::connect_to("any-name", far).wait().expect("the listener accepts the connection");
    let pid = receiver.recv().unwrap().expect("taken in");
    assert_eq!(pid, remote.pid());
}

#[test]
fn everything_works_over_a_socket_alone() {
    let world = World::new();
    let path = world.folder.0.join("plain");
    let _listener = world.connections.over_sockets().listen(&path).expect("a new path");
    let before = world.kernel.process_count();
    let remote = Container::connect_as("remote", &path).wait().expect("the listener accepts the connection");
    let client = Client::open(&remote, HOUSE).wait().expect("opened");
    for number in 0..1_000 {
        assert_eq!(client.invoke(ECHO, Value::from(number)).wait(), Ok(Value::from(number)));
    }
    let large = Value::from(Bytes::from(vec![7; 3 << 20]));
    assert_eq!(client.invoke(ECHO, large.clone()).wait(), Ok(large));
    let list = Value::List((0..1_000_000).map(Value::from).collect());
    assert_eq!(client.invoke(ECHO, list.clone()).wait(), Ok(list));
    let barn = remote.provider("test/barn", "1.0").provides(BARN, House::default());
    let _barn = barn.install().wait().expect("installed");
    let back = Client::open(&world.local, BARN).wait().expect("opened");
    for number in 0..100 {
        assert_eq!(back.invoke(ECHO, Value::from(number)).wait(), Ok(Value::from(number)));
    }
    let waiting = std::thread::spawn(move || back.invoke(WAIT, Value::Null).wait());
    std::thread::sleep(Duration::from_millis(5));
    remote.kill();
    assert_eq!(waiting.join().unwrap(), Err(CallError::Gone));
    assert!(soon(|| world.kernel.process_count() == before));
}

#[test]
fn a_silent_peer_does_not_block_other_connections() {
    let world = World::new();
    let _silent: Vec<_> = (0..4).map(|_| UnixStream::connect(world.listener.path()).unwrap()).collect();
    let remote = world.connect();
    assert!(Client::open(&remote, HOUSE).wait().is_ok());
}

/// A user may open sockets without end: only descriptors limit the number.
#[test]
fn many_silent_peers_do_not_keep_an_honest_one_out() {
    const SILENT: usize = 2_000;
    let needed = 3 * SILENT as u64;
    let limits = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    if limits.current.is_some_and(|current| current < needed) {
        let raised = rustix::process::Rlimit { current: Some(needed), ..limits };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, raised)
            .expect("the hard limit allows it");
    }
    let world = World::new();
    let path = world.listener.path();
    let mut silent = Vec::new();
    for number in 0..SILENT {
        let stream = UnixStream::connect(path).expect("it listens");
        if number % 2 == 0 {
            // Half a hello: its length, and the first bytes.
            // The listener may have closed it already.
            let _ = (&stream).write_all(&[20, 0, 0, 0, 1]);
        }
        silent.push(stream);
    }
    let remote = world.connect();
    assert!(Client::open(&remote, HOUSE).wait().is_ok());
    // The oldest silent ones were sent away to make room.
    silent[0].set_read_timeout(Some(Duration::from_secs(60))).expect("a time");
    assert_eq!(silent[0].read(&mut [0; 1]).expect("the listener has closed it"), 0);
    drop(silent);
    assert!(Client::open(&world.connect(), HOUSE).wait().is_ok());
}

/// Connects, sends a complete hello, and nothing else.
fn introduce(path: &Path) -> UnixStream {
    let head = [&[13, 0, 0, 0][..], &[0; 20], &3_u64.to_le_bytes(), &[0; 8]].concat();
    let stream = UnixStream::connect(path).expect("it listens");
    (&stream).write_all(&[&(head.len() as u32).to_le_bytes()[..], &head].concat()).expect("it listens");
    stream
}

/// Returns whether the listener has ended a connection.
fn is_ended(mut stream: &UnixStream) -> bool {
    stream.set_nonblocking(true).expect("a socket");
    loop {
        match stream.read(&mut [0; 256]) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

#[test]
fn idle_connections_do_not_keep_an_honest_one_out() {
    let world = World::new();
    let path = world.listener.path();
    let worker = world.connect();
    let client = Client::open(&worker, HOUSE).wait().expect("opened");
    // Each is admitted before the next one comes. The listener ends the oldest ones, so that fewer than 300 stay.
    let mut idle = std::collections::VecDeque::new();
    for _ in 0..2_000 {
        let stream = introduce(path);
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time");
        (&stream).read_exact(&mut [0; 4]).expect("a welcome");
        idle.push_back(stream);
        if idle.len() > 300 {
            let first = idle.pop_front().expect("there are 300");
            assert!(soon(|| is_ended(&first)), "an idle connection stays");
        }
    }
    let remote = world.connect();
    assert!(Client::open(&remote, HOUSE).wait().is_ok());
    assert_eq!(client.invoke(ECHO, Value::from(1)).wait(), Ok(Value::from(1)));
    let processes = world.kernel.process_count();
    assert!(processes < 300, "{processes} processes");
}

#[test]
fn a_refusal_says_why() {
    let folder = Folder::new();
    std::fs::create_dir(&folder.0).expect("a new folder");
    let listener = std::os::unix::net::UnixListener::bind(folder.socket()).expect("a new path");
    let refusing = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a container connects");
        let mut length = [0; 4];
        stream.read_exact(&mut length).expect("a hello");
        stream.read_exact(&mut vec![0; u32::from_le_bytes(length) as usize]).expect("a hello");
        let text = b"16 containers are connected";
        let frame = [&[3, 0, 0, 0][..], &(text.len() as u32).to_le_bytes(), &[0; 32], text].concat();
        stream.write_all(&(frame.len() as u32).to_le_bytes()).expect("it reads");
        stream.write_all(&frame).expect("it reads");
    });
    let refused = Container::connect(folder.socket()).wait().unwrap_err();
    refusing.join().expect("no panic");
    let expected = "the listener rejected the connection: 16 containers are connected";
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn a_hello_in_pieces_is_heard() {
    let world = World::new();
    let hello = [&19_u32.to_le_bytes()[..], &[0; 19]].concat();
    let stream = UnixStream::connect(world.listener.path()).expect("it listens");
    for byte in hello {
        (&stream).write_all(&[byte]).expect("it listens");
    }
    // The listener has read all of it, and closes the connection because it is not a hello.
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time");
    assert_eq!((&stream).read(&mut [0; 1]).expect("it is closed"), 0);
}

#[test]
fn a_removed_socket_is_made_again() {
    let world = World::new();
    let path = world.listener.path();
    let connects = || Container::connect(path).wait().is_ok();
    assert!(connects());
    for _ in 0..3 {
        std::fs::remove_file(path).expect("the file exists");
        assert!(soon(connects));
    }
    std::fs::rename(path, path.with_extension("moved")).expect("the file exists");
    assert!(soon(connects));
    // Now the socket is removed together with its folder. The folder is moved first: otherwise the listener might make
    // the socket again while the folder is being removed.
    let moved = world.folder.0.with_extension("moved");
    std::fs::rename(&world.folder.0, &moved).expect("the file exists");
    std::fs::remove_dir_all(moved).expect("the file exists");
    assert!(soon(connects));
    std::fs::remove_file(path).expect("the file exists");
    assert!(soon(connects));
}

#[test]
fn connecting_fails_without_a_listener() {
    let error = Container::connect("/nowhere/at/all").wait().unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error}");
    let folder = Folder::new();
    std::fs::create_dir(&folder.0).unwrap();
    let silent = std::os::unix::net::UnixListener::bind(folder.socket()).unwrap();
    let error = Container::connect(folder.socket()).within(Duration::from_millis(50)).wait().unwrap_err();
    assert!(matches!(error, ConnectError::Deadline), "{error}");
    drop(silent);
}

#[test]
fn a_path_is_listened_on_once_and_a_dead_socket_is_replaced() {
    let world = World::new();
    let path = world.listener.path();
    assert!(matches!(world.connections.listen(path), Err(ListenError::InUse(_))));
    let dead = world.folder.0.join("dead");
    drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
    drop(world.connections.listen(&dead).expect("replaced"));
    let file = world.folder.0.join("file");
    std::fs::write(&file, "no socket").unwrap();
    assert!(matches!(world.connections.listen(&file), Err(ListenError::NotASocket(_))));
    use std::os::unix::fs::PermissionsExt;
    let open = world.folder.0.join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(world.connections.listen(open.join("socket")), Err(ListenError::OpenFolder(_))));
}

#[test]
fn only_the_last_folder_of_a_path_is_made() {
    let world = World::new();
    let made = world.folder.0.join("made");
    drop(world.connections.listen(made.join("socket")).expect("the folder is made"));
    let mistyped = world.folder.0.join("mistyped");
    let refused = world.connections.listen(mistyped.join("a/b/socket")).unwrap_err();
    assert!(matches!(&refused, ListenError::MissingFolder(missing) if *missing == mistyped), "{refused}");
    assert!(made.exists() && !mistyped.exists());
}

#[test]
fn what_does_not_fit_passes_between_two_remote_containers() {
    let world = World::new();
    let far = Container::connect_as("far", world.folder.socket())
        .wait()
        .expect("the listener accepts the connection");
    let barn = far.provider("test/barn", "1.0").provides(BARN, House::default());
    let _barn = barn.install().wait().expect("installed");
    let remote = world.connect();
    let client = Client::open(&remote, BARN).wait().expect("opened");
    for size in [1 << 20, 3 << 20] {
        let large = Value::from(Bytes::from(vec![7; size]));
        assert_eq!(client.invoke(ECHO, large.clone()).wait(), Ok(large));
    }
}
