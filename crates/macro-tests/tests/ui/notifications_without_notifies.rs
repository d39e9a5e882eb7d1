#[lucarne::resource]
trait Door {
    #[index(0)]
    async fn knock(&self);
}

fn listen(door: &DoorProxy) {
    let mut heard = door.notifications();
    let _: Option<Result<String, lucarne::Broken>> = heard.next().wait();
}

fn main() {}
