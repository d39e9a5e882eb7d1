#[derive(lucarne::Fault)]
enum GreetError {
    NoName,
    #[fault(other)]
    Other(String),
    #[fault(other)]
    Unknown(String),
}

fn main() {}
