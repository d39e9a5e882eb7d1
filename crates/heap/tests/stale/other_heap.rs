// Must not compile: uses the text of a string after its heap was dropped.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap, other: Heap) {
    let text = {
        let mut other = other;
        let kept = other.new_string("text").unwrap().keep();
        heap.string(other.get(kept))
    };
    println!("{text:?}");
}

fn main() {}
