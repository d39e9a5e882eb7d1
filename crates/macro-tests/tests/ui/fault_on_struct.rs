#[derive(lucarne::Fault)]
struct NoName;

fn main() {}
