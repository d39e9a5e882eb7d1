//! Which values can flow from one version to the other: whether a reader understands everything that a writer sends.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::Level;
use crate::model::{Interface, Kind, Record, Type};

/// Both versions, and how their resources belong together.
pub(super) struct Versions<'a> {
    pub(super) old: &'a Interface,
    pub(super) new: &'a Interface,
    /// The new name of each old resource that is still there.
    resources: BTreeMap<&'a str, &'a str>,
    /// The records of each version, by their names.
    records: (BTreeMap<&'a str, &'a Record>, BTreeMap<&'a str, &'a Record>),
    /// The pairs of records that were compared: many methods may use the same records.
    known: RefCell<BTreeMap<(Writer, Pair), Result<(), String>>>,
}

/// The names of a record that is written and of one that is read.
type Pair = (String, String);

/// The direction in which values are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    /// From clients to providers: arguments.
    Argument,
    /// From providers to clients: results and notifications.
    Result,
}

/// Which version writes the values; the other reads them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
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
        // A renamed resource is found by the indexes of its methods.
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
        // A renamed resource without methods is found by a method that returns it in both versions.
        let mut results = BTreeMap::new();
        old.each_method(|_, method| {
            results.insert(method.index, method.result.resource());
        });
        new.each_method(|_, method| {
            let before = results.get(&method.index).copied().flatten();
            let Some((before, after)) = before.zip(method.result.resource()) else { return };
            if !resources.contains_key(before) && taken.insert(after) {
                resources.insert(before, after);
            }
        });
        let by_name = |interface: &'a Interface| {
            interface.records.iter().map(|record| (record.name.as_str(), record)).collect::<BTreeMap<_, _>>()
        };
        Versions { old, new, resources, records: (by_name(old), by_name(new)), known: RefCell::default() }
    }

    /// Returns the new name of an old resource.
    pub(super) fn renamed(&self, resource: &str) -> Option<&'a str> {
        self.resources.get(resource).copied()
    }

    /// Returns the kind of version that a change of a type needs, with the reason. None if the types are the same.
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
        let reason = match (&old.kind, &new.kind) {
            (Kind::None, Kind::None) => "the same values are sent",
            (_, Kind::None) => "old clients get null, and new clients ignore the values of old providers",
            (Kind::None, _) => "old clients ignore the values, and new clients get null from old providers",
            _ => "the same values are sent",
        };
        (old != new).then(|| (Level::Compatible, reason.to_owned()))
    }

    fn flows(&self, old: &Type, new: &Type, writer: Writer) -> Result<(), String> {
        let mut flow = Flow { versions: self, writer, seen: BTreeSet::new(), left: Vec::new() };
        match writer {
            Writer::Old => flow.check(old, new),
            Writer::New => flow.check(new, old),
        }?;
        while let Some(pair) = flow.left.pop() {
            if let Err(reason) = flow.check_fields(&pair.0, &pair.1) {
                self.known.borrow_mut().insert((writer, pair), Err(reason.clone()));
                return Err(reason);
            }
        }
        let fine = flow.seen.into_iter().map(|pair| ((writer, pair), Ok(())));
        self.known.borrow_mut().extend(fine);
        Ok(())
    }

    fn record(&self, version: Writer, name: &str) -> Option<&'a Record> {
        let records = match version {
            Writer::Old => &self.records.0,
            Writer::New => &self.records.1,
        };
        records.get(name).copied()
    }
}

/// A check whether the values of a type flow.
struct Flow<'v, 'a> {
    versions: &'v Versions<'a>,
    writer: Writer,
    /// The pairs of records that were found: records may contain themselves.
    seen: BTreeSet<Pair>,
    /// The pairs whose fields are not checked yet.
    left: Vec<Pair>,
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
            (Kind::Record(from), Kind::Record(to)) => return self.add_records(from, to),
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

    /// Notes that the fields of two records must be checked. The changes of a record that keeps its name are reported
    /// once, at the record.
    fn add_records(&mut self, from: &str, to: &str) -> Result<(), String> {
        if from == to {
            return Ok(());
        }
        let pair = (from.to_owned(), to.to_owned());
        if let Some(known) = self.versions.known.borrow().get(&(self.writer, pair.clone())) {
            return known.clone();
        }
        if self.seen.insert(pair.clone()) {
            self.left.push(pair);
        }
        Ok(())
    }

    fn check_fields(&mut self, from: &str, to: &str) -> Result<(), String> {
        let reader = match self.writer {
            Writer::Old => Writer::New,
            Writer::New => Writer::Old,
        };
        let from = self.versions.record(self.writer, from);
        let to = self.versions.record(reader, to);
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
    let mut left = vec![ty];
    while let Some(ty) = left.pop() {
        match &ty.kind {
            Kind::List(element) => left.push(element),
            Kind::Map(_, value) => left.push(value),
            Kind::Record(name) if names.insert(name) => {
                let fields = interface.record(name).map_or(&[][..], |record| &record.fields);
                left.extend(fields.iter().map(|field| &field.ty));
            }
            _ => {}
        }
    }
}
