//! Names that definitions cannot use, since the generated code has them already, and the form of names.

use lucarne_compiler::ast::Identifier;
use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::source::SourceId;

/// The names of the members that each client and provider of a service has.
const OF_SERVICES: &[&str] = &[
    "client",
    "close",
    "end-resource",
    "handle",
    "id",
    "install",
    "major",
    "minor",
    "name",
    "on-closed",
    "on-opened",
    "open",
    "patch",
    "pid",
    "provides",
    "resource",
    "resources-do",
    "selector",
    "stringify",
    "tags",
    "uninstall",
];

/// The names of the members that each resource or its proxy has. `close` belongs to `@close`.
const OF_RESOURCES: &[&str] = &[
    "close",
    "is-closed",
    "notifications",
    "on-closed",
    "proxy",
    "resource",
    "serialize-for-rpc",
    "serve",
    "stringify",
];

/// The names of types that generated code uses. The client of `Service` would be `ServiceClient`.
const TYPES: &[&str] = &[
    "BTreeMap",
    "Box",
    "ByteArray",
    "Bytes",
    "Deserialize",
    "Duration",
    "Err",
    "Fault",
    "Lambda",
    "List",
    "Map",
    "None",
    "NotificationQueue",
    "Object",
    "Ok",
    "Option",
    "Resource",
    "Result",
    "Self",
    "Serialize",
    "Service",
    "ServiceClient",
    "ServiceHandler",
    "ServiceProvider",
    "ServiceResource",
    "ServiceResourceProxy",
    "ServiceSelector",
    "Some",
    "String",
    "Task",
    "Value",
    "Vec",
];

/// The names of functions that generated methods call.
const FUNCTIONS: &[&str] = &["throw", "with-timeout"];

/// Returns whether an interface or a record of a definition can have a name, as far as generated code is concerned.
pub fn is_name_of_type_free(name: &str) -> bool {
    !TYPES.contains(&name)
}

/// Returns whether a field or a parameter of a definition can have a name, as far as generated code is concerned.
pub fn is_name_of_field_free(name: &str) -> bool {
    !FUNCTIONS.contains(&name)
}

/// Returns whether a method of a service can have a name, as far as generated code is concerned.
pub fn is_name_of_method_free(name: &str) -> bool {
    !OF_SERVICES.contains(&name) && !FUNCTIONS.contains(&name)
}

/// Returns the reason why a method cannot have this name.
pub(super) fn method(source: SourceId, name: &Identifier, is_of_resource: bool) -> Option<Diagnostic> {
    let taken = if is_of_resource { OF_RESOURCES } else { OF_SERVICES };
    if !taken.contains(&&*name.name) {
        return small(source, name);
    }
    let owner = if is_of_resource { "resource" } else { "service" };
    let title = format!("each {owner} has a member `{}` already", name.name);
    let problem = Diagnostic::error(source, name.span, title);
    Some(match &*name.name {
        "close" if is_of_resource => problem.hint("write `@close` above the method that closes the resource"),
        _ => problem.hint("choose another name"),
    })
}

/// Returns the reason why a parameter, a field or a method cannot have this name.
pub(super) fn small(source: SourceId, name: &Identifier) -> Option<Diagnostic> {
    let error = |title: String| Diagnostic::error(source, name.span, title);
    if !is_name_of_field_free(&name.name) {
        return Some(
            error(format!("generated code needs the name `{}`", name.name)).hint("choose another name"),
        );
    }
    let mut words = name.name.split('-');
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    let is_good = words.all(is_word) && name.name.starts_with(|letter: char| letter.is_ascii_lowercase());
    let title = format!("`{}` has another form than the names of an interface", name.name);
    let hint = "write it in small letters a to z, with `-` between words and digits where you need them";
    (!is_good).then(|| error(title).hint(hint))
}

/// Returns the reason why an interface or a record cannot have this name.
pub(super) fn large(source: SourceId, name: &Identifier) -> Option<Diagnostic> {
    let error = |title: String| Diagnostic::error(source, name.span, title);
    if !is_name_of_type_free(&name.name) {
        return Some(
            error(format!("generated code needs the name `{}`", name.name)).hint("choose another name"),
        );
    }
    let is_good = name.name.starts_with(|letter: char| letter.is_ascii_uppercase())
        && name.name.chars().all(|letter| letter.is_ascii_alphanumeric());
    let title = format!("`{}` has another form than the names of interfaces and records", name.name);
    (!is_good).then(|| error(title).hint("begin it with a capital letter, and use only letters and digits"))
}
