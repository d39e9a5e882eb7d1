// Must not compile: uses the elements of a weak array after a collection.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let kept = heap.new_weak_array(3).unwrap().keep();
    let elements = heap.get(kept).weak_elements();
    heap.collect(true).unwrap();
    println!("{elements:?}");
}

fn main() {}
