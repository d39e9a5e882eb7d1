//! Generates cases from the rules in `grammar/`.
//!
//! ```text
//! # A comment.
//! count:            a rule
//!   0               an alternative
//!   (<count> + 1)   one with a part that another rule, or the same one, makes
//!   do:             an alternative of several lines
//!     x := <count>
//!     return x
//! ```
//!
//! The name of a file is the rule that its cases are made from. `@` stands for the number of a case. The parts
//! `<any-int>`, `<any-float>` and `<any-text>` are random literals. `<any-int-text>` and `<any-float-text>` are string
//! literals with a random number in them.

use std::collections::HashMap;

use fastrand::Rng;

/// The rules of all files.
pub(crate) struct Grammar {
    rules: Vec<Rule>,
    names: HashMap<String, usize>,
}

struct Rule {
    name: String,
    alternatives: Vec<Alternative>,
}

struct Alternative {
    parts: Vec<Part>,
    /// The least number of levels of rules that it needs.
    height: usize,
}

enum Part {
    Text(String),
    Rule(usize),
    Literal(fn(&mut Rng) -> String),
}

/// A choice of an alternative for each part.
#[derive(Clone)]
pub(crate) enum Tree {
    /// A literal.
    Leaf(String),
    /// An alternative of a rule.
    Choice { rule: usize, alternative: usize, children: Vec<Tree> },
}

/// Makes a literal.
type Maker = fn(&mut Rng) -> String;

const LITERALS: [(&str, Maker); 5] = [
    ("any-int", int),
    ("any-float", float),
    ("any-text", text),
    ("any-int-text", |rng| format!("\"{}\"", int_digits(rng))),
    ("any-float-text", |rng| format!("\"{}\"", float_digits(rng))),
];

fn int_digits(rng: &mut Rng) -> String {
    (rng.i64(..) >> rng.u32(..64)).to_string()
}

fn int(rng: &mut Rng) -> String {
    format!("({})", int_digits(rng))
}

fn float_digits(rng: &mut Rng) -> String {
    let number = match rng.u32(..3) {
        0 => f64::from_bits(rng.u64(..)),
        1 => (rng.f64() - 0.5) * 10f64.powi(rng.i32(-4..25)),
        _ => rng.i32(-100_000..100_000) as f64 / f64::from(1 << rng.u32(..12)),
    };
    format!("{:?}", if number.is_finite() { number } else { 1.25 })
}

fn float(rng: &mut Rng) -> String {
    format!("({})", float_digits(rng))
}

fn text(rng: &mut Rng) -> String {
    const CHARS: [&str; 24] = [
        "a", "b", "c", "x", "Z", "0", "9", " ", ",", ".", "-", "_", ":", "'", "#", "\\\"", "\\n", "\\t",
        "\\\\", "\\$", "é", "ß", "日", "😀",
    ];
    let chars: String = (0..rng.usize(..9)).map(|_| *rng.choice(&CHARS).expect("there are some")).collect();
    format!("\"{chars}\"")
}

impl Grammar {
    /// Reads files. Panics if one has a mistake.
    pub(crate) fn read<'a>(files: impl Iterator<Item = &'a str> + Clone) -> Grammar {
        let mut grammar = Grammar { rules: Vec::new(), names: HashMap::new() };
        for line in files.clone().flat_map(str::lines).filter(|line| is_head(line)) {
            let name = line.trim_end_matches(':').to_string();
            let before = grammar.names.insert(name.clone(), grammar.rules.len());
            assert!(before.is_none(), "there are two rules {name}");
            grammar.rules.push(Rule { name, alternatives: Vec::new() });
        }
        for file in files {
            grammar.read_alternatives(file);
        }
        grammar.compute_heights();
        grammar
    }

    fn read_alternatives(&mut self, file: &str) {
        let (mut rule, mut lines) = (0, file.lines().peekable());
        while let Some(line) = lines.next() {
            if is_head(line) {
                rule = self.names[line.trim_end_matches(':')];
            } else if line == "  do:" {
                let mut text = Vec::new();
                while let Some(line) = lines.next_if(|line| line.starts_with("    ")) {
                    text.push(&line[4..]);
                }
                self.add(rule, &text.join("\n"));
            } else if let Some(text) = line.strip_prefix("  ") {
                self.add(rule, text);
            }
        }
    }

    fn add(&mut self, rule: usize, text: &str) {
        let (mut parts, mut rest, mut from) = (Vec::new(), text, 0);
        while let Some(found) = rest[from..].find('<') {
            let start = from + found;
            let Some(end) = rest[start..].find('>').map(|length| start + length) else { break };
            let Some(part) = self.part(&rest[start + 1..end]) else {
                from = start + 1;
                continue;
            };
            parts.extend([Part::Text(rest[..start].to_string()), part]);
            (rest, from) = (&rest[end + 1..], 0);
        }
        parts.push(Part::Text(rest.to_string()));
        self.rules[rule].alternatives.push(Alternative { parts, height: usize::MAX });
    }

    /// Returns the part that a name stands for. Panics if it looks like a name and there is no such rule.
    fn part(&self, name: &str) -> Option<Part> {
        if let Some((_, literal)) = LITERALS.iter().find(|(literal, _)| *literal == name) {
            return Some(Part::Literal(*literal));
        }
        if let Some(rule) = self.names.get(name) {
            return Some(Part::Rule(*rule));
        }
        let is_name = !name.is_empty() && name.chars().all(|char| char.is_ascii_lowercase() || char == '-');
        assert!(!is_name, "there is no rule {name}");
        None
    }

    fn compute_heights(&mut self) {
        loop {
            let heights: Vec<usize> = (0..self.rules.len()).map(|rule| self.height(rule)).collect();
            let mut has_changed = false;
            for alternative in self.rules.iter_mut().flat_map(|rule| &mut rule.alternatives) {
                let parts = alternative.parts.iter().map(|part| match part {
                    Part::Rule(rule) => heights[*rule].saturating_add(1),
                    Part::Text(_) | Part::Literal(_) => 0,
                });
                let height = parts.max().unwrap_or(0);
                has_changed |= height != alternative.height;
                alternative.height = height;
            }
            if !has_changed {
                break;
            }
        }
        for (index, rule) in self.rules.iter().enumerate() {
            assert!(self.height(index) < usize::MAX, "the rule {} has no end", rule.name);
        }
    }

    fn height(&self, rule: usize) -> usize {
        self.rules[rule].alternatives.iter().map(|alternative| alternative.height).min().unwrap_or(usize::MAX)
    }

    /// Makes a case of a kind. Nests at most `levels` rules, or, if a rule needs more levels, as few as it needs.
    pub(crate) fn generate(&self, kind: &str, levels: usize, rng: &mut Rng) -> Tree {
        self.choose(self.names[kind], levels, rng)
    }

    fn choose(&self, rule: usize, levels: usize, rng: &mut Rng) -> Tree {
        let alternatives = &self.rules[rule].alternatives;
        let limit = levels.max(self.height(rule));
        let fitting: Vec<usize> =
            (0..alternatives.len()).filter(|index| alternatives[*index].height <= limit).collect();
        let alternative = *rng.choice(&fitting).expect("an alternative has the height of the rule");
        let children = alternatives[alternative].parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Rule(rule) => Some(self.choose(*rule, levels.saturating_sub(1), rng)),
            Part::Literal(literal) => Some(Tree::Leaf(literal(rng))),
        });
        Tree::Choice { rule, alternative, children: children.collect() }
    }

    /// Returns the text of a case.
    pub(crate) fn text(&self, tree: &Tree) -> String {
        let Tree::Choice { rule, alternative, children } = tree else {
            let Tree::Leaf(text) = tree else { unreachable!("there are two variants") };
            return text.clone();
        };
        let (mut text, mut children) = (String::new(), children.iter());
        for part in &self.rules[*rule].alternatives[*alternative].parts {
            match part {
                Part::Text(part) => text += part,
                Part::Rule(_) | Part::Literal(_) => {
                    let line = text.rsplit('\n').next().unwrap_or_default();
                    let indentation = line.len() - line.trim_start().len();
                    let child = self.text(children.next().expect("each part has a child"));
                    text += &child.replace('\n', &format!("\n{}", " ".repeat(indentation)));
                }
            }
        }
        text
    }

    /// Returns cases that are simpler by one step, the simplest first.
    pub(crate) fn simpler(&self, tree: &Tree) -> Vec<Tree> {
        let Tree::Choice { rule, alternative, children } = tree else { return Vec::new() };
        let mut simpler = Vec::new();
        if self.size(tree) > 1 {
            let least = self.choose(*rule, 0, &mut Rng::with_seed(0));
            simpler.extend(Some(least).filter(|least| self.size(least) < self.size(tree)));
        }
        self.add_same_rule(*rule, children, &mut simpler);
        for (index, child) in children.iter().enumerate() {
            for child in self.simpler(child) {
                let mut children = children.clone();
                children[index] = child;
                simpler.push(Tree::Choice { rule: *rule, alternative: *alternative, children });
            }
        }
        simpler
    }

    /// Adds the outermost trees in `children` that `rule` has made. Each of them can replace the tree around it.
    fn add_same_rule(&self, rule: usize, children: &[Tree], found: &mut Vec<Tree>) {
        for child in children {
            match child {
                Tree::Choice { rule: inner, .. } if *inner == rule => found.push(child.clone()),
                Tree::Choice { children, .. } => self.add_same_rule(rule, children, found),
                Tree::Leaf(_) => {}
            }
        }
    }

    /// Returns the number of choices and literals in a tree.
    pub(crate) fn size(&self, tree: &Tree) -> usize {
        match tree {
            Tree::Leaf(_) => 1,
            Tree::Choice { children, .. } => 1 + children.iter().map(|child| self.size(child)).sum::<usize>(),
        }
    }
}

fn is_head(line: &str) -> bool {
    line.ends_with(':') && !line.starts_with([' ', '#'])
}
