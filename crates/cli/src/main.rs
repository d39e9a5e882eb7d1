//! The binary `lucarne`: arguments in, output out, no logic.

fn main() {}
