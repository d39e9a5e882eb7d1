//! Finds versions of packages that fit together.
//!
//! The search is that of the crate `pubgrub`, for which a package has one version. But a program can contain several
//! versions of a package if their major numbers differ. So a node of the search is a URL with a major number
//! (`Node::Package`). Where a requirement allows several major numbers, there is a node between (`Node::Choice`),
//! whose versions are the major numbers.
//!
//! A conflict is explained in sentences (`explain.rs`).

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lucarne_package::version::Version;
use pubgrub::{
    Dependencies, DependencyConstraints, DependencyProvider, PackageResolutionStatistics, PubGrubError,
};

use crate::description::Need;
use crate::error::Error;
use crate::explain::explanation;
use crate::ranges::{Requirement, Set, of_major};

/// The maximum number of steps of a search. Real programs need a few hundred.
const STEPS_MAX: usize = 200_000;

/// A version of a package that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The oldest SDK that suits it.
    pub sdk: Option<Version>,
    /// The packages that it needs.
    pub needs: Vec<Need>,
}

/// The versions of each package by URL.
pub type Candidates = BTreeMap<String, BTreeMap<Version, Candidate>>;

/// A part of the program whose requirements count: the program itself or a package in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The name in explanations, such as `this program`.
    pub name: String,
    /// The packages of registries that it needs.
    pub needs: Vec<Need>,
}

/// The problem to solve.
#[derive(Debug)]
pub struct Puzzle<'p> {
    /// All versions that exist.
    pub candidates: &'p Candidates,
    /// The parts of the program.
    pub parts: Vec<Part>,
    /// The versions to take where they suit.
    pub preferred: BTreeSet<(String, Version)>,
    /// The SDK, if its version counts.
    pub sdk: Version,
}

/// The chosen versions by URL: at most one for each major number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Solution {
    /// The versions.
    pub versions: BTreeMap<String, BTreeSet<Version>>,
    /// The major number that was chosen for a requirement which allows several.
    choices: BTreeMap<(String, String), u64>,
}

impl Solution {
    /// Returns the chosen version for a requirement.
    pub fn version(&self, need: &Need) -> Option<&Version> {
        let choice = self.choices.get(&(need.url.clone(), need.versions.text.clone()));
        let is_chosen = |version: &&Version| choice.is_none_or(|major| version.major == *major);
        let suits = |version: &&Version| need.versions.set.contains(*version);
        self.versions.get(&need.url)?.iter().filter(is_chosen).rfind(suits)
    }
}

/// Finds versions that fit together.
///
/// # Errors
/// If there are none ([`Error::Conflict`]), or the search takes too long.
pub fn solve(puzzle: &Puzzle<'_>) -> Result<Solution, Error> {
    let provider = Provider { puzzle, steps: Cell::new(0) };
    let chosen = match pubgrub::resolve(&provider, Node::Root, Version::new(0, 0, 0)) {
        Ok(chosen) => chosen,
        Err(PubGrubError::NoSolution(tree)) => return Err(Error::Conflict(explanation(tree, puzzle))),
        Err(_) => return Err(Error::TooComplicated(STEPS_MAX)),
    };
    let mut solution = Solution::default();
    for (node, version) in chosen {
        match node {
            Node::Package { url, .. } => {
                solution.versions.entry(url).or_default().insert(version);
            }
            Node::Choice { url, versions } => {
                solution.choices.insert((url, versions), version.major);
            }
            Node::Root | Node::Part(_) => {}
        }
    }
    Ok(solution)
}

/// A node of the search.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Node {
    /// All parts.
    Root,
    /// A part, by its index.
    Part(usize),
    /// A requirement that allows several major numbers.
    Choice { url: String, versions: String },
    /// A package with a major number.
    Package { url: String, major: u64 },
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Root | Node::Part(_) => formatter.write_str("this program"),
            Node::Choice { url, .. } | Node::Package { url, .. } => formatter.write_str(url),
        }
    }
}

struct Provider<'p> {
    puzzle: &'p Puzzle<'p>,
    steps: Cell<usize>,
}

/// The search takes too many steps.
#[derive(Debug, thiserror::Error)]
#[error("too many steps")]
struct TooMany;

impl Provider<'_> {
    /// Returns the versions of a node in a set, the oldest first.
    fn versions(&self, node: &Node, set: &Set) -> Vec<Version> {
        let of = |url: &String| self.puzzle.candidates.get(url);
        match node {
            Node::Root | Node::Part(_) => {
                Some(Version::new(0, 0, 0)).filter(|version| set.contains(version)).into_iter().collect()
            }
            Node::Choice { url, versions } => {
                let all = Requirement::read(versions).map_or_else(Set::empty, |requirement| requirement.set);
                let majors = majors(of(url), &all);
                majors
                    .into_iter()
                    .map(|major| Version::new(major, 0, 0))
                    .filter(|version| set.contains(version))
                    .collect()
            }
            Node::Package { url, major } => {
                let fitting = |version: &&Version| version.major == *major && set.contains(*version);
                of(url).into_iter().flat_map(BTreeMap::keys).filter(fitting).cloned().collect()
            }
        }
    }

    /// Returns how well a version suits: preferred versions before releases, and these before prereleases. Versions
    /// that need another SDK come last.
    fn rank(&self, node: &Node, version: &Version) -> u8 {
        let Puzzle { candidates, preferred, sdk, .. } = self.puzzle;
        match node {
            Node::Root | Node::Part(_) => 0,
            Node::Package { url, .. } => {
                let candidate = candidates.get(url).and_then(|versions| versions.get(version));
                let suits = candidate
                    .is_some_and(|candidate| candidate.sdk.as_ref().is_none_or(|oldest| oldest <= sdk));
                match () {
                    () if !suits => 0,
                    () if preferred.contains(&(url.clone(), version.clone())) => 3,
                    () => u8::from(version.pre.is_empty()) + 1,
                }
            }
            Node::Choice { url, versions } => {
                let Some(requirement) = Requirement::read(versions) else { return 0 };
                let package = Node::Package { url: url.clone(), major: version.major };
                let inside = self.versions(&package, &requirement.set);
                let rank = inside.iter().map(|version| self.rank(&package, version)).max().unwrap_or(0);
                // A package without a constraint is new to the program: the versions that other packages use do not count.
                if requirement.is_any() { rank.min(2) } else { rank }
            }
        }
    }

    /// Returns the nodes for requirements.
    fn nodes(&self, needs: &[Need]) -> DependencyConstraints<Node, Set> {
        let mut nodes = DependencyConstraints::default();
        for need in needs {
            let (node, set) = self.node(need);
            // A package can import another one by two prefixes, with two requirements.
            let both = nodes.get(&node).map_or_else(|| set.clone(), |other: &Set| other.intersection(&set));
            nodes.insert(node, both);
        }
        nodes
    }

    fn node(&self, need: &Need) -> (Node, Set) {
        let (url, versions) = (need.url.clone(), need.versions.text.clone());
        let majors = majors(self.puzzle.candidates.get(&url), &need.versions.set);
        match majors.len() {
            0 => (Node::Package { url, major: lowest_major(&need.versions.set) }, need.versions.set.clone()),
            1 => {
                let major = majors.first().copied().unwrap_or(0);
                (Node::Package { url, major }, need.versions.set.clone())
            }
            _ => (Node::Choice { url, versions }, Set::full()),
        }
    }
}

impl DependencyProvider for Provider<'_> {
    type P = Node;
    type V = Version;
    type VS = Set;
    type Priority = (u32, Reverse<usize>);
    type M = String;
    type Err = TooMany;

    fn prioritize(&self, node: &Node, set: &Set, conflicts: &PackageResolutionStatistics) -> Self::Priority {
        (conflicts.conflict_count(), Reverse(self.versions(node, set).len()))
    }

    fn choose_version(&self, node: &Node, set: &Set) -> Result<Option<Version>, TooMany> {
        let versions = self.versions(node, set);
        let best = versions.iter().max_by_key(|version| (self.rank(node, version), *version));
        Ok(best.cloned())
    }

    fn get_dependencies(
        &self,
        node: &Node,
        version: &Version,
    ) -> Result<Dependencies<Node, Set, String>, TooMany> {
        Ok(Dependencies::Available(match node {
            Node::Root => (0..self.puzzle.parts.len()).map(|part| (Node::Part(part), Set::full())).collect(),
            Node::Part(part) => {
                let needs = self.puzzle.parts.get(*part).map(|part| part.needs.as_slice());
                self.nodes(needs.unwrap_or_default())
            }
            Node::Choice { url, versions } => {
                let set = Requirement::read(versions).map_or_else(Set::empty, |requirement| requirement.set);
                let package = Node::Package { url: url.clone(), major: version.major };
                std::iter::once((package, set.intersection(&of_major(version.major)))).collect()
            }
            Node::Package { url, .. } => {
                let candidate = self.puzzle.candidates.get(url).and_then(|versions| versions.get(version));
                let Some(candidate) = candidate else {
                    return Ok(Dependencies::Unavailable("does not exist".to_owned()));
                };
                if let Some(oldest) = candidate.sdk.as_ref().filter(|oldest| **oldest > self.puzzle.sdk) {
                    let reason = format!("needs SDK {oldest} or newer (this is {})", self.puzzle.sdk);
                    return Ok(Dependencies::Unavailable(reason));
                }
                let mut nodes = self.nodes(&candidate.needs);
                // The proofs of the search have no place for a package that needs itself.
                match nodes.remove(node) {
                    Some(set) if !set.contains(version) => {
                        return Ok(Dependencies::Unavailable("needs another version of itself".to_owned()));
                    }
                    _ => nodes,
                }
            }
        }))
    }

    fn should_cancel(&self) -> Result<(), TooMany> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS_MAX { Err(TooMany) } else { Ok(()) }
    }
}

/// Returns the major numbers of the versions in a set.
fn majors(versions: Option<&BTreeMap<Version, Candidate>>, set: &Set) -> BTreeSet<u64> {
    let versions = versions.into_iter().flat_map(BTreeMap::keys);
    versions.filter(|version| set.contains(*version)).map(|version| version.major).collect()
}

/// Returns the major number of the lowest version in a set, for a package that has no version in it.
fn lowest_major(set: &Set) -> u64 {
    use std::ops::Bound;
    match set.bounding_range() {
        Some((Bound::Included(version) | Bound::Excluded(version), _)) => version.major,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
