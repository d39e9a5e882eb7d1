//! Published packages for tests: repositories and a registry in a folder, which `git` takes for those on the network.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Answer, Folder, answer};

/// A folder with a program in `app`, repositories in `repositories`, and a registry that lists them.
pub(crate) struct World {
    pub(crate) folder: Folder,
}

impl World {
    /// Makes an empty program, and a registry `test` without packages.
    pub(crate) fn new(name: &str) -> World {
        let world = World { folder: Folder::new(name) };
        world
            .folder
            .file("app/main.toit", "main:\n")
            .file("repositories/registry/README.md", "A registry.\n");
        world.repository("registry", &["init", "--quiet", "--initial-branch=main"]);
        world.commit("registry", "Begin");
        world.folder.file("registries.yaml", "test:\n  url: example.com/registry\n  type: git\n");
        world
    }

    /// Publishes a version of a package at `example.com/NAME`, which needs other packages: pairs of a name and a
    /// constraint. Its code is a function that returns the version. Returns its commit.
    pub(crate) fn publish(&self, name: &str, version: &str, needs: &[(&str, &str)]) -> String {
        let needed = |indentation: &str, first: &str| -> String {
            let needs = needs.iter().map(|(needed, constraint)| {
                let first = first.replace("NAME", needed);
                format!("{first}url: example.com/{needed}\n{indentation}version: \"{constraint}\"\n")
            });
            needs.collect()
        };
        let dependencies =
            |list: String| if list.is_empty() { list } else { format!("dependencies:\n{list}") };
        let spec = format!("name: {name}\n{}", dependencies(needed("    ", "  NAME:\n    ")));
        let hash = self.publish_files(
            name,
            version,
            &[
                ("package.yaml", &spec),
                (&format!("src/{name}.toit"), &format!("version: return \"{version}\"\n")),
            ],
        );
        let list = dependencies(needed("    ", "  - "));
        self.describe(
            name,
            version,
            &format!("name: {name}\ndescription: About {name}.\nhash: {hash}\n{list}"),
        );
        hash
    }

    /// Commits files as a version of a package. Returns the commit.
    pub(crate) fn publish_files(&self, name: &str, version: &str, files: &[(&str, &str)]) -> String {
        for (path, text) in files {
            self.folder.file(&format!("repositories/{name}/{path}"), text);
        }
        if !self.path(name).join(".git").exists() {
            self.repository(name, &["init", "--quiet", "--initial-branch=main"]);
        }
        self.commit(name, version);
        self.repository(name, &["tag", &format!("v{version}")]);
        self.repository(name, &["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Lists a version of a package in the registry. Its URL and version are added to the description.
    pub(crate) fn describe(&self, name: &str, version: &str, description: &str) {
        let place = format!("repositories/registry/packages/example.com/{name}/{version}/desc.yaml");
        self.folder.file(&place, format!("url: example.com/{name}\nversion: {version}\n{description}"));
        self.commit("registry", &format!("Add {name} {version}"));
    }

    /// Commits all files of a repository.
    pub(crate) fn commit(&self, name: &str, message: &str) {
        self.repository(name, &["add", "--all"]);
        self.repository(name, &["commit", "--quiet", "--allow-empty", "--message", message]);
    }

    /// Runs `git` in a repository, and returns its output.
    pub(crate) fn repository(&self, name: &str, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.path(name)).args([
            "-c",
            "user.name=Test",
            "-c",
            "user.email=test@example.com",
        ]);
        let output = self.with_git(&mut command).args(arguments).output().expect("git is installed");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("output is UTF-8")
    }

    /// Runs a command of `lucarne pkg` for the program.
    pub(crate) fn pkg(&self, arguments: &[&str]) -> Answer {
        answer(&mut self.pkg_command(arguments))
    }

    /// Returns a command of `lucarne pkg` for the program.
    pub(crate) fn pkg_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.folder.command(&[&["pkg", "--project-root", "app"], arguments].concat());
        self.with_git(&mut command);
        command
    }

    /// Runs a command that must succeed.
    #[track_caller]
    pub(crate) fn done(&self, arguments: &[&str]) -> Answer {
        let answer = self.pkg(arguments);
        assert_eq!(answer.status, Some(0), "{arguments:?}: {answer:?}");
        answer
    }

    /// Returns a file of the program.
    pub(crate) fn read(&self, name: &str) -> String {
        self.folder.read(&format!("app/{name}"))
    }

    /// Makes the network unreachable: repositories cannot be found any more.
    pub(crate) fn unplug(&self) {
        std::fs::rename(self.folder.path("repositories"), self.folder.path("elsewhere"))
            .expect("it can be renamed");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path("repositories").join(name)
    }

    /// Makes `git` look for repositories on the network in the folder, and ignore the settings of the user.
    fn with_git<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        with_repositories(
            command,
            &self.folder.path("repositories").join(""),
            &["https://example.com/", "https://"],
        )
    }
}

/// Makes `git` take addresses that begin with one of these for paths in a folder.
pub(crate) fn with_repositories<'c>(
    command: &'c mut Command,
    folder: &Path,
    addresses: &[&str],
) -> &'c mut Command {
    let base = format!("url.file://{}/.insteadOf", folder.display().to_string().trim_end_matches('/'));
    for (number, address) in addresses.iter().enumerate() {
        command
            .env(format!("GIT_CONFIG_KEY_{number}"), &base)
            .env(format!("GIT_CONFIG_VALUE_{number}"), address);
    }
    command.env("GIT_CONFIG_COUNT", addresses.len().to_string()).stdin(Stdio::null());
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1")
}
