// Must not compile: uses the contents of a byte array after an allocation.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let kept = heap.new_bytes(3).unwrap().keep();
    let bytes = heap.bytes(heap.get(kept)).unwrap();
    heap.new_array(1).unwrap();
    println!("{bytes:?}");
}

fn main() {}
