//! Tests of programs with packages: the files that imports refer to, and the diagnostics of imports without
//! a file.

mod common;

use lucarne_compiler::diagnostic::{Style, render};
use lucarne_compiler::source::MemoryLoader;

/// Renders the diagnostics of a program, whose entry is the first file.
fn diagnostics(files: &[(&str, &str)]) -> String {
    let analysis = common::analyze_files(files);
    render(&analysis.sources, &analysis.diagnostics, Style::default())
}

const LOCK: &str = "prefixes:\n  my_dep: dep\n  far: far-2\npackages:\n  dep:\n    path: ../deps/dep\n    name: dep-name\n    prefixes:\n      \
                    other: far-2\n  far-2:\n    url: example.com/far\n    version: 2.0.1\n";

const DEP: (&str, &str) =
    ("deps/dep/src/dep_name.toit", "import other\nimport .inner.deep\n\nfrom-dep: return other.far + deep\n");
const DEEP: (&str, &str) = ("deps/dep/src/inner/deep.toit", "deep: return 1\n");
const FAR: (&str, &str) = ("app/.packages/example.com/far/2.0.1/src/other.toit", "far: return 2\n");
const FAR_TOO: (&str, &str) = (
    "app/.packages/example.com/far/2.0.1/src/far.toit",
    "import .other\n\n/// Deprecated.\nold:\n\nfar-too:\n  old\n  return far\n",
);

#[test]
fn packages_are_found() {
    let main = "import my-dep\nimport my_dep.inner.deep as d\nimport far\nmain:\n  print my-dep.from-dep\n  print d.deep\n  print far.far-too\n";
    let files = [("app/sub/main.toit", main), ("app/package.lock", LOCK), DEP, DEEP, FAR, FAR_TOO];
    assert_eq!(diagnostics(&files), "", "warnings in packages from elsewhere are not shown");
}

/// The prefixes of the package count, not those of the program.
#[test]
fn a_file_of_a_local_package_may_be_the_program() {
    let lock = "prefixes:\n  mine: mine\npackages:\n  mine:\n    path: mine\n    prefixes:\n      inner: inner\n  inner:\n    path: inner\n";
    let files = [
        ("app/mine/src/main.toit", "import inner\nimport .sub.deep\nmain: print inner.f + deep\n"),
        ("app/mine/src/sub/deep.toit", "import ..main\ndeep: return 1\n"),
        ("app/inner/src/inner.toit", "f: return 1\n"),
        ("app/package.lock", lock),
    ];
    assert_eq!(diagnostics(&files), "");
    // A package has a `package.yaml` of its own, but no lock file.
    let spec = ("app/mine/package.yaml", "name: mine\ndependencies:\n  inner:\n    path: ../inner\n");
    assert_eq!(diagnostics(&[&files[..], &[spec]].concat()), "");
    let program = ("app/tools/main.toit", "import inner\nmain: print inner.f\n");
    let spec = ("app/tools/package.yaml", "name: tools\ndependencies:\n  inner:\n    path: ../inner\n");
    assert!(
        diagnostics(&[&[program], &files[..], &[spec]].concat()).contains("it is not installed"),
        "a program of its own does not use what another program has installed"
    );
    let other = ("app/mine/src/other.toit", "import mine\nmain:\n");
    assert!(diagnostics(&[other, ("app/package.lock", lock)]).contains("cannot find `mine`"));
}

/// Tools analyze all files of a program and its packages at once.
#[test]
fn files_of_packages_may_be_analyzed_with_the_program() {
    use lucarne_compiler::resolve::{self, Request};
    let main = "import far\nmain: far.far-too\n";
    let files = [("app/main.toit", main), ("app/package.lock", LOCK), DEP, DEEP, FAR, FAR_TOO];
    let mut loader = MemoryLoader::default();
    for (path, text) in files {
        loader.add(path, text);
    }
    let roots = ["app/main.toit", DEP.0, FAR_TOO.0, DEEP.0].map(str::to_owned);
    let request = Request { probe: None, is_first_only: false, is_canceled: &|| false, trees: None };
    let library = common::library().clone();
    let indexed = resolve::index(&loader, library, &common::natives, &roots, request);
    let (analysis, _) = indexed.expect("nothing cancels it");
    assert_eq!(render(&analysis.sources, &analysis.diagnostics, Style::default()), "");
}

#[test]
fn traces_name_packages_by_their_ids() {
    let files = [
        ("app/main.toit", "import my-dep\nmain: my-dep.from-dep\n"),
        ("app/package.lock", LOCK),
        DEP,
        DEEP,
        FAR,
    ];
    let analysis = common::analyze_files(&files);
    let paths: Vec<&str> = analysis.unit.modules.iter().map(|module| module.path.as_str()).collect();
    for path in
        ["app/main.toit", "<pkg:dep>/dep_name.toit", "<pkg:dep>/inner/deep.toit", "<pkg:far-2>/other.toit"]
    {
        assert!(paths.contains(&path), "{path}");
    }
}

#[test]
fn the_nearest_package_yaml_ends_the_search() {
    let main = ("app/tests/main.toit", "import my-dep\nmain: my-dep.from-dep\n");
    let spec = ("app/tests/package.yaml", "name: tests\n");
    insta::assert_snapshot!(diagnostics(&[main, spec, ("app/package.lock", LOCK), DEP, DEEP, FAR]));
}

#[test]
fn a_listed_package_that_is_not_installed_is_named() {
    let main = ("app/main.toit", "import host.file\nimport other\nmain:\n");
    let spec =
        ("app/package.yaml", "dependencies:\n  host:\n    url: example.com/host\n    version: ^1.0.0\n");
    for files in [&[main, spec][..], &[main, spec, ("app/package.lock", "prefixes: {}\n")]] {
        let found = diagnostics(files);
        assert!(
            found.contains("`package.yaml` lists the package `host`, but it is not installed"),
            "{found}"
        );
        assert_eq!(found.matches("it is not installed").count(), 1, "{found}");
    }
}

#[test]
fn packages_that_are_not_there() {
    let main = "import my-dep\nimport far.sub.x\nimport far as again show something\nmain:\n  my-dep.x\n  x.y\n  something\n";
    insta::assert_snapshot!(diagnostics(&[("app/main.toit", main), ("app/package.lock", LOCK)]));
}

/// A check warns about them, a run does not.
#[test]
fn packages_that_are_not_there_and_not_imported() {
    let mut loader = MemoryLoader::default();
    loader.add("app/main.toit", "main:\n");
    loader.add("app/package.lock", LOCK);
    let check = || {
        let library = Some(common::library().clone());
        lucarne_compiler::resolve::check(&loader, library, &common::natives, "app/main.toit")
    };
    insta::assert_snapshot!(check().shown(Style::default()));
    assert_eq!(diagnostics(&[("app/main.toit", "main:\n"), ("app/package.lock", LOCK)]), "");
}

#[test]
fn files_that_packages_do_not_have() {
    let main = "import my-dep.gone\nimport my-dep.inner.gone\nimport my-dep.none.gone\nimport far\nmain:\n";
    let empty = ("app/.packages/example.com/far/2.0.1/other.toit", "");
    insta::assert_snapshot!(diagnostics(&[("app/main.toit", main), ("app/package.lock", LOCK), DEEP, empty]));
}

#[test]
fn borders_of_packages() {
    let main = "import my-dep\nimport ..deps.dep.src.inner.deep\nmain:\n  my-dep.x\n";
    let dep = (
        "deps/dep/src/dep-name.toit",
        "import ..src.inner.deep\nimport ....app.main as m\nimport my-dep as self\nx:\n",
    );
    insta::assert_snapshot!(diagnostics(&[("app/main.toit", main), ("app/package.lock", LOCK), dep, DEEP]));
}

#[test]
fn an_example_inside_its_package_may_import_its_neighbors() {
    let lock = "prefixes:\n  p: p\npackages:\n  p:\n    path: ..\n    name: p\n";
    let files = [
        ("p/examples/main.toit", "import p\nimport .near\nmain:\n  p.here\n  near\n"),
        ("p/examples/near.toit", "near:\n"),
        ("p/examples/package.lock", lock),
        ("p/src/p.toit", "here:\n"),
    ];
    assert_eq!(diagnostics(&files), "");
}

#[test]
fn broken_lock_files() {
    let main = ("app/main.toit", "import a\nimport b\nmain:\n  a.x\n  b.y\n");
    let lock = "sdk: 1.0\nprefixes:\n  a: gone\n  b: b\npackages:\n  b:\n    path: b\n    version: 1.0\n";
    insta::assert_snapshot!(diagnostics(&[main, ("app/package.lock", lock), ("app/b/src/b.toit", "y:\n")]));
    insta::assert_snapshot!(diagnostics(&[
        ("app/main.toit", "main:\n"),
        ("app/package.lock", "prefixes: [\n")
    ]));
}

#[test]
fn libraries_that_a_host_does_not_have() {
    insta::assert_snapshot!(diagnostics(&[(
        "main.toit",
        "import gpio\nimport gpio.pwm\nimport uart\nimport i2c\nimport esp32.espnow\nimport net.x509\nimport tls\nimport encodin.json\nmain:\n"
    )]));
}

/// A lock file that is not text is one mistake, and line ends of other systems are none.
#[test]
fn lock_files_with_other_bytes() {
    let shown = |lock: &[u8]| {
        let mut loader = MemoryLoader::default();
        loader.add("app/main.toit", "import mine\nmain: mine.f\n");
        loader.add("app/mine/src/mine.toit", "f: return 1\n");
        loader.add("app/package.lock", lock);
        let library = Some(common::library().clone());
        let entry = "app/main.toit";
        let analysis = lucarne_compiler::resolve::analyze(&loader, library, &common::natives, entry);
        render(&analysis.sources, &analysis.diagnostics, Style::default())
    };
    let lock = "prefixes:\n  mine: mine\npackages:\n  mine:\n    path: mine\n";
    for text in [lock.replace('\n', "\r\n"), lock.replace('\n', "\r"), format!("\u{feff}{}", lock.trim_end())]
    {
        assert_eq!(shown(text.as_bytes()), "", "{text:?}");
    }
    let not_utf8 = shown(&[lock.as_bytes(), b"# \xff\n"].concat());
    let not_text = shown(&[lock.as_bytes(), b"# \0\n"].concat());
    insta::assert_snapshot!(format!("{not_utf8}{not_text}"));
}
