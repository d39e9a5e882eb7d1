//! Stack traces: captured as addresses, which become functions and source positions when a trace is printed.
//!
//! A program sees a trace as a byte array: the number of addresses and the addresses (32 bits each, little-endian),
//! then the detail, a text that is printed before them.

use lucarne_compiler::program::{Function, Program};

/// The largest number of calls in a trace. Without a limit, the trace of an endless recursion would fill the screen.
pub(crate) const FRAMES_MAX: usize = 64;

/// The longest detail, in bytes. Each call between processes adds a trace to that of the provider; without a limit, the
/// text of an exception through many nested calls would grow with the square of their number.
const DETAIL_BYTES_MAX: usize = 16 << 10;

/// The number of bytes that are kept from the beginning of a detail that is too long. They show the place where the
/// exception was thrown. The remaining bytes are kept from its end.
const DETAIL_HEAD_BYTES: usize = DETAIL_BYTES_MAX * 3 / 4;

/// The line that replaces the lines left out of a detail.
const LEFT_OUT: &str = "  ... lines left out ...";

/// The calls of a task at the time of a throw, innermost first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trace {
    /// A text that `render` prints before the calls, in place of the thrown value. Empty if there is none.
    pub detail: String,
    /// For each call, the address of the instruction that it was executing.
    pub addresses: Vec<u32>,
}

impl Trace {
    /// Returns a trace with a detail that came from another process. If the detail is too long, leaves out lines in its
    /// middle.
    pub fn received(detail: String, addresses: Vec<u32>) -> Trace {
        Trace { detail: shortened(detail), addresses }
    }

    /// Encodes the trace in the form that programs see.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + 4 * self.addresses.len() + self.detail.len());
        bytes.extend((self.addresses.len() as u32).to_le_bytes());
        self.addresses.iter().for_each(|address| bytes.extend(address.to_le_bytes()));
        bytes.extend(self.detail.as_bytes());
        bytes
    }

    /// Reads what [`Trace::encode`] wrote. Anything else gives an empty trace.
    pub fn decode(bytes: &[u8]) -> Trace {
        Trace::try_decode(bytes).unwrap_or_default()
    }

    fn try_decode(bytes: &[u8]) -> Option<Trace> {
        let (count, mut rest) = bytes.split_first_chunk::<4>()?;
        let mut addresses = Vec::new();
        for _ in 0..u32::from_le_bytes(*count) {
            let (address, after) = rest.split_first_chunk::<4>()?;
            addresses.push(u32::from_le_bytes(*address));
            rest = after;
        }
        Some(Trace { detail: String::from_utf8_lossy(rest).into_owned(), addresses })
    }

    /// Returns the trace as text, without a final line end. `value` is the text of the thrown value.
    pub fn render(&self, program: &Program, value: &str) -> String {
        let mut text = match self.detail.as_str() {
            "" => format!("EXCEPTION error.\n{value}"),
            detail => detail.to_string(),
        };
        // A detail that ends with a frame is the trace of a provider.
        let first = last_frame_number(&self.detail).map_or(0, |last| {
            text.push_str("\ncalled from the client:");
            last + 1
        });
        if program.is_stripped() {
            let id = program.code_id();
            for (index, address) in self.addresses.iter().take(FRAMES_MAX).enumerate() {
                text.push_str(&format!("\n  {}: {id:08x}+{address}", first + index));
            }
            return text;
        }
        render_frames(&mut text, program, first, &self.addresses);
        text
    }
}

/// Appends a line for each call. `first` is the number of the first. Returns the number after the last.
fn render_frames(text: &mut String, program: &Program, first: usize, addresses: &[u32]) -> usize {
    let frames = addresses.iter().flat_map(|address| Frame::at(program, *address));
    // The trace shows the place of the throw, not the functions that throw.
    let frames: Vec<_> = frames.skip_while(Frame::is_throw).take(FRAMES_MAX).collect();
    let width = frames.iter().map(|frame| frame.name.chars().count()).max().unwrap_or(0);
    for (index, frame) in frames.iter().enumerate() {
        text.push_str(&format!("\n  {}: {:width$} {}", first + index, frame.name, frame.place));
    }
    first + frames.len()
}

/// Replaces the numbers in traces of a stripped program by the names and places that the program before it was stripped
/// has for them. Returns none if the text has no such numbers, and the numbers of another program as they are.
///
/// ```text
///   0: 8f2b01c4+1532
/// ```
pub fn decode_traces(program: &Program, text: &str) -> Option<String> {
    let id = format!("{:08x}", program.code_id());
    let mut out = String::new();
    let mut lines = text.split('\n').peekable();
    let mut is_found = false;
    let mut next = 0;
    while let Some(line) = lines.next() {
        let Some((first, address)) = stripped_frame(line, &id) else {
            out.push('\n');
            out.push_str(line);
            continue;
        };
        is_found = true;
        let mut addresses = vec![address];
        while let Some((_, address)) = lines.peek().and_then(|line| stripped_frame(line, &id)) {
            addresses.push(address);
            lines.next();
        }
        // The part of a provider may have got longer, and the numbers go on in that of its client.
        let first = if first == 0 { 0 } else { first.max(next) };
        next = render_frames(&mut out, program, first, &addresses);
    }
    is_found.then(|| out.split_off(1))
}

/// Returns the number and the address of a line of a stripped trace.
fn stripped_frame(line: &str, id: &str) -> Option<(usize, u32)> {
    let (number, rest) = line.trim_end().trim_start().split_once(": ")?;
    let address = rest.strip_prefix(id)?.strip_prefix('+')?;
    Some((number.parse().ok()?, address.parse().ok()?))
}

/// Returns the number of the frame in the last line of a text, or none if that line does not show a frame.
fn last_frame_number(text: &str) -> Option<usize> {
    let (_, line) = text.rsplit_once('\n')?;
    let (number, _) = line.strip_prefix("  ")?.split_once(": ")?;
    number.parse().ok()
}

/// Cuts lines out of the middle of a text that is too long.
fn shortened(text: String) -> String {
    if text.len() <= DETAIL_BYTES_MAX {
        return text;
    }
    let boundary = |place: usize| (0..=place).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0);
    let head = boundary(DETAIL_HEAD_BYTES);
    let tail = boundary(text.len() - (DETAIL_BYTES_MAX - DETAIL_HEAD_BYTES));
    let head = &text[..text[..head].rfind('\n').unwrap_or(head)];
    let tail = text[tail..].split_once('\n').map_or(&text[tail..], |(_, tail)| tail);
    // A text that was shortened before already has this line, at the end of `head`.
    let head = head.strip_suffix(LEFT_OUT).map_or(head, str::trim_end);
    format!("{head}\n{LEFT_OUT}\n{tail}")
}

struct Frame<'p> {
    name: &'p str,
    place: String,
}

impl<'p> Frame<'p> {
    /// Returns the calls at an address, innermost first: several where code stands in place of calls.
    fn at(program: &'p Program, address: u32) -> Vec<Frame<'p>> {
        let place = program.positions.partition_point(|(position, _)| *position <= address);
        let position = place.checked_sub(1).map(|place| program.positions[place]);
        let entry = function_at(program, address).map_or(0, |function| function.entry);
        let mut offset = position.filter(|(position, _)| *position >= entry).map_or(0, |(_, at)| at);
        let mut outer = program.inlined_at(address).map(|range| range.at);
        let frames = calls_at(program, address).into_iter().map(|(name, source)| {
            let inner = std::mem::replace(&mut offset, outer.next().unwrap_or(0));
            Frame::new(program, name, source, inner)
        });
        frames.collect()
    }

    fn new(program: &Program, name: &'p str, source: u32, offset: u32) -> Frame<'p> {
        let place = program.sources.get(source as usize).map(|source| {
            let (line, column) = source.position(offset);
            format!("{}:{line}:{column}", source.path)
        });
        Frame { name, place: place.unwrap_or_default() }
    }

    fn is_throw(&self) -> bool {
        matches!(self.name, "throw" | "rethrow" | "throw-detailed_")
            && self.place.starts_with("<lib>/core/exceptions.toit:")
    }
}

fn function_at(program: &Program, address: u32) -> Option<&Function> {
    let after = program.functions.partition_point(|function| function.entry <= address);
    program.functions.get(after.wrapping_sub(1))
}

/// Returns the names and sources of the calls at an address, innermost first: several where code stands in place of calls.
pub(crate) fn calls_at(program: &Program, address: u32) -> Vec<(&str, u32)> {
    let Some(function) = function_at(program, address) else { return vec![("?", u32::MAX)] };
    let inlined = program.inlined_at(address).map(|range| (&*range.name, range.source));
    inlined.chain([(&*function.name, function.source)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_survives_its_form() {
        let trace = Trace { detail: "LOOKUP_FAILED error.\nö".into(), addresses: vec![1, 70_000, 3] };
        assert_eq!(Trace::decode(&trace.encode()), trace);
        assert_eq!(Trace::decode(&[9, 0, 0, 0, 1]), Trace::default());
        assert_eq!(Trace::decode(&[]), Trace::default());
    }

    #[test]
    fn lines_of_other_programs_are_kept() {
        let program = Program::default();
        let own = format!("{:08x}", program.code_id());
        assert_eq!(decode_traces(&program, "EXCEPTION error.\nx\n  0: 00000001+5\n"), None);
        let text = format!("a\n  0: {own}+7\nb\n");
        assert_eq!(decode_traces(&program, &text), Some("a\n  0: ? \nb\n".to_owned()));
    }

    #[test]
    fn a_detail_stays_short_through_any_number_of_calls() {
        let mut detail = "EXCEPTION error.\nbottom".to_owned();
        for call in 0..2_000 {
            let frames: String = (0..8).map(|frame| format!("\n  {frame}: täsk {call}")).collect();
            detail = Trace::received(detail + &frames, Vec::new()).detail;
            assert!(detail.len() <= DETAIL_BYTES_MAX + LEFT_OUT.len() + 6, "{}", detail.len());
        }
        assert!(detail.starts_with("EXCEPTION error.\nbottom\n  0: täsk 0\n"), "{detail}");
        assert!(detail.ends_with("\n  7: täsk 1999"), "{detail}");
        assert_eq!(detail.matches(LEFT_OUT).count(), 1, "{detail}");
        let long_line = "ö".repeat(DETAIL_BYTES_MAX);
        assert!(shortened(long_line).len() <= DETAIL_BYTES_MAX + LEFT_OUT.len() + 6);
    }
}
