// Must not compile: uses a reference to a new object after another allocation.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let first = heap.new_string("first").unwrap().get();
    heap.new_string("second").unwrap();
    println!("{first:?}");
}

fn main() {}
