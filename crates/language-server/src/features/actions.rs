//! Code actions: proposals of the compiler's own hints, missing methods, providers of services, unused imports.

use std::path::{Path, PathBuf};

use lsp_types::{CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, TextEdit};
use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::source::{LIBRARY_PREFIX, Span};
use lucarne_package::{LOCK_FILE, lock};

use super::rename::workspace_edit;
use crate::analyzed::Analyzed;
use crate::syntax;
use crate::text::{Encoding, Text};
use crate::wire::Fault;
use crate::workspace::{Snapshot, whole};

mod imports;
mod stubs;

/// Answers `textDocument/codeAction`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn actions(
    snapshot: &Snapshot,
    params: CodeActionParams,
) -> Result<Option<Vec<CodeActionOrCommand>>, Fault> {
    let (key, text) = snapshot.open(&params.text_document.uri)?;
    let analyzed = snapshot.alone(&key)?;
    let encoding = snapshot.settings.encoding;
    let (start, end) = (text.offset(params.range.start, encoding), text.offset(params.range.end, encoding));
    let within = Span { start, end: end.max(start) };
    let only = params.context.only.as_deref();
    let is_wanted = |kind: &CodeActionKind| {
        only.is_none_or(|only| only.iter().any(|wanted| is_kind(kind.as_str(), wanted.as_str())))
    };
    let uri = &params.text_document.uri;
    let action = |title: String, kind: CodeActionKind, edits: Vec<(Span, String)>| {
        let edit = |(span, new_text)| TextEdit { range: text.range(span, encoding), new_text };
        let edits = edits.into_iter().map(edit).collect();
        let edit = Some(workspace_edit(std::iter::once((uri.clone(), edits))));
        CodeAction { title, kind: Some(kind), edit, ..CodeAction::default() }
    };
    let mut actions: Vec<CodeActionOrCommand> = Vec::new();
    if is_wanted(&CodeActionKind::QUICKFIX) {
        actions.extend(quick_fixes(&analyzed, &key, &text, within, encoding, &params));
    }
    let is_outside = key.starts_with(LIBRARY_PREFIX);
    let has_stubs = is_wanted(&CodeActionKind::QUICKFIX) || is_wanted(&CodeActionKind::REFACTOR_REWRITE);
    if has_stubs && !is_outside {
        for proposal in stubs::proposals(snapshot, &key, &text, &analyzed, within)? {
            let kind = match proposal.is_fix {
                true => CodeActionKind::QUICKFIX,
                false => CodeActionKind::REFACTOR_REWRITE,
            };
            if is_wanted(&kind) {
                actions.push(action(proposal.title, kind, proposal.edits).into());
            }
        }
    }
    if is_wanted(&CodeActionKind::QUICKFIX) && !is_outside {
        for import in imports::unused(snapshot, &key, &text, &analyzed, within)? {
            let title = format!("Remove the unused `{}`", import.title);
            actions.push(action(title, CodeActionKind::QUICKFIX, vec![(import.lines, String::new())]).into());
        }
    }
    // This one is for the whole document, and looks at all imports. Editors ask for it when a document is saved.
    let is_asked = only.is_some_and(|_| is_wanted(&CodeActionKind::SOURCE_ORGANIZE_IMPORTS));
    if is_asked && !is_outside {
        let unused = imports::unused(snapshot, &key, &text, &analyzed, whole(&text))?;
        let edits: Vec<_> = unused.into_iter().map(|import| (import.lines, String::new())).collect();
        if !edits.is_empty() {
            let kind = CodeActionKind::SOURCE_ORGANIZE_IMPORTS;
            actions.push(action("Remove unused imports".to_owned(), kind, edits).into());
        }
    }
    Ok(Some(actions))
}

/// Returns whether a kind of action is another kind, or below it.
fn is_kind(kind: &str, wanted: &str) -> bool {
    kind.strip_prefix(wanted)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || wanted.is_empty())
}

/// Returns the proposals in the hints of the diagnostics at a place.
fn quick_fixes(
    analyzed: &Analyzed,
    key: &str,
    text: &Text,
    within: Span,
    encoding: Encoding,
    params: &CodeActionParams,
) -> Vec<CodeActionOrCommand> {
    let Span { start, end } = within;
    let source = analyzed.source(key);
    let mut actions: Vec<CodeActionOrCommand> = Vec::new();
    for diagnostic in &analyzed.analysis.diagnostics {
        let is_here =
            Some(diagnostic.source) == source && diagnostic.span.start <= end && start <= diagnostic.span.end;
        if !is_here {
            continue;
        }
        let range = text.range(diagnostic.span, encoding);
        let shown = params.context.diagnostics.iter().find(|shown| shown.range == range);
        for fix in fixes(text, diagnostic) {
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
    actions
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
