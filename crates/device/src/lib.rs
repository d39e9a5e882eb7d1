//! Runs a Linux machine as a device: installs containers, keeps them running, and measures their work.
//!
//! An [`Image`] can be installed: a Toit program, an executable, or a component in C. It is named by the [`Digest`]
//! of its bytes. The [`Store`] keeps the installed containers across restarts and power cuts. The [`Settings`] of a
//! container determine how it runs, [`Logs`] keep its output, and a [`FlashFile`] keeps its storage.

mod assets;
mod cgroup;
mod children;
mod confine;
pub mod control;
mod control_provider;
mod daemon;
mod database;
mod digest;
#[cfg(test)]
mod disk;
mod executable_files;
mod executables;
mod flash;
mod folders;
mod image;
mod image_checker;
mod instances;
mod launcher;
mod life;
mod logs;
pub mod machines;
mod observatory;
mod residents;
mod settings;
mod settings_check;
mod start;
mod store;
mod strays;
mod supervisor;

pub use confine::{Bounds, ConfineError};
#[cfg(feature = "fabric")]
pub use daemon::Joining;
pub use daemon::{Daemon, DeviceOptions, StartError, Stopper};
pub use digest::{BadDigest, Digest};
pub use flash::FlashFile;
pub use folders::{FolderError, StateFolder};
pub use image::{
    Analyzed, Bytecode, IMAGE_BYTES_MAX, Image, ImageError, Images, Kind, Manifest, SourceNames, SourceTree,
};
pub use logs::{Entry, Followed, Follower, Log, LogLimits, Logs, Source};
pub use settings::{
    BadDefine, BadName, BadPath, ContainerName, Define, FileAccess, Permissions, Restart, Settings,
};
pub use store::{Record, State, Store, StoreError};
