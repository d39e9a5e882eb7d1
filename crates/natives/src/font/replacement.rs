//! The glyph for a character that a font does not have: its code point, as two lines of three digits.

use super::glyph::{Glyph, GlyphBox};

const ADVANCE: u8 = 16;
const WIDTH: u8 = 14;
const HEIGHT: u8 = 11;
const LINE_BYTES: usize = 2;
/// The width of a digit and the gap behind it.
const DIGIT_COLUMNS: usize = 5;
/// The height of a digit and the gap below it.
const DIGIT_ROWS: usize = 6;
const DIGITS_PER_LINE: usize = 3;
const DIGITS: usize = 2 * DIGITS_PER_LINE;

/// The hexadecimal digits: five lines of four pixels each.
#[rustfmt::skip]
const PICTURES: [[u8; 5]; 16] = [
    [0b0110, 0b1001, 0b1001, 0b1001, 0b0110],
    [0b0100, 0b0100, 0b0100, 0b0100, 0b0100],
    [0b0110, 0b1001, 0b0010, 0b0100, 0b1111],
    [0b0110, 0b1001, 0b0011, 0b1001, 0b0110],
    [0b0010, 0b0110, 0b1010, 0b1111, 0b0010],
    [0b1111, 0b1000, 0b1110, 0b0001, 0b1110],
    [0b0011, 0b0100, 0b1110, 0b1001, 0b0110],
    [0b1111, 0b0001, 0b0010, 0b0100, 0b0100],
    [0b0110, 0b1001, 0b0110, 0b1001, 0b0110],
    [0b0110, 0b1001, 0b0111, 0b0010, 0b1100],
    [0b0110, 0b1001, 0b1111, 0b1001, 0b1001],
    [0b1110, 0b1001, 0b1110, 0b1001, 0b1110],
    [0b0110, 0b1001, 0b1000, 0b1001, 0b0110],
    [0b1110, 0b1001, 0b1001, 0b1001, 0b1110],
    [0b1111, 0b1000, 0b1110, 0b1000, 0b1111],
    [0b1111, 0b1000, 0b1110, 0b1000, 0b1000],
];

/// Returns the glyph without digits.
pub(super) fn blank() -> Glyph {
    let area = GlyphBox { advance: ADVANCE, width: WIDTH, height: HEIGHT, left: 0, bottom: 0 };
    let lines = vec![0; area.bytes()].into();
    Glyph { area, lines }
}

/// Draws the digits of a character.
pub(super) fn draw(glyph: &mut Glyph, character: char) {
    glyph.lines.fill(0);
    let code = u32::from(character);
    for digit in 0..DIGITS {
        let value = code >> (4 * (DIGITS - 1 - digit)) & 0xf;
        let (row, column) = (digit / DIGITS_PER_LINE * DIGIT_ROWS, digit % DIGITS_PER_LINE * DIGIT_COLUMNS);
        for (down, pixels) in PICTURES[value as usize].iter().enumerate() {
            // The four pixels are the highest bits of a line when they are in its first column.
            let bits = u16::from(*pixels) << 12 >> column;
            let line = &mut glyph.lines[(row + down) * LINE_BYTES..][..LINE_BYTES];
            line[0] |= bits.to_be_bytes()[0];
            line[1] |= bits.to_be_bytes()[1];
        }
    }
}
