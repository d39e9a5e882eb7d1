// Must not compile: implements `Value` for a type of its own, which would decide what word the heap reads.

use lucarne_heap::{Heap, Value};

struct Stale;

impl Value for Stale {}

fn stale(heap: &mut Heap) {
    heap.keep(Stale);
}

fn main() {}
