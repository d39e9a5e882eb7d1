//! Compression of runs: a pattern of one to four bytes that repeats itself becomes a copy, all other bytes are
//! literals. The output is one block of deflate (RFC 1951) with the fixed codes.

use crate::{Call, Failure};
use lucarne_heap::Ref;

/// The shortest run that becomes a copy. A pattern of four bytes must repeat as a whole.
const RUN_MIN: usize = 3;
/// The length of the copies that a long run is cut into. The format also has copies of 258 bytes, but their code does
/// not follow the general rule.
const COPY_MAX: usize = 257;
/// The maximum distance to the source of a run.
const DISTANCE_MAX: usize = 4;

const END_OF_BLOCK: usize = 256;

/// A compression in progress.
struct RunLength {
    output: Vec<u8>,
    /// Bits that do not fill a byte of the output yet.
    bits: u32,
    bit_count: u32,
    /// The latest eight bytes, the newest in the lowest bits. The held bytes are among them.
    recent: u64,
    seen: u64,
    /// The number of bytes that are held back, as they could start a run.
    held: usize,
    /// The distance and length of the current run.
    run: Option<(usize, usize)>,
}

impl RunLength {
    fn new() -> RunLength {
        let mut new =
            RunLength { output: Vec::new(), bits: 0, bit_count: 0, recent: 0, seen: 0, held: 0, run: None };
        // The last block, with the fixed codes.
        new.put(0b011, 3);
        new
    }

    fn add(&mut self, byte: u8) {
        let continues = |(distance, _): (usize, usize)| self.back(distance - 1) == byte;
        let continued = self.run.filter(|run| continues(*run));
        if continued.is_none() {
            self.end_run();
        }
        self.recent = self.recent << 8 | u64::from(byte);
        self.seen = self.seen.saturating_add(1);
        match continued {
            Some((distance, length)) => self.continue_run(distance, length + 1),
            None => self.hold(),
        }
    }

    /// Returns the byte at a distance before the newest.
    fn back(&self, count: usize) -> u8 {
        (self.recent >> (8 * count)) as u8
    }

    fn continue_run(&mut self, distance: usize, length: usize) {
        // The rest of the run must be long enough for a copy of its own.
        let is_full = length == COPY_MAX + RUN_MIN;
        if is_full {
            self.put_copy(distance, COPY_MAX);
        }
        self.run = Some((distance, if is_full { RUN_MIN } else { length }));
    }

    fn end_run(&mut self) {
        let Some((distance, length)) = self.run.take() else { return };
        let last = if length > COPY_MAX { RUN_MIN } else { 0 };
        self.put_copy(distance, length - last);
        if last > 0 {
            self.put_copy(distance, last);
        }
    }

    /// Holds the newest byte until it is clear whether the held bytes start a run.
    fn hold(&mut self) {
        self.held += 1;
        loop {
            let run = (1..=DISTANCE_MAX).find(|distance| self.starts_run(*distance));
            if let Some(distance) = run {
                self.run = Some((distance, self.held));
                self.held = 0;
            }
            if self.held < DISTANCE_MAX {
                return;
            }
            self.let_go();
        }
    }

    /// Returns whether the held bytes repeat those before them.
    fn starts_run(&self, distance: usize) -> bool {
        self.held == distance.max(RUN_MIN)
            && self.seen >= (self.held + distance) as u64
            && (0..self.held).all(|count| self.back(count) == self.back(count + distance))
    }

    fn let_go(&mut self) {
        self.held -= 1;
        self.put_symbol(self.back(self.held).into());
    }

    fn finish(mut self) -> Vec<u8> {
        self.end_run();
        while self.held > 0 {
            self.let_go();
        }
        self.put_symbol(END_OF_BLOCK);
        self.put(0, (8 - self.bit_count) % 8);
        self.output
    }

    fn put_copy(&mut self, distance: usize, length: usize) {
        // Eight lengths have codes of their own. From there on, each doubling has four codes.
        let offset = length - RUN_MIN;
        let extra_bits = (offset | 4).ilog2() - 2;
        let code = (offset >> extra_bits) + 4 * extra_bits as usize;
        self.put_symbol(END_OF_BLOCK + 1 + code);
        self.put(offset as u32 & ((1 << extra_bits) - 1), extra_bits);
        self.put_code(distance as u32 - 1, 5);
    }

    /// Writes a symbol (a literal, the end, or a length) in its fixed code.
    fn put_symbol(&mut self, symbol: usize) {
        let number = symbol as u32;
        match number {
            0..144 => self.put_code(0b0011_0000 + number, 8),
            144..256 => self.put_code(0b1_1001_0000 + number - 144, 9),
            256..280 => self.put_code(number - 256, 7),
            _ => self.put_code(0b1100_0000 + number - 280, 8),
        }
    }

    /// Writes a code. Its highest bit comes first.
    fn put_code(&mut self, code: u32, count: u32) {
        self.put(code.reverse_bits() >> (32 - count), count);
    }

    /// Writes a number. Its lowest bit comes first.
    fn put(&mut self, bits: u32, count: u32) {
        self.bits |= bits << self.bit_count;
        self.bit_count += count;
        while self.bit_count >= 8 {
            self.output.push(self.bits as u8);
            self.bits >>= 8;
            self.bit_count -= 8;
        }
    }
}

pub(super) fn new<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    Ok(call.heap.new_state(RunLength::new(), 0)?.get())
}

/// `state data from to` -> the bytes that this completes.
pub(super) fn add<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let output = call.with_state(0, |call, state: &mut RunLength| {
        let size = call.range(2, 3, call.data(1)?.len())?.len();
        // No byte gets more than nine bits.
        let room = call.scratch(size + size / 8 + 4)?;
        let data = call.data(1)?;
        let range = call.range(2, 3, data.len())?;
        state.output = room;
        data[range].iter().for_each(|byte| state.add(*byte));
        // A byte takes about five nanoseconds.
        call.charge(size / 2);
        Ok(std::mem::take(&mut state.output))
    })?;
    Ok(call.heap.new_bytes_from(&output)?.get())
}

/// `state` -> the last bytes.
pub(super) fn finish<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let output = call.take_state::<RunLength>(0)?.finish();
    Ok(call.heap.new_bytes_from(&output)?.get())
}
