//! Parses imports and exports.

use super::Parser;
use super::habits::unknown_import;
use crate::ast::{Export, Identifier, Import, Show};
use crate::scanner::Kind;
use crate::source::Span;

impl Parser<'_> {
    /// Returns whether the next token begins an import or export.
    pub(super) fn at_import(&self) -> bool {
        matches!(self.token().kind, Kind::Import | Kind::Export)
    }

    /// Parses `import ..a.b as c show d e`.
    pub(super) fn import(&mut self) -> Import {
        let token = self.advance();
        let mut dots = 0;
        loop {
            match self.peek() {
                Kind::Dot => dots += 1,
                Kind::DotDot => dots += 2,
                _ => break,
            }
            self.advance();
        }
        let mut segments = Vec::new();
        loop {
            match self.import_segment() {
                Some(segment) => segments.push(segment),
                None => {
                    let begin = self.token().kind;
                    if begin == Kind::StringBegin && !self.ended() {
                        let hint =
                            "remove them: `import monitor`, or `import .name` for a file next to this one";
                        self.error_hint(
                            self.token().span,
                            "there are quotes around the name of a library",
                            hint,
                        );
                    }
                    let is_cut_off = self.ended();
                    if begin == Kind::LeftBrace && !is_cut_off {
                        let hint = "write `import .name show x y` for a file next to this one";
                        let title = "the names that an import brings stand after `show`";
                        self.error_hint(self.token().span, title, hint);
                    }
                    self.expected("the name of a library");
                    let span = self.span_from(token.span.start);
                    return if is_cut_off { incomplete_import(segments, span) } else { unknown_import(span) };
                }
            }
            if self.peek_on_line() != Kind::Dot {
                break;
            }
            self.advance();
        }
        let mut prefix = None;
        if self.take(Kind::As).is_some() {
            prefix = self.take_identifier();
            if prefix.is_none() {
                self.expected("the prefix's name");
            }
        }
        let mut show = Show::Nothing;
        if self.peek() == Kind::Identifier && self.written(self.token().span) == "show" {
            self.advance();
            show = self.shown("show");
        }
        let span = self.span_from(token.span.start);
        if self.peek_on_line() == Kind::Comma {
            let hint = "write another `import` on a line of its own";
            self.error_hint(self.token().span, "an import names one library", hint);
            // Stands for the imports of the other libraries, whose names are then not reported as unknown.
            self.foreign_import = Some(unknown_import(span));
        }
        Import { dots, segments, prefix, show, span }
    }

    /// Parses a segment of an import. It keeps its dashes and underscores, since it names a file.
    fn import_segment(&mut self) -> Option<Identifier> {
        let token = self.token();
        (self.peek() == Kind::Identifier || (self.peek() != Kind::Eof && token.kind.is_keyword())).then(
            || {
                self.advance();
                let name = self.written(token.span).to_owned();
                if name.contains(|c: char| c.is_ascii_uppercase()) {
                    let hint = "the names of folders and files of programs are lowercase";
                    self.warning(token.span, "an import with capital letters", hint);
                }
                Identifier { name: name.into(), span: token.span }
            },
        )
    }

    pub(super) fn export(&mut self) -> Export {
        self.advance();
        Export { show: self.shown("export") }
    }

    fn shown(&mut self, keyword: &str) -> Show {
        if let Some(star) = self.take(Kind::Star) {
            return Show::Everything(star.span);
        }
        let mut names = Vec::new();
        while let Some(name) = self.take_identifier() {
            names.push(name);
            if self.peek_on_line() == Kind::Comma && self.kind_on_line(1) == Kind::Identifier {
                let comma = self.token().span;
                self.habit(comma, "spaces separate the names of an import or export", "remove the `,`");
                self.advance();
            }
        }
        if names.is_empty() {
            self.expected(&format!("names or `*` to {keyword}"));
        }
        Show::Names(names)
    }
}

/// Returns an import without the end of its name: it brings only the prefix that was probably meant.
fn incomplete_import(segments: Vec<Identifier>, span: Span) -> Import {
    Import { dots: 0, segments: Vec::new(), prefix: segments.into_iter().last(), show: Show::Nothing, span }
}
