//! Matches calls with functions: by the number of unnamed arguments, by names, and by which of them
//! are blocks.

use super::world::World;
use crate::ir::{Function, FunctionKind, Parameter, Selector};
use crate::steps;
use crate::types::Ty;

/// The maximum number of arguments of a call and of parameters of a function: a call instruction has a
/// byte for their number, which counts the receiver, too.
pub(super) const ARGUMENTS_MAX: usize = 254;

/// Returns whether a function takes arguments of this shape.
pub(super) fn accepts(function: &Function, shape: &Selector) -> bool {
    steps::count(1);
    // Most functions of a name differ in the number of their arguments.
    let given = shape.unnamed.len() + shape.named.len();
    given <= function.parameters.len() && mismatch(function, shape).is_none()
}

/// Returns why a function does not take arguments of this shape; none if it does.
pub(super) fn mismatch(function: &Function, shape: &Selector) -> Option<String> {
    if (function.kind == FunctionKind::Setter) != shape.is_setter {
        return Some(if shape.is_setter {
            "it cannot be assigned".into()
        } else {
            "it can only be assigned".into()
        });
    }
    unnamed_mismatch(function, shape).or_else(|| named_mismatch(function, shape))
}

fn unnamed_mismatch(function: &Function, shape: &Selector) -> Option<String> {
    let parameters = function.parameters.iter().filter(|parameter| !parameter.is_named);
    let mut arguments = shape.unnamed.iter().copied().peekable();
    for parameter in parameters.clone() {
        steps::count(1);
        match arguments.peek() {
            Some(is_block) if *is_block == parameter.is_block => {
                arguments.next();
            }
            // Optional parameters stand before blocks, which are never optional.
            Some(true) | None if parameter.is_optional => {}
            Some(true) => {
                return Some(format!(
                    "a block, which begins with the `:`, is given for `{}`",
                    parameter.name
                ));
            }
            Some(false) => return Some(format!("`{}` takes a block", parameter.name)),
            None if parameter.is_block => return Some(format!("the block `{}` is missing", parameter.name)),
            None => return Some(format!("the argument `{}` is missing", parameter.name)),
        }
    }
    let given = shape.unnamed.len();
    arguments.peek().map(|_| match parameters.count() {
        0 if shape.unnamed.iter().all(|is_block| !is_block) && !function.parameters.is_empty() => {
            let named: Vec<String> =
                function.parameters.iter().map(|parameter| format!("`--{}=...`", parameter.name)).collect();
            format!("its arguments have names: write {}", named.join(", "))
        }
        0 => "it takes no unnamed arguments".into(),
        count => format!(
            "it takes {count} unnamed argument{}, but {given} are given",
            if count == 1 { "" } else { "s" }
        ),
    })
}

fn named_mismatch(function: &Function, shape: &Selector) -> Option<String> {
    let mut parameters = function.parameters.iter().filter(|parameter| parameter.is_named);
    for (name, is_block) in &shape.named {
        match parameters.clone().find(|parameter| parameter.name == *name) {
            None => return Some(format!("there is no parameter `--{name}`")),
            Some(parameter) if parameter.is_block && !is_block => {
                return Some(format!("`--{name}` takes a block"));
            }
            Some(parameter) if !parameter.is_block && *is_block => {
                return Some(format!("`--{name}` takes no block"));
            }
            Some(_) => {}
        }
    }
    let missing = parameters.find(|parameter| {
        !parameter.is_optional && !shape.named.iter().any(|(name, _)| *name == parameter.name)
    });
    missing.map(|parameter| format!("the argument `--{}` is missing", parameter.name))
}

/// Returns whether there are fewer unnamed arguments than a function requires.
pub(super) fn lacks_argument(function: &Function, shape: &Selector) -> bool {
    let is_required = |parameter: &&Parameter| !parameter.is_named && !parameter.is_optional;
    shape.unnamed.len() < function.parameters.iter().filter(is_required).count()
}

/// Returns, for each parameter in canonical order, the place of its argument; none if it is absent.
pub(super) fn places(function: &Function, shape: &Selector) -> Vec<Option<usize>> {
    let mut unnamed = 0;
    let mut places = Vec::new();
    for parameter in &function.parameters {
        if parameter.is_named {
            let found = shape.named.iter().position(|(name, _)| *name == parameter.name);
            places.push(found.map(|place| shape.unnamed.len() + place));
        } else if shape.unnamed.get(unnamed) == Some(&parameter.is_block) {
            places.push(Some(unnamed));
            unnamed += 1;
        } else {
            places.push(None);
        }
    }
    places
}

/// Renders a function for messages, with its types.
pub(super) fn signature(world: &World, function: &Function) -> String {
    let mut text = function.name.clone();
    for parameter in &function.parameters {
        let dashes = if parameter.is_named { "--" } else { "" };
        let default = if parameter.is_optional { "=..." } else { "" };
        // An optional parameter takes null, whatever its declared type.
        let ty = match Ty::from(parameter.ty) {
            Ty::Class { class, .. } if parameter.is_optional => format!("/{}", world.describe(Ty::of(class))),
            ty @ Ty::Class { .. } => format!("/{}", world.describe(ty)),
            _ => String::new(),
        };
        let written = format!("{dashes}{}{ty}{default}", parameter.name);
        text += &if parameter.is_block { format!(" [{written}]") } else { format!(" {written}") };
    }
    match Ty::from(function.return_type) {
        ty @ (Ty::Class { .. } | Ty::None) => text + " -> " + &world.describe(ty),
        _ => text,
    }
}

/// Renders the arguments of a call for messages.
pub(super) fn describe(shape: &Selector) -> String {
    let mut parts = Vec::new();
    let plain = shape.unnamed.iter().filter(|is_block| !**is_block).count();
    if plain > 0 {
        parts.push(format!("{plain} argument{}", if plain == 1 { "" } else { "s" }));
    }
    parts.extend(shape.named.iter().map(|(name, _)| format!("`--{name}`")));
    let blocks = shape.unnamed.len() - plain;
    if blocks > 0 {
        parts.push(if blocks == 1 { "a block".into() } else { format!("{blocks} blocks") });
    }
    if parts.is_empty() { "no arguments".into() } else { parts.join(", ") }
}
