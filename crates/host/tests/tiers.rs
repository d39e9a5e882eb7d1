//! Random programs do the same with and without optimization, interpreted and compiled to machine code, and with a garbage
//! collection at each allocation: the same output, the same exceptions with the same stack traces, and in both tiers the
//! same number of turns.
//!
//! A program is a few functions with untyped parameters. Each may call only the one before it, so none is recursive, and
//! all end. Most of their operations fail for most values: then the exceptions are compared. A failing program is made
//! smaller before it is shown. `PROPTEST_CASES` sets the number of programs.
#![cfg(feature = "toit")]

#[allow(dead_code, reason = "other tests use the rest")]
mod oracle;

use std::fmt::Write;

use proptest::collection::vec;
use proptest::prelude::*;

/// The locals of a function: its two parameters, and others that are defined at its start.
const LOCALS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Values at the edges of the representations: integers of 63 and 64 bits, floats in place and boxed, and others.
const VALUES: [&str; 24] = [
    "0",
    "1",
    "-1",
    "7",
    "62",
    "63",
    "64",
    "1000003",
    "4611686018427387903",
    "-4611686018427387904",
    "4611686018427387904",
    "9223372036854775807",
    "-9223372036854775808",
    "0.0",
    "-0.0",
    "1.5",
    "-2.25",
    "1e300",
    "5e-324",
    "(0.0 / 0.0)",
    "null",
    "true",
    "\"text\"",
    "[3, 1, 2]",
];

const OPERATORS: [&str; 17] =
    ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>", "==", "!=", "<", "<=", ">", ">="];

/// The code before the functions: two classes, globals, functions that take blocks, and `show`, which prints the result or
/// the exception of a block.
const FRAME: &str = r#"
class Thing:
  x/any := ?
  y/any := ?
  constructor .x .y:
  sum: return x + y
  swap:
    z := x
    x = y
    y = z
    return this
  operator + other: return Thing x other
  operator [] index: return index == 0 ? x : y
  operator == other: return other is Thing and (identical x other.x)
  stringify -> string: return "Thing $x $y"
  each [block]:
    block.call x
    block.call y
  first-of [block]:
    each: if block.call it: return it
    return null
  typed --times/int=2 a/num [block] -> any:
    times.repeat: block.call (a + it)
    return a

class Other extends Thing:
  constructor x y: super x y
  sum: return 5
  x -> any: return 17

global/any := 0

lambdas := []

constants [block] -> none:
  block.call 5
  block.call null
  block.call "text"

typed count/int other/int?=null [block] -> none:
  if other: count = count < 4 ? count : other
  for i := 0; i < count; i++: block.call i

show [block] -> none:
  result := null
  exception := catch --trace: result = block.call
  if exception: result = "thrown: $exception"
  print "$result"
"#;

/// The maximum nesting of expressions, and of statements. Deeper programs would take too long to run.
const DEPTH: u32 = 3;

fn local() -> impl Strategy<Value = String> {
    prop::sample::select(&LOCALS[..]).prop_map(str::to_string)
}

fn value() -> impl Strategy<Value = String> {
    prop::sample::select(&VALUES[..]).prop_map(untyped)
}

/// Returns an expression whose type the compiler does not know.
fn untyped(expression: impl std::fmt::Display) -> String {
    format!("({expression} as any)")
}

/// An expression in parentheses, or one that needs none. Its type is not known, so that nothing is refused before it runs.
fn expression() -> BoxedStrategy<String> {
    let leaf = prop_oneof![4 => local(), 3 => value(), 1 => Just("global".to_string())];
    leaf.prop_recursive(DEPTH, 12, 3, |inner| {
        let operator = prop::sample::select(&OPERATORS[..]);
        let method = prop::sample::select(
            &["x", "y", "sum", "swap", "size", "abs", "stringify", "first", "is-empty", "floor", "sign"][..],
        );
        let ty = prop::sample::select(&["int", "float", "num", "string", "Thing", "Other", "any", "List", "bool"][..]);
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            6 => (pair.clone(), operator).prop_map(|((left, right), operator)| format!("({left} {operator} {right})")),
            2 => (inner.clone(), method).prop_map(|(object, method)| format!("{object}.{method}")),
            2 => pair.clone().prop_map(|(object, index)| format!("{object}[{index}]")),
            2 => pair.clone().prop_map(|(x, y)| format!("(Thing {x} {y})")),
            1 => pair.clone().prop_map(|(x, y)| format!("(Other {x} {y})")),
            1 => pair.clone().prop_map(|(left, right)| format!("({left} and {right})")),
            1 => pair.clone().prop_map(|(left, right)| format!("({left} or {right})")),
            1 => pair.clone().prop_map(|(left, right)| format!("(identical {left} {right})")),
            1 => pair.clone().prop_map(|(first, second)| format!("[{first}, {second}]")),
            1 => pair.clone().prop_map(|(first, second)| format!("\"$({first}) $({second})\"")),
            1 => inner.clone().prop_map(|operand| format!("(not {operand})")),
            1 => inner.clone().prop_map(|operand| format!("(-({operand}))")),
            1 => (inner.clone(), ty.clone()).prop_map(|(operand, ty)| format!("({operand} is {ty})")),
            1 => (inner.clone(), ty).prop_map(|(operand, ty)| format!("({operand} as {ty})")),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(condition, then, otherwise)| format!("({condition} ? {then} : {otherwise})")),
            2 => pair.clone().prop_map(|(first, second)| format!("(CALLEE {first} {second})")),
            1 => pair.clone().prop_map(|(list, addend)| format!("({list}.map: it + {addend})")),
            1 => pair.prop_map(|(first, second)| format!("((:: | p | p + {first}).call {second})")),
        ]
        .prop_map(untyped)
    })
    .boxed()
}

/// Returns a statement as lines, the first of which is not indented.
fn statement() -> BoxedStrategy<Vec<String>> {
    let condition = expression();
    let simple = prop_oneof![
        4 => (local(), expression()).prop_map(|(local, value)| format!("{local} = {value}")),
        1 => (local(), expression()).prop_map(|(local, value)| format!("{local} += {value}")),
        1 => local().prop_map(|local| format!("{local}++")),
        1 => (local(), expression()).prop_map(|(local, value)| format!("{local}.x = {value}")),
        1 => (local(), expression(), expression())
            .prop_map(|(local, index, value)| format!("{local}[{index}] = {value}")),
        1 => (local(), expression()).prop_map(|(local, value)| format!("{local}.add {value}")),
        1 => expression().prop_map(|value| format!("global = {value}")),
        1 => expression().prop_map(|value| format!("return {value}")),
        1 => expression().prop_map(|value| format!("throw {value}")),
    ];
    let simple = simple.prop_map(|line| vec![line]);
    simple
        .prop_recursive(DEPTH, 10, 3, move |inner| {
            let body = vec(inner, 1..3).prop_map(|statements| statements.concat());
            prop_oneof![
                2 => (condition.clone(), body.clone())
                    .prop_map(|(condition, body)| block(&format!("if {condition}:"), &body)),
                2 => (condition.clone(), body.clone(), body.clone()).prop_map(|(condition, then, otherwise)| {
                    [block(&format!("if {condition}:"), &then), block("else:", &otherwise)].concat()
                }),
                2 => body.clone().prop_map(|body| block("5.repeat: | I |", &with(&body, "if c == I: continue.repeat"))),
                2 => (condition.clone(), body.clone()).prop_map(|(condition, body)| {
                    block("for I := 0; I < 6; I++:", &with(&body, &format!("if {condition}: break")))
                }),
                1 => body.clone().prop_map(|body| block("[1, 2.5, \"x\"].do: | I |", &with(&body, "a = I"))),
                1 => (local(), body.clone())
                    .prop_map(|(local, body)| block(&format!("{local}.each: | I |"), &with(&body, "b = I"))),
                1 => (local(), condition.clone(), body.clone()).prop_map(|(local, condition, body)| {
                    let test = with(&body, "c = I");
                    let test = [test, vec![condition]].concat();
                    block(&format!("e = {local}.first-of: | I |"), &test)
                }),
                1 => (local(), condition.clone(), body.clone()).prop_map(|(local, argument, body)| {
                    block(&format!("{local}.typed {argument}: | I |"), &with(&body, "a = I"))
                }),
                1 => (condition.clone(), body.clone()).prop_map(|(count, body)| {
                    block(&format!("typed {count} 3: | I |"), &with(&body, "b = I"))
                }),
                1 => (local(), body.clone()).prop_map(|(local, body)| {
                    let add = format!("lambdas.add (:: [I, {local}])");
                    block("constants: | I |", &with(&body, &add))
                }),
                1 => (body.clone(), body.clone()).prop_map(|(body, handler)| {
                    [block("try:", &body), block("finally:", &handler)].concat()
                }),
                1 => body.prop_map(|body| block("catch --trace=(: false):", &body)),
            ]
        })
        .boxed()
}

/// Returns a line with a body below it.
fn block(line: &str, body: &[String]) -> Vec<String> {
    let indented = body.iter().map(|line| format!("  {line}"));
    std::iter::once(line.to_string()).chain(indented).collect()
}

/// Returns a body with one more line at its start.
fn with(body: &[String], line: &str) -> Vec<String> {
    std::iter::once(line.to_string()).chain(body.iter().cloned()).collect()
}

/// The statements of a function, each a list of lines, and a pair of arguments for each call from `main`.
type Function = (Vec<Vec<String>>, Vec<(String, String)>);

fn function() -> impl Strategy<Value = Function> {
    (vec(statement(), 1..6), vec((value(), value()), 1..4))
}

fn program() -> impl Strategy<Value = String> {
    vec(function(), 1..5).prop_map(|functions| {
        let mut text = FRAME.to_string();
        let mut main = "\nmain:\n".to_string();
        for (number, (statements, calls)) in functions.iter().enumerate() {
            // The first function calls none of the others.
            let callee = if number == 0 { "identical".to_string() } else { format!("f{}", number - 1) };
            let _ = write!(
                text,
                "\nf{number} a/any b/any -> any:\n  c/any := 1\n  d/any := Thing a b\n  e/any := [a, b, 3]\n"
            );
            let mut loops = 0;
            for line in statements.iter().flatten() {
                // Each loop has a variable of its own, which the line after its first line may use.
                loops += u32::from(line.ends_with('|') || line.trim_start().starts_with("for "));
                let line = line.replace("CALLEE", &callee).replace('I', &format!("i{loops}"));
                let _ = writeln!(text, "  {line}");
            }
            text += "  return [a, b, c]\n";
            for (first, second) in calls {
                let _ = writeln!(main, "  show: f{number} ({first}) ({second})");
            }
        }
        text + &main + "  lambdas.do: | lambda | show: lambda.call\n"
    })
}

/// The number of programs, unless `PROPTEST_CASES` says another: each has up to four functions.
const PROGRAMS: u32 = 250;

#[test]
fn random_programs_do_the_same_in_machine_code() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(PROGRAMS);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let counts = std::cell::Cell::new((0, 0));
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let result = runner.run(&program(), |text| {
        let (ended, all) = counts.get();
        let has_ended = oracle::program(text.as_bytes());
        counts.set((ended + u32::from(has_ended), all + 1));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let (ended, all) = counts.get();
    assert!(ended * 2 > all, "only {ended} of {all} programs have compiled and ended");
}
