// Must not compile: uses the value of a root after a collection.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let root = heap.new_array(1).unwrap().root();
    let value = heap.get(&root);
    heap.collect(false).unwrap();
    println!("{value:?}");
}

fn main() {}
