//! Values that natives share between the programs of a system.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use lucarne_kernel::sync::{LazyLock, Mutex};

/// Values that natives keep longer than a process, one for each type.
#[derive(Default)]
pub struct Shared(LazyLock<Mutex<Vec<Arc<dyn Any + Send + Sync>>>>);

impl Shared {
    /// Creates an empty collection.
    pub const fn new() -> Shared {
        Shared(LazyLock::new(Mutex::default))
    }

    /// Returns the value of a type. The first call creates it.
    pub fn get<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let mut values = self.0.lock();
        if let Some(value) = values.iter().find_map(|value| value.clone().downcast().ok()) {
            return value;
        }
        let value = Arc::new(T::default());
        values.push(value.clone());
        value
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_one_value() {
        let shared = Shared::new();
        *shared.get::<Mutex<u8>>().lock() = 7;
        assert_eq!(*shared.get::<Mutex<u16>>().lock(), 0);
        assert_eq!(*shared.get::<Mutex<u8>>().lock(), 7);
    }
}
