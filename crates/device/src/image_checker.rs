//! Checks and compiles images that clients and programs send, without holding up the workers that receive them.

use std::sync::Arc;

use lucarne_kernel::sync::{Mutex, thread};
use lucarne_toit::LoadedProgram;
use tokio::sync::oneshot;

use crate::control::Refusal;
use crate::{Bytecode, Digest, Image, Images, Kind, Store};

/// Checks images one at a time, so that uploads do not take all processors. Clones of a checker take turns.
#[derive(Clone)]
pub(crate) struct ImageChecker {
    store: Arc<Store>,
    images: Arc<Images>,
    turn: Arc<Mutex<()>>,
}

/// An image that can be run here.
pub(crate) struct CheckedImage {
    pub(crate) image: Image,
    /// The program, so that it stays loaded until a container runs it.
    pub(crate) program: Option<Arc<LoadedProgram>>,
    /// The bytecode, if the program was compiled and is to be installed.
    pub(crate) bytecode: Option<Bytecode>,
}

/// The use of an image after the check.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageUse {
    /// It is put into the store.
    Install,
    /// It is run from memory.
    RunOnce,
}

impl ImageChecker {
    pub(crate) fn new(store: Arc<Store>, images: Arc<Images>) -> ImageChecker {
        ImageChecker { store, images, turn: Arc::default() }
    }

    /// Checks an image, and compiles the sources of a Toit program, on a thread of its own.
    ///
    /// # Errors
    /// If the image is refused, or no thread can be started.
    pub(crate) async fn check(&self, bytes: Vec<u8>, image_use: ImageUse) -> Result<CheckedImage, Refusal> {
        let checker = self.clone();
        let (reply, answer) = oneshot::channel();
        let check = move || {
            let turn = checker.turn.lock();
            let checked = checker.check_in_turn(bytes, image_use);
            drop(turn);
            // A caller that has disconnected needs no answer.
            let _ = reply.send(checked);
        };
        thread::Builder::new().name("compiler".to_owned()).spawn(check).map_err(Refusal::new)?;
        answer.await.unwrap_or_else(|_| Err(Refusal::new("the image cannot be checked")))
    }

    fn check_in_turn(&self, bytes: Vec<u8>, image_use: ImageUse) -> Result<CheckedImage, Refusal> {
        let image = Image::received(bytes)?;
        if image.manifest().kind != Kind::Toit {
            return Ok(CheckedImage { image, program: None, bytecode: None });
        }
        let mut bytecode = None;
        let program = self.images.load(image.digest(), || {
            if let Some(program) = kept(&self.store, image.digest())? {
                return Ok(program);
            }
            let program = image.compile()?;
            if image_use == ImageUse::Install {
                bytecode = Some(Bytecode::of(&program));
            }
            lucarne_toit::load(program).map_err(Refusal::new)
        })?;
        Ok(CheckedImage { image, program: Some(program), bytecode })
    }
}

/// Loads the program of an image in the store. Compiles it first if this build of lucarne has not yet done so.
///
/// # Errors
/// If the store has no such image, or it does not compile.
pub(crate) fn load_stored(store: &Store, digest: Digest) -> Result<Arc<LoadedProgram>, Refusal> {
    if let Some(program) = kept(store, digest)? {
        return Ok(program);
    }
    let program = store.image(digest).map_err(Refusal::new)?.compile()?;
    // If this fails, the next start compiles the program again.
    let _ = store.set_bytecode(digest, &Bytecode::of(&program));
    lucarne_toit::load(program).map_err(Refusal::new)
}

/// Loads the program of an image from the bytecode that the store keeps, which the device has compiled from the sources
/// of the image. Returns `None` if there is no bytecode of this build.
fn kept(store: &Store, image: Digest) -> Result<Option<Arc<LoadedProgram>>, Refusal> {
    let bytecode = store.bytecode(image).map_err(Refusal::new)?;
    let program = bytecode.and_then(|bytecode| bytecode.program());
    program.map(lucarne_toit::load).transpose().map_err(Refusal::new)
}
