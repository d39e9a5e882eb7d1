// Must not compile: uses the parts of a slice after an allocation.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let kept = heap.new_array(3).unwrap().keep();
    let parts = heap.slice_parts(heap.get(kept));
    heap.new_array(1).unwrap();
    println!("{parts:?}");
}

fn main() {}
