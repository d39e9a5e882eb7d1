// The text of another heap's string, which ends before.

use lucarne_heap::Heap;

fn heap_of_test() -> Heap {
    unimplemented!()
}

fn stale(heap: &mut Heap) {
    let text = {
        let mut other = heap_of_test();
        let kept = other.new_string("text").unwrap().keep();
        heap.string(other.get(kept))
    };
    println!("{text:?}");
}

fn main() {}
