// Must not compile: uses a field of an object after an allocation.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let kept = heap.new_array(1).unwrap().keep();
    let field = heap.field(heap.get(kept), 0).unwrap();
    heap.new_array(1).unwrap();
    println!("{field:?}");
}

fn main() {}
