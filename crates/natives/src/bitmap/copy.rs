//! Copies bytes of pixels in lines: see `blit` in `lib/bitmap.toit`.

use lucarne_heap::Ref;

use super::canvas;
use crate::{Call, Failure};

/// How a byte is combined with the one in its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Overwrite,
    Or,
    Add,
    /// Adds to a number of two bytes.
    Add16,
    And,
    Xor,
}

/// The steps through an array.
struct Steps {
    pixel: usize,
    line: usize,
}

/// The number of pixels of a call, if a line does not have more: lines can overlap, so that there can be far more pixels
/// than bytes.
const PIXELS_PER_CALL: usize = 1 << 20;

/// `target target-pixel-stride target-line-stride source source-pixel-stride source-line-stride pixels-per-line table
/// shift mask operation first` -> the line to go on with, or null at the end. `first` is the first line.
pub(super) fn blit<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let operation = Operation::of(call.int(10)?)?;
    let is_backward = call.int(1)? < 0;
    let pixels = length(call, 6)?;
    let target_pixel = usize::try_from(call.int(1)?.unsigned_abs()).map_err(|_| Failure::INVALID_ARGUMENT)?;
    let to = Steps { pixel: target_pixel, line: length(call, 2)? };
    let from = Steps { pixel: length(call, 4)?, line: length(call, 5)? };
    if from.line == 0 && to.line == 0 || is_backward && operation == Operation::Add16 {
        return Err(Failure::INVALID_ARGUMENT);
    }
    if from.pixel == 0 && to.pixel == 0 && pixels > 1 {
        return Err(Failure::INVALID_ARGUMENT);
    }
    let table = table(call, 7)?;
    let turn = call.int(8)?.rem_euclid(8) as u32;
    let mask = call.int(9)? as u8;
    let values: [u8; 256] = std::array::from_fn(|byte| table[byte].rotate_right(turn) & mask);

    let width = if operation == Operation::Add16 { 2 } else { 1 };
    let lines = from.lines(pixels, 1, call.data(3)?.len()).min(to.lines(pixels, width, call.bytes(0)?.len()));
    let first = call.index(11)?.min(lines);
    let end = lines.min(first + (PIXELS_PER_CALL / pixels.max(1)).max(1));
    call.charge((end - first).saturating_mul(pixels) / 8);
    let source = canvas::source(call, 3)?;
    let target = call.bytes_mut(0)?;
    for line in first..end {
        for pixel in 0..pixels {
            let value = values[usize::from(source[from.at(line, pixel)])];
            let column = if is_backward { pixels - 1 - pixel } else { pixel };
            operation.apply(&mut target[to.at(line, column)..], value);
        }
    }
    if end == lines { Ok(Ref::NULL) } else { Ok(call.heap.new_int(end as i64)?.get()) }
}

fn length(call: &Call<'_>, index: usize) -> Result<usize, Failure> {
    usize::try_from(call.int(index)?).map_err(|_| Failure::INVALID_ARGUMENT)
}

/// Returns the value for each byte: an argument that is a byte array, or the bytes themselves if it is null.
fn table(call: &Call<'_>, index: usize) -> Result<[u8; 256], Failure> {
    if call.argument(index).is_null() {
        return Ok(std::array::from_fn(|byte| byte as u8));
    }
    let bytes = call.bytes(index)?.get(..256).ok_or(Failure::INVALID_ARGUMENT)?;
    bytes.try_into().map_err(|_| Failure::INVALID_ARGUMENT)
}

impl Steps {
    /// Returns the number of lines in an array of `size` bytes: all pixels of a line, `width` bytes each, are in it. It is
    /// unlimited if all lines are at the same place.
    fn lines(&self, pixels: usize, width: usize, size: usize) -> usize {
        let Some(last) = pixels.checked_sub(1) else { return 0 };
        let reach = last.saturating_mul(self.pixel).saturating_add(width);
        let Some(rest) = size.checked_sub(reach) else { return 0 };
        rest.checked_div(self.line).map_or(usize::MAX, |further| further + 1)
    }

    fn at(&self, line: usize, pixel: usize) -> usize {
        line * self.line + pixel * self.pixel
    }
}

impl Operation {
    fn of(number: i64) -> Result<Operation, Failure> {
        use Operation::{Add, Add16, And, Or, Overwrite, Xor};
        let all = [Overwrite, Or, Add, Add16, And, Xor];
        usize::try_from(number).ok().and_then(|number| all.get(number).copied()).ok_or(Failure::OUT_OF_BOUNDS)
    }

    /// Combines a value with the byte at the start, or with two bytes.
    fn apply(self, target: &mut [u8], value: u8) {
        match self {
            Operation::Overwrite => target[0] = value,
            Operation::Or => target[0] |= value,
            Operation::And => target[0] &= value,
            Operation::Xor => target[0] ^= value,
            Operation::Add => target[0] = target[0].saturating_add(value),
            Operation::Add16 => {
                let sum = u16::from_le_bytes([target[0], target[1]]).saturating_add(value.into());
                target[..2].copy_from_slice(&sum.to_le_bytes());
            }
        }
    }
}
