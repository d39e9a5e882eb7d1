#[lucarne::service(uuid = "3f0b6f8e-9a1d-4e0c-8f43-2f0d7c1b5a90", version = "1.0")]
trait Door {
    #[index(0)]
    async fn close(&self);
}

fn main() {}
