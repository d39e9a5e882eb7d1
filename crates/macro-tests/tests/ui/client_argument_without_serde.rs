struct Pet(u8);

#[lucarne::service(uuid = "3f0b6f8e-9a1d-4e0c-8f43-2f0d7c1b5a90", version = "1.0")]
trait Greeter {
    #[index(0)]
    #[client(fn greet(&self, name: &str, pet: &Pet))]
    async fn greet(&self, name: String, pet: u8) -> String;

    #[index(1)]
    #[client(fn stroke(&self, pet: &Pet) { (pet.0, Pet(1)) })]
    async fn stroke(&self, pet: u8, other: u8) -> String;
}

fn main() {}
