//! Compression: the format zlib in both directions, and run lengths.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{Call, Failure, Row};
use lucarne_heap::Ref;

mod run_length;

pub(super) const TABLE: &[Row] = &[
    ("new-deflater", 1, new_deflater),
    ("new-inflater", 0, new_inflater),
    ("read", 1, read),
    ("write", 4, write),
    ("close", 1, close),
    ("new-run-length", 0, run_length::new),
    ("run-length-add", 4, run_length::add),
    ("run-length-finish", 1, run_length::finish),
];

/// The maximum number of bytes of output that wait to be read.
const OUTPUT_BYTES: usize = 16 * 1024;
/// The bytes that the tables of a compressor take, and those of a decompressor.
const DEFLATER_BYTES: usize = 320 * 1024;
const INFLATER_BYTES: usize = 44 * 1024;

/// The cost of compressing a byte, which takes about 30 nanoseconds. Decompressing one takes a tenth of that.
const DEFLATED_UNITS_PER_BYTE: usize = 3;
const INFLATED_BYTES_PER_UNIT: usize = 3;

/// A stream that is compressed or decompressed.
struct Coder {
    direction: Direction,
    output: Vec<u8>,
    input_ended: bool,
    ended: bool,
    failed: bool,
}

const CORRUPT: Failure = Failure::Error("Corrupt data");

enum Direction {
    Deflate(Compress),
    Inflate(Decompress),
}

impl Coder {
    /// Works on input while there is room for output. Returns how much of the input was used.
    fn pump(&mut self, input: &[u8]) -> Result<usize, Failure> {
        if self.ended {
            return Ok(input.len());
        }
        if self.failed {
            return Err(CORRUPT);
        }
        let (status, used) = match &mut self.direction {
            Direction::Deflate(compress) => {
                let before = compress.total_in();
                let flush = if self.input_ended { FlushCompress::Finish } else { FlushCompress::None };
                let status = compress.compress_vec(input, &mut self.output, flush).ok();
                (status, compress.total_in() - before)
            }
            Direction::Inflate(decompress) => {
                let before = decompress.total_in();
                let status = decompress.decompress_vec(input, &mut self.output, FlushDecompress::None).ok();
                (status, decompress.total_in() - before)
            }
        };
        self.ended = status == Some(Status::StreamEnd);
        self.failed = status.is_none();
        if self.failed {
            return Err(CORRUPT);
        }
        Ok(used as usize)
    }

    fn is_full(&self) -> bool {
        self.output.len() == self.output.capacity()
    }

    fn cost(&self, used: usize, produced: usize) -> usize {
        match self.direction {
            Direction::Deflate(_) => used * DEFLATED_UNITS_PER_BYTE,
            Direction::Inflate(_) => produced / INFLATED_BYTES_PER_UNIT,
        }
    }
}

fn new_coder<'c>(call: &'c mut Call<'_>, direction: Direction) -> Result<Ref<'c>, Failure> {
    let tables = match direction {
        Direction::Deflate(_) => DEFLATER_BYTES,
        Direction::Inflate(_) => INFLATER_BYTES,
    };
    let output = call.scratch(OUTPUT_BYTES)?;
    let coder = Coder { direction, output, input_ended: false, ended: false, failed: false };
    Ok(call.heap.new_state(coder, tables + OUTPUT_BYTES)?.get())
}

/// `level`, or -1 for the default level.
fn new_deflater<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let level = match call.int(0)? {
        -1 => Compression::default(),
        level @ 0..=9 => Compression::new(level as u32),
        _ => return Err(Failure::OUT_OF_RANGE),
    };
    call.heap.reserve(DEFLATER_BYTES)?;
    new_coder(call, Direction::Deflate(Compress::new(level, true)))
}

fn new_inflater<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    call.heap.reserve(INFLATER_BYTES)?;
    new_coder(call, Direction::Inflate(Decompress::new(true)))
}

/// `coder` -> output; no bytes if more input is needed first; null after the end of the output.
fn read<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let output = call.with_state(0, |call, coder: &mut Coder| {
        let before = coder.output.len();
        if !coder.is_full() {
            coder.pump(&[])?;
        }
        call.charge(coder.cost(0, coder.output.len() - before));
        if coder.output.is_empty() {
            return match coder {
                Coder { ended: true, .. } => Ok(None),
                Coder { input_ended: true, .. } => Err(Failure::Error("UNEXPECTED_END_OF_READER")),
                _ => Ok(Some(Vec::new())),
            };
        }
        let empty = call.scratch(OUTPUT_BYTES)?;
        Ok(Some(std::mem::replace(&mut coder.output, empty)))
    })?;
    match output {
        Some(output) => Ok(call.heap.new_bytes_from(&output)?.get()),
        None => Ok(Ref::NULL),
    }
}

/// `coder data from to` -> how many bytes were used; 0 if output must be read first.
fn write<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let used = call.with_state(0, |call, coder: &mut Coder| {
        if coder.input_ended {
            return Err(Failure::ALREADY_CLOSED);
        }
        if coder.is_full() {
            return Ok(0);
        }
        let data = call.data(1)?;
        let range = call.range(2, 3, data.len())?;
        let before = coder.output.len();
        call.before_work(range.len());
        let used = coder.pump(&data[range])?;
        call.charge(coder.cost(used, coder.output.len() - before));
        Ok(used)
    })?;
    Ok(Ref::small(used as i64))
}

/// `coder`: ends the input.
fn close<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    call.with_state(0, |_, coder: &mut Coder| {
        coder.input_ended = true;
        Ok(())
    })?;
    Ok(Ref::NULL)
}
