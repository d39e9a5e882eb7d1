//! check LIBROOT FILE...
use lucarne_compiler::{resolve, source::*, diagnostic};
struct L(String);
impl L { fn p(&self, p: &str) -> String { match p.strip_prefix("<lib>/") { Some(r) => format!("{}/{r}", self.0), None => p.into() } } }
impl Loader for L {
    fn read(&self, p: &str) -> Option<Vec<u8>> { std::fs::read(self.p(p)).ok() }
    fn is_folder(&self, p: &str) -> bool { std::path::Path::new(&self.p(p)).is_dir() }
}
fn main() {
    let mut args = std::env::args().skip(1);
    let root = args.next().unwrap();
    for f in args {
        let t = std::time::Instant::now();
        let a = resolve::analyze(&L(root.clone()), None, &f);
        let n = a.diagnostics.iter().filter(|d| d.is_error()).count();
        print!("{}", diagnostic::render(&a.sources, &a.diagnostics, Default::default()));
        println!("{f}: {n} errors {:?}", t.elapsed());
        if std::env::var("IR").is_ok() { println!("{:#?}", a.unit.modules.first()); }
        if std::env::var("LINK").is_ok() && n == 0 { match lucarne_compiler::link::link(&a.unit) { Ok(_) => println!("linked"), Err(e) => println!("link: {e}") } }
    }
}
