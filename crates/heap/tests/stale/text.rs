// Must not compile: uses the text of a string after an allocation.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let kept = heap.new_string("text").unwrap().keep();
    let text = heap.string(heap.get(kept)).unwrap();
    heap.new_array(1).unwrap();
    println!("{text}");
}

fn main() {}
