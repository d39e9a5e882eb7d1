//! Tests of natives on a real heap, which in most tests collects at each allocation.

#![allow(clippy::disallowed_methods, reason = "tests need a heap")]
#![allow(unsafe_code, reason = "registers are written as the interpreter writes them")]

use std::sync::Arc;

use lucarne_compiler::program::{Builtins, Class, ClassIndex, Program};

use super::{Call, Entry, Failure, Native, SEARCH_NEAR_BYTES, TABLES, find};
use lucarne_heap::{Field, Heap, HeapOptions, Immediate, ProgramObjects, Ref, Register, StackId, Value};
use lucarne_ports::FixedEnvironment;

/// A heap with a stack. The registers of the stack hold the arguments, and values that a test keeps.
struct Bench {
    heap: Heap,
    stack: StackId,
}

/// The first register in which a test keeps values: behind the arguments.
const KEEP: usize = 8;

impl Bench {
    fn new() -> Bench {
        Bench::with(HeapOptions { stress: true, ..HeapOptions::default() })
    }

    fn with(options: HeapOptions) -> Bench {
        let classes = Builtins::NAMES.iter().enumerate().map(|(index, name)| Class {
            name: (*name).to_owned(),
            subclasses_end: index as u32 + 1,
            fields: 8,
            ..Class::default()
        });
        let by_name = |name: &str| {
            Builtins::NAMES.iter().position(|other| *other == name).map(|index| ClassIndex(index as u32))
        };
        let builtins = Builtins::find(by_name).expect("all names are there");
        let program = Program { classes: classes.collect(), builtins, ..Program::default() };
        let program = Arc::new(ProgramObjects::new(Arc::new(program)).expect("there is memory"));
        let mut heap = Heap::new(program, options).expect("there is memory");
        let stack = heap.add_stack();
        // SAFETY: nothing else uses the stack.
        let registers = unsafe { heap.stack_mut(stack) };
        registers.grow(64).expect("there is memory");
        registers.set_top(64);
        Bench { heap, stack }
    }

    fn register(&self, index: usize) -> Register {
        Register::new(self.stack, index)
    }

    fn set(&mut self, register: usize, value: impl Value) {
        let word = self.heap.get(value).word();
        // SAFETY: the word was just read.
        unsafe { self.heap.stack_mut(self.stack) }.set(register, word);
    }

    fn get(&self, register: usize) -> Ref<'_> {
        self.heap.get(self.register(register))
    }

    fn text(&mut self, register: usize, text: &str) {
        let text = self.heap.new_string(text).expect("there is memory").keep();
        self.set(register, text);
        self.heap.release_kept();
    }

    fn bytes(&mut self, register: usize, bytes: &[u8]) {
        let bytes = self.heap.new_bytes_from(bytes).expect("there is memory").keep();
        self.set(register, bytes);
        self.heap.release_kept();
    }

    /// Calls a native with the arguments in the first registers; the result goes to `target`.
    fn call(&mut self, module: &str, name: &str, target: usize) -> Result<(), Failure> {
        let Some(Entry::Function(native)) = find(module, name) else { panic!("no native {module}.{name}") };
        self.call_native(native, target)
    }

    fn call_native(&mut self, native: Native, target: usize) -> Result<(), Failure> {
        let environment = FixedEnvironment::default();
        let word = native(&mut Call::new(&mut self.heap, &environment, self.stack, 0))?.word();
        self.heap.release_kept();
        // SAFETY: nothing was allocated since the native returned.
        unsafe { self.heap.stack_mut(self.stack) }.set(target, word);
        Ok(())
    }

    /// Calls a native whose result must be an integer.
    fn int(&mut self, module: &str, name: &str) -> i64 {
        self.call(module, name, KEEP + 20).expect("the native succeeds");
        self.heap.int(self.get(KEEP + 20)).expect("the value is an integer")
    }

    /// Calls a native whose result must be a string.
    fn string(&mut self, module: &str, name: &str) -> String {
        self.call(module, name, KEEP + 20).expect("the native succeeds");
        self.heap.string(self.get(KEEP + 20)).expect("the value is a string").to_owned()
    }

    fn error(&mut self, module: &str, name: &str) -> &'static str {
        match self.call(module, name, KEEP + 20) {
            Err(Failure::Error(text)) => text,
            other => panic!("{other:?}"),
        }
    }
}

/// The expected entries of a table: keys and values, in order.
type Model = Vec<(i64, i64)>;

/// A table that the tests set up and use in the way that `lib/core/hash_.toit` does.
struct Table(Bench);

const TABLE: usize = KEEP;

impl Table {
    fn new() -> Table {
        let mut bench = Bench::new();
        let class = bench.heap.builtins().map;
        let map = bench.heap.new_instance(class).expect("there is memory").keep();
        bench.set(TABLE, map);
        for (field, value) in [0, 0, 0, 0, 0, 0, 3].into_iter().enumerate() {
            bench.heap.set_field(map, field, Immediate::small(value));
        }
        bench.heap.set_field(map, 4, Immediate::NULL);
        bench.heap.new_array(0).expect("there is memory").store(map, 1);
        bench.heap.release_kept();
        Table(bench)
    }

    fn field(&self, index: usize) -> i64 {
        let value = self.0.heap.get(Field::new(self.0.register(TABLE), index));
        self.0.heap.int(value).expect("the value is an integer")
    }

    /// Sets the arguments for a table: even keys are integers, odd ones strings.
    fn arguments(&mut self, key: i64, value: i64) {
        if key % 2 == 0 {
            self.0.set(1, Immediate::small(key));
        } else {
            self.0.text(1, &format!("key {key}"));
        }
        self.0.set(0, self.0.register(TABLE));
        self.0.set(2, Immediate::small(value));
    }

    fn put(&mut self, key: i64, value: i64) {
        self.arguments(key, value);
        if self.0.call("hash", "put", 3).is_err() {
            self.rebuild(self.field(0) + 1);
            self.arguments(key, value);
            self.0.call("hash", "put", 3).expect("the native succeeds");
        }
        assert_eq!(self.0.get(3), Ref::small(value));
    }

    fn rebuild(&mut self, wanted: i64) {
        let room = wanted + wanted / 2 + 2;
        self.0.set(0, Immediate::small(room));
        let size = self.0.int("hash", "index-bytes");
        if room > 8 {
            self.0.bytes(2, &vec![0; size as usize]);
        } else {
            self.0.set(2, Immediate::NULL);
        }
        let backing = self.0.heap.new_array(room as usize * 3).expect("there is memory").keep();
        self.0.set(1, backing);
        self.0.heap.release_kept();
        self.0.set(0, self.0.register(TABLE));
        self.0.call("hash", "rebuild", 3).expect("the native succeeds");
    }

    fn place(&mut self, key: i64) -> Option<usize> {
        self.arguments(key, 0);
        usize::try_from(self.0.int("hash", "find")).ok()
    }

    /// Returns the field of the backing at a place.
    fn part(&self, place: usize) -> Field<Field<Register>> {
        Field::new(Field::new(self.0.register(TABLE), 1), place)
    }

    fn word(&self, place: usize) -> Ref<'_> {
        self.0.heap.get(self.part(place))
    }

    fn get(&mut self, key: i64) -> Option<i64> {
        let place = self.place(key)?;
        self.word(place + 2).to_small()
    }

    fn remove(&mut self, key: i64) {
        let Some(place) = self.place(key) else { return };
        let table = self.0.register(TABLE);
        for offset in 0..3 {
            self.0.heap.set_field(Field::new(table, 1), place + offset, Immediate::NULL);
        }
        let size = self.field(0) - 1;
        self.0.heap.set_field(table, 0, Immediate::small(size));
        // As `drop-removed_` does: the places behind the last entry are used again.
        let mut end = self.field(2) as usize;
        while end > 0 && self.word(end - 3).is_null() {
            end -= 3;
        }
        self.0.heap.set_field(table, 2, Immediate::small(end as i64));
    }

    fn values(&self) -> Vec<i64> {
        let end = self.field(2) as usize;
        let places = (0..end).step_by(3).filter(|place| !self.word(*place).is_null());
        places.filter_map(|place| self.word(place + 2).to_small()).collect()
    }
}

#[test]
fn hash_tables_do_what_a_list_of_pairs_does() {
    let mut table = Table::new();
    let mut model = Model::new();
    let mut seed = 42_u64;
    for step in 0..3000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let key = (seed >> 33) as i64 % 60;
        match (seed >> 60) % 4 {
            0 | 1 => {
                table.put(key, step);
                match model.iter_mut().find(|(other, _)| *other == key) {
                    Some(pair) => pair.1 = step,
                    None => model.push((key, step)),
                }
            }
            2 => {
                table.remove(key);
                model.retain(|(other, _)| *other != key);
            }
            _ => {
                let expected = model.iter().find(|(other, _)| *other == key).map(|pair| pair.1);
                assert_eq!(table.get(key), expected);
            }
        }
        assert_eq!(table.field(0), model.len() as i64);
    }
    assert_eq!(table.values(), model.iter().map(|pair| pair.1).collect::<Vec<_>>());
}

#[test]
fn equal_numbers_are_one_key() {
    let mut table = Table::new();
    table.put(2, 1);
    table.arguments(0, 5);
    let two = table.0.heap.new_float(2.0).expect("there is memory").keep();
    table.0.set(1, two);
    table.0.call("hash", "put", 3).expect("the native succeeds");
    assert_eq!(table.field(0), 1);
    assert_eq!(table.get(2), Some(5));
}

#[test]
fn strings_are_made_of_pieces_that_move() {
    let mut bench = Bench::new();
    bench.text(0, "häuser");
    bench.text(1, "boot");
    assert_eq!(bench.string("string", "add"), "häuserboot");
    bench.set(1, Immediate::small(1));
    bench.set(2, Immediate::small(3));
    assert_eq!(bench.string("string", "copy"), "ä");
    bench.set(2, Immediate::small(2));
    assert_eq!(bench.error("string", "copy"), "ILLEGAL_UTF_8");
    bench.set(2, Immediate::small(9));
    assert_eq!(bench.error("string", "copy"), "OUT_OF_BOUNDS");
    bench.set(1, Immediate::small(3));
    assert_eq!(bench.string("string", "repeat"), "häuserhäuserhäuser");
    bench.set(1, Immediate::TRUE);
    assert_eq!(bench.string("string", "ascii-case"), "HäUSER");
    bench.text(1, "user");
    for (register, word) in [(2, Immediate::small(0)), (3, Immediate::small(7)), (4, Immediate::FALSE)] {
        bench.set(register, word);
    }
    assert_eq!(bench.int("string", "index-of"), 3);
}

thread_local! {
    static ANNOUNCED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A search in a long text is long work only if it goes far, and no match is lost at the border between near and far.
#[test]
fn searches_announce_only_what_is_far() {
    let before_long_work = || ANNOUNCED.set(ANNOUNCED.get() + 1);
    let mut bench = Bench::with(HeapOptions { before_long_work, ..HeapOptions::default() });
    let size = 8 * SEARCH_NEAR_BYTES;
    let flags = |last| if last { Immediate::TRUE } else { Immediate::FALSE };
    let mut search = |at: usize, last: bool| {
        let mut text = "é".repeat(size / 2);
        text.replace_range(at..at + 4, "<ä>");
        bench.text(0, &text);
        bench.text(1, "<ä>");
        for (register, value) in
            [(2, Immediate::small(0)), (3, Immediate::small(size as i64)), (4, flags(last))]
        {
            bench.set(register, value);
        }
        let before = ANNOUNCED.get();
        let found = bench.int("string", "index-of");
        (found, ANNOUNCED.get() > before)
    };
    for border in [SEARCH_NEAR_BYTES, size - SEARCH_NEAR_BYTES] {
        for at in (border - 8..border + 8).step_by(2) {
            assert_eq!(search(at, false).0, at as i64);
            assert_eq!(search(at, true).0, at as i64);
        }
    }
    assert_eq!([search(100, false), search(size - 100, true)], [(100, false), (size as i64 - 100, false)]);
    assert_eq!([search(size - 100, false).1, search(100, true).1], [true, true]);

    let mut text = " ".repeat(size);
    text.replace_range(size / 2..size / 2 + 2, "é");
    bench.text(0, &text);
    assert_eq!(bench.int("string", "trim-start"), size as i64 / 2);
    assert_eq!(bench.int("string", "trim-end"), size as i64 / 2 + 2);
    bench.text(0, &format!("é{}", " ".repeat(size)));
    assert_eq!([bench.int("string", "trim-start"), bench.int("string", "trim-end")], [0, 2]);
    bench.text(0, &" ".repeat(size));
    assert_eq!([bench.int("string", "trim-start"), bench.int("string", "trim-end")], [size as i64, 0]);

    let mut bytes = vec![1; size];
    bytes[100] = 7;
    bytes[size - 100] = 8;
    bench.bytes(0, &bytes);
    bench.set(2, Immediate::small(0));
    bench.set(3, Immediate::small(size as i64));
    for (wanted, place, announced) in [(7, 100, false), (8, size as i64 - 100, true), (9, -1, true)] {
        bench.set(1, Immediate::small(wanted));
        let before = ANNOUNCED.get();
        assert_eq!(bench.int("bytes", "index-of"), place);
        assert_eq!(ANNOUNCED.get() > before, announced);
    }
}

#[test]
fn bytes_are_copied_onto_themselves() {
    let mut bench = Bench::new();
    let original: Vec<u8> = (0..5000_u32).map(|index| (index % 251) as u8).collect();
    for (target, from, to) in [(1, 0, 4999), (0, 1, 5000), (1200, 0, 3800), (0, 1200, 5000)] {
        bench.bytes(0, &original);
        bench.set(2, bench.register(0));
        for (register, value) in [(1, target), (3, from), (4, to)] {
            bench.set(register, Immediate::small(value as i64));
        }
        bench.call("bytes", "replace", 5).expect("the native succeeds");
        let mut expected = original.clone();
        expected.copy_within(from..to, target);
        assert_eq!(bench.heap.bytes(bench.get(0)), Some(&expected[..]));
    }
    bench.bytes(0, &[b'a', 0x80, 0x81, b'b', 0xff]);
    for (register, value) in [(1, 0), (2, 5)] {
        bench.set(register, Immediate::small(value));
    }
    assert_eq!(bench.string("bytes", "to-string-lossy"), "a\u{fffd}b\u{fffd}");
    assert_eq!(bench.error("bytes", "to-string"), "ILLEGAL_UTF_8");
}

#[test]
fn numbers_are_read_and_written_in_both_orders() {
    let mut bench = Bench::new();
    for (big_endian, first) in [(Immediate::TRUE, 0x12), (Immediate::FALSE, 0x56)] {
        bench.bytes(0, &[0; 4]);
        for (register, word) in [
            (1, Immediate::small(1)),
            (2, Immediate::small(3)),
            (3, Immediate::small(0x12_3456)),
            (4, big_endian),
        ] {
            bench.set(register, word);
        }
        bench.call("bytes", "put-int", 5).expect("the native succeeds");
        assert_eq!(bench.heap.bytes(bench.get(0)).map(|bytes| bytes[1]), Some(first));
        bench.set(3, Immediate::TRUE);
        assert_eq!(bench.int("bytes", "read-int"), 0x12_3456);
        bench.set(1, Immediate::small(2));
        assert_eq!(bench.error("bytes", "read-int"), "OUT_OF_BOUNDS");
    }
}

#[test]
fn arrays_are_moved_onto_themselves() {
    let mut bench = Bench::new();
    bench.set(0, Immediate::small(5));
    bench.set(1, Immediate::NULL);
    bench.call("array", "new", KEEP).expect("the native succeeds");
    for index in 0..5 {
        bench.text(3, &format!("{index}"));
        bench.heap.set_field(bench.register(KEEP), index, bench.register(3));
    }
    bench.set(0, bench.register(KEEP));
    bench.set(2, bench.register(KEEP));
    for (register, value) in [(1, 0), (3, 1), (4, 4)] {
        bench.set(register, Immediate::small(value));
    }
    bench.call("array", "move", 5).expect("the native succeeds");
    bench.set(0, bench.register(KEEP));
    bench.text(1, ",");
    assert_eq!(bench.string("string", "join"), "0,0,1,2,3");
    bench.set(4, Immediate::small(5));
    bench.set(1, Immediate::small(0));
    assert_eq!(bench.error("array", "move"), "OUT_OF_BOUNDS");
}

/// A value that a program can pass to a native if it calls the native directly.
#[derive(Clone, Copy)]
enum Argument {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'static str),
    Bytes(&'static [u8]),
    Array(usize),
}

const ARGUMENTS: &[Argument] = &[
    Argument::Null,
    Argument::Bool(false),
    Argument::Bool(true),
    Argument::Int(0),
    Argument::Int(1),
    Argument::Int(2),
    Argument::Int(8),
    Argument::Int(64),
    Argument::Int(-1),
    Argument::Int(65_535),
    Argument::Int(65_536),
    Argument::Int(1 << 32),
    Argument::Int(i64::MAX),
    Argument::Int(i64::MIN),
    Argument::Float(0.5),
    Argument::Float(-0.0),
    Argument::Float(f64::MAX),
    Argument::Float(f64::NAN),
    Argument::Float(f64::NEG_INFINITY),
    Argument::Text(""),
    Argument::Text("1e99999"),
    Argument::Text("a: [\u{e9}, &x {b: *x}]"),
    Argument::Bytes(&[]),
    Argument::Bytes(&[0xff; 16]),
    Argument::Bytes(b"[1, 0x, \"\\u"),
    Argument::Array(0),
    Argument::Array(9),
];

impl Bench {
    fn argument(&mut self, register: usize, argument: Argument) {
        match argument {
            Argument::Null => self.set(register, Immediate::NULL),
            Argument::Bool(value) => self.set(register, Immediate::bool(value)),
            Argument::Int(value) => {
                let value = self.heap.new_int(value).expect("there is memory").keep();
                self.set(register, value);
            }
            Argument::Float(value) => {
                let value = self.heap.new_float(value).expect("there is memory").keep();
                self.set(register, value);
            }
            Argument::Text(text) => self.text(register, text),
            Argument::Bytes(bytes) => self.bytes(register, bytes),
            Argument::Array(size) => {
                let array = self.heap.new_array(size).expect("there is memory").keep();
                self.set(register, array);
            }
        }
        self.heap.release_kept();
    }
}

/// No native panics or runs without end, whatever arguments a program passes to it.
#[test]
fn absurd_arguments_are_refused() {
    const CALLS: usize = 2000;
    let mut choice = 1_u64;
    for (.., native) in TABLES.iter().flat_map(|(_, table)| *table) {
        let mut bench = Bench::with(HeapOptions { limit_bytes: 4 << 20, ..HeapOptions::default() });
        for _ in 0..CALLS {
            for register in 0..KEEP {
                // Knuth's linear congruential generator. Its upper bits are random enough for a choice.
                choice =
                    choice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                bench.argument(register, ARGUMENTS[(choice >> 33) as usize % ARGUMENTS.len()]);
            }
            let _ = bench.call_native(*native, KEEP);
        }
    }
}
