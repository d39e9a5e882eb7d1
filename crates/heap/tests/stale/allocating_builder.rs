// Must not compile: allocates while a string is being built.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    heap.build_string(3, |_, new| {
        heap.new_array(1).unwrap();
        new.push("abc");
    })
    .unwrap();
}

fn main() {}
