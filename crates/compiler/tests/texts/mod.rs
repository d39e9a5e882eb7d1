//! Compares texts in sources with what programs print. The tests of other crates use it, too.

/// Returns the fixed parts of a text.
pub(crate) fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for letter in text.chars() {
        match letter {
            '{' => {
                depth += 1;
                parts.push(String::new());
            }
            '}' => depth -= 1,
            letter if depth == 0 => parts.last_mut().expect("there is a part").push(letter),
            _ => {}
        }
    }
    parts
}

/// Returns whether a line has the parts of a text in their order.
pub(crate) fn is_shown(parts: &[String], line: &str) -> bool {
    let mut rest = line;
    parts.iter().all(|part| match rest.find(part.as_str()) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}
