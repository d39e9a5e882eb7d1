//! The hall, in Rust, for visitors in other OS processes: it serves until it gets a line, or its input ends.
//!
//! ```sh
//! cargo build -p lucarne-cli --example hall
//! target/debug/examples/hall /run/user/1000/hall/socket &
//! lucarne run --connect /run/user/1000/hall/socket examples/room/visitor.toit Eve
//! ```

use lucarne::prelude::*;

mod room;

use room::{Hall, RoomHandler};

#[allow(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name the path of a socket, in a folder of your own")?;
    let system = System::new();
    let house = system.container("house");
    house.provider("example/hall", "1.0").handle(RoomHandler::new(Hall::default())).install().wait()?;
    let listener = system.listen(path)?;
    println!("the hall is open");
    let closer = listener.clone();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_line(&mut String::new());
        closer.close();
    });
    listener.wait();
    println!("the hall is closed");
    Ok(())
}
