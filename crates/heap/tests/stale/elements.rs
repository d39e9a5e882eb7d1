// Must not compile: uses the elements of an array after an allocation.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let kept = heap.new_array(3).unwrap().keep();
    let elements = heap.get(kept).elements();
    heap.new_array(1).unwrap();
    println!("{elements:?}");
}

fn main() {}
