#[derive(lucarne::Fault)]
enum GreetError {
    #[fault(text = "NO_NAME")]
    NoName,
}

fn main() {}
