//! Records the library that the current thread is loading, and counts the handlers that its constructors register.

use std::cell::RefCell;

thread_local! {
    static CURRENT: RefCell<Option<Loading>> = const { RefCell::new(None) };
}

struct Loading {
    file: String,
    handlers: usize,
}

/// Runs `load`, which loads a library. Returns its result, and the number of handlers that the library has tried to add.
pub(crate) fn loading<T>(file: &str, load: impl FnOnce() -> T) -> (T, usize) {
    CURRENT.set(Some(Loading { file: file.to_owned(), handlers: 0 }));
    let result = load();
    (result, CURRENT.take().map_or(0, |loading| loading.handlers))
}

/// Counts a handler. Returns the file that adds it; none if no library is being loaded on this thread.
pub(crate) fn count_handler() -> Option<String> {
    CURRENT.with_borrow_mut(|current| {
        let loading = current.as_mut()?;
        loading.handlers += 1;
        Some(loading.file.clone())
    })
}
