//! Tests of `lucarne doc`: whole sites, read as a browser reads them, and in a browser, if one is installed.

#[path = "doc/browser.rs"]
mod browser;
mod common;
#[path = "doc/pages.rs"]
mod pages;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use browser::Browser;
use common::Folder;
use serde_json::{Value, json};

/// The time limit of each wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// A package that uses another one, with everything that a page can show.
const WEATHER: &str = r#"/**
Weather of today and tomorrow.

Uses $units.Degrees, and `code` *here*.
*/

import units
import .station_

export Station

/** The highest temperature, in $units.Degrees. */
MAX ::= 60
hidden_ := 1

/** Something that can be measured. */
interface Measurable:
  /**
  Measures it.
  Returns a $string.
  # Errors
  There are none.
  ## Deeper
  None at all.
  */
  measure -> string

/**
A sensor.

1. one
2. two
   - inner

# Advanced
It uses $Measurable and $(constructor --name).
*/
class Sensor extends Object implements Measurable:
  name/string
  value_ := 0
  static COUNT ::= 3
  constructor --.name:
  constructor.named .name:
  measure -> string: return name
  /** Adds $other; see $add. */
  operator + other/Sensor? -> Sensor: return this
  operator [] index/int -> int: return index
  add x/int -> none:
  /**
  Adds both.
  # Aliases
  - plus-both
  - and both
  */
  add x/int --twice/bool -> none:
  add x/int [block] -> none:
  /** Deprecated. Use $add. */
  append x: add x
  secret_ x: return x
  setting= value/int:

monitor Gate:
  open [block] -> any: return block.call
mixin Loud:
  shout -> string: return "loud"
abstract class Base extends Sensor with Loud:
  constructor: super --name="x"
  /** See $super. */
  measure -> string: return ""

/** The main function: $main. */
main:
"#;

const STATION: &str = "/** A station in a private file; it knows $MAX-STATIONS. */\nclass Station:\n  MAX-STATIONS/int := 1\nclass Unseen:\n";

const UNITS: &str =
    "/** Units. */\n/** Degrees of $Kind. */\nclass Degrees:\n  kind/Kind? := null\nclass Kind:\n";

const LOCK: &str =
    "sdk: ^2.0.0\nprefixes:\n  units: units\npackages:\n  units:\n    path: ../units\n    name: units\n";

/// Makes the package in the folder `app`, and the one that it uses beside it.
fn project(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.file("app/package.yaml", "name: weather\ndescription: Weather & more.\n");
    folder.file("app/package.lock", LOCK);
    folder.file("app/src/weather.toit", WEATHER);
    folder.file("app/src/station_.toit", STATION);
    folder.file("app/tests/weather-test.toit", "this is not Toit");
    folder.file("units/package.yaml", "name: units\n");
    folder.file("units/src/units.toit", UNITS);
    folder
}

/// Returns all files of a folder.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.expect("it can be read"));
    let files = entries.filter(|entry| entry.file_type().is_file());
    let read = |path: &Path| std::fs::read(path).expect("it can be read");
    files
        .map(|file| {
            (file.path().strip_prefix(folder).expect("inside").display().to_string(), read(file.path()))
        })
        .collect()
}

#[test]
fn a_site_has_no_dead_link() {
    let folder = project("doc_links");
    let answer = folder.lucarne(&["doc", "build", "app", "-o", "site"]);
    assert_eq!((answer.status, &*answer.out), (Some(0), ""), "{}", answer.error);
    assert!(
        answer.error.starts_with("wrote ") && answer.error.ends_with(": open site/index.html\n"),
        "{}",
        answer.error
    );
    let pages = pages::read_all(&folder.path("site"));
    assert!(pages.len() > 400, "{}", pages.len());
    assert!(pages::follow_links(&folder.path("site"), &pages) > 50_000);
    for (path, page) in &pages {
        // The title is first, and no level is left out.
        assert_eq!(page.headings.first(), Some(&1), "{path}");
        for pair in page.headings.windows(2) {
            assert!(pair[1] <= pair[0] + 1, "{path}: {:?}", page.headings);
        }
    }

    let sensor = folder.read("site/weather/weather/class-Sensor.html");
    let line = WEATHER.lines().position(|line| line.starts_with("class Sensor")).expect("it is there") + 1;
    let source = format!("href=\"../../source/weather/weather.html#L{line}\"");
    // Types, references and overridden members lead to their pages, in all packages.
    for part in [
        "implements</span> <a class=\"type\" href=\"../../weather/weather/interface-Measurable.html\">Measurable</a>",
        "<a class=\"type\" href=\"../../library/core/string/class-string.html\">string</a>",
        "<p>Adds <var>other</var>; see <a href=\"#add/1\"><code>add</code></a>.</p>",
        "As <a href=\"../../weather/weather/interface-Measurable.html#measure\">Measurable.measure</a>, which it overrides.",
        "<summary>Advanced</summary><p>It uses <a href=\"../../weather/weather/interface-Measurable.html\">",
        "<a href=\"#constructor/1--name\"><code>constructor</code></a>",
        "<p class=\"deprecated\">Deprecated. Use <a href=\"#add/1\">",
        source.as_str(),
    ] {
        assert!(sensor.contains(part), "{part}");
    }
    let ids = &pages["weather/weather/class-Sensor.html"].ids;
    for id in [
        "name",
        "COUNT",
        "add/1",
        "add/2--twice",
        "add/2",
        "operator+/1",
        "operator[]/1",
        "setting=",
        "constructor.named/1",
    ] {
        assert!(ids.contains(id), "{id}: {ids:?}");
    }
    let base = folder.read("site/weather/weather/class-Base.html");
    assert!(base.contains("Measures it."), "see base");
    assert!(base.contains("From <a href=\"../../weather/weather/mixin-Loud.html\" class=\"type\">Loud</a></dt><dd><code><a href=\"../../weather/weather/mixin-Loud.html#shout\">shout</a>"), "see base");
    let library = folder.read("site/weather/weather/index.html");
    assert!(
        library.contains("<a href=\"../../units/units/class-Degrees.html\"><code>units.Degrees</code></a>"),
        "{library}"
    );
    assert!(library.contains("<em>here</em>"), "see library");
    assert!(folder.read("site/index.html").contains("Weather &amp; more."));
    let search = folder.read("site/assets/search-index.js");
    assert!(search.contains("[\"add\",") && search.contains("plus-both\\nand both"), "see search");
}

#[test]
fn private_names_are_left_out() {
    let folder = project("doc_private");
    let small = ["--exclude-library", "-q"];
    let build = |more: &[&str]| {
        let answer = folder.lucarne(&[&["doc", "build", "app", "-o", "site"], &small[..], more].concat());
        assert_eq!(answer.status, Some(0), "{}", answer.error);
        content(&folder.path("site"))
    };
    let site = build(&[]);
    let pages = site.iter().filter(|(path, _)| !path.starts_with("source/"));
    for (path, text) in pages.clone() {
        let text = String::from_utf8_lossy(text);
        for name in ["hidden_", "value_", "secret_", "Unseen", "station_.html\""] {
            assert!(!text.contains(name) || path.starts_with('.'), "{path} has {name}");
        }
    }
    // What a public library exports is public, wherever it is declared.
    assert!(site.contains_key("weather/weather/class-Station.html"), "{:?}", site.keys());
    assert!(!site.keys().any(|path| path.starts_with("library")));
    let all = build(&["--private"]);
    for path in ["weather/station_/class-Unseen.html", "weather/station_/class-Station.html"] {
        assert!(all.contains_key(path), "{:?}", all.keys());
    }
    assert!(String::from_utf8_lossy(&all["weather/weather/class-Sensor.html"]).contains("id=\"secret_/1\""));
    let alone = build(&["--exclude-packages"]);
    assert!(!alone.keys().any(|path| path.starts_with("units")));
    pages::follow_links(&folder.path("site"), &pages::read_all(&folder.path("site")));
}

#[test]
fn comments_cannot_become_markup() {
    let folder = Folder::new("doc_hostile");
    folder.file(
        "evil.toit",
        r#"/**
<script>alert(1)</script> <img src=x onerror=alert(1)> & &lt; "quoted" 'single'
`<b>code</b>` *<i>emphasis</i>* $(foo "x)

https://a.b/'onmouseover=x <https://c.d/'>
[text](javascript:alert(1)) [text](https://e.f/"x) javascript:alert(1)
# <u>title</u>
- </li></ul><script>
```
</code></pre><script>alert(1)</script>
```
*/

/** </script><!-- ]]> */
foo x="</code><script>alert(1)</script>" -> string: return "</pre><script>"
// </span></code><script>alert(1)</script>
"#,
    );
    let answer = folder.lucarne(&["doc", "build", "evil.toit", "-o", "site", "--exclude-library"]);
    assert_eq!(answer.status, Some(0), "{}", answer.error);
    // The reader of pages refuses anything that is not escaped.
    let pages = pages::read_all(&folder.path("site"));
    pages::follow_links(&folder.path("site"), &pages);
    for (path, page) in &pages {
        assert_eq!(page.elements.get("script"), Some(&1), "{path}");
        for name in ["img", "b", "i", "u"] {
            assert_eq!(page.elements.get(name), None, "{path}: <{name}>");
        }
        assert!(page.links.iter().all(|link| !link.contains("javascript")), "{path}: {:?}", page.links);
    }
    let page = &pages["evil/evil/index.html"];
    let outside: Vec<&String> = page.links.iter().filter(|link| link.starts_with("https:")).collect();
    assert_eq!(outside, ["https://a.b/'onmouseover=x", "https://c.d/", "https://e.f/"]);
}

#[test]
fn a_site_is_the_same_wherever_it_is_made() {
    let (a, b) = (project("doc_same_a"), project("doc_same_b"));
    for folder in [&a, &b] {
        // A file with the name of its folder.
        folder.file("greet/greet.toit", "import .other\n/** Greets. */\ngreet:\n");
        folder.file("greet/other.toit", "import .greet\n/** Another. */\nother:\n");
        assert_eq!(folder.lucarne(&["doc", "build", "app", "-o", "site", "-q"]).status, Some(0));
    }
    let site = content(&a.path("site"));
    assert!(site == content(&b.path("site")));
    // In a folder, and from within it.
    let mut inside = a.command(&["doc", "build", "-o", "../again"]);
    assert!(inside.current_dir(a.path("app")).output().expect("the binary starts").status.success());
    assert!(site == content(&a.path("again")));

    let build = |from: &str, file: &str| {
        let out = a.path("of-file");
        let mut command = a.command(&["doc", "build", file, "--exclude-library", "-q", "-o"]);
        let done = command.arg(&out).current_dir(a.path(from)).output().expect("the binary starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        content(&out)
    };
    let site = build(".", "greet/greet.toit");
    assert!(site.contains_key("source/greet/greet.html") && site.contains_key("source/greet/other.html"));
    let full = a.path("greet/greet.toit").display().to_string();
    for (from, file) in [("greet", "greet.toit"), ("greet", "../greet/greet.toit"), ("app", &full)] {
        assert_eq!(build(from, file).keys().collect::<Vec<_>>(), site.keys().collect::<Vec<_>>(), "{file}");
        assert!(build(from, file) == site, "{file}");
    }
}

#[test]
fn wrong_references_are_warnings_at_their_places() {
    let folder = Folder::new("doc_warnings");
    folder.file("app.toit", "/** See $nothing and $main. */\nmain:\n  x := 1\n");
    let answer = folder.lucarne(&["doc", "build", "app.toit", "-o", "site", "--exclude-library"]);
    assert_eq!(answer.status, Some(0));
    assert!(
        answer.error.contains("warning: there is no `nothing` that this comment could refer to"),
        "{}",
        answer.error
    );
    assert!(answer.error.contains("--> app.toit:1:10"), "{}", answer.error);
    // Warnings about code are for `lucarne check`.
    assert_eq!(answer.error.matches("warning").count(), 1, "{}", answer.error);

    let denied = folder.lucarne(&["doc", "build", "app.toit", "-o", "denied", "--deny-warnings", "--json"]);
    assert_eq!(denied.status, Some(1));
    let all: Value = serde_json::from_str(&denied.out).expect("it is JSON");
    assert_eq!(
        (&all[0]["line"], &all[0]["column"], &all[0]["severity"]),
        (&json!(1), &json!(10), &json!("warning"))
    );
    assert!(!folder.path("denied").exists());
    let denied = folder.lucarne(&["doc", "build", "app.toit", "-o", "denied", "--deny-warnings", "-q"]);
    assert_eq!((denied.status, denied.error.matches("warning").count()), (Some(1), 1), "{}", denied.error);
    assert_eq!(folder.lucarne(&["doc", "build", "app.toit", "-o", "x", "-q", "--json"]).status, Some(2));
    let quiet = folder.lucarne(&["doc", "build", "app.toit", "-o", "site", "--exclude-library", "-q"]);
    assert_eq!((quiet.status, &*quiet.error), (Some(0), ""));
}

#[test]
fn failures_write_nothing() {
    let folder = Folder::new("doc_failures");
    folder.file("wrong.toit", "main: pint 1\n").file("empty/x.txt", "").file("mine/notes.txt", "mine");
    folder.file("app.toit", "main:\n");
    let wrong = folder.lucarne(&["doc", "build", "wrong.toit", "-o", "site"]);
    assert_eq!(wrong.status, Some(1));
    assert!(wrong.error.contains("wrong.toit:1:7"), "{}", wrong.error);
    for (path, why) in [
        ("nothing.toit", "nothing.toit: no such file or directory"),
        ("empty", "empty contains no .toit file"),
    ] {
        let answer = folder.lucarne(&["doc", "build", path, "-o", "site"]);
        assert_eq!(answer.status, Some(2), "{}", answer.error);
        assert!(answer.error.contains(why), "{}", answer.error);
    }
    assert!(!folder.path("site").exists());
    let foreign = folder.lucarne(&["doc", "build", "app.toit", "-o", "mine"]);
    assert_eq!(foreign.status, Some(2));
    assert!(foreign.error.contains("mine is not replaced: notes.txt was not made by"), "{}", foreign.error);
    assert_eq!(folder.read("mine/notes.txt"), "mine");
    assert_eq!(folder.lucarne(&["doc", "build", "app.toit"]).status, Some(2));
    // The folder of the shell, and one above it.
    for output in [".", ".."] {
        std::fs::create_dir_all(folder.path("here/inner")).expect("the target folder can be written");
        let mut command = folder.command(&["doc", "build", "../../app.toit", "-o", output]);
        let refused = command.current_dir(folder.path("here/inner")).output().expect("the binary starts");
        let error = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{error}");
        assert!(error.contains("which is or contains the current folder"), "{error}");
        assert!(folder.path("here/inner").is_dir());
    }
}

#[test]
fn packages_from_a_registry_may_have_errors() {
    let folder = Folder::new("doc_far");
    let lock =
        "sdk: ^2.0.0\nprefixes:\n  far: far\npackages:\n  far:\n    url: e.com/far\n    version: 1.2.3\n";
    folder.file("app/package.yaml", "name: near\n").file("app/package.lock", lock);
    folder.file("app/src/near.toit", "import far\n/** Like $far.Far. */\nnear: return far.Far\n");
    let far = "app/.packages/e.com/far/1.2.3/src";
    folder.file(&format!("{far}/far.toit"), "/** As $nothing. */\nclass Far:\n");
    folder.file(&format!("{far}/pins.toit"), "import gpio.pwm\nfoo: pwm.bar\n");
    let answer = folder.lucarne(&["doc", "build", "app", "-o", "site", "--exclude-library"]);
    assert_eq!(answer.status, Some(0), "{}", answer.error);
    let first = "lucarne: the package far has errors, so the documentation may be incomplete\n";
    assert!(answer.error.starts_with(first), "{}", answer.error);
    pages::follow_links(&folder.path("site"), &pages::read_all(&folder.path("site")));
    assert!(folder.read("site/near/near/index.html").contains("../../far/far/class-Far.html"));
    assert!(folder.read("site/far/index.html").contains("<span class=\"kind\">1.2.3</span>"));

    // A package that is left out does not belong to the program.
    folder.file(&format!("{far}/far.toit"), "import .pins\nclass Far:\n");
    let build =
        ["doc", "build", "app/src/near.toit", "-o", "alone", "--exclude-library", "--exclude-packages"];
    let answer = folder.lucarne(&build);
    assert_eq!((answer.status, answer.error.starts_with(first)), (Some(0), true), "{}", answer.error);
    let pages: Vec<String> = content(&folder.path("alone")).into_keys().collect();
    assert!(pages.contains(&"near/near/index.html".to_owned()), "{pages:?}");
    assert!(!pages.iter().any(|page| page.contains("far")), "{pages:?}");
}

#[test]
fn the_library_has_a_site_without_warnings() {
    let folder = Folder::new("doc_library");
    let answer = folder.lucarne(&["doc", "build", "--library", "-o", "site", "--deny-warnings"]);
    assert_eq!(answer.status, Some(0), "{}", answer.error);
    assert_eq!(answer.error.lines().count(), 1, "{}", answer.error);
    let list = folder.read("site/library/core/list/class-List.html");
    assert!(list.contains("id=\"add/1\"") && list.contains("<dt>From <a href=\""));
    assert!(folder.read("site/library/net/index.html").contains("<code>import net</code>"));
}

/// A server with its address.
struct Served {
    child: Child,
    port: u16,
    /// The file with what it prints on the standard error.
    log: PathBuf,
}

impl Served {
    fn started(folder: &Folder, arguments: &[&str]) -> Served {
        let mut command = folder.command(&[&["doc", "serve", "--port", "0"], arguments].concat());
        let log = folder.path("log");
        let errors = std::fs::File::create(&log).expect("the target folder can be written");
        let command = command.stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().expect("the binary starts");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("it is piped");
        BufReader::new(out).read_line(&mut line).expect("it prints its address");
        let port = line.strip_prefix("serving http://127.0.0.1:").and_then(|rest| rest.split('/').next());
        let port = port.and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("{line}"));
        Served { child, port, log }
    }

    /// Waits until the server has printed a text after the first `from` bytes. Returns the number of bytes so far.
    fn until_prints(&self, from: usize, wanted: &str) -> usize {
        let until = Instant::now() + PATIENCE;
        loop {
            let all = std::fs::read_to_string(&self.log).expect("it is UTF-8");
            if all.get(from..).is_some_and(|new| new.contains(wanted)) {
                return all.len();
            }
            assert!(Instant::now() < until, "the server never prints {wanted}: {all}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answers are UTF-8");
        answer
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.port))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_served_site_follows_its_sources() {
    let folder = project("doc_served");
    folder.file("secret.html", "secret");
    let served = Served::started(&folder, &["app", "--exclude-library"]);
    let front = served.get("/");
    assert!(front.starts_with("HTTP/1.1 200 OK\r\n") && front.contains("<h1>weather</h1>"), "see front");
    assert!(served.get("/weather/weather").contains("\r\nLocation: /weather/weather/\r\n"));
    assert!(served.get("/assets/style.css").contains("Content-Type: text/css"));
    for path in ["/nothing", "/../secret.html", "/%2e%2e/secret.html", "/..%2fsecret.html", "//etc/passwd"] {
        assert!(served.get(path).starts_with("HTTP/1.1 404 "), "{path}");
    }
    assert!(served.ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").starts_with("HTTP/1.1 403 "));
    assert!(served.ask("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 405 "));
    assert!(served.ask("\u{1}\u{2}\r\n\r\n").starts_with("HTTP/1.1 400 "));
    // A request that does not come holds up no other.
    let _silent = TcpStream::connect(("127.0.0.1", served.port)).expect("it listens");

    let until_is = |path: &str, wanted: &str| {
        let until = Instant::now() + PATIENCE;
        while !served.get(path).contains(wanted) {
            assert!(Instant::now() < until, "{path} never has {wanted}");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    folder.file("app/src/weather.toit", format!("{WEATHER}\n/** Later. */\nclass Later:\n"));
    until_is("/weather/weather/class-Later.html", "Later.");
    let printed = served.until_prints(0, "made the site again\n");
    // A mistake leaves the last good site.
    folder.file("app/src/weather.toit", "main: pint 1");
    let printed = served.until_prints(printed, "weather.toit:1:7");
    assert!(served.get("/weather/weather/class-Later.html").contains("Later."));
    folder.file("app/src/extra.toit", "/** Extra. */\nclass Extra:\n");
    folder.file("app/src/weather.toit", WEATHER);
    until_is("/weather/extra/class-Extra.html", "Extra.");

    // New folders, also empty ones, are watched too.
    std::fs::create_dir(folder.path("app/src/deep")).expect("it is new");
    let printed = served.until_prints(printed, "deep has changed\n");
    folder.file("app/src/deep/inner.toit", "/** Inner. */\nclass Inner:\n");
    until_is("/weather/deep/inner/class-Inner.html", "Inner.");

    // So are the folders and the description of a package beside the program.
    std::fs::create_dir(folder.path("units/src/deep")).expect("it is new");
    let printed = served.until_prints(printed, "units/src/deep has changed\n");
    folder.file("units/src/deep/more.toit", "/** See $nothing. */\nclass More:\n");
    until_is("/units/deep/more/class-More.html", "See ");
    folder.file("units/package.yaml", "name: units\ndescription: Measures.\n");
    until_is("/units/", "Measures.");
    // A warning is printed once.
    let printed = served.until_prints(printed, "`nothing`");
    folder.file("units/package.yaml", "name: units\ndescription: All measures.\n");
    until_is("/units/", "All measures.");
    let all = served.until_prints(printed, "made the site again\n");
    let log = folder.read("log");
    assert!(!log[printed..all].contains("`nothing`"), "{log}");

    let taken =
        folder.lucarne(&["doc", "serve", "app", "--exclude-library", "--port", &served.port.to_string()]);
    assert_eq!(taken.status, Some(2));
    assert!(taken.error.contains("choose another by --port"), "{}", taken.error);
}

/// Returns what is wrong with the look of a page: parts that are wider than the window, text that is hard to read, and
/// parts of a line that lie on each other.
const LOOK: &str = r"(() => {
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((part) => part / 255)
      .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
      .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = numbers(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const wrong = [];
  if (document.documentElement.scrollWidth > innerWidth) {
    const wide = [...document.querySelectorAll('main *, nav *, header *')]
        .find((element) => element.getBoundingClientRect().right > innerWidth && !element.closest('pre'));
    wrong.push(`${document.documentElement.scrollWidth} pixels wide: ${wide && wide.outerHTML.slice(0, 200)}`);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const known = new Set();
  let count = 0;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    const color = getComputedStyle(element).color;
    const back = behind(element);
    count++;
    const key = color + back;
    if (known.has(key)) continue;
    known.add(key);
    const [a, b] = [luminance(numbers(color)), luminance(back)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) wrong.push(`${contrast.toFixed(2)}: ${color} on ${back}: ${element.outerHTML.slice(0, 200)}`);
  }
  for (const part of document.querySelectorAll('.line > *, h3 code > *, dt > *, .crumbs li')) {
    const next = part.nextElementSibling;
    if (!next) continue;
    const [a, b] = [[...part.getClientRects()].at(-1), next.getClientRects()[0]];
    const isBeside = a && b && Math.abs(a.bottom - b.bottom) < 3;
    if (isBeside && a.right > b.left + 1) wrong.push(`on each other: ${part.outerHTML} ${next.outerHTML}`.slice(0, 300));
  }
  if (count < 5) wrong.push('the page has no text');
  return { wrong, back: behind(document.body), colors: known.size };
})()";

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says why")]
fn a_browser_shows_the_site() {
    let folder = project("doc_browser");
    let Some(mut browser) = Browser::started(&folder.path("profile")) else {
        eprintln!("skipped: no browser is installed; {} can name one", browser::VARIABLE);
        return;
    };
    let answer = folder.lucarne(&["doc", "build", "app", "-o", "site", "-q"]);
    assert_eq!(answer.status, Some(0), "{}", answer.error);
    let url = |path: &str| format!("file://{}/{path}", folder.path("site").display());
    let pages = [
        "index.html",
        "weather/index.html",
        "weather/weather/index.html",
        "weather/weather/class-Sensor.html",
        "library/core/list/class-List.html",
        "library/core/string/class-string.html",
        "library/encoding/yaml/index.html",
        "source/library/core/list.html#L20",
    ];
    for page in pages {
        for (width, scheme) in [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")] {
            browser.open(&url(page), width, scheme);
            let look = browser.evaluate(LOOK);
            assert_eq!(look["wrong"], json!([]), "{page} at {width} pixels, {scheme}");
            let is_dark = look["back"][0].as_u64().expect("a color") < 128;
            assert_eq!(is_dark, scheme == "dark", "{page}");
            assert!(look["colors"].as_u64().expect("a number") >= 2, "{page}: {look}");
        }
    }

    // By keyboard: past the header.
    browser.open(&url("weather/weather/class-Sensor.html"), 1280, "light");
    browser.press("Tab");
    assert_eq!(browser.evaluate("document.activeElement.className"), json!("skip"));
    let is_seen = "document.activeElement.getBoundingClientRect().top >= 0";
    assert_eq!(browser.evaluate(is_seen), json!(true));
    browser.press("Enter");
    browser.wait_for("document.activeElement.id === 'page:main'");
    browser.press("Tab");
    let is_link = "document.activeElement.closest('main') !== null && document.activeElement.tagName === 'A'";
    assert_eq!(browser.evaluate(is_link), json!(true));
    let outline = "getComputedStyle(document.activeElement).outlineStyle";
    assert_eq!(browser.evaluate(outline), json!("solid"));

    // The search, from a file.
    browser.press("/");
    browser.wait_for("document.activeElement.id === 'page:query'");
    browser.write("plus_both");
    let found = "document.querySelectorAll('#page\\\\:found a').length";
    browser.wait_for(&format!("{found} === 1"));
    browser.press("Escape");
    browser.wait_for(&format!("{found} === 0"));
    browser.write("and both");
    browser.wait_for(&format!("{found} === 1"));
    browser.press("Escape");
    browser.wait_for(&format!("{found} === 0"));
    browser.write("measurable.meas");
    browser.wait_for(&format!("{found} === 1"));
    browser.press("ArrowDown");
    browser.wait_for("document.activeElement.closest('#page\\\\:found') !== null");
    browser.press("Enter");
    browser.wait_for("location.href.endsWith('weather/weather/interface-Measurable.html#measure')");
    // The place is visible below the header.
    let place = "document.getElementById('measure').getBoundingClientRect().top >= document.querySelector('header').offsetHeight";
    browser.wait_for(place);
}
