// Must not compile: returns a reference that outlives the borrow of the heap.

use lucarne_heap::{Heap, Kept, Ref};

fn stale(heap: &mut Heap, kept: Kept) -> Ref<'static> {
    heap.get(kept)
}

fn main() {}
