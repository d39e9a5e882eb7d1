//! The changes of methods. A method is known by its index, and by its name if the index changed.

use std::collections::{BTreeMap, BTreeSet};

use super::flow::{Direction, Versions};
use super::{Change, Kind, Level};
use crate::model::{Interface, Method, qualified};

/// A method with the name of its resource.
#[derive(Clone, Copy)]
struct Owned<'a> {
    resource: Option<&'a str>,
    method: &'a Method,
}

impl Owned<'_> {
    fn name(&self) -> String {
        qualified(self.resource, &self.method.name)
    }
}

fn by_index(interface: &Interface) -> BTreeMap<u32, Owned<'_>> {
    let mut methods = BTreeMap::new();
    interface.each_method(|resource, method| {
        let resource = resource.map(|resource| &*resource.name);
        methods.insert(method.index, Owned { resource, method });
    });
    methods
}

pub(super) fn compare(versions: &Versions<'_>, changes: &mut Vec<Change>) {
    let (old, new) = (by_index(versions.old), by_index(versions.new));
    let names = |methods: &BTreeMap<u32, Owned<'_>>| -> BTreeMap<String, u32> {
        methods.iter().map(|(index, owned)| (owned.name(), *index)).collect()
    };
    let (old_names, new_names) = (names(&old), names(&new));
    // The new methods that are the same as an old method.
    let mut known = BTreeSet::new();
    for (index, before) in &old {
        let name = renamed(versions, before);
        let same_index = new.get(index);
        if let Some(after) = same_index.filter(|after| after.name() == name) {
            known.insert(*index);
            compare_methods(versions, before, after, changes);
        } else if let Some(after) = new_names.get(&name).and_then(|index| new.get(index)) {
            known.insert(after.method.index);
            let reason = format!(
                "the index of `{name}` changed from {index} to {}: old clients call another method, or none",
                after.method.index
            );
            changes.push(change(Level::Major, Kind::MethodReindexed, reason, before, after));
        } else if let Some(after) = same_index.filter(|after| !old_names.contains_key(&after.name())) {
            known.insert(*index);
            compare_methods(versions, before, after, changes);
        } else {
            let reason = format!("`{}` was removed: old clients that call it fail", before.name());
            let old = Some(before.method.place);
            changes.push(Change { level: Level::Major, kind: Kind::MethodRemoved, reason, old, new: None });
        }
    }
    for (index, added) in new.iter().filter(|(index, _)| !known.contains(index)) {
        let hint = match added.method.since {
            Some(_) => "",
            None => "; `@since` tells clients from which minor version on it is there",
        };
        let reason =
            format!("`{}` is new, with index {index}: old providers do not have it{hint}", added.name());
        let new = Some(added.method.place);
        changes.push(Change { level: Level::Minor, kind: Kind::MethodAdded, reason, old: None, new });
    }
}

/// Returns the name of an old method, with the new name of its resource.
fn renamed(versions: &Versions<'_>, method: &Owned<'_>) -> String {
    let resource = method.resource.map(|resource| versions.renamed(resource).unwrap_or(resource));
    qualified(resource, &method.method.name)
}

fn change(level: Level, kind: Kind, reason: String, old: &Owned<'_>, new: &Owned<'_>) -> Change {
    Change { level, kind, reason, old: Some(old.method.place), new: Some(new.method.place) }
}

fn compare_methods(versions: &Versions<'_>, old: &Owned<'_>, new: &Owned<'_>, changes: &mut Vec<Change>) {
    let name = new.name();
    let mut add = |level, kind, reason| changes.push(change(level, kind, reason, old, new));
    let moved_to = old.resource.map(|resource| versions.renamed(resource).unwrap_or(resource));
    if moved_to != new.resource {
        let owner =
            |resource: Option<&str>| resource.map_or("the service".to_owned(), |name| format!("`{name}`"));
        let reason = format!(
            "`{}` of {} is now a method of {}: old clients send another first argument",
            old.method.name,
            owner(old.resource),
            owner(new.resource)
        );
        return add(Level::Major, Kind::MethodMoved, reason);
    }
    if old.method.name != new.method.name {
        let reason = format!("`{}` is now `{name}`: names are not sent", old.name());
        add(Level::Compatible, Kind::MethodRenamed, reason);
    }
    let (before, after) = (&old.method.parameters, &new.method.parameters);
    if before.len() != after.len() {
        let count =
            |count: usize| if count == 1 { "1 argument".to_owned() } else { format!("{count} arguments") };
        let reason = format!("`{name}` takes {} instead of {}", count(after.len()), before.len());
        add(Level::Major, Kind::ParametersCount, reason);
    } else {
        for (before, after) in before.iter().zip(after) {
            let place = |level, kind, reason| Change {
                level,
                kind,
                reason,
                old: Some(before.place),
                new: Some(after.place),
            };
            if let Some((level, why)) = versions.level(&before.ty, &after.ty, Direction::Argument) {
                let reason = format!(
                    "`{}` of `{name}` is `{}` instead of `{}`: {why}",
                    after.name, after.ty, before.ty
                );
                changes.push(place(level, Kind::ParameterType, reason));
            }
            if before.name != after.name {
                let reason =
                    format!("`{}` of `{name}` is now `{}`: names are not sent", before.name, after.name);
                changes.push(place(Level::Compatible, Kind::ParameterRenamed, reason));
            }
        }
    }
    let mut add = |level, kind, reason| changes.push(change(level, kind, reason, old, new));
    if let Some((level, why)) = versions.level(&old.method.result, &new.method.result, Direction::Result) {
        let (before, after) = (&old.method.result, &new.method.result);
        add(level, Kind::ResultType, format!("`{name}` returns `{after}` instead of `{before}`: {why}"));
    }
    if old.method.timeout != new.method.timeout {
        let time = |time: Option<u64>| time.map_or("none".to_owned(), |time| format!("{time} ms"));
        let (before, after) = (time(old.method.timeout), time(new.method.timeout));
        add(
            Level::Compatible,
            Kind::Timeout,
            format!("the time limit of `{name}` is {after} instead of {before}"),
        );
    }
    compare_errors(old, new, changes);
}

fn compare_errors(old: &Owned<'_>, new: &Owned<'_>, changes: &mut Vec<Change>) {
    let name = new.name();
    for before in &old.method.errors {
        let after = new.method.errors.iter().find(|after| after.name == before.name);
        let (level, kind, reason) = match after {
            Some(after) if after.text == before.text => continue,
            Some(after) => {
                let reason = format!(
                    "`{name}` throws \"{}\" instead of \"{}\": old clients do not know the error",
                    after.text, before.text
                );
                (Level::Major, Kind::ErrorText, reason)
            }
            None => {
                let reason =
                    format!("`{name}` does not throw `{}` any more: old providers still do", before.name);
                (Level::Minor, Kind::ErrorRemoved, reason)
            }
        };
        let new = Some(after.map_or(new.method.place, |after| after.place));
        changes.push(Change { level, kind, reason, old: Some(before.place), new });
    }
    for after in &new.method.errors {
        if old.method.errors.iter().all(|before| before.name != after.name) {
            let reason =
                format!("`{name}` throws `{}`, too: old clients take it for an unknown error", after.name);
            let (old, new) = (Some(old.method.place), Some(after.place));
            changes.push(Change { level: Level::Minor, kind: Kind::ErrorAdded, reason, old, new });
        }
    }
}
