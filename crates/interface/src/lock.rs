//! The index file beside a definition: the index of each method, kept forever.
//!
//! ```text
//! # The indexes of the methods in thermometer.toit. Commit this file: an index never changes.
//! service f86f16ba-50c7-4b4b-ab0c-4f7d6e3c5d0a
//! 0 measure
//! 1 follow
//! 2 Feed.mute removed
//! ```
//!
//! A new method gets the lowest index that was never used. A method that was removed from the definition is marked
//! `removed`: its index is not given to another method. A method with the same name that is added again gets it back.
//! If some methods are missing while others are new, [`assign`] cannot know whether a method was renamed, so it asks
//! instead of guessing.

use std::collections::BTreeMap;
use std::fmt::Write;

use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::source::{SourceId, Span};

use crate::model::{INDEX_MAX, Interface, qualified};

/// The maximum number of lines of an index file. A service with more methods is a mistake.
const LINES_MAX: usize = 100_000;

/// The maximum number of missing methods for which a problem has a hint.
const HINTS_MAX: usize = 8;

/// The beginnings of the lines that version control puts between the two sides of a merge.
const MERGE_MARKERS: &[&str] = &["<<<<<<<", "=======", ">>>>>>>", "|||||||"];

/// The content of an index file.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Lock {
    /// The UUID of the service, with its place.
    uuid: Option<(String, Place)>,
    entries: BTreeMap<u32, Entry>,
}

/// A place in an index file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    source: SourceId,
    span: Span,
}

/// A method that has an index.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry {
    /// The name, such as `Feed.mute`.
    name: String,
    /// Whether the method was removed from the definition.
    is_removed: bool,
    /// The place of its line; none if it is new.
    place: Option<Place>,
}

/// Returns the path of the index file of a definition.
pub fn path(definition: &str) -> String {
    format!("{}.index", definition.strip_suffix(".toit").unwrap_or(definition))
}

/// Returns the UUID of the service that an index file is for, in lower case, if it names one.
pub fn service(text: &str) -> Option<String> {
    let uuid = |line: &str| match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["service", uuid] => Some(uuid.to_ascii_lowercase()),
        _ => None,
    };
    text.lines().find_map(uuid)
}

/// Reads an index file. Returns the entries that can be read, and the problems. Stops at a merge conflict marker, and after
/// 100,000 lines.
pub fn parse(source: SourceId, text: &str) -> (Lock, Vec<Diagnostic>) {
    let mut lock = Lock::default();
    let mut live = BTreeMap::new();
    let mut problems = Vec::new();
    let mut at = 0;
    for (number, line) in text.split('\n').enumerate() {
        let span = Span::new(at, at + line.len());
        at += line.len() + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = Place { source, span };
        if MERGE_MARKERS.iter().any(|marker| line.starts_with(marker)) {
            let problem = Diagnostic::error(source, span, "the file has merge conflict markers");
            let hint = "remove the markers, and keep the lines of both sides; if two new methods have the same index, \
                        remove one of the two lines: that of the method that no program uses yet";
            problems.push(problem.hint(hint));
            break;
        }
        if number >= LINES_MAX {
            let title = format!("the file has more than {LINES_MAX} lines");
            problems.push(Diagnostic::error(source, span, title));
            break;
        }
        if let Err(problem) = lock.read_line(line, place, &mut live) {
            problems.push(*problem);
        }
    }
    (lock, problems)
}

impl Lock {
    /// Reads a line, and adds it to the content. `live` has the methods that are not removed, with their indexes. Fails
    /// with the problem of the line.
    fn read_line<'t>(
        &mut self,
        line: &'t str,
        place: Place,
        live: &mut BTreeMap<&'t str, u32>,
    ) -> Result<(), Box<Diagnostic>> {
        let error = |title: String| Diagnostic::error(place.source, place.span, title);
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["service", uuid] = words[..] {
            if self.uuid.is_some() {
                return Err(Box::new(error("the file names two services".to_owned())));
            }
            self.uuid = Some((uuid.to_ascii_lowercase(), place));
            return Ok(());
        }
        let (index, name, is_removed) = match words[..] {
            [index, name] => (index, name, false),
            [index, name, "removed"] => (index, name, true),
            _ => {
                let problem = error(format!("`{}` is not a line of an index file", shortened(line)));
                let hint = "the forms are `INDEX METHOD`, `INDEX METHOD removed` and `service UUID`";
                return Err(Box::new(problem.hint(hint)));
            }
        };
        let index = index.parse::<u32>().ok().filter(|index| *index <= INDEX_MAX);
        let Some(index) = index else {
            let problem = error(format!("`{}` does not begin with an index", shortened(line)));
            return Err(Box::new(problem.hint(format!("an index is a number from 0 to {INDEX_MAX}"))));
        };
        if let Some(other) = self.entries.get(&index) {
            return Err(Box::new(with_line_of(error(format!("two methods have the index {index}")), other)));
        }
        if !is_removed
            && let Some(other) = live.insert(name, index).and_then(|index| self.entries.get(&index))
        {
            return Err(Box::new(with_line_of(error(format!("`{name}` has two indexes")), other)));
        }
        self.entries.insert(index, Entry { name: name.to_owned(), is_removed, place: Some(place) });
        Ok(())
    }

    /// Returns the text of the index file. `definition` is the file name of the definition.
    pub fn print(&self, definition: &str) -> String {
        let mut text = format!(
            "# The indexes of the methods in {definition}. Commit this file: an index never changes.\n"
        );
        if let Some((uuid, _)) = &self.uuid {
            let _ = writeln!(text, "service {uuid}");
        }
        for (index, entry) in &self.entries {
            let _ =
                writeln!(text, "{index} {}{}", entry.name, if entry.is_removed { " removed" } else { "" });
        }
        text
    }
}

/// Adds the line of `other` to a problem, if it has a line.
fn with_line_of(problem: Diagnostic, other: &Entry) -> Diagnostic {
    match other.place {
        Some(Place { source, span }) => problem.also(source, span, "the other"),
        None => problem,
    }
}

/// Returns the first 60 characters of a line, for a message.
fn shortened(line: &str) -> String {
    let short: String = line.chars().take(60).collect();
    if short.len() < line.len() { format!("{short}...") } else { short }
}

/// Gives each method of an interface its index. Returns the index file to write, and the problems. `name` is the name of
/// the index file, for messages.
///
/// The indexes are those of `lock` and of `@index`; other methods get the lowest free indexes, in their order. A removed
/// method that is added again gets the index that it had.
pub fn assign(interface: &mut Interface, lock: &Lock, name: &str) -> (Lock, Vec<Diagnostic>) {
    let live = lock.entries.iter().filter(|(_, entry)| !entry.is_removed);
    let mut assignment = Assignment {
        name,
        lock,
        locked: live.map(|(index, entry)| (entry.name.as_str(), *index)).collect(),
        problems: Vec::new(),
        taken: BTreeMap::new(),
        new: Vec::new(),
    };
    assignment.check_service(interface);
    interface.each_method(|resource, method| {
        let wanted = Wanted {
            name: qualified(resource.map(|resource| &*resource.name), &method.name),
            place: method.place,
            fixed: method.fixed,
        };
        assignment.take(wanted);
    });
    let lock = assignment.finish(interface);
    let indexes: BTreeMap<&str, u32> = lock
        .entries
        .iter()
        .filter(|(_, entry)| !entry.is_removed)
        .map(|(index, entry)| (entry.name.as_str(), *index))
        .collect();
    let of = |resource: Option<&str>, method: &str| {
        indexes.get(&*qualified(resource, method)).copied().unwrap_or(0)
    };
    for method in &mut interface.methods {
        method.index = of(None, &method.name);
    }
    for resource in &mut interface.resources {
        for method in &mut resource.methods {
            method.index = of(Some(&resource.name), &method.name);
        }
    }
    drop(indexes);
    (lock, assignment.problems)
}

/// A method that needs an index.
struct Wanted {
    /// The name, such as `Feed.mute`.
    name: String,
    /// The place of the method in the definition.
    place: Span,
    /// The index in the method's `@index`, and its place.
    fixed: Option<(u32, Span)>,
}

struct Assignment<'a> {
    /// The name of the index file.
    name: &'a str,
    /// The index file as it is.
    lock: &'a Lock,
    /// The indexes of the methods in the index file that are not removed.
    locked: BTreeMap<&'a str, u32>,
    problems: Vec<Diagnostic>,
    /// The methods that have an index in the index file or in `@index`.
    taken: BTreeMap<u32, Wanted>,
    /// The methods that have no index yet.
    new: Vec<Wanted>,
}

/// The definition is the first source.
const DEFINITION: SourceId = SourceId(0);

impl Assignment<'_> {
    /// Reports an error if the index file is for another service.
    fn check_service(&mut self, interface: &Interface) {
        let Some((uuid, place)) = &self.lock.uuid else { return };
        if *uuid != interface.uuid {
            let title = format!("{} is for another service", self.name);
            let problem = Diagnostic::error(DEFINITION, interface.version_place, title);
            let problem = problem.also(place.source, place.span, "the other service");
            self.problems.push(
                problem.hint(format!(
                    "a service keeps its UUID; if this is a new service, remove {}",
                    self.name
                )),
            );
        }
    }

    /// Gives a method the index that the index file or its directive names.
    fn take(&mut self, wanted: Wanted) {
        let locked = self.locked.get(&*wanted.name).copied();
        let entry_of = |index: u32| self.lock.entries.get(&index);
        match (locked, wanted.fixed) {
            (Some(index), Some((fixed, place))) if index != fixed => {
                let title = format!("`{}` already has the index {index}, not {fixed}", wanted.name);
                let problem = Diagnostic::error(DEFINITION, place, title);
                let problem = match entry_of(index).and_then(|entry| entry.place) {
                    Some(locked) => problem.also(locked.source, locked.span, "here"),
                    None => problem,
                };
                let hint = format!(
                    "another index would break all clients: write `@index {index}`, or remove `@index`"
                );
                self.problems.push(problem.hint(hint));
            }
            (None, Some((fixed, place)))
                if entry_of(fixed).is_some_and(|entry| entry.is_removed && entry.name != wanted.name) =>
            {
                let was = entry_of(fixed);
                let name = was.map_or("", |was| was.name.as_str());
                let title = format!("the index {fixed} belongs to `{name}`, which was removed");
                let problem = Diagnostic::error(DEFINITION, place, title);
                let problem = match was.and_then(|was| was.place) {
                    Some(locked) => problem.also(locked.source, locked.span, "removed"),
                    None => problem,
                };
                self.problems
                    .push(problem.hint("choose an index that was never used, or leave `@index` out"));
            }
            (Some(index), _) | (None, Some((index, _))) => self.insert(index, wanted),
            (None, None) => self.new.push(wanted),
        }
    }

    /// Gives a method an index, or reports an error if another method has it.
    fn insert(&mut self, index: u32, wanted: Wanted) {
        let place = |wanted: &Wanted| wanted.fixed.map_or(wanted.place, |(_, place)| place);
        if let Some(other) = self.taken.get(&index) {
            let title = format!("`{}` and `{}` have the same index {index}", other.name, wanted.name);
            let problem = Diagnostic::error(DEFINITION, place(&wanted), title);
            let problem = problem.also(DEFINITION, place(other), "the other");
            self.problems
                .push(problem.hint("each method of a service and of its resources has an index of its own"));
            return;
        }
        self.taken.insert(index, wanted);
    }

    /// Gives the new methods their indexes, and returns the index file to write. Reports an error if a method may have been
    /// renamed.
    fn finish(&mut self, interface: &Interface) -> Lock {
        let missing: Vec<(u32, &Entry)> = self
            .lock
            .entries
            .iter()
            .filter(|(index, entry)| !entry.is_removed && !self.taken.contains_key(index))
            .map(|(index, entry)| (*index, entry))
            .collect();
        if self.problems.is_empty() && !missing.is_empty() && !self.new.is_empty() {
            self.ask(&missing);
        }
        let mut entries = self.lock.entries.clone();
        for (index, entry) in &mut entries {
            entry.is_removed |= !self.taken.contains_key(index);
        }
        let live = |name: String| Entry { name, is_removed: false, place: None };
        for (index, wanted) in std::mem::take(&mut self.taken) {
            entries.insert(index, live(wanted.name));
        }
        let mut next = 0;
        for wanted in std::mem::take(&mut self.new) {
            let removed = |entry: &Entry| entry.is_removed && entry.name == wanted.name;
            // Several removed entries can have this name. The newest clients use the one with the highest index.
            let was = entries.iter().rev().find(|(_, entry)| removed(entry)).map(|(index, _)| *index);
            let index = was.unwrap_or_else(|| {
                while entries.contains_key(&next) {
                    next += 1;
                }
                next
            });
            entries.insert(index, live(wanted.name));
        }
        let place = Place { source: DEFINITION, span: interface.version_place };
        Lock { uuid: Some((interface.uuid.clone(), place)), entries }
    }

    /// Reports an error that asks whether methods were renamed.
    fn ask(&mut self, missing: &[(u32, &Entry)]) {
        let Some(first) = self.new.first() else { return };
        let names: Vec<String> = missing.iter().map(|(_, entry)| format!("`{}`", entry.name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (verb, names) =
            (if names.len() == 1 { "is" } else { "are" }, crate::directives::joined(&names, "and"));
        let title = format!("`{}` is new, and {names} {verb} missing: was a method renamed?", first.name);
        let mut problem = Diagnostic::error(DEFINITION, first.place, title);
        for other in self.new.iter().skip(1) {
            problem = problem.also(DEFINITION, other.place, "new, too");
        }
        for (_, entry) in missing {
            if let Some(place) = entry.place {
                problem = problem.also(place.source, place.span, "missing");
            }
        }
        for (index, entry) in missing.iter().take(HINTS_MAX) {
            problem = problem.hint(format!(
                "if `{}` was renamed, write `@index {index}` above the method with the new name",
                entry.name
            ));
        }
        let hint =
            format!("if a method was removed, write `removed` at the end of its line in {}", self.name);
        self.problems.push(problem.hint(hint));
    }
}
