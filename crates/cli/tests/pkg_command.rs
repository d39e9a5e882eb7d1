//! Tests of `lucarne pkg` with packages in folders.

mod common;

use common::Folder;

/// Makes a program beside a package.
fn program(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder
        .file("registries.yaml", "{}\n")
        .file("app/main.toit", "import morse\nmain: print morse.hello\n")
        .file("app/package.yaml", "# my program\nname: app\n")
        .file("toit-morse/src/morse.toit", "hello: return \"-.-\"\n")
        .file("toit-morse/package.yaml", "name: morse\n");
    folder
}

#[test]
fn a_package_is_installed_and_used() {
    let folder = program("pkg-install");
    let answer = folder.lucarne(&["run", "app/main.toit"]);
    assert_eq!(answer.status, Some(1));
    assert!(answer.error.contains("lucarne pkg install --local PATH"), "no suggestion: {answer:?}");
    let install = ["pkg", "install", "--project-root", "app", "--local", "toit-morse"];
    let answer = folder.lucarne(&install);
    assert_eq!((answer.status, answer.error.as_str()), (Some(0), "installed toit-morse: import morse\n"));
    assert_eq!(
        folder.read("app/package.yaml"),
        "# my program\nname: app\ndependencies:\n  morse:\n    path: ../toit-morse\n"
    );
    assert_eq!(folder.lucarne(&["run", "app/main.toit"]).out, "-.-\n");
    let answer = folder.lucarne(&["pkg", "list", "--project-root", "app"]);
    assert_eq!(
        answer.out,
        "PREFIX   PACKAGE      VERSION   PLACE\nmorse    toit-morse   -         ../toit-morse\n"
    );
    let answer = folder.lucarne(&["pkg", "list", "--json", "--project-root", "app"]);
    let list: serde_json::Value = serde_json::from_str(&answer.out).expect("the output is JSON");
    assert_eq!((&list[0]["prefix"], &list[0]["present"]), (&"morse".into(), &true.into()));
}

#[test]
fn prefixes_and_the_program_around_the_current_folder() {
    let folder = program("pkg-prefix");
    folder.file("app/sub/other.toit", "import m\nmain: print m.hello\n");
    let mut command = folder.command(&["pkg", "install", "--local", "../../toit-morse", "--name", "m", "-q"]);
    let output = command.current_dir(folder.path("app/sub")).output().expect("the binary starts");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(folder.lucarne(&["run", "app/sub/other.toit"]).out, "-.-\n");
}

#[test]
fn failed_installations_are_explained() {
    let folder = program("pkg-wrong");
    let wrong = |arguments: &[&str], status, said: &str| {
        let answer = folder.lucarne(&[&["pkg", "install", "--project-root", "app"], arguments].concat());
        assert_eq!(answer.status, Some(status), "{answer:?}");
        assert!(answer.error.contains(said), "{answer:?}");
    };
    wrong(&["morse"], 1, "no registry lists a package `morse`: they list no packages");
    wrong(&["toit-morse"], 1, "it is a folder, which 'lucarne pkg install --local toit-morse' installs");
    wrong(&["morse@"], 2, "a version is missing after the '@'");
    wrong(&["morse@new"], 2, "'new' is not a version constraint");
    wrong(&["--local", "toit-morse", "toit-morse"], 2, "--local installs one folder");
    wrong(&["--prefix", "x", "a", "b"], 2, "--prefix is for one package");
    wrong(&["--recompute", "a"], 2, "--recompute");
    wrong(&["--local", "nowhere"], 2, "nowhere is not a package: the folder does not exist");
    wrong(&["--local", "app"], 2, "app is not a package: it has no folder `src`");
    wrong(&["--local", "toit-morse", "--prefix", "1x"], 2, "cannot be the prefix");
    wrong(&["--local"], 2, "PACKAGE");
    folder.file("app/package.yaml", "dependencies:\n  x:\n    url: example.com/x\n    version: ^1.0.0\n");
    wrong(&[], 1, "this program needs example.com/x ^1.0.0, which no registry lists");
    folder.file("app/package.yaml", "dependencies: [\n");
    wrong(&[], 1, "app/package.yaml:");
    let answer = folder.lucarne(&["pkg", "list", "--project-root", "none"]);
    assert_eq!((answer.status, answer.error.as_str()), (Some(2), "lucarne: none is not a folder\n"));
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_refused() {
    let folder = program("pkg-pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    for file in ["package.yaml", "package.lock", ".package.journal"] {
        let path = folder.path(&format!("app/{file}"));
        let _ = std::fs::remove_file(&path);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).expect("it is new");
        for command in
            [&["install"][..], &["install", "--local", "toit-morse"], &["uninstall", "x"], &["update"]]
        {
            let answer = folder.lucarne(&[&["pkg"], command, &["--project-root", "app"]].concat());
            let said = answer.error.contains(&format!("app/{file}: it is not a file"));
            assert!(answer.status == Some(1) && said, "{file}, {command:?}: {answer:?}");
        }
        std::fs::remove_file(&path).expect("it stays");
        folder.file("app/package.yaml", "name: app\n");
    }
}
