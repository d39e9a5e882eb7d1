//! Which values can flow from one version to the other: whether a reader understands everything that a writer sends.

use std::collections::{BTreeMap, BTreeSet};

use super::Level;
use crate::model::{Interface, Kind, Record, Type};

/// Both versions, and how their resources belong together.
pub(super) struct Versions<'a> {
    pub(super) old: &'a Interface,
    pub(super) new: &'a Interface,
    /// The new name of each old resource that is still there.
    resources: BTreeMap<&'a str, &'a str>,
}

/// The direction in which values are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    /// From clients to providers: arguments.
    Argument,
    /// From providers to clients: results and notifications.
    Result,
}

/// Which version writes the values; the other reads them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Writer {
    Old,
    New,
}

impl<'a> Versions<'a> {
    pub(super) fn new(old: &'a Interface, new: &'a Interface) -> Self {
        let mut resources = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for resource in &old.resources {
            if let Some(same) = new.resource(&resource.name) {
                resources.insert(resource.name.as_str(), same.name.as_str());
                taken.insert(same.name.as_str());
            }
        }
        // A resource with another name has the same indexes.
        for resource in &old.resources {
            let has_method = |index: u32| resource.methods.iter().any(|method| method.index == index);
            let renamed = new.resources.iter().find(|other| {
                !taken.contains(&*other.name) && other.methods.iter().any(|method| has_method(method.index))
            });
            if let Some(renamed) = renamed.filter(|_| !resources.contains_key(&*resource.name)) {
                resources.insert(&resource.name, &renamed.name);
                taken.insert(&renamed.name);
            }
        }
        Versions { old, new, resources }
    }

    /// Returns the new name of an old resource.
    pub(super) fn renamed(&self, resource: &str) -> Option<&'a str> {
        self.resources.get(resource).copied()
    }

    /// Returns what a change of a type asks of the version, and why. None if the types are the same.
    pub(super) fn level(&self, old: &Type, new: &Type, direction: Direction) -> Option<(Level, String)> {
        // Old clients and new providers, then new clients and old providers.
        let (first, second) = match direction {
            Direction::Argument => (Writer::Old, Writer::New),
            Direction::Result => (Writer::New, Writer::Old),
        };
        if let Err(reason) = self.flows(old, new, first) {
            let consequence = match direction {
                Direction::Argument => "old clients send",
                Direction::Result => "old clients get",
            };
            return Some((Level::Major, format!("{consequence} {reason}")));
        }
        if let Err(reason) = self.flows(old, new, second) {
            let consequence = match direction {
                Direction::Argument => "old providers get",
                Direction::Result => "old providers send",
            };
            return Some((Level::Minor, format!("{consequence} {reason}")));
        }
        (old != new).then(|| (Level::Compatible, "the same values are sent".to_owned()))
    }

    fn flows(&self, old: &Type, new: &Type, writer: Writer) -> Result<(), String> {
        let mut flow = Flow { versions: self, writer, seen: Vec::new() };
        match writer {
            Writer::Old => flow.check(old, new),
            Writer::New => flow.check(new, old),
        }
    }

    fn interface(&self, writer: Writer) -> &'a Interface {
        match writer {
            Writer::Old => self.old,
            Writer::New => self.new,
        }
    }
}

/// A check whether the values of a type flow.
struct Flow<'v, 'a> {
    versions: &'v Versions<'a>,
    writer: Writer,
    /// The pairs of records that are being compared: records may contain themselves.
    seen: Vec<(String, String)>,
}

impl Flow<'_, '_> {
    /// Checks that `to` takes all values of `from`. Returns the values that it does not take.
    fn check(&mut self, from: &Type, to: &Type) -> Result<(), String> {
        if to.kind == Kind::None {
            // The reader ignores the value.
            return Ok(());
        }
        if from.takes_null() && !to.takes_null() {
            return Err(format!("null where `{to}` is expected"));
        }
        let is_same = match (&from.kind, &to.kind) {
            (Kind::None, _) => true,
            (Kind::Resource(from), Kind::Resource(to)) => self.is_same_resource(from, to),
            (Kind::Resource(_), _) | (_, Kind::Resource(_)) => false,
            (_, Kind::Any) => true,
            (Kind::List(from), Kind::List(to)) => return self.check(from, to),
            (Kind::Map(from_key, from), Kind::Map(to_key, to)) => {
                self.check(from_key, to_key)?;
                return self.check(from, to);
            }
            (Kind::Record(from), Kind::Record(to)) => return self.check_records(from, to),
            (from, to) => from == to,
        };
        if is_same { Ok(()) } else { Err(format!("`{from}` where `{to}` is expected")) }
    }

    fn is_same_resource(&self, from: &str, to: &str) -> bool {
        let (old, new) = match self.writer {
            Writer::Old => (from, to),
            Writer::New => (to, from),
        };
        self.versions.renamed(old) == Some(new)
    }

    fn check_records(&mut self, from: &str, to: &str) -> Result<(), String> {
        let pair = (from.to_owned(), to.to_owned());
        // The changes of a record that keeps its name are reported once, at the record.
        if from == to || self.seen.contains(&pair) {
            return Ok(());
        }
        self.seen.push(pair);
        let reader = match self.writer {
            Writer::Old => Writer::New,
            Writer::New => Writer::Old,
        };
        let from = self.versions.interface(self.writer).record(from);
        let to = self.versions.interface(reader).record(to);
        let (Some(from), Some(to)) = (from, to) else { return Ok(()) };
        for field in &to.fields {
            match from.fields.iter().find(|other| other.name == field.name) {
                Some(other) => self.check(&other.ty, &field.ty)?,
                None if field.ty.takes_null() => {}
                None => return Err(format!("no `{}` where `{}` is expected", field.name, to.name)),
            }
        }
        Ok(())
    }
}

/// The records that are sent in each direction.
#[derive(Default)]
pub(super) struct Uses<'a> {
    arguments: BTreeSet<&'a str>,
    results: BTreeSet<&'a str>,
}

impl<'a> Uses<'a> {
    pub(super) fn of(interface: &'a Interface) -> Self {
        let mut uses = Uses::default();
        interface.each_method(|_, method| {
            method.parameters.iter().for_each(|parameter| add(interface, &parameter.ty, &mut uses.arguments));
            add(interface, &method.result, &mut uses.results);
        });
        for notification in interface.resources.iter().filter_map(|resource| resource.notification.as_ref()) {
            notification.types().into_iter().for_each(|ty| add(interface, ty, &mut uses.results));
        }
        uses
    }

    /// Returns the directions in which a record is sent.
    pub(super) fn directions(&self, record: &Record) -> Vec<Direction> {
        let mut directions = Vec::new();
        if self.arguments.contains(&*record.name) {
            directions.push(Direction::Argument);
        }
        if self.results.contains(&*record.name) {
            directions.push(Direction::Result);
        }
        directions
    }
}

/// Adds the records of a type, and those in their fields.
fn add<'a>(interface: &'a Interface, ty: &'a Type, names: &mut BTreeSet<&'a str>) {
    match &ty.kind {
        Kind::List(element) => add(interface, element, names),
        Kind::Map(_, value) => add(interface, value, names),
        Kind::Record(name) => {
            if names.insert(name)
                && let Some(record) = interface.record(name)
            {
                record.fields.iter().for_each(|field| add(interface, &field.ty, names));
            }
        }
        _ => {}
    }
}
