//! The answers to requests: one file for each group of them. Each function takes a snapshot and the parameters of a
//! request, and returns its result.

pub mod actions;
pub mod completion;
pub mod definition;
pub mod diagnostics;
pub mod formatting;
pub mod hierarchy;
pub mod hints;
pub mod hover;
pub mod references;
pub mod rename;
pub mod signature;
pub mod structure;
pub mod symbols;
pub mod tokens;
