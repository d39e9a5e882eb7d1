#[derive(lucarne::Fault)]
enum GreetError {
    NoName,
    #[fault("NO_NAME")]
    Nameless,
}

fn main() {}
