//! Exports the functions `toit_*` from the binary `lucarne`, because the components that it loads call them.

fn main() {
    println!("cargo:rustc-link-arg-bins=-Wl,--export-dynamic-symbol=toit_*");
    println!("cargo:rerun-if-changed=build.rs");
}
