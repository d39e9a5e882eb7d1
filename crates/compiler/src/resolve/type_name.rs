//! Resolves the names of types.

use super::habits;
use super::index::{Role, Symbol};
use super::modules::{Found, Modules};
use super::probe::probe_type;
use super::world::World;
use crate::ast;
use crate::diagnostic::Diagnostic;
use crate::ir::{Item, ModuleId, Type};
use crate::names::Name;
use crate::parser::NULL_TYPE;
use crate::source::SourceId;
use crate::types::Ty;

/// Returns the type that a name stands for in a module.
pub(super) fn resolve_type(
    world: &World,
    modules: &Modules,
    module: ModuleId,
    source: SourceId,
    name: &ast::TypeName,
) -> Result<Type, Box<Diagnostic>> {
    probe_type(world, modules, module, source, name);
    let word = &*name.name.name;
    let mut names: Vec<Name> = Vec::new();
    // A module's own declaration hides imported ones, even if it is not a type.
    let is_hidden =
        name.prefix.is_none() && world.own(module, word).is_empty() && modules.declares(module, word);
    let items = match &name.prefix {
        None if word == "any" => return Ok(Type::Any),
        None if word == "none" => return Ok(Type::None),
        None => match modules.look_up(world, module, word) {
            Found::Items(items) => items,
            Found::Ambiguous(items) => {
                note_candidates(world, source, &name.name, &items);
                let problem =
                    Diagnostic::error(source, name.span, format!("several imports have a `{word}`"));
                return Err(Box::new(modules.explain_ambiguous(world, module, None, word, problem)));
            }
            Found::Nothing if modules.is_lost(module, word) => {
                modules.note_lost_use(module, word, name.span);
                return Ok(Type::Any);
            }
            Found::Nothing | Found::Prefix(_) => {
                // `String` is an old name of the type `string`.
                if word == "String"
                    && let Some(class) = world.builtin.string
                {
                    return Ok(Type::Class { class, nullable: name.nullable });
                }
                if !world.suggestions.are_exhausted() {
                    names = modules.suggested_names(world, module);
                }
                Vec::new()
            }
        },
        Some(prefix) => match modules.look_up(world, module, &prefix.name) {
            Found::Prefix(behind) => match modules.look_up_in(world, &behind, word) {
                Found::Ambiguous(items) => {
                    note_candidates(world, source, &name.name, &items);
                    let problem =
                        Diagnostic::error(source, name.span, format!("several imports have a `{word}`"));
                    let behind = Some(&*behind);
                    return Err(Box::new(modules.explain_ambiguous(world, module, behind, word, problem)));
                }
                found => found.items(),
            },
            Found::Nothing if modules.is_lost(module, &prefix.name) => {
                modules.note_lost_use(module, &prefix.name, name.span);
                return Ok(Type::Any);
            }
            found => {
                note_candidates(world, source, prefix, &found.items());
                let title = format!("`{}` is not the prefix of an import", prefix.name);
                let problem = Diagnostic::error(source, prefix.span, title);
                return Err(Box::new(match modules.import_of(world, module, &prefix.name) {
                    Some(import) => problem.hint(format!("write `{import}` at the beginning of the file")),
                    None => problem,
                }));
            }
        },
    };
    if let Some(prefix) = &name.prefix {
        modules.note_prefix(world, source, module, &prefix.name, prefix.span);
    }
    if let Some(Item::Class(class)) = items.first()
        && !is_hidden
    {
        world.notes.note(source, name.name.span, Symbol::Class(*class), Role::Read);
        // `null` is an instance of `Object` and of its own class, so these two types always include
        // it.
        let of_null = [world.builtin.object, world.builtin.null].contains(&Some(*class));
        let nullable = name.nullable || of_null;
        return Ok(Type::Class { class: *class, nullable });
    }
    if !items.is_empty() || is_hidden {
        note_candidates(world, source, &name.name, &items);
        let title = format!("`{word}` is not a type");
        let problem = Diagnostic::error(source, name.span, title);
        return Err(Box::new(
            problem
                .note("a type is `any`, `none`, or the name of a class, an interface, a mixin or a monitor"),
        ));
    }
    let problem = Diagnostic::error(source, name.span, format!("there is no type `{word}`"));
    if let Some(import) = modules.import_of(world, module, word) {
        return Err(Box::new(problem.hint(format!("write `{import}` at the beginning of the file"))));
    }
    if habits::is_null(word) {
        return Err(Box::new(problem.hint(NULL_TYPE)));
    }
    if let Some(known) = habits::type_name(word) {
        return Err(Box::new(problem.hint(format!("write `{known}`"))));
    }
    Err(Box::new(match world.suggestions.nearest(word, names.iter().map(|name| &**name)) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    }))
}

/// Notes the declaration of a name that is neither a type nor a prefix.
fn note_candidates(world: &World, source: SourceId, name: &ast::Identifier, items: &[Item]) {
    for item in items {
        world.notes.note(source, name.span, *item, Role::Candidate);
    }
}

/// Returns a warning if a type is written with an old name.
pub(super) fn old_type_name(
    world: &World,
    source: SourceId,
    name: &ast::TypeName,
    ty: Type,
) -> Option<Diagnostic> {
    let class = Ty::from(ty).class().filter(|class| Some(*class) == world.builtin.string)?;
    let known = &world.class(class).name;
    (*name.name.name != **known).then(|| {
        let title = format!("`{}` is an old name of the type `{known}`", name.name.name);
        Diagnostic::warning(source, name.span, title).hint(format!("write `{known}`"))
    })
}
