//! Finds the functions that C headers declare.

/// Returns the functions that a header declares, and does not define: their lines begin with a type.
pub(crate) fn functions(header: &str) -> Vec<&str> {
    header.lines().filter_map(function).collect()
}

fn function(line: &str) -> Option<&str> {
    let (declared, _) = line.split_once('(')?;
    let (kind, name) = declared.rsplit_once([' ', '*'])?;
    let is_other = kind.starts_with("typedef") || kind.starts_with("static");
    let is_declaration = kind.starts_with(|first: char| first.is_ascii_lowercase()) && !is_other;
    is_declaration.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_declarations_are_found() {
        let header = "/* of(this) */\n * with(that)\n#define MACRO() {}\ntypedef int (*callback_t)(void);\n\
            toit_err_t toit_gc(void);\nvoid* toit_malloc(size_t size);\nint first(int a,\n          int second(int b));\n\
            static inline int third(void) {\n  return first(1, 2);\n}\n";
        assert_eq!(functions(header), ["toit_gc", "toit_malloc", "first"]);
    }
}
