//! tries
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]
use lucarne_format::{format, Refused};
fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let show = arguments.first().is_some_and(|a| a == "-d");
    if show { arguments.remove(0); }
    let (mut same, mut changed, mut errors, mut wrong, mut lines) = (0, 0, 0, 0, 0usize);
    for path in std::io::stdin().lines() {
        let path = path.unwrap();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        lines += text.lines().count();
        match format(&text, Default::default()) {
            Ok(out) if out == text => same += 1,
            Ok(out) => {
                changed += 1;
                match format(&out, Default::default()) {
                    Ok(twice) if twice == out => {}
                    other => {
                        println!("NOT IDEMPOTENT {path}");
                        if let Ok(twice) = other { std::fs::write("/tmp/twice.toit", twice).unwrap(); std::fs::write("/tmp/once.toit", &out).unwrap();}
                        wrong += 1;
                    }
                }
                if show {
                    let to = format!("/tmp/fmtout/{}", path.replace('/', "+"));
                    std::fs::write(to, out).unwrap();
                }
            }
            Err(Refused::Errors(_)) => errors += 1,
            Err(Refused::Changed { formatted }) => {
                println!("CHANGED {path}");
                std::fs::write(format!("/tmp/fmtbad/{}", path.replace('/', "+")), formatted).unwrap();
                wrong += 1;
            }
            Err(other) => println!("{other}"),
        }
    }
    println!("{lines} lines, same {same} changed {changed} errors {errors} wrong {wrong}");
}
