//! Tests of the store: power cuts at any time, full disks, and damaged files.

use std::collections::BTreeSet;
use std::fs;

use super::*;
use crate::disk::{Disk, Platter, Step};
use crate::image::{Kind, Manifest};
use crate::image_checker::load_stored;

/// The number of operations of the workload.
const OPERATIONS: usize = 200;

fn name(text: &str) -> ContainerName {
    text.parse().expect("the name is valid")
}

/// Creates an image that differs from the images of all other numbers.
fn image(number: u64) -> Image {
    let manifest = Manifest { kind: Kind::Component, entry: "c.so".to_owned() };
    let size = fastrand::Rng::with_seed(number).usize(1..6_000);
    let contents: Vec<u8> = number.to_le_bytes().into_iter().cycle().take(8 + size).collect();
    Image::new(manifest, &contents)
}

fn open(disk: &Disk) -> Result<Store, StoreError> {
    Store::on_disk(disk.clone(), PathBuf::from("never-written"))
}

/// Returns the digests of everything that the store keeps.
fn kept(store: &Store) -> BTreeSet<String> {
    let read = store.books.read(|transaction| {
        let contents = transaction.open_table(CONTENTS)?;
        contents.iter()?.map(|entry| Ok(entry?.0.value().to_owned())).collect()
    });
    read.expect("the store is whole")
}

/// Does a random operation on a random container.
fn operate(store: &Store, random: &mut fastrand::Rng) {
    let name = name(&format!("c{}", random.u8(..12)));
    match random.u8(..10) {
        0..6 => {
            // There are so few different assets that containers share some.
            let assets = (0..random.u8(..3))
                .map(|asset| (format!("asset{asset}"), vec![random.u8(..5); 40 * random.usize(..40)]))
                .collect();
            let settings = Settings { arguments: vec![random.u16(..).to_string()], ..Settings::default() };
            store.install(&name, &image(random.u64(..9)), None, &settings, &assets).expect("there is room");
        }
        6 | 7 => match store.uninstall(&name) {
            Ok(_) | Err(StoreError::Unknown(_)) => {}
            Err(error) => panic!("{error}"),
        },
        8 => match store.set_state(&name, if random.bool() { State::Enabled } else { State::Stopped }) {
            Ok(()) | Err(StoreError::Unknown(_)) => {}
            Err(error) => panic!("{error}"),
        },
        _ => {
            store.set_provided(&[(name, vec![Uuid::from_u128(random.u128(..))])]).expect("the disk is there")
        }
    }
}

/// Checks that everything that the records refer to is stored, and nothing else.
fn check_contents(store: &Store, records: &[Record]) {
    let mut needed = BTreeSet::new();
    for record in records {
        assert_eq!(store.image(record.image).expect("the contents are intact").digest(), record.image);
        for asset in record.settings.assets.values() {
            assert_eq!(Digest::of(&store.asset(*asset).expect("the contents are intact")), *asset);
        }
        needed.extend(record.contents().map(|digest| digest.to_string()));
    }
    assert_eq!(kept(store), needed);
}

#[test]
fn a_full_disk_refuses_and_is_used_again_when_it_has_room() {
    let disk = Disk::default();
    let store = open(&disk).expect("an empty disk becomes a store");
    let install = |number: u8| {
        let assets = BTreeMap::from([("asset".to_owned(), vec![number; 500_000])]);
        store.install(
            &name(&format!("c{number}")),
            &image(number.into()),
            None,
            &Settings::default(),
            &assets,
        )
    };
    install(1).expect("there is room");
    let before = store.list().expect("the store is intact");
    disk.limit_room(Some(disk.bytes().len()));
    let full = (2..20).find_map(|number| install(number).err()).expect("the disk becomes full");
    assert!(matches!(full, StoreError::Full), "{full}");

    let installed = store.list().expect("what is there can still be read");
    assert_eq!(installed[..1], before[..]);
    check_contents(&store, &installed);
    assert!(matches!(install(20), Err(StoreError::Full)), "it is still full");
    for record in &installed[1..] {
        store.uninstall(&record.name).expect("uninstalling needs no room");
    }

    disk.limit_room(None);
    install(20).expect("there is room again");
    let records = store.list().expect("the store is intact");
    assert_eq!(records.iter().map(|record| record.name.as_str()).collect::<Vec<_>>(), ["c1", "c20"]);
    check_contents(&store, &records);
}

/// Cuts the power after each write.
#[test]
fn a_power_cut_at_any_write() {
    let disk = Disk::default();
    let store = open(&disk).expect("an empty disk becomes a store");
    // The content of the store after each operation, and the number of steps that the disk had done then.
    let mut acknowledged = vec![(disk.steps(), store.list().expect("the store is intact"))];
    let random = &mut fastrand::Rng::with_seed(7);
    for _ in 0..OPERATIONS {
        operate(&store, random);
        acknowledged.push((disk.steps(), store.list().expect("the store is intact")));
    }
    check_contents(&store, &acknowledged.last().expect("there was something").1);

    let mut platter = Platter::default();
    let (mut done, mut cuts) = (0, 0);
    for (at, step) in disk.history().iter().enumerate() {
        platter.advance(step);
        // Cuts while the store is made are left out: `Store::open` renames the file to its place only afterwards.
        if matches!(step, Step::Sync) || at < acknowledged[0].0 {
            continue;
        }
        cuts += 1;
        while acknowledged.get(done + 1).is_some_and(|(steps, _)| *steps <= at + 1) {
            done += 1;
        }
        let random = &mut fastrand::Rng::with_seed(at as u64);
        let reopened = Disk::with(platter.cut(random));
        let store = open(&reopened).unwrap_or_else(|error| panic!("after step {at}: {error}"));
        let records = store.list().expect("the store is intact");
        let possible = &acknowledged[done..acknowledged.len().min(done + 2)];
        assert!(possible.iter().any(|(_, expected)| *expected == records), "after step {at}: {records:?}");
        check_contents(&store, &records);
        if at % 16 == 0 {
            operate(&store, random);
            check_contents(&store, &store.list().expect("the store is intact"));
        }
    }
    assert!(cuts > 5 * OPERATIONS, "only {cuts} writes");
}

#[test]
fn images_of_format_1_stay_readable() {
    let store = open(&Disk::default()).expect("an empty disk becomes a store");
    let files = [("a.toit".to_owned(), b"main: print 1\n".to_vec())].into();
    let sources = crate::SourceTree { files }.compressed();
    // The header of format 1: kind, entry, build, and the size of the bytecode.
    let header = (Kind::Toit, "a.toit", "an old build", 3_u64);
    let header = postcard::to_extend(&header, b"lucarne image \x01".to_vec()).expect("it can be encoded");
    let bytes = [header.as_slice(), b"old", &sources].concat();
    let old = Image::read(bytes.clone()).expect("the format is known");
    let record =
        store.install(&name("a"), &old, None, &Settings::default(), &BTreeMap::new()).expect("there is room");
    assert_eq!(record.image, Digest::of(&bytes));
    assert_eq!(store.image(record.image).expect("the contents are intact").bytes(), bytes);
    assert!(store.bytecode(record.image).expect("the contents are intact").is_none());

    load_stored(&store, record.image).expect("the program compiles");
    let bytecode = store.bytecode(record.image).expect("the contents are intact").expect("it was compiled");
    assert!(bytecode.program().is_some());
    store.uninstall(&name("a")).expect("the container is installed");
    store.set_bytecode(record.image, &bytecode).expect("there is room");
    assert!(
        store.bytecode(record.image).expect("the contents are intact").is_none(),
        "no container has the image"
    );
}

#[test]
fn bytecode_is_installed_with_its_image_and_goes_with_it() {
    let store = open(&Disk::default()).expect("an empty disk becomes a store");
    let bytecode = Bytecode::from_bytes(b"bytecode".to_vec());
    let (first, second) = (image(1), image(2));
    let install = |container: &str, image: &Image, bytecode: Option<&Bytecode>| {
        let installed =
            store.install(&name(container), image, bytecode, &Settings::default(), &BTreeMap::new());
        installed.expect("there is room");
    };
    let has = |image: &Image| store.bytecode(image.digest()).expect("the contents are intact").is_some();
    install("a", &first, Some(&bytecode));
    install("b", &first, None);
    install("a", &second, Some(&bytecode));
    assert!(has(&first) && has(&second));
    store.uninstall(&name("b")).expect("the container is installed");
    assert!(!has(&first) && has(&second));
}

#[test]
fn order_and_place() {
    let store = open(&Disk::default()).expect("an empty disk becomes a store");
    let install = |text: &str, number| {
        store
            .install(&name(text), &image(number), None, &Settings::default(), &BTreeMap::new())
            .expect("there is room")
    };
    install("b", 1);
    install("a", 2);
    install("c", 3);
    store.set_state(&name("b"), State::Stopped).expect("the container is installed");
    store
        .set_provided(&[(name("b"), vec![Uuid::from_u128(1)]), (name("none"), Vec::new())])
        .expect("the container is installed");
    let replaced = install("b", 4);
    assert_eq!((replaced.state, replaced.provides.len()), (State::Enabled, 1));
    let names = || {
        let records = store.list().expect("the store is intact");
        records.iter().map(|record| record.name.to_string()).collect::<String>()
    };
    assert_eq!(names(), "bac");
    store.uninstall(&name("b")).expect("the container is installed");
    install("b", 4);
    assert_eq!(names(), "acb");
    assert!(matches!(store.uninstall(&name("d")), Err(StoreError::Unknown(_))));
    assert!(matches!(store.image(image(1).digest()), Err(StoreError::Damaged(_))));
}

#[test]
fn what_changes_nothing_leaves_the_disk_alone() {
    let disk = Disk::default();
    let store = open(&disk).expect("an empty disk becomes a store");
    store
        .install(&name("a"), &image(1), None, &Settings::default(), &BTreeMap::new())
        .expect("there is room");
    let steps = disk.steps();
    store.set_state(&name("a"), State::Enabled).expect("the container is installed");
    store.set_provided(&[(name("a"), Vec::new())]).expect("the container is installed");
    assert_eq!(disk.steps(), steps);
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("temporary files can be made")
}

#[test]
fn a_second_opener_is_told() {
    let folder = folder();
    let store = Store::open(folder.path()).expect("an empty folder becomes a store");
    assert!(matches!(Store::open(folder.path()), Err(StoreError::Busy)));
    drop(store);
    Store::open(folder.path()).expect("the lock is free");
}

#[test]
fn a_store_that_was_never_finished_is_made_again() {
    let folder = folder();
    fs::write(folder.path().join("store.redb.new"), "half").expect("the file can be written");
    let store = Store::open(folder.path()).expect("an empty folder becomes a store");
    assert_eq!(store.list().expect("the store is intact"), []);
    assert!(!folder.path().join("store.redb.new").exists());
}

#[test]
fn a_newer_format_is_left_alone() {
    let disk = Disk::default();
    let store = open(&disk).expect("an empty disk becomes a store");
    let newer = store.books.write(|transaction| {
        transaction.open_table(NUMBERS)?.insert(FORMAT, FORMAT_KNOWN + 1)?;
        Ok(())
    });
    newer.expect("there is room");
    drop(store);
    let error = open(&Disk::with(disk.bytes())).err();
    assert!(matches!(error, Some(StoreError::NewerFormat { found }) if found == FORMAT_KNOWN + 1));
}

#[test]
fn damaged_files_are_left_alone() {
    let folder = folder();
    let file = folder.path().join("store.redb");
    let store = Store::open(folder.path()).expect("an empty folder becomes a store");
    for number in 0..5 {
        let (name, image) = (name(&format!("c{number}")), image(number));
        store.install(&name, &image, None, &Settings::default(), &BTreeMap::new()).expect("there is room");
    }
    drop(store);
    let whole = fs::read(&file).expect("the file exists");
    let mut random = fastrand::Rng::with_seed(5);
    let mut refused = 0;
    for round in 0..40 {
        let mut bytes = whole.clone();
        match round {
            0 => bytes = b"not a store".to_vec(),
            1 => bytes.truncate(bytes.len() / 2),
            _ => {
                let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
                let at = used[random.usize(..used.len())];
                let end = bytes.len().min(at + random.usize(1..5_000));
                bytes[at..end].iter_mut().for_each(|byte| *byte = random.u8(..));
            }
        }
        fs::write(&file, &bytes).expect("the file can be written");
        match Store::open(folder.path()) {
            Err(StoreError::DamagedFile { .. }) => {
                refused += 1;
                assert_eq!(fs::read(&file).expect("the file exists"), bytes, "round {round}");
            }
            Err(error) => panic!("round {round}: {error}"),
            // The damaged part is not in use.
            Ok(store) => check_contents(&store, &store.list().expect("the store is intact")),
        }
    }
    assert!(refused > 5, "only {refused} were refused");
}

#[test]
fn a_store_that_has_had_containers_is_not_made_again() {
    let folder = folder();
    let file = folder.path().join("store.redb");
    for part in ["flash.redb", "executables/x", "logs/a/0.log"] {
        let path = folder.path().join(part);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder can be written");
        fs::write(&path, "").expect("the file can be written");
        let opened = Store::open(folder.path()).err();
        let first = part.split('/').next();
        assert!(
            matches!(&opened, Some(StoreError::MissingFile { beside, .. }) if Some(beside.as_str()) == first),
            "{opened:?}"
        );
        assert!(!file.exists());
        fs::remove_file(path).expect("the file exists");
        // An empty folder of logs does not show that there was a device.
        let _ = fs::remove_dir(folder.path().join("logs/a"));
    }
    fs::write(&file, "").expect("the file can be written");
    let error = Store::open(folder.path()).err().expect("an empty file is not a store");
    let text = error.to_string();
    assert!(text.contains("store.redb with the installed containers is damaged: it is empty"), "{text}");
    assert_eq!(fs::read(&file).expect("the file exists"), b"");
    fs::write(folder.path().join("flash.redb"), "").expect("the file can be written");
    fs::rename(&file, folder.path().join("store.redb.old")).expect("the file exists");
    Store::open(folder.path()).expect("the user has put the file aside");
}

#[test]
fn executables_are_written_out() {
    let folder = folder();
    let store = Store::open(folder.path()).expect("an empty folder becomes a store");
    let image = image(1);
    store.install(&name("a"), &image, None, &Settings::default(), &BTreeMap::new()).expect("there is room");
    let path = store.executable(&image).expect("there is room");
    assert_eq!(fs::read(&path).expect("the file exists"), image.contents());
    fs::write(&path, "half").expect("the file can be written");
    assert_eq!(store.executable(&image).expect("there is room"), path);
    assert_eq!(fs::read(&path).expect("the file exists"), image.contents());
    let files = || fs::read_dir(folder.path().join("executables")).expect("the folder exists").count();
    fs::write(folder.path().join("executables/left.partial"), "half").expect("the file can be written");
    drop(store);
    let store = Store::open(folder.path()).expect("the store is intact");
    assert_eq!((files(), path.exists()), (1, true));
    let newer = self::image(2);
    store.install(&name("a"), &newer, None, &Settings::default(), &BTreeMap::new()).expect("there is room");
    assert!(!path.exists());
    store.executable(&newer).expect("there is room");
    store.uninstall(&name("a")).expect("the container is installed");
    assert_eq!(files(), 0);
}
