//! `lucarne interface check`: compares two versions of a definition, and says which version the new one needs.

use std::process::ExitCode;

use lucarne_compiler::source::{FileLoader, SourceId, Span};
use lucarne_interface::Definition;
use lucarne_interface::compare::{Change, Comparison, compare};
use serde_json::{Value, json};

use super::indexes;
use super::revision::Revision;
use crate::arguments::interface::Check;
use crate::output::{print_error, print_out};
use crate::{FAILURE, Stop};

/// One of the two definitions.
struct Side {
    definition: Definition,
    /// The revision of git that it is from. None if it is from a file.
    revision: Option<String>,
}

/// Compares two definitions. With `--json`, a failure is an object, too.
pub(crate) fn check(options: &Check) -> Result<ExitCode, Stop> {
    compared(options).or_else(|stop| {
        if !options.json {
            return Err(stop);
        }
        print_out(format!("{}\n", json!({ "error": stop.message })).as_bytes())?;
        Ok(ExitCode::from(stop.status))
    })
}

fn compared(options: &Check) -> Result<ExitCode, Stop> {
    let new = super::readable(&options.new)?;
    let old = if options.old.exists() {
        let definition = super::load(&FileLoader, super::readable(&options.old)?)?;
        Side { definition, revision: None }
    } else {
        of_revision(options)?
    };
    let new = Side { definition: super::load(&FileLoader, new)?, revision: None };
    let interfaces = old.definition.interface.as_ref().zip(new.definition.interface.as_ref());
    let Some((before, after)) = interfaces else {
        return if options.json { print_problems(&old, &new) } else { Ok(ExitCode::from(FAILURE)) };
    };
    indexes::note_missing(&old.definition, old.revision.as_deref());
    indexes::note_missing(&new.definition, None);
    let comparison = compare(before, after);
    let text = match options.json {
        true => format!("{:#}\n", as_json(&comparison, &old, &new)),
        false => as_text(&comparison, &old, &new),
    };
    print_out(text.as_bytes())?;
    Ok(if comparison.is_right() { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}

/// Prints the errors of definitions as `lucarne check --json` does.
fn print_problems(old: &Side, new: &Side) -> Result<ExitCode, Stop> {
    let problems_of = |side: &Side| {
        let Definition { diagnostics, sources, .. } = &side.definition;
        diagnostics.iter().map(|problem| crate::check::as_json(sources, problem)).collect::<Vec<_>>()
    };
    let problems = [old, new].map(problems_of).concat();
    let object = json!({ "error": "a definition has errors", "diagnostics": problems });
    print_out(format!("{object:#}\n").as_bytes())?;
    Ok(ExitCode::from(FAILURE))
}

/// Reads the file as it was in a revision.
fn of_revision(options: &Check) -> Result<Side, Stop> {
    let revision = Revision::open(&options.old, &options.new)?;
    let definition = lucarne_interface::load(&revision, revision.file())
        .map_err(|error| Stop::failure(format!("{}: {error}", options.old.display())))?;
    if definition.interface.is_none() {
        print_error(&format!("in revision {}:\n", revision.name()));
        print_error(&definition.shown(crate::front::style()));
    }
    Ok(Side { definition, revision: Some(revision.name().to_owned()) })
}

impl Side {
    /// Returns the file, the line and the column of a place.
    fn position(&self, place: Span) -> (String, usize, usize) {
        let source = self.definition.sources.get(SourceId(0));
        let (line, column) = source.map_or((1, 1), |source| source.position(place.start));
        let path = &self.definition.path;
        // As git writes it.
        let file = self.revision.as_ref().map_or(path.clone(), |revision| format!("{revision}:{path}"));
        (file, line, column)
    }

    fn as_json(&self, place: Span) -> Value {
        let (file, line, column) = self.position(place);
        json!({ "file": file, "line": line, "column": column })
    }

    fn shown(&self, place: Span) -> String {
        let (file, line, column) = self.position(place);
        format!("{file}:{line}:{column}")
    }
}

fn as_text(comparison: &Comparison, old: &Side, new: &Side) -> String {
    let mut text = String::new();
    for change in &comparison.changes {
        let Change { reason, old: before, new: after, .. } = change;
        let place = match (before, after) {
            (Some(before), Some(after)) => format!("{} (was {})", new.shown(*after), old.shown(*before)),
            (Some(before), None) => format!("was {}", old.shown(*before)),
            (None, after) => after.map_or(String::new(), |after| new.shown(after)),
        };
        text += &format!("{}: {reason}\n  {place}\n", change.label());
    }
    text + &format!("{comparison}\n")
}

fn as_json(comparison: &Comparison, old: &Side, new: &Side) -> Value {
    let changes = comparison.changes.iter().map(|change| {
        json!({
            "level": change.label(),
            "kind": change.kind.name(),
            "reason": change.reason,
            "old": change.old.map(|place| old.as_json(place)),
            "new": change.new.map(|place| new.as_json(place)),
        })
    });
    json!({
        "oldVersion": comparison.old.to_string(),
        "newVersion": comparison.new.to_string(),
        "level": comparison.level().name(),
        "sameService": comparison.is_same_service,
        "right": comparison.is_right(),
        "write": comparison.version().to_string(),
        "changes": changes.collect::<Value>(),
    })
}
