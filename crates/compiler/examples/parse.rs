fn main() {
    if std::env::var("DUMP").is_ok() { for p in std::env::args().skip(1) { dump(&p); } return; }
    let mut bad = 0;
    for path in std::env::args().skip(1) {
        let mut sources = lucarne_compiler::source::Sources::default();
        let (id, problem) = sources.add(path.clone(), std::fs::read(&path).unwrap());
        let (_, mut d) = lucarne_compiler::parser::parse(id, &sources.get(id).unwrap().text);
        d.extend(problem);
        if d.iter().any(|d| d.is_error()) { bad += 1; }
        eprint!("{}", lucarne_compiler::diagnostic::render(&sources, &d, Default::default()));
    }
    eprintln!("{bad} bad files");
}
#[allow(dead_code)]
fn dump(path: &str) { let t = std::fs::read_to_string(path).unwrap(); let (f, _) = lucarne_compiler::parser::parse(lucarne_compiler::source::SourceId(0), &t); println!("{f:#?}"); println!("{}", lucarne_compiler::scanner::print_tokens(&t, &lucarne_compiler::scanner::scan(lucarne_compiler::source::SourceId(0), &t).0)); }
