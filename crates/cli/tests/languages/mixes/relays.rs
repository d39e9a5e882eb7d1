//! Writes relays: providers that pass each call on to the next provider, by generated code.

use std::fmt::Write;

use lucarne_interface::generate::Language;
use lucarne_interface::model::Method;

use super::definitions::Mix;

/// Returns a text whose blanks and line ends are single blanks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(").replace(", )", ")")
}

/// Returns the parts of a text between a beginning and an end.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> &'t str {
    let start = text.find(begin).unwrap_or_else(|| panic!("no {begin} in {text}")) + begin.len();
    let length = text[start..].find(end).unwrap_or_else(|| panic!("no {end} after {begin}"));
    &text[start..start + length]
}

/// Splits parameters at the commas that are not in brackets.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Returns relays in Rust, with the generated code.
pub(super) fn rust(mixes: &[Mix]) -> String {
    let mut text = "//! The Rust of random definitions, and relays: see `mixes.rs`.\n\n\
                    use std::time::Duration;\n\nuse lucarne::Container;\n\n\
                    /// The longest wait for the next relay.\nconst PATIENCE: Duration = Duration::from_secs(60);\n\n\
                    /// Provides all services, by relays.\n\
                    pub(super) fn provide(container: &Container, own: &str, next: &str) {\n"
        .to_owned();
    for mix in mixes {
        let _ = writeln!(text, "    {}::provide(container, own, next);", mix.stem);
    }
    text += "}\n";
    for mix in mixes {
        let code: String = mix.generated(Language::Rust).into_iter().map(|file| file.text).collect();
        let (stem, name) = (&mix.stem, &mix.interface.name);
        let methods = flat(between(&code, &format!("pub trait {name} {{"), "\n}\n"));
        let _ = write!(text, "\nmod {stem} {{\n{code}");
        let _ = write!(
            text,
            "\npub(super) struct Relay({name}Client);\n\nimpl {name} for Relay {{\n{}}}\n\n\
             pub(super) fn provide(container: &lucarne::Container, own: &str, next: &str) {{\n    \
             let next = next.to_owned();\n    \
             let open = {name}Client::open(container).within(super::PATIENCE);\n    \
             let next = open.only(move |candidate| candidate.tags.contains(&next)).wait().expect(\"it comes\");\n    \
             let provider = container.provider(\"relay-{stem}\", \"1.0\").tags([own.to_owned()]);\n    \
             provider.handle({name}Handler::new(Relay(next))).install().wait().expect(\"the name is free\");\n}}\n}}\n",
            methods.split(';').filter_map(|method| relay_in_rust(method.trim())).collect::<String>()
        );
    }
    text
}

fn relay_in_rust(method: &str) -> Option<String> {
    let head = &method[method.find("async fn ")?..];
    let name = between(head, "async fn ", "(");
    let names: Vec<&str> = parts(between(head, "(&self", ") ->"))
        .into_iter()
        .map(|parameter| parameter.split(':').next().unwrap_or_default().trim())
        .collect();
    Some(format!(
        "    {head} {{\n        self.0.{name}({}).await.unwrap_or_else(|error| panic!(\"{{error}}\"))\n    }}\n",
        names.join(", ")
    ))
}

/// Returns a program in Toit with relays.
pub(super) fn toit(mixes: &[Mix]) -> String {
    let mut text = String::new();
    for Mix { stem, .. } in mixes {
        let _ = writeln!(text, "import .{stem}\nimport .{stem}-client\nimport .{stem}-provider");
    }
    for mix in mixes {
        let name = &mix.interface.name;
        let _ = write!(
            text,
            "\nclass {name}Relay extends {name}Provider:\n  next_/{name}\n  \
             constructor tag/string .next_: super --tags=[tag]\n"
        );
        mix.interface.methods.iter().for_each(|method| text += &relay_in_toit(method));
    }
    text += "\nmain arguments:\n";
    for mix in mixes {
        let (stem, name) = (&mix.stem, &mix.interface.name);
        let _ = write!(
            text,
            "  {stem} := {name}Client ({name}Client.SELECTOR.restrict.allow --tag=arguments[1])\n  \
             {stem}.open --timeout=(Duration --s=60)\n  ({name}Relay arguments[0] {stem}).install\n"
        );
    }
    text
}

fn relay_in_toit(method: &Method) -> String {
    let (mut declared, mut given) = (String::new(), String::new());
    for parameter in &method.parameters {
        let (name, ty) = (&parameter.name, parameter.ty.declared());
        let _ = match parameter.is_named {
            true => write!(declared, " --{name}/{ty}").and(write!(given, " --{name}={name}")),
            false => write!(declared, " {name}/{ty}").and(write!(given, " {name}")),
        };
    }
    let (name, result) = (&method.name, method.result.declared());
    format!("  {name}{declared} -> {result}: return next_.{name}{given}\n")
}

/// Returns a component in C with relays. `OWN` and `NEXT` are the tags of the relay and of the next one.
pub(super) fn c(mixes: &[Mix]) -> String {
    let mut text = String::new();
    for Mix { stem, .. } in mixes {
        let _ = writeln!(text, "#include \"{stem}.h\"");
    }
    text += "\n#include <stdio.h>\n";
    for mix in mixes {
        let header = mix.generated(Language::C).into_iter().find(|file| file.name.ends_with(".h"));
        let header = flat(&header.expect("there is a header").text);
        let stem = &mix.stem;
        let _ = write!(
            text,
            "\nstatic {stem}_client_t {stem}_next;\n\n\
             static void {stem}_created(void* user_data, toit_container_t* container) {{\n  (void)user_data;\n  \
             toit_answer_t answer = TOIT_ANSWER();\n  toit_open_options_t options = TOIT_OPEN_OPTIONS();\n  \
             options.timeout_ms = 60000;\n  options.tag = NEXT;\n  \
             if ({stem}_open(container, &options, &{stem}_next, &answer) != TOIT_STATUS_OK) fprintf(stderr, \"%s\\n\", answer.text);\n  \
             toit_answer_clear(&answer);\n}}\n"
        );
        mix.interface.methods.iter().for_each(|method| text += &relay_in_c(&header, stem, method));
    }
    text += "\nstatic void __attribute__((constructor)) init(void) {\n  \
             static const toit_provider_options_t options = { sizeof(toit_provider_options_t), NULL, NULL, 0, OWN };\n";
    for mix in mixes {
        let stem = &mix.stem;
        let _ =
            writeln!(text, "  static const {stem}_handlers_t {stem} = {{\n    .on_created = {stem}_created,");
        for method in &mix.interface.methods {
            let name = method.name.replace('-', "_");
            let _ = writeln!(text, "    .{name} = {stem}_relay_{name},");
        }
        let _ = writeln!(text, "  }};\n  {stem}_add(&{stem}, &options, NULL);");
    }
    text + "}\n"
}

/// Returns a function of the table, with the declarations that the header has for it.
fn relay_in_c(header: &str, stem: &str, method: &Method) -> String {
    let name = method.name.replace('-', "_");
    let declared = between(header, &format!("toit_err_t (*{name})("), ");");
    let call = format!("{stem}_{name}_call");
    let outs = parts(between(header, &format!("{call}("), ");"));
    // The place for the result comes before the answer: `TYPE* result`.
    let result = outs[outs.len() - 2].rsplit_once("* ").expect("it is a pointer").0;
    let wanted = parts(between(header, &format!("{stem}_{name}_reply("), ");"))[1];
    let mark = if wanted.starts_with(&format!("{result} ")) { "" } else { "&" };
    let names: Vec<&str> = parts(declared)
        .into_iter()
        .skip(2)
        .map(|part| part.rsplit([' ', '*']).next().unwrap_or_default())
        .collect();
    format!(
        "\nstatic toit_err_t {stem}_relay_{name}({declared}) {{\n  (void)user_data;\n  \
         toit_answer_t answer = TOIT_ANSWER();\n  {result} result;\n  \
         toit_status_t status = {call}({stem}_next, {}, &result, &answer);\n  \
         toit_err_t error = status == TOIT_STATUS_OK ? {stem}_{name}_reply(request, {mark}result)\n                                              \
         : toit_call_fail(request.call, answer.text);\n  \
         toit_answer_clear(&answer);\n  return error;\n}}\n",
        names.join(", ")
    )
}
