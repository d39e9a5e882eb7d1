//! Generated programs that are too long to be written by hand. Each exceeds the width of an
//! operand, or the stack of a recursive compiler.

use std::fmt::Write;
use std::process::{Command, Output};

/// Runs a program. `name` is the name of its file.
fn run(name: &str, source: &str) -> Output {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("large-programs");
    std::fs::create_dir_all(&folder).expect("a folder for the programs");
    let file = folder.join(name).with_extension("toit");
    std::fs::write(&file, source).expect("a file for the program");
    Command::new(env!("CARGO_BIN_EXE_lucarne")).arg("run").arg(file).output().expect("the binary starts")
}

/// Compares the output of a program with `expected`.
fn check(name: &str, source: &str, expected: &str) {
    let output = run(name, source);
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let error: String = error.chars().take(2_000).collect();
    assert_eq!((out.trim_end(), error.as_str()), (expected, ""), "{name}, {}", output.status);
}

/// Returns `count` lines, each written by `line`.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, index| {
        let _ = writeln!(text, "{}", line(index));
        text
    })
}

#[test]
fn many_local_variables() {
    let variables = lines(1_000, |index| format!("  x{index} := {index} + n"));
    let sum = lines(1_000, |index| format!("  sum += x{index}"));
    let source =
        format!("main:\n  print (f 1)\n\nf n/int -> int:\n  sum := 0\n{variables}{sum}  return sum\n");
    check("locals", &source, "500500");
}

#[test]
fn many_captured_variables() {
    let variables = lines(200, |index| format!("  x{index} := {index}"));
    let sum = lines(200, |index| format!("    sum += x{index}"));
    let assignments = lines(200, |index| format!("  x{index}++"));
    let source = format!(
        "main:\n  sum := 0\n{variables}  add := ::\n{sum}    sum\n  add.call\n{assignments}  print add.call\n"
    );
    check("captured", &source, "40000");
}

#[test]
fn long_bodies() {
    let body = lines(20_000, |_| "      n++".to_string());
    let source = format!(
        "main:\n  n := 0\n  for i := 0; i < 3; i++:\n    if i < 2:\n{body}    else:\n{body}    if n == 1: break\n  \
         print n\n  while n < 70_000:\n    if n > 0:\n{body}  print n\n"
    );
    check("bodies", &source, "60000\n80000");
}

/// The body is compiled again with wider jumps. Its super call needs an adapter, which is first used in this body.
#[test]
fn long_bodies_with_super_calls_and_lambdas() {
    let body = lines(9_000, |index| format!("      sum += x * {}", index % 7));
    let source = format!(
        "main:\n  b/any := B\n  print b.foo\n  print (b.foo 3)\n\n\
         class A:\n  foo x=1 y=2:\n    return x * 100 + y\n\n\
         class B extends A:\n  foo x=7 y=8:\n    sum := 0\n    if x > 0:\n      sum += super x\n      \
         c := :: it + 2\n      sum += c.call 1\n{body}      d := :: it + 200\n      sum += d.call 1\n    \
         return sum\n"
    );
    check("super", &source, "189871\n81491");
}

#[test]
fn long_conditions() {
    let terms = lines(200, |index| format!("      or n == {}", index + 1)).replace('\n', " ");
    let source =
        format!("main:\n  print (f 200)\n  print (f 5_000)\n\nf n/int -> bool:\n  return n == 0 {terms}\n");
    check("conditions", &source, "true\nfalse");
}

#[test]
fn large_literals() {
    let text = "0123456789".repeat(7_000);
    let elements = (0..70_000).map(|index| format!("{}, ", index & 255)).collect::<String>();
    let source = format!(
        "main:\n  text := \"{text}\"\n  print text.size\n  print text[69_999]\n  bytes := #[{elements}]\n  \
         print bytes.size\n  print bytes[69_999]\n  list := [{elements}]\n  print list.size\n  print list[65_537]\n"
    );
    check("literals", &source, "70000\n57\n70000\n111\n70000\n1");
}

#[test]
fn many_functions_classes_and_globals() {
    let functions = lines(3_000, |index| format!("f{index} n: return n + {index}"));
    let classes = lines(3_000, |index| format!("class C{index} extends Base:\n  value: return {index}"));
    let globals = lines(3_000, |index| format!("g{index} := {index}"));
    let sum =
        lines(3_000, |index| format!("  sum += (f{index} g{index}) + (C{index}).value + (C{index}).base"));
    let source = format!(
        "class Base:\n  base: return 1\n{functions}{classes}{globals}main:\n  sum := 0\n{sum}  print sum\n"
    );
    check("functions", &source, "13498500");
}

#[test]
fn many_parameters() {
    let names = |prefix: &str| (0..200).map(|index| format!("{prefix}{index} ")).collect::<String>();
    let sum = lines(200, |index| format!("  sum += p{index}"));
    let source =
        format!("main:\n  print (f {})\n\nf {}:\n  sum := 0\n{sum}  return sum\n", names("1"), names("p"));
    // The arguments are the numbers 0 to 199 with the digit 1 before each: 10 to 19, 110 to 199, and 1100 to 1199.
    let expected: u64 = (0..200).map(|index| format!("1{index}").parse::<u64>().unwrap_or(0)).sum();
    check("parameters", &source, &expected.to_string());
}

#[test]
fn too_many_parameters_are_refused() {
    let names = |prefix: &str| (0..300).map(|index| format!("{prefix}{index} ")).collect::<String>();
    let output = run("too-many", &format!("main:\n  f {}\n\nf {}:\n  return 1\n", names("1"), names("p")));
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("a function has at most 254 parameters"), "{error}");
}

/// A function that is too large for the virtual machine is refused, with an error that names the function.
#[test]
fn too_many_captures_are_refused() {
    let variables = lines(300, |index| format!("  v{index} := x"));
    let all = (0..300).map(|index| format!("v{index}")).collect::<Vec<_>>().join(", ");
    let output = run("captures", &format!("main x:\n{variables}  print (:: [{all}]).call\n"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("captures.toit:1:1: 'main' is too large to compile"), "{error}");
}

/// Nesting beyond a limit is an error, and never overflows the compiler's stack.
#[test]
fn deep_nesting_is_refused() {
    for depth in [50, 500, 5_000, 100_000] {
        for (name, open, middle, close) in [
            ("parentheses", "(", "1", ")"),
            ("lists", "[", "1", "]"),
            ("negations", "not ", "1", ""),
            ("blocks", "(: ", "1", ")"),
        ] {
            let source = format!("main:\n  x := {}{middle}{}\n", open.repeat(depth), close.repeat(depth));
            let output = run(&format!("{name}-{depth}"), &source);
            let error = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code();
            assert!(
                matches!(code, Some(0 | 1)),
                "{depth} {name}: {:?}, {}",
                output.status,
                error.chars().take(500).collect::<String>()
            );
            assert!(depth > 50 || name == "blocks" || code == Some(0), "{depth} {name}: {error}");
        }
    }
}
