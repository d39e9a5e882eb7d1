// The value that a kept value has now.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let kept = heap.new_array(1).unwrap().keep();
    let value = heap.get(kept);
    heap.new_array(1).unwrap();
    println!("{value:?}");
}

fn main() {}
