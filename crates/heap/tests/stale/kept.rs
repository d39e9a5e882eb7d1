// Must not compile: uses the value of a kept handle after an allocation.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let kept = heap.new_array(1).unwrap().keep();
    let value = heap.get(kept);
    heap.new_array(1).unwrap();
    println!("{value:?}");
}

fn main() {}
