//! Quick fixes: what the compiler's own hints propose.

use std::path::{Path, PathBuf};

use lsp_types::{CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, TextEdit};
use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::source::Span;
use lucarne_package::{LOCK_FILE, lock};

use super::rename::workspace_edit;
use crate::syntax;
use crate::text::Text;
use crate::wire::Fault;
use crate::workspace::Snapshot;

/// Answers `textDocument/codeAction`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn actions(
    snapshot: &Snapshot,
    params: CodeActionParams,
) -> Result<Option<Vec<CodeActionOrCommand>>, Fault> {
    let (key, text) = snapshot.open(&params.text_document.uri)?;
    let analyzed = snapshot.analyzed(&key)?;
    let encoding = snapshot.settings.encoding;
    let (start, end) = (text.offset(params.range.start, encoding), text.offset(params.range.end, encoding));
    let source = analyzed.source(&key);
    let mut actions: Vec<CodeActionOrCommand> = Vec::new();
    for diagnostic in &analyzed.analysis.diagnostics {
        let is_here =
            Some(diagnostic.source) == source && diagnostic.span.start <= end && start <= diagnostic.span.end;
        if !is_here {
            continue;
        }
        let range = text.range(diagnostic.span, encoding);
        let shown = params.context.diagnostics.iter().find(|shown| shown.range == range);
        for fix in fixes(&text, diagnostic) {
            let edit = TextEdit { range: text.range(fix.span, encoding), new_text: fix.text };
            let edit = workspace_edit(std::iter::once((params.text_document.uri.clone(), vec![edit])));
            actions.push(CodeActionOrCommand::CodeAction(CodeAction {
                title: fix.title,
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: shown.map(|shown| vec![shown.clone()]),
                edit: Some(edit),
                is_preferred: Some(diagnostic.hints.len() == 1),
                ..CodeAction::default()
            }));
        }
    }
    Ok(Some(actions))
}

/// A change that mends a mistake.
#[derive(Debug, PartialEq)]
struct Fix {
    title: String,
    span: Span,
    text: String,
}

/// Returns the changes that the hints of a diagnostic propose.
fn fixes(text: &Text, diagnostic: &Diagnostic) -> Vec<Fix> {
    let mut fixes = Vec::new();
    for hint in &diagnostic.hints {
        let Some(code) = hint.split('`').nth(1) else { continue };
        let written = text.slice(diagnostic.span);
        let is_name = syntax::identifier(written, 0).range().len() == written.len() && !written.is_empty();
        if hint.starts_with("did you mean `") {
            let span = if is_name { Some(diagnostic.span) } else { import_path(text, diagnostic.span) };
            if let Some(span) = span {
                fixes.push(Fix { title: format!("Change to `{code}`"), span, text: code.to_owned() });
            }
        } else if hint.ends_with("at the beginning of the file") && code.starts_with("import ") {
            let place = import_place(text);
            let end = if place.1 { format!("{code}\n") } else { format!("{code}\n\n") };
            let span = Span { start: place.0, end: place.0 };
            fixes.push(Fix { title: format!("Add `{code}`"), span, text: end });
        } else if is_name && *hint == format!("write `{code}`") && code.split_whitespace().count() == 1 {
            let title = format!("Change to `{code}`");
            fixes.push(Fix { title, span: diagnostic.span, text: code.to_owned() });
        } else if is_name && hint.starts_with("to declare it, write `") {
            let line = text.line(text.line_of(diagnostic.span.end));
            let rest = Span { start: diagnostic.span.end, end: line.end };
            let after = text.slice(rest);
            let space = (after.len() - after.trim_start().len()) as u32;
            if after.trim_start().starts_with('=') {
                let start = rest.start + space;
                let span = Span { start, end: start };
                fixes.push(Fix { title: format!("Declare `{written}`"), span, text: ":".into() });
            }
        }
    }
    fixes
}

/// Returns the path in an import that the span covers.
fn import_path(text: &Text, span: Span) -> Option<Span> {
    let file = syntax::parse(text.as_str());
    let import = file.imports.into_iter().find(|import| import.span == span)?;
    let (first, last) = (import.segments.first()?, import.segments.last()?);
    Some(first.span.to(last.span))
}

/// Returns where a new import goes: before the first import, or the first declaration. Returns whether it is the former.
fn import_place(text: &Text) -> (u32, bool) {
    let file = syntax::parse(text.as_str());
    let line = |at: u32| text.line(text.line_of(at)).start;
    if let Some(import) = file.imports.first() {
        return (line(import.span.start), true);
    }
    let tokens = syntax::tokens(text.as_str());
    let first = syntax::declarations(&file).into_iter().next();
    let place = first.map(|declared| {
        let extent = syntax::extent(&tokens, declared.name().start);
        declared.doc().map_or(extent.start, |doc| doc.span.start)
    });
    (place.map_or(0, line), false)
}

/// Returns the packages that the file at a path can import: their prefixes and folders.
pub fn packages(path: &str) -> Vec<(String, PathBuf)> {
    let found =
        Path::new(path).ancestors().skip(1).map(|folder| folder.join(LOCK_FILE)).find(|file| file.is_file());
    let Some(file) = found else { return Vec::new() };
    let Ok(text) = std::fs::read_to_string(&file) else { return Vec::new() };
    let (lock, _) = lock::read(&text);
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let prefixes = lock.prefixes.iter().filter_map(|(prefix, id)| {
        let package = lock.packages.get(id)?;
        Some((prefix.clone(), folder.join(package.folder())))
    });
    prefixes.collect()
}

#[cfg(test)]
mod tests {
    use lucarne_compiler::source::SourceId;

    use super::*;

    fn fixed(text: &str, span: Span, hint: &str) -> Option<String> {
        let diagnostic = Diagnostic::error(SourceId(0), span, "a mistake").hint(hint);
        let fix = fixes(&Text::new(text.into()), &diagnostic).into_iter().next()?;
        let mut new = text.to_owned();
        new.replace_range(fix.span.range(), &fix.text);
        Some(new)
    }

    #[test]
    fn hints_become_edits() {
        let name = Span::new(6, 10);
        assert_eq!(fixed("main: pint 5", name, "did you mean `print`?").as_deref(), Some("main: print 5"));
        let import = "write `import monitor` at the beginning of the file";
        assert_eq!(fixed("main: Gate 5", name, import).as_deref(), Some("import monitor\n\nmain: Gate 5"));
        let both = fixed("import a\nmain: Gate 5", Span::new(15, 19), import);
        assert_eq!(both.as_deref(), Some("import monitor\nimport a\nmain: Gate 5"));
        let declare = fixed("main: abcd = 5", name, "to declare it, write `abcd := ...`");
        assert_eq!(declare.as_deref(), Some("main: abcd := 5"));
        assert_eq!(fixed("main: f x.y 5", Span::new(8, 11), "did you mean `print`?"), None);
    }
}
