//! Checks the files that `cargo xtask install` puts into an empty folder, and hosts in C that use
//! them.

mod common;

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use common::{compile, component, empty, flags, host, run, run_host, xtask};

/// The folder where the release is installed, once for all tests.
static PREFIX: LazyLock<PathBuf> = LazyLock::new(|| {
    let prefix = empty("installed");
    xtask(&["install", "--prefix", &prefix.to_string_lossy()]);
    prefix
});

#[test]
fn the_installed_files() {
    let listed =
        run(Command::new("find").args([".", "-type", "f", "-o", "-type", "l"]).current_dir(&*PREFIX));
    // The pages of the manual and the guides are not listed one by one.
    let is_page = |path: &&str| path.contains("/man1/lucarne-") || path.contains("/doc/lucarne/docs/");
    let mut listed: Vec<&str> = listed.lines().filter(|path| !is_page(path)).collect();
    listed.sort_unstable();
    let expected = [
        "./bin/lucarne",
        "./include/lucarne/lucarne.h",
        "./include/toit/service.h",
        "./include/toit/toit.h",
        "./lib/cmake/lucarne/lucarne.cmake",
        "./lib/cmake/lucarne/lucarneConfig.cmake",
        "./lib/cmake/lucarne/lucarneConfigVersion.cmake",
        "./lib/liblucarne.a",
        "./lib/liblucarne.so",
        "./lib/liblucarne.so.0",
        "./lib/liblucarne.so.0.1.0",
        "./lib/pkgconfig/lucarne.pc",
        "./lib/systemd/user/lucarne.service",
        "./share/bash-completion/completions/lucarne",
        "./share/doc/lucarne/LICENSE-APACHE",
        "./share/doc/lucarne/LICENSE-MIT",
        "./share/doc/lucarne/LICENSES-OF-OTHERS",
        "./share/doc/lucarne/README.md",
        "./share/fish/vendor_completions.d/lucarne.fish",
        "./share/man/man1/lucarne.1",
        "./share/zsh/site-functions/_lucarne",
    ];
    assert_eq!(listed, expected);
    let dynamic = run(Command::new("readelf").arg("-d").arg(PREFIX.join("lib/liblucarne.so")));
    assert!(dynamic.contains("soname: [liblucarne.so.0]"), "{dynamic}");
    let help = run(Command::new(PREFIX.join("bin/lucarne")).args(["fabric", "--help"]));
    assert!(help.contains("invite"), "what is installed can join a fabric: {help}");
    let licenses = std::fs::read_to_string(PREFIX.join("share/doc/lucarne/LICENSES-OF-OTHERS"));
    assert!(licenses.expect("it is installed").contains("\nzenoh 1."), "with all that it needs");
}

#[test]
fn another_root() {
    let root = empty("root");
    xtask(&["install", "--prefix", "/usr/local", "--destdir", &root.to_string_lossy()]);
    let version = run(Command::new(root.join("usr/local/bin/lucarne")).arg("--version"));
    assert_eq!(version, format!("lucarne {}\n", env!("CARGO_PKG_VERSION")));
    let unit = std::fs::read_to_string(root.join("usr/local/lib/systemd/user/lucarne.service"));
    let unit = unit.expect("the unit exists");
    assert!(unit.contains("\nExecStart=/usr/local/bin/lucarne device start --foreground"), "{unit}");
}

/// Only the functions that the headers declare are exported.
#[test]
fn only_declared_functions_are_exported() {
    let library = PREFIX.join("lib/liblucarne.so");
    let symbols = run(Command::new("nm").args(["--dynamic", "--defined-only"]).arg(library));
    let mut exported: Vec<&str> = symbols.lines().filter_map(|line| line.split(' ').next_back()).collect();
    exported.sort_unstable();
    let mut declared = Vec::new();
    let include = PREFIX.join("include");
    for header in ["lucarne/lucarne.h", "toit/service.h"] {
        let header = include.join(header);
        let tags = run(Command::new("cc").args(["-E", "-P", "-x", "c", "-I"]).arg(&include).arg(header));
        // Without the functions that the header defines itself.
        let mut parts = tags.split("static inline");
        let first = parts.next().unwrap_or_default().to_owned();
        let rest = parts.map(|part| part.split_once("\n}").map_or("", |(_, rest)| rest));
        let tags = first + &rest.collect::<String>();
        let words = tags.split(|letter: char| !letter.is_ascii_alphanumeric() && !"_(".contains(letter));
        let names = words.filter_map(|word| word.split_once('(')).map(|(name, _)| name.to_owned());
        declared.extend(names.filter(|name| name.starts_with("lucarne_") || name.starts_with("toit_")));
    }
    // Both headers include that of components.
    declared.sort_unstable();
    declared.dedup();
    assert_eq!(exported, declared);
}

#[test]
fn a_host_by_pkg_config() {
    let folder = empty("shared");
    let binary = folder.join("host");
    compile(&host("host.c"), &binary, &flags(&PREFIX, &[]));
    let needed = run(Command::new("readelf").arg("-d").arg(&binary));
    assert!(needed.contains("[liblucarne.so.0]"), "{needed}");
    run_host(&PREFIX, &binary, &component(&PREFIX, &folder));
}

#[test]
fn a_host_with_everything_in_it() {
    let folder = empty("static");
    let binary = folder.join("host");
    let mut flags = flags(&PREFIX, &["--static"]);
    // A linker would prefer the shared library beside it.
    flags
        .iter_mut()
        .filter(|flag| *flag == "-llucarne")
        .for_each(|flag| *flag = "-l:liblucarne.a".to_owned());
    compile(&host("host.c"), &binary, &flags);
    let needed = run(Command::new("readelf").arg("-d").arg(&binary));
    assert!(!needed.contains("liblucarne"), "{needed}");
    run_host(&PREFIX, &binary, &component(&PREFIX, &folder));
}

#[test]
fn hosts_by_cmake() {
    let folder = empty("cmake");
    let project = "cmake_minimum_required(VERSION 3.16)
project(hosts C)
find_package(lucarne 0.1 REQUIRED)
foreach(kind lucarne static)
  add_executable(host-${kind} ${SOURCES}/host.c)
  target_link_libraries(host-${kind} PRIVATE lucarne::${kind})
endforeach()
lucarne_component(echo component)
";
    std::fs::create_dir(folder.join("component")).expect("there is room");
    std::fs::copy(host("echo.c"), folder.join("component/echo.c")).expect("the file exists");
    let component = "idf_component_register(REQUIRES toit SRCS echo.c WHOLE_ARCHIVE)\n";
    std::fs::write(folder.join("component/CMakeLists.txt"), component).expect("there is room");
    std::fs::write(folder.join("CMakeLists.txt"), project).expect("there is room");
    let build = folder.join("build");
    run(Command::new("cmake")
        .args(["-Werror=dev", "-S"])
        .arg(&folder)
        .arg("-B")
        .arg(&build)
        .arg(format!("-DCMAKE_PREFIX_PATH={}", PREFIX.display()))
        .arg(format!("-DSOURCES={}", host("").display())));
    run(Command::new("cmake").arg("--build").arg(&build));
    for kind in ["lucarne", "static"] {
        run_host(&PREFIX, &build.join(format!("host-{kind}")), &build.join("echo/echo.so"));
    }
}

#[test]
fn incompatible_versions_are_refused() {
    let folder = empty("versions");
    for (version, fits) in [("0.1", true), ("0.1.0", true), ("0.0.9", false), ("0.2", false), ("1.0", false)]
    {
        let project = format!(
            "cmake_minimum_required(VERSION 3.16)\nproject(versions C)\nfind_package(lucarne {version} REQUIRED)\n"
        );
        std::fs::write(folder.join("CMakeLists.txt"), project).expect("there is room");
        let mut command = Command::new("cmake");
        command.arg("-S").arg(&folder).arg("-B").arg(folder.join(version));
        let output = command.arg(format!("-DCMAKE_PREFIX_PATH={}", PREFIX.display())).output();
        assert_eq!(output.expect("the command starts").status.success(), fits, "{version}");
    }
}

/// Returns the block of the guide that begins with this line.
fn block<'a>(guide: &'a str, first: &str) -> &'a str {
    let start = guide.find(&format!("\n{first}")).expect("the guide has it") + 1;
    let length = guide[start..].find("\n```").expect("blocks end");
    &guide[start..start + length]
}

#[test]
fn the_guide() {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/c.md"))
        .expect("the file exists");
    let folder = empty("guide");
    for name in ["host.c", "app.toit"] {
        std::fs::write(folder.join(name), block(&guide, &format!("// {name}"))).expect("there is room");
    }
    let with_library = block(&guide, "$ cc -o host host.c $(pkg-config --static");
    let session = block(&guide, "$ export PKG_CONFIG_PATH").replace("DIR", &PREFIX.to_string_lossy());
    let (commands, printed) = session.split_at(session.find("\n[").expect("the session prints a list") + 1);
    let commands = commands.replace("$ ", "");
    let script = format!("{commands}\n{}\n./host app.toit one two\n", with_library.replace("$ ", ""));
    let output = run(Command::new("sh").args(["-ec", &script]).current_dir(&folder));
    assert_eq!(output, format!("{printed}\n{printed}\n"));
}

/// Checks all errors under the address, leak and undefined-behavior sanitizers.
#[test]
fn refused_calls() {
    let folder = empty("errors");
    component(&PREFIX, &folder);
    for program in ["codes.toit", "wrong.toit"] {
        std::fs::copy(host(program), folder.join(program)).expect("the file exists");
    }
    let binary = folder.join("errors");
    let mut flags = flags(&PREFIX, &[]);
    flags.push("-fsanitize=address,undefined".to_owned());
    compile(&host("errors.c"), &binary, &flags);
    let mut command = Command::new(binary);
    command.arg(&folder).env("LD_LIBRARY_PATH", PREFIX.join("lib"));
    assert_eq!(run(command.env("ASAN_OPTIONS", "detect_leaks=1")), "");
}

/// Containers of a host provide and use services, under the same sanitizers.
#[test]
fn containers_of_a_host() {
    let folder = empty("containers");
    let binary = folder.join("containers");
    let mut flags = flags(&PREFIX, &[]);
    flags.push("-fsanitize=address,undefined".to_owned());
    compile(&host("containers.c"), &binary, &flags);
    let mut command = Command::new(binary);
    command.env("LD_LIBRARY_PATH", PREFIX.join("lib")).env("ASAN_OPTIONS", "detect_leaks=1");
    assert_eq!(run(&mut command), "");
}

#[test]
fn the_headers_in_each_language() {
    let folder = empty("headers");
    let flags = flags(&PREFIX, &[]);
    for (compiler, language, standard) in
        [("cc", "c", "c99"), ("cc", "c", "c11"), ("c++", "c++", "c++11"), ("c++", "c++", "c++20")]
    {
        let mut command = Command::new(compiler);
        command.args(["-Wall", "-Wextra", "-Werror", "-Wpedantic", "-c", "-x", language]);
        command.arg(format!("-std={standard}")).arg(host("usual.c")).args(&flags);
        run(command.arg("-o").arg(folder.join(standard)));
    }
}
