//! The text of YAML as the parser reads it, for the files of packages and for the library of Toit.

use saphyr_parser::input::SkipTabs;
use saphyr_parser::{Input, StrInput};

/// A text in which a tab after a colon separates as a space does. Without this, the parser refuses a tab before
/// a letter.
pub struct YamlSource<'t>(StrInput<'t>);

impl<'t> YamlSource<'t> {
    /// Returns the source of a text.
    pub fn new(text: &'t str) -> YamlSource<'t> {
        YamlSource(StrInput::new(text))
    }
}

impl Input for YamlSource<'_> {
    fn skip_ws_to_eol(&mut self, skip_tabs: SkipTabs) -> (usize, Result<SkipTabs, &'static str>) {
        let (count, result) = self.0.skip_ws_to_eol(skip_tabs);
        let is_list = self.0.peek() == '-' && matches!(self.0.peek_nth(1), ' ' | '\t' | '\n' | '\r' | '\0');
        let result = result.map(|found| match found {
            // A list cannot begin in the line of its key.
            SkipTabs::Result(true, false) => SkipTabs::Result(true, !is_list),
            found => found,
        });
        (count, result)
    }

    fn lookahead(&mut self, count: usize) {
        self.0.lookahead(count);
    }

    fn buflen(&self) -> usize {
        self.0.buflen()
    }

    fn bufmaxlen(&self) -> usize {
        self.0.bufmaxlen()
    }

    fn raw_read_ch(&mut self) -> char {
        self.0.raw_read_ch()
    }

    fn raw_read_non_breakz_ch(&mut self) -> Option<char> {
        self.0.raw_read_non_breakz_ch()
    }

    fn skip(&mut self) {
        self.0.skip();
    }

    fn skip_n(&mut self, count: usize) {
        self.0.skip_n(count);
    }

    fn peek(&self) -> char {
        self.0.peek()
    }

    fn peek_nth(&self, index: usize) -> char {
        self.0.peek_nth(index)
    }

    fn peek_opt(&self) -> Option<char> {
        self.0.peek_opt()
    }

    fn look_ch(&mut self) -> char {
        self.0.look_ch()
    }

    fn skip_while_non_breakz(&mut self) -> usize {
        self.0.skip_while_non_breakz()
    }

    fn skip_while_blank(&mut self) -> usize {
        self.0.skip_while_blank()
    }

    fn fetch_while_is_yaml_non_space(&mut self, out: &mut String) -> usize {
        self.0.fetch_while_is_yaml_non_space(out)
    }
}
