//! Explains why no versions of packages fit together.
//!
//! The crate `pubgrub` proves that; this module words the steps of its proof. Nodes that stand between packages are left
//! out of the sentences.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use lucarne_package::version::Version;
use pubgrub::{
    DefaultStringReporter, DerivationTree, Derived, External, Map, ReportFormatter, Reporter, Term,
};

use crate::ranges::Set;
use crate::solver::{Node, Puzzle};

type Terms = Map<Node, Term<Set>>;
type Fact = External<Node, Set, String>;
type Step = Derived<Node, Set, String>;
type Tree = DerivationTree<Node, Set, String>;

/// Returns the explanation, a sentence in each line.
pub(crate) fn explanation(mut tree: Tree, puzzle: &Puzzle<'_>) -> String {
    tree.collapse_no_versions();
    let words = Words { puzzle };
    let text = DefaultStringReporter::report_with_formatter(&simplified(&tree), &words);
    text.lines()
        .filter(|line| !line.is_empty())
        .map(|line| format!("  {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Returns a proof without the steps that say nothing to a user.
fn simplified(tree: &Tree) -> Tree {
    let DerivationTree::Derived(step) = tree else { return tree.clone() };
    let rest = match (is_silent(&step.cause1), is_silent(&step.cause2)) {
        (true, _) => &step.cause2,
        (_, true) => &step.cause1,
        (false, false) => {
            let causes = [&step.cause1, &step.cause2].map(|cause| Arc::new(simplified(cause)));
            let [cause1, cause2] = causes;
            return DerivationTree::Derived(Derived { cause1, cause2, ..step.clone() });
        }
    };
    match simplified(rest) {
        // Other steps may refer to this one by its number.
        DerivationTree::Derived(inner) => {
            let shared_id = step.shared_id.or(inner.shared_id);
            DerivationTree::Derived(Derived { shared_id, ..inner })
        }
        fact => fact,
    }
}

/// Returns whether a fact follows from how the search is built, or is said elsewhere: that no version exists is said
/// with the requirement.
fn is_silent(tree: &Tree) -> bool {
    let DerivationTree::External(fact) = tree else { return false };
    match fact {
        External::NotRoot(..) | External::NoVersions(..) => true,
        External::FromDependencyOf(node, ..) => matches!(node, Node::Root | Node::Choice { .. }),
        External::Custom(..) => false,
    }
}

struct Words<'p> {
    puzzle: &'p Puzzle<'p>,
}

impl Words<'_> {
    /// Returns the words for the versions of a node in a set.
    fn versions(&self, node: &Node, set: &Set) -> String {
        let (url, only) = match node {
            Node::Root => return "this program".to_owned(),
            Node::Part(part) => {
                return self.puzzle.parts.get(*part).map_or_else(String::new, |part| part.name.clone());
            }
            Node::Choice { url, versions } => return format!("{url} {versions}"),
            Node::Package { url, major } => (url, *major),
        };
        let none = BTreeMap::new();
        let all = self.puzzle.candidates.get(url).unwrap_or(&none);
        let existing: Vec<&Version> = all.keys().filter(|version| version.major == only).collect();
        let inside: Vec<&Version> =
            existing.iter().copied().filter(|version| set.contains(*version)).collect();
        match inside.as_slice() {
            [version] => format!("{url} {version}"),
            [_, ..] if inside.len() == existing.len() && existing.len() == all.len() => {
                format!("any version of {url}")
            }
            [_, ..] if inside.len() == existing.len() => format!("any version {only}.x of {url}"),
            _ => format!("{url} {}", shown(set)),
        }
    }

    /// Returns the words for a requirement of a package: the versions as its author wrote them.
    fn needed(&self, node: &Node, set: &Set) -> String {
        match node {
            Node::Package { url, .. } => format!("{url} {}", shown(set)),
            other => self.versions(other, set),
        }
    }
}

impl Words<'_> {
    /// Returns what to say about a needed package that has no version in the set, or nothing.
    fn missing(&self, node: &Node, set: &Set) -> String {
        let Node::Package { url, .. } = node else { return String::new() };
        let Some(versions) = self.puzzle.candidates.get(url) else {
            return ", which no registry lists".to_owned();
        };
        if versions.keys().any(|version| set.contains(version)) {
            return String::new();
        }
        format!(", but there is only {}", newest(versions.keys()))
    }
}

/// Returns the newest versions as text.
pub(crate) fn newest<'v>(versions: impl DoubleEndedIterator<Item = &'v Version>) -> String {
    const SHOWN_MAX: usize = 4;
    let mut shown: Vec<String> = versions.rev().take(SHOWN_MAX + 1).map(Version::to_string).collect();
    if shown.len() > SHOWN_MAX {
        shown[SHOWN_MAX] = "older ones".to_owned();
    }
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "no version".to_owned(),
    }
}

impl ReportFormatter<Node, Set, String> for Words<'_> {
    type Output = String;

    fn format_external(&self, fact: &Fact) -> String {
        match fact {
            External::NotRoot(..) => "this program has requirements".to_owned(),
            External::NoVersions(node @ Node::Package { url, .. }, set) => {
                if self.puzzle.candidates.contains_key(url) {
                    format!("no version of {} exists", self.needed(node, set))
                } else {
                    format!("no registry lists {url}")
                }
            }
            External::NoVersions(node, set) => {
                format!("no other version of {} exists", self.versions(node, set))
            }
            External::Custom(node, set, reason) => format!("{} {reason}", self.versions(node, set)),
            External::FromDependencyOf(node, set, needed, versions) => {
                let missing = self.missing(needed, versions);
                format!("{} needs {}{missing}", self.versions(node, set), self.needed(needed, versions))
            }
        }
    }

    fn format_terms(&self, terms: &Terms) -> String {
        let mut terms: Vec<(&Node, &Term<Set>)> = terms.iter().collect();
        terms.sort_by_key(|(node, _)| *node);
        match terms.as_slice() {
            [] | [(Node::Root, _)] => "no versions fit".to_owned(),
            [(node, Term::Positive(set))] => match node {
                Node::Part(_) => format!("the requirements of {} cannot be met", self.versions(node, set)),
                _ => format!("{} cannot be installed", self.versions(node, set)),
            },
            [(node, Term::Negative(set))] => format!("{} is needed", self.versions(node, set)),
            [(one, Term::Positive(set)), (other, Term::Negative(needed))]
            | [(other, Term::Negative(needed)), (one, Term::Positive(set))] => {
                format!("{} needs {}", self.versions(one, set), self.needed(other, needed))
            }
            several => {
                let words = several.iter().map(|(node, term)| match term {
                    Term::Positive(set) => self.versions(node, set),
                    Term::Negative(set) => format!("not {}", self.versions(node, set)),
                });
                format!("{} exclude each other", words.collect::<Vec<_>>().join(" and "))
            }
        }
    }

    fn explain_both_external(&self, one: &Fact, other: &Fact, terms: &Terms) -> String {
        self.because(&[self.format_external(one), self.format_external(other)], terms)
    }

    fn explain_both_ref(
        &self,
        one: usize,
        first: &Step,
        other: usize,
        second: &Step,
        terms: &Terms,
    ) -> String {
        let first = format!("{} ({one})", self.format_terms(&first.terms));
        let second = format!("{} ({other})", self.format_terms(&second.terms));
        self.because(&[first, second], terms)
    }

    fn explain_ref_and_external(&self, number: usize, step: &Step, fact: &Fact, terms: &Terms) -> String {
        let step = format!("{} ({number})", self.format_terms(&step.terms));
        self.because(&[step, self.format_external(fact)], terms)
    }

    fn and_explain_external(&self, fact: &Fact, terms: &Terms) -> String {
        self.and_because(&[self.format_external(fact)], terms)
    }

    fn and_explain_ref(&self, number: usize, step: &Step, terms: &Terms) -> String {
        self.and_because(&[format!("{} ({number})", self.format_terms(&step.terms))], terms)
    }

    fn and_explain_prior_and_external(&self, prior: &Fact, fact: &Fact, terms: &Terms) -> String {
        self.and_because(&[self.format_external(prior), self.format_external(fact)], terms)
    }
}

impl Words<'_> {
    fn because(&self, reasons: &[String], terms: &Terms) -> String {
        format!("Because {}: {}.", reasons.join(", and "), self.format_terms(terms))
    }

    fn and_because(&self, reasons: &[String], terms: &Terms) -> String {
        format!("And because {}: {}.", reasons.join(", and "), self.format_terms(terms))
    }
}

/// Returns a set of versions as a constraint.
pub(crate) fn shown(set: &Set) -> String {
    let parts: Vec<String> = set.iter().map(|(low, high)| part(low, high)).collect();
    if parts.is_empty() { "(no version)".to_owned() } else { parts.join(" or ") }
}

fn part(low: &Bound<Version>, high: &Bound<Version>) -> String {
    // The lowest prerelease of a version stands for the version itself: no other precedes it.
    let is_lowest = |version: &Version| version.pre.as_str() == "0";
    let number = |version: &Version| match is_lowest(version) {
        true => Version::new(version.major, version.minor, version.patch),
        false => version.clone(),
    };
    if let (Bound::Included(low), Bound::Excluded(high)) = (low, high) {
        let (from, to) = (number(low), number(high));
        let is_exact =
            is_lowest(high) && (to.major, to.minor, to.patch) == (from.major, from.minor, from.patch + 1);
        let next = |version: &Version| match (version.major, version.minor) {
            (0, 0) => Version::new(0, 0, version.patch + 1),
            (0, minor) => Version::new(0, minor + 1, 0),
            (major, _) => Version::new(major + 1, 0, 0),
        };
        if is_exact && from.pre.is_empty() && !is_lowest(low) {
            return format!("={from}");
        }
        if is_lowest(high) && !is_lowest(low) && next(&from) == to {
            return format!("^{from}");
        }
        if is_lowest(high) && !is_lowest(low) && Version::new(from.major, from.minor + 1, 0) == to {
            return format!("~{from}");
        }
    }
    let low = match low {
        Bound::Included(version) => Some(format!(">={}", number(version))),
        // `>1.2.3` begins at the lowest prerelease of 1.2.4.
        Bound::Excluded(version) => Some(format!(">{}", number(version))),
        Bound::Unbounded => None,
    };
    let high = match high {
        Bound::Included(version) => Some(format!("<={}", number(version))),
        Bound::Excluded(version) => Some(format!("<{}", number(version))),
        Bound::Unbounded => None,
    };
    match [low, high].into_iter().flatten().collect::<Vec<_>>().join(",") {
        text if text.is_empty() => "in any version".to_owned(),
        text => text,
    }
}
