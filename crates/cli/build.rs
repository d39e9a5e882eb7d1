//! Exports the functions `toit_*` from the binary `lucarne` and from tests, because the components that they load call
//! them.

fn main() {
    println!("cargo:rustc-link-arg-bins=-Wl,--export-dynamic-symbol=toit_*");
    println!("cargo:rustc-link-arg-tests=-Wl,--export-dynamic-symbol=toit_*");
    println!("cargo:rerun-if-changed=build.rs");
}
