// Must not compile: writes through an exclusive reference while a reference derived from it is in use.

use lucarne_heap::{Heap, Immediate};

fn stale(heap: &mut Heap) {
    let mut array = heap.new_array(1).unwrap();
    let element = array.reborrow().field(0);
    array.set(0, Immediate::NULL);
    drop(element);
}

fn main() {}
