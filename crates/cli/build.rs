//! Components call functions of the binary that loads them, so these have to be visible in it.

fn main() {
    println!("cargo:rustc-link-arg-bins=-Wl,--export-dynamic-symbol=toit_*");
    println!("cargo:rerun-if-changed=build.rs");
}
