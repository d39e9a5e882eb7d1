//! Sets the linker flags of the shared library.

fn main() {
    // The soname changes when hosts must be rebuilt.
    println!("cargo:rustc-link-arg-cdylib=-Wl,-soname,liblucarne.so.0");
    // Unloading the library would leave its threads without code.
    println!("cargo:rustc-link-arg-cdylib=-Wl,-z,nodelete");
    println!("cargo:rerun-if-changed=build.rs");
}
