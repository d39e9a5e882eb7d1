//! What holds for each definition and index file. The fuzz target `interface` includes this file.

use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::resolve;
use lucarne_compiler::source::MemoryLoader;
use lucarne_interface::compare::compare;
use lucarne_interface::generate::{Language, Origin, generate};
use lucarne_interface::{Definition, carried, load, show};

/// Reads a definition and an index file, and uses the interface in all ways. Returns it.
///
/// # Panics
/// If one of the rules does not hold.
pub(crate) fn check(text: &str, lock: Option<&str>) -> Definition {
    let mut loader = MemoryLoader::default();
    loader.add("app.toit", text);
    if let Some(lock) = lock {
        loader.add("app.index", lock);
    }
    let definition = load(&loader, "app.toit").expect("the library is sound");
    let shown = definition.shown(Default::default());
    let has_errors = definition.diagnostics.iter().any(Diagnostic::is_error);
    assert_eq!(definition.interface.is_none(), has_errors, "{shown}");
    let Some(interface) = &definition.interface else { return definition };

    // With the index file that it asks for, the definition stays as it is.
    let printed = definition.lock.print("app.toit");
    loader.add("app.index", printed.as_str());
    let again = load(&loader, "app.toit").expect("the library is sound");
    assert_eq!(again.interface.as_ref(), Some(interface), "{}", again.shown(Default::default()));
    assert_eq!(again.lock.print("app.toit"), printed);

    // A provider carries the same interface.
    let bytes = carried::bytes(interface).expect("tests have short definitions");
    let text_of_it = carried::text(interface);
    let carried = carried::read(&bytes).unwrap_or_else(|error| panic!("{text}\n{text_of_it}\n{error}"));
    assert_eq!(carried::text(&carried), text_of_it, "{text}");
    assert_eq!(show::show(&carried), show::show(interface), "{text}");
    assert!(compare(interface, &carried).changes.is_empty(), "{text}\n{text_of_it}");

    let comparison = compare(interface, interface);
    assert!(comparison.changes.is_empty() && comparison.is_right(), "{comparison:?}");
    assert!(show::show(interface).starts_with("service "));
    let origin = Origin { file: "app.toit", import: ".app" };
    assert_eq!(generate(interface, origin, Language::Rust).len(), 1);
    assert_eq!(generate(interface, origin, Language::C).len(), 2);

    // Generated code in Toit has neither errors nor warnings.
    let files = generate(interface, origin, Language::Toit);
    for file in &files {
        loader.add(file.name.as_str(), file.text.as_str());
    }
    for file in &files {
        let library = lucarne_library::unit().expect("the library is sound");
        let mut analysis = resolve::check(&loader, Some(library), &|_, _| None, &file.name);
        // The comments are the author's, with what they refer to.
        let is_own = |problem: &Diagnostic| {
            let is_generated =
                analysis.sources.get(problem.source).is_none_or(|source| source.path != "app.toit");
            is_generated && !problem.is_for_check
        };
        analysis.diagnostics =
            analysis.diagnostics.iter().filter(|problem| is_own(problem)).cloned().collect();
        assert!(analysis.diagnostics.is_empty(), "{text}\n{}", analysis.shown(Default::default()));
    }
    definition
}
