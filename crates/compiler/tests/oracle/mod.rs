//! Properties that hold for any input. The fuzz targets and the property tests call these.

use lucarne_compiler::emit;
use lucarne_compiler::ir::Unit;
use lucarne_compiler::link::{Optimization, link};
use lucarne_compiler::parser;
use lucarne_compiler::resolve::{self, analyze};
use lucarne_compiler::scanner::{self, Kind};
use lucarne_compiler::source::{MemoryLoader, SourceId, Sources, Span};
use lucarne_compiler::toitdoc::{self, Block, Inline};

/// Checks that tokens lie in the text, in order, and that the pieces of strings are balanced.
pub(crate) fn scan(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let scanner::Scanned { tokens, problems, .. } = scanner::scan(SourceId(0), &text);
    let mut end = 0;
    let mut open: Vec<Kind> = Vec::new();
    for token in &tokens {
        assert!(token.span.start >= end, "tokens overlap");
        assert!(text.get(token.span.range()).is_some(), "a token is not in the text");
        end = token.span.end;
        match token.kind {
            Kind::StringBegin | Kind::InterpolationBegin => open.push(token.kind),
            Kind::StringEnd => assert_eq!(open.pop(), Some(Kind::StringBegin)),
            Kind::InterpolationEnd => assert_eq!(open.pop(), Some(Kind::InterpolationBegin)),
            _ => {}
        }
    }
    assert!(open.is_empty(), "a string is left open");
    assert_eq!(tokens.last().map(|token| token.kind), Some(Kind::Eof));
    for problem in problems {
        assert!(text.get(problem.span.range()).is_some(), "an error is not in the text");
    }
}

/// Checks that any text has a tree, which can be printed.
pub(crate) fn parse(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    // On a large stack, like all code that recurses over trees.
    emit::tree(&text);
    let tokens = scanner::scan(SourceId(0), &text).tokens;
    if tokens.len() < 300 {
        let (_, problems) = parser::parse(SourceId(0), &text);
        let illegal = tokens.iter().any(|token| token.kind == Kind::Illegal);
        assert!(!illegal || !problems.is_empty(), "a meaningless character was accepted");
    }
    comment(&text);
}

/// Checks that any text is a documentation comment, whose references lie in the text.
fn comment(text: &str) {
    let comment = toitdoc::read(text, Span::new(0, text.len()));
    let mut blocks: Vec<&Block> = comment.sections.iter().flat_map(|section| &section.blocks).collect();
    let mut parts: Vec<&Inline> = comment.sections.iter().flat_map(|section| &section.title).collect();
    while let Some(block) = blocks.pop() {
        match block {
            Block::Paragraph(inside) => parts.extend(inside),
            Block::Code { .. } => {}
            Block::List { items, .. } => blocks.extend(items.iter().flatten()),
        }
    }
    for part in parts {
        if let Inline::Reference { text: written, span, last } = part {
            assert_eq!(text.get(span.range()), Some(written.as_str()));
            assert!(text.get(last.range()).is_some_and(|last| !last.is_empty()), "{written}");
        }
    }
}

/// Checks that any bytes are a program with or without errors, and that its errors can be rendered.
pub(crate) fn check(library: Option<&Unit>, input: &[u8]) {
    let mut loader = MemoryLoader::default();
    loader.add("app.toit", input);
    // A check does all that an analysis does, and looks at comments.
    let analysis = resolve::check(&loader, library.cloned(), &|_, _| None, "app.toit");
    lucarne_compiler::diagnostic::render(&analysis.sources, &analysis.diagnostics, Default::default());
    if std::str::from_utf8(input).is_err() {
        assert!(analysis.has_errors(), "text that is not UTF-8 was accepted");
    }
    let _: &Sources = &analysis.sources;
}

/// Checks that an accepted program passes the verifier once it is linked.
pub(crate) fn compile(library: &Unit, input: &[u8]) {
    let mut loader = MemoryLoader::default();
    loader.add("app.toit", input);
    let analysis = analyze(&loader, Some(library.clone()), &|_, _| None, "app.toit");
    if !analysis.has_errors()
        && let Ok(program) = link(&analysis.unit, Optimization::Full)
    {
        assert_eq!(program.verify(), Ok(()));
    }
}
