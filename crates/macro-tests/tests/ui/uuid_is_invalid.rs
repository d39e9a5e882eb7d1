#[lucarne::service(uuid = "greeter", version = "1.0")]
trait Greeter {
    #[index(0)]
    async fn greet(&self, name: String) -> String;
}

fn main() {}
