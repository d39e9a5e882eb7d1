#[lucarne::resource(notifies = )]
trait Clock {
    #[index(0)]
    async fn tick(&self) -> i64;
}

fn main() {}
