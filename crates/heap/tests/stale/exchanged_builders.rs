// Two builders that are exchanged.

use lucarne_heap::Heap;

fn heap_of_test() -> Heap {
    unimplemented!()
}

fn stale(heap: &mut Heap) {
    let mut other = heap_of_test();
    heap.build_string(3, |_, first| {
        other.build_string(5, |_, second| std::mem::swap(first, second)).unwrap();
    })
    .unwrap();
}

fn main() {}
