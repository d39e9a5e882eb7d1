//! Stack traces: captured as addresses, which become functions and source positions when a trace is printed.
//!
//! A program sees a trace as a byte array: the number of addresses and the addresses (32 bits each, little-endian),
//! then the detail, a text that is printed before them.

use lucarne_compiler::program::{Function, Program};

/// The maximum number of calls in a trace. Without a limit, the trace of an endless recursion would fill the screen.
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

    /// Decodes the bytes that [`Trace::encode`] returns. Returns an empty trace for all other bytes.
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
        for line in frame_lines(program, first, &self.addresses) {
            text.push_str("\n  ");
            text.push_str(&line);
        }
        text
    }
}

/// Returns a line for each call, with numbers from `first` on.
fn frame_lines(program: &Program, first: usize, addresses: &[u32]) -> Vec<String> {
    let frames = addresses.iter().flat_map(|address| Frame::at(program, *address));
    // The trace shows the place of the throw, not the functions that throw.
    let frames: Vec<_> = frames.skip_while(Frame::is_throw).take(FRAMES_MAX).collect();
    let width = frames.iter().map(|frame| frame.name.chars().count()).max().unwrap_or(0);
    let line = |(index, frame): (usize, &Frame<'_>)| {
        format!("{}: {:width$} {}", first + index, frame.name, frame.place)
    };
    frames.iter().enumerate().map(line).collect()
}

/// Replaces the addresses in stack traces of a stripped program by names and source positions, which it takes from the
/// same program before it was stripped. All other lines of a text stay.
///
/// ```text
///   0: 8f2b01c4+1532
/// ```
pub struct TraceDecoder<'p> {
    program: &'p Program,
    /// The text between the number and the address of a call. It contains the id of the code.
    mark: String,
    /// The calls of the current trace, whose end has not been read yet.
    trace: Option<StrippedTrace>,
    /// The number after that of the last call.
    next: usize,
    is_found: bool,
}

struct StrippedTrace {
    /// The text before the number in the first line, such as blanks, or the time in a log.
    prefix: String,
    first: usize,
    addresses: Vec<u32>,
}

impl<'p> TraceDecoder<'p> {
    /// Creates a decoder for one text. `program` is the program that was not stripped.
    pub fn new(program: &'p Program) -> TraceDecoder<'p> {
        let mark = format!(": {:08x}+", program.code_id());
        TraceDecoder { program, mark, trace: None, next: 0, is_found: false }
    }

    /// Takes the next line of the text, without its line end. Returns the decoded lines that are complete by now.
    pub fn line(&mut self, line: &str) -> Vec<String> {
        let Some((prefix, number, address)) = self.stripped(line) else {
            let mut lines = self.finish();
            lines.push(line.to_owned());
            return lines;
        };
        self.is_found = true;
        if let Some(trace) = &mut self.trace
            && number != 0
        {
            trace.addresses.push(address);
            return Vec::new();
        }
        let lines = self.finish();
        self.trace =
            Some(StrippedTrace { prefix: prefix.to_owned(), first: number, addresses: vec![address] });
        lines
    }

    /// Returns the lines that are left at the end of the text.
    pub fn finish(&mut self) -> Vec<String> {
        let Some(StrippedTrace { prefix, first, addresses }) = self.trace.take() else { return Vec::new() };
        // The provider's part may now have more lines than before, and the numbers in its client's part go on from it.
        let first = if first == 0 { 0 } else { first.max(self.next) };
        let lines = frame_lines(self.program, first, &addresses);
        self.next = first + lines.len();
        lines.into_iter().map(|line| format!("{prefix}{line}")).collect()
    }

    /// Returns whether a trace of the program was found.
    pub fn is_found(&self) -> bool {
        self.is_found
    }

    /// Returns what is before the number in a line of a stripped trace, the number, and the address.
    fn stripped<'l>(&self, line: &'l str) -> Option<(&'l str, usize, u32)> {
        let (head, address) = line.trim_end().rsplit_once(&self.mark)?;
        let digits = head.len() - head.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
        let (prefix, number) = head.split_at(head.len() - digits);
        Some((prefix, number.parse().ok()?, address.parse().ok()?))
    }
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
        let decoded = |text: &str| {
            let mut decoder = TraceDecoder::new(&program);
            let mut lines: Vec<String> = text.lines().flat_map(|line| decoder.line(line)).collect();
            lines.extend(decoder.finish());
            decoder.is_found().then(|| lines.join("\n"))
        };
        let own = format!("{:08x}", program.code_id());
        assert_eq!(decoded("EXCEPTION error.\nx\n  0: 00000001+5\n"), None);
        let text = format!("a\n  0: {own}+7\n  1: {own}+9\nb\n12:00 [app]   0: {own}+7\n");
        assert_eq!(decoded(&text).as_deref(), Some("a\n  0: ? \n  1: ? \nb\n12:00 [app]   0: ? "));
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
