// Must not compile: uses a reference, read while a string was being built, after the end of the building.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let mut stolen = None;
    heap.build_string(3, |heap, _| stolen = Some(heap.current_task())).unwrap();
    println!("{stolen:?}");
}

fn main() {}
