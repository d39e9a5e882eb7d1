// Must not compile: stores a reference, which might be of another heap.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap, mut other: Heap) {
    let kept = heap.new_array(1).unwrap().keep();
    let value = other.new_array(1).unwrap().get();
    heap.set_field(kept, 0, value);
}

fn main() {}
