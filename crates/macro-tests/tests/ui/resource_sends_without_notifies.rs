use lucarne::prelude::*;

#[lucarne::resource]
trait Door {
    #[index(0)]
    async fn knock(&self);
}

struct Oak {
    guest: Notifier<String>,
}

impl Door for Oak {
    async fn knock(&self) {
        let _ = self.guest.send("come in".to_owned()).await;
    }
}

fn made() -> Resource<Oak> {
    Oak::resource(|guest| Oak { guest })
}

fn main() {}
