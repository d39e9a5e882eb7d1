// A reference that was read while a string was being built.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let mut stolen = None;
    heap.build_string(3, |heap, _| stolen = Some(heap.current_task())).unwrap();
    println!("{stolen:?}");
}

fn main() {}
