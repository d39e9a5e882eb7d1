//! The warnings of clippy that the names and types of a definition cause: generated code says that they are expected.

/// The number of parameters that functions have at most, with `self`.
const ARGUMENTS_MAX: usize = 7;

/// The complexity of types, above which clippy suggests names for their parts.
const COMPLEXITY_MAX: usize = 250;

/// Returns the attribute for a method with a name, and with these types of its parameters and result.
pub(super) fn of_method(name: &str, types: &[String], parameters: usize) -> Option<String> {
    // `to-mut` and `to-room-mut` would need `&mut self`.
    let is_mutable = name.starts_with("to-") && name.ends_with("-mut");
    let is_conversion = name.starts_with("from-") || name.starts_with("into-") || is_mutable;
    allowed(&[
        // With `&self`, clippy counts one more.
        ("too_many_arguments", parameters + 1 > ARGUMENTS_MAX),
        ("type_complexity", types.iter().any(|ty| is_complex(ty))),
        ("wrong_self_convention", is_conversion || name == "new"),
        ("new_ret_no_self", name == "new"),
    ])
}

/// Returns the attribute for a trait whose methods have these names.
pub(super) fn of_trait<'n>(mut names: impl Iterator<Item = &'n str> + Clone) -> Option<String> {
    let has_length = names.clone().any(|name| name == "len") && !names.any(|name| name == "is-empty");
    allowed(&[("len_without_is_empty", has_length)])
}

/// Returns the attribute for a field of a type.
pub(super) fn of_field(ty: &str) -> Option<String> {
    allowed(&[("type_complexity", is_complex(ty))])
}

fn allowed(lints: &[(&str, bool)]) -> Option<String> {
    let names: Vec<String> =
        lints.iter().filter(|(_, is_caused)| *is_caused).map(|(name, _)| format!("clippy::{name}")).collect();
    (!names.is_empty()).then(|| format!("#[allow({})]", names.join(", ")))
}

/// Computes as clippy does: each name in a type counts ten times as much as its depth.
fn is_complex(ty: &str) -> bool {
    let (mut complexity, mut depth, mut is_in_name) = (0, 1, false);
    for letter in ty.chars() {
        let is_of_name = letter.is_alphanumeric() || "_:#".contains(letter);
        if is_of_name && !is_in_name {
            complexity += 10 * depth;
        }
        is_in_name = is_of_name;
        match letter {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            _ => {}
        }
    }
    complexity > COMPLEXITY_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complexity_is_that_of_clippy() {
        assert!(!is_complex("BTreeMap<i64, Option<BTreeMap<String, Vec<f64>>>>"));
        assert!(is_complex("BTreeMap<i64, Option<BTreeMap<String, BTreeMap<String, f64>>>>"));
        assert!(is_complex("Vec<Option<BTreeMap<i64, Option<Vec<Vec<Value>>>>>>"));
    }

    #[test]
    fn names_that_clippy_knows_are_expected() {
        assert_eq!(of_method("measure", &[], 6), None);
        assert_eq!(
            of_method("from-room", &[], 7).as_deref(),
            Some("#[allow(clippy::too_many_arguments, clippy::wrong_self_convention)]")
        );
        assert_eq!(
            of_method("new", &[], 0).as_deref(),
            Some("#[allow(clippy::wrong_self_convention, clippy::new_ret_no_self)]")
        );
        for (name, is_known) in
            [("to-mut", true), ("to-room-mut", true), ("to-room", false), ("a-to-mut", false)]
        {
            assert_eq!(of_method(name, &[], 0).is_some(), is_known, "{name}");
        }
        assert_eq!(
            of_trait(["len", "a"].into_iter()).as_deref(),
            Some("#[allow(clippy::len_without_is_empty)]")
        );
        assert_eq!(of_trait(["len", "is-empty"].into_iter()), None);
    }
}
