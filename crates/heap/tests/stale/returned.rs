// A reference that a function returns, beyond the borrow of the heap.

use lucarne_heap::{Heap, Kept, Ref};

fn stale(heap: &mut Heap, kept: Kept) -> Ref<'static> {
    heap.get(kept)
}

fn main() {}
