// A reference, which might be another heap's, is stored.

use lucarne_heap::Heap;

fn heap_of_test() -> Heap {
    unimplemented!()
}

fn stale(heap: &mut Heap) {
    let kept = heap.new_array(1).unwrap().keep();
    let mut other = heap_of_test();
    let value = other.new_array(1).unwrap().get();
    heap.set_field(kept, 0, value);
}

fn main() {}
