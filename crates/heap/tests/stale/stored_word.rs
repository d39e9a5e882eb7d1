// Must not compile: stores a word.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let kept = heap.new_array(1).unwrap().keep();
    let word = heap.get(kept).word();
    heap.set_field(kept, 0, word);
}

fn main() {}
