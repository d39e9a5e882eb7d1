//! `lucarne top`: shows the containers and services of a device at intervals.
//!
//! On a terminal it draws in the alternate screen, so that the previous content of the terminal comes back at the
//! end. A thread waits for keys and redraws the latest sample in another order. Otherwise it prints one table, or one
//! JSON object, for each interval.

use std::cmp::Reverse;
use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use lucarne_device::control::{ContainerSample, Sample};
use lucarne_kernel::sync::Mutex;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::arguments::device::Top;
use crate::container::describe;
use crate::output::{end_with_reader, json_line, print_to_reader, terminal_size};
use crate::reach::reach;
use crate::services::{rate, shown, watch};
use crate::signals::on_end_signal;
use crate::{Stop, table};

/// Ctrl-C, as a key.
const INTERRUPT: u8 = 3;

/// The order of containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Installed,
    Name,
    Cpu,
    Memory,
    Messages,
}

/// A terminal that shows the device.
struct Live {
    title: String,
    /// Whether the services of the device itself are shown.
    shows_all: bool,
    has_colors: bool,
    /// The settings of the terminal before the start.
    before: Termios,
    shown: Mutex<(Order, Option<Sample>)>,
}

pub(crate) fn top(options: &Top) -> Result<ExitCode, Stop> {
    let (reached, name) = reach(&options.at)?;
    end_with_reader();
    if options.json || !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        let mut left = options.count;
        watch(&reached, options.interval, |sample| {
            left = left.map(|left| left.saturating_sub(1));
            Ok(print(&sample, options)? && left != Some(0))
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let live = Arc::new(Live::begin(name, options.all)?);
    let (keys, ended) = (live.clone(), live.clone());
    // Both threads end with this OS process: a wait for a key cannot be interrupted.
    thread::spawn(move || keys.read_keys());
    let handled = on_end_signal(move |_| ended.quit());
    let watched = handled.map_err(|error| failure(&error)).and_then(|()| {
        let mut left = options.count;
        watch(&reached, options.interval, |sample| {
            live.shown.lock().1 = Some(sample);
            left = left.map(|left| left.saturating_sub(1));
            Ok(live.draw()? && left != Some(0))
        })
    });
    live.restore();
    watched.map(|()| ExitCode::SUCCESS)
}

/// Prints a sample without a terminal. Returns false if the reader has closed the pipe.
fn print(sample: &Sample, options: &Top) -> Result<bool, Stop> {
    let text =
        if options.json { json_line(sample)? } else { picture(sample, Order::Installed, options.all, None) };
    print_to_reader(format!("{text}\n").as_bytes())
}

/// Formats a sample for display, at most `width` characters wide.
fn picture(sample: &Sample, order: Order, shows_all: bool, width: Option<usize>) -> String {
    let mut containers: Vec<_> = sample.containers.iter().collect();
    order.sort(&mut containers);
    let rows = containers.into_iter().map(|container| row(container, sample.over_us)).collect();
    let head = ["NAME", "KIND", "CPU%", "MEMORY", "IN/S", "OUT/S", "STATE"];
    let mut services = sample.services.clone();
    services.sort_by_key(|service| std::cmp::Reverse(service.calls));
    let services = shown(&services, sample, shows_all, width);
    format!("{}\n{services}", table::table(&head, rows, width))
}

fn row(container: &ContainerSample, over_us: i64) -> Vec<String> {
    let ContainerSample { listed, memory_bytes, cpu_us, received, sent, .. } = container;
    let percent = |us: &u64| format!("{:.1}", *us as f64 * 100.0 / over_us.max(1) as f64);
    let unknown = || "-".to_owned();
    vec![
        listed.name.to_string(),
        listed.kind.to_string(),
        cpu_us.as_ref().map_or_else(unknown, percent),
        memory_bytes.map_or_else(unknown, |bytes| indicatif::BinaryBytes(bytes).to_string()),
        rate(*received, over_us),
        rate(*sent, over_us),
        describe(&listed.state),
    ]
}

impl Order {
    fn of_key(key: u8) -> Option<Order> {
        match key {
            b'i' => Some(Order::Installed),
            b'n' => Some(Order::Name),
            b'c' => Some(Order::Cpu),
            b'm' => Some(Order::Memory),
            b's' => Some(Order::Messages),
            _ => None,
        }
    }

    fn sort(self, containers: &mut [&ContainerSample]) {
        match self {
            Order::Installed => {}
            Order::Name => containers.sort_by(|one, other| one.listed.name.cmp(&other.listed.name)),
            Order::Cpu => containers.sort_by_key(|container| Reverse(container.cpu_us)),
            Order::Memory => containers.sort_by_key(|container| Reverse(container.memory_bytes)),
            Order::Messages => {
                containers.sort_by_key(|container| Reverse(container.received + container.sent))
            }
        }
    }
}

impl Live {
    fn begin(title: String, shows_all: bool) -> Result<Live, Stop> {
        let before = tcgetattr(io::stdin()).map_err(|error| failure(&error))?;
        let mut keys = before.clone();
        keys.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
        tcsetattr(io::stdin(), OptionalActions::Now, &keys).map_err(|error| failure(&error))?;
        let has_colors = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let live = Live { title, shows_all, has_colors, before, shown: Mutex::new((Order::Installed, None)) };
        // Switch to the alternate screen and hide the cursor.
        print_to_reader(b"\x1b[?1049h\x1b[?25l")?;
        live.draw()?;
        Ok(live)
    }

    fn read_keys(&self) {
        for key in io::stdin().lock().bytes().map_while(Result::ok) {
            if matches!(key, b'q' | INTERRUPT) {
                self.quit();
            }
            if let Some(order) = Order::of_key(key) {
                self.shown.lock().0 = order;
                // If this fails, drawing the next sample fails, too.
                let _ = self.draw();
            }
        }
    }

    /// Draws the latest sample. Returns false if the terminal was closed.
    fn draw(&self) -> Result<bool, Stop> {
        let (lines, columns) = terminal_size();
        let shown = self.shown.lock();
        let (order, sample) = &*shown;
        let body = match sample {
            Some(sample) => picture(sample, *order, self.shows_all, Some(columns)),
            None => "waiting for the first sample ...\n".to_owned(),
        };
        let head = format!(
            "{}   q quits   containers by: i installation, n name, c cpu, m memory, s messages",
            self.title
        );
        // Draw from the upper left corner, clear each line to its end, then clear the lines below.
        let mut text = "\x1b[H".to_owned();
        for (index, line) in std::iter::once(head.as_str()).chain(body.lines()).take(lines).enumerate() {
            let end = if index + 1 < lines { "\x1b[K\r\n" } else { "\x1b[K" };
            let cut = table::cut(line, columns);
            let is_head = index == 0 && self.has_colors;
            text.push_str(&if is_head { format!("\x1b[7m{cut}\x1b[0m{end}") } else { cut + end });
        }
        print_to_reader((text + "\x1b[J").as_bytes())
    }

    /// Restores the terminal.
    fn restore(&self) {
        // If the terminal was closed, nothing can show the error.
        let _ = print_to_reader(b"\x1b[?25h\x1b[?1049l");
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }

    fn quit(&self) -> ! {
        let _drawing = self.shown.lock();
        self.restore();
        std::process::exit(0);
    }
}

fn failure(error: &dyn std::fmt::Display) -> Stop {
    Stop::failure(format!("cannot use the terminal: {error}"))
}
