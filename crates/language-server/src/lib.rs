//! The language server of Lucarne: what editors show and change in Toit programs.
//!
//! One front half serves all: the server has no parser and no idea of names of its own. It asks the compiler for an
//! analysis with an index ([`lucarne_compiler::resolve::index()`]) of the unsaved texts, and answers from that.
//!
//! | module | contents |
//! |---|---|
//! | [`wire`] | messages: framing, JSON-RPC, bounds |
//! | [`server`] | the loop over messages, the worker for requests, the worker for diagnostics |
//! | [`workspace`] | documents, files, and the analyses that are kept |
//! | [`trees`] | the trees of parsed texts that are kept |
//! | [`report`] | messages and progress before an answer |
//! | [`text`] | positions and edits |
//! | [`analyzed`] | an analysis, and the facts about its declarations |
//! | [`syntax`] | questions about trees and tokens |
//! | [`features`] | the answers to requests |
//! | [`mod@line`] | completion outside of an editor |

pub mod analyzed;
pub mod features;
pub mod line;
pub mod report;
pub mod server;
pub mod syntax;
pub mod text;
pub mod trees;
pub mod uri;
pub mod wire;
pub mod workspace;

pub use server::{Ended, serve};
