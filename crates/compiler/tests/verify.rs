//! Tests that the verifier accepts the linker's results and rejects broken programs.

mod common;

use lucarne_compiler::link::{Optimization, link};
use lucarne_compiler::program::bytecode::{Instruction, Opcode};
use lucarne_compiler::program::{FunctionIndex, Program};
use proptest::prelude::*;

/// A program with all constructs.
const SOURCE: &str = r#"
class Point:
  x/int
  y/int? := null
  constructor .x:
  sum -> int: return x + (y or 0)
  operator < other/Point -> bool: return x < other.x

counter := start
start -> int: return 7

main args:
  points := List 3: Point it
  total := 0
  points.do: | point |
    if point.x > 1: continue.do
    total += point.sum
    points.do: if it < point: return
  while true:
    points.do: break
  bytes := #[1, 2, 3]
  bytes[0] = bytes[1] + 1
  try:
    task:: counter++
    while total < 10:
      total++
      if total == 5: break
  finally: | is-exception exception |
    print "$total $is-exception $exception.value $bytes"
  named total --flag
  x := args.size > 0 ? 1.5 : "text"
  if x is string: print (x as string).size

named a b=a --flag/bool=false --other/string="o":
  print "$a $b $flag $other"
"#;

fn program() -> Program {
    let analysis = common::analyze_files(&[("app.toit", SOURCE)]);
    assert!(!analysis.has_errors(), "{:?}", analysis.diagnostics);
    link(&analysis.unit, Optimization::Full).expect("the program links")
}

/// Returns the index of the first instruction with an opcode.
fn find(program: &Program, opcode: Opcode) -> usize {
    let found = program.code.iter().position(|instruction| instruction.opcode() == Some(opcode));
    found.unwrap_or_else(|| panic!("the program has no {opcode:?}"))
}

#[test]
fn linked_programs_are_accepted() {
    assert_eq!(program().verify(), Ok(()));
}

#[test]
fn broken_programs_are_rejected() {
    let broken = |breakage: &dyn Fn(&mut Program)| {
        let mut program = program();
        breakage(&mut program);
        program.verify().expect_err("the program is broken").problem
    };
    let replaced = |opcode: Opcode, change: &dyn Fn(Instruction) -> Instruction| {
        broken(&|program| {
            let at = find(program, opcode);
            program.code[at] = change(program.code[at]);
        })
    };
    let far = |instruction: Instruction| instruction.with_number(1 << 20);
    assert_eq!(replaced(Opcode::JumpBack, &far), "a jump leaves the function");
    assert_eq!(replaced(Opcode::CallStatic, &far), "there is no such function");
    assert_eq!(replaced(Opcode::CallVirtual, &far), "there is no such selector");
    assert_eq!(replaced(Opcode::LoadLiteral, &far), "a number is outside of its table");
    assert_eq!(replaced(Opcode::NewObject, &far), "a number is outside of its table");
    let unknown = |_| Instruction(0xff);
    assert_eq!(replaced(Opcode::Move, &unknown), "there is no such opcode");
    let high = |instruction: Instruction| Instruction(instruction.0 | 0xffff << 16);
    assert_eq!(replaced(Opcode::Move, &high), "a register is outside of the frame");
    assert_eq!(replaced(Opcode::CallStatic, &high), "a call's arguments are outside of the frame");
    assert_eq!(
        replaced(Opcode::GetOuter, &|instruction| Instruction(instruction.0 | 0xffff << 32)),
        "an outer register or address is wrong"
    );
    let null = |instruction: Instruction| Instruction::abc(Opcode::LoadNull, 0, instruction.a(), 0, 0);
    assert_eq!(replaced(Opcode::Slow, &null), "an operator lacks its second word");
    assert_eq!(replaced(Opcode::Target, &null), "an exit lacks its second word");
    let fewer = |instruction: Instruction| Instruction(instruction.0 - 0x100);
    assert_eq!(replaced(Opcode::TailCall, &fewer), "a call passes the wrong number of arguments");
    assert_eq!(
        broken(&|program| program.code.truncate(program.code.len() - 1)),
        "the function runs past its end"
    );
    assert_eq!(
        broken(&|program| program.functions.swap(3, 4)),
        "the function does not begin where the one before ends"
    );
    assert_eq!(
        broken(&|program| program.functions[0].captures = u16::MAX),
        "the arguments do not fit into the frame"
    );
    assert_eq!(
        broken(&|program| program.handlers[0].to = u32::MAX),
        "a protected range is outside of the function"
    );
    assert_eq!(
        broken(&|program| program.handlers[0].completion = u16::MAX),
        "the registers of a handler's completion are outside of the frame"
    );
    assert_eq!(broken(&|program| program.dispatch.truncate(10)), "the dispatch table is too short");
    assert_eq!(
        broken(&|program| program.entries.main = FunctionIndex(u32::MAX)),
        "an entry function takes the wrong number of arguments"
    );
    assert_eq!(
        broken(&|program| program.classes[1].subclasses_end = 0),
        "the range of a class's subclasses is wrong"
    );
    assert_eq!(broken(&|program| program.positions.reverse()), "the positions are not sorted");
    assert_eq!(broken(&|program| program.inlined.reverse()), "the inlined ranges are not sorted");
    let outside = "an inlined range is not inside of what is around it";
    assert_eq!(broken(&|program| program.inlined[0].parent = Some(0)), outside);
    assert_eq!(broken(&|program| program.inlined[0].to = u32::MAX), outside);
    assert_eq!(broken(&|program| program.inlined[0].from = u32::MAX), "the inlined ranges are not sorted");
}

proptest! {
    #[test]
    fn nonsense_makes_no_panic(words in proptest::collection::vec((any::<prop::sample::Index>(), any::<u64>()), 1..20)) {
        thread_local! { static PROGRAM: Program = program(); }
        PROGRAM.with(|good| {
            let mut program = Program { code: good.code.clone(), ..program() };
            for (place, word) in words {
                let at = place.index(program.code.len());
                // Most random words have no valid opcode; these have one.
                let opcode = word as usize % Opcode::ALL.len();
                program.code[at] = Instruction(word & !0xff | opcode as u64);
            }
            let _ = program.verify();
        });
    }
}
