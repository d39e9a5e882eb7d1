// Must not compile: writes the contents of a byte array after a collection.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let kept = heap.new_bytes(3).unwrap().keep();
    let bytes = heap.get_mut(kept).bytes_mut().unwrap();
    heap.collect(true).unwrap();
    bytes[0] = 1;
}

fn main() {}
