//! Builds the text of a generated file, line by line.

/// The maximum width of a line of generated code, where it can be broken.
pub(super) const WIDTH: usize = 100;

/// A text that grows by lines.
#[derive(Default)]
pub(super) struct Text {
    text: String,
    indent: usize,
}

impl Text {
    /// Adds a line with the current indentation.
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            self.text.push_str(&" ".repeat(self.indent));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// Adds an empty line, unless the text ends in one.
    pub(super) fn gap(&mut self) {
        if !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Adds the lines that a function adds, indented by `blanks` more blanks.
    pub(super) fn indented(&mut self, blanks: usize, add: impl FnOnce(&mut Self)) {
        self.indent += blanks;
        add(self);
        self.indent -= blanks;
    }

    /// Returns the width that is left for a line.
    pub(super) fn room(&self) -> usize {
        WIDTH.saturating_sub(self.indent)
    }

    /// Returns the text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}
