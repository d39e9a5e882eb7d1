#[lucarne::resource]
trait Shelf {
    #[index(0)]
    async fn resource(&self) -> u32;
}

fn main() {}
