struct Pet;

#[lucarne::resource(notifies = Pet)]
trait Door {
    #[index(0)]
    async fn knock(&self);
}

fn main() {}
