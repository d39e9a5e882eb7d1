//! The changes of resources: their names and their notifications. Their methods are among all methods.

use super::flow::{Direction, Versions};
use super::{Change, Kind, Level, renamed_interface};
use crate::model::{Delivery, Notification, Resource};

pub(super) fn compare(versions: &Versions<'_>, changes: &mut Vec<Change>) {
    for old in &versions.old.resources {
        let new = versions.renamed(&old.name).and_then(|name| versions.new.resource(name));
        let Some(new) = new else { continue };
        if old.name != new.name {
            changes.push(renamed_interface(&old.name, &new.name, old.place, new.place));
        }
        compare_notifications(versions, old, new, changes);
    }
}

fn compare_notifications(versions: &Versions<'_>, old: &Resource, new: &Resource, changes: &mut Vec<Change>) {
    let name = &new.name;
    match (&old.notification, &new.notification) {
        (None, None) => {}
        (None, Some(added)) => changes.push(Change {
            level: Level::Minor,
            kind: Kind::NotificationsAdded,
            reason: format!("`{name}` sends notifications: old providers do not"),
            old: Some(old.place),
            new: Some(added.place),
        }),
        (Some(removed), None) => changes.push(Change {
            level: Level::Major,
            kind: Kind::NotificationsRemoved,
            reason: format!("`{name}` sends no notifications any more: old clients wait for them"),
            old: Some(removed.place),
            new: Some(new.place),
        }),
        (Some(before), Some(after)) => compare_values(versions, name, before, after, changes),
    }
}

fn compare_values(
    versions: &Versions<'_>,
    name: &str,
    before: &Notification,
    after: &Notification,
    changes: &mut Vec<Change>,
) {
    let mut add = |level, kind, reason| {
        changes.push(Change { level, kind, reason, old: Some(before.place), new: Some(after.place) });
    };
    let (old, new) = (before.types(), after.types());
    if old.len() != new.len() {
        let values = |count: usize| if count == 1 { "1 value".to_owned() } else { format!("{count} values") };
        let reason = format!("notifications of `{name}` have {} instead of {}", values(new.len()), old.len());
        return add(Level::Major, Kind::NotificationType, reason);
    }
    for (old, new) in old.iter().zip(&new) {
        if let Some((level, why)) = versions.level(old, new, Direction::Result) {
            let reason = format!("notifications of `{name}` are `{new}` instead of `{old}`: {why}");
            add(level, Kind::NotificationType, reason);
        }
    }
    let is_same = match (&before.delivery, &after.delivery) {
        (Delivery::Next { bound: old, .. }, Delivery::Next { bound: new, .. }) => old == new,
        (Delivery::Listener { .. }, Delivery::Listener { .. }) => true,
        _ => false,
    };
    if !is_same || before.name != after.name {
        let reason =
            format!("clients receive the notifications of `{name}` in another way: the same values are sent");
        add(Level::Compatible, Kind::NotificationDelivery, reason);
    }
}
