//! Reads arbitrary text as `package.lock` and as `package.yaml`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lucarne_package::{lock, spec};

fuzz_target!(|text: &str| {
    let (lock, problems) = lock::read(text);
    assert!(problems.iter().all(|problem| text.get(problem.span.clone()).is_some()));
    if problems.is_empty() {
        let written = lock.write();
        assert_eq!(lock::read(&written).0.write(), written);
    }
    if let Ok(edited) = spec::with_path(text, "added", "../added") {
        let read = spec::read(&edited).expect("a dependency was added");
        assert!(read.dependencies.contains_key("added"));
    }
});
