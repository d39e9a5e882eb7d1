#[derive(lucarne::Fault)]
enum GreetError {
    NoName,
    TooLong(usize),
}

fn main() {}
