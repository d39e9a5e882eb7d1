//! Writes HTML. All text goes through one function that escapes it, and elements are closed where they are opened.

use std::fmt::Write;

/// A piece of HTML.
#[derive(Default, Debug)]
pub struct Html {
    out: String,
}

/// The attributes of an element.
pub type Attributes<'a> = &'a [(&'a str, &'a str)];

impl Html {
    /// Begins a document.
    pub fn document() -> Html {
        Html { out: "<!DOCTYPE html>\n".to_owned() }
    }

    /// Returns the text of the document.
    pub fn finish(self) -> String {
        self.out
    }

    /// Adds text.
    pub fn text(&mut self, text: &str) {
        escape(&mut self.out, text);
    }

    /// Adds a line end, which is white space between elements.
    pub fn line(&mut self) {
        self.out.push('\n');
    }

    /// Adds an element with the content that a function adds.
    pub fn element(&mut self, name: &str, attributes: Attributes<'_>, content: impl FnOnce(&mut Html)) {
        self.open(name, attributes);
        content(self);
        // Writing to a string does not fail.
        let _ = write!(self.out, "</{name}>");
    }

    /// Adds an element with text.
    pub fn leaf(&mut self, name: &str, attributes: Attributes<'_>, text: &str) {
        self.element(name, attributes, |html| html.text(text));
    }

    /// Adds an element without content: `<meta>`, `<link>`, `<input>`.
    pub fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.open(name, attributes);
    }

    fn open(&mut self, name: &str, attributes: Attributes<'_>) {
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            // Attributes such as `hidden` have no value.
            if !value.is_empty() {
                self.out.push_str("=\"");
                escape(&mut self.out, value);
                self.out.push('"');
            }
        }
        self.out.push('>');
    }
}

/// Appends text so that it has no meaning in HTML, between tags and in attributes.
fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(letter),
            // HTML must not contain control characters. The others could reorder the text around them.
            letter if letter.is_control() || is_direction(letter) => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
}

/// Returns whether a character changes the direction of those after it.
fn is_direction(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_no_meaning() {
        let mut html = Html::default();
        html.element("a", &[("href", "x\"y'"), ("hidden", "")], |html| html.text("<b> & \u{0}\u{202e}"));
        assert_eq!(html.finish(), "<a href=\"x&quot;y&#39;\" hidden>&lt;b&gt; &amp; \u{fffd}\u{fffd}</a>");
    }
}
