//! Tests that no input makes the front half panic, overflow its stack or take forever.

mod common;
#[allow(dead_code, reason = "fuzz targets use the rest")]
mod oracle;

use proptest::prelude::*;
use std::time::{Duration, Instant};

/// A program with all constructs, to be damaged.
const SEED: &str = r#"
import monitor
import system.services show ServiceClient

GREETING ::= "hello"
counter/int := 0

interface Greeter:
  greet name/string -> string

abstract class Base implements Greeter:
  static made := 0
  prefix/string
  times/int? := null
  constructor .prefix --.times=1:
    made++
  abstract greet name/string -> string
  operator [] index/int -> int: return index
  operator == other: return other is Base and prefix == other.prefix

mixin Loud:
  shout text/string -> string:
    return "$text.to-ascii-upper!"

class Polite extends Base with Loud:
  constructor: super "Dear" --times=2
  constructor.named name: return Polite
  greet name/string -> string:
    return shout """
      $prefix $(%-5s name), \
      $(times ? "again" : "once")"""

monitor Gate:
  open_ := false
  open: open_ = true
  wait: await: open_

fold list [combine] --start=0:
  list.do: | element |
    if element == null: continue.do
    start = combine.call start element
  return start

main args:
  x := 0x1f + 0b1010 - 1_000
  y := args.is-empty ? 1.5e3 : -2.0
  while x < 10 and not false:
    x += 2
    if x == 4: continue else: break
  for i := 0; i < 3; i++: counter += i << 1
  lambda := :: | a b | a + b
  print (lambda.call 1 2)
  map := {"a": [1, 2, 3], "b": #[1, 2]}
  set := {1, 2}
  sum := fold [1, null, 3] --start=2: | a b | a + b
  try:
    print map["a"][0..2]
  finally: | is-exception exception |
    print "$is-exception $sum $set.size"
  assert: 0 <= sum < 100
  exception := catch --trace=(: false): throw "bad"
  print (Polite).greet "world"
  task:: Gate.wait
"#;

/// Returns the seed without its mistakes.
fn seed_program() -> String {
    SEED.replace("Gate.wait", "(Gate).wait").replace("(Polite).greet \"world\"", "((Polite).greet \"world\")")
}

#[test]
fn the_seed_is_a_program() {
    let analysis = common::analyze_files(&[("app.toit", &seed_program())]);
    let problems: Vec<&str> = analysis.diagnostics.iter().map(|problem| problem.title.as_str()).collect();
    assert!(!analysis.has_errors(), "{problems:?}");
}

/// Returns one of the words that have a meaning in the grammar.
fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(common::words::WORDS)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes(input in prop::collection::vec(any::<u8>(), 0..400)) {
        oracle::scan(&input);
        oracle::parse(&input);
        oracle::check(None, &input);
    }

    #[test]
    fn any_words(words in prop::collection::vec(word(), 0..120)) {
        let text = words.join(" ");
        oracle::scan(text.as_bytes());
        oracle::parse(text.as_bytes());
        oracle::check(None, text.as_bytes());
    }

    #[test]
    fn damaged_programs(
        from in 0usize..2400,
        length in 0usize..40,
        words in prop::collection::vec(word(), 0..6),
    ) {
        let mut bytes = SEED.as_bytes().to_vec();
        let from = from.min(bytes.len());
        let to = (from + length).min(bytes.len());
        bytes.splice(from..to, words.join(" ").into_bytes());
        oracle::scan(&bytes);
        oracle::parse(&bytes);
        oracle::check(None, &bytes);
    }
}

/// All short texts after the beginning of a string with an interpolation, in which brackets and quotes are missing, and the
/// line ends.
#[test]
fn short_strings() {
    const PARTS: [&str; 8] = ["\"", "$", "(", ")", "[", "]", "\n", "n"];
    const LENGTH: u32 = 6;
    for begin in ["\"$", "\"\"\"$"] {
        for number in 0..PARTS.len().pow(LENGTH) {
            let part = |place| PARTS[number / PARTS.len().pow(place) % PARTS.len()];
            let rest: String = (0..LENGTH).map(part).collect();
            oracle::scan(format!("{begin}{rest}").as_bytes());
        }
    }
}

#[test]
fn damaged_programs_with_the_library() {
    for at in (0..SEED.len()).step_by(61) {
        let mut bytes = SEED.as_bytes().to_vec();
        bytes.drain(at..(at + 7).min(bytes.len()));
        oracle::check(Some(common::library()), &bytes);
    }
}

/// Most programs are still valid without one of their lines.
#[test]
fn programs_without_a_line_are_compiled() {
    let program = seed_program();
    let lines: Vec<&str> = program.lines().collect();
    for missing in 0..lines.len() {
        let text: String = lines
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != missing)
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        oracle::compile(common::library(), text.as_bytes());
    }
}

#[test]
fn deep_nesting_is_reported_quickly() {
    let start = Instant::now();
    let deep = |open: &str, close: &str| {
        format!("main:\n  print {}1{}\n", open.repeat(20_000), close.repeat(20_000))
    };
    let mut programs = vec![
        deep("(", ")"),
        deep("[", "]"),
        deep("{1: ", "}"),
        deep("~", ""),
        deep("not ", ""),
        deep("\"$(", ")\""),
        deep("\"\"\"$(\n", "\"\"\""),
        deep("x[", "]"),
        deep("if true: ", ""),
        deep("foo: ", ""),
        deep("foo:: ", ""),
        deep("", " + 1"),
        deep("", ".foo"),
        deep("x or ", ""),
        deep("x ? ", " : 1"),
        format!("main:\n  x{}\n", " = x".repeat(20_000)),
        format!("/*{}", "/*".repeat(20_000)),
        format!("main:\n{}", "  print \"\"\"$(\n    \"\"\"\n".repeat(5_000)),
    ];
    let mut lines = String::from("main:\n");
    for depth in 1..3_000 {
        lines += &format!("{}if true:\n", " ".repeat(depth));
    }
    programs.push(lines);
    for program in &programs {
        oracle::check(None, program.as_bytes());
    }
    assert!(start.elapsed() < Duration::from_secs(120), "took {:?}", start.elapsed());
}

#[test]
fn time_is_linear() {
    let program = |functions: usize| {
        let mut text = String::from("main:\n");
        for number in 0..functions {
            text += &format!("  f{number} {number} --name=\"x$(f{number} 1)\": | a b | a + b * {number}\n");
        }
        text
    };
    let time = |text: &str| {
        let start = Instant::now();
        oracle::parse(text.as_bytes());
        start.elapsed()
    };
    time(&program(100));
    let small = time(&program(2_000)).max(Duration::from_millis(2));
    let large = time(&program(20_000));
    assert!(large < small * 60, "ten times the text took {large:?} after {small:?}");
}
