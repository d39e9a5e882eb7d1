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
    let added = spec::Dependency::Registry { url: "e.com/added".into(), version: "^1.0.0".into() };
    if let Ok(edited) = spec::with_dependency(text, "added", &added) {
        let read = spec::read(&edited).expect("a dependency was added");
        assert_eq!(read.dependencies.get("added"), Some(&added));
        if let Ok(without) = spec::without_dependency(&edited, "added") {
            let read = spec::read(&without).expect("a dependency was removed");
            assert!(!read.dependencies.contains_key("added"));
        }
    }
});
