// Must not compile: uses the running task after an allocation.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let task = heap.current_task();
    heap.new_array(1).unwrap();
    println!("{task:?}");
}

fn main() {}
