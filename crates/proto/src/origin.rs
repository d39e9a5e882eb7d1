//! Where a part of a protobuf file stands, and what its comments say.

use protox::prost_reflect::FileDescriptor;

/// Returns the place of a part, as `file:line:column`. Parts are named by their paths in the descriptor of the file.
pub(crate) fn place(file: &FileDescriptor, path: &[i32]) -> String {
    let span = location(file, path).map(|location| &location.span[..]);
    let number = |at: usize| span.and_then(|span| span.get(at)).map_or(1, |number| number + 1);
    format!("{}:{}:{}", file.name(), number(0), number(1))
}

/// Returns the lines of the comment above a part, or beside it.
pub(crate) fn comment(file: &FileDescriptor, path: &[i32]) -> Vec<String> {
    let Some(location) = location(file, path) else { return Vec::new() };
    let text = match location.leading_comments() {
        "" => location.trailing_comments(),
        text => text,
    };
    let lines: Vec<String> = text.lines().map(line).collect();
    let is_text = |line: &String| !line.is_empty();
    let (first, last) = (lines.iter().position(is_text), lines.iter().rposition(is_text));
    let text = first.zip(last).and_then(|(first, last)| lines.get(first..=last));
    text.map(<[String]>::to_vec).unwrap_or_default()
}

/// Returns a line of a comment so that it says the same in a comment of Toit: there `@` begins a directive, `$` a name,
/// quotes enclose code and strings, and `*/` ends the comment.
fn line(text: &str) -> String {
    let text = text.trim_end();
    let text = text.strip_prefix(' ').unwrap_or(text);
    let is_open = |quote: char| text.matches(quote).count() % 2 == 1;
    let (has_open_code, has_open_string) = (is_open('`'), is_open('"'));
    let mut line = String::new();
    let mut before = ' ';
    for letter in text.chars() {
        let is_special = match letter {
            '\\' | '$' => true,
            '@' => before.is_whitespace(),
            '`' => has_open_code,
            '"' => has_open_string,
            _ => false,
        };
        if is_special {
            line.push('\\');
        }
        if matches!((before, letter), ('*', '/') | ('/', '*')) {
            line.push(' ');
        }
        line.push(letter);
        before = letter;
    }
    line
}

fn location<'f>(
    file: &'f FileDescriptor,
    path: &[i32],
) -> Option<&'f protox::prost_reflect::prost_types::source_code_info::Location> {
    let info = file.file_descriptor_proto().source_code_info.as_ref()?;
    info.location.iter().find(|location| location.path == path)
}
