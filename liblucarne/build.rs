//! How the shared library is known to the loader.

fn main() {
    // Changes when hosts have to be built again.
    println!("cargo:rustc-link-arg-cdylib=-Wl,-soname,liblucarne.so.0");
    // Whoever unloads it leaves its threads where they are.
    println!("cargo:rustc-link-arg-cdylib=-Wl,-z,nodelete");
    println!("cargo:rerun-if-changed=build.rs");
}
