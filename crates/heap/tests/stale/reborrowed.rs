// An exclusive reference that was lent out.

use lucarne_heap::{Heap, Immediate};

fn stale(heap: &mut Heap) {
    let mut array = heap.new_array(1).unwrap();
    let element = array.reborrow().field(0);
    array.set(0, Immediate::NULL);
    drop(element);
}

fn main() {}
