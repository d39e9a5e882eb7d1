// Must not compile: uses an exclusive reference to a new object after another allocation.

use lucarne_heap::{Heap, Immediate};

fn stale(heap: &mut Heap) {
    let mut array = heap.new_array(1).unwrap();
    heap.new_string("second").unwrap();
    array.set(0, Immediate::NULL);
}

fn main() {}
