//! The heap against a model: whatever is allocated, linked and collected, what is reachable stays
//! as it was, and what is not is freed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lucarne_compiler::program::{Builtins, Class, ClassIndex, Entries, FunctionIndex, Literal, Program};
use proptest::prelude::*;

use super::{Format, Heap, HeapOptions, Image, MemoryAccount, Ref, Word};

/// A program without code that has all built-in classes.
fn image(literals: Vec<Literal>) -> Arc<Image> {
    let class = |name: &str| Class {
        name: name.to_string(),
        superclass: None,
        subclasses_end: 0,
        fields: 2,
        source: 0,
        at: 0,
    };
    let place = |name: &str| Builtins::NAMES.iter().position(|known| *known == name);
    let builtins = Builtins::find(|name| place(name).map(|place| ClassIndex(place as u32)));
    let none = FunctionIndex(0);
    Arc::new(
        Image::new(Arc::new(Program {
            code: Vec::new(),
            functions: Vec::new(),
            classes: Builtins::NAMES.iter().map(|name| class(name)).collect(),
            dispatch: Vec::new(),
            selectors: Vec::new(),
            final_fields: Vec::new(),
            literals,
            globals: Vec::new(),
            checks: Vec::new(),
            natives: Vec::new(),
            handlers: Vec::new(),
            positions: Vec::new(),
            sources: Vec::new(),
            builtins: builtins.expect("all names are there"),
            entries: Entries {
                main: none,
                main_takes_arguments: false,
                run_task: none,
                handle_request: none,
                handle_message: none,
                stringify: 0,
            },
        }))
        .expect("there is memory"),
    )
}

fn heap(stress: bool) -> Heap {
    Heap::new(image(Vec::new()), HeapOptions { stress, ..HeapOptions::default() }).expect("there is memory")
}

/// What a mutator does. Numbers pick among the roots.
#[derive(Clone, Debug)]
enum Step {
    NewArray(usize, usize),
    NewString(usize, String),
    NewFloat(usize, f64),
    NewBytes(usize, usize),
    Link(usize, usize, usize),
    Forget(usize),
    Collect(bool),
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
    ]
}

/// The model: objects by number, arrays refer to others by number.
#[derive(Clone, Debug, PartialEq)]
enum Model {
    Array(Vec<Option<usize>>),
    Text(String),
    Float(u64),
    Bytes(usize),
}

fn check(heap: &Heap, word: Word, models: &[Model], id: usize, seen: &mut Vec<(usize, Word)>) {
    if let Some((_, known)) = seen.iter().find(|(known, _)| *known == id) {
        assert!(*known == word, "object {id} is at two places");
        return;
    }
    seen.push((id, word));
    match &models[id] {
        Model::Text(text) => assert_eq!(heap.string(Ref::of(word)), Some(text.as_str())),
        Model::Float(bits) => assert_eq!(heap.float(Ref::of(word)).map(f64::to_bits), Some(*bits)),
        Model::Bytes(length) => {
            let expected: Vec<u8> = (0..*length).map(|index| index as u8).collect();
            assert_eq!(heap.bytes(Ref::of(word)), Some(expected.as_slice()));
        }
        Model::Array(elements) => {
            assert_eq!(heap.length(Ref::of(word)), elements.len());
            for (index, element) in elements.iter().enumerate() {
                let found = heap.words(word)[index];
                match element {
                    None => assert!(found == Word::NULL),
                    Some(id) => check(heap, found, models, *id, seen),
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_reachable_stays(steps in prop::collection::vec(step(), 1..200), stress in any::<bool>()) {
        let mut heap = heap(stress);
        let roots: Vec<_> = (0..ROOTS).map(|_| heap.root(Word::NULL)).collect();
        let mut held: [Option<usize>; ROOTS] = [None; ROOTS];
        let mut models: Vec<Model> = Vec::new();
        for step in steps {
            let made = match &step {
                Step::NewArray(root, length) => {
                    Some((*root, heap.new_array(*length).unwrap().word(), Model::Array(vec![None; *length])))
                }
                Step::NewString(root, text) => {
                    Some((*root, heap.new_string(text).unwrap().word(), Model::Text(text.clone())))
                }
                Step::NewFloat(root, value) => {
                    Some((*root, heap.new_float(*value).unwrap().word(), Model::Float(value.to_bits())))
                }
                Step::NewBytes(root, length) => {
                    let word = heap.new_bytes(*length).unwrap().word();
                    for (index, byte) in heap.bytes_mut(word).unwrap().iter_mut().enumerate() {
                        *byte = index as u8;
                    }
                    Some((*root, word, Model::Bytes(*length)))
                }
                Step::Link(root, place, other) => {
                    let word = heap.rooted(&roots[*root]).word();
                    let length = heap.length(Ref::of(word));
                    if length > 0 {
                        let value = heap.rooted(&roots[*other]).word();
                        heap.set_field(word, place % length, value);
                        if let Some(Model::Array(elements)) = held[*root].map(|id| &mut models[id]) {
                            elements[place % length] = held[*other];
                        }
                    }
                    None
                }
                Step::Forget(root) => {
                    heap.set_root(&roots[*root], Word::NULL);
                    held[*root] = None;
                    None
                }
                Step::Collect(full) => {
                    heap.collect(*full).unwrap();
                    None
                }
            };
            if let Some((root, word, model)) = made {
                heap.set_root(&roots[root], word);
                models.push(model);
                held[root] = Some(models.len() - 1);
            }
            let mut seen = Vec::new();
            for (root, id) in roots.iter().zip(held) {
                if let Some(id) = id {
                    check(&heap, heap.rooted(root).word(), &models, id, &mut seen);
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
fn a_limit_is_an_error_and_the_heap_lives_on() {
    let options = HeapOptions { limit_bytes: 1 << 20, ..HeapOptions::default() };
    let mut heap = Heap::new(image(Vec::new()), options).unwrap();
    let root = heap.root(Word::NULL);
    let mut count = 0;
    while let Ok(array) = heap.new_array(100) {
        let array = array.word();
        let previous = heap.rooted(&root).word();
        heap.set_field(array, 0, previous);
        heap.set_root(&root, array);
        count += 1;
        assert!(count < 10_000, "the limit has no effect");
    }
    assert!(heap.used_bytes() <= 2 << 20);
    heap.set_root(&root, Word::NULL);
    assert!(heap.new_array(100).is_ok(), "memory that is no longer used can be used again");
    assert!(heap.new_bytes(2 << 20).is_err());
}

#[test]
fn finalizers_run_once_when_the_object_is_gone() {
    for full in [false, true] {
        let mut heap = heap(false);
        let object = heap.new_array(1).unwrap().word();
        let object = heap.root(object);
        let lambda = heap.new_array(2).unwrap().word();
        // The lambda refers to the object, as one that closes it does.
        let word = heap.rooted(&object).word();
        heap.set_field(lambda, 0, word);
        heap.add_finalizer(word, lambda);
        heap.collect(full).unwrap();
        assert!(heap.take_due_finalizer().is_none());
        heap.unroot(object);
        heap.collect(true).unwrap();
        let due = heap.take_due_finalizer().expect("the object is gone");
        assert_eq!(heap.length(Ref::of(heap.words(due)[0])), 1, "the lambda still finds the object");
        heap.collect(true).unwrap();
        assert!(heap.take_due_finalizer().is_none());
    }
}

#[test]
fn weak_arrays_forget() {
    let mut heap = heap(false);
    let kept = heap.new_string("kept").unwrap().word();
    let kept = heap.root(kept);
    let weak = heap.new_weak_array(2).unwrap().word();
    let weak = heap.root(weak);
    let gone = heap.new_string("gone").unwrap().word();
    let (array, word) = (heap.rooted(&weak).word(), heap.rooted(&kept).word());
    heap.set_field(array, 0, word);
    heap.set_field(array, 1, gone);
    heap.collect(true).unwrap();
    let words = heap.weak_words(heap.rooted(&weak).word());
    assert_eq!(heap.string(Ref::of(words[0])), Some("kept"));
    assert!(words[1] == Word::NULL);
}

#[test]
fn literals_are_never_moved_or_written() {
    let mut heap = Heap::new(
        image(vec![Literal::String("text".into()), Literal::Bytes(vec![1, 2]), Literal::Int(i64::MAX)]),
        HeapOptions { stress: true, ..HeapOptions::default() },
    )
    .unwrap();
    let text = heap.image().literal(0);
    let root = heap.root(text);
    heap.new_array(3).unwrap();
    assert!(heap.rooted(&root).word() == text);
    assert_eq!(heap.string(Ref::of(text)), Some("text"));
    assert_eq!(heap.int(Ref::of(heap.image().literal(2))), Some(i64::MAX));
    let class = heap.builtins().array;
    let array = heap.allocate(class, Format::Words, 1).unwrap();
    heap.set_field(text, 0, array);
    assert_eq!(heap.string(Ref::of(text)), Some("text"));
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
        let roots: Vec<_> = (0..4)
            .map(|_| {
                let word = heap.new_state(Counted(drops.clone()), 0).unwrap().word();
                heap.root(word)
            })
            .collect();
        heap.collect(false).unwrap();
        heap.collect(true).unwrap();
        assert_eq!(dropped(), 0);
        heap.set_root(&roots[0], Word::NULL);
        heap.collect(true).unwrap();
        assert_eq!(dropped(), 1);
        let second = heap.rooted(&roots[1]).word();
        drop(heap.take_state::<Counted>(second));
        assert_eq!(dropped(), 2);
        assert!(heap.is_closed_state(second));
        assert!(heap.take_state::<Counted>(second).is_none());
        heap.set_root(&roots[1], Word::NULL);
        heap.collect(true).unwrap();
        assert_eq!(dropped(), 2);
        drop(heap);
        assert_eq!(dropped(), 4);
    }
}

#[test]
fn states_are_lent_while_objects_move() {
    let mut heap = heap(true);
    let word = heap.new_state(vec![1_u8], 0).unwrap().word();
    let root = heap.root(word);
    let object = heap.rooted(&root).word();
    assert!(heap.lend_state::<String>(object).is_none(), "it is of another type");
    let mut lent = heap.lend_state::<Vec<u8>>(object).expect("it is there");
    assert!(heap.lend_state::<Vec<u8>>(object).is_none(), "it is lent");
    for _ in 0..10 {
        heap.new_array(10).unwrap();
    }
    lent.state.push(2);
    heap.give_back_state(lent);
    let object = heap.rooted(&root).word();
    assert_eq!(heap.take_state::<Vec<u8>>(object), Some(vec![1, 2]));
    assert!(heap.bytes(Ref::of(object)).is_none() && heap.take_buffer(object).is_none());
}

#[test]
fn states_count_for_the_limit() {
    let options = HeapOptions { limit_bytes: 1 << 20, ..HeapOptions::default() };
    let mut heap = Heap::new(image(Vec::new()), options).unwrap();
    let before = heap.used_bytes();
    let word = heap.new_state([0_u8; 100], 500_000).unwrap().word();
    let root = heap.root(word);
    assert!(heap.used_bytes() >= before + 500_100);
    assert!(heap.new_state(0_u8, 600_000).is_err());
    heap.unroot(root);
    assert!(heap.new_state(0_u8, 600_000).is_ok(), "the first one is gone");
}

/// Heaps that share an account of one MiB.
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
    let word = heaps[0].new_bytes(600_000).unwrap().word();
    let root = heaps[0].root(word);
    assert!(account.used_bytes() >= 600_000);
    assert!(heaps[1].new_bytes(600_000).is_err());
    assert!(heaps[1].new_bytes(100_000).is_ok(), "the rest is still there");
    heaps[0].unroot(root);
    heaps[0].collect(true).unwrap();
    assert!(heaps[1].new_bytes(600_000).is_ok(), "the first one is gone");
    let other = heap(false);
    assert!(other.used_bytes() > 0);
    heaps.clear();
    assert_eq!(account.used_bytes(), 0);
}

#[test]
fn what_is_handed_over_is_charged_to_whoever_has_it() {
    let (mut heaps, account) = sharing(2);
    let word = heaps[0].new_bytes(700_000).unwrap().word();
    let root = heaps[0].root(word);
    let buffer = heaps[0].take_buffer(word).unwrap();
    assert!(account.used_bytes() < 100_000);
    assert!(heaps[1].adopt(buffer).is_ok());
    assert!(heaps[0].new_bytes(700_000).is_err());
    heaps[0].unroot(root);
}

#[test]
fn many_small_objects_are_charged_as_well() {
    let (mut heaps, account) = sharing(2);
    let root = heaps[0].root(Word::NULL);
    while let Ok(array) = heaps[0].new_array(100) {
        let array = array.word();
        let previous = heaps[0].rooted(&root).word();
        heaps[0].set_field(array, 0, previous);
        heaps[0].set_root(&root, array);
        assert!(account.used_bytes() < 2 << 20, "the limit has no effect");
    }
    assert_eq!(heaps.iter().map(Heap::used_bytes).sum::<usize>(), account.used_bytes());
    assert!(heaps[1].new_bytes(200_000).is_err());
    heaps.remove(0);
    assert!(heaps[0].new_bytes(200_000).is_ok());
}
