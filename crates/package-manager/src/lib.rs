//! Manages the packages of a program: finds them in registries, chooses versions that fit together, downloads them, and
//! writes `package.yaml`, `package.lock` and the folder `.packages`.
//!
//! - A [`registry`] is a repository or a folder with a [`description`] of each version of each package. The file of
//!   [`Registries`](registry::Registries) lists those of a user, and [`Index`](registry::Index) is their content.
//! - The [`solver`] chooses versions.
//! - Packages are downloaded into a [`cache`] that programs share, and copied from there ([`download`]).
//! - [`project`] has the operations, each of which happens as a whole or not at all.
//! - [`describe`] makes the description of a package.
//!
//! The crate `package` reads and writes the files. It is one of its own since the compiler, which depends on it, needs
//! nothing else.
//!
//! Registries and packages are untrusted: names are checked before they become paths or arguments, sizes and numbers are
//! bounded, and nothing of a package is ever run.

pub mod cache;
pub mod describe;
pub mod description;
pub mod download;
mod error;
mod explain;
mod files;
mod git;
pub mod names;
mod parallel;
pub mod project;
pub mod ranges;
pub mod registry;
mod resolve;
pub mod solver;
mod tree;

pub use error::Error;
pub use files::{program_folder, read_lock};
