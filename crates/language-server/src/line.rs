//! Completion outside of an editor: of a line that is typed in a session.

use std::collections::HashMap;
use std::sync::Arc;

use lsp_types::{
    CompletionParams, CompletionResponse, Position, TextDocumentIdentifier, TextDocumentPositionParams,
};

use crate::features::completion;
use crate::report::Reporter;
use crate::text::{Encoding, Text};
use crate::uri;
use crate::workspace::{Cache, Document, Documents, Settings, Snapshot};

/// Completes names in texts that are in no file. Keeps analyses between two calls.
#[derive(Default)]
pub struct LineCompleter {
    cache: Arc<Cache>,
}

impl LineCompleter {
    /// Returns the names that can stand at a byte of a program, sorted: those that begin with what stands before that byte.
    /// `path` is the absolute path that the program would have; imports are relative to its folder.
    pub fn complete(&self, path: &str, program: String, offset: usize) -> Vec<String> {
        let Some(uri) = uri::of_path(path) else { return Vec::new() };
        let text = Arc::new(Text::new(program));
        let position = text.position(text.boundary(offset as u32), Encoding::Utf8);
        let document = Document { uri: uri.clone(), version: 0, revision: 0, text };
        let open = HashMap::from([(path.to_owned(), Arc::new(document))]);
        // Each text is a new one, and only the trees of other files are worth keeping.
        self.cache.clear();
        let snapshot = Snapshot {
            documents: Arc::new(Documents { open, generation: 0 }),
            settings: Arc::new(Settings::new(Encoding::Utf8, Vec::new(), None)),
            cache: self.cache.clone(),
            is_canceled: Arc::new(|| false),
            reporter: Reporter::default(),
        };
        let params = params(uri, position);
        let mut names = match completion::completion(&snapshot, params) {
            Ok(Some(CompletionResponse::List(list))) => list.items,
            Ok(Some(CompletionResponse::Array(items))) => items,
            Ok(None) | Err(_) => Vec::new(),
        }
        .into_iter()
        .map(|item| item.label)
        .collect::<Vec<_>>();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn params(uri: lsp_types::Uri, position: Position) -> CompletionParams {
    CompletionParams {
        text_document_position: TextDocumentPositionParams {
            text_document: TextDocumentIdentifier { uri },
            position,
        },
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
        context: None,
    }
}
