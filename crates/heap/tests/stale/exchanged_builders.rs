// Must not compile: exchanges the builders of two heaps.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap, mut other: Heap) {
    heap.build_string(3, |_, first| {
        other.build_string(5, |_, second| std::mem::swap(first, second)).unwrap();
    })
    .unwrap();
}

fn main() {}
