//! Puzzles in a short form, with their solutions, and with the explanation where there is none.
//!
//! Each line of a registry is `URL VERSION [sdk VERSION] [needs URL CONSTRAINT, ...]`.

use proptest::prelude::*;

use super::*;

fn candidates(registry: &str) -> Candidates {
    let mut candidates = Candidates::new();
    for line in registry.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (head, needed) = line.split_once(" needs ").unwrap_or((line, ""));
        let words: Vec<&str> = head.split(' ').collect();
        let sdk = words.get(3).map(|version| version.parse().expect("an SDK version"));
        let candidate = Candidate { sdk, needs: needs(needed) };
        let version = words[1].parse().expect("a version");
        candidates.entry(words[0].to_owned()).or_default().insert(version, candidate);
    }
    candidates
}

fn needs(text: &str) -> Vec<Need> {
    let parts = text.split(", ").filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (url, versions) = part.split_once(' ').expect("a URL and a constraint");
            Need::read(url, versions).expect("a requirement")
        })
        .collect()
}

struct Case<'c> {
    registry: &'c str,
    program: &'c str,
    preferred: &'c str,
    sdk: &'c str,
}

impl Case<'_> {
    /// Returns the chosen versions, or the explanation.
    fn solved(&self) -> String {
        let candidates = candidates(self.registry);
        let preferred = self.preferred.split(", ").filter(|part| !part.is_empty()).map(|part| {
            let (url, version) = part.split_once(' ').expect("a URL and a version");
            (url.to_owned(), version.parse().expect("a version"))
        });
        let puzzle = Puzzle {
            candidates: &candidates,
            parts: vec![Part { name: "this program".to_owned(), needs: needs(self.program) }],
            preferred: preferred.collect(),
            sdk: self.sdk.parse().expect("a version"),
        };
        match solve(&puzzle) {
            Ok(solution) => {
                let all = solution.versions.iter();
                let all = all.flat_map(|(url, versions)| {
                    versions.iter().map(move |version| format!("{url} {version}"))
                });
                all.collect::<Vec<_>>().join(", ")
            }
            Err(error) => error.to_string(),
        }
    }
}

fn solved(registry: &str, program: &str) -> String {
    Case { registry, program, preferred: "", sdk: "2.0.0" }.solved()
}

const PLAIN: &str = "
    e.com/a 1.0.0 needs e.com/b ^1.0.0
    e.com/a 1.1.0 needs e.com/b ^1.1.0
    e.com/b 1.0.0
    e.com/b 1.1.0
    e.com/b 1.2.0 sdk 3.0.0
    e.com/b 2.0.0
    e.com/b 3.0.0-beta
";

#[test]
fn the_newest_version_that_suits_is_chosen() {
    assert_eq!(solved(PLAIN, "e.com/a ^1.0.0"), "e.com/a 1.1.0, e.com/b 1.1.0");
    assert_eq!(solved(PLAIN, "e.com/a =1.0.0, e.com/b <1.1.0"), "e.com/a 1.0.0, e.com/b 1.0.0");
    let newer = Case { registry: PLAIN, program: "e.com/a ^1.0.0", preferred: "", sdk: "3.1.0" };
    assert_eq!(newer.solved(), "e.com/a 1.1.0, e.com/b 1.2.0", "a newer SDK allows more");
}

#[test]
fn prereleases_are_chosen_only_where_nothing_else_suits() {
    assert_eq!(solved(PLAIN, "e.com/b >=1.0.0"), "e.com/b 2.0.0");
    assert_eq!(solved(PLAIN, "e.com/b >=3.0.0-alpha"), "e.com/b 3.0.0-beta");
}

#[test]
fn versions_with_other_major_numbers_exist_side_by_side() {
    assert_eq!(
        solved(PLAIN, "e.com/a ^1.0.0, e.com/b ^2.0.0"),
        "e.com/a 1.1.0, e.com/b 1.1.0, e.com/b 2.0.0"
    );
}

#[test]
fn preferred_versions_stay() {
    let kept =
        |preferred| Case { registry: PLAIN, program: "e.com/a ^1.0.0", preferred, sdk: "2.0.0" }.solved();
    assert_eq!(kept("e.com/a 1.0.0"), "e.com/a 1.0.0, e.com/b 1.1.0");
    assert_eq!(kept("e.com/a 1.0.0, e.com/b 1.0.0"), "e.com/a 1.0.0, e.com/b 1.0.0");
    assert_eq!(kept("e.com/b 1.0.0"), "e.com/a 1.1.0, e.com/b 1.1.0", "the newest a needs a newer b");
    assert_eq!(kept("e.com/a 9.0.0"), "e.com/a 1.1.0, e.com/b 1.1.0", "it does not exist");
}

/// The newest version leads to a conflict, two packages further on.
#[test]
fn the_search_goes_back() {
    let registry = "
        e.com/app 1.0.0 needs e.com/left ^1.0.0, e.com/right ^1.0.0
        e.com/left 1.0.0 needs e.com/shared ^1.0.0
        e.com/left 1.1.0 needs e.com/shared ^1.5.0
        e.com/right 1.0.0 needs e.com/shared <1.5.0
        e.com/shared 1.0.0
        e.com/shared 1.4.0
        e.com/shared 1.6.0
    ";
    assert_eq!(
        solved(registry, "e.com/app ^1.0.0"),
        "e.com/app 1.0.0, e.com/left 1.0.0, e.com/right 1.0.0, e.com/shared 1.4.0"
    );
}

#[test]
fn a_requirement_for_several_major_numbers_takes_the_newest_that_suits() {
    let registry = "
        e.com/a 1.0.0 needs e.com/b >=1.0.0
        e.com/b 1.0.0
        e.com/b 2.0.0 needs e.com/gone ^1.0.0
        e.com/b 3.0.0 sdk 9.0.0
    ";
    assert_eq!(solved(registry, "e.com/a ^1.0.0"), "e.com/a 1.0.0, e.com/b 1.0.0");
}

#[test]
fn a_preferred_major_number_stays() {
    let registry = "e.com/b 1.0.0\n e.com/b 2.0.0\n";
    let kept = |program| Case { registry, program, preferred: "e.com/b 1.0.0", sdk: "2.0.0" }.solved();
    assert_eq!(kept("e.com/b >=1.0.0"), "e.com/b 1.0.0");
    assert_eq!(kept(&format!("e.com/b {}", crate::ranges::ANY)), "e.com/b 2.0.0", "it is new to the program");
}

#[test]
fn circles_are_solved() {
    let registry = "e.com/a 1.0.0 needs e.com/b ^1.0.0\n e.com/b 1.0.0 needs e.com/a ^1.0.0\n";
    assert_eq!(solved(registry, "e.com/a ^1.0.0"), "e.com/a 1.0.0, e.com/b 1.0.0");
}

#[test]
fn conflicts_are_explained() {
    let explained = |name: &str, registry: &str, program: &str| {
        let text = solved(registry, program);
        assert!(text.starts_with("no versions of the packages fit together"), "{text}");
        insta::assert_snapshot!(
            name,
            format!("{}\nprogram: {program}\n\n{text}", registry.trim_matches('\n'))
        );
    };
    explained("a_package_that_no_registry_lists", "", "e.com/gone ^1.0.0");
    explained("a_version_that_does_not_exist", PLAIN, "e.com/b ^4.0.0");
    explained("an_sdk_that_is_too_old", PLAIN, "e.com/b =1.2.0");
    explained(
        "two_packages_that_need_different_versions",
        "e.com/left 1.0.0 needs e.com/shared ^1.5.0\ne.com/right 1.0.0 needs e.com/shared =1.4.0\n\
         e.com/right 1.1.0 needs e.com/shared ~1.3.0\ne.com/shared 1.3.0\ne.com/shared 1.4.0\ne.com/shared 1.6.0",
        "e.com/left ^1.0.0, e.com/right ^1.0.0",
    );
    explained(
        "a_long_chain",
        "e.com/a 1.0.0 needs e.com/b ^1.0.0\ne.com/a 1.1.0 needs e.com/c ^1.0.0\ne.com/b 1.0.0 needs e.com/d ^1.0.0\n\
         e.com/c 1.0.0 needs e.com/d ^1.0.0\ne.com/d 1.0.0 needs e.com/e =1.0.0\ne.com/e 1.0.0\ne.com/e 1.1.0",
        "e.com/a ^1.0.0, e.com/e =1.1.0",
    );
    explained(
        "no_major_number_suits",
        "e.com/a 1.0.0\ne.com/a 2.0.0 sdk 9.0.0\ne.com/a 1.1.0 sdk 8.0.0\ne.com/b 1.0.0 needs e.com/a >1.0.0",
        "e.com/b ^1.0.0",
    );
}

/// Proofs of which nearly each step concerns only nodes between packages, or a package that needs itself.
#[test]
fn short_proofs_are_explained() {
    let registry = "e.com/b 1.0.0 needs e.com/b ~1.1.0\ne.com/b 2.0.0 needs e.com/a ^0.0.0";
    insta::assert_snapshot!(solved(registry, "e.com/b >=0.0.0"));
    insta::assert_snapshot!(solved("e.com/b 1.0.0 needs e.com/b ~1.1.0", "e.com/b >=0.0.0"));
}

/// A requirement whose node has no versions, at each of its prefixes.
#[test]
fn a_package_can_be_required_twice() {
    assert_eq!(solved(PLAIN, "e.com/b ^1.0.0, e.com/b <1.1.0"), "e.com/b 1.0.0");
    let text = solved(PLAIN, "e.com/b =1.0.0, e.com/b =1.1.0");
    assert!(text.starts_with("no versions of the packages fit together"), "{text}");
}

const URLS: [&str; 4] = ["e.com/a", "e.com/b", "e.com/c", "e.com/d"];

fn random_needs() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec!["^", "=", ">=", "<", "~"]);
    let need = (prop::sample::select(&URLS[..]), sign, 0..3_u64, 0..3_u64)
        .prop_map(|(url, sign, major, minor)| format!("{url} {sign}{major}.{minor}.0"));
    prop::collection::vec(need, 0..3).prop_map(|needs| needs.join(", "))
}

fn random_registry() -> impl Strategy<Value = String> {
    let line = (prop::sample::select(&URLS[..]), 0..3_u64, 0..3_u64, random_needs()).prop_map(
        |(url, major, minor, needs)| match needs.as_str() {
            "" => format!("{url} {major}.{minor}.0"),
            needs => format!("{url} {major}.{minor}.0 needs {needs}"),
        },
    );
    prop::collection::vec(line, 1..12).prop_map(|lines| lines.join("\n"))
}

/// Returns whether versions meet all requirements, by trying nothing but the definition.
fn is_solution(candidates: &Candidates, program: &[Need], chosen: &BTreeMap<(String, u64), Version>) -> bool {
    let has = |need: &Need| {
        chosen.iter().any(|((url, _), version)| *url == need.url && need.versions.set.contains(version))
    };
    let needs_of = |(url, _): &(String, u64), version: &Version| candidates[url][version].needs.clone();
    program.iter().all(has) && chosen.iter().all(|(node, version)| needs_of(node, version).iter().all(has))
}

/// Tries all combinations of versions.
fn some_solution_exists(candidates: &Candidates, program: &[Need]) -> bool {
    let mut nodes: BTreeMap<(String, u64), Vec<Version>> = BTreeMap::new();
    for (url, versions) in candidates {
        for version in versions.keys() {
            nodes.entry((url.clone(), version.major)).or_default().push(version.clone());
        }
    }
    let nodes: Vec<_> = nodes.into_iter().collect();
    let count: usize = nodes.iter().map(|(_, versions)| versions.len() + 1).product();
    (0..count).any(|mut number| {
        let mut chosen = BTreeMap::new();
        for (node, versions) in &nodes {
            let choice = number % (versions.len() + 1);
            number /= versions.len() + 1;
            if let Some(version) = versions.get(choice) {
                chosen.insert(node.clone(), version.clone());
            }
        }
        is_solution(candidates, program, &chosen)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A solution meets all requirements, and there is none only where trying everything finds none.
    #[test]
    fn the_search_agrees_with_trying_everything(registry in random_registry(), program in random_needs()) {
        let candidates = candidates(&registry);
        let needs = needs(&program);
        let parts = vec![Part { name: "this program".to_owned(), needs: needs.clone() }];
        let sdk = Version::new(2, 0, 0);
        match solve(&Puzzle { candidates: &candidates, parts, preferred: BTreeSet::new(), sdk }) {
            Ok(solution) => {
                let all = solution.versions.iter();
                let all = all.flat_map(|(url, versions)| versions.iter().map(move |version| (url.clone(), version.clone())));
                let chosen = all.map(|(url, version)| ((url, version.major), version)).collect();
                prop_assert!(is_solution(&candidates, &needs, &chosen), "{:?}", chosen);
                prop_assert!(needs.iter().all(|need| solution.version(need).is_some()));
            }
            Err(Error::Conflict(text)) => {
                prop_assert!(!text.is_empty());
                prop_assert!(!some_solution_exists(&candidates, &needs), "{}", text);
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}
