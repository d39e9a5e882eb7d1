// Must not compile: follows a word to its object without `unsafe`.

use lucarne_heap::Heap;

fn stale(heap: &mut Heap) {
    let kept = heap.new_array(1).unwrap().keep();
    let word = heap.get(kept).word();
    println!("{:?}", heap.at(word));
}

fn main() {}
