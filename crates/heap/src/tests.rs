//! Tests of the heap. One compares it with a model: reachable objects stay as they were, whatever is allocated, linked
//! and collected. The others test limits, finalizers, weak arrays, states, handles and failed collections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lucarne_compiler::program::{Builtins, Class, ClassIndex, Literal, Program};
use proptest::prelude::*;

use super::{
    Handle, Heap, HeapOptions, Immediate, Kept, MemoryAccount, OutOfMemory, ProgramObjects, Ref, RefMut,
    Register,
};

/// Creates a program without code that has all built-in classes, in the given order.
fn program_of(names: &[&str], literals: Vec<Literal>) -> Program {
    let class = |name: &&str| Class { name: (*name).to_owned(), fields: 2, ..Class::default() };
    let place = |name: &str| names.iter().position(|known| *known == name);
    let builtins = Builtins::find(|name| place(name).map(|place| ClassIndex(place as u32)));
    let builtins = builtins.expect("all names are there");
    Program { classes: names.iter().map(class).collect(), literals, builtins, ..Program::default() }
}

fn program(literals: Vec<Literal>) -> Arc<ProgramObjects> {
    let names: Vec<&str> = Builtins::NAMES.to_vec();
    Arc::new(ProgramObjects::new(Arc::new(program_of(&names, literals))).expect("there is memory"))
}

fn heap(stress: bool) -> Heap {
    Heap::new(program(Vec::new()), HeapOptions { stress, ..HeapOptions::default() }).expect("there is memory")
}

/// A step of a mutator. The first number of a step picks the root that it works on; in `Link`, so does the last.
#[derive(Clone, Debug)]
enum Step {
    NewArray(usize, usize),
    NewString(usize, String),
    NewFloat(usize, f64),
    NewBytes(usize, usize),
    Link(usize, usize, usize),
    Forget(usize),
    Collect(bool),
    Compact,
}

const ROOTS: usize = 8;

fn step() -> impl Strategy<Value = Step> {
    let root = 0..ROOTS;
    prop_oneof![
        (root.clone(), prop_oneof![0usize..6, Just(200usize), Just(5000usize)])
            .prop_map(|(r, n)| Step::NewArray(r, n)),
        (root.clone(), ".{0,12}").prop_map(|(r, text)| Step::NewString(r, text)),
        (root.clone(), any::<f64>()).prop_map(|(r, value)| Step::NewFloat(r, value)),
        (root.clone(), prop_oneof![0usize..64, Just(40_000usize)]).prop_map(|(r, n)| Step::NewBytes(r, n)),
        (root.clone(), 0usize..300, root.clone()).prop_map(|(r, place, other)| Step::Link(r, place, other)),
        root.prop_map(Step::Forget),
        any::<bool>().prop_map(Step::Collect),
        Just(Step::Compact),
    ]
}

/// An object of the model. The number of an object is its place in the list of models; an array holds such numbers.
#[derive(Clone, Debug, PartialEq)]
enum Model {
    Array(Vec<Option<usize>>),
    Text(String),
    Float(u64),
    Bytes(usize),
}

fn check<'h>(heap: &'h Heap, value: Ref<'h>, models: &[Model], id: usize, seen: &mut Vec<(usize, Ref<'h>)>) {
    if let Some((_, known)) = seen.iter().find(|(known, _)| *known == id) {
        assert!(*known == value, "object {id} is at two places");
        return;
    }
    seen.push((id, value));
    match &models[id] {
        Model::Text(text) => assert_eq!(heap.string(value), Some(text.as_str())),
        Model::Float(bits) => assert_eq!(heap.float(value).map(f64::to_bits), Some(*bits)),
        Model::Bytes(length) => {
            let expected: Vec<u8> = (0..*length).map(|index| index as u8).collect();
            assert_eq!(heap.bytes(value), Some(expected.as_slice()));
        }
        Model::Array(elements) => {
            assert_eq!(heap.length(value), elements.len());
            for (found, element) in value.elements().iter().zip(elements) {
                match element {
                    None => assert!(found.is_null()),
                    Some(id) => check(heap, *found, models, *id, seen),
                }
            }
        }
    }
}

/// Makes a byte array in which each byte is its own index, modulo 256.
fn counting_bytes(heap: &mut Heap, length: usize) -> RefMut<'_> {
    let mut array = heap.new_bytes(length).unwrap();
    for (index, byte) in array.reborrow().bytes_mut().unwrap().iter_mut().enumerate() {
        *byte = index as u8;
    }
    array
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn reachable_objects_stay(steps in prop::collection::vec(step(), 1..200), stress in any::<bool>()) {
        let mut heap = heap(stress);
        let roots: Vec<_> = (0..ROOTS).map(|_| heap.root(Immediate::NULL)).collect();
        let mut held: [Option<usize>; ROOTS] = [None; ROOTS];
        let mut models: Vec<Model> = Vec::new();
        for step in steps {
            let made = match &step {
                Step::NewArray(root, length) => {
                    Some((*root, heap.new_array(*length).unwrap().keep(), Model::Array(vec![None; *length])))
                }
                Step::NewString(root, text) => {
                    Some((*root, heap.new_string(text).unwrap().keep(), Model::Text(text.clone())))
                }
                Step::NewFloat(root, value) => {
                    Some((*root, heap.new_float(*value).unwrap().keep(), Model::Float(value.to_bits())))
                }
                Step::NewBytes(root, length) => {
                    Some((*root, counting_bytes(&mut heap, *length).keep(), Model::Bytes(*length)))
                }
                Step::Link(root, place, other) => {
                    let length = heap.length(heap.get(&roots[*root]));
                    if length > 0 {
                        heap.set_field(&roots[*root], place % length, &roots[*other]);
                        if let Some(Model::Array(elements)) = held[*root].map(|id| &mut models[id]) {
                            elements[place % length] = held[*other];
                        }
                    }
                    None
                }
                Step::Forget(root) => {
                    heap.set_root(&roots[*root], Immediate::NULL);
                    held[*root] = None;
                    None
                }
                Step::Collect(full) => {
                    heap.collect(*full).unwrap();
                    None
                }
                Step::Compact => {
                    heap.compact().unwrap();
                    None
                }
            };
            if let Some((root, value, model)) = made {
                heap.set_root(&roots[root], value);
                models.push(model);
                held[root] = Some(models.len() - 1);
            }
            heap.release_kept();
            let mut seen = Vec::new();
            for (root, id) in roots.iter().zip(held) {
                if let Some(id) = id {
                    check(&heap, heap.get(root), &models, id, &mut seen);
                }
            }
        }
    }
}

#[test]
fn garbage_is_freed() {
    let mut heap = heap(false);
    for _ in 0..1_000 {
        heap.new_array(1_000).unwrap();
        heap.new_bytes(50_000).unwrap();
    }
    heap.collect(true).unwrap();
    assert!(heap.used_bytes() < 1 << 20, "{} bytes are left", heap.used_bytes());
}

#[test]
fn a_compacted_heap_takes_what_its_objects_need_and_goes_on() {
    let mut heap = heap(false);
    let root = heap.root(Immediate::NULL);
    for _ in 0..20 {
        chain(&mut heap, &root).unwrap();
        heap.new_array(100).unwrap();
    }
    heap.compact().unwrap();
    let live_bytes = 20 * 101 * 8;
    assert!(heap.used_bytes() < live_bytes + 200, "{} bytes for {live_bytes}", heap.used_bytes());
    let length = |heap: &Heap| {
        let mut count = 0;
        let mut next = heap.get(&root);
        while !next.is_null() {
            next = next.elements()[0];
            count += 1;
        }
        count
    };
    assert_eq!(length(&heap), 20);
    chain(&mut heap, &root).unwrap();
    assert_eq!(length(&heap), 21);
    assert!(heap.statistics().minor_collections <= 40, "the young chunk has its room again");
}

#[test]
fn a_large_heap_is_not_compacted() {
    let mut heap = heap(false);
    let root = heap.root(Immediate::NULL);
    for _ in 0..100 {
        chain(&mut heap, &root).unwrap();
    }
    let before = heap.statistics().full_collections;
    heap.compact().unwrap();
    assert_eq!(heap.statistics().full_collections, before);
}

/// Puts a new array in front of the chain of arrays that a root holds.
fn chain(heap: &mut Heap, root: &super::Root) -> Result<(), OutOfMemory> {
    let mut array = heap.new_array(100)?;
    array.set(0, root);
    let array = array.keep();
    heap.set_root(root, array);
    heap.release_kept();
    Ok(())
}

#[test]
fn a_limit_is_an_error_and_the_heap_lives_on() {
    let options = HeapOptions { limit_bytes: 1 << 20, ..HeapOptions::default() };
    let mut heap = Heap::new(program(Vec::new()), options).unwrap();
    let root = heap.root(Immediate::NULL);
    let mut count = 0;
    while chain(&mut heap, &root).is_ok() {
        count += 1;
        assert!(count < 10_000, "the limit has no effect");
    }
    assert!(heap.used_bytes() <= 2 << 20);
    heap.set_root(&root, Immediate::NULL);
    assert!(heap.new_array(100).is_ok(), "memory that is no longer used can be used again");
    assert!(heap.new_bytes(2 << 20).is_err());
}

#[test]
fn finalizers_run_once_when_the_object_is_gone() {
    for full in [false, true] {
        let mut heap = heap(false);
        let object = heap.new_array(1).unwrap().root();
        // The lambda refers to the object, as does a lambda that closes its object.
        let mut lambda = heap.new_array(2).unwrap();
        lambda.set(0, &object);
        let lambda = lambda.keep();
        heap.add_finalizer(&object, lambda);
        heap.release_kept();
        heap.collect(full).unwrap();
        assert!(heap.take_due_finalizer().is_none());
        heap.unroot(object);
        heap.collect(true).unwrap();
        let due = heap.take_due_finalizer().expect("the object has been collected");
        let object = heap.get(due).elements()[0];
        assert_eq!(heap.length(object), 1, "the lambda still finds the object");
        heap.release_kept();
        heap.collect(true).unwrap();
        assert!(heap.take_due_finalizer().is_none());
    }
}

#[test]
fn weak_arrays_forget() {
    let mut heap = heap(false);
    let kept = heap.new_string("kept").unwrap().root();
    let weak = heap.new_weak_array(2).unwrap().root();
    let gone = heap.new_string("gone").unwrap().keep();
    heap.set_field(&weak, 0, &kept);
    heap.set_field(&weak, 1, gone);
    heap.release_kept();
    heap.collect(true).unwrap();
    let elements = heap.get(&weak).weak_elements();
    assert_eq!(heap.string(elements[0]), Some("kept"));
    assert!(elements[1].is_null());
}

/// Keeps a literal.
fn literal(heap: &mut Heap, index: usize) -> Kept {
    let word = heap.objects().literal(index);
    // SAFETY: literals of its program are current for a heap.
    unsafe { heap.keep_word(word) }
}

#[test]
fn literals_are_never_moved_or_written() {
    let mut heap = Heap::new(
        program(vec![Literal::String("text".into()), Literal::Bytes(vec![1, 2]), Literal::Int(i64::MAX)]),
        HeapOptions { stress: true, ..HeapOptions::default() },
    )
    .unwrap();
    let (text, bytes, int) = (literal(&mut heap, 0), literal(&mut heap, 1), literal(&mut heap, 2));
    let place = heap.get(text).word();
    let array = heap.new_array(3).unwrap().keep();
    assert!(heap.get(text).word() == place);
    assert_eq!(heap.int(heap.get(int)), Some(i64::MAX));
    heap.set_field(text, 0, array);
    assert!(heap.get_mut(bytes).bytes_mut().is_none());
    assert_eq!(heap.string(heap.get(text)), Some("text"));
}

/// Counts how often it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn states_are_dropped_once_with_their_object() {
    for stress in [false, true] {
        let drops = Arc::new(AtomicUsize::new(0));
        let dropped = || drops.load(Ordering::Relaxed);
        let mut heap = heap(stress);
        let roots: Vec<_> =
            (0..4).map(|_| heap.new_state(Counted(drops.clone()), 0).unwrap().root()).collect();
        heap.collect(false).unwrap();
        heap.collect(true).unwrap();
        assert_eq!(dropped(), 0);
        heap.set_root(&roots[0], Immediate::NULL);
        heap.collect(true).unwrap();
        assert_eq!(dropped(), 1);
        drop(heap.take_state::<Counted>(&roots[1]));
        assert_eq!(dropped(), 2);
        assert!(heap.is_closed_state(heap.get(&roots[1])));
        assert!(heap.take_state::<Counted>(&roots[1]).is_none());
        heap.set_root(&roots[1], Immediate::NULL);
        heap.collect(true).unwrap();
        assert_eq!(dropped(), 2);
        drop(heap);
        assert_eq!(dropped(), 4);
    }
}

#[test]
fn states_are_lent_while_objects_move() {
    let mut heap = heap(true);
    let root = heap.new_state(vec![1_u8], 0).unwrap().root();
    assert!(heap.lend_state::<String>(&root).is_none(), "the state is of another type");
    let mut lent = heap.lend_state::<Vec<u8>>(&root).expect("the state exists");
    assert!(heap.lend_state::<Vec<u8>>(&root).is_none(), "the state is lent already");
    for _ in 0..10 {
        heap.new_array(10).unwrap();
    }
    lent.state.push(2);
    heap.give_back_state(lent);
    assert_eq!(heap.take_state::<Vec<u8>>(&root), Some(vec![1, 2]));
    assert!(heap.bytes(heap.get(&root)).is_none() && heap.get_mut(&root).take_buffer().is_none());
}

#[test]
fn states_count_for_the_limit() {
    let options = HeapOptions { limit_bytes: 1 << 20, ..HeapOptions::default() };
    let mut heap = Heap::new(program(Vec::new()), options).unwrap();
    let before = heap.used_bytes();
    let root = heap.new_state([0_u8; 100], 500_000).unwrap().root();
    assert!(heap.used_bytes() >= before + 500_100);
    assert!(heap.new_state(0_u8, 600_000).is_err());
    heap.unroot(root);
    assert!(heap.new_state(0_u8, 600_000).is_ok(), "the first object has been collected");
}

#[test]
fn states_that_grow_count_for_the_limit() {
    let options = HeapOptions { limit_bytes: 1 << 20, ..HeapOptions::default() };
    let mut heap = Heap::new(program(Vec::new()), options).unwrap();
    let root = heap.new_state(vec![1_u8], 0).unwrap().root();
    let before = heap.used_bytes();
    heap.resize_state(&root, 500_000).expect("there is room");
    assert_eq!(heap.used_bytes(), before + 500_000);
    assert!(heap.new_state(0_u8, 600_000).is_err());
    assert!(heap.resize_state(&root, 1_100_000).is_err());
    // The heap itself may have grown a little by the collection.
    let around = |bytes: usize| bytes..bytes + 10_000;
    assert!(around(before + 500_000).contains(&heap.used_bytes()), "a size that is refused changes nothing");
    heap.resize_state(&root, 0).expect("a state can shrink");
    assert!(around(before).contains(&heap.used_bytes()));
    drop(heap.take_state::<Vec<u8>>(&root));
    heap.resize_state(&root, 500_000).expect("the state is closed");
    assert!(around(before - 100).contains(&heap.used_bytes()));
}

/// Makes `count` heaps that share an account of 1 MiB, and returns them with the account.
fn sharing(count: usize) -> (Vec<Heap>, Arc<MemoryAccount>) {
    let account = Arc::new(MemoryAccount::new(1 << 20));
    let heap = || {
        let mut heap = heap(false);
        heap.charge_to(account.clone());
        heap
    };
    ((0..count).map(|_| heap()).collect(), account.clone())
}

#[test]
fn an_account_bounds_what_heaps_use_together() {
    let (mut heaps, account) = sharing(2);
    let root = heaps[0].new_bytes(600_000).unwrap().root();
    assert!(account.used_bytes() >= 600_000);
    assert!(heaps[1].new_bytes(600_000).is_err());
    assert!(heaps[1].new_bytes(100_000).is_ok(), "the account has room for this");
    heaps[0].unroot(root);
    heaps[0].collect(true).unwrap();
    assert!(heaps[1].new_bytes(600_000).is_ok(), "the first object has been collected");
    let other = heap(false);
    assert!(other.used_bytes() > 0);
    heaps.clear();
    assert_eq!(account.used_bytes(), 0);
}

#[test]
fn buffers_are_charged_to_their_new_owner() {
    let (mut heaps, account) = sharing(2);
    let root = heaps[0].new_bytes(700_000).unwrap().root();
    let buffer = heaps[0].get_mut(&root).take_buffer().unwrap();
    assert!(account.used_bytes() < 100_000);
    assert!(heaps[1].adopt(buffer).is_ok());
    assert!(heaps[0].new_bytes(700_000).is_err());
    heaps[0].unroot(root);
}

#[test]
fn many_small_objects_are_charged_as_well() {
    let (mut heaps, account) = sharing(2);
    let root = heaps[0].root(Immediate::NULL);
    while chain(&mut heaps[0], &root).is_ok() {
        assert!(account.used_bytes() < 2 << 20, "the limit has no effect");
    }
    assert_eq!(heaps.iter().map(Heap::used_bytes).sum::<usize>(), account.used_bytes());
    assert!(heaps[1].new_bytes(200_000).is_err());
    heaps.remove(0);
    assert!(heaps[0].new_bytes(200_000).is_ok());
}

#[test]
fn strings_of_pieces_that_move() {
    let mut heap = heap(true);
    let stack = heap.add_stack();
    // SAFETY: nothing else uses the stack.
    unsafe {
        heap.stack_mut(stack).grow(4).unwrap();
        heap.stack_mut(stack).set_top(3);
    }
    let first = Register::new(stack, 0);
    for (index, text) in ["häu", "ser", "boot"].iter().enumerate() {
        let word = heap.new_string(text).unwrap().word();
        // SAFETY: the word was just made.
        unsafe { heap.stack_mut(stack) }.set(index, word);
    }
    let joined = heap.concat(first, 3).unwrap().unwrap();
    assert_eq!(joined.heap().string(joined.as_ref()), Some("häuserboot"));
    assert!(heap.concat(first, 4).unwrap().is_none(), "null is not a string");
    let short = heap.build_string(3, |_, new| new.push("ab")).unwrap();
    assert_eq!(short.heap().string(short.as_ref()), Some("ab\0"));
}

#[test]
fn handles_of_other_heaps_read_null_or_a_live_object() {
    let (mut first, mut second) = (heap(true), heap(true));
    let kept = first.new_string("kept").unwrap().keep();
    let root = first.new_string("root").unwrap().root();
    let stack = first.add_stack();
    for value in [Handle::from(kept), Handle::from(Register::new(stack, 7))] {
        assert!(second.get(value).is_null());
        second.set_field(value, 0, Immediate::TRUE);
        assert!(second.get_mut(value).take_buffer().is_none());
    }
    assert!(second.get(&root).is_null());
    second.set_root(&root, Immediate::TRUE);
    second.unroot(root);
    let other = second.new_string("other").unwrap().root();
    assert_eq!(second.string(second.get(&other)), Some("other"));
    first.release_kept();
    assert!(first.get(kept).is_null(), "the scope of the handle has ended");
    first.new_array(1).unwrap().keep();
    assert_eq!(first.length(first.get(kept)), 1);
}

#[test]
fn classes_of_other_programs_do_not_make_strings() {
    let own = heap(false);
    // The same names in the reverse order: the class id of a byte array of `other` is that of another class in `own`.
    let names: Vec<&str> = Builtins::NAMES.iter().rev().copied().collect();
    let other = ProgramObjects::new(Arc::new(program_of(&names, Vec::new()))).unwrap();
    let mut other = Heap::new(Arc::new(other), HeapOptions::default()).unwrap();
    for length in [3, 100_000] {
        let bytes = other.new_bytes_from(&vec![0xff; length]).unwrap().keep();
        assert_eq!(own.string(other.get(bytes)), None);
        let _ = (own.bytes(other.get(bytes)), own.int(other.get(bytes)), own.float(other.get(bytes)));
        assert!(!own.class_name(other.get(bytes)).is_empty());
    }
    let text = other.new_string("text").unwrap().get();
    assert_eq!(own.string(text), Some("text"));
}

#[test]
fn emptied_arrays_get_their_buffer_back() {
    let mut heap = heap(true);
    let array = counting_bytes(&mut heap, 40_000).keep();
    let buffer = heap.get_mut(array).take_buffer().unwrap();
    assert_eq!(heap.bytes(heap.get(array)), Some(&[][..]));
    assert!(heap.get_mut(array).take_buffer().is_none());
    heap.new_array(10).unwrap();
    heap.get_mut(array).restore_buffer(buffer);
    assert_eq!(heap.bytes(heap.get(array)).map(<[u8]>::len), Some(40_000));
    let spare = heap.new_bytes(50_000).unwrap().take_buffer().unwrap();
    heap.get_mut(array).restore_buffer(spare);
    assert_eq!(heap.bytes(heap.get(array)).map(<[u8]>::len), Some(40_000), "the array was not empty");
}

#[test]
fn words_are_copied_between_objects_and_within_one() {
    let mut heap = heap(true);
    let (from, to) = (heap.new_array(4).unwrap().keep(), heap.new_array(3).unwrap().keep());
    for index in 0..4 {
        heap.set_field(from, index, Immediate::small(index as i64));
    }
    heap.copy_words(from, 1, to, 0, 3);
    heap.copy_words(from, 0, from, 1, 3);
    heap.copy_words(from, 2, to, 0, 3);
    heap.copy_words(from, 0, to, 2, 2);
    let ints =
        |array| heap.get(array).elements().iter().map(|int| int.to_small().unwrap()).collect::<Vec<_>>();
    assert_eq!(ints(from), [0, 0, 1, 2]);
    assert_eq!(ints(to), [1, 2, 0]);
}

#[test]
fn broken_heaps_forget_all_references() {
    let mut heap = heap(false);
    let root = heap.new_string("root").unwrap().root();
    let kept = heap.new_string("kept").unwrap().keep();
    heap.break_for_test();
    assert!(heap.get(&root).is_null() && heap.get(kept).is_null() && heap.current_task().is_null());
    assert!(heap.new_array(1).is_err() && heap.new_string("x").is_err() && heap.collect(true).is_err());
    assert!(heap.new_int(1).is_ok(), "a value without an object needs no memory");
    heap.histogram();
}

thread_local! {
    static ANNOUNCED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

#[test]
fn long_collections_are_announced_and_futile_ones_counted() {
    let before_long_work = || ANNOUNCED.set(ANNOUNCED.get() + 1);
    let options = HeapOptions { limit_bytes: 4 << 20, before_long_work, ..HeapOptions::default() };
    let mut heap = Heap::new(program(Vec::new()), options).unwrap();
    let root = heap.root(Immediate::NULL);
    while chain(&mut heap, &root).is_ok() {}
    assert!(ANNOUNCED.get() > 0, "the heap has grown to more than LONG_WORK_BYTES");
    assert!(heap.take_work() > 0);
    assert_eq!(heap.take_work(), 0);
    for count in 1..4 {
        let announced = ANNOUNCED.get();
        let futile = heap.futile_collections();
        while chain(&mut heap, &root).is_ok() {}
        assert!(heap.futile_collections() > futile, "{count}");
        assert!(ANNOUNCED.get() > announced, "{count}");
    }
    heap.set_root(&root, Immediate::NULL);
    let root = heap.root(Immediate::NULL);
    while heap.futile_collections() > 0 {
        chain(&mut heap, &root).expect("the first chain has been collected");
    }
}
