// Must not compile: uses the value of a register after an allocation.

use lucarne_heap::{Heap, Register};

fn stale(heap: &mut Heap) {
    let register = Register::new(heap.add_stack(), 0);
    let value = heap.get(register);
    heap.new_array(1).unwrap();
    println!("{value:?}");
}

fn main() {}
