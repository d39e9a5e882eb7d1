//! Constraints as sets of versions, which the solver can intersect.
//!
//! The sets follow the order of versions, and nothing else. So `^1.2.0` contains `1.3.0-beta`, which sorts before
//! `1.3.0`; the solver chooses it only where no release fits. The end of a set excludes prereleases of the next version:
//! `^1.2.0` does not contain `2.0.0-alpha`.

use lucarne_package::version::{Comparator, Constraint, Op, Prerelease, Version, constraint};
use pubgrub::Ranges;

/// A set of versions.
pub type Set = Ranges<Version>;

/// The constraint that any version meets: none precedes the first prerelease of the lowest number.
pub const ANY: &str = ">=0.0.0-0";

/// The versions that a package requires of another one: as text, and as a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The text, such as `^1.2.0`.
    pub text: String,
    /// The set.
    pub set: Set,
}

impl Requirement {
    /// Reads a constraint. Returns `None` if the text is not a constraint.
    ///
    /// ```
    /// use lucarne_package_manager::ranges::Requirement;
    ///
    /// let wanted = Requirement::read("^1.2.0").unwrap();
    /// assert!(wanted.set.contains(&"1.9.3".parse().unwrap()));
    /// assert!(Requirement::read("the newest").is_none());
    /// ```
    pub fn read(text: &str) -> Option<Requirement> {
        Some(Requirement { text: text.to_owned(), set: set(&constraint(text)?) })
    }

    /// Reads a constraint of a command line, in which numbers can be missing: `1` means any version 1.x.y, `1.2` any
    /// version 1.2.x, and `1.2.3` exactly this one.
    pub fn of_command_line(text: &str) -> Option<Requirement> {
        let numbers = text.strip_prefix('v').unwrap_or(text);
        let has_sign = !numbers.starts_with(|first: char| first.is_ascii_digit());
        let is_partial = numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        match numbers.matches('.').count() {
            _ if has_sign || !is_partial => Requirement::read(text),
            0 => Requirement::read(&format!(
                ">={numbers}.0.0,<{}.0.0",
                numbers.parse::<u64>().ok()?.checked_add(1)?
            )),
            1 => Requirement::read(&format!("~{numbers}.0")),
            _ => Requirement::read(&format!("={numbers}")),
        }
    }

    /// Returns whether any version meets the requirement.
    pub fn is_any(&self) -> bool {
        self.text == ANY
    }
}

/// Returns the constraint that `package.yaml` lists for a version: as loose as `asked`, which is the constraint of the
/// command line, but no older than the version.
pub fn listed(asked: Option<&str>, version: &Version) -> String {
    let Some(asked) = asked else { return format!("^{version}") };
    let numbers = asked.strip_prefix('v').unwrap_or(asked);
    if !numbers.starts_with(|first: char| first.is_ascii_digit()) {
        return asked.to_owned();
    }
    match numbers.matches('.').count() {
        0 => format!("^{version}"),
        1 => format!("~{version}"),
        _ => format!("={version}"),
    }
}

/// Returns a constraint with its version replaced by a newer one, if it has the form `^VERSION` or `~VERSION`.
pub fn raised(text: &str, version: &Version) -> Option<String> {
    let sign = text.trim().chars().next().filter(|sign| ['^', '~'].contains(sign))?;
    constraint(text).filter(|constraint| constraint.comparators.len() == 1)?;
    Some(format!("{sign}{version}"))
}

/// Returns the set of all versions with a major number.
pub fn of_major(major: u64) -> Set {
    Set::between(lowest(major, 0, 0), lowest(major.saturating_add(1), 0, 0))
}

fn set(constraint: &Constraint) -> Set {
    constraint.comparators.iter().fold(Set::full(), |set, part| set.intersection(&of_comparator(part)))
}

fn of_comparator(part: &Comparator) -> Set {
    let (major, minor, patch) = (part.major, part.minor.unwrap_or(0), part.patch.unwrap_or(0));
    let version = Version {
        major,
        minor,
        patch,
        pre: part.pre.clone(),
        build: lucarne_package::version::SDK_VERSION.build,
    };
    match part.op {
        // Build metadata has no meaning in a constraint, but the order of versions knows it.
        Op::Exact => Set::between(version, after(&part.pre, major, minor, patch)),
        Op::Greater => Set::higher_than(after(&part.pre, major, minor, patch)),
        Op::GreaterEq => Set::higher_than(version),
        Op::Less => {
            Set::strictly_lower_than(if part.pre.is_empty() { lowest(major, minor, patch) } else { version })
        }
        Op::LessEq => Set::strictly_lower_than(after(&part.pre, major, minor, patch)),
        Op::Tilde => Set::between(version, lowest(major, minor.saturating_add(1), 0)),
        Op::Caret if major == 0 && minor == 0 => Set::between(version, lowest(0, 0, patch.saturating_add(1))),
        Op::Caret if major == 0 => Set::between(version, lowest(0, minor.saturating_add(1), 0)),
        Op::Caret => Set::between(version, lowest(major.saturating_add(1), 0, 0)),
        _ => Set::full(),
    }
}

/// Returns the lowest prerelease of a version, which no other version of this number precedes.
fn lowest(major: u64, minor: u64, patch: u64) -> Version {
    let mut version = Version::new(major, minor, patch);
    version.pre = Prerelease::new("0").unwrap_or_default();
    version
}

/// Returns a version that follows the given one and all its builds, and precedes all others.
fn after(pre: &Prerelease, major: u64, minor: u64, patch: u64) -> Version {
    if pre.is_empty() {
        return lowest(major, minor, patch.saturating_add(1));
    }
    let mut version = Version::new(major, minor, patch);
    // A prerelease with one more part follows, and 0 is the lowest part.
    version.pre = Prerelease::new(&format!("{pre}.0")).unwrap_or_default();
    version
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn allows(text: &str, version: &str) -> bool {
        let set = Requirement::read(text).expect("this is a constraint").set;
        set.contains(&lucarne_package::version::version(version).expect("this is a version"))
    }

    #[test]
    fn prereleases_and_builds() {
        assert!(allows("^2.0.0-alpha.79", "2.0.0-alpha.121.31+build.9"));
        assert!(!allows("^2.0.0-alpha.79", "2.0.0-alpha.78") && !allows("^2.1.1", "2.1.1-alpha"));
        assert!(!allows("^1.2.0", "2.0.0-alpha") && allows("^1.2.0", "1.3.0-beta"));
        assert!(
            allows("=1.2.3", "1.2.3+build")
                && !allows("=1.2.3", "1.2.4-alpha")
                && !allows(">1.2.3", "1.2.3+build")
        );
        assert!(
            allows("<=1.0.0-a", "1.0.0-a")
                && !allows("<=1.0.0-a", "1.0.0-a.1")
                && !allows("<1.0.0", "1.0.0-a")
        );
    }

    #[test]
    fn constraints_of_the_command_line() {
        let allows = |text, version: &str| {
            let set = Requirement::of_command_line(text).expect("this is a constraint").set;
            set.contains(&lucarne_package::version::version(version).expect("this is a version"))
        };
        assert!(allows("1", "1.9.0") && !allows("1", "2.0.0") && allows("0", "0.9.1"));
        assert!(allows("1.2", "1.2.9") && !allows("1.2", "1.3.0"));
        assert!(allows("1.2.3", "1.2.3") && !allows("1.2.3", "1.2.4"));
        assert!(allows("^1.2.3", "1.3.0") && allows("v1", "1.0.1"));
        for bad in ["", "x", "1.x", "99999999999999999999", "18446744073709551615", "not_a-version"] {
            assert_eq!(Requirement::of_command_line(bad), None, "{bad}");
        }
        let version = Version::new(1, 2, 3);
        let shown = |asked| listed(asked, &version);
        assert_eq!([shown(None), shown(Some("1")), shown(Some("1.2"))], ["^1.2.3", "^1.2.3", "~1.2.3"]);
        assert_eq!([shown(Some("1.2.3")), shown(Some(">=1.0"))], ["=1.2.3", ">=1.0"]);
        assert_eq!(raised("^1.0.0", &version).as_deref(), Some("^1.2.3"));
        assert_eq!(raised("=1.0.0", &version), None);
    }

    fn part() -> impl Strategy<Value = String> {
        let sign = prop::sample::select(vec!["^", "~", "=", ">", ">=", "<", "<=", ""]);
        (sign, 0..4_u64, 0..4_u64, 0..4_u64)
            .prop_map(|(sign, major, minor, patch)| format!("{sign}{major}.{minor}.{patch}"))
    }

    proptest! {
        /// For releases, the sets are those of `semver`.
        #[test]
        fn releases_are_as_in_semver(parts in prop::collection::vec(part(), 1..3), number in (0..5_u64, 0..5_u64, 0..5_u64)) {
            let text = parts.join(",");
            let constraint = constraint(&text).expect("this is a constraint");
            let version = Version::new(number.0, number.1, number.2);
            let requirement = Requirement::read(&text).expect("this is a constraint");
            prop_assert_eq!(requirement.set.contains(&version), constraint.matches(&version), "{} {}", text, version);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC*", numbers in "[0-9.^~<>=, v+-]*") {
            let _ = Requirement::read(&text);
            let _ = Requirement::of_command_line(&text);
            let _ = Requirement::of_command_line(&numbers);
        }
    }
}
