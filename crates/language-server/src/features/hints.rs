//! Inlay hints: the types of variables that are not written.

use lsp_types::{InlayHint, InlayHintKind, InlayHintLabel, InlayHintParams};

use crate::wire::Fault;
use crate::workspace::Snapshot;

/// Answers `textDocument/inlayHint`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn inlay_hints(snapshot: &Snapshot, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>, Fault> {
    let (key, text) = snapshot.open(&params.text_document.uri)?;
    let analyzed = snapshot.alone(&key)?;
    let encoding = snapshot.settings.encoding;
    let (start, end) = (text.offset(params.range.start, encoding), text.offset(params.range.end, encoding));
    let source = analyzed.source(&key);
    let mut hints = Vec::new();
    for local in &analyzed.index.locals {
        let is_wanted = Some(local.source) == source
            && !local.is_declared
            && start <= local.span.end
            && local.span.end <= end
            // Parameters whose names stand alone have no type to infer.
            && text.as_str().get(local.span.end as usize..).is_some_and(|rest| rest.trim_start().starts_with([':']));
        let Some(ty) = analyzed.local_type_text(local.ty).filter(|_| is_wanted) else { continue };
        hints.push(InlayHint {
            position: text.position(local.span.end, encoding),
            label: InlayHintLabel::String(format!("/{ty}")),
            kind: Some(InlayHintKind::TYPE),
            text_edits: None,
            tooltip: None,
            padding_left: None,
            padding_right: None,
            data: None,
        });
    }
    Ok(Some(hints))
}
