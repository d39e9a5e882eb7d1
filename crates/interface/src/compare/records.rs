//! The changes of records that keep their names. Renamed records are compared where they are used.

use super::flow::{Direction, Uses, Versions};
use super::{Change, Kind, Level};
use crate::model::{Field, Record};

pub(super) fn compare(versions: &Versions<'_>, changes: &mut Vec<Change>) {
    let uses = (Uses::of(versions.old), Uses::of(versions.new));
    for old in &versions.old.records {
        let Some(new) = versions.new.record(&old.name) else { continue };
        let mut directions = uses.0.directions(old);
        directions.retain(|direction| uses.1.directions(new).contains(direction));
        compare_fields(versions, old, new, &directions, changes);
    }
}

fn compare_fields(
    versions: &Versions<'_>,
    old: &Record,
    new: &Record,
    directions: &[Direction],
    changes: &mut Vec<Change>,
) {
    let find = |record: &Record, name: &str| record.fields.iter().position(|field| field.name == name);
    for before in &old.fields {
        match find(new, &before.name).and_then(|place| new.fields.get(place)) {
            Some(after) => compare_types(versions, new, before, after, directions, changes),
            None => changes.push(removed(new, before, directions)),
        }
    }
    for after in new.fields.iter().filter(|after| find(old, &after.name).is_none()) {
        changes.push(added(old, new, after, directions));
    }
}

fn removed(record: &Record, field: &Field, directions: &[Direction]) -> Change {
    let is_missed = directions.contains(&Direction::Result) && !field.ty.takes_null();
    let (level, why) = match is_missed {
        true => (Level::Major, "old clients need it in results"),
        false => (Level::Minor, "old providers still have it"),
    };
    let reason = format!("`{}.{}` was removed: {why}", record.name, field.name);
    Change { level, kind: Kind::FieldRemoved, reason, old: Some(field.place), new: Some(record.place) }
}

fn added(old: &Record, record: &Record, field: &Field, directions: &[Direction]) -> Change {
    let is_missed = directions.contains(&Direction::Argument) && !field.ty.takes_null();
    let (level, why) = match is_missed {
        true => (Level::Major, "old clients do not send it, and it is not nullable"),
        false => (Level::Minor, "old providers do not know it"),
    };
    let reason = format!("`{}.{}` is new: {why}", record.name, field.name);
    Change { level, kind: Kind::FieldAdded, reason, old: Some(old.place), new: Some(field.place) }
}

fn compare_types(
    versions: &Versions<'_>,
    record: &Record,
    before: &Field,
    after: &Field,
    directions: &[Direction],
    changes: &mut Vec<Change>,
) {
    let levels = directions.iter().filter_map(|direction| versions.level(&before.ty, &after.ty, *direction));
    let Some((level, why)) = levels.max_by_key(|(level, _)| *level) else { return };
    let reason =
        format!("`{}.{}` is `{}` instead of `{}`: {why}", record.name, after.name, after.ty, before.ty);
    changes.push(Change {
        level,
        kind: Kind::FieldType,
        reason,
        old: Some(before.place),
        new: Some(after.place),
    });
}
