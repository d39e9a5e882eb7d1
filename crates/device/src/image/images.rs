//! The cache of loaded programs: programs with equal images are loaded once.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use lucarne_kernel::sync::Mutex;
use lucarne_toit::LoadedProgram;

use crate::Digest;

/// The programs that are loaded. A program that no process runs any more is dropped.
#[derive(Default)]
pub struct Images {
    loaded: Mutex<HashMap<Digest, Arc<Slot>>>,
}

/// A program that is loaded or being loaded: later threads wait for the first.
type Slot = Mutex<Weak<LoadedProgram>>;

impl Images {
    /// Returns the program of an image. Calls `load` if it is not loaded.
    ///
    /// # Errors
    /// Those of `load`.
    pub fn load<E>(
        &self,
        digest: Digest,
        load: impl FnOnce() -> Result<Arc<LoadedProgram>, E>,
    ) -> Result<Arc<LoadedProgram>, E> {
        let slot = self.slot(digest);
        let mut loaded = slot.lock();
        if let Some(program) = loaded.upgrade() {
            return Ok(program);
        }
        let program = load()?;
        *loaded = Arc::downgrade(&program);
        Ok(program)
    }

    fn slot(&self, digest: Digest) -> Arc<Slot> {
        let mut slots = self.loaded.lock();
        if !slots.contains_key(&digest) {
            // The slot of a program that is being loaded is held by the loading thread as well.
            slots.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.lock().strong_count() > 0);
        }
        slots.entry(digest).or_default().clone()
    }
}
