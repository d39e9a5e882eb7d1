//! The name by which the loader knows the shared library: it changes when hosts have to be built again.

fn main() {
    println!("cargo:rustc-link-arg-cdylib=-Wl,-soname,liblucarne.so.0");
    println!("cargo:rerun-if-changed=build.rs");
}
