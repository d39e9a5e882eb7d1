//! Versions and constraints: `2.1.0`, `^2.0.0-alpha.190`, `>=1.0,<2.0.0`.
//!
//! Semantic versions (<https://semver.org>), read leniently: a leading `v`, missing numbers and
//! leading zeros are accepted.

pub use semver::{Comparator, Op, Prerelease, Version, VersionReq as Constraint};

/// The version of the existing Toit SDK with the same libraries and language. The `sdk:`
/// constraints of packages are checked against it.
pub const SDK_VERSION: Version = Version {
    major: 2,
    minor: 0,
    patch: 0,
    pre: semver::Prerelease::EMPTY,
    build: semver::BuildMetadata::EMPTY,
};

/// Reads a version.
pub fn version(text: &str) -> Option<Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let core = text.find(['-', '+']).unwrap_or(text.len());
    let missing = 2_usize.checked_sub(text[..core].matches('.').count())?;
    let numbers = without_zeros(&text[..core])?;
    Version::parse(&format!("{numbers}{}{}", ".0".repeat(missing), &text[core..])).ok()
}

/// Reads a constraint.
pub fn constraint(text: &str) -> Option<Constraint> {
    let mut parts = Vec::new();
    for part in text.split(',').map(str::trim) {
        let start = part.find(|letter: char| letter.is_ascii_digit() || letter == 'v')?;
        // A version without a sign means exactly that version.
        let sign = if start == 0 { "=" } else { part[..start].trim() };
        parts.push(format!("{sign}{}", version(&part[start..])?));
    }
    Constraint::parse(&parts.join(",")).ok()
}

/// Returns the version in a constraint of the form `^VERSION`.
pub fn at_least(text: &str) -> Option<Version> {
    version(text.strip_prefix('^')?.trim())
}

/// Returns the numbers between the dots, each without leading zeros.
fn without_zeros(core: &str) -> Option<String> {
    let numbers: Result<Vec<u64>, _> = core.split('.').map(str::parse).collect();
    Some(numbers.ok()?.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(asked: &str, text: &str) -> bool {
        let version = version(text).expect("this is a version");
        constraint(asked).expect("this is a constraint").matches(&version)
    }

    #[test]
    fn versions_are_read_leniently() {
        let shown = |text| version(text).map(|version| version.to_string());
        assert_eq!(shown("v1.2+build"), Some("1.2.0+build".into()));
        assert_eq!(shown("0199.0.9"), Some("199.0.9".into()));
        assert_eq!(shown("2.0.0-alpha.190"), Some("2.0.0-alpha.190".into()));
        for text in ["", "1.0ab.9", "1.2.3.4", "1..2", "-1", "1.0-", "99999999999999999999", "x"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn constraints() {
        assert!(allows("^1.2.0", "1.9.0") && !allows("^1.2.0", "2.0.0") && !allows("^1.2.0", "1.1.9"));
        assert!(allows("^0.2.1", "0.2.5") && !allows("^0.2.1", "0.3.0"));
        assert!(allows(">=1.0, <2.0", "1.5.0") && !allows(">=1.0,<2.0", "2.0.0"));
        assert!(allows("1.2.3", "1.2.3") && !allows("1.2.3", "1.2.4"));
        assert!(allows("^2.0.0-alpha.190", "2.1.0"));
        assert!(constraint("^x").is_none() && constraint("").is_none() && constraint("!1.0").is_none());
    }
}
